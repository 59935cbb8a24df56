package org.cosellbridge.simulator;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.OptionalInt;

/**
 * At most so many calls in any window of this length; refused calls count too. A call that left in time may arrive early, since calls
 * do not travel equally fast: the window is shorter by {@link #TRAVEL}. Thread-safe.
 */
final class SlidingLimit {
    private static final Duration TRAVEL = Duration.ofMillis(250);
    private static final long NANOS_PER_SECOND = 1_000_000_000;

    private final int most;
    private final long window;
    private final Deque<Long> arrivals = new ArrayDeque<>();

    SlidingLimit(int most, Duration window) {
        this.most = most;
        this.window = window.minus(TRAVEL).toNanos();
    }

    /** Counts a call. Answers the whole seconds to wait when it was one too many. */
    synchronized OptionalInt count() {
        long now = System.nanoTime();
        while (!arrivals.isEmpty() && now - arrivals.getFirst() >= window) {
            arrivals.removeFirst();
        }
        arrivals.addLast(now);
        if (arrivals.size() <= most) {
            return OptionalInt.empty();
        }
        long last = arrivals.stream().skip(arrivals.size() - most).findFirst().orElse(now);
        long wait = last + window + TRAVEL.toNanos() - now;
        return OptionalInt.of((int) ((wait + NANOS_PER_SECOND - 1) / NANOS_PER_SECOND));
    }
}
