package org.cosellbridge.connector;

import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Not now: the same call may work later. Two things differ: whether the whole system is unreachable or throttled (then no call to
 * it makes sense before {@link #notBefore}, and it never counts towards a dead letter), or only this one call failed.
 */
public final class RetryableException extends ConnectorException {
    private final boolean systemWide;
    private final @Nullable Instant notBefore;
    private final boolean ownLimit;

    /**
     * @param system which system
     * @param message what happened
     * @param systemWide true: unreachable, throttled or circuit open; false: a failure of this call, such as a 500 or a lock
     * @param notBefore when the system asked to be called again; null: it did not say
     */
    public RetryableException(
            String system, String message, boolean systemWide, @Nullable Instant notBefore, @Nullable Throwable cause) {
        this(system, message, systemWide, notBefore, false, cause);
    }

    private RetryableException(
            String system,
            String message,
            boolean systemWide,
            @Nullable Instant notBefore,
            boolean ownLimit,
            @Nullable Throwable cause) {
        super(system, message, cause);
        this.systemWide = systemWide;
        this.notBefore = notBefore;
        this.ownLimit = ownLimit;
    }

    /** No call is left within our own limit for work of this priority; work of a higher one may go on. */
    public static RetryableException ownLimit(
            String system, String message, Instant notBefore, @Nullable Throwable cause) {
        return new RetryableException(system, message, true, notBefore, true, cause);
    }

    /** Whether it is our own limit that holds the call, not the system. */
    public boolean isOwnLimit() {
        return ownLimit;
    }

    /** Whether the whole system is concerned, not this one call. */
    public boolean systemWide() {
        return systemWide;
    }

    /** When the system may be called again, if it said so. */
    public Optional<Instant> notBefore() {
        return Optional.ofNullable(notBefore);
    }
}
