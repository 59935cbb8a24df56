package org.cosellbridge.webhook;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A delivery with its receipt: for one that was signed, everything a person needs to verify it with tools of their own; for one that
 * carried a shared secret, what it said, and size and hash of its body.
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
 * @param verdict how it was verified when it was received
 * @param duplicates how often the same event came again
 * @param lastDuplicate when it did last; null when never
 * @param senderCorrelation the id by which the sender follows one cause; null when it sent none
 * @param organization the organisation id of the sender's environment; null when it sent none
 * @param body the raw bytes that were signed, Base64; null when there was no signature
 * @param size of the body in bytes; null when the body itself is here
 * @param sha256 of the body, in hexadecimal digits; null when the body itself is here
 * @param headers the headers that were kept, by name in lower case
 * @param algorithm of the signature, as the sender names it; {@code shared-secret} when there was none
 * @param chain the certificates in DER form, Base64, the signer's first, the root last; empty when there was no signature
 * @param verified whether the stored bytes verify now as they did when the delivery was received; null when there was no signature
 * @param verification the same in parts
 */
public record DeliveryReceipt(
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
        @Nullable Instant lastDuplicate,
        @Nullable String senderCorrelation,
        @Nullable String organization,
        @Nullable String body,
        @Nullable Long size,
        @Nullable String sha256,
        Map<String, String> headers,
        String algorithm,
        List<String> chain,
        @Nullable Boolean verified,
        @Nullable Verification verification) {
    public DeliveryReceipt {
        headers = Map.copyOf(headers);
        chain = List.copyOf(chain);
    }

    /** The receipt of a signed delivery. */
    static DeliveryReceipt signed(
            StoredDelivery stored,
            String body,
            Map<String, String> headers,
            List<String> chain,
            Verification verification) {
        return of(stored, body, headers, chain, verification.verified(), verification);
    }

    /** The receipt of a delivery that carried a shared secret. */
    static DeliveryReceipt unsigned(StoredDelivery stored) {
        return of(stored, null, Map.of(), List.of(), null, null);
    }

    private static DeliveryReceipt of(
            StoredDelivery stored,
            @Nullable String body,
            Map<String, String> headers,
            List<String> chain,
            @Nullable Boolean verified,
            @Nullable Verification verification) {
        return new DeliveryReceipt(
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
                stored.lastDuplicateAt(),
                stored.senderCorrelation(),
                stored.organization(),
                body,
                stored.bodySize(),
                stored.bodySha256(),
                headers,
                stored.algorithm(),
                chain,
                verified,
                verification);
    }
}
