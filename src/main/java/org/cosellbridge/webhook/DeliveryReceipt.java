package org.cosellbridge.webhook;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A delivery with its raw receipt: everything a person needs to verify it with tools of their own.
 *
 * @param id the delivery's id
 * @param time when it was received
 * @param source from which address
 * @param event the event's name
 * @param referral the referral's id; null when the event is not about one
 * @param changed when the sender says the resource changed
 * @param state {@code accepted} or {@code ignored}
 * @param correlation shared by everything of one cause
 * @param verdict how it was verified when it was received
 * @param duplicates how often the same event came again
 * @param lastDuplicate when it did last; null when never
 * @param body the raw bytes that were signed, Base64
 * @param headers the headers that were kept, by name in lower case
 * @param algorithm of the signature, as the sender names it
 * @param chain the certificates in DER form, Base64, the signer's first, the root last
 * @param verified whether the stored bytes verify now as they did when the delivery was received
 * @param verification the same in parts
 */
public record DeliveryReceipt(
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
        @Nullable Instant lastDuplicate,
        String body,
        Map<String, String> headers,
        String algorithm,
        List<String> chain,
        boolean verified,
        Verification verification) {
    public DeliveryReceipt {
        headers = Map.copyOf(headers);
        chain = List.copyOf(chain);
    }

    DeliveryReceipt(
            DeliveryItem item,
            String body,
            Map<String, String> headers,
            String algorithm,
            List<String> chain,
            Verification verification) {
        this(
                item.id(),
                item.time(),
                item.source(),
                item.event(),
                item.referral(),
                item.changed(),
                item.state(),
                item.correlation(),
                item.verdict(),
                item.duplicates(),
                item.lastDuplicate(),
                body,
                headers,
                algorithm,
                chain,
                verification.verified(),
                verification);
    }
}
