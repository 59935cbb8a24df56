package org.cosellbridge.connector;

/** The record that was to be written is no longer there, or no longer visible to us. */
public final class RecordGoneException extends ConnectorException {
    private final RecordRef ref;

    /** {@code ref} is the record. */
    public RecordGoneException(String system, RecordRef ref) {
        super(system, "The record " + ref + " is gone or not visible to the connection's user.", null);
        this.ref = ref;
    }

    /** The record. */
    public RecordRef ref() {
        return ref;
    }
}
