package org.cosellbridge.sync;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonValue;
import jakarta.persistence.EntityManager;
import jakarta.transaction.Transactional;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.cosellbridge.audit.PersonalValues;
import org.jspecify.annotations.Nullable;

/** The baselines. Personal values are sealed on the way in and opened on the way out. */
@Singleton
@Transactional
class BaselineRepository {
    private final EntityManager entities;
    private final PersonalValues personal;

    @Inject
    BaselineRepository(EntityManager entities, PersonalValues personal) {
        this.entities = entities;
        this.personal = personal;
    }

    Optional<Baseline> find(String linkId) {
        return Optional.ofNullable(entities.find(BaselineEntity.class, linkId))
                .map(row -> new Baseline(
                        row.mapping(),
                        row.partnerCenterVersion(),
                        row.crmVersion(),
                        row.storedAt(),
                        fields(StoredJson.object(row.fields()))));
    }

    private Map<String, Baseline.FieldBaseline> fields(JsonObject stored) {
        Map<String, Baseline.FieldBaseline> fields = new LinkedHashMap<>();
        stored.forEach((name, value) -> {
            JsonObject field = value.asJsonObject();
            JsonValue partnerCenter = StoredJson.open(personal, field.get("partnerCenter"));
            JsonValue crm = StoredJson.open(personal, field.get("crm"));
            boolean both = partnerCenter != null && crm != null;
            fields.put(
                    name,
                    new Baseline.FieldBaseline(
                            both ? partnerCenter : null,
                            both ? crm : null,
                            move(field.get("partnerCenterMove")),
                            move(field.get("crmMove"))));
        });
        return fields;
    }

    private Baseline.@Nullable Move move(@Nullable JsonValue stored) {
        if (!(stored instanceof JsonObject object)) {
            return null;
        }
        JsonValue value = StoredJson.open(personal, object.get("value"));
        return value == null ? null : new Baseline.Move(value, Instant.parse(object.getString("at")));
    }

    /** Stores the link's baseline in place of the one before; {@code subjects} answers whose personal values a field holds. */
    void save(String linkId, Baseline baseline, Function<String, @Nullable String> subjects) {
        JsonObjectBuilder fields = StoredJson.JSON.createObjectBuilder();
        baseline.fields().forEach((name, field) -> {
            UnaryOperator<JsonValue> seal = StoredJson.sealer(personal, subjects.apply(name));
            JsonObjectBuilder one = StoredJson.JSON.createObjectBuilder();
            add(one, "partnerCenter", field.partnerCenter(), seal);
            add(one, "crm", field.crm(), seal);
            add(one, "partnerCenterMove", field.partnerCenterMove(), seal);
            add(one, "crmMove", field.crmMove(), seal);
            fields.add(name, one);
        });
        BaselineEntity row = entities.find(BaselineEntity.class, linkId);
        if (row == null) {
            row = new BaselineEntity(linkId);
            row.become(baseline, StoredJson.text(fields.build()));
            entities.persist(row);
        } else {
            row.become(baseline, StoredJson.text(fields.build()));
        }
    }

    /** The link points to another record: nothing is agreed any more. */
    void remove(String linkId) {
        BaselineEntity row = entities.find(BaselineEntity.class, linkId);
        if (row != null) {
            entities.remove(row);
        }
    }

    private static void add(
            JsonObjectBuilder object, String name, @Nullable JsonValue value, UnaryOperator<JsonValue> seal) {
        if (value != null) {
            object.add(name, seal.apply(value));
        }
    }

    private static void add(
            JsonObjectBuilder object, String name, Baseline.@Nullable Move move, UnaryOperator<JsonValue> seal) {
        if (move != null) {
            object.add(
                    name,
                    StoredJson.JSON
                            .createObjectBuilder()
                            .add("value", seal.apply(move.value()))
                            .add("at", move.at().toString()));
        }
    }
}
