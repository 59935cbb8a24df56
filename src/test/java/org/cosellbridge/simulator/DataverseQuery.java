package org.cosellbridge.simulator;

import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.cosellbridge.simulator.DataverseSchema.Column;
import org.cosellbridge.simulator.DataverseSchema.Kind;
import org.cosellbridge.simulator.DataverseSchema.Status;
import org.cosellbridge.simulator.DataverseSchema.Table;
import org.jspecify.annotations.Nullable;

/** Reads: one row, lists with filter, order, paging and expansion, and change tracking. Called under the simulator's lock. */
final class DataverseQuery {
    private static final int LARGEST_PAGE = 5000;
    private static final int MOST_EXPANSIONS = 15;
    private static final Set<String> OPTIONS =
            Set.of("$select", "$filter", "$orderby", "$top", "$expand", "$count", "$skiptoken", "$deltatoken", "tag");
    private static final Pattern EXPANSION = Pattern.compile("(\\w+)(?:\\(([^)]*)\\))?(?:,|$)");
    private static final Pattern ESCAPE = Pattern.compile("%[0-9A-F]{2}");
    private static final Pattern DELTA_TOKEN =
            Pattern.compile("(?<version>\\d{1,18})!(?<time>[^!]+)!(?<generation>\\d{1,9})!(?<columns>[0-9a-f]+)");
    private static final DateTimeFormatter TOKEN_TIME =
            DateTimeFormatter.ofPattern("MM/dd/yyyy HH:mm:ss", Locale.ROOT).withZone(ZoneOffset.UTC);

    private final DataverseStore store;
    private final Clock clock;
    private final Consumer<String> brokenRules;
    private final Map<String, Cursor> cursors = new HashMap<>();
    private final Map<String, Integer> tokenGenerations = new HashMap<>();
    private final Set<String> untracked = new HashSet<>();
    private final Set<String> withoutGlobalRead = new HashSet<>();

    DataverseQuery(DataverseStore store, Clock clock, Consumer<String> brokenRules) {
        this.store = store;
        this.clock = clock;
        this.brokenRules = brokenRules;
    }

    private record Cursor(
            String rawQuery, String prefer, String context, List<JsonObject> rest, Optional<String> deltaLink) {}

    private record Delta(List<DataverseRow> changed, List<String> deleted) {}

    private record Expansion(String navigation, Column column, Table target, List<String> select) {}

    /** Tokens given so far for this table are worth nothing. */
    void expireTokens(Table table) {
        tokenGenerations.merge(table.name(), 1, Integer::sum);
    }

    void globalRead(Table table, boolean granted) {
        if (granted) {
            withoutGlobalRead.remove(table.name());
        } else {
            withoutGlobalRead.add(table.name());
        }
    }

    void changeTracking(Table table, boolean enabled) {
        if (enabled) {
            untracked.remove(table.name());
        } else {
            untracked.add(table.name());
        }
    }

    boolean isTracked(Table table) {
        return !untracked.contains(table.name());
    }

    /** {@code GET set(key)}. */
    SimulatorAnswer read(DataverseCall call, Table table, DataverseRow row) {
        Map<String, String> query = checkOptions(call);
        List<Expansion> expansions = expansions(table, query.getOrDefault("$expand", ""));
        boolean annotated = call.preference("odata.include-annotations").isPresent();
        List<String> select = select(table, query.get("$select"));
        String condition = call.header("If-None-Match").orElse("null");
        if (condition.equals(row.etag()) && expansions.isEmpty() && !annotated) {
            return SimulatorAnswer.empty(304).withHeader("ETag", row.etag());
        }
        return ok(200, entity(call, table, row, select, expansions, annotated));
    }

    /** The row with its context, as reads and {@code return=representation} answer it. */
    JsonObject entity(DataverseCall call, Table table, DataverseRow row, List<String> select) {
        return entity(
                call,
                table,
                row,
                select,
                List.of(),
                call.preference("odata.include-annotations").isPresent());
    }

    private JsonObject entity(
            DataverseCall call,
            Table table,
            DataverseRow row,
            List<String> select,
            List<Expansion> expansions,
            boolean annotated) {
        JsonObjectBuilder answer =
                Json.createObjectBuilder().add("@odata.context", context(call, table, select) + "/$entity");
        return answer.addAll(Json.createObjectBuilder(json(table, row, select, expansions, annotated)))
                .build();
    }

