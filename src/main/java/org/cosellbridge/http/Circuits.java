package org.cosellbridge.http;

import dev.failsafe.CircuitBreaker;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * One circuit per remote system, on each node for itself. Five failures in a row (no answer, or a 5xx) open it; while it is open
 * nobody is called; every 30 seconds one call goes through as a probe, and its success closes the circuit. Thread-safe.
 */
@Singleton
public class Circuits {
    private static final Logger LOG = Logger.getLogger(Circuits.class.getName());
    private static final int FAILURES = 5;
    private static final Duration PROBE_INTERVAL = Duration.ofSeconds(30);
    private static final Duration PROBE_RUNS = Duration.ofSeconds(1);

    private final Clock clock;
    private final Duration probeInterval;
    private final ConcurrentMap<String, Circuit> circuits = new ConcurrentHashMap<>();

    @Inject
    Circuits(Clock clock) {
        this(clock, PROBE_INTERVAL);
    }

    Circuits(Clock clock, Duration probeInterval) {
        this.clock = clock;
        this.probeInterval = probeInterval;
    }

    /** The circuit of every system that was called since the start of this node, sorted by name. */
    public List<State> list() {
        Map<String, State> byName = new TreeMap<>();
        circuits.forEach((name, circuit) -> byName.put(name, circuit.state()));
        return List.copyOf(byName.values());
    }

    /** The circuit of this system, if it was called since the start of this node. */
    public Optional<State> find(String system) {
        return Optional.ofNullable(circuits.get(system)).map(Circuit::state);
    }

    /** Lets a call through; throws {@link OutboundException.Refused} while the circuit is open. */
    Admission admit(String system) {
        return circuits.computeIfAbsent(system, Circuit::new).admit();
    }

    /**
     * What a circuit looks like.
     *
     * @param system whose it is
     * @param open whether calls are held back
     * @param since since when it is open, or closed again; null: closed since the start
     * @param notBefore when the next probe may go, null while it is closed
     */
    public record State(
            String system,
            boolean open,
            @Nullable Instant since,
            @Nullable Instant notBefore) {}

    /** One call that was let through. Closing it without a verdict says nothing about the system. */
    interface Admission extends AutoCloseable {
        /** The system answered. */
        void succeeded();

        /** No answer, or one that says the system is broken. */
        void failed();

        @Override
        void close();
    }

    private final class Circuit {
        private final String system;
        private final CircuitBreaker<Object> breaker;
        private boolean probing;
        private boolean open;
        private @Nullable Instant since;

        Circuit(String system) {
            this.system = system;
            this.breaker = CircuitBreaker.builder()
                    .withFailureThreshold(FAILURES)
                    .withSuccessThreshold(1)
                    .withDelay(probeInterval)
                    .build();
        }

        synchronized State state() {
            return new State(system, open, since, open ? clock.instant().plus(remaining()) : null);
        }

        private Duration remaining() {
            Duration left = breaker.getRemainingDelay();
            return left.isNegative() ? Duration.ZERO : left;
        }

        synchronized Admission admit() {
            if (!open) {
                return new Call(false);
            }
            Duration wait = probing ? PROBE_RUNS : remaining();
            if (!wait.isZero()) {
                throw new OutboundException.Refused(
                        "The circuit of " + system + " is open: it failed " + FAILURES + " times in a row.",
                        clock.instant().plus(wait));
            }
            probing = true;
            return new Call(true);
        }

        private synchronized void record(boolean probe, boolean success) {
            if (open && !probe) {
                // A late finisher from before the circuit opened: only the probe decides now.
                return;
            }
            if (probe && !breaker.tryAcquirePermit()) {
                return;
            }
            if (success) {
                breaker.recordSuccess();
            } else {
                breaker.recordFailure();
            }
            boolean nowOpen = !breaker.isClosed();
            if (nowOpen != open) {
                open = nowOpen;
                since = clock.instant();
                if (open) {
                    LOG.warning(() -> "The circuit of " + system + " opens: " + FAILURES
                            + " calls failed in a row. A probe goes every " + probeInterval.toSeconds() + " s.");
                } else {
                    LOG.info(() -> "The circuit of " + system + " closes: it answers again.");
                }
            }
        }

        private synchronized void probeEnded() {
            probing = false;
        }

        private final class Call implements Admission {
            private final boolean probe;

            Call(boolean probe) {
                this.probe = probe;
            }

            @Override
            public void succeeded() {
                record(probe, true);
            }

            @Override
            public void failed() {
                record(probe, false);
            }

            @Override
            public void close() {
                if (probe) {
                    probeEnded();
                }
            }
        }
    }
}
