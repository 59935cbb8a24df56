package org.cosellbridge.connector;

/** The record changed since it was read: read it again and merge again. */
public final class StalePreconditionException extends ConnectorException {
    /** {@code message} names the record by its id. */
    public StalePreconditionException(String system, String message) {
        super(system, message, null);
    }
}
