package org.cosellbridge.webhook;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Clock;
import java.util.Locale;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.cosellbridge.audit.AuditKind;
import org.cosellbridge.audit.RefusalCounts;
import org.cosellbridge.platform.BareTrace;

/**
 * Takes a request to Partner Center's webhook from its first byte to its answer: size and headers, signature over the raw bytes,
 * shape, then one transaction. It holds no transaction itself, so that it answers success only after the commit. Thread-safe.
 */
@Singleton
class Receiver {
    private static final Logger LOG = Logger.getLogger(Receiver.class.getName());
    private static final int TRIES = 3;

    /** What a transaction meets that was merely in another's way: a second try usually passes. */
    private static final Set<String> IN_THE_WAY = Set.of("40001", "40P01", "55P03", "HYT00", "23505", "90131");

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
            return store(read(request));
        } catch (RefusedException refused) {
            refusals.refused(AuditKind.DELIVERY_REFUSED, refused.refusal().word(), request.source());
            return new Answer.Refused(refused.refusal());
        }
    }

    private VerifiedDelivery read(WebhookRequest request) throws RefusedException {
        requireJson(request);
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

    private static void requireJson(WebhookRequest request) throws RefusedException {
        String type = request.findFirst("content-type").orElse("").split(";", 2)[0];
        if (!type.trim().toLowerCase(Locale.ROOT).equals("application/json")) {
            throw new RefusedException(Refusal.WRONG_TYPE);
        }
    }

    private Answer store(VerifiedDelivery delivery) {
        for (int attempt = 1; ; attempt++) {
            try {
                deliveries.accept(delivery);
                return new Answer.Taken();
            } catch (RuntimeException failed) {
                if (attempt == TRIES || !wasInTheWay(failed)) {
                    LOG.log(
                            Level.SEVERE,
                            BareTrace.of(failed),
                            () -> "A delivery of " + delivery.event().name()
                                    + " could not be stored; the sender was asked to send it again.");
                    return new Answer.NotStored();
                }
            }
        }
    }

    private static boolean wasInTheWay(Throwable failed) {
        int depth = 0;
        for (Throwable cause = failed; cause != null && depth < 20; cause = cause.getCause(), depth++) {
            if (cause instanceof SQLException sql && IN_THE_WAY.contains(String.valueOf(sql.getSQLState()))) {
                return true;
            }
        }
        return false;
    }
}
