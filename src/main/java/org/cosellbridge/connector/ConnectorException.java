package org.cosellbridge.connector;

import org.jspecify.annotations.Nullable;

/**
 * A remote system did not do what it was asked. Each subtype is one answer to the question "what now?"; every connector decides it
 * once, in its {@code <System>Errors}. Messages are sentences a person can act on and hold neither secrets nor personal data.
 */
public abstract sealed class ConnectorException extends RuntimeException
        permits RetryableException,
                StalePreconditionException,
                SetupException,
                RejectedException,
                RecordGoneException,
                SyncTokenExpiredException {
    private final String system;

    ConnectorException(String system, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.system = system;
    }

    /** Which system answered: a connection's name, or {@code partner-center}. */
    public String system() {
        return system;
    }
}
