package org.cosellbridge.sync;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonValue;
import jakarta.persistence.EntityManager;
import jakarta.transaction.Transactional;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.cosellbridge.audit.PersonalValues;
import org.cosellbridge.connector.ConnectionName;
import org.cosellbridge.connector.RecordRef;
import org.cosellbridge.platform.Ids;
import org.jspecify.annotations.Nullable;

/** The referrals that are being created, at most one for a record. */
@Singleton
@Transactional
class IntentRepository {
    private final EntityManager entities;
    private final PersonalValues personal;
    private final Ids ids;
    private final Clock clock;

    @Inject
    IntentRepository(EntityManager entities, PersonalValues personal, Ids ids, Clock clock) {
        this.entities = entities;
        this.personal = personal;
        this.ids = ids;
        this.clock = clock;
    }

    Optional<Intent> find(ConnectionName connection, RecordRef record) {
        return row(connection, record).map(row -> row.intent(opened(StoredJson.object(row.fields()))));
    }

    private Optional<IntentEntity> row(ConnectionName connection, RecordRef record) {
        return entities
                .createQuery(
                        "select i from IntentEntity i where i.connection = :connection and i.recordKind = :kind and i.recordId = :id",
                        IntentEntity.class)
                .setParameter("connection", connection.value())
                .setParameter("kind", record.kind())
                .setParameter("id", record.id())
                .getResultList()
                .stream()
                .findFirst();
    }

    private Map<String, Intent.Sent> opened(JsonObject stored) {
        Map<String, Intent.Sent> fields = new LinkedHashMap<>();
        stored.forEach((name, value) -> {
            JsonValue crm = StoredJson.open(personal, value.asJsonObject().get("crm"));
            JsonValue sent = StoredJson.open(personal, value.asJsonObject().get("partnerCenter"));
            if (crm != null && sent != null) { // else its subject was erased meanwhile
                fields.put(name, new Intent.Sent(crm, sent));
            }
        });
        return fields;
    }

    /** Stores the intent in place of the one before. Joins a transaction. */
    void save(Intent intent, Function<String, @Nullable String> subjects) {
        JsonObjectBuilder fields = StoredJson.JSON.createObjectBuilder();
        intent.fields().forEach((name, field) -> {
            UnaryOperator<JsonValue> seal = StoredJson.sealer(personal, subjects.apply(name));
            fields.add(
                    name,
                    StoredJson.JSON
                            .createObjectBuilder()
                            .add("crm", seal.apply(field.crm()))
                            .add("partnerCenter", seal.apply(field.partnerCenter())));
        });
        IntentEntity row = row(intent.connection(), intent.record()).orElseGet(() -> {
            IntentEntity fresh = new IntentEntity(ids.next().toString(), intent, clock.instant());
            fresh.become(intent, "{}");
            entities.persist(fresh);
            return fresh;
        });
        row.become(intent, StoredJson.text(fields.build()));
    }

    /** The referral exists, or is no longer wanted. Joins a transaction. */
    void remove(ConnectionName connection, RecordRef record) {
        row(connection, record).ifPresent(entities::remove);
    }
}
