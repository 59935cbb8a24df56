package org.cosellbridge.connector.salesforce;

import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonValue;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.cosellbridge.connector.CallContext;
import org.cosellbridge.connector.Changes;
import org.cosellbridge.connector.Connector;
import org.cosellbridge.connector.ConnectorException;
import org.cosellbridge.connector.DescribesFields;
import org.cosellbridge.connector.DetectsChanges;
import org.cosellbridge.connector.ReadsRecords;
import org.cosellbridge.connector.RecordGoneException;
import org.cosellbridge.connector.RecordRef;
import org.cosellbridge.connector.RecordShape;
import org.cosellbridge.connector.RemoteField;
import org.cosellbridge.connector.RemoteRecord;
import org.cosellbridge.connector.WritesRecords;
import org.cosellbridge.http.HttpAnswer;
import org.jspecify.annotations.Nullable;

/**
 * One Salesforce org. Records are read by SOQL, which also reaches contact roles and deleted rows. Creates only create: a POST whose
 * unique field Salesforce refuses the second time; it chooses the ids itself. Updates carry only the changed fields, the stage with
 * them, and {@code If-Unmodified-Since}, which tells whole seconds apart and no less. Thread-safe.
 */
final class SalesforceConnector implements Connector, ReadsRecords, WritesRecords, DetectsChanges, DescribesFields {
    /** A read may have been in the same second as the record's last modification when that one is not older; an attempt is shorter. */
    private static final Duration RECENT = Duration.ofMinutes(5);

