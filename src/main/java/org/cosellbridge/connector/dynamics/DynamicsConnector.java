package org.cosellbridge.connector.dynamics;

import jakarta.json.JsonArray;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.logging.Logger;
import java.util.regex.Pattern;
import org.cosellbridge.connector.CallContext;
import org.cosellbridge.connector.Changes;
import org.cosellbridge.connector.Connector;
import org.cosellbridge.connector.DescribesFields;
import org.cosellbridge.connector.DetectsChanges;
import org.cosellbridge.connector.ReadsRecords;
import org.cosellbridge.connector.RecordRef;
import org.cosellbridge.connector.RecordShape;
import org.cosellbridge.connector.RemoteField;
import org.cosellbridge.connector.RemoteField.StateStep;
import org.cosellbridge.connector.RemoteField.Step;
import org.cosellbridge.connector.RemoteRecord;
import org.cosellbridge.connector.RemoteTable;
import org.cosellbridge.connector.WritesRecords;
import org.cosellbridge.http.HttpAnswer;
import org.jspecify.annotations.Nullable;

/**
 * One Dataverse environment. Creates only create (by the alternate key with {@code If-None-Match: *}), updates carry the version
 * that was read and only the changed columns, an opportunity is won or lost by the documented actions after its fields are
 * written. A reference is read as the id it holds, whatever table that row is of. Thread-safe.
 */
final class DynamicsConnector implements Connector, ReadsRecords, WritesRecords, DetectsChanges, DescribesFields {
    private static final Logger LOG = Logger.getLogger(DynamicsConnector.class.getName());
    static final String ETAG = "@odata.etag";
    private static final String MODIFIED = "modifiedon";
    private static final String RETURN_ROW = "return=representation";
    private static final Duration KEY_ASKED_AGAIN = Duration.ofMinutes(10);
    /** Characters that break an address by alternate key even when they are percent-encoded. */
    private static final Pattern UNSAFE_IN_KEY = Pattern.compile("[/<>*%&:\\\\?+#]");

    private final DynamicsClient client;
    private final DynamicsErrors errors;
    private final DynamicsFields fields;
    private final DynamicsChangeFeed changeFeed;
    private final DynamicsLabels labels;
    private final Clock clock;
    private final Map<String, KeyStatus> keys = new ConcurrentHashMap<>();

    DynamicsConnector(DynamicsClient client, Clock clock) {
        this.client = client;
        this.errors = client.errors();
        this.fields = new DynamicsFields(errors, new DynamicsLookups(client, clock));
        this.changeFeed = new DynamicsChangeFeed(client, fields);
        this.labels = new DynamicsLabels(client, clock);
        this.clock = clock;
    }

    private record KeyStatus(boolean usable, Instant asked) {}

    @Override
    public String system() {
        return client.system();
    }

    @Override
    public Optional<RemoteRecord> findRecord(CallContext call, RecordShape shape, String id) {
        if (!DynamicsFields.isId(id)) {
            return Optional.empty();
        }
        return find(call, shape, row(shape, id));
    }

    @Override
    public Optional<RemoteRecord> findByReferralKey(CallContext call, RecordShape shape, String referralId) {
        String key = referralKey(shape);
        if (isAddressable(call, shape, key, referralId)) {
            return find(call, shape, rowByKey(shape, key, referralId));
        }
        List<RemoteRecord> found = list(call, shape, key + " eq " + DynamicsClient.literal(referralId), 2);
        if (found.size() > 1) {
            throw errors.rejected("Two records carry the same Referral Identifier: "
                    + found.get(0).ref() + " and "
                    + found.get(1).ref()
                    + ". Clear it on the one that does not belong, and activate the alternate key on "
                    + key + " of table " + shape.table().name() + ".");
        }
        return found.stream().findFirst();
    }

