package org.cosellbridge.sync;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import jakarta.persistence.EntityManager;
import jakarta.persistence.Query;
import jakarta.transaction.Transactional;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.cosellbridge.connector.ConnectionName;
import org.cosellbridge.connector.RecordRef;
import org.jspecify.annotations.Nullable;

/**
 * The sync token of each change feed, and the lease under which one node walks it. Everything a walk stores is conditional on the
 * number of that walk: a late finisher meets a higher one. Writing needs a transaction, reading does not.
 */
@Singleton
@Transactional
class SyncTokenRepository {
    private static final OffsetDateTime FREE = OffsetDateTime.ofInstant(Instant.EPOCH, ZoneOffset.UTC);
    private static final int LONGEST_FAILURE = 2000;
    private static final String OURS = " where connection = ?1 and record_kind = ?2 and fencing = ?3";

    private final EntityManager entities;

    @Inject
    SyncTokenRepository(EntityManager entities) {
        this.entities = entities;
    }

    /** How far every feed is that was ever walked. */
    List<State> listStates() {
        List<?> rows = entities.createNativeQuery(
                        "select connection, record_kind, fencing, lease_until, given_at, ended_at, not_before, failure from sync_token")
                .getResultList();
        return rows.stream().map(row -> state((Object[]) row)).toList();
    }

    private static State state(@Nullable Object[] row) {
        return new State(
                new RecordFeedName(new ConnectionName(String.valueOf(row[0])), String.valueOf(row[1])),
                row[2] instanceof Number number ? number.longValue() : 0,
                Optional.ofNullable(instant(row[3])).orElse(Instant.EPOCH),
                instant(row[4]),
                instant(row[5]),
                instant(row[6]),
                row[7] instanceof String failure ? failure : "");
    }

    private static @Nullable Instant instant(@Nullable Object column) {
        return column == null ? null : Timestamps.instant(column);
    }

    /** The token that was kept, if any. */
    Optional<Token> findToken(RecordFeedName feed) {
        List<?> rows = entities.createNativeQuery(
                        "select token, given_for from sync_token where connection = ?1 and record_kind = ?2 and token is not null")
                .setParameter(1, feed.connection().value())
                .setParameter(2, feed.kind())
                .getResultList();
        return rows.stream()
                .map(row -> (Object[]) row)
                .map(row -> new Token((String) row[0], (String) row[1]))
                .findFirst();
    }

    /** Takes the lease for a new walk; empty when somebody else walked since the state was read, or does so now. */
    Optional<Lease> claim(State state, Instant now, Duration lease) {
        entities.createNativeQuery(
                        "insert into sync_token (connection, record_kind, fencing, lease_until) values (?1, ?2, 0, ?3) on conflict do nothing")
                .setParameter(1, state.feed().connection().value())
                .setParameter(2, state.feed().kind())
                .setParameter(3, FREE)
                .executeUpdate();
        Lease taken = new Lease(state.feed(), state.fencing() + 1);
        int claimed = entities.createNativeQuery(
                        "update sync_token set fencing = ?4, lease_until = ?5" + OURS + " and lease_until <= ?6")
                .setParameter(1, state.feed().connection().value())
                .setParameter(2, state.feed().kind())
                .setParameter(3, state.fencing())
                .setParameter(4, taken.fencing())
                .setParameter(5, time(now.plus(lease)))
                .setParameter(6, time(now))
                .executeUpdate();
        return claimed == 1 ? Optional.of(taken) : Optional.empty();
    }

    /** Prolongs the lease; false when it ran out or is no longer ours. Nobody else can take it until the transaction ends. */
    boolean renew(Lease lease, Instant now, Duration by) {
        return ours("update sync_token set lease_until = ?4" + OURS + " and lease_until > ?5", lease)
                        .setParameter(4, time(now.plus(by)))
                        .setParameter(5, time(now))
                        .executeUpdate()
                == 1;
    }

    /** A walk from the beginning: there is no token any more and no record was met. The lease must have been renewed. */
    void begin(Lease lease) {
        ours("update sync_token set token = null, given_for = null, given_at = null" + OURS, lease)
                .executeUpdate();
        forgetMet(lease.feed());
    }

    /** The walk came to its end: keeps the token for the next one and lets the lease go. The lease must have been renewed. */
    void keep(Lease lease, Token token, Instant now) {
        ours(
                        "update sync_token set token = ?4, given_for = ?5, given_at = ?6, ended_at = ?6, not_before = null, failure = null, lease_until = ?7"
                                + OURS,
                        lease)
                .setParameter(4, token.value())
                .setParameter(5, token.givenFor())
                .setParameter(6, time(now))
                .setParameter(7, FREE)
                .executeUpdate();
        forgetMet(lease.feed());
    }

