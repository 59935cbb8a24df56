package org.cosellbridge.simulator;

import static org.cosellbridge.simulator.JsonTree.JSON;

import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.cosellbridge.simulator.SalesforceSchema.Entity;
import org.cosellbridge.simulator.SalesforceSchema.Field;
import org.cosellbridge.simulator.SalesforceSchema.Trait;
import org.jspecify.annotations.Nullable;

/** The REST resources below {@code /sobjects}: rows, rows by external id, updated and deleted. Called under the simulator's lock. */
final class SalesforceRows {
    private static final Set<String> CONDITIONS =
            Set.of("if-match", "if-none-match", "if-modified-since", "if-unmodified-since");
    private static final Duration UPDATED_BACK = Duration.ofDays(30);
    private static final Duration DELETED_BACK = Duration.ofDays(15);

    private final SalesforceStore store;
    private final SalesforceDescribe describe;
    private final Consumer<String> brokenRules;
    private Duration replicationStep = Duration.ofMinutes(1);

    SalesforceRows(SalesforceStore store, Consumer<String> brokenRules) {
        this.store = store;
        this.describe = new SalesforceDescribe(store);
        this.brokenRules = brokenRules;
    }

    void replicationStep(Duration step) {
        replicationStep = step;
    }

    SalesforceDescribe describe() {
        return describe;
    }

    /** Answers {@code sobjects/…}. */
    SimulatorAnswer answer(SalesforceCall call) {
        List<String> path = call.path();
        if (path.size() == 1) {
            only(call, "GET");
            return SimulatorAnswer.json(200, describe.global());
        }
        Entity entity = store.schema()
                .find(path.get(1))
                .filter(found -> found.name().equals(path.get(1)))
                .filter(found -> store.rules().may(found, "read"))
                .orElseThrow(SalesforceRefusal::notFound);
        if (path.size() == 2) {
            only(call, "POST");
            checkConditions(call, Set.of());
            return create(call, entity);
        }
        if (path.size() == 3) {
            return switch (path.get(2)) {
                case "describe" -> {
                    only(call, "GET");
                    checkConditions(call, Set.of("if-modified-since"));
                    yield describe(call, entity);
                }
                case "updated" -> {
                    only(call, "GET");
                    yield updated(call, entity);
                }
                case "deleted" -> {
                    only(call, "GET");
                    yield deleted(call, entity);
                }
                default -> row(call, entity, path.get(2));
            };
        }
        if (path.size() == 4) {
            return byExternalId(call, entity, path.get(2), path.get(3));
        }
        throw SalesforceRefusal.notFound();
    }

    private static void only(SalesforceCall call, String method) {
        if (!call.method().equals(method)) {
            throw SalesforceRefusal.of(
                    405,
                    "METHOD_NOT_ALLOWED",
                    "HTTP Method '" + call.method() + "' not allowed. Allowed are " + method);
        }
    }

    /** A condition that Salesforce would pass over is no protection, so relying on it breaks a rule. */
    private void checkConditions(SalesforceCall call, Set<String> honoured) {
        for (String condition : CONDITIONS) {
            if (call.headers().containsKey(condition) && !honoured.contains(condition)) {
                brokenRules.accept(condition + " is not honoured here: " + call.method() + " "
                        + String.join("/", call.path()) + (call.inner() ? " in a composite" : ""));
            }
        }
    }

    private SimulatorAnswer create(SalesforceCall call, Entity entity) {
        SalesforceRecord record = store.create(entity, call.json(), call.author());
        return SimulatorAnswer.json(201, saved(record).build()).withHeader("Location", url(call, record));
    }

    static JsonObjectBuilder saved(SalesforceRecord record) {
        return JSON.createObjectBuilder()
                .add("id", record.id())
                .add("success", true)
                .add("errors", JsonValue.EMPTY_JSON_ARRAY);
    }

    private static String url(SalesforceCall call, SalesforceRecord record) {
        return call.root() + "/sobjects/" + record.entity().name() + "/" + record.id();
    }

