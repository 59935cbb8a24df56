package org.cosellbridge.sync;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import jakarta.persistence.EntityManager;
import jakarta.transaction.Transactional;
import java.time.Clock;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import org.cosellbridge.connector.ConnectionName;

/**
 * The database lock under which an account or contact is looked for and created, so that two referrals of one new customer make
 * one. It knows the id the record is to get before it is created: after a lost answer the same id is found again. Every method joins
 * a transaction.
 */
@Singleton
@Transactional
class MatchLocks {
    static final Duration LEASE = Duration.ofMinutes(2);
    private final EntityManager entities;
    private final Clock clock;

    @Inject
    MatchLocks(EntityManager entities, Clock clock) {
        this.entities = entities;
        this.clock = clock;
    }

    /** Takes the lock for this holder, who may hold it already; empty while somebody else does. */
    Optional<Lock> take(Key key, String holder, String intendedId) {
        OffsetDateTime now = OffsetDateTime.ofInstant(clock.instant(), ZoneOffset.UTC);
        entities.createNativeQuery(
                        "insert into sync_match_lock (connection, kind, key_hash, holder, lease_until, intended_id, record_id) values (?1, ?2, ?3, '', ?4, ?5, '') on conflict do nothing")
                .setParameter(1, key.connection().value())
                .setParameter(2, key.kind())
                .setParameter(3, key.hash())
                .setParameter(4, now)
                .setParameter(5, intendedId)
                .executeUpdate();
        int taken = entities.createNativeQuery(
                        "update sync_match_lock set holder = ?1, lease_until = ?2 where connection = ?3 and kind = ?4 and key_hash = ?5 and (holder = '' or holder = ?1 or lease_until < ?6)")
                .setParameter(1, holder)
                .setParameter(2, now.plus(LEASE))
                .setParameter(3, key.connection().value())
                .setParameter(4, key.kind())
                .setParameter(5, key.hash())
                .setParameter(6, now)
                .executeUpdate();
        if (taken == 0) {
            return Optional.empty();
        }
        List<?> rows = entities.createNativeQuery(
                        "select intended_id, record_id from sync_match_lock where connection = ?1 and kind = ?2 and key_hash = ?3")
                .setParameter(1, key.connection().value())
                .setParameter(2, key.kind())
                .setParameter(3, key.hash())
                .getResultList();
        Object[] row = (Object[]) rows.get(0);
        return Optional.of(new Lock((String) row[0], (String) row[1]));
    }

    /** Remembers which record carries the key, while the lock is held; empty: none. */
    void note(Key key, String holder, String recordId) {
        entities.createNativeQuery(
                        "update sync_match_lock set record_id = ?1 where connection = ?2 and kind = ?3 and key_hash = ?4 and holder = ?5")
                .setParameter(1, recordId)
                .setParameter(2, key.connection().value())
                .setParameter(3, key.kind())
                .setParameter(4, key.hash())
                .setParameter(5, holder)
                .executeUpdate();
    }

    /** Lets the lock go and keeps what it remembers. */
    void release(Key key, String holder) {
        entities.createNativeQuery(
                        "update sync_match_lock set holder = '' where connection = ?1 and kind = ?2 and key_hash = ?3 and holder = ?4")
                .setParameter(1, key.connection().value())
                .setParameter(2, key.kind())
                .setParameter(3, key.hash())
                .setParameter(4, holder)
                .executeUpdate();
    }

    /** Lets the lock go and remembers which record carries the key; empty: none. */
    void release(Key key, String holder, String recordId) {
        note(key, holder, recordId);
        release(key, holder);
    }

    /** What is locked; {@code hash} is the keyed fingerprint of the normalised match key, which may be personal. */
    record Key(ConnectionName connection, String kind, String hash) {}

    /**
     * A lock that is held: the id a new record gets, and the record made before, empty when none was. Where the CRM chooses the ids, the
     * intended one stands as the record made before from the time a create is begun until it is known what became of it.
     */
    record Lock(String intendedId, String recordId) {}
}
