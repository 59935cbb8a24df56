package org.cosellbridge.webhook;

import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import org.cosellbridge.connector.ConnectionName;
import org.jspecify.annotations.Nullable;

/**
 * One notification of an outbound message that carried the right secret and the right organisation id.
 *
 * @param receivedAt when
 * @param source from which address
 * @param connection whose Salesforce it is
 * @param organization the organisation's id
 * @param table the name of the record's object
 * @param notification what it says
 * @param size of the whole message, in bytes
 * @param sha256 of the whole message, in hexadecimal digits
 * @param verdict how it was proven, in a sentence
 */
record SalesforceDelivery(
        Instant receivedAt,
        String source,
        ConnectionName connection,
        String organization,
        String table,
        SalesforceMessage.Notification notification,
        int size,
        String sha256,
        String verdict)
        implements Push {
    /** What is stored as the event's name: a message does not say whether its record was created or changed. */
    static final String EVENT = "OutboundMessage";

    /** By record first: what a transaction locks for a record or a notification it locks in the same order everywhere. */
    private static final Comparator<SalesforceMessage.Notification> ORDER = Comparator.comparing(
                    (SalesforceMessage.Notification notification) ->
                            notification.record().value())
            .thenComparing(notification -> notification.id().value());

    /** The deliveries that a message of this sender is, in one order everywhere, so that two transactions never wait for each other. */
    static List<SalesforceDelivery> of(
            Instant receivedAt,
            SalesforceWebhookSettings.Sender sender,
            SalesforceId organization,
            WebhookRequest request,
            byte[] body,
            SalesforceMessage message) {
        String sha256 = Sha256.hex(body);
        String verdict = "Carried a shared secret of connection " + sender.connection() + " and its organisation id"
                + (sender.clientSubject() == null ? "." : ", over a connection with its client certificate.");
        return message.notifications().stream()
                .sorted(ORDER)
                .map(notification -> new SalesforceDelivery(
                        receivedAt,
                        request.source(),
                        sender.connection(),
                        organization.value(),
                        message.object(),
                        notification,
                        body.length,
                        sha256,
                        verdict))
                .toList();
    }

    /**
     * Equal when a notification is sent again. It then carries the record as it is at that time; when that is another version, this is
     * news: a look too many is harmless, one too few is not.
     */
    @Override
    public String dedupeKey() {
        return Sha256.hex(String.join(
                "|",
                List.of(
                        sender().word(),
                        connection.value(),
                        notification.id().value(),
                        notification.record().value(),
                        notification.modifiedText())));
    }

    @Override
    public DeliverySender sender() {
        return DeliverySender.SALESFORCE;
    }

    @Override
    public String eventName() {
        return EVENT;
    }

    @Override
    public List<String> rows() {
        return List.of(notification.record().value());
    }

    @Override
    public @Nullable Instant time() {
        return notification.modified();
    }

    @Override
    public String timeText() {
        return notification.modifiedText();
    }

    @Override
    public String correlation() {
        return notification.id().value();
    }

    @Override
    public String reason() {
        return "Notification " + notification.id() + " about a record of " + table
                + " carried the shared secret and was stored.";
    }
}
