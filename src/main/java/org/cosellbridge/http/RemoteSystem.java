package org.cosellbridge.http;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What holds the calls to one remote system right now.
 *
 * @param system its name
 * @param limit the most calls within {@code windowSeconds}; 0: it has no limit
 * @param windowSeconds the length of the window; 0: it has no limit
 * @param permitsLeft how many calls an event may still make at once; 0 without a limit
 * @param pausedUntil until when it asked not to be called; null: no pause runs
 * @param circuitOpen whether this node's circuit holds the calls back
 * @param circuitSince since when the circuit is open, or closed again; null: closed since the start
 * @param probeNotBefore when the open circuit lets the next probe through
 */
public record RemoteSystem(
        String system,
        int limit,
        long windowSeconds,
        int permitsLeft,
        @Nullable Instant pausedUntil,
        boolean circuitOpen,
        @Nullable Instant circuitSince,
        @Nullable Instant probeNotBefore) {}
