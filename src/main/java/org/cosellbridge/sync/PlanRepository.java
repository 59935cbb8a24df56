package org.cosellbridge.sync;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonValue;
import jakarta.persistence.EntityManager;
import jakarta.transaction.Transactional;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.cosellbridge.audit.PersonalValues;
import org.cosellbridge.connector.RecordRef;
import org.jspecify.annotations.Nullable;

/** The unfinished plans, at most one for a link. */
@Singleton
@Transactional
class PlanRepository {
    private final EntityManager entities;
    private final PersonalValues personal;

    @Inject
    PlanRepository(EntityManager entities, PersonalValues personal) {
        this.entities = entities;
        this.personal = personal;
    }

    Optional<Plan> find(String linkId) {
        return Optional.ofNullable(entities.find(PlanEntity.class, linkId))
                .map(row -> new Plan(
                        row.requestId(),
                        row.kind(),
                        row.mapping(),
                        new RecordRef(row.recordKind(), row.recordId()),
                        row.recordVersion(),
                        row.created(),
                        row.isWritten(),
                        fields(StoredJson.object(row.fields()))));
    }

    private Map<String, Plan.PlannedField> fields(JsonObject stored) {
        Map<String, Plan.PlannedField> fields = new LinkedHashMap<>();
        stored.forEach((name, value) -> {
            JsonObject field = value.asJsonObject();
            JsonValue partnerCenter = StoredJson.open(personal, field.get("partnerCenter"));
            JsonValue before = StoredJson.open(personal, field.get("before"));
            JsonValue planned = StoredJson.open(personal, field.get("value"));
            // a field whose subject was erased meanwhile is no longer part of the plan
            if (partnerCenter != null && before != null && planned != null) {
                fields.put(
                        name,
                        new Plan.PlannedField(
                                StoredJson.open(personal, field.get("base")),
                                partnerCenter,
                                before,
                                planned,
                                field.getString("rule")));
            }
        });
        return fields;
    }

    /** Stores the plan in place of the one before. */
    void save(String linkId, Plan plan, Function<String, @Nullable String> subjects) {
        JsonObjectBuilder fields = StoredJson.JSON.createObjectBuilder();
        plan.fields().forEach((name, field) -> {
            UnaryOperator<JsonValue> seal = StoredJson.sealer(personal, subjects.apply(name));
            JsonObjectBuilder one = StoredJson.JSON
                    .createObjectBuilder()
                    .add("partnerCenter", seal.apply(field.partnerCenter()))
                    .add("before", seal.apply(field.before()))
                    .add("value", seal.apply(field.value()))
                    .add("rule", field.rule());
            JsonValue base = field.base();
            if (base != null) {
                one.add("base", seal.apply(base));
            }
            fields.add(name, one);
        });
        PlanEntity row = entities.find(PlanEntity.class, linkId);
        if (row == null) {
            row = new PlanEntity(linkId);
            row.become(plan, StoredJson.text(fields.build()));
            entities.persist(row);
        } else {
            row.become(plan, StoredJson.text(fields.build()));
        }
    }

    /** The plan is finished. */
    void remove(String linkId) {
        PlanEntity row = entities.find(PlanEntity.class, linkId);
        if (row != null) {
            entities.remove(row);
        }
    }
}
