package org.cosellbridge.connector;

/** The lease on the work ran out and somebody else may hold it now: stop, store nothing, call nobody. */
public final class LeaseLostException extends RuntimeException {
    /** {@code message} names the work by its id. */
    public LeaseLostException(String message) {
        super(message);
    }
}
