package org.cosellbridge.broker;

import java.time.Duration;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Ends the runnable server when the product did not start in it. Payara Micro stays up, and calls itself healthy, after a
 * deployment that failed; a supervisor would never notice. The adapter is deployed before the WAR and so can watch it; the WAR
 * says how its start went in a system property, the one thing both can see.
 */
final class StartWatch {
    /** The property the start of the WAR sets to {@code through} or {@code failed}. */
    static final String START = "cosell.start";

    /** The exit status when the configuration is at fault ({@code EX_CONFIG}). */
    static final int CONFIGURATION_FAULT = 78;

    /** The exit status when the start did not come through for another reason ({@code EX_SOFTWARE}). */
    static final int NOT_STARTED = 70;

    private static final Logger LOG = Logger.getLogger(StartWatch.class.getName());
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    private StartWatch() {}

    /** Watches in a thread of its own, if this process is the runnable server. */
    static void begin() {
        if (!"runnable".equals(System.getProperty("cosell.process"))) {
            return;
        }
        Thread thread = new Thread(StartWatch::watch, "cosell-start-watch");
        thread.setDaemon(true);
        thread.start();
    }

    private static void watch() {
        long until = System.nanoTime() + PATIENCE.toNanos();
        try {
            while (System.nanoTime() < until) {
                String start = System.getProperty(START, "");
                if (start.equals("through")) {
                    return;
                }
                if (start.equals("failed")) {
                    Thread.sleep(1_000); // the log handlers write in a thread of their own
                    end(CONFIGURATION_FAULT);
                }
                Thread.sleep(250);
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            return;
        }
        LOG.log(
                Level.SEVERE,
                "Cosell Bridge did not start within {0}; the server ends. The reason stands above.",
                PATIENCE);
        end(NOT_STARTED);
    }

    /** Ends at once: an orderly exit would wait for the very deployment that hangs. Nothing is lost, as with any kill. */
    private static void end(int status) {
        Runtime.getRuntime().halt(status);
    }
}
