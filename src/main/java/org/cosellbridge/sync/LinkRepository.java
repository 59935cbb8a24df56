package org.cosellbridge.sync;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import jakarta.persistence.EntityManager;
import jakarta.persistence.LockModeType;
import jakarta.persistence.TypedQuery;
import jakarta.transaction.Transactional;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.cosellbridge.connector.ConnectionName;
import org.cosellbridge.connector.RecordRef;
import org.cosellbridge.platform.Page;
import org.cosellbridge.referral.ReferralId;
import org.jspecify.annotations.Nullable;

/** The sync links. Writing needs a transaction, reading does not. */
@Singleton
@Transactional
class LinkRepository {
    private final EntityManager entities;

    @Inject
    LinkRepository(EntityManager entities) {
        this.entities = entities;
    }

    Optional<SyncLink> find(String id) {
        return Optional.ofNullable(entities.find(LinkEntity.class, id)).map(LinkEntity::link);
    }

    Optional<SyncLink> findByReferral(ConnectionName connection, ReferralId referral) {
        return one(entities.createQuery(
                        "select l from LinkEntity l where l.connection = :connection and l.referralId = :referral",
                        LinkEntity.class)
                .setParameter("connection", connection.value())
                .setParameter("referral", referral.value()));
    }

    Optional<SyncLink> findByRecord(ConnectionName connection, RecordRef record) {
        return one(entities.createQuery(
                        "select l from LinkEntity l where l.connection = :connection and l.recordKind = :kind and l.recordId = :record",
                        LinkEntity.class)
                .setParameter("connection", connection.value())
                .setParameter("kind", record.kind())
                .setParameter("record", record.id()));
    }

    /** The link that pointed to this record before it moved, the newest where there are several. */
    Optional<SyncLink> findByPrevious(ConnectionName connection, RecordRef record) {
        return one(entities.createQuery(
                        "select l from LinkEntity l where l.connection = :connection and l.previousKind = :kind and l.previousId = :record order by l.id desc",
                        LinkEntity.class)
                .setParameter("connection", connection.value())
                .setParameter("kind", record.kind())
                .setParameter("record", record.id()));
    }

    /** Those of these records of one kind to which a link points, or pointed before it moved. */
    Set<String> listLinked(ConnectionName connection, String kind, Collection<String> records) {
        Set<String> linked = new HashSet<>();
        if (!records.isEmpty()) {
            for (String record : List.of("record", "previous")) {
                linked.addAll(entities.createQuery(
                                "select l." + record + "Id from LinkEntity l where l.connection = :connection and l."
                                        + record + "Kind = :kind and l." + record + "Id in :records",
                                String.class)
                        .setParameter("connection", connection.value())
                        .setParameter("kind", kind)
                        .setParameter("records", records)
                        .getResultList());
            }
        }
        return linked;
    }

    Optional<SyncLink> findByEngagement(ConnectionName connection, String engagement, String organization) {
        return one(entities.createQuery(
                        "select l from LinkEntity l where l.connection = :connection and l.engagementId = :engagement and l.organization = :organization",
                        LinkEntity.class)
                .setParameter("connection", connection.value())
                .setParameter("engagement", engagement)
                .setParameter("organization", organization));
    }

    private static Optional<SyncLink> one(TypedQuery<LinkEntity> query) {
        return query.getResultList().stream().findFirst().map(LinkEntity::link);
    }

    /** Stores the link; throws a persistence exception when another holds one of its unique keys. */
    void save(SyncLink link) {
        LinkEntity stored = entities.find(LinkEntity.class, link.id());
        if (stored == null) {
            entities.persist(new LinkEntity(link));
        } else {
            stored.become(link);
        }
        entities.flush();
    }

    /**
     * Pauses the link for this reason. Whether there is such a link and it was active, or paused by one whose pause yields to this
     * one. Joins a transaction and holds the row to its end.
     */
    boolean pause(String id, PausedBy by, String reason) {
        return lock(id).filter(stored -> stored.pause(by, reason)).isPresent();
    }

    /**
     * Makes a paused link active again. Whether there is such a link and it was paused by one whose pause {@code by} may end. Joins a
     * transaction and holds the row to its end.
     */
    boolean resume(String id, PausedBy by) {
        return lock(id).filter(stored -> stored.resume(by)).isPresent();
    }

    /**
     * Makes a link whose record is gone an active one without a record. Whether there is such a link and its record was gone. Joins a
     * transaction and holds the row to its end.
     */
    boolean giveUpRecord(String id) {
        return lock(id).filter(LinkEntity::giveUpRecord).isPresent();
    }

    private Optional<LinkEntity> lock(String id) {
        return Optional.ofNullable(entities.find(LinkEntity.class, id, LockModeType.PESSIMISTIC_WRITE));
    }

    /** The links with a record, oldest first. */
    Page<SyncLink> list(Filter filter, @Nullable String cursor, int limit) {
        StringBuilder where = new StringBuilder("select l from LinkEntity l where l.recordId is not null");
        Map<String, String> values = new LinkedHashMap<>();
        and(where, values, "l.referralId", "referral", filter.referral());
        and(where, values, "l.connection", "connection", filter.connection());
        and(where, values, "l.engagementId", "engagement", filter.engagement());
        and(where, values, "l.state", "state", filter.state());
        and(where, values, "l.pausedBy", "pausedBy", filter.pausedBy());
        and(where, values, "l.lastOutcome", "outcome", filter.outcome());
        String record = filter.record();
        if (record != null) {
            int slash = record.indexOf('/');
            if (slash > 0) {
                and(where, values, "l.recordKind", "kind", record.substring(0, slash));
            }
            and(where, values, "l.recordId", "record", record.substring(slash + 1));
        }
        if (cursor != null) {
            where.append(" and l.id > :cursor");
            values.put("cursor", cursor);
        }
        TypedQuery<LinkEntity> query = entities.createQuery(where + " order by l.id", LinkEntity.class);
        values.forEach(query::setParameter);
        List<SyncLink> found = query.setMaxResults(limit + 1).getResultList().stream()
                .map(LinkEntity::link)
                .toList();
        return found.size() > limit
                ? new Page<>(found.subList(0, limit), found.get(limit - 1).id())
                : new Page<>(found, null);
    }

    private static void and(
            StringBuilder where, Map<String, String> values, String column, String name, @Nullable String value) {
        if (value != null) {
            where.append(" and ").append(column).append(" = :").append(name);
            values.put(name, value);
        }
    }

    /** What a list of links is narrowed to; null members do not narrow. {@code record} is an id or {@code kind/id}. */
    record Filter(
            @Nullable String referral,
            @Nullable String connection,
            @Nullable String record,
            @Nullable String engagement,
            @Nullable String state,
            @Nullable String pausedBy,
            @Nullable String outcome) {}
}
