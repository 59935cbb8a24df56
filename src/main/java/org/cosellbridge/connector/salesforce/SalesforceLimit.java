package org.cosellbridge.connector.salesforce;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.logging.Logger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.cosellbridge.connector.Priority;
import org.cosellbridge.connector.RetryableException;
import org.cosellbridge.http.HttpAnswer;

/**
 * Watches how much of the org's calls of 24 hours is used, as {@code Sforce-Limit-Info} tells with every answer. From 70 % on the log
 * says so; from 90 % on only what a person or an event waits for is called, and one other call every 15 minutes to see whether there
 * is room again. Thread-safe.
 */
final class SalesforceLimit {
    private static final Logger LOG = Logger.getLogger(SalesforceLimit.class.getName());
    private static final Pattern USAGE = Pattern.compile("(?:^|[;,\\s])api-usage=(\\d{1,12})/(\\d{1,12})");
    private static final Duration LOOK_AGAIN = Duration.ofMinutes(15);
    private static final int WARN_AT = 70;
    private static final int HOLD_AT = 90;

    private final String system;
    private final Clock clock;
    private long used;
    private long most;
    private Instant told = Instant.MIN;
    private int level;

    SalesforceLimit(String system, Clock clock) {
        this.system = system;
        this.clock = clock;
    }

    /** Notes what an answer tells. */
    void note(HttpAnswer answer) {
        Matcher usage = USAGE.matcher(answer.header("Sforce-Limit-Info").orElse(""));
        if (usage.find()) {
            note(Long.parseLong(usage.group(1)), Long.parseLong(usage.group(2)));
        }
    }

    private synchronized void note(long nowUsed, long nowMost) {
        used = nowUsed;
        most = nowMost;
        told = clock.instant();
        int before = level;
        level = reaches(HOLD_AT) ? HOLD_AT : reaches(WARN_AT) ? WARN_AT : 0;
        if (level > before) {
            LOG.warning(
                    () -> system + ": " + nowUsed + " of the org's " + nowMost + " API requests of 24 hours are used. "
                            + (level == HOLD_AT
                                    ? "Only pushes and people are served until there is room again."
                                    : "At " + HOLD_AT + " % only pushes and people are served."));
        } else if (level < before) {
            LOG.info(
                    () -> system + ": " + nowUsed + " of the org's " + nowMost + " API requests of 24 hours are used.");
        }
    }

    private boolean reaches(int percent) {
        return most > 0 && used * 100 >= most * percent;
    }

    /** Lets the call go, or throws a {@link RetryableException} when the rest is kept for those that matter more. */
    synchronized void admit(Priority priority) {
        if (level < HOLD_AT || priority == Priority.PERSON || priority == Priority.EVENT) {
            return;
        }
        Instant again = told.plus(LOOK_AGAIN);
        if (clock.instant().isBefore(again)) {
            throw RetryableException.ownLimit(
                    system,
                    "Of the org's " + most + " API requests of 24 hours " + used
                            + " are used; the rest is kept for pushes and people.",
                    again,
                    null);
        }
        // this call brings fresh numbers; until it has, the others wait
        told = clock.instant();
    }
}
