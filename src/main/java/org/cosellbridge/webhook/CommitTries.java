package org.cosellbridge.webhook;

import java.sql.SQLException;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.cosellbridge.platform.BareTrace;

/** Runs the transaction that stores a delivery, a few times at most: one that was merely in another's way usually passes then. */
final class CommitTries {
    private static final Logger LOG = Logger.getLogger(CommitTries.class.getName());
    private static final int TRIES = 3;

    /** What a transaction meets that was merely in another's way. */
    private static final Set<String> IN_THE_WAY = Set.of("40001", "40P01", "55P03", "HYT00", "23505", "90131");

    private CommitTries() {}

    /**
     * Runs it and answers {@code success} after its commit, else {@link Answer.NotStored}.
     *
     * @param event the event's name, for the log
     * @param success what the sender is told when it is stored
     * @param transaction begins and commits by itself
     */
    static Answer run(String event, Answer success, Runnable transaction) {
        for (int attempt = 1; ; attempt++) {
            try {
                transaction.run();
                return success;
            } catch (RuntimeException failed) {
                if (attempt == TRIES || !wasInTheWay(failed)) {
                    LOG.log(
                            Level.SEVERE,
                            BareTrace.of(failed),
                            () -> "A delivery of " + event
                                    + " could not be stored; the sender was asked to send it again.");
                    return new Answer.NotStored();
                }
            }
        }
    }

    private static boolean wasInTheWay(Throwable failed) {
        int depth = 0;
        for (Throwable cause = failed; cause != null && depth < 20; cause = cause.getCause(), depth++) {
            if (cause instanceof SQLException sql && IN_THE_WAY.contains(String.valueOf(sql.getSQLState()))) {
                return true;
            }
        }
        return false;
    }
}
