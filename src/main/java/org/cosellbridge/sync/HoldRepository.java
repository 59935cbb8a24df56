package org.cosellbridge.sync;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import jakarta.persistence.EntityManager;
import jakarta.transaction.Transactional;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import org.cosellbridge.connector.ConnectionName;
import org.cosellbridge.platform.Ids;
import org.cosellbridge.referral.ReferralId;

/**
 * Counts the links that one mapping change or one restore has written to, and holds the rest. A mapping change is one cause for good;
 * records without a baseline come in all the time, so what is counted for them is what came within a {@link #WINDOW}. Every method
 * joins a transaction.
 */
@Singleton
@Transactional
class HoldRepository {
    /** How long a count of records without a baseline lasts, and how long a person's release of them does. */
    static final Duration WINDOW = Duration.ofDays(1);

    private final EntityManager entities;
    private final Ids ids;
    private final Clock clock;

    @Inject
    HoldRepository(EntityManager entities, Ids ids, Clock clock) {
        this.entities = entities;
        this.ids = ids;
        this.clock = clock;
    }

    /** Counts one more link for this cause, unless the limit is reached and nobody has let the rest go. */
    boolean admit(ConnectionName connection, String cause, int limit) {
        entities.createNativeQuery(
                        "insert into sync_hold (id, connection, cause, written, released, created) values (?1, ?2, ?3, 0, false, ?4) on conflict do nothing")
                .setParameter(1, ids.next().toString())
                .setParameter(2, connection.value())
                .setParameter(3, cause)
                .setParameter(4, OffsetDateTime.ofInstant(clock.instant(), ZoneOffset.UTC))
                .executeUpdate();
        return entities.createNativeQuery(
                                "update sync_hold set written = written + 1 where connection = ?1 and cause = ?2 and (released = true or written < ?3)")
                        .setParameter(1, connection.value())
                        .setParameter(2, cause)
                        .setParameter(3, limit)
                        .executeUpdate()
                == 1;
    }

    /**
     * Starts the count of this cause over when its window is past. While links wait for a person it goes on, so that a restore
     * never trickles through day by day; a release ends with its window.
     */
    void startOver(ConnectionName connection, String cause) {
        OffsetDateTime now = OffsetDateTime.ofInstant(clock.instant(), ZoneOffset.UTC);
        int over = entities.createNativeQuery(
                        "update sync_hold set written = 0, released = false, created = ?1 where connection = ?2 and cause = ?3 and created < ?4 and (released = true or not exists (select 1 from sync_held w where w.hold_id = sync_hold.id))")
                .setParameter(1, now)
                .setParameter(2, connection.value())
                .setParameter(3, cause)
                .setParameter(4, now.minus(WINDOW))
                .executeUpdate();
        if (over == 1) {
            // whoever is left here was let go long ago
            entities.createNativeQuery(
                            "delete from sync_held where hold_id in (select id from sync_hold where connection = ?1 and cause = ?2)")
                    .setParameter(1, connection.value())
                    .setParameter(2, cause)
                    .executeUpdate();
        }
    }

    /** Keeps a person from letting the rest go until the transaction ends; false when that has happened already. */
    boolean lock(ConnectionName connection, String cause) {
        return entities.createNativeQuery(
                                "update sync_hold set written = written where connection = ?1 and cause = ?2 and released = false")
                        .setParameter(1, connection.value())
                        .setParameter(2, cause)
                        .executeUpdate()
                == 1;
    }

    /** Notes that this referral waits; false when that was known. */
    boolean hold(ConnectionName connection, String cause, ReferralId referral) {
        return entities.createNativeQuery(
                                "insert into sync_held (hold_id, referral_id) select id, cast(?1 as varchar(36)) from sync_hold where connection = ?2 and cause = ?3 on conflict do nothing")
                        .setParameter(1, referral.value())
                        .setParameter(2, connection.value())
                        .setParameter(3, cause)
                        .executeUpdate()
                == 1;
    }

    /** Whoever waited no longer does. */
    void forget(ReferralId referral, ConnectionName connection) {
        entities.createNativeQuery(
                        "delete from sync_held where referral_id = ?1 and hold_id in (select id from sync_hold where connection = ?2)")
                .setParameter(1, referral.value())
                .setParameter(2, connection.value())
                .executeUpdate();
    }

    /** The holds that make somebody wait, oldest first. */
    List<Hold> list() {
        return rows(
                "select h.id, h.connection, h.cause, h.written, (select count(*) from sync_held w where w.hold_id = h.id), h.created from sync_hold h where h.released = false and exists (select 1 from sync_held w where w.hold_id = h.id) order by h.id");
    }

    Optional<Hold> find(String id) {
        List<?> found = entities.createNativeQuery(
                        "select h.id, h.connection, h.cause, h.written, (select count(*) from sync_held w where w.hold_id = h.id), h.created from sync_hold h where h.id = ?1")
                .setParameter(1, id)
                .getResultList();
        return found.stream().map(row -> hold((Object[]) row)).findFirst();
    }

    private List<Hold> rows(String sql) {
        List<?> found = entities.createNativeQuery(sql).getResultList();
        return found.stream().map(row -> hold((Object[]) row)).toList();
    }

    private static Hold hold(Object[] row) {
        return new Hold(
                (String) row[0],
                (String) row[1],
                (String) row[2],
                ((Number) row[3]).intValue(),
                ((Number) row[4]).intValue(),
                Timestamps.instant(row[5]));
    }

    /** Who waits. */
    List<ReferralId> listHeld(String id) {
        List<?> found = entities.createNativeQuery("select referral_id from sync_held where hold_id = ?1")
                .setParameter(1, id)
                .getResultList();
        return found.stream()
                .map(value -> new ReferralId(((String) value).trim()))
                .toList();
    }

    /** Lets the rest go; false when it was let go before. */
    boolean release(String id) {
        return entities.createNativeQuery(
                                "update sync_hold set released = true, created = ?2 where id = ?1 and released = false")
                        .setParameter(1, id)
                        .setParameter(2, OffsetDateTime.ofInstant(clock.instant(), ZoneOffset.UTC))
                        .executeUpdate()
                == 1;
    }

    /** One cause that would write to many links; {@code created}: since when it is counted. */
    record Hold(String id, String connection, String cause, int written, int waiting, Instant created) {}
}
