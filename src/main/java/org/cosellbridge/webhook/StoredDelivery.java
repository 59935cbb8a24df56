package org.cosellbridge.webhook;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A delivery as it is stored.
 *
 * @param id time-ordered
 * @param receivedAt when
 * @param sender the word of a {@link DeliverySender}
 * @param source from which address
 * @param eventName such as {@code referral-updated}, or Dataverse's message
 * @param referral the referral's id; null when the event is not about one
 * @param connection whose CRM sent it; null for Partner Center, like everything about the CRM's row
 * @param table the logical name of the row's table
 * @param record what was to be looked at, as {@code kind/id}; null when nothing was
 * @param senderCorrelation the id by which the sender follows one cause; null when it sent none
 * @param organization the organisation id in the body; null when it had none
 * @param resourceChange when the sender says it changed; null when that could not be read
 * @param resourceChangeText the same as it was sent
 * @param body the raw bytes; null when they are not kept
 * @param bodySize how many bytes it had; null when they are kept
 * @param bodySha256 their SHA-256 in hexadecimal digits; null when they are kept
 * @param headers a JSON object with the headers kept
 * @param algorithm of the signature, as the sender names it; {@code shared-secret} when there is none
 * @param chain the fingerprints of the certificates, the signer's first, comma separated; empty without a signature
 * @param verdict how it was verified, in a sentence
 * @param correlation shared by everything of one cause
 * @param state what followed
 * @param duplicates how often the same event came again
 * @param lastDuplicateAt when it did last; null when never
 */
record StoredDelivery(
        String id,
        Instant receivedAt,
        String sender,
        String source,
        String eventName,
        @Nullable String referral,
        @Nullable String connection,
        @Nullable String table,
        @Nullable String record,
        @Nullable String senderCorrelation,
        @Nullable String organization,
        @Nullable Instant resourceChange,
        String resourceChangeText,
        byte @Nullable [] body,
        @Nullable Long bodySize,
        @Nullable String bodySha256,
        String headers,
        String algorithm,
        String chain,
        String verdict,
        String correlation,
        String state,
        long duplicates,
        @Nullable Instant lastDuplicateAt) {}
