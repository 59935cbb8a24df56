package org.cosellbridge.sync;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import jakarta.json.JsonValue;
import jakarta.persistence.EntityManager;
import jakarta.persistence.TypedQuery;
import java.time.Clock;
import java.util.List;
import org.cosellbridge.audit.PersonalValues;
import org.cosellbridge.platform.Ids;
import org.cosellbridge.platform.Page;
import org.jspecify.annotations.Nullable;

/** Open differences and conflicts. A field of a link has at most one of each kind open. */
@Singleton
class FindingRepository {
    private final EntityManager entities;
    private final PersonalValues personal;
    private final Ids ids;
    private final Clock clock;

    @Inject
    FindingRepository(EntityManager entities, PersonalValues personal, Ids ids, Clock clock) {
        this.entities = entities;
        this.personal = personal;
        this.ids = ids;
        this.clock = clock;
    }

    List<Finding> listOpen(String linkId) {
        return entities
                .createQuery(
                        "select f from FindingEntity f where f.linkId = :link and f.closed is null order by f.id",
                        FindingEntity.class)
                .setParameter("link", linkId)
                .getResultList()
                .stream()
                .map(this::finding)
                .toList();
    }

    /** The open findings of a kind, oldest first, of one link where it is not null. */
    Page<Finding> list(String kind, @Nullable String linkId, @Nullable String cursor, int limit) {
        TypedQuery<FindingEntity> query = entities.createQuery(
                        "select f from FindingEntity f where f.kind = :kind and f.closed is null"
                                + (linkId == null ? "" : " and f.linkId = :link")
                                + (cursor == null ? "" : " and f.id > :cursor") + " order by f.id",
                        FindingEntity.class)
                .setParameter("kind", kind);
        if (linkId != null) {
            query.setParameter("link", linkId);
        }
        if (cursor != null) {
            query.setParameter("cursor", cursor);
        }
        List<FindingEntity> found = query.setMaxResults(limit + 1).getResultList();
        List<Finding> items = found.stream().limit(limit).map(this::finding).toList();
        return new Page<>(items, found.size() > limit ? found.get(limit - 1).id() : null);
    }

    private Finding finding(FindingEntity row) {
        return new Finding(
                row.id(),
                row.kind(),
                row.linkId(),
                row.field(),
                row.recordField(),
                row.reason(),
                row.sentence(),
                personal.open(StoredJson.value(row.partnerCenter())),
                personal.open(StoredJson.value(row.crm())),
                row.opened());
    }

    /** Opens a finding, or brings the open one of the same field and kind up to date. */
    void save(Finding finding, @Nullable String subject) {
        String partnerCenter = StoredJson.text(seal(subject, finding.partnerCenter()));
        String crm = StoredJson.text(seal(subject, finding.crm()));
        String id = finding.id();
        FindingEntity row = id == null ? null : entities.find(FindingEntity.class, id);
        if (row == null) {
            entities.persist(new FindingEntity(ids.next().toString(), finding, partnerCenter, crm, clock.instant()));
        } else {
            row.become(finding, partnerCenter, crm);
        }
    }

    private JsonValue seal(@Nullable String subject, JsonValue value) {
        return StoredJson.sealer(personal, subject).apply(value);
    }

    /** Closes an open finding. */
    void close(Finding finding) {
        FindingEntity row = entities.find(FindingEntity.class, finding.id());
        if (row != null) {
            row.close(clock.instant());
        }
    }
}