    @Override
    public List<RemoteRecord> listMatching(
            CallContext call, RecordShape shape, Map<String, JsonValue> match, int limit) {
        List<String> conditions = new ArrayList<>();
        for (Map.Entry<String, JsonValue> wanted : match.entrySet()) {
            Optional<String> condition = fields.findFilter(call, field(shape, wanted.getKey()), wanted.getValue());
            if (condition.isEmpty()) {
                return List.of();
            }
            conditions.add(condition.get());
        }
        return list(call, shape, String.join(" and ", conditions), limit);
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
    public boolean takesIds() {
        return true;
    }

    @Override
    public Optional<RemoteRecord> createRecord(
            CallContext call,
            RecordShape shape,
            @Nullable String referralId,
            @Nullable String id,
            Map<String, JsonValue> values) {
        Edit edit = edit(call, shape, values, true);
        JsonObjectBuilder body = DynamicsJson.object();
        if (id != null) {
            body.add(shape.table().key(), id);
        }
        body.addAll(DynamicsJson.object(edit.columns()));
        HttpAnswer answer;
        if (referralId == null) {
            answer = post(call, shape, body.build());
        } else {
            String key = referralKey(shape);
            if (isAddressable(call, shape, key, referralId)) {
                answer = client.write(
                        call,
                        "PATCH",
                        rowByKey(shape, key, referralId),
                        select(shape),
                        Map.of("If-None-Match", "*", "Prefer", RETURN_ROW),
                        // the key stands in the address; a value in the body would win over it
                        body.remove(key).build());
            } else if (findByReferralKey(call, shape, referralId).isPresent()) {
                return Optional.empty();
            } else {
                answer = post(call, shape, body.add(key, referralId).build());
            }
        }
        if (!answer.isSuccess()) {
            DynamicsErrors.Refusal refusal = DynamicsErrors.Refusal.of(answer);
            if (refusal.isExisting() || (refusal.isDuplicate() && isTaken(call, shape, referralId, id))) {
                return Optional.empty();
            }
            throw errors.from(answer, null, false, values.values());
        }
        RemoteRecord created = record(call, shape, client.body(answer));
        StateChange state = edit.state();
        // a new record is open; its state is reached from there
        return Optional.of(state == null || state.isHeldBy(created) ? created : reach(call, shape, created, state));
    }

    @Override
    public RemoteRecord updateRecord(
            CallContext call, RecordShape shape, RemoteRecord read, Map<String, JsonValue> values) {
        Edit edit = edit(call, shape, values, false);
        RemoteRecord current = read;
        StateChange state = edit.state() == null || edit.state().isHeldBy(read) ? null : edit.state();
        JsonObject columns = edit.columns();
        boolean closed = isClosed(shape, read);
        if (state != null && !state.isClosing()) {
            if (closed || columns.isEmpty()) {
                // a closed record takes nothing but its reopening
                current = reach(call, shape, current, state);
            } else {
                columns = DynamicsJson.object(columns)
                        .addAll(state.columns(current))
                        .build();
            }
        }
        if (!columns.isEmpty()) {
            current = patch(call, shape, current, columns);
        }
        if (state != null && state.isClosing()) {
            if (closed) {
                throw errors.rejected("The record " + read.ref() + " is closed already, in another way. Reopen it in"
                        + " Dynamics 365 to have it closed as it is now.");
            }
            if (columns.isEmpty()) {
                refuseStale(call, shape, read);
            }
            current = reach(call, shape, current, state);
        }
        return current;
    }

    /** Whether it is the referral id or the id that exists, not another unique value that the table's owner asks for. */
    private boolean isTaken(CallContext call, RecordShape shape, @Nullable String referralId, @Nullable String id) {
        return (referralId != null && findByReferralKey(call, shape, referralId).isPresent())
                || (id != null && findRecord(call, shape, id).isPresent());
    }

    /** What is to be written: columns of the row, and the state to reach. */
    private record Edit(JsonObject columns, @Nullable StateChange state) {}

    private record StateChange(RemoteField field, String value, int number, StateStep step) {
        boolean isClosing() {
            return step.step() != Step.SET;
        }

        boolean isHeldBy(RemoteRecord record) {
            return record.values().get(field.name()) instanceof JsonString held
                    && held.getString().equals(value);
        }

        /** The columns that reach it, without those that the record's present state has in common with it. */
        JsonObjectBuilder columns(RemoteRecord record) {
            StateStep present = record.values().get(field.name()) instanceof JsonString held
                    ? field.states().get(held.getString())
                    : null;
            Map<String, Integer> had = present == null ? Map.of() : present.fields();
            JsonObjectBuilder columns = DynamicsJson.object();
            step.fields().forEach((column, number) -> {
                if (!number.equals(had.get(column))) {
                    columns.add(column, number);
                }
            });
            return columns;
        }
    }

    private Edit edit(CallContext call, RecordShape shape, Map<String, JsonValue> values, boolean withoutEmpty) {
        JsonObjectBuilder columns = DynamicsJson.object();
        StateChange state = null;
        for (Map.Entry<String, JsonValue> change : values.entrySet()) {
            RemoteField field = field(shape, change.getKey());
            JsonValue value = change.getValue();
            if (withoutEmpty && DynamicsFields.isEmpty(value)) {
                continue;
            }
            if (field.type() == RemoteField.Type.STATE) {
                StateStep step = fields.step(field, value);
                String text = DynamicsFields.findText(value).orElse("");
                state = new StateChange(field, text, fields.stateNumber(field, text), step);
            } else {
                fields.write(call, field, value, columns);
            }
        }
        return new Edit(columns.build(), state);
    }

    private RemoteRecord reach(CallContext call, RecordShape shape, RemoteRecord current, StateChange state) {
        if (!state.isClosing()) {
            return patch(call, shape, current, state.columns(current).build());
        }
        boolean won = state.step().step() == Step.WIN;
        JsonObjectBuilder activity = DynamicsJson.object()
                .add("subject", won ? "Won in Partner Center" : "Lost in Partner Center")
                .add(
                        shape.table().key() + "@odata.bind",
                        "/" + row(shape, current.ref().id()));
        state.step().closing().forEach((told, column) -> {
            JsonValue value = current.values().getOrDefault(column, JsonValue.NULL);
            if (!DynamicsFields.isEmpty(value)) {
                activity.add(told, inActivity(shape, column, value));
            }
        });
        JsonObject close = DynamicsJson.object()
                .add("Status", state.number())
                .add("OpportunityClose", activity)
                .build();
        HttpAnswer answer =
                client.write(call, "POST", won ? "WinOpportunity" : "LoseOpportunity", Map.of(), Map.of(), close);
        if (!answer.isSuccess()) {
            if (DynamicsErrors.Refusal.of(answer).isClosed()) {
                // it was open when it was read: somebody else closed it since
                throw errors.stale(current.ref());
            }
            throw errors.from(answer, current.ref(), false);
        }
        return find(call, shape, row(shape, current.ref().id())).orElseThrow(() -> errors.gone(current.ref()));
    }

    /** The activity's times are instants: a day is told as its midnight UTC. */
    private static JsonValue inActivity(RecordShape shape, String column, JsonValue value) {
        boolean isDay = shape.findField(column)
                .filter(field -> field.type() == RemoteField.Type.DATE)
                .isPresent();
        return isDay && value instanceof JsonString day ? DynamicsJson.text(day.getString() + "T00:00:00Z") : value;
    }

    /** The actions that close take no version, so it is compared just before. */
    private void refuseStale(CallContext call, RecordShape shape, RemoteRecord read) {
        HttpAnswer answer = client.read(
                call,
                row(shape, read.ref().id()),
                options("$select", shape.table().key()));
        if (!answer.isSuccess()) {
            throw errors.from(answer, read.ref(), false);
        }
        if (!client.body(answer).getString(ETAG, "").equals(read.version())) {
            throw errors.stale(read.ref());
        }
    }

    private RemoteRecord patch(CallContext call, RecordShape shape, RemoteRecord current, JsonObject columns) {
        HttpAnswer answer = client.write(
                call,
                "PATCH",
                row(shape, current.ref().id()),
                select(shape),
                Map.of("If-Match", current.version(), "Prefer", RETURN_ROW),
                columns);
        if (!answer.isSuccess()) {
            throw errors.from(answer, current.ref(), true, columns.values());
        }
        return record(call, shape, client.body(answer));
    }

    private HttpAnswer post(CallContext call, RecordShape shape, JsonObject body) {
        return client.write(call, "POST", shape.table().set(), select(shape), Map.of("Prefer", RETURN_ROW), body);
    }

    private Optional<RemoteRecord> find(CallContext call, RecordShape shape, String path) {
        HttpAnswer answer = client.read(call, path, select(shape));
        if (answer.isSuccess()) {
            return Optional.of(record(call, shape, client.body(answer)));
        }
        DynamicsErrors.Refusal refusal = DynamicsErrors.Refusal.of(answer);
        if (refusal.isMissing() || refusal.isHidden()) {
            return Optional.empty();
        }
        throw errors.from(answer, null, false);
    }

    private List<RemoteRecord> list(CallContext call, RecordShape shape, String filter, int limit) {
        Map<String, String> query = select(shape);
        if (!filter.isEmpty()) {
            query.put("$filter", filter);
        }
        query.put("$top", Integer.toString(limit));
        HttpAnswer answer = client.read(call, shape.table().set(), query);
        if (!answer.isSuccess()) {
            throw errors.from(answer, null, false);
        }
        return rows(client.body(answer)).stream()
                .map(row -> record(call, shape, row))
                .toList();
    }

    /** Whether rows can be addressed by the alternate key. Asked once; while the answer is no, again after a while. */
    private boolean isAddressable(CallContext call, RecordShape shape, String key, String referralId) {
        if (UNSAFE_IN_KEY.matcher(referralId).find()) {
            return false;
        }
        String question = shape.table().name() + "." + key;
        KeyStatus known = keys.get(question);
        if (known != null
                && (known.usable() || clock.instant().isBefore(known.asked().plus(KEY_ASKED_AGAIN)))) {
            return known.usable();
        }
        HttpAnswer answer = client.read(
                call,
                definition(shape.table()) + "/Keys",
                options("$select", "LogicalName,KeyAttributes,EntityKeyIndexStatus"));
        if (!answer.isSuccess()) {
            throw errors.from(answer, null, false);
        }
        boolean usable = rows(client.body(answer)).stream().anyMatch(row -> isActive(row, key));
        if (!usable) {
            LOG.warning(() -> system() + ": table " + shape.table().name() + " has no active alternate key on " + key
                    + "; records are looked for by filter until it has. Install the Partner Center section or reactivate"
                    + " the key.");
        }
        keys.put(question, new KeyStatus(usable, clock.instant()));
        return usable;
    }

    private static boolean isActive(JsonObject row, String key) {
        JsonArray columns = row.getJsonArray("KeyAttributes");
        return columns != null
                && columns.size() == 1
                && columns.getString(0, "").equals(key)
                && row.getString("EntityKeyIndexStatus", "").equals("Active");
    }

    private RemoteRecord record(CallContext call, RecordShape shape, JsonObject row) {
        String id = row.getString(shape.table().key(), "");
        String version = row.getString(ETAG, "");
        if (id.isEmpty() || version.isEmpty()) {
            throw errors.unreadable(null);
        }
        Instant modified;
        try {
            modified = OffsetDateTime.parse(row.getString(MODIFIED, "")).toInstant();
        } catch (DateTimeException notAnInstant) {
            throw errors.unreadable(notAnInstant);
        }
        JsonObjectBuilder values = DynamicsJson.object();
        for (RemoteField field : shape.fields()) {
            values.add(field.name(), fields.read(call, field, row));
        }
        return new RemoteRecord(new RecordRef(shape.kind(), id), version, modified, values.build());
    }

    private static boolean isClosed(RecordShape shape, RemoteRecord record) {
        return shape.fields().stream()
                .filter(field -> field.type() == RemoteField.Type.STATE)
                .map(field -> record.values().get(field.name()) instanceof JsonString held
                        ? field.states().get(held.getString())
                        : null)
                .anyMatch(step -> step != null && step.step() != Step.SET);
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

    /** Where the environment describes a table. */
    static String definition(RemoteTable table) {
        return "EntityDefinitions(LogicalName=" + DynamicsClient.literal(table.name()) + ")";
    }

    private static String row(RecordShape shape, String id) {
        return shape.table().set() + "(" + id + ")";
    }

    private static String rowByKey(RecordShape shape, String key, String value) {
        return shape.table().set() + "(" + key + "='" + DynamicsClient.encode(value.replace("'", "''")) + "')";
    }

    private static Map<String, String> select(RecordShape shape) {
        Set<String> columns = new LinkedHashSet<>();
        columns.add(shape.table().key());
        columns.add(MODIFIED);
        shape.fields().forEach(field -> columns.add(DynamicsFields.column(field)));
        return options("$select", String.join(",", columns));
    }

    /** Query options in this order: name, value, name, value. */
    static Map<String, String> options(String... namesAndValues) {
        Map<String, String> options = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            options.put(namesAndValues[i], namesAndValues[i + 1]);
        }
        return options;
    }

    /** The rows of a list's answer; what is no row is left out. */
    static List<JsonObject> rows(JsonObject answer) {
        return answer.get("value") instanceof JsonArray rows
                ? rows.stream()
                        .filter(JsonObject.class::isInstance)
                        .map(JsonValue::asJsonObject)
                        .toList()
                : List.of();
    }
}
