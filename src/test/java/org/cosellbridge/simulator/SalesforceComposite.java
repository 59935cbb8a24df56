package org.cosellbridge.simulator;

import static org.cosellbridge.simulator.JsonTree.JSON;

import jakarta.json.JsonArray;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonException;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonReader;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.io.ByteArrayInputStream;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.cosellbridge.simulator.SalesforceSchema.Entity;
import org.cosellbridge.simulator.SalesforceSchema.Field;
import org.cosellbridge.simulator.SalesforceSchema.Trait;

/** Several requests in one call: {@code /composite} and the collections of {@code /composite/sobjects}. */
final class SalesforceComposite {
    private static final int MOST_REQUESTS = 25;
    private static final int MOST_RECORDS = 200;
    private static final int MOST_CHUNKS = 10;
    private static final Pattern REFERENCE = Pattern.compile("@\\{(\\w+)\\.([\\w.]+)}");
    private static final Pattern ROOT = Pattern.compile("(/services/data/v\\d+\\.0)/([^?]*)(?:\\?(.*))?");

    private final SalesforceStore store;
    private final SalesforceRows rows;
    private final Function<SalesforceCall, SimulatorAnswer> handler;

    SalesforceComposite(SalesforceStore store, SalesforceRows rows, Function<SalesforceCall, SimulatorAnswer> handler) {
        this.store = store;
        this.rows = rows;
        this.handler = handler;
    }

    SimulatorAnswer answer(SalesforceCall call) {
        List<String> path = call.path();
        if (call.inner()) {
            throw SalesforceRefusal.bad("INVALID_INPUT", "a composite within a composite");
        }
        if (path.size() == 1 && call.method().equals("POST")) {
            return composite(call);
        }
        if (path.size() >= 2 && path.get(1).equals("sobjects")) {
            return collection(call);
        }
        throw SalesforceRefusal.notFound();
    }

    // --- /composite ------------------------------------------------------------------------------------------------

    private SimulatorAnswer composite(SalesforceCall call) {
        JsonObject body = call.json();
        boolean allOrNone = body.getBoolean("allOrNone", false);
        JsonArray requests = Optional.ofNullable(body.getJsonArray("compositeRequest"))
                .orElseThrow(() -> SalesforceRefusal.bad("JSON_PARSER_ERROR", "compositeRequest is missing"));
        if (requests.isEmpty() || requests.size() > MOST_REQUESTS) {
            throw SalesforceRefusal.bad("LIMIT_EXCEEDED", "Limit of " + MOST_REQUESTS + " subrequests exceeded");
        }
        SalesforceStore.Snapshot before = store.snapshot();
        Map<String, JsonValue> results = new HashMap<>();
        List<Part> parts = new ArrayList<>();
        boolean failed = false;
        for (JsonObject request : requests.getValuesAs(JsonObject.class)) {
            String id = request.getString("referenceId", "");
            if (id.isEmpty() || parts.stream().anyMatch(part -> part.id().equals(id))) {
                throw SalesforceRefusal.bad("INVALID_INPUT", "referenceId is missing or not unique");
            }
            Part part = failed && allOrNone ? halted(id) : part(call, request, id, results);
            failed |= part.status() >= 400;
            if (part.status() < 400) {
                results.put(id, part.body());
            }
            parts.add(part);
        }
        if (failed && allOrNone) {
            store.restore(before);
            parts.replaceAll(part -> part.status() < 400 ? halted(part.id()) : part);
        }
        JsonArrayBuilder answers = JSON.createArrayBuilder();
        parts.forEach(part -> answers.add(JSON.createObjectBuilder()
                .add("body", part.body())
                .add("httpHeaders", part.headers())
                .add("httpStatusCode", part.status())
                .add("referenceId", part.id())));
        return SimulatorAnswer.json(
                200,
                JSON.createObjectBuilder().add("compositeResponse", answers).build());
    }

    private record Part(String id, int status, JsonValue body, JsonObject headers) {}

    private static Part halted(String id) {
        JsonArray error = JSON.createArrayBuilder()
                .add(JSON.createObjectBuilder()
                        .add("errorCode", "PROCESSING_HALTED")
                        .add(
                                "message",
                                "The transaction was rolled back since another operation in the same"
                                        + " transaction failed."))
                .build();
        return new Part(id, 400, error, JsonValue.EMPTY_JSON_OBJECT);
    }

    private Part part(SalesforceCall outer, JsonObject request, String id, Map<String, JsonValue> results) {
        try {
            SimulatorAnswer answer = inner(outer, request, results);
            JsonObjectBuilder headers = JSON.createObjectBuilder();
            Optional.ofNullable(answer.headers().get("Location"))
                    .ifPresent(location -> headers.add("Location", location));
            return new Part(id, answer.status(), json(answer.body()), headers.build());
        } catch (SalesforceRefusal refused) {
            SimulatorAnswer answer = refused.answer();
            return new Part(id, answer.status(), json(answer.body()), JsonValue.EMPTY_JSON_OBJECT);
        }
    }

