package org.cosellbridge.webhook;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import jakarta.json.Json;
import jakarta.json.JsonException;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import jakarta.transaction.Transactional;
import java.io.StringReader;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import org.cosellbridge.audit.AuditEntry;
import org.cosellbridge.audit.AuditKind;
import org.cosellbridge.audit.AuditTrail;
import org.cosellbridge.connector.ConnectionName;
import org.cosellbridge.connector.Connections;
import org.cosellbridge.connector.Priority;
import org.cosellbridge.platform.Ids;
import org.cosellbridge.platform.Page;
import org.cosellbridge.referral.ReferralId;
import org.cosellbridge.sync.SyncSubject;
import org.cosellbridge.sync.Want;
import org.cosellbridge.sync.WantsSync;
import org.jspecify.annotations.Nullable;

/** The stored deliveries, and what follows from one of Partner Center, which is stored byte for byte. Thread-safe. */
@Singleton
public class Deliveries {
    private static final Duration CLOCKS_MAY_DIFFER = Duration.ofMinutes(2);

    private final DeliveryRepository repository;
    private final SignatureVerifier verifier;
    private final Connections connections;
    private final WantsSync wants;
    private final AuditTrail trail;
    private final Ids ids;

    @Inject
    Deliveries(
            DeliveryRepository repository,
            SignatureVerifier verifier,
            Connections connections,
            WantsSync wants,
            AuditTrail trail,
            Ids ids) {
        this.repository = repository;
        this.verifier = verifier;
        this.connections = connections;
        this.wants = wants;
        this.trail = trail;
        this.ids = ids;
    }

    /**
     * Stores a delivery, its entry in the trail and the wish that its referral be looked at on every connection, all in one
     * transaction. Of equal events only the first is stored, however many threads bring them; the others are counted.
     *
     * @return the delivery's id; empty when its event was stored before
     */
    @Transactional
    public Optional<UUID> accept(VerifiedDelivery delivery) {
        WebhookEvent event = delivery.event();
        UUID id = ids.next();
        String correlation = ids.next().toString();
        DeliveryState state = event.findReferral().isPresent() ? DeliveryState.ACCEPTED : DeliveryState.IGNORED;
        if (!repository.insert(id.toString(), correlation, state, delivery)) {
            repository.countDuplicate(event.dedupeKey(), delivery.receivedAt());
            return Optional.empty();
        }
        trail.append(AuditEntry.of(AuditKind.DELIVERY_ACCEPTED)
                .actor("partner-center")
                .referral(event.findReferral().map(ReferralId::value).orElse(null))
                .correlation(correlation)
                .delivery(id.toString())
                .outcome(state.word())
                .reason(reason(delivery))
                .build());
        event.findReferral().ifPresent(referral -> {
            for (ConnectionName connection : connections.names()) {
                wants.want(new Want(
                        SyncSubject.of(connection, referral),
                        Priority.EVENT,
                        event.isRelated() ? "related" : "event",
                        correlation,
                        id.toString()));
            }
        });
        return Optional.of(id);
    }

    /** The deliveries that pass the filter, the latest first. */
    @Transactional
    public Page<DeliveryItem> list(DeliveryFilter filter, int limit, @Nullable String cursor) {
        List<StoredDelivery> found = repository.list(filter, limit + 1, cursor);
        List<StoredDelivery> page = found.subList(0, Math.min(limit, found.size()));
        String next = found.size() > limit ? page.get(limit - 1).id() : null;
        return new Page<>(page.stream().map(DeliveryItem::of).toList(), next);
    }

    /** One delivery; when it was signed, with everything needed to verify it again, and what verifying it again found just now. */
    @Transactional
    public Optional<DeliveryReceipt> find(String id) {
        return repository.find(id).map(this::receipt);
    }

    /** Where the certificate of the last signed delivery came from; empty when none is stored. */
    @Transactional
    public Optional<String> findLastCertificateUrl() {
        DeliveryFilter signed = DeliveryFilter.of(DeliverySender.PARTNER_CENTER);
        return repository.list(signed, 1, null).stream()
                .findFirst()
                .flatMap(last -> SignatureHeaders.findStoredUrl(headers(last.headers())));
    }

    private DeliveryReceipt receipt(StoredDelivery stored) {
        byte[] body = stored.body();
        if (body == null) {
            return DeliveryReceipt.unsigned(stored);
        }
        List<byte[]> chain = repository.certificates(List.of(stored.chain().split(",", -1)));
        Map<String, String> headers = headers(stored.headers());
        return DeliveryReceipt.signed(
                stored,
                Base64.getEncoder().encodeToString(body),
                headers,
                chain.stream().map(Base64.getEncoder()::encodeToString).toList(),
                verifyAgain(stored, body, headers, chain));
    }

    private Verification verifyAgain(
            StoredDelivery stored, byte[] body, Map<String, String> headers, List<byte[]> chain) {
        try {
            List<X509Certificate> certificates = new ArrayList<>();
            for (byte[] der : chain) {
                certificates.addAll(CertificateChain.parse(der));
            }
            SignatureAlgorithm algorithm =
                    SignatureAlgorithm.parse(stored.algorithm()).orElseThrow();
            return verifier.verifyAgain(
                    algorithm, new CertificateChain(certificates), headers, body, stored.receivedAt());
        } catch (CertificateException | RuntimeException altered) {
            // whatever cannot even be read is not what was stored once
            return new Verification(false, false, false);
        }
    }

    private static Map<String, String> headers(String text) {
        Map<String, String> headers = new TreeMap<>();
        try (JsonReader reader = Json.createReader(new StringReader(text))) {
            JsonObject json = reader.readObject();
            json.keySet().forEach(name -> headers.put(name, json.getString(name)));
        } catch (JsonException | ClassCastException altered) {
            headers.clear(); // what was altered cannot be shown as headers, and does not verify without them
        }
        return headers;
    }

    private static String reason(VerifiedDelivery delivery) {
        WebhookEvent event = delivery.event();
        Instant now = delivery.receivedAt();
        String warning = event.changedAt().isAfter(now.plus(CLOCKS_MAY_DIFFER))
                ? " Warning: the event is dated in the future (" + event.changedAtText()
                        + "); the clock of this machine may be slow."
                : "";
        return "Event " + event.name() + " was verified and stored." + warning;
    }
}
