package org.cosellbridge.connector;

/** Not this one: the system refused this very content; a person must change the record, the referral or the mapping. */
public final class RejectedException extends ConnectorException {
    /** {@code message} says what was refused, why, and what to change. */
    public RejectedException(String system, String message) {
        super(system, message, null);
    }
}