    private SimulatorAnswer inner(SalesforceCall outer, JsonObject request, Map<String, JsonValue> results) {
        Matcher url = ROOT.matcher(resolve(request.getString("url", ""), results));
        if (!url.matches()) {
            throw SalesforceRefusal.notFound();
        }
        Map<String, String> headers = new HashMap<>();
        JsonObject given =
                Optional.ofNullable(request.getJsonObject("httpHeaders")).orElse(JsonValue.EMPTY_JSON_OBJECT);
        given.forEach((name, value) -> headers.put(
                name.toLowerCase(Locale.ROOT), value instanceof JsonString text ? text.getString() : value.toString()));
        Map<String, String> query = new LinkedHashMap<>();
        for (String pair : Optional.ofNullable(url.group(3)).orElse("").split("&", -1)) {
            if (!pair.isEmpty()) {
                String[] both = pair.split("=", 2);
                query.put(both[0], both.length < 2 ? "" : URLDecoder.decode(both[1], StandardCharsets.UTF_8));
            }
        }
        JsonObject body = Optional.ofNullable(request.getJsonObject("body")).orElse(JsonValue.EMPTY_JSON_OBJECT);
        return handler.apply(new SalesforceCall(
                request.getString("method", ""),
                url.group(1),
                SalesforceCall.split(url.group(2)),
                query,
                headers,
                resolve(body.toString(), results).getBytes(StandardCharsets.UTF_8),
                outer.author(),
                true));
    }

    private static String resolve(String text, Map<String, JsonValue> results) {
        return REFERENCE.matcher(text).replaceAll(found -> {
            JsonValue value = results.getOrDefault(found.group(1), JsonValue.NULL);
            for (String step : found.group(2).split("\\.", -1)) {
                value = value instanceof JsonObject object ? object.getOrDefault(step, JsonValue.NULL) : JsonValue.NULL;
            }
            if (value instanceof JsonString resolved) {
                return Matcher.quoteReplacement(resolved.getString());
            }
            throw SalesforceRefusal.bad("PROCESSING_HALTED", "Invalid reference specified: " + found.group());
        });
    }

    private static JsonValue json(byte[] body) {
        if (body.length == 0) {
            return JsonValue.NULL;
        }
        try (JsonReader reader = JSON.createReader(new ByteArrayInputStream(body))) {
            return reader.readValue();
        } catch (JsonException noJson) {
            throw new IllegalStateException(noJson);
        }
    }

    // --- /composite/sobjects ---------------------------------------------------------------------------------------

    private SimulatorAnswer collection(SalesforceCall call) {
        List<String> path = call.path();
        if (path.size() == 2) {
            return switch (call.method()) {
                case "POST", "PATCH" -> save(call, Optional.empty());
                case "DELETE" -> delete(call);
                default -> throw SalesforceRefusal.notFound();
            };
        }
        Entity entity = entity(path.get(2));
        if (path.size() == 3 && !call.method().equals("PATCH")) {
            return read(call, entity);
        }
        if (path.size() == 4 && call.method().equals("PATCH")) {
            Field key = store.schema()
                    .visible(entity, path.get(3))
                    .filter(field -> field.is(Trait.EXTERNAL_ID))
                    .orElseThrow(SalesforceRefusal::notFound);
            return save(call, Optional.of(key));
        }
        throw SalesforceRefusal.notFound();
    }

    private Entity entity(String name) {
        return store.schema()
                .find(name)
                .filter(entity -> store.rules().may(entity, "read"))
                .orElseThrow(
                        () -> SalesforceRefusal.bad("INVALID_TYPE", "sObject type '" + name + "' is not supported."));
    }

    private SimulatorAnswer read(SalesforceCall call, Entity entity) {
        List<String> ids;
        String fields;
        if (call.method().equals("GET")) {
            ids = List.of(call.query().getOrDefault("ids", "").split(",", -1));
            fields = call.query().getOrDefault("fields", "");
        } else {
            JsonObject body = call.json();
            ids = texts(body, "ids");
            fields = String.join(",", texts(body, "fields"));
        }
        List<Field> wanted = rows.fields(entity, fields);
        JsonArrayBuilder records = JSON.createArrayBuilder();
        for (String id : ids) {
            Optional<SalesforceRecord> record = SalesforceId.parse(id)
                    .flatMap(parsed -> store.find(entity, parsed))
                    .filter(found -> !found.isDeleted());
            records.add(record.<JsonValue>map(found -> SalesforceRows.read(call.root(), found, wanted))
                    .orElse(JsonValue.NULL));
        }
        return SimulatorAnswer.json(200, records.build());
    }

