package org.cosellbridge.webhook;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import org.cosellbridge.audit.AuditKind;
import org.cosellbridge.audit.RefusalCounts;

/**
 * Takes a request to a connection's Dataverse webhook from its first byte to its answer: shared secret, type, size, shape,
 * organisation, then one transaction. The secret comes first, so that a stranger costs one hash and learns nothing, not even which
 * connections there are. It holds no transaction itself, so that it answers success only after the commit. Thread-safe.
 */
@Singleton
class DynamicsReceiver {
    /** The header that carries the shared secret (a service endpoint with {@code authtype} 5). */
    static final String SECRET_HEADER = "x-cosell-webhook-secret";

    /** The query parameter that carries it otherwise ({@code authtype} 4); Dataverse gives it its name. */
    static final String SECRET_PARAMETER = "code";

    private final DynamicsWebhookSettings settings;
    private final PushDeliveries deliveries;
    private final RefusalCounts refusals;
    private final Clock clock;
    private final BodyReader bodies;
    private final SharedSecrets nobodys = SharedSecrets.unset();
    private final UnsetSecretWarnings warnings;

    @Inject
    DynamicsReceiver(
            DynamicsWebhookSettings settings,
            WebhookSettings common,
            PushDeliveries deliveries,
            RefusalCounts refusals,
            Clock clock) {
        this.settings = settings;
        this.deliveries = deliveries;
        this.refusals = refusals;
        this.clock = clock;
        this.warnings = new UnsetSecretWarnings(clock);
        this.bodies = new BodyReader(Math.max(common.maxBody(), DynamicsWebhookSettings.LARGEST_BODY), clock);
    }

    /** Receives one request for the connection that the address names. Throws nothing for what a sender or the database may do. */
    Answer receive(String connection, WebhookRequest request) {
        try {
            DynamicsWebhookSettings.Sender sender = prove(connection, request);
            DynamicsDelivery delivery = read(sender, request);
            return CommitTries.run(
                    delivery.eventName(), new Answer.Taken(), () -> deliveries.accept(List.of(delivery)));
        } catch (RefusedException refused) {
            refusals.refused(AuditKind.DELIVERY_REFUSED, refused.refusal().word(), request.source());
            return new Answer.Refused(refused.refusal());
        }
    }

    /** The secret is compared whether or not the connection exists and has one, so that the time tells nothing. */
    private DynamicsWebhookSettings.Sender prove(String connection, WebhookRequest request) throws RefusedException {
        Optional<DynamicsWebhookSettings.Sender> known = settings.find(connection);
        List<String> sent = secrets(request);
        boolean right = known.map(DynamicsWebhookSettings.Sender::secrets)
                .orElse(nobodys)
                .match(String.join(",", sent));
        DynamicsWebhookSettings.Sender sender =
                known.orElseThrow(() -> new RefusedException(Refusal.CONNECTION_UNKNOWN));
        if (!sender.secrets().isSet()) {
            warnings.warn(sender.connection(), sender.secretKey());
            throw new RefusedException(Refusal.SECRET_NOT_SET);
        }
        if (!right) {
            throw new RefusedException(sent.isEmpty() ? Refusal.SECRET_MISSING : Refusal.SECRET_WRONG);
        }
        return sender;
    }

    /** What was sent as the secret. Several at once never match: no secret holds a comma. */
    private static List<String> secrets(WebhookRequest request) {
        List<String> inHeader = request.values(SECRET_HEADER);
        return inHeader.isEmpty() ? request.parameters(SECRET_PARAMETER) : inHeader;
    }

    private DynamicsDelivery read(DynamicsWebhookSettings.Sender sender, WebhookRequest request)
            throws RefusedException {
        request.requireType("application/json");
        byte[] body = bodies.read(request);
        DynamicsEvent event = DynamicsEvent.parse(body);
        String organization = sender.organization();
        if (organization != null && !organization.equals(event.organization())) {
            throw new RefusedException(Refusal.ORGANIZATION_WRONG);
        }
        return DynamicsDelivery.of(clock.instant(), sender, request, body, event);
    }
}
