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

    /**
     * @param system which system
     * @param message what happened
     * @param systemWide true: unreachable, throttled or circuit open; false: a failure of this call, such as a 500 or a lock
     * @param notBefore when the system asked to be called again; null: it did not say
     */
    public RetryableException(
            String system, String message, boolean systemWide, @Nullable Instant notBefore, @Nullable Throwable cause) {
        super(system, message, cause);
        this.systemWide = systemWide;
        this.notBefore = notBefore;
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