    /** {@code GET set(key)/property}. */
    SimulatorAnswer property(DataverseCall call, Table table, DataverseRow row, String property) {
        if (table.findByProperty(property).isEmpty()) {
            throw DataverseStore.refuse(404, "0x8006088a", "Resource not found for the segment '" + property + "'.");
        }
        JsonValue value = row.value(property);
        return value.getValueType() == JsonValue.ValueType.NULL
                ? SimulatorAnswer.empty(204)
                : ok(
                        200,
                        Json.createObjectBuilder()
                                .add(
                                        "@odata.context",
                                        call.root() + "/$metadata#" + table.set() + "(" + row.id() + ")/" + property)
                                .add("value", value)
                                .build());
    }

    /** {@code GET set/$count}. */
    SimulatorAnswer count(DataverseCall call, Table table) {
        String token = call.query().get("$deltatoken");
        long count = token == null
                ? store.rows(table)
                        .filter(filter(table, call.query().get("$filter")))
                        .count()
                : countDelta(call, table, token);
        return SimulatorAnswer.text(200, Long.toString(Math.min(count, LARGEST_PAGE)));
    }

    private long countDelta(DataverseCall call, Table table, String token) {
        checkTracking(call, table);
        Delta delta = delta(table, token, List.of());
        return (long) delta.changed().size() + delta.deleted().size();
    }

    /** {@code GET set}. */
    SimulatorAnswer list(DataverseCall call, Table table) {
        Map<String, String> query = checkOptions(call);
        if (query.containsKey("$skiptoken")) {
            return nextPage(call, table, query.get("$skiptoken"));
        }
        List<String> select = select(table, query.get("$select"));
        boolean track = call.prefers("odata.track-changes") || query.containsKey("$deltatoken");
        if (track) {
            return track(call, table, query, select);
        }
        boolean annotated = call.preference("odata.include-annotations").isPresent();
        List<Expansion> expansions = expansions(table, query.getOrDefault("$expand", ""));
        Stream<DataverseRow> found = store.rows(table).filter(filter(table, query.get("$filter")));
        String order = query.get("$orderby");
        if (order != null) {
            found = found.sorted(order(table, order));
        }
        List<DataverseRow> all = found.toList();
        boolean sized = call.preference("odata.maxpagesize").isPresent();
        if (query.containsKey("$top") && !sized) {
            all = all.stream().limit(top(query.get("$top"))).toList();
        }
        List<JsonObject> rows = all.stream()
                .map(row -> json(table, row, select, expansions, annotated))
                .toList();
        Optional<Integer> count = "true".equals(query.get("$count"))
                ? Optional.of(Math.min(rows.size(), LARGEST_PAGE))
                : Optional.empty();
        return page(call, table, context(call, table, select), rows, Optional.empty(), count);
    }

    private static long top(String text) {
        if (!text.matches("\\d{1,9}") || Long.parseLong(text) == 0) {
            throw DataverseStore.refuse(400, "0x0", "Invalid value '" + text + "' for $top query option.");
        }
        return Long.parseLong(text);
    }

    private SimulatorAnswer track(DataverseCall call, Table table, Map<String, String> query, List<String> select) {
        for (String unsupported : List.of("$filter", "$orderby", "$expand", "$top")) {
            if (query.containsKey(unsupported)) {
                brokenRules.accept("asked for change tracking together with " + unsupported);
                throw DataverseStore.refuse(
                        400,
                        "0x80040203",
                        "The \"" + unsupported + "\" query parameter isn't supported when Change Tracking is enabled.");
            }
        }
        checkTracking(call, table);
        String token = query.get("$deltatoken");
        if (token != null && !call.rawQuery().equals(deltaQuery(query.get("$select"), token))) {
            brokenRules.accept("changed the query options of a delta link of " + table.set());
            throw expired();
        }
        String context = context(call, table, select);
        List<JsonObject> rows = new ArrayList<>();
        // without a token every row is new
        Delta delta = token == null ? new Delta(changedSince(table, 0), List.of()) : delta(table, token, select);
        delta.changed().forEach(row -> rows.add(json(table, row, select, List.of(), false)));
        delta.deleted()
                .forEach(id -> rows.add(Json.createObjectBuilder()
                        .add("@odata.context", call.root() + "/$metadata#" + table.set() + "/$deletedEntity")
                        .add("id", id)
                        .add("reason", "deleted")
                        .build()));
        String next = store.version() + "!" + TOKEN_TIME.format(clock.instant()) + "!" + generation(table) + "!"
                + fingerprint(table, select);
        String link = call.root() + "/" + table.set() + "?" + deltaQuery(query.get("$select"), next);
        SimulatorAnswer answer = page(
                call, table, token == null ? context : context + "/$delta", rows, Optional.of(link), Optional.empty());
        return answer.withHeader("Preference-Applied", "odata.track-changes");
    }

