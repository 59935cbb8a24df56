package org.cosellbridge.webhook;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.cosellbridge.connector.ConnectionName;
import org.jspecify.annotations.Nullable;

/**
 * A delivery of a Dataverse that carried the right secret and can be read, not yet stored. It has no body: there is no signature that
 * could be verified again, and the values in it are persons' data that nobody needs.
 *
 * @param receivedAt when
 * @param source from which address
 * @param connection whose Dataverse it is
 * @param event what it says
 * @param correlation the id by which Dataverse follows one cause: that of the header, else that of the body; null when neither is a GUID
 * @param size of the body, in bytes
 * @param sha256 of the body, in hexadecimal digits
 * @param verdict how it was proven, in a sentence
 */
record DynamicsDelivery(
        Instant receivedAt,
        String source,
        ConnectionName connection,
        DynamicsEvent event,
        @Nullable String correlation,
        int size,
        String sha256,
        String verdict) {
    /** What is stored as the algorithm: there is no signature. */
    static final String ALGORITHM = "shared-secret";

    private static final String CORRELATION_HEADER = "x-ms-correlation-request-id";

    /** The delivery that a request of this sender is. */
    static DynamicsDelivery of(
            Instant receivedAt,
            DynamicsWebhookSettings.Sender sender,
            WebhookRequest request,
            byte[] body,
            DynamicsEvent event) {
        Optional<String> header = request.findFirst(CORRELATION_HEADER).flatMap(DynamicsEvent::guid);
        return new DynamicsDelivery(
                receivedAt,
                request.source(),
                sender.connection(),
                event,
                header.orElse(event.correlation()),
                body.length,
                hash(body),
                "Carried a shared secret of connection " + sender.connection()
                        + (sender.organization() == null ? "." : " and its organisation id."));
    }

    /**
     * Equal for equal events: the same message about the same rows of one operation. Without a time and a correlation id nothing tells
     * two events apart, so no other key is equal then: a look too many is harmless, one too few is not.
     */
    String dedupeKey() {
        if (correlation == null || event.operationTimeText().isEmpty()) {
            return hash(bytes(UUID.randomUUID().toString()));
        }
        return hash(bytes(String.join(
                "|",
                List.of(
                        ALGORITHM,
                        connection.value(),
                        event.message(),
                        event.table(),
                        String.join(",", event.rows()),
                        correlation,
                        event.operationTimeText()))));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String hash(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("This Java runtime has no SHA-256.", impossible);
        }
    }
}
