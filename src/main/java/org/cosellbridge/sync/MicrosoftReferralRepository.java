package org.cosellbridge.sync;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import jakarta.persistence.EntityManager;
import jakarta.transaction.Transactional;
import java.time.Clock;
import java.util.Optional;

/** What is known of Microsoft's referrals, one for an engagement. */
@Singleton
@Transactional
class MicrosoftReferralRepository {
    private final EntityManager entities;
    private final Clock clock;

    @Inject
    MicrosoftReferralRepository(EntityManager entities, Clock clock) {
        this.entities = entities;
        this.clock = clock;
    }

    /** Microsoft's referral in this engagement. */
    Optional<MicrosoftReferral> find(String engagement) {
        return Optional.ofNullable(entities.find(MicrosoftReferralEntity.class, engagement))
                .map(MicrosoftReferralEntity::referral);
    }

    /** Keeps what is known now; a referral without an engagement concerns nobody. Joins a transaction. */
    void save(MicrosoftReferral theirs) {
        if (theirs.engagement().isEmpty()) {
            return;
        }
        MicrosoftReferralEntity row = entities.find(MicrosoftReferralEntity.class, theirs.engagement());
        if (row == null) {
            entities.persist(new MicrosoftReferralEntity(theirs, clock.instant()));
        } else {
            row.become(theirs, clock.instant());
        }
    }
}
