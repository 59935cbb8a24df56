package org.cosellbridge.http;

import java.time.Duration;

/**
 * Until when something must be done, by this machine's stopwatch.
 *
 * @param nanos {@link System#nanoTime} at that moment
 */
record Deadline(long nanos) {
    static Deadline in(Duration time) {
        return new Deadline(System.nanoTime() + time.toNanos());
    }

    /** What is left, never negative. */
    Duration remaining() {
        return Duration.ofNanos(Math.max(0, nanos - System.nanoTime()));
    }

    boolean isOver() {
        return remaining().isZero();
    }
}
