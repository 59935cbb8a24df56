package org.cosellbridge.webhook;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.cosellbridge.connector.ConnectionName;
import org.jspecify.annotations.Nullable;

/**
 * A push of a Dataverse that carried the right secret.
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
        String verdict)
        implements Push {
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
                Sha256.hex(body),
                "Carried a shared secret of connection " + sender.connection()
                        + (sender.organization() == null ? "." : " and its organisation id."));
    }

    /**
     * Equal for equal events: the same message about the same rows of one operation. Without a time and a correlation id nothing tells
     * two events apart, so no other key is equal then: a look too many is harmless, one too few is not.
     */
    @Override
    public String dedupeKey() {
        if (correlation == null || event.operationTimeText().isEmpty()) {
            return Sha256.hex(UUID.randomUUID().toString());
        }
        return Sha256.hex(String.join(
                "|",
                List.of(
                        ALGORITHM,
                        connection.value(),
                        event.message(),
                        event.table(),
                        String.join(",", event.rows()),
                        correlation,
                        event.operationTimeText())));
    }

    @Override
    public DeliverySender sender() {
        return DeliverySender.DYNAMICS;
    }

    @Override
    public String eventName() {
        return event.message();
    }

    @Override
    public String table() {
        return event.table();
    }

    @Override
    public List<String> rows() {
        return event.isAboutRows() ? event.rows() : List.of();
    }

    @Override
    public @Nullable Instant time() {
        return event.operationTime();
    }

    @Override
    public String timeText() {
        return event.operationTimeText();
    }

    @Override
    public @Nullable String organization() {
        return event.organization();
    }

    @Override
    public String reason() {
        String warning = event.isAboutRows() && event.rows().isEmpty()
                ? " Warning: it names no row, so only the change feed finds what changed."
                : "";
        return "Message " + event.message() + " of table " + event.table()
                + " carried the shared secret and was stored." + warning;
    }
}
