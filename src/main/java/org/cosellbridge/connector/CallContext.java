package org.cosellbridge.connector;

import java.time.Duration;

/**
 * What a connector must know of the work a call belongs to.
 *
 * @param correlationId travels with every remote call and every entry of one cause
 * @param priority who waits for it
 * @param guard asked before every single remote call
 */
public record CallContext(String correlationId, Priority priority, Guard guard) {
    /** The longest a call may take where nobody holds a lease on the work. */
    public static final Duration LONGEST_CALL = Duration.ofSeconds(20);

    /** A context for work that holds no lease: checks, tests. */
    public static CallContext unguarded(String correlationId, Priority priority) {
        return new CallContext(correlationId, priority, () -> LONGEST_CALL);
    }

    /** Renews the lease of the work. */
    @FunctionalInterface
    public interface Guard {
        /**
         * Called before every remote call. Answers how long the call may take at most, which is less than what is left of the
         * lease. Throws {@link LeaseLostException} when the work has passed to somebody else: the call must not be made.
         */
        Duration beforeCall();
    }
}
