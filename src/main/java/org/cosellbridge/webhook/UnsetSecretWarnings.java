package org.cosellbridge.webhook;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.logging.Logger;
import org.cosellbridge.connector.ConnectionName;

/**
 * Says in the log that somebody posts to a receiver without a secret: whoever does expects to be heard. Strangers can make the line come
 * once an hour at most for a connection. Thread-safe.
 */
final class UnsetSecretWarnings {
    private static final Logger LOG = Logger.getLogger(UnsetSecretWarnings.class.getName());
    private static final Duration BETWEEN_WARNINGS = Duration.ofHours(1);

    private final Clock clock;
    private final Map<ConnectionName, Instant> next = new ConcurrentHashMap<>();

    UnsetSecretWarnings(Clock clock) {
        this.clock = clock;
    }

    /** Warns, unless it did within the last hour. */
    void warn(ConnectionName connection, String secretKey) {
        Instant now = clock.instant();
        next.compute(connection, (name, due) -> {
            if (due != null && now.isBefore(due)) {
                return due;
            }
            LOG.warning(() -> "Somebody posts to the webhook receiver of connection " + name
                    + ", which refuses everything until " + secretKey + " is set.");
            return now.plus(BETWEEN_WARNINGS);
        });
    }
}
