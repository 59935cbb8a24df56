package org.cosellbridge.mapping;

/**
 * One reason why a mapping document is refused.
 *
 * @param document the document's name
 * @param place a JSON pointer into it; empty when the whole document is meant
 * @param reason what is wrong there and what to do about it
 */
public record MappingFault(String document, String place, String reason) {
    @Override
    public String toString() {
        return document + (place.isEmpty() ? "" : " at " + place) + ": " + reason;
    }
}
