package org.cosellbridge.sync;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import jakarta.persistence.EntityManager;
import jakarta.persistence.LockModeType;
import jakarta.persistence.TypedQuery;
import jakarta.transaction.Transactional;
import java.time.Clock;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.cosellbridge.audit.PersonalValues;
import org.cosellbridge.platform.Ids;
import org.cosellbridge.platform.Page;
import org.jspecify.annotations.Nullable;

/** Open differences and conflicts. A field of a link has at most one of each kind open. */
@Singleton
@Transactional
class FindingRepository {
    private final EntityManager entities;
    private final PersonalValues personal;
    private final Ids ids;
    private final Clock clock;
    private final Decisions decisions;

    @Inject
    FindingRepository(EntityManager entities, PersonalValues personal, Ids ids, Clock clock, Decisions decisions) {
        this.entities = entities;
        this.personal = personal;
        this.ids = ids;
        this.clock = clock;
        this.decisions = decisions;
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

    /** Whether there is or was such a finding of this kind. */
    boolean exists(String kind, String id) {
        FindingEntity row = entities.find(FindingEntity.class, id);
        return row != null && row.kind().equals(kind);
    }

    /**
     * The open finding of this kind, which nobody else changes or closes until the transaction ends; empty when there is none or it
     * was closed. Joins a transaction.
     */
    Optional<Finding> lockOpen(String kind, String id) {
        return lock(id).filter(row -> row.kind().equals(kind) && row.isOpen()).map(this::finding);
    }

    /**
     * Whether what is decided about an open finding is what was read before, so that nobody decided anew meanwhile; nobody can until the
     * transaction ends. Joins a transaction.
     *
     * @param read what was decided; null: nothing was
     */
    boolean isDecided(Finding finding, @Nullable Decided read) {
        return lock(finding.id())
                .filter(row -> Objects.equals(
                        decisions
                                .findOne(row.id())
                                .map(Decisions.Stored::decided)
                                .orElse(null),
                        read))
                .isPresent();
    }

    private Optional<FindingEntity> lock(@Nullable String id) {
        return Optional.ofNullable(id)
                .flatMap(known ->
                        Optional.ofNullable(entities.find(FindingEntity.class, known, LockModeType.PESSIMISTIC_WRITE)));
    }

    /** Whose personal values this finding holds; empty when nobody's, when the key is erased or the finding does not know. */
    Optional<String> findSubject(String id) {
        FindingEntity row = entities.find(FindingEntity.class, id);
        String stored = row == null ? null : row.subject();
        return stored != null && StoredJson.open(personal, StoredJson.value(stored)) instanceof JsonString subject
                ? Optional.of(subject.getString())
                : Optional.empty();
    }

    /**
     * Opens a finding, or brings the open one of the same field and kind up to date. Joins a transaction.
     *
     * @param subject whose personal values the field holds; null: nobody's
     * @return whether a person's decision ended by it: a side no longer holds what that person saw
     */
    boolean save(Finding finding, @Nullable String subject) {
        Optional<FindingEntity> before = lock(finding.id());
        boolean moved =
                before.filter(row -> !holdsTheSame(finding(row), finding)).isPresent();
        FindingEntity row = before.orElseGet(() -> new FindingEntity(ids.next().toString(), finding, clock.instant()));
        row.become(
                finding,
                StoredJson.text(seal(subject, finding.partnerCenter())),
                StoredJson.text(seal(subject, finding.crm())),
                subject == null ? null : StoredJson.text(seal(subject, StoredJson.JSON.createValue(subject))));
        if (before.isEmpty()) {
            entities.persist(row);
        }
        return moved && decisions.forgetOne(row.id());
    }

    private static boolean holdsTheSame(Finding one, Finding other) {
        return one.partnerCenter().equals(other.partnerCenter()) && one.crm().equals(other.crm());
    }

    private JsonValue seal(@Nullable String subject, JsonValue value) {
        return StoredJson.sealer(personal, subject).apply(value);
    }

    /** Closes an open finding; what a person decided about it is carried out or void. Joins a transaction. */
    void close(Finding finding) {
        lock(finding.id()).ifPresent(row -> {
            row.close(clock.instant());
            decisions.forgetOne(row.id());
        });
    }
}
