package org.cosellbridge.queue;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Whether a remote system may be called: one for each connection and one for Partner Center.
 *
 * @param system the connection's name or {@link #PARTNER_CENTER}
 * @param paused whether its requests wait for a person or for a set-up to be mended
 * @param pausedBy {@link #BY_SETUP} when the set-up does not work, else the person as an actor; null when not paused
 * @param pausedReason a sentence for a person; null when not paused
 * @param pausedAt since when; null when not paused
 * @param probeAt when one request may try whether the set-up was mended; null unless paused by the set-up
 * @param notBefore the end of a pause the system asked for or of the wait after it could not be reached; null when none was
 * @param failures how often in a row the whole system was unreachable or throttled
 * @param fullUntil until when our own limit leaves no call for requests of {@code fullRank} and lower need; null when none was full
 * @param fullRank the rank of the first of them
 */
record SystemState(
        String system,
        boolean paused,
        @Nullable String pausedBy,
        @Nullable String pausedReason,
        @Nullable Instant pausedAt,
        @Nullable Instant probeAt,
        @Nullable Instant notBefore,
        int failures,
        @Nullable Instant fullUntil,
        int fullRank) {
    /** The system every connection shares. */
    static final String PARTNER_CENTER = "partner-center";

    /** Stands as {@link #pausedBy} when a broken set-up paused it; such a pause ends by itself. */
    static final String BY_SETUP = "system";

    /** A system about which nothing is known yet: it may be called. */
    static SystemState fresh(String system) {
        return new SystemState(system, false, null, null, null, null, null, 0, null, 0);
    }

    /** Whether the system is to be left alone for a while. */
    boolean waits(Instant now) {
        return notBefore != null && notBefore.isAfter(now);
    }

    /** Whether one request may try whether the set-up was mended. */
    boolean mayBeProbed(Instant now) {
        return paused && BY_SETUP.equals(pausedBy) && probeAt != null && !probeAt.isAfter(now);
    }

    /** The least urgent rank of which requests may run now. */
    int lastRank(Instant now) {
        return fullUntil != null && fullUntil.isAfter(now) ? fullRank - 1 : Integer.MAX_VALUE;
    }

    /** Whether at least one request may run now. */
    boolean letsThrough(Instant now) {
        return !waits(now) && (!paused || mayBeProbed(now));
    }
}
