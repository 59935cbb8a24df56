package org.cosellbridge.http;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * How often each remote system may be called, over all nodes: never more than its limit in any window of the limit's length, and
 * not at all during a pause it asked for. Of a window a sweep fills at most half and a write-back at most nine tenths; events and
 * persons have all of it. Thread-safe.
 */
@Singleton
public class Permits {
    /** A call waits this long for a permit that is about to be free, before it is refused. */
    static final Duration LONGEST_WAIT = Duration.ofSeconds(2);

    private final BrakeRepository brakes;
    private final Clock clock;
    private final Map<String, BrakeRepository.Limit> limits = new ConcurrentHashMap<>();

    @Inject
    Permits(BrakeRepository brakes, Clock clock) {
        this.brakes = brakes;
        this.clock = clock;
    }

    /**
     * Sets the limit of a system, as its connector knows it; the last one set on this node counts. A system without one is held by
     * pauses only.
     *
     * @param system the name its calls carry
     * @param calls the most calls, at least 1
     * @param window in any time of this length, at least a second
     */
    public void limit(String system, int calls, Duration window) {
        limits.put(system, new BrakeRepository.Limit(calls, window));
    }

    Optional<BrakeRepository.Limit> findLimit(String system) {
        return Optional.ofNullable(limits.get(system));
    }

    Set<String> limitedSystems() {
        return new TreeSet<>(limits.keySet());
    }

    /** Takes a permit, waits a little for one, or throws {@link OutboundException.Refused}. */
    void take(String system, int rank, Deadline deadline) {
        Deadline patience = Deadline.in(LONGEST_WAIT);
        while (true) {
            BrakeRepository.Verdict verdict = brakes.take(system, limits.get(system), rank);
            if (verdict instanceof BrakeRepository.Paused paused) {
                throw refused(system + " asked not to be called for a while.", paused.delay());
            } else if (verdict instanceof BrakeRepository.Full full) {
                // What waits here is missing to the call itself, so at most half of its time goes into waiting.
                if (full.delay().compareTo(patience.remaining()) > 0
                        || full.delay().compareTo(deadline.remaining().dividedBy(2)) > 0) {
                    throw new OutboundException.Refused(
                            "No call to " + system + " is left within its limit.",
                            clock.instant().plus(full.delay()),
                            true);
                }
                sleep(system, full.delay());
            } else {
                return;
            }
        }
    }

    /** Nobody calls the system for so long from now on. */
    public void pause(String system, Duration wait) {
        brakes.pause(system, wait);
    }

    private OutboundException.Refused refused(String message, Duration wait) {
        return new OutboundException.Refused(message, clock.instant().plus(wait));
    }

    private static void sleep(String system, Duration wait) {
        try {
            TimeUnit.NANOSECONDS.sleep(wait.toNanos());
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new OutboundException.Unreachable("The wait for a call to " + system + " was interrupted.", stopped);
        }
    }
}
