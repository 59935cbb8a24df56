package org.cosellbridge.connector;

/** Not with this set-up: credentials, a permission or the configuration must be mended by a person; repeating does not help. */
public final class SetupException extends ConnectorException {
    /** {@code message} says what to mend and where. */
    public SetupException(String system, String message) {
        super(system, message, null);
    }
}