    private SimulatorAnswer row(SalesforceCall call, Entity entity, String id) {
        Set<String> honoured = call.inner()
                ? Set.of()
                : switch (call.method()) {
                    case "GET" -> Set.of("if-modified-since", "if-unmodified-since");
                    case "PATCH" -> Set.of("if-unmodified-since", "if-modified-since");
                    default -> Set.of();
                };
        checkConditions(call, honoured);
        SalesforceRecord record = store.get(entity, id);
        return switch (call.method()) {
            case "GET" -> {
                Optional<SimulatorAnswer> unmet = conditions(call, record);
                yield unmet.isPresent() ? unmet.get() : SimulatorAnswer.json(200, read(call, record));
            }
            case "PATCH" -> {
                Optional<SimulatorAnswer> unmet = conditions(call, record);
                if (unmet.isPresent()) {
                    yield unmet.get();
                }
                store.update(record, call.json(), call.author());
                yield SimulatorAnswer.empty(204);
            }
            case "DELETE" -> {
                store.delete(record, call.author());
                yield SimulatorAnswer.empty(204);
            }
            default ->
                throw SalesforceRefusal.of(
                        405, "METHOD_NOT_ALLOWED", "HTTP Method '" + call.method() + "' not allowed.");
        };
    }

    /** Conditions compare whole seconds, and Salesforce keeps no others. */
    private static Optional<SimulatorAnswer> conditions(SalesforceCall call, SalesforceRecord record) {
        if (call.inner()) {
            return Optional.empty();
        }
        Instant modified = SalesforceValues.time(record.text("LastModifiedDate").orElseThrow());
        Optional<Instant> unmodified = call.header("If-Unmodified-Since").map(SalesforceRows::httpDate);
        if (unmodified.filter(modified::isAfter).isPresent()) {
            return Optional.of(SimulatorAnswer.empty(412));
        }
        Optional<Instant> since = call.header("If-Modified-Since").map(SalesforceRows::httpDate);
        if (since.isPresent() && !modified.isAfter(since.get())) {
            return Optional.of(SimulatorAnswer.empty(call.method().equals("GET") ? 304 : 412));
        }
        return Optional.empty();
    }

