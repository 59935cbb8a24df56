package org.cosellbridge.webhook;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import jakarta.json.Json;
import jakarta.json.JsonObjectBuilder;
import jakarta.persistence.EntityManager;
import jakarta.persistence.Query;
import jakarta.persistence.TypedQuery;
import jakarta.transaction.Transactional;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.cosellbridge.referral.ReferralId;
import org.jspecify.annotations.Nullable;

/** The tables {@code delivery} and {@code delivery_certificate}. Every write joins the caller's transaction. */
@Singleton
@Transactional
class DeliveryRepository {
    private static final int MAX_SOURCE = 64;

    private final EntityManager database;

    @Inject
    DeliveryRepository(EntityManager database) {
        this.database = database;
    }

    /**
     * Stores a delivery with its certificates.
     *
     * @return whether it was stored; not when its event is stored already
     */
    boolean insert(String id, String correlation, DeliveryState state, VerifiedDelivery delivery) {
        WebhookEvent event = delivery.event();
        List<X509Certificate> chain = delivery.verdict().chain().certificates();
        Map<String, Object> columns = new LinkedHashMap<>();
        columns.put("id", id);
        columns.put("sender", DeliverySender.PARTNER_CENTER.word());
        columns.put("received_at", delivery.receivedAt().atOffset(ZoneOffset.UTC));
        columns.put("source", shortened(delivery.source()));
        columns.put("event_name", event.name());
        columns.put("resource_change", event.changedAt().atOffset(ZoneOffset.UTC));
        columns.put("resource_change_text", event.changedAtText());
        columns.put("dedupe_key", event.dedupeKey());
        columns.put("body", delivery.body());
        columns.put("headers", json(delivery.headers()));
        columns.put("algorithm", delivery.verdict().algorithm().word());
        columns.put("chain", chain.stream().map(CertificateChain::fingerprint).collect(Collectors.joining(",")));
        columns.put("verdict", delivery.verdict().sentence());
        columns.put("correlation", correlation);
        columns.put("state", state.word());
        columns.put("duplicates", 0L);
        putUnlessNull(
                columns, "referral", event.findReferral().map(ReferralId::value).orElse(null));
        if (insertIfNew("delivery", columns) == 0) {
            return false;
        }
        insertCertificates(chain);
        return true;
    }

    /**
     * Stores a delivery of a CRM.
     *
     * @param record what is to be looked at, as {@code kind/id}; null when nothing is
     * @param dedupeKey of its event
     * @return whether it was stored; not when its event is stored already
     */
    boolean insert(
            String id, String correlation, DeliveryState state, @Nullable String record, String dedupeKey, Push push) {
        Map<String, Object> columns = new LinkedHashMap<>();
        columns.put("id", id);
        columns.put("sender", push.sender().word());
        columns.put("received_at", push.receivedAt().atOffset(ZoneOffset.UTC));
        columns.put("source", shortened(push.source()));
        columns.put("event_name", push.eventName());
        columns.put("resource_change_text", push.timeText());
        columns.put("dedupe_key", dedupeKey);
        columns.put("headers", json(Map.of()));
        columns.put("algorithm", Push.ALGORITHM);
        columns.put("chain", "");
        columns.put("verdict", push.verdict());
        columns.put("correlation", correlation);
        columns.put("state", state.word());
        columns.put("duplicates", 0L);
        columns.put("connection", push.connection().value());
        columns.put("record_table", push.table());
        columns.put("body_size", push.size());
        columns.put("body_sha256", push.sha256());
        putUnlessNull(columns, "resource_change", offset(push.time()));
        putUnlessNull(columns, "record", record);
        putUnlessNull(columns, "sender_correlation", push.correlation());
        putUnlessNull(columns, "organization", push.organization());
        return insertIfNew("delivery", columns) == 1;
    }

    private static String shortened(String source) {
        return source.length() <= MAX_SOURCE ? source : source.substring(0, MAX_SOURCE);
    }

    private static @Nullable OffsetDateTime offset(@Nullable Instant time) {
        return time == null ? null : time.atOffset(ZoneOffset.UTC);
    }

    /** A column that is to be null is left out: a native query cannot bind null in the same way everywhere. */
    private static void putUnlessNull(Map<String, Object> columns, String name, @Nullable Object value) {
        if (value != null) {
            columns.put(name, value);
        }
    }

    /** Notes that a stored event came again. */
    void countDuplicate(String dedupeKey, Instant at) {
        Query update = database.createNativeQuery(
                "update delivery set duplicates = duplicates + 1, last_duplicate_at = ?1 where dedupe_key = ?2");
        update.setParameter(1, at.atOffset(ZoneOffset.UTC));
        update.setParameter(2, dedupeKey);
        if (update.executeUpdate() != 1) {
            throw new IllegalStateException("A delivery that was stored is gone.");
        }
    }