    private static final int LOOKS = 3;
    private static final DateTimeFormatter HTTP_DATE = DateTimeFormatter.ofPattern(
                    "EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    private final SalesforceClient client;
    private final SalesforceErrors errors;
    private final SalesforceFields fields;
    private final SalesforceStages stages;
    private final SalesforceRows rows;
    private final SalesforceChangeFeed changeFeed;
    private final SalesforceLabels labels;
    private final Clock clock;

    SalesforceConnector(SalesforceClient client, Clock clock) {
        SalesforceObjects objects = new SalesforceObjects(client, clock);
        this.client = client;
        this.errors = client.errors();
        this.stages = new SalesforceStages(client, clock);
        this.fields = new SalesforceFields(client, objects, stages);
        this.rows = new SalesforceRows(errors, fields);
        this.changeFeed = new SalesforceChangeFeed(client, rows, clock);
        this.labels = new SalesforceLabels(objects);
        this.clock = clock;
    }

    /**
     * A record and when the org told it.
     *
     * @param record empty: it does not exist
     * @param at by the org's clock, in whole seconds
     */
    private record Look(Optional<RemoteRecord> record, Instant at) {}

    @Override
    public String system() {
        return client.system();
    }

    @Override
    public Optional<RemoteRecord> findRecord(CallContext call, RecordShape shape, String id) {
        return look(call, shape, id).record();
    }

    @Override
    public Optional<RemoteRecord> findByReferralKey(CallContext call, RecordShape shape, String referralId) {
        String key = referralKey(shape);
        List<RemoteRecord> found = list(call, shape, key + " = " + SalesforceClient.literal(referralId), 2);
        if (found.size() > 1) {
            throw errors.rejected("Two records carry the same Referral Identifier: "
                    + found.get(0).ref() + " and "
                    + found.get(1).ref() + ". Clear it on the one that does not belong, and make " + key + " of "
                    + shape.table().name() + " unique.");
        }
        return found.stream().findFirst();
    }

    @Override
    public List<RemoteRecord> listMatching(
            CallContext call, RecordShape shape, Map<String, JsonValue> match, int limit) {
        List<String> conditions = new ArrayList<>();
        for (Map.Entry<String, JsonValue> wanted : match.entrySet()) {
            RemoteField field = field(shape, wanted.getKey());
            if (SalesforceFields.isKeptThere(field)) {
                Optional<String> id = pointedAt(call, field, wanted.getValue());
                if (id.isEmpty()) {
                    return List.of();
                }
                conditions.add(shape.table().key() + " = " + SalesforceClient.literal(id.get()));
            } else {
                conditions.add(fields.filter(call, shape.table(), field, wanted.getValue()));
            }
        }
        return list(call, shape, String.join(" AND ", conditions), limit);
    }

    /** The id of the record of this shape to which the other object's record points, such as the opportunity made of a lead. */
    private Optional<String> pointedAt(CallContext call, RemoteField field, JsonValue other) {
        return SalesforceFields.findText(other)
                .flatMap(SalesforceFields::findId)
                .flatMap(id -> SalesforceJson.objects(client.query(
                                        call,
                                        "SELECT " + field.name() + " FROM " + field.reference() + " WHERE Id = "
                                                + SalesforceClient.literal(id))
                                .get("records"))
                        .stream()
                        .findFirst())
                .flatMap(row -> SalesforceFields.findId(SalesforceJson.text(row, field.name())));
    }

    @Override
    public Changes listChanges(CallContext call, RecordShape shape, @Nullable String cursor) {
        return changeFeed.list(call, shape, cursor);
    }

    @Override
    public Map<String, String> labels(CallContext call, RecordShape shape) {
        return labels.list(call, shape);
    }

    @Override
    public Optional<RemoteRecord> createRecord(
            CallContext call,
            RecordShape shape,
            @Nullable String referralId,
            @Nullable String id,
            Map<String, JsonValue> values) {
        Map<String, JsonValue> given = new LinkedHashMap<>(values);
        given.values().removeIf(SalesforceFields::isEmpty);
        JsonObjectBuilder body = SalesforceJson.object();
        for (Map.Entry<String, JsonValue> value : given.entrySet()) {
            fields.write(call, shape.table(), field(shape, value.getKey()), value.getValue(), body);
        }
        // an opportunity cannot be without a stage
        for (RemoteField field : shape.fields()) {
            if (field.type() == RemoteField.Type.STATE && !given.containsKey(field.name())) {
                stages.ofNew(call, shape.table().name(), field).ifPresent(stage -> body.add(field.name(), stage));
            }
        }
        if (referralId != null) {
            body.add(referralKey(shape), referralId);
        }
        HttpAnswer answer =
                client.write(call, "POST", "sobjects/" + shape.table().set(), Map.of(), body.build());
        if (!answer.isSuccess()) {
            if (SalesforceErrors.Refusal.of(answer).isTaken()
                    && referralId != null
                    && findByReferralKey(call, shape, referralId).isPresent()) {
                return Optional.empty();
            }
            throw errors.from(answer, null, values.values());
        }
        String created = rows.createdId(client.body(answer));
        Optional<RemoteRecord> record = findRecord(call, shape, created);
        if (record.isEmpty()) {
            throw errors.setup("The record " + new RecordRef(shape.kind(), created)
                    + " was created, but the integration user does not see it. Grant it access to such records.");
        }
        return record;
    }

    @Override
    public RemoteRecord updateRecord(
            CallContext call, RecordShape shape, RemoteRecord read, Map<String, JsonValue> values) {
        JsonObjectBuilder changes = SalesforceJson.object();
        for (Map.Entry<String, JsonValue> change : values.entrySet()) {
            RemoteField field = field(shape, change.getKey());
            // the record may be in another stage that means the same
            boolean held = field.type() == RemoteField.Type.STATE
                    && change.getValue().equals(read.values().get(field.name()));
            if (!held) {
                fields.write(call, shape.table(), field, change.getValue(), changes);
            }
        }
        JsonObject body = changes.build();
        if (body.isEmpty()) {
            return read;
        }
        Instant stamp = SalesforceRows.stamp(read.version());
        if (stamp.plus(RECENT).isAfter(clock.instant())) {
            waitOut(call, shape, read, stamp);
        }
        HttpAnswer answer = client.write(
                call,
                "PATCH",
                "sobjects/" + shape.table().set() + "/" + read.ref().id(),
                Map.of("If-Unmodified-Since", HTTP_DATE.format(stamp)),
                body);
        if (!answer.isSuccess()) {
            throw refusal(call, shape, read, answer, body);
        }
        RemoteRecord written = findRecord(call, shape, read.ref().id()).orElseThrow(() -> errors.gone(read.ref()));
        if (!SalesforceRows.isBy(written.version(), client.userId())) {
            throw errors.overtaken(read.ref());
        }
        return written;
    }

    /** A deleted record that the values refer to is refused with the same code as a deleted record itself. */
    private ConnectorException refusal(
            CallContext call, RecordShape shape, RemoteRecord read, HttpAnswer answer, JsonObject body) {
        ConnectorException refusal = errors.from(answer, read.ref(), body.values());
        return refusal instanceof RecordGoneException
                        && findRecord(call, shape, read.ref().id()).isPresent()
                ? errors.from(answer, null, body.values())
                : refusal;
    }

    /**
     * Of several modifications within one second only the last is seen, and a guard of whole seconds does not tell them apart. So the
     * record must be as it was read once that second is over.
     */
    private void waitOut(CallContext call, RecordShape shape, RemoteRecord read, Instant stamp) {
        Instant second = stamp.truncatedTo(ChronoUnit.SECONDS);
        for (int i = 0; i < LOOKS; i++) {
            Look now = look(call, shape, read.ref().id());
            RemoteRecord held = now.record().orElseThrow(() -> errors.gone(read.ref()));
            if (!held.version().equals(read.version()) || !held.values().equals(read.values())) {
                throw errors.stale(read.ref());
            }
            if (now.at().isAfter(second)) {
                return;
            }
            Instant here = clock.instant();
            Duration rest = Duration.between(
                    here, here.truncatedTo(ChronoUnit.SECONDS).plusSeconds(1).plusMillis(20));
            sleep(i == 0 ? rest : Duration.ofSeconds(1));
        }
        // the org's clock stands still or runs behind its own stamps
        throw errors.stale(read.ref());
    }

    private void sleep(Duration time) {
        try {
            Thread.sleep(time.toMillis());
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw errors.interrupted(stopped);
        }
    }

    private Look look(CallContext call, RecordShape shape, String id) {
        Optional<String> known = SalesforceFields.findId(id);
        if (known.isEmpty()) {
            return new Look(Optional.empty(), clock.instant());
        }
        HttpAnswer answer = select(call, shape, shape.table().key() + " = " + SalesforceClient.literal(known.get()), 1);
        return new Look(records(call, shape, answer).stream().findFirst(), client.answeredAt(answer));
    }

    private List<RemoteRecord> list(CallContext call, RecordShape shape, String condition, int limit) {
        return records(call, shape, select(call, shape, condition, limit));
    }

    private HttpAnswer select(CallContext call, RecordShape shape, String condition, int limit) {
        String where = condition.isEmpty() ? "" : " WHERE " + condition;
        HttpAnswer answer = client.read(
                call,
                "query?q="
                        + SalesforceClient.encode("SELECT " + rows.columns(call, shape) + " FROM "
                                + shape.table().name() + where + " LIMIT " + limit));
        if (!answer.isSuccess()) {
            throw errors.from(answer, null);
        }
        return answer;
    }

    private List<RemoteRecord> records(CallContext call, RecordShape shape, HttpAnswer answer) {
        return SalesforceJson.objects(client.body(answer).get("records")).stream()
                .map(row -> rows.record(call, shape, row))
                .toList();
    }

    private static RemoteField field(RecordShape shape, String name) {
        return shape.findField(name)
                .orElseThrow(() ->
                        new IllegalArgumentException("The shape of " + shape.kind() + " has no field " + name + "."));
    }

    private static String referralKey(RecordShape shape) {
        String key = shape.referralKey();
        if (key == null) {
            throw new IllegalArgumentException("Records of kind " + shape.kind() + " carry no Referral Identifier.");
        }
        return key;
    }
}
