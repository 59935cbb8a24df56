package org.cosellbridge.webhook;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A delivery as lists show it.
 *
 * @param id the delivery's id
 * @param time when it was received
 * @param source from which address
 * @param event the event's name
 * @param referral the referral's id; null when the event is not about one
 * @param changed when the sender says the resource changed
 * @param state {@code accepted} or {@code ignored}
 * @param correlation shared by everything of one cause
 * @param verdict how it was verified
 * @param duplicates how often the same event came again
 * @param lastDuplicate when it did last; null when never
 */
public record DeliveryItem(
        String id,
        Instant time,
        String source,
        String event,
        @Nullable String referral,
        Instant changed,
        String state,
        String correlation,
        String verdict,
        long duplicates,
        @Nullable Instant lastDuplicate) {
    static DeliveryItem of(StoredDelivery stored) {
        return new DeliveryItem(
                stored.id(),
                stored.receivedAt(),
                stored.source(),
                stored.eventName(),
                stored.referral(),
                stored.resourceChange(),
                stored.state(),
                stored.correlation(),
                stored.verdict(),
                stored.duplicates(),
                stored.lastDuplicateAt());
    }
}