    private static List<String> texts(JsonObject body, String name) {
        JsonArray array = Optional.ofNullable(body.getJsonArray(name)).orElse(JsonValue.EMPTY_JSON_ARRAY);
        return array.getValuesAs(JsonString.class).stream()
                .map(JsonString::getString)
                .toList();
    }

    private SimulatorAnswer save(SalesforceCall call, Optional<Field> key) {
        JsonObject body = call.json();
        JsonArray records = Optional.ofNullable(body.getJsonArray("records"))
                .orElseThrow(() -> SalesforceRefusal.bad("JSON_PARSER_ERROR", "records is missing"));
        checkSize(records);
        boolean creating = call.method().equals("POST");
        return each(records.getValuesAs(JsonObject.class), body.getBoolean("allOrNone", false), record -> {
            Entity entity = entity(type(record));
            JsonObjectBuilder rest = JSON.createObjectBuilder(record);
            record.keySet().stream().filter(name -> name.equalsIgnoreCase("id")).forEach(rest::remove);
            if (key.isPresent()) {
                return upsert(call, entity, key.get(), record, rest);
            }
            if (creating) {
                return SalesforceRows.saved(store.create(entity, record, call.author()));
            }
            SalesforceRecord found = store.get(entity, record.getString("id", record.getString("Id", "")));
            store.update(found, rest.build(), call.author());
            return SalesforceRows.saved(found);
        });
    }

    private JsonObjectBuilder upsert(
            SalesforceCall call, Entity entity, Field key, JsonObject record, JsonObjectBuilder rest) {
        List<SalesforceRecord> matches = store.byExternalId(entity, key, record.getString(key.name(), ""));
        if (matches.size() > 1) {
            throw SalesforceRefusal.bad("DUPLICATE_EXTERNAL_ID", key.name() + ": more than one record found");
        }
        if (matches.isEmpty()) {
            return SalesforceRows.saved(store.create(entity, record, call.author()))
                    .add("created", true);
        }
        store.update(matches.get(0), rest.build(), call.author());
        return SalesforceRows.saved(matches.get(0)).add("created", false);
    }

    private static String type(JsonObject record) {
        return Optional.ofNullable(record.getJsonObject("attributes"))
                .map(attributes -> attributes.getString("type", ""))
                .orElse("");
    }

    private static void checkSize(JsonArray records) {
        int chunks = 0;
        String last = "";
        for (JsonObject record : records.getValuesAs(JsonObject.class)) {
            if (!type(record).equals(last)) {
                chunks++;
                last = type(record);
            }
        }
        if (records.isEmpty() || records.size() > MOST_RECORDS || chunks > MOST_CHUNKS) {
            throw SalesforceRefusal.bad(
                    "EXCEEDED_ID_LIMIT", "record limit reached. cannot submit more than 200 records");
        }
    }

    private SimulatorAnswer delete(SalesforceCall call) {
        List<JsonObject> ids = new ArrayList<>();
        for (String id : call.query().getOrDefault("ids", "").split(",", -1)) {
            ids.add(JSON.createObjectBuilder().add("id", id).build());
        }
        return each(ids, "true".equals(call.query().get("allOrNone")), row -> {
            String id = row.getString("id");
            Entity entity = store.schema().entities().stream()
                    .filter(candidate -> id.startsWith(candidate.prefix()))
                    .findFirst()
                    .orElseThrow(() -> SalesforceRefusal.bad("MALFORMED_ID", "malformed id " + id));
            SalesforceRecord record = store.get(entity, id);
            store.delete(record, call.author());
            return SalesforceRows.saved(record);
        });
    }

    /** The answer is 200 whatever becomes of the records. */
    private SimulatorAnswer each(
            List<JsonObject> records, boolean allOrNone, Function<JsonObject, JsonObjectBuilder> work) {
        SalesforceStore.Snapshot before = store.snapshot();
        List<JsonObject> results = new ArrayList<>();
        boolean failed = false;
        for (JsonObject record : records) {
            try {
                results.add(work.apply(record).build());
            } catch (SalesforceRefusal refused) {
                failed = true;
                results.add(failure(refused));
            }
        }
        if (failed && allOrNone) {
            store.restore(before);
            results.replaceAll(result -> result.getBoolean("success", false)
                    ? failure(SalesforceRefusal.bad(
                            "ALL_OR_NONE_OPERATION_ROLLED_BACK",
                            "Record rolled back because not all records were valid and the request was using"
                                    + " AllOrNone header"))
                    : result);
        }
        JsonArrayBuilder answer = JSON.createArrayBuilder();
        results.forEach(answer::add);
        return SimulatorAnswer.json(200, answer.build());
    }

    private static JsonObject failure(SalesforceRefusal refused) {
        return JSON.createObjectBuilder()
                .add("success", false)
                .add("errors", JSON.createArrayBuilder().add(refused.inCollection()))
                .build();
    }
}