    private void checkTracking(DataverseCall call, Table table) {
        if (!isTracked(table)) {
            throw DataverseStore.refuse(400, "0x80040203", "Change tracking is not enabled for " + table.name() + ".");
        }
        if (withoutGlobalRead.contains(table.name())) {
            throw DataverseStore.refuse(
                    403,
                    "0x80040220",
                    "SecLib::CheckPrivilege failed. User: " + call.author().userId() + ", PrivilegeName: prvRead"
                            + table.name() + ", Required Depth: Global");
        }
    }

    /** The query of a delta link; with escapes in lower case, as Dataverse writes them and most clients would not. */
    private static String deltaQuery(@Nullable String select, String token) {
        String encoded = URLEncoder.encode(token, StandardCharsets.UTF_8).replace("+", "%20");
        String escaped =
                ESCAPE.matcher(encoded).replaceAll(match -> match.group().toLowerCase(Locale.ROOT));
        return (select == null ? "" : "$select=" + select + "&") + "$deltatoken=" + escaped;
    }

    private int generation(Table table) {
        return tokenGenerations.getOrDefault(table.name(), 0);
    }

    private static String fingerprint(Table table, List<String> select) {
        return Integer.toHexString((table.name() + select).hashCode());
    }

    private List<DataverseRow> changedSince(Table table, long since) {
        return store.rows(table)
                .filter(row -> row.version() > since)
                .sorted(Comparator.comparingLong(DataverseRow::version))
                .toList();
    }

    /** What changed since the token was given: rows as they are now by version, then what was deleted. */
    private Delta delta(Table table, String token, List<String> select) {
        Matcher parts = DELTA_TOKEN.matcher(token);
        if (!parts.matches()) {
            throw expired();
        }
        Instant given;
        try {
            given = LocalDateTime.parse(parts.group("time"), TOKEN_TIME).toInstant(ZoneOffset.UTC);
        } catch (DateTimeException malformed) {
            throw expired();
        }
        int days = store.rows(store.schema().table("organization"))
                .map(row -> row.number("expirechangetrackingindays"))
                .findFirst()
                .orElse(7);
        boolean otherColumns = !select.isEmpty() && !parts.group("columns").equals(fingerprint(table, select));
        if (otherColumns) {
            brokenRules.accept("used a delta token of " + table.set() + " for other columns");
        }
        if (otherColumns
                || given.plus(Duration.ofDays(days)).isBefore(clock.instant())
                || Integer.parseInt(parts.group("generation")) != generation(table)) {
            throw expired();
        }
        long since = Long.parseLong(parts.group("version"));
        List<String> deleted = store.deletions().stream()
                .filter(deletion -> deletion.table().equals(table.name()) && deletion.version() > since)
                .map(DataverseStore.Deletion::id)
                .filter(id -> store.find(table, id).isEmpty())
                .distinct()
                .toList();
        return new Delta(changedSince(table, since), deleted);
    }

    private static SimulatorAnswer.RefusedException expired() {
        return DataverseStore.refuse(
                400, "0x80044352", "Version stamp associated with the client has expired. Please perform a full sync.");
    }

    private SimulatorAnswer page(
            DataverseCall call,
            Table table,
            String context,
            List<JsonObject> rows,
            Optional<String> deltaLink,
            Optional<Integer> count) {
        int size = call.preference("odata.maxpagesize")
                .filter(text -> text.matches("\\d{1,6}"))
                .map(Integer::parseInt)
                .filter(wanted -> wanted >= 1 && wanted <= LARGEST_PAGE)
                .orElse(LARGEST_PAGE);
        JsonObjectBuilder answer = Json.createObjectBuilder().add("@odata.context", context);
        count.ifPresent(number -> answer.add("@odata.count", number));
        List<JsonObject> first = rows.subList(0, Math.min(size, rows.size()));
        if (rows.size() > size) {
            String token = UUID.randomUUID().toString();
            String query = call.rawQuery().replaceAll("&?\\$skiptoken=[^&]*", "") + "&$skiptoken=" + token;
            cursors.put(
                    token,
                    new Cursor(
                            query,
                            call.header("Prefer").orElse(""),
                            context,
                            List.copyOf(rows.subList(size, rows.size())),
                            deltaLink));
            answer.add("@odata.nextLink", call.root() + "/" + table.set() + "?" + query);
        } else {
            deltaLink.ifPresent(link -> answer.add("@odata.deltaLink", link));
        }
        JsonArrayBuilder value = Json.createArrayBuilder();
        first.forEach(value::add);
        return ok(200, answer.add("value", value).build());
    }

