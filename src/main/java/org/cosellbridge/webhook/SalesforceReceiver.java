package org.cosellbridge.webhook;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import javax.security.auth.x500.X500Principal;
import org.cosellbridge.audit.AuditKind;
import org.cosellbridge.audit.RefusalCounts;
import org.jspecify.annotations.Nullable;

/**
 * Takes an outbound message of a connection's Salesforce from its first byte to its answer: shared secret, client certificate, type,
 * size, shape, organisation, then one transaction for all its notifications. The secret comes first, so that a stranger costs one hash
 * and learns nothing, not even which connections there are. It holds no transaction itself, so that it acknowledges only after the
 * commit. Thread-safe.
 */
@Singleton
class SalesforceReceiver {
    /** The most bytes of a message: a hundred notifications with a few short fields are a tenth of it. */
    static final int LARGEST_BODY = 1_048_576;

    private final SalesforceWebhookSettings settings;
    private final PushDeliveries deliveries;
    private final RefusalCounts refusals;
    private final Clock clock;
    private final BodyReader bodies;
    private final UnsetSecretWarnings warnings;
    private final SharedSecrets nobodys = SharedSecrets.unset();

    @Inject
    SalesforceReceiver(
            SalesforceWebhookSettings settings, PushDeliveries deliveries, RefusalCounts refusals, Clock clock) {
        this.settings = settings;
        this.deliveries = deliveries;
        this.refusals = refusals;
        this.clock = clock;
        this.bodies = new BodyReader(LARGEST_BODY, clock);
        this.warnings = new UnsetSecretWarnings(clock);
    }

    /**
     * Receives one request. Throws nothing for what a sender or the database may do.
     *
     * @param connection which the address names
     * @param secret which the address holds; not kept
     * @param certificate which the server demanded of the client and found in order; null when there was none
     * @param request everything else
     */
    Answer receive(String connection, String secret, @Nullable X509Certificate certificate, WebhookRequest request) {
        try {
            SalesforceWebhookSettings.Sender sender = prove(connection, secret, certificate);
            List<SalesforceDelivery> pushes = read(sender, request);
            return CommitTries.run(
                    SalesforceDelivery.EVENT, new Answer.Acknowledged(), () -> deliveries.accept(pushes));
        } catch (RefusedException refused) {
            refusals.refused(AuditKind.DELIVERY_REFUSED, refused.refusal().word(), request.source());
            return new Answer.Refused(refused.refusal());
        }
    }

    /** The secret is compared whether or not the connection exists and has one, so that the time tells nothing. */
    private SalesforceWebhookSettings.Sender prove(
            String connection, String secret, @Nullable X509Certificate certificate) throws RefusedException {
        Optional<SalesforceWebhookSettings.Sender> known = settings.find(connection);
        boolean right = known.map(SalesforceWebhookSettings.Sender::secrets)
                .orElse(nobodys)
                .match(secret);
        SalesforceWebhookSettings.Sender sender =
                known.orElseThrow(() -> new RefusedException(Refusal.CONNECTION_UNKNOWN));
        if (!sender.secrets().isSet()) {
            warnings.warn(sender.connection(), sender.secretKey());
            throw new RefusedException(Refusal.SECRET_NOT_SET);
        }
        if (!right) {
            throw new RefusedException(Refusal.SECRET_WRONG);
        }
        X500Principal subject = sender.clientSubject();
        if (subject != null && (certificate == null || !subject.equals(certificate.getSubjectX500Principal()))) {
            throw new RefusedException(Refusal.CLIENT_CERTIFICATE_WRONG);
        }
        return sender;
    }

    private List<SalesforceDelivery> read(SalesforceWebhookSettings.Sender sender, WebhookRequest request)
            throws RefusedException {
        request.requireType("text/xml");
        byte[] body = bodies.read(request);
        SalesforceMessage message = SalesforceMessage.parse(body);
        SalesforceId organization = sender.organization();
        if (organization == null || !organization.equals(message.organization())) {
            throw new RefusedException(Refusal.ORGANIZATION_WRONG);
        }
        return SalesforceDelivery.of(clock.instant(), sender, organization, request, body, message);
    }
}