    /** The delivery with this id. */
    Optional<StoredDelivery> find(String id) {
        return Optional.ofNullable(database.find(DeliveryEntity.class, id)).map(DeliveryEntity::toStored);
    }

    /** Deliveries, the latest first, at most {@code limit}, only those before the one with the id {@code cursor}. */
    List<StoredDelivery> list(DeliveryFilter filter, int limit, @Nullable String cursor) {
        List<String> conditions = new ArrayList<>();
        Map<String, Object> parameters = new LinkedHashMap<>();
        narrow(conditions, parameters, "d.referral = :referral", "referral", filter.referral());
        narrow(conditions, parameters, "d.sender = :sender", "sender", filter.sender());
        narrow(conditions, parameters, "d.connection = :connection", "connection", filter.connection());
        narrow(conditions, parameters, "d.record = :record", "record", filter.record());
        narrow(conditions, parameters, "d.correlation = :correlation", "correlation", filter.correlation());
        narrow(conditions, parameters, "d.id = :delivery", "delivery", filter.delivery());
        narrow(conditions, parameters, "d.receivedAt >= :since", "since", filter.from());
        narrow(conditions, parameters, "d.receivedAt < :until", "until", filter.to());
        narrow(conditions, parameters, "d.state = :state", "state", filter.state());
        narrow(conditions, parameters, "d.id < :cursor", "cursor", cursor);
        String where = conditions.isEmpty() ? "" : " where " + String.join(" and ", conditions);
        TypedQuery<DeliveryEntity> query = database.createQuery(
                "select d from DeliveryEntity d" + where + " order by d.id desc", DeliveryEntity.class);
        parameters.forEach(query::setParameter);
        return query.setMaxResults(limit).getResultList().stream()
                .map(DeliveryEntity::toStored)
                .toList();
    }

    /** The DER forms of these certificates, in the order asked for; one that is gone is left out. */
    List<byte[]> certificates(List<String> fingerprints) {
        Map<String, byte[]> found = new TreeMap<>();
        TypedQuery<CertificateEntity> query = database.createQuery(
                "select c from CertificateEntity c where c.fingerprint in :fingerprints", CertificateEntity.class);
        query.setParameter("fingerprints", fingerprints);
        query.getResultList().forEach(certificate -> found.put(certificate.fingerprint(), certificate.der()));
        return fingerprints.stream().filter(found::containsKey).map(found::get).toList();
    }

    private void insertCertificates(List<X509Certificate> chain) {
        // in one order everywhere, so that two transactions never wait for each other
        Map<String, X509Certificate> sorted = new TreeMap<>();
        chain.forEach(certificate -> sorted.put(CertificateChain.fingerprint(certificate), certificate));
        Query known = database.createNativeQuery("select count(*) from delivery_certificate where fingerprint = ?1");
        sorted.forEach((fingerprint, certificate) -> {
            known.setParameter(1, fingerprint);
            if (((Number) known.getSingleResult()).longValue() == 0) {
                Map<String, Object> columns = new LinkedHashMap<>();
                columns.put("fingerprint", fingerprint);
                columns.put("der", der(certificate));
                insertIfNew("delivery_certificate", columns);
            }
        });
    }

    /** H2 knows the clause only without naming the constraint. */
    private int insertIfNew(String table, Map<String, Object> columns) {
        List<String> places = new ArrayList<>();
        for (int i = 1; i <= columns.size(); i++) {
            places.add("?" + i);
        }
        Query insert = database.createNativeQuery("insert into " + table + " (" + String.join(", ", columns.keySet())
                + ") values (" + String.join(", ", places) + ") on conflict do nothing");
        int place = 1;
        for (Object value : columns.values()) {
            insert.setParameter(place++, value);
        }
        return insert.executeUpdate();
    }

    private static void narrow(
            List<String> conditions,
            Map<String, Object> parameters,
            String condition,
            String name,
            @Nullable Object value) {
        if (value != null) {
            conditions.add(condition);
            parameters.put(name, value);
        }
    }

    private static String json(Map<String, String> headers) {
        JsonObjectBuilder json = Json.createObjectBuilder();
        new TreeMap<>(headers).forEach(json::add);
        return json.build().toString();
    }

    private static byte[] der(X509Certificate certificate) {
        try {
            return certificate.getEncoded();
        } catch (CertificateEncodingException impossible) {
            throw new IllegalStateException("A certificate that was verified has no encoding.", impossible);
        }
    }
}
