package org.cosellbridge.queue;

import org.jspecify.annotations.Nullable;

/**
 * The stack trace of an unexpected failure for the log: classes and lines, without the messages, which may hold what a referral
 * holds.
 */
final class BareTrace extends Exception {
    private static final int DEEPEST = 5;

    private BareTrace(Throwable original, @Nullable BareTrace cause) {
        super(original.getClass().getName(), cause, false, true);
        setStackTrace(original.getStackTrace());
    }

    /** The trace of this failure and of what caused it. */
    static BareTrace of(Throwable original) {
        return of(original, 1);
    }

    private static BareTrace of(Throwable original, int depth) {
        Throwable cause = original.getCause();
        return new BareTrace(original, cause == null || depth == DEEPEST ? null : of(cause, depth + 1));
    }
}
