package org.cosellbridge.connector;

/**
 * Names one record of a remote system.
 *
 * @param kind the kind as the mapping documents name it, such as {@code opportunity}; {@code referral} at Partner Center
 * @param id the system's own id of it
 */
public record RecordRef(String kind, String id) {
    /** The kind of a referral. */
    public static final String REFERRAL = "referral";

    @Override
    public String toString() {
        return kind + "/" + id;
    }
}
