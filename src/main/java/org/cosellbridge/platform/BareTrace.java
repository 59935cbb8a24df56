package org.cosellbridge.platform;

import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/**
 * The stack trace of an unexpected failure for the log: classes and lines, without the messages, which may hold what a referral
 * holds: a database quotes the row it refuses. Of a failed statement the SQL state is named.
 */
public final class BareTrace extends Exception {
    private static final int DEEPEST = 5;

    private BareTrace(Throwable original, @Nullable BareTrace cause) {
        super(name(original), cause, false, true);
        setStackTrace(original.getStackTrace());
    }

    private static String name(Throwable original) {
        String name = original.getClass().getName();
        return original instanceof SQLException sql ? name + ", SQL state " + sql.getSQLState() : name;
    }

    /** The trace of this failure and of what caused it. */
    public static BareTrace of(Throwable original) {
        return of(original, 1);
    }

    private static BareTrace of(Throwable original, int depth) {
        Throwable cause = original.getCause();
        return new BareTrace(original, cause == null || depth == DEEPEST ? null : of(cause, depth + 1));
    }
}
