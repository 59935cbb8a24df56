package org.cosellbridge.webhook;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Clock;
import org.cosellbridge.audit.AuditKind;
import org.cosellbridge.audit.RefusalCounts;

/**
 * Takes a request to Partner Center's webhook from its first byte to its answer: size and headers, signature over the raw bytes,
 * shape, then one transaction. It holds no transaction itself, so that it answers success only after the commit. Thread-safe.
 */
@Singleton
class Receiver {
    private final SignatureVerifier verifier;
    private final Deliveries deliveries;
    private final RefusalCounts refusals;
    private final Clock clock;
    private final BodyReader bodies;
    private final LastCertificateUrl lastUrl;

    @Inject
    Receiver(
            WebhookSettings settings,
            SignatureVerifier verifier,
            Deliveries deliveries,
            RefusalCounts refusals,
            Clock clock) {
        this.verifier = verifier;
        this.deliveries = deliveries;
        this.refusals = refusals;
        this.clock = clock;
        this.bodies = new BodyReader(settings.maxBody(), clock);
        this.lastUrl = new LastCertificateUrl(deliveries::findLastCertificateUrl, clock);
    }

    /** Receives one request. Throws nothing for what a sender or the database may do. */
    Answer receive(WebhookRequest request) {
        try {
            VerifiedDelivery delivery = read(request);
            return CommitTries.run(delivery.event().name(), new Answer.Taken(), () -> deliveries.accept(delivery));
        } catch (RefusedException refused) {
            refusals.refused(AuditKind.DELIVERY_REFUSED, refused.refusal().word(), request.source());
            return new Answer.Refused(refused.refusal());
        }
    }

    private VerifiedDelivery read(WebhookRequest request) throws RefusedException {
        request.requireType("application/json");
        byte[] body = bodies.read(request);
        SignatureHeaders headers = SignatureHeaders.parse(request);
        WebhookVerdict verdict = verify(headers, body);
        if (verdict instanceof WebhookVerdict.Refused refused) {
            throw new RefusedException(refused.refusal());
        }
        return new VerifiedDelivery(
                clock.instant(),
                request.source(),
                headers.kept(),
                body,
                (WebhookVerdict.Genuine) verdict,
                WebhookEvent.parse(body));
    }

    /** After a start nothing is proven yet; what the last stored delivery came with must not wait behind strangers. */
    private WebhookVerdict verify(SignatureHeaders headers, byte[] body) {
        WebhookVerdict verdict = verifier.verify(headers, body);
        if (verdict.equals(new WebhookVerdict.Refused(Refusal.FETCH_BUDGET_SPENT))
                && lastUrl.is(headers.certificateUrl())) {
            verifier.prove(headers.certificateUrl());
            return verifier.verify(headers, body);
        }
        return verdict;
    }
}
