package org.cosellbridge.sync;

/** Runs an attempt from read to outcome. Called by the queue outside any transaction; makes remote calls. */
public interface RunsAttempts {
    /**
     * Runs it. A failure of a remote system comes back as an outcome, never as an exception; {@link
     * org.cosellbridge.connector.LeaseLostException} is the one exception that means "stop, somebody else has it".
     */
    SyncOutcome run(Attempt attempt);
}
