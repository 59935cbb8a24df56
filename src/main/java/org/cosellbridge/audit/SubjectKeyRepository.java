package org.cosellbridge.audit;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import jakarta.persistence.EntityManager;
import jakarta.transaction.Transactional;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The stored keys of data subjects.
 *
 * <p>A new key is committed at once, in a transaction of its own. Would it join the caller's, then a key that another thread
 * already used could be rolled back with it, and two callers that met two new subjects in opposite order would wait for each other.
 * A key that is never used after all does no harm.
 */
@Singleton
@Transactional
class SubjectKeyRepository {
    private static final int TRIES = 400;
    private static final long PAUSE_NANOS = 5_000_000;

    private final EntityManager database;

    @Inject
    SubjectKeyRepository(EntityManager database) {
        this.database = database;
    }

    /** The key of the subject with this fingerprint: the stored one, else the proposed one, which is then stored. */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public StoredKey getOrInsert(String fingerprint, String proposedId, byte[] proposedKey, Instant now) {
        for (int tries = 0; tries < TRIES; tries++) {
            Optional<StoredKey> stored = findByFingerprint(fingerprint);
            if (stored.isPresent()) {
                return stored.get();
            }
            int inserted = database.createNativeQuery(
                            "insert into subject_key (id, fingerprint, wrapped_key, created_at)"
                                    + " values (?1, ?2, ?3, ?4) on conflict do nothing")
                    .setParameter(1, proposedId)
                    .setParameter(2, fingerprint)
                    .setParameter(3, proposedKey)
                    .setParameter(4, now.atOffset(ZoneOffset.UTC))
                    .executeUpdate();
            if (inserted == 1) {
                return new StoredKey(proposedId, proposedKey);
            }
            // Somebody else was faster; the next round reads theirs, or inserts after all when theirs was rolled back
            // or
            // erased. PostgreSQL has waited for the other's end by now, H2 has not: it tells of a row that cannot be
            // read
            // yet. The other transaction holds nothing but this insert and so is over in a moment.
            LockSupport.parkNanos(PAUSE_NANOS);
        }
        throw new IllegalStateException("The key of a data subject could not be stored; the next try will.");
    }

    private Optional<StoredKey> findByFingerprint(String fingerprint) {
        List<Object[]> rows = database.createQuery(
                        "select k.id, k.wrappedKey from SubjectKeyEntity k where k.fingerprint = :fingerprint",
                        Object[].class)
                .setParameter("fingerprint", fingerprint)
                .getResultList();
        return rows.stream().findFirst().map(row -> new StoredKey((String) row[0], (byte[]) row[1]));
    }

    /** The key with this id; without bytes when it is erased. */
    public Optional<StoredKey> find(String id) {
        List<Object[]> rows = database.createQuery(
                        "select k.id, k.wrappedKey from SubjectKeyEntity k where k.id = :id", Object[].class)
                .setParameter("id", id)
                .getResultList();
        return rows.stream().findFirst().map(row -> new StoredKey((String) row[0], (byte[]) row[1]));
    }

    /** Takes the key of this subject away; false when there is none. */
    @Transactional(Transactional.TxType.MANDATORY)
    public boolean erase(String fingerprint, String reason, Instant now) {
        return database.createNativeQuery("update subject_key set wrapped_key = null, fingerprint = null,"
                                + " erased_at = ?1, erase_reason = ?2 where fingerprint = ?3")
                        .setParameter(1, now.atOffset(ZoneOffset.UTC))
                        .setParameter(2, reason)
                        .setParameter(3, fingerprint)
                        .executeUpdate()
                == 1;
    }

    /**
     * A key as it is stored.
     *
     * @param id its id
     * @param wrapped the key, closed in the secret box; null when it is erased
     */
    @SuppressWarnings("ArrayRecordComponent") // compared by nobody
    record StoredKey(String id, byte @Nullable [] wrapped) {}
}
