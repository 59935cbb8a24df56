package org.cosellbridge.sync;

/** Carries an outcome out of the depth of an attempt. */
final class AttemptEndedException extends RuntimeException {
    @SuppressWarnings("serial") // never serialised
    private final SyncOutcome outcome;

    AttemptEndedException(SyncOutcome outcome) {
        super(outcome.word(), null, false, false);
        this.outcome = outcome;
    }

    SyncOutcome outcome() {
        return outcome;
    }
}
