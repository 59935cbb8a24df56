package org.cosellbridge.queue;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.random.RandomGenerator;

/**
 * How long to wait after a failure: a random time between the base and a limit that doubles with every failure (full jitter), so
 * that requests which failed together do not come back together. Thread-safe.
 */
@Singleton
class Backoff {
    private final QueueSettings settings;
    private final RandomGenerator random;

    @Inject
    Backoff(QueueSettings settings) {
        this(settings, () -> ThreadLocalRandom.current().nextLong());
    }

    Backoff(QueueSettings settings, RandomGenerator random) {
        this.settings = settings;
        this.random = random;
    }

    /** The wait after this many failures of one request in a row, from 1. */
    Duration afterFailures(int failures) {
        return delay(failures, QueueSettings.LONGEST_RETRY);
    }

    /** The wait after a whole system failed this many times in a row, from 1, and did not say for how long. */
    Duration afterSystemFailures(int failures) {
        return delay(failures, QueueSettings.PROBE_INTERVAL);
    }

    private Duration delay(int failures, Duration longest) {
        long base = settings.retryBase().toMillis();
        // 2^32 times the shortest base is longer than any limit; a greater power would only overflow
        double grown = base * Math.pow(2, Math.min(failures, 32));
        double limit = Math.max((double) base, Math.min(grown, (double) longest.toMillis()));
        return Duration.ofMillis(base + (long) (random.nextDouble() * (limit - base)));
    }
}