    /** The walk failed: the token stays as it is and the lease goes. Does nothing when somebody else walks now. */
    void fail(Lease lease, String failure, @Nullable Instant notBefore, Instant now) {
        ours("update sync_token set ended_at = ?4, not_before = ?5, failure = ?6, lease_until = ?7" + OURS, lease)
                .setParameter(4, time(now))
                .setParameter(5, time(notBefore == null ? now : notBefore))
                .setParameter(6, shortened(failure))
                .setParameter(7, FREE)
                .executeUpdate();
    }

    /** The walk was broken off: everything stays as it is and the lease goes. Does nothing when somebody else walks now. */
    void release(Lease lease) {
        ours("update sync_token set lease_until = ?4" + OURS, lease)
                .setParameter(4, FREE)
                .executeUpdate();
    }

    /** Notes which of these records a link points to; a walk from the beginning has met them. */
    void meet(RecordFeedName feed, Collection<String> ids) {
        if (ids.isEmpty()) {
            return;
        }
        List<String> met = List.copyOf(ids);
        Query insert = entities.createNativeQuery(
                        "insert into sync_token_met (connection, record_kind, record_id) select l.connection, l.record_kind, l.record_id from sync_link l where l.connection = ?1 and l.record_kind = ?2 and l.record_id in "
                                + SeenVersions.marks(3, met.size()) + " on conflict do nothing")
                .setParameter(1, feed.connection().value())
                .setParameter(2, feed.kind());
        for (int i = 0; i < met.size(); i++) {
            insert.setParameter(i + 3, met.get(i));
        }
        insert.executeUpdate();
    }

    /**
     * Links whose record the walk from the beginning did not meet, in the order of their ids; those whose record is known to be
     * gone are left out.
     *
     * @param after the id of the last link of the list before; empty to start
     */
    List<Missed> listMissed(RecordFeedName feed, String after, int limit) {
        List<?> rows = entities.createNativeQuery(
                        "select l.id, l.record_id from sync_link l where l.connection = ?1 and l.record_kind = ?2 and l.record_id is not null and l.state <> ?3 and l.id > ?4 and not exists (select 1 from sync_token_met m where m.connection = l.connection and m.record_kind = l.record_kind and m.record_id = l.record_id) order by l.id")
                .setParameter(1, feed.connection().value())
                .setParameter(2, feed.kind())
                .setParameter(3, LinkState.RECORD_GONE.word())
                .setParameter(4, after)
                .setMaxResults(limit)
                .getResultList();
        return rows.stream()
                .map(row -> (Object[]) row)
                .map(row -> new Missed((String) row[0], new RecordRef(feed.kind(), (String) row[1])))
                .toList();
    }

    private void forgetMet(RecordFeedName feed) {
        entities.createNativeQuery("delete from sync_token_met where connection = ?1 and record_kind = ?2")
                .setParameter(1, feed.connection().value())
                .setParameter(2, feed.kind())
                .executeUpdate();
    }

    private Query ours(String statement, Lease lease) {
        return entities.createNativeQuery(statement)
                .setParameter(1, lease.feed().connection().value())
                .setParameter(2, lease.feed().kind())
                .setParameter(3, lease.fencing());
    }

    private static OffsetDateTime time(Instant instant) {
        return OffsetDateTime.ofInstant(instant, ZoneOffset.UTC);
    }

    private static String shortened(String text) {
        return text.length() <= LONGEST_FAILURE ? text : text.substring(0, LONGEST_FAILURE - 1) + "…";
    }

    /**
     * A sync token.
     *
     * @param value opaque
     * @param givenFor what it is good for, as {@link RecordFeedShape#givenFor} says it
     */
    record Token(String value, String givenFor) {}

    /**
     * The right to walk a feed.
     *
     * @param fencing the number of the walk
     */
    record Lease(RecordFeedName feed, long fencing) {}

    /** A link and its record, which the CRM did not list. */
    record Missed(String link, RecordRef record) {}

    /**
     * How far a feed is.
     *
     * @param fencing the number of the last walk
     * @param leaseUntil until when that walk goes on at most, unless it renews its lease
     * @param givenAt since when the token is kept, which is when a walk last came to its end; null: there is none
     * @param endedAt when the last walk ended, whichever way; null: none did
     * @param notBefore when the system asked to be called again; null: it did not
     * @param failure why the last walk did not come to its end; empty: it did
     */
    record State(
            RecordFeedName feed,
            long fencing,
            Instant leaseUntil,
            @Nullable Instant givenAt,
            @Nullable Instant endedAt,
            @Nullable Instant notBefore,
            String failure) {
        /** The state of a feed that was never walked. */
        static State fresh(RecordFeedName feed) {
            return new State(feed, 0, Instant.EPOCH, null, null, null, "");
        }

        /**
         * Whether it is to be walked now: nobody walks it, the system did not ask to be left alone, and the interval has passed or
         * no walk has ended since the product was started.
         */
        boolean isDue(Instant now, Duration interval, Instant started) {
            if (leaseUntil.isAfter(now) || (notBefore != null && notBefore.isAfter(now))) {
                return false;
            }
            return endedAt == null
                    || endedAt.isBefore(started)
                    || !endedAt.plus(interval).isAfter(now);
        }
    }
}
