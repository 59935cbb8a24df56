package org.cosellbridge.queue;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Duration;
import org.cosellbridge.platform.Configuration;
import org.cosellbridge.platform.StartCheck;

/** How often and how soon a sync request is tried again, and the fixed times of the queue. */
@Singleton
class QueueSettings implements StartCheck {
    /** How long an attempt may be silent before another node takes its request over. */
    static final Duration LEASE = Duration.ofSeconds(30);

    /** The longest remote call; what it leaves of the lease covers storing the answer and clocks that differ between nodes. */
    static final Duration LONGEST_CALL = Duration.ofSeconds(20);

    /** How much later than its lease a request counts as abandoned, so that a renewal at the last moment never meets a claim. */
    static final Duration GRACE = Duration.ofSeconds(1);

    /** How often one request may try whether a broken set-up was mended, and the longest pause nobody asked for. */
    static final Duration PROBE_INTERVAL = Duration.ofSeconds(30);

    /** The longest wait between two attempts that nobody asked for. */
    static final Duration LONGEST_RETRY = Duration.ofHours(1);

    /** When a request is tried again whose record another attempt holds. */
    static final Duration COLLISION_DELAY = Duration.ofSeconds(1);

    private final int maxAttempts;
    private final Duration retryBase;

    @Inject
    QueueSettings(Configuration configuration) {
        this.maxAttempts = configuration.number("cosell.queue.max-attempts", 12, 1, 1000);
        Duration base = configuration.duration("cosell.queue.retry-base", Duration.ofSeconds(1));
        if (base.compareTo(LONGEST_RETRY) > 0) {
            configuration.fault(
                    "cosell.queue.retry-base", "is longer than PT1H, the longest wait between two attempts.");
            base = LONGEST_RETRY;
        }
        this.retryBase = base;
    }

    @Override
    public void check(Configuration configuration) {
        // the constructor noted every fault
    }

    /** {@code cosell.queue.max-attempts}: failures of its own (not of a whole system) after which a request is a dead letter. */
    int maxAttempts() {
        return maxAttempts;
    }

    /** {@code cosell.queue.retry-base}: the shortest wait before a failed attempt is repeated; at most an hour. */
    Duration retryBase() {
        return retryBase;
    }
}