    private SimulatorAnswer nextPage(DataverseCall call, Table table, String token) {
        Cursor cursor = cursors.get(token);
        if (cursor == null) {
            throw DataverseStore.refuse(400, "0x80040203", "The paging cookie is not valid.");
        }
        if (!cursor.rawQuery().equals(call.rawQuery())) {
            brokenRules.accept("changed the query options of a next link of " + table.set());
            throw DataverseStore.refuse(400, "0x80040203", "The paging cookie does not fit the query.");
        }
        if (!cursor.prefer().equals(call.header("Prefer").orElse(""))) {
            brokenRules.accept("followed a next link of " + table.set() + " with another Prefer header");
        }
        return page(call, table, cursor.context(), cursor.rest(), cursor.deltaLink(), Optional.empty());
    }

    private static SimulatorAnswer ok(int status, JsonObject body) {
        return SimulatorAnswer.json(status, body).withHeader("OData-Version", "4.0");
    }

    private Map<String, String> checkOptions(DataverseCall call) {
        Map<String, String> query = call.query();
        for (String option : query.keySet()) {
            if (!OPTIONS.contains(option)) {
                brokenRules.accept("undocumented query option " + option);
                throw DataverseStore.refuse(400, "0x0", "The query parameter " + option + " is not supported.");
            }
        }
        return query;
    }

    private static String context(DataverseCall call, Table table, List<String> select) {
        boolean everything = select.size() == table.columns().size();
        return call.root() + "/$metadata#" + table.set() + (everything ? "" : "(" + String.join(",", select) + ")");
    }

    /** The selected properties; all when nothing is selected. */
    List<String> select(Table table, @Nullable String text) {
        if (text == null || text.isBlank()) {
            return table.columns().values().stream()
                    .map(Column::property)
                    .sorted()
                    .toList();
        }
        List<String> selected =
                Arrays.stream(text.split(",", -1)).map(String::trim).toList();
        for (String property : selected) {
            if (table.findByProperty(property).isEmpty()) {
                throw DataverseStore.unknownProperty(table, property);
            }
        }
        return selected;
    }

    private List<Expansion> expansions(Table table, String text) {
        List<Expansion> expansions = new ArrayList<>();
        Matcher matcher = EXPANSION.matcher(text);
        int end = 0;
        while (end < text.length() && matcher.find() && matcher.start() == end) {
            String navigation = matcher.group(1);
            Column column = table.findByNavigation(navigation)
                    .orElseThrow(() -> DataverseStore.unknownProperty(table, navigation));
            Table target = store.schema()
                    .findTable(column.navigations().getOrDefault(navigation, ""))
                    .orElseThrow(() -> DataverseStore.noSet(navigation));
            String inner = matcher.group(2);
            String select = inner != null && inner.startsWith("$select=") ? inner.substring("$select=".length()) : null;
            expansions.add(new Expansion(navigation, column, target, select(target, select)));
            end = matcher.end();
        }
        if (end != text.length() || expansions.size() > MOST_EXPANSIONS) {
            throw DataverseStore.refuse(
                    400, "0x0", "Term '" + text + "' is not valid in a $select or $expand expression.");
        }
        return expansions;
    }

    private Predicate<DataverseRow> filter(Table table, @Nullable String text) {
        if (text == null || text.isBlank()) {
            return row -> true;
        }
        try {
            return DataverseFilter.parse(text, columns(table));
        } catch (DataverseFilter.MalformedException | DateTimeException malformed) {
            throw DataverseStore.refuse(400, "0x80060888", String.valueOf(malformed.getMessage()));
        }
    }

