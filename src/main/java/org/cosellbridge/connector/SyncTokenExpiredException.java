package org.cosellbridge.connector;

/** A change feed no longer knows the sync token: everything is compared once, with a walk from the beginning. */
public final class SyncTokenExpiredException extends ConnectorException {
    /** {@code message} says whose token and why, if the system told. */
    public SyncTokenExpiredException(String system, String message) {
        super(system, message, null);
    }
}
