package org.cosellbridge.schedule;

import java.time.Duration;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.cosellbridge.platform.BareTrace;

/**
 * The work of a timer. A timer that throws may be expunged by its server for ever, so whatever is thrown ends here: logged when it
 * begins, then at most once a minute, and once when it is over. Used by one timer at a time.
 */
final class Watched {
    private static final Logger LOG = Logger.getLogger(Watched.class.getName());
    private static final long BETWEEN_COMPLAINTS = Duration.ofMinutes(1).toNanos();

    private final String work;
    private long failures;
    private long lastComplaint;

    /** {@code work} begins the log's sentences, such as {@code Nudging what is due}. */
    Watched(String work) {
        this.work = work;
    }

    /** Runs the work; never throws. */
    synchronized void run(Runnable timedWork) {
        try {
            timedWork.run();
            if (failures > 0) {
                LOG.info(() -> work + " works again after " + failures + " failures.");
                failures = 0;
            }
        } catch (RuntimeException | Error failed) {
            failures++;
            long now = System.nanoTime();
            if (failures == 1 || now - lastComplaint > BETWEEN_COMPLAINTS) {
                lastComplaint = now;
                LOG.log(
                        Level.SEVERE,
                        BareTrace.of(failed),
                        () -> work + " failed, " + failures + " times in a row; it goes on.");
            }
        }
    }
}