    private DataverseFilter.Columns columns(Table table) {
        return new DataverseFilter.Columns() {
            @Override
            public void check(String path) {
                String[] parts = path.split("/", 2);
                if (parts.length == 1) {
                    property(table, path);
                } else {
                    property(target(table, parts[0]), parts[1]);
                }
            }

            @Override
            public JsonValue value(DataverseRow row, String path) {
                String[] parts = path.split("/", 2);
                if (parts.length == 1) {
                    return row.value(path);
                }
                Column lookup = table.findByNavigation(parts[0]).orElseThrow();
                return row.text(lookup.property())
                        .flatMap(id -> store.find(target(table, parts[0]), id))
                        .map(related -> related.value(parts[1]))
                        .orElse(JsonValue.NULL);
            }
        };
    }

    private static Column property(Table table, String property) {
        return table.findByProperty(property).orElseThrow(() -> DataverseStore.unknownProperty(table, property));
    }

    private Table target(Table table, String navigation) {
        Column column =
                table.findByNavigation(navigation).orElseThrow(() -> DataverseStore.unknownProperty(table, navigation));
        String target = column.navigations().getOrDefault(navigation, "");
        return store.schema().findTable(target).orElseThrow(() -> DataverseStore.noSet(target));
    }

    private static Comparator<DataverseRow> order(Table table, String text) {
        Comparator<DataverseRow> order = null;
        for (String term : text.split(",", -1)) {
            String[] parts = term.trim().split("\\s+", 2);
            String property = property(table, parts[0]).property();
            Comparator<DataverseRow> one = (a, b) -> compare(a.value(property), b.value(property));
            if (parts.length > 1 && parts[1].equals("desc")) {
                one = one.reversed();
            }
            order = order == null ? one : order.thenComparing(one);
        }
        return order == null ? Comparator.comparing(DataverseRow::id) : order;
    }

    private static int compare(JsonValue a, JsonValue b) {
        if (a instanceof JsonNumber one && b instanceof JsonNumber other) {
            return one.bigDecimalValue().compareTo(other.bigDecimalValue());
        }
        if (a instanceof JsonString one && b instanceof JsonString other) {
            return one.getString().compareToIgnoreCase(other.getString());
        }
        boolean noA = a.getValueType() == JsonValue.ValueType.NULL;
        boolean noB = b.getValueType() == JsonValue.ValueType.NULL;
        return noA || noB ? Boolean.compare(noB, noA) : a.toString().compareTo(b.toString());
    }

    private JsonObject json(
            Table table, DataverseRow row, List<String> select, List<Expansion> expansions, boolean annotated) {
        JsonObjectBuilder json = Json.createObjectBuilder().add("@odata.etag", row.etag());
        for (String property : select) {
            Column column = property(table, property);
            if (annotated) {
                annotate(table, row, column, json);
            }
            json.add(property, row.value(property));
        }
        // the primary key always comes along
        json.add(table.key(), row.id());
        for (Expansion expansion : expansions) {
            Optional<DataverseRow> related = row.text(expansion.column().property())
                    .filter(id -> expansion
                            .target()
                            .name()
                            .equals(row.lookups().get(expansion.column().property())))
                    .flatMap(id -> store.find(expansion.target(), id));
            JsonValue value = related.<JsonValue>map(
                            found -> json(expansion.target(), found, expansion.select(), List.of(), annotated))
                    .orElse(JsonValue.NULL);
            json.add(expansion.navigation(), value);
        }
        return json.build();
    }

    private void annotate(Table table, DataverseRow row, Column column, JsonObjectBuilder json) {
        String property = column.property();
        String formatted = property + "@OData.Community.Display.V1.FormattedValue";
        if (column.kind() == Kind.LOOKUP && row.text(property).isPresent()) {
            String name = row.lookups().getOrDefault(property, "");
            json.add(property + "@Microsoft.Dynamics.CRM.lookuplogicalname", name);
            column.navigations().entrySet().stream()
                    .filter(navigation -> navigation.getValue().equals(name))
                    .findFirst()
                    .ifPresent(navigation -> json.add(
                            property + "@Microsoft.Dynamics.CRM.associatednavigationproperty", navigation.getKey()));
            store.schema()
                    .findTable(name)
                    .flatMap(target -> store.find(target, row.text(property).orElse(""))
                            .flatMap(related -> related.text(target.primaryName())))
                    .ifPresent(text -> json.add(formatted, text));
        }
        if (column.kind() == Kind.STATUS) {
            table.statuses().stream()
                    .filter(status -> status.number() == row.number(property))
                    .map(Status::label)
                    .findFirst()
                    .ifPresent(label -> json.add(formatted, label));
        }
    }
}
