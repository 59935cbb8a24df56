package org.cosellbridge.webhook;

import java.time.Instant;
import java.util.Map;

/**
 * A delivery whose signature and shape are in order, not yet stored.
 *
 * @param receivedAt when
 * @param source from which address
 * @param headers the headers worth storing, by name in lower case
 * @param body the raw bytes
 * @param verdict how it was verified
 * @param event what it says
 */
record VerifiedDelivery(
        Instant receivedAt,
        String source,
        Map<String, String> headers,
        byte[] body,
        WebhookVerdict.Genuine verdict,
        WebhookEvent event) {}
