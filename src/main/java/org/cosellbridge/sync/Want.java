package org.cosellbridge.sync;

import org.cosellbridge.connector.Priority;
import org.jspecify.annotations.Nullable;

/**
 * The wish that a subject be looked at.
 *
 * @param subject what to look at
 * @param priority who waits for it
 * @param cause in one word what it came from: {@code event}, {@code person}, {@code sweep}, {@code release}, {@code related}; {@code
 *     poll} and {@code record} say that the CRM told of its record
 * @param correlationId of the cause
 * @param deliveryId the delivery that caused it, null when none did
 */
public record Want(
        SyncSubject subject,
        Priority priority,
        String cause,
        String correlationId,
        @Nullable String deliveryId) {
    /** Whether the change feed told of it, and no delivery. */
    public boolean isPolled() {
        return cause.equals("poll");
    }

    /** Whether the CRM said that its record has news. */
    public boolean isFromRecord() {
        return isPolled() || cause.equals("record");
    }
}