    private static Instant httpDate(String text) {
        try {
            return ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME)
                    .toInstant();
        } catch (DateTimeException malformed) {
            throw SalesforceRefusal.bad("MALFORMED_HEADER", "not an HTTP date: " + text);
        }
    }

    /** A record with the fields that were asked for, or with all. */
    private JsonObject read(SalesforceCall call, SalesforceRecord record) {
        return read(call.root(), record, fields(record.entity(), call.query().get("fields")));
    }

    static JsonObject read(String root, SalesforceRecord record, List<Field> fields) {
        JsonObjectBuilder json = JSON.createObjectBuilder().add("attributes", SalesforceQuery.attributes(root, record));
        fields.forEach(field -> json.add(field.name(), record.value(field.name())));
        // the id comes along, asked for or not
        return json.add("Id", record.id()).build();
    }

    List<Field> fields(Entity entity, @Nullable String names) {
        if (names == null) {
            return entity.fields().stream()
                    .filter(field ->
                            store.schema().visible(entity, field.name()).isPresent())
                    .toList();
        }
        List<Field> fields = new ArrayList<>();
        for (String name : names.split(",", -1)) {
            fields.add(store.schema()
                    .visible(entity, name.strip())
                    .orElseThrow(() -> SalesforceRefusal.bad(
                            "INVALID_FIELD", "No such column '" + name + "' on sobject of type " + entity.name())));
        }
        return fields;
    }

    private SimulatorAnswer describe(SalesforceCall call, Entity entity) {
        Instant changed = describe.changed();
        Optional<Instant> since = call.header("If-Modified-Since").map(SalesforceRows::httpDate);
        if (since.isPresent() && !changed.isAfter(since.get())) {
            return SimulatorAnswer.empty(304);
        }
        return SimulatorAnswer.json(200, describe.of(entity))
                .withHeader(
                        "Last-Modified", DateTimeFormatter.RFC_1123_DATE_TIME.format(changed.atZone(ZoneOffset.UTC)));
    }

    // --- by external id --------------------------------------------------------------------------------------------

    private SimulatorAnswer byExternalId(SalesforceCall call, Entity entity, String name, String value) {
        Field key = store.schema()
                .visible(entity, name)
                .filter(field -> field.is(Trait.EXTERNAL_ID) || field.name().equals("Id"))
                .orElseThrow(SalesforceRefusal::notFound);
        checkConditions(call, Set.of());
        List<SalesforceRecord> matches =
                key.name().equals("Id") ? List.of(store.get(entity, value)) : store.byExternalId(entity, key, value);
        if (matches.size() > 1) {
            JsonArrayBuilder urls = JSON.createArrayBuilder();
            matches.forEach(match -> urls.add(url(call, match)));
            return SimulatorAnswer.json(300, urls.build());
        }
        if (call.method().equals("PATCH")) {
            return upsert(call, entity, key, value, matches);
        }
        if (matches.isEmpty()) {
            throw SalesforceRefusal.notFound();
        }
        return switch (call.method()) {
            case "GET" -> SimulatorAnswer.json(200, read(call, matches.get(0)));
            case "DELETE" -> {
                store.delete(matches.get(0), call.author());
                yield SimulatorAnswer.empty(204);
            }
            default ->
                throw SalesforceRefusal.of(
                        405, "METHOD_NOT_ALLOWED", "HTTP Method '" + call.method() + "' not allowed.");
        };
    }

    private SimulatorAnswer upsert(
            SalesforceCall call, Entity entity, Field key, String value, List<SalesforceRecord> matches) {
        JsonObject body = call.json();
        for (String repeated : body.keySet()) {
            if (repeated.equalsIgnoreCase(key.name()) || repeated.equalsIgnoreCase("Id")) {
                throw SalesforceRefusal.bad(
                        "INVALID_FIELD", "The " + repeated + " field should not be specified in the sobject data.");
            }
        }
        if (!matches.isEmpty()) {
            store.update(matches.get(0), body, call.author());
            return SimulatorAnswer.json(
                    200, saved(matches.get(0)).add("created", false).build());
        }
        if ("true".equals(call.query().get("updateOnly")) || key.name().equals("Id")) {
            throw SalesforceRefusal.notFound();
        }
        SalesforceRecord record = store.create(
                entity, JSON.createObjectBuilder(body).add(key.name(), value).build(), call.author());
        return SimulatorAnswer.json(201, saved(record).add("created", true).build())
                .withHeader("Location", url(call, record));
    }

    // --- what changed and what is gone -----------------------------------------------------------------------------

    private record Window(Instant start, Instant end, Instant covered) {}

    private Window window(SalesforceCall call, Duration back) {
        Instant now = store.now();
        Instant start = toStep(time(call.query(), "start"));
        Instant end = toStep(time(call.query(), "end"));
        if (end.isBefore(start.plus(replicationStep))) {
            throw SalesforceRefusal.bad(
                    "INVALID_REPLICATION_DATE", "startDate must be at least one minute before endDate");
        }
        if (start.isBefore(now.minus(back)) || start.isAfter(now)) {
            throw SalesforceRefusal.bad("INVALID_REPLICATION_DATE", "startDate before org replication enabled date");
        }
        Instant covered = toStep(now);
        return new Window(start, end, end.isBefore(covered) ? end : covered);
    }

    private Instant toStep(Instant time) {
        long step = replicationStep.toSeconds();
        return Instant.ofEpochSecond(time.getEpochSecond() / step * step);
    }

    private static Instant time(Map<String, String> query, String name) {
        String text = query.getOrDefault(name, "");
        try {
            return SalesforceValues.time(text);
        } catch (DateTimeException malformed) {
            throw SalesforceRefusal.bad("INVALID_REPLICATION_DATE", name + " is no time: " + text);
        }
    }

    private SimulatorAnswer updated(SalesforceCall call, Entity entity) {
        Window window = window(call, UPDATED_BACK);
        JsonArrayBuilder ids = JSON.createArrayBuilder();
        store.live(entity)
                .filter(record -> isWithin(window, record, "SystemModstamp"))
                .forEach(record -> ids.add(record.id()));
        return SimulatorAnswer.json(
                200,
                JSON.createObjectBuilder()
                        .add("ids", ids)
                        .add("latestDateCovered", SalesforceValues.time(window.covered()))
                        .build());
    }

    private SimulatorAnswer deleted(SalesforceCall call, Entity entity) {
        Window window = window(call, DELETED_BACK);
        JsonArrayBuilder gone = JSON.createArrayBuilder();
        store.all(entity)
                .filter(SalesforceRecord::isDeleted)
                .filter(record -> isWithin(window, record, "SystemModstamp"))
                .forEach(record -> gone.add(JSON.createObjectBuilder()
                        .add("id", record.id())
                        .add("deletedDate", record.value("SystemModstamp"))));
        return SimulatorAnswer.json(
                200,
                JSON.createObjectBuilder()
                        .add("deletedRecords", gone)
                        .add(
                                "earliestDateAvailable",
                                SalesforceValues.time(store.now().minus(DELETED_BACK)))
                        .add("latestDateCovered", SalesforceValues.time(window.covered()))
                        .build());
    }

    private static boolean isWithin(Window window, SalesforceRecord record, String field) {
        Instant time = record.value(field) instanceof JsonString text
                ? SalesforceValues.time(text.getString())
                : Instant.EPOCH;
        return !time.isBefore(window.start()) && time.isBefore(window.covered());
    }
}
