package org.cosellbridge.sync;

import org.cosellbridge.connector.ConnectorException;
import org.cosellbridge.connector.RecordGoneException;
import org.cosellbridge.connector.RejectedException;
import org.cosellbridge.connector.RetryableException;
import org.cosellbridge.connector.SetupException;

/** The one place that turns a remote system's failure into one of the three answers. */
final class Failures {
    private Failures() {}

    static SyncOutcome outcome(ConnectorException failure) {
        String sentence = String.valueOf(failure.getMessage());
        if (failure instanceof RetryableException retryable) {
            return new SyncOutcome.NotNow(
                    failure.system(),
                    retryable.systemWide(),
                    retryable.notBefore().orElse(null),
                    sentence,
                    retryable.isOwnLimit());
        }
        if (failure instanceof SetupException) {
            return new SyncOutcome.NotWithThisSetup(failure.system(), sentence);
        }
        if (failure instanceof RejectedException) {
            return new SyncOutcome.NotThisOne(sentence);
        }
        // stale, or gone between a read and a write: the next attempt reads what is there then
        return new SyncOutcome.NotNow(
                failure.system(),
                false,
                null,
                failure instanceof RecordGoneException
                        ? sentence
                        : sentence + " It kept changing while it was being merged.");
    }
}
