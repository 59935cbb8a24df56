package org.cosellbridge.webhook;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A delivery as lists show it.
 *
 * @param id the delivery's id
 * @param time when it was received
 * @param sender {@code partner-center}, {@code dynamics} or {@code salesforce}
 * @param source from which address
 * @param event the event's name, Dataverse's message, or {@code OutboundMessage} of Salesforce
 * @param referral the referral's id; null when the event is not about one
 * @param connection whose CRM sent it; null for Partner Center
 * @param table the CRM's name of the table; null for Partner Center
 * @param record the record that is looked at, as {@code kind/id}; null when none is
 * @param changed when the sender says it changed; null when that could not be read
 * @param state {@code accepted} or {@code ignored}
 * @param correlation shared by everything of one cause
 * @param verdict how it was verified
 * @param duplicates how often the same event came again
 * @param lastDuplicate when it did last; null when never
 */
public record DeliveryItem(
        String id,
        Instant time,
        String sender,
        String source,
        String event,
        @Nullable String referral,
        @Nullable String connection,
        @Nullable String table,
        @Nullable String record,
        @Nullable Instant changed,
        String state,
        String correlation,
        String verdict,
        long duplicates,
        @Nullable Instant lastDuplicate) {
    static DeliveryItem of(StoredDelivery stored) {
        return new DeliveryItem(
                stored.id(),
                stored.receivedAt(),
                stored.sender(),
                stored.source(),
                stored.eventName(),
                stored.referral(),
                stored.connection(),
                stored.table(),
                stored.record(),
                stored.resourceChange(),
                stored.state(),
                stored.correlation(),
                stored.verdict(),
                stored.duplicates(),
                stored.lastDuplicateAt());
    }
}
