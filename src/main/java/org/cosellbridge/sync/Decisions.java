package org.cosellbridge.sync;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import jakarta.json.JsonValue;
import jakarta.persistence.EntityManager;
import jakarta.transaction.Transactional;
import java.time.Clock;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.cosellbridge.audit.PersonalValues;
import org.jspecify.annotations.Nullable;

/**
 * What people decided about open conflicts and what has not been carried out yet. A decision goes with its conflict: when that is
 * closed, or when a side no longer holds what the person saw, there is nothing left to carry out.
 */
@Singleton
@Transactional
class Decisions {
    private final EntityManager entities;
    private final PersonalValues personal;
    private final Clock clock;

    @Inject
    Decisions(EntityManager entities, PersonalValues personal, Clock clock) {
        this.entities = entities;
        this.personal = personal;
        this.clock = clock;
    }

    /** A decision and when it was made. */
    record Stored(Decided decided, Instant at) {}

    /** What is decided about this link's conflicts, by the field's name in the mapping document. */
    Map<String, Decided> find(String linkId) {
        Map<String, Decided> open = new LinkedHashMap<>();
        entities.createQuery(
                        "select d from DecisionEntity d where d.linkId = :link order by d.findingId",
                        DecisionEntity.class)
                .setParameter("link", linkId)
                .getResultList()
                .forEach(row -> decided(row).ifPresent(decided -> open.put(row.field(), decided)));
        return open;
    }

    /** What is decided about one conflict. */
    Optional<Stored> findOne(String findingId) {
        return Optional.ofNullable(entities.find(DecisionEntity.class, findingId))
                .flatMap(row -> decided(row).map(decided -> new Stored(decided, row.decidedAt())));
    }

    /** Empty when a value's subject was erased: nobody can tell any more whether the sides still hold what was seen. */
    private Optional<Decided> decided(DecisionEntity row) {
        Decided.Side side = Decided.Side.valueOf(row.side());
        JsonValue value = open(row.decided());
        JsonValue partnerCenter = open(row.partnerCenter());
        JsonValue crm = open(row.crm());
        return partnerCenter == null || crm == null || (side == Decided.Side.VALUE && value == null)
                ? Optional.empty()
                : Optional.of(new Decided(side, value, partnerCenter, crm, row.decider()));
    }

    private @Nullable JsonValue open(@Nullable String stored) {
        return stored == null ? null : StoredJson.open(personal, StoredJson.value(stored));
    }

    /**
     * Stores the decision about an open conflict in place of the one before. Joins the transaction that holds the conflict's row.
     *
     * @param subject whose personal values the field holds; null: nobody's
     */
    void save(Finding conflict, Decided decided, @Nullable String subject) {
        UnaryOperator<JsonValue> seal = StoredJson.sealer(personal, subject);
        JsonValue value = decided.value();
        DecisionEntity before = entities.find(DecisionEntity.class, conflict.id());
        DecisionEntity row = before == null ? new DecisionEntity(conflict) : before;
        row.become(
                decided,
                value == null ? null : StoredJson.text(seal.apply(value)),
                StoredJson.text(seal.apply(decided.partnerCenter())),
                StoredJson.text(seal.apply(decided.crm())),
                clock.instant());
        if (before == null) {
            entities.persist(row);
        }
    }

    /** Nothing is decided about this field any more; false when nothing was. Joins a transaction. */
    boolean forget(String linkId, String field) {
        List<DecisionEntity> rows = entities.createQuery(
                        "select d from DecisionEntity d where d.linkId = :link and d.field = :field",
                        DecisionEntity.class)
                .setParameter("link", linkId)
                .setParameter("field", field)
                .getResultList();
        rows.forEach(entities::remove);
        return !rows.isEmpty();
    }

    /** Nothing is decided about this conflict any more; false when nothing was. Joins a transaction. */
    boolean forgetOne(String findingId) {
        DecisionEntity row = entities.find(DecisionEntity.class, findingId);
        if (row != null) {
            entities.remove(row);
        }
        return row != null;
    }
}
