package org.cosellbridge.http;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import jakarta.persistence.EntityManager;
import jakarta.transaction.Transactional;
import jakarta.transaction.Transactional.TxType;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/** The newest refresh token of each credential, encrypted. Every method is a short transaction of its own. */
@Singleton
@Transactional
class RefreshTokenRepository {
    private final EntityManager entityManager;
    private final Clock clock;

    @Inject
    RefreshTokenRepository(EntityManager entityManager, Clock clock) {
        this.entityManager = entityManager;
        this.clock = clock;
    }

    /** What is stored for a credential. */
    @Transactional(TxType.REQUIRES_NEW)
    public Optional<Stored> find(String credential) {
        List<?> rows = entityManager
                .createNativeQuery(
                        "select configured_fingerprint, token, generation from http_refresh_token where credential = ?1")
                .setParameter(1, credential)
                .getResultList();
        return rows.stream()
                .map(row -> (Object[]) row)
                .findFirst()
                .map(columns -> new Stored(
                        String.valueOf(columns[0]),
                        Base64.getDecoder().decode(String.valueOf(columns[1])),
                        ((Number) columns[2]).longValue()));
    }

    /**
     * Stores a rotated token unless another node stored one meanwhile; that one is as good and stays.
     *
     * @param generation the generation that was read before the rotation, 0 when nothing was stored
     */
    @Transactional(TxType.REQUIRES_NEW)
    public void store(String credential, String configuredFingerprint, byte[] closedToken, long generation) {
        String token = Base64.getEncoder().encodeToString(closedToken);
        if (generation == 0) {
            entityManager
                    .createNativeQuery("insert into http_refresh_token"
                            + " (credential, configured_fingerprint, token, generation, rotated_at)"
                            + " values (?1, ?2, ?3, 1, ?4) on conflict do nothing")
                    .setParameter(1, credential)
                    .setParameter(2, configuredFingerprint)
                    .setParameter(3, token)
                    .setParameter(4, clock.instant().atOffset(ZoneOffset.UTC))
                    .executeUpdate();
            return;
        }
        entityManager
                .createNativeQuery("update http_refresh_token set configured_fingerprint = ?1, token = ?2,"
                        + " generation = generation + 1, rotated_at = ?3 where credential = ?4 and generation = ?5")
                .setParameter(1, configuredFingerprint)
                .setParameter(2, token)
                .setParameter(3, clock.instant().atOffset(ZoneOffset.UTC))
                .setParameter(4, credential)
                .setParameter(5, generation)
                .executeUpdate();
    }

    /**
     * A stored token.
     *
     * @param configuredFingerprint which configured token it descends from
     * @param closedToken the token, encrypted
     * @param generation rises with every rotation
     */
    record Stored(String configuredFingerprint, byte[] closedToken, long generation) {}
}
