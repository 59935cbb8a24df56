package org.cosellbridge.webhook;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A delivery as it is stored.
 *
 * @param id time-ordered
 * @param receivedAt when
 * @param source from which address
 * @param eventName such as {@code referral-updated}
 * @param referral the referral's id; null when the event is not about one
 * @param resourceChange when the sender says it changed
 * @param resourceChangeText the same as it was sent
 * @param body the raw bytes
 * @param headers a JSON object with the headers kept
 * @param algorithm of the signature, as the sender names it
 * @param chain the fingerprints of the certificates, the signer's first, comma separated
 * @param verdict how it was verified, in a sentence
 * @param correlation shared by everything of one cause
 * @param state what followed
 * @param duplicates how often the same event came again
 * @param lastDuplicateAt when it did last; null when never
 */
record StoredDelivery(
        String id,
        Instant receivedAt,
        String source,
        String eventName,
        @Nullable String referral,
        Instant resourceChange,
        String resourceChangeText,
        byte[] body,
        String headers,
        String algorithm,
        String chain,
        String verdict,
        String correlation,
        String state,
        long duplicates,
        @Nullable Instant lastDuplicateAt) {}
