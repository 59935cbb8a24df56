package org.cosellbridge.sync;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import jakarta.persistence.EntityManager;
import jakarta.transaction.Transactional;
import java.time.Clock;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import org.cosellbridge.referral.OrganizationId;

/** Our organisation at Partner Center, pinned by the first referral that is not Microsoft's. */
@Singleton
@Transactional
class OrganizationRepository {
    private final EntityManager entities;
    private final Clock clock;

    @Inject
    OrganizationRepository(EntityManager entities, Clock clock) {
        this.entities = entities;
        this.clock = clock;
    }

    Optional<OrganizationId> find() {
        List<?> found = entities.createNativeQuery("select organization from sync_organization where id = 1")
                .getResultList();
        return found.stream().map(value -> new OrganizationId((String) value)).findFirst();
    }

    /** Pins it; false when another was pinned meanwhile. Joins a transaction. */
    boolean pin(OrganizationId organization) {
        return entities.createNativeQuery(
                                "insert into sync_organization (id, organization, pinned_at) values (1, ?1, ?2) on conflict do nothing")
                        .setParameter(1, organization.value())
                        .setParameter(2, OffsetDateTime.ofInstant(clock.instant(), ZoneOffset.UTC))
                        .executeUpdate()
                == 1;
    }
}
