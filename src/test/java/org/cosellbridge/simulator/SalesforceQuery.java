package org.cosellbridge.simulator;

import static org.cosellbridge.simulator.JsonTree.JSON;

import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.cosellbridge.simulator.SalesforceSchema.Child;
import org.cosellbridge.simulator.SalesforceSchema.Entity;
import org.cosellbridge.simulator.SalesforceSchema.Field;
import org.cosellbridge.simulator.SalesforceSchema.Kind;
import org.cosellbridge.simulator.SalesforceSoql.Compare;
import org.cosellbridge.simulator.SalesforceSoql.Condition;
import org.cosellbridge.simulator.SalesforceSoql.Literal;
import org.cosellbridge.simulator.SalesforceSoql.Order;
import org.cosellbridge.simulator.SalesforceSoql.Query;
import org.cosellbridge.simulator.SalesforceSoql.TokenType;

/** Runs SOQL over the records and hands out the result in pages. Called under the simulator's lock. */
final class SalesforceQuery {
    private static final int LARGEST_PAGE = 2_000;
    private static final int PAGE_OF_LONG_TEXTS = 200;
    private static final int LEVELS_UP = 5;
    private static final int OPEN_CURSORS = 10;

    private final SalesforceStore store;
    private final Consumer<String> brokenRules;
    private final Map<String, Cursor> cursors = new LinkedHashMap<>();
    private int largestPage = LARGEST_PAGE;

    SalesforceQuery(SalesforceStore store, Consumer<String> brokenRules) {
        this.store = store;
        this.brokenRules = brokenRules;
    }

    private record Cursor(List<JsonObject> rows, int page, String user) {}

    /** A way to a field: the references to follow and the field at its end. */
    private record FieldPath(List<Field> steps, Field field) {}

    void largestPage(int rows) {
        largestPage = rows;
    }

    void expireCursors() {
        cursors.clear();
    }

    /**
     * The first page of a query.
     *
     * @param root such as {@code /services/data/v67.0}
     * @param asked the batch size the caller asks for, 0 for none
     * @param withDeleted whether the recycle bin is searched too
     */
    JsonObject run(String root, String soql, int asked, boolean withDeleted, String user) {
        Query query = SalesforceSoql.parse(soql);
        Entity entity = readable(query.from());
        List<FieldPath> paths =
                query.fields().stream().map(name -> path(entity, name, entity)).toList();
        checkRepeated(query.fields());
        query.children().forEach(child -> checkChild(entity, child));
        List<JsonObject> rows = select(entity, query, withDeleted)
                .map(record -> row(root, record, entity, query, paths))
                .toList();
        long longTexts =
                paths.stream().filter(path -> path.field().isCustomLongText()).count();
        int page = Math.min(asked == 0 ? LARGEST_PAGE : asked, largestPage);
        if (longTexts > 1) {
            page = Math.min(page, PAGE_OF_LONG_TEXTS);
        }
        String locator = store.nextId("01g");
        Cursor cursor = new Cursor(rows, page, user);
        if (rows.size() > page) {
            keep(locator, cursor);
        }
        return page(root, locator, cursor, 0);
    }

    /** A user has only so many open cursors; the oldest ends first. */
    private void keep(String locator, Cursor cursor) {
        List<String> open = cursors.entrySet().stream()
                .filter(entry -> entry.getValue().user().equals(cursor.user()))
                .map(Map.Entry::getKey)
                .toList();
        if (open.size() >= OPEN_CURSORS) {
            cursors.remove(open.get(0));
        }
        cursors.put(locator, cursor);
    }

    /** The page with this locator, such as {@code 01g5g0000000001AAA-2000}. */
    JsonObject next(String root, String locator, String user) {
        int dash = locator.lastIndexOf('-');
        Cursor cursor = dash < 0 ? null : cursors.get(locator.substring(0, dash));
        String offset = dash < 0 ? "" : locator.substring(dash + 1);
        if (cursor == null || !cursor.user().equals(user) || !offset.matches("\\d{1,9}")) {
            throw SalesforceRefusal.bad("INVALID_QUERY_LOCATOR", "invalid query locator");
        }
        int from = Integer.parseInt(offset);
        if (from % cursor.page() != 0 || from >= cursor.rows().size()) {
            brokenRules.accept("made up a query locator: " + locator);
            throw SalesforceRefusal.bad("INVALID_QUERY_LOCATOR", "invalid query locator");
        }
        return page(root, locator.substring(0, dash), cursor, from);
    }

    private static JsonObject page(String root, String locator, Cursor cursor, int from) {
        int until = Math.min(from + cursor.page(), cursor.rows().size());
        boolean done = until == cursor.rows().size();
        JsonObjectBuilder page = JSON.createObjectBuilder()
                .add("totalSize", cursor.rows().size())
                .add("done", done);
        if (!done) {
            page.add("nextRecordsUrl", root + "/query/" + locator + "-" + until);
        }
        JsonArrayBuilder records = JSON.createArrayBuilder();
        cursor.rows().subList(from, until).forEach(records::add);
        return page.add("records", records).build();
    }

    private Entity readable(String name) {
        return store.schema()
                .find(name)
                .filter(entity -> store.rules().may(entity, "read"))
                .orElseThrow(() -> SalesforceRefusal.bad(
                        "INVALID_TYPE",
                        "sObject type '" + name + "' is not supported. If you are attempting to use a custom object, be"
                                + " sure to append the '__c' after the entity name."));
    }

    /** A subquery's mistakes show even when no record has children. */
    private void checkChild(Entity entity, Query child) {
        Entity of = readable(relation(entity, child).entity());
        child.fields().forEach(name -> path(of, name, of));
        child.where().ifPresent(where -> condition(of, where));
        child.order().forEach(by -> order(of, by));
        checkRepeated(child.fields());
    }

    private static Child relation(Entity entity, Query child) {
        return entity.children().stream()
                .filter(candidate -> candidate.relationship().equalsIgnoreCase(child.from()))
                .findFirst()
                .orElseThrow(() -> SalesforceRefusal.bad(
                        "INVALID_TYPE",
                        "Didn't understand relationship '" + child.from() + "' in FROM part of query call."));
    }

    private static void checkRepeated(List<String> fields) {
        long different = fields.stream()
                .map(field -> field.toLowerCase(Locale.ROOT))
                .distinct()
                .count();
        if (different < fields.size()) {
            throw SalesforceRefusal.bad("INVALID_FIELD", "duplicate field selected");
        }
    }

    private FieldPath path(Entity entity, String name, Entity queried) {
        List<Field> steps = new ArrayList<>();
        Entity current = entity;
        List<String> parts = new ArrayList<>(List.of(name.split("\\.", -1)));
        if (parts.size() > 1 && parts.get(0).equalsIgnoreCase(queried.name())) {
            parts.remove(0);
        }
        if (parts.size() > LEVELS_UP + 1) {
            throw SalesforceRefusal.bad("INVALID_FIELD", "too many levels: " + name);
        }
        for (String step : parts.subList(0, parts.size() - 1)) {
            Entity at = current;
            Field reference = at.relation(step)
                    .filter(field -> store.schema().visible(at, field.name()).isPresent())
                    .orElseThrow(() -> SalesforceRefusal.bad(
                            "INVALID_FIELD",
                            "Didn't understand relationship '" + step + "' in field path. If you are attempting to use"
                                    + " a custom relationship, be sure to append the '__r'."));
            steps.add(reference);
            current = store.schema().entity(reference.target());
        }
        Entity last = current;
        String wanted = parts.get(parts.size() - 1);
        Field field = store.schema()
                .visible(last, wanted)
                .orElseThrow(() -> SalesforceRefusal.bad(
                        "INVALID_FIELD",
                        "No such column '" + wanted + "' on entity '" + last.name()
                                + "'. If you are attempting to use a custom field, be sure to append the '__c' after"
                                + " the custom field name."));
        return new FieldPath(steps, field);
    }

    private Optional<SalesforceRecord> follow(SalesforceRecord record, List<Field> steps) {
        Optional<SalesforceRecord> current = Optional.of(record);
        for (Field step : steps) {
            current = current.flatMap(from -> from.text(step.name())
                    .flatMap(id -> store.schema().targets(from.entity(), step).stream()
                            .flatMap(target -> store.find(target, id).stream())
                            .findFirst()));
        }
        return current;
    }

    private JsonValue value(SalesforceRecord record, FieldPath path) {
        return follow(record, path.steps())
                .map(end -> end.value(path.field().name()))
                .orElse(JsonValue.NULL);
    }

    private Stream<SalesforceRecord> select(Entity entity, Query query, boolean withDeleted) {
        Predicate<SalesforceRecord> fits =
                query.where().map(where -> condition(entity, where)).orElse(record -> true);
        // nobody promises an order that was not asked for
        Comparator<SalesforceRecord> order =
                Comparator.comparingInt(record -> record.id().hashCode() * 31 % 1_009);
        Comparator<SalesforceRecord> wanted = order;
        for (int i = query.order().size() - 1; i >= 0; i--) {
            Comparator<SalesforceRecord> by = order(entity, query.order().get(i));
            wanted = i == query.order().size() - 1 ? by.thenComparing(order) : by.thenComparing(wanted);
        }
        Stream<SalesforceRecord> found = (withDeleted ? store.all(entity) : store.live(entity))
                .filter(fits)
                .sorted(wanted);
        return query.limit() < 0 ? found : found.limit(query.limit());
    }

    private Comparator<SalesforceRecord> order(Entity entity, Order order) {
        FieldPath path = path(entity, order.field(), entity);
        if (!path.field().isFilterable()) {
            throw SalesforceRefusal.bad(
                    "MALFORMED_QUERY", "field '" + path.field().name() + "' can not be sorted in a query call");
        }
        Comparator<JsonValue> values = (one, other) -> compare(path.field(), one, other);
        Comparator<JsonValue> directed = order.descending() ? values.reversed() : values;
        return (one, other) -> {
            JsonValue a = value(one, path);
            JsonValue b = value(other, path);
            boolean noA = a == JsonValue.NULL;
            boolean noB = b == JsonValue.NULL;
            if (noA || noB) {
                return noA == noB ? 0 : noA == order.nullsLast() ? 1 : -1;
            }
            return directed.compare(a, b);
        };
    }

    // --- conditions ------------------------------------------------------------------------------------------------

    private Predicate<SalesforceRecord> condition(Entity entity, Condition condition) {
        if (condition instanceof SalesforceSoql.All all) {
            List<Predicate<SalesforceRecord>> parts =
                    all.parts().stream().map(part -> condition(entity, part)).toList();
            return record -> parts.stream().allMatch(part -> part.test(record));
        }
        if (condition instanceof SalesforceSoql.Any any) {
            List<Predicate<SalesforceRecord>> parts =
                    any.parts().stream().map(part -> condition(entity, part)).toList();
            return record -> parts.stream().anyMatch(part -> part.test(record));
        }
        if (condition instanceof SalesforceSoql.Not not) {
            return condition(entity, not.part()).negate();
        }
        return compare(entity, (Compare) condition);
    }

    private Predicate<SalesforceRecord> compare(Entity entity, Compare compare) {
        FieldPath path = path(entity, compare.field(), entity);
        Field field = path.field();
        if (!field.isFilterable()) {
            throw SalesforceRefusal.bad(
                    "INVALID_FIELD", "field '" + field.name() + "' can not be filtered in a query call");
        }
        if (compare.operator().equals("LIKE")) {
            return like(path, compare.values().get(0));
        }
        List<JsonValue> values =
                compare.values().stream().map(literal -> typed(field, literal)).toList();
        JsonValue first = values.get(0);
        return switch (compare.operator()) {
            case "=", "IN" -> record -> values.stream().anyMatch(value -> equal(field, value(record, path), value));
            case "!=", "NOT IN" ->
                record -> values.stream().noneMatch(value -> equal(field, value(record, path), value));
            default -> {
                if (field.kind() == Kind.BOOLEAN || field.kind() == Kind.REFERENCE || first == JsonValue.NULL) {
                    throw SalesforceRefusal.bad(
                            "INVALID_QUERY_FILTER_OPERATOR",
                            "invalid operator " + compare.operator() + " for field '" + field.name() + "'");
                }
                yield record -> {
                    JsonValue held = value(record, path);
                    return held != JsonValue.NULL && holds(compare.operator(), compare(field, held, first));
                };
            }
        };
    }

    private static boolean holds(String operator, int order) {
        return switch (operator) {
            case "<" -> order < 0;
            case "<=" -> order <= 0;
            case ">" -> order > 0;
            default -> order >= 0;
        };
    }

    private boolean equal(Field field, JsonValue one, JsonValue other) {
        if (one == JsonValue.NULL || other == JsonValue.NULL) {
            return one == other;
        }
        return compare(field, one, other) == 0;
    }

    /** Text regardless of case; ids with it. */
    private static int compare(Field field, JsonValue one, JsonValue other) {
        if (one instanceof JsonNumber a && other instanceof JsonNumber b) {
            return a.bigDecimalValue().compareTo(b.bigDecimalValue());
        }
        if (one instanceof JsonString a && other instanceof JsonString b) {
            return field.kind().isText()
                    ? a.getString().compareToIgnoreCase(b.getString())
                    : a.getString().compareTo(b.getString());
        }
        return one.toString().compareTo(other.toString());
    }

    private Predicate<SalesforceRecord> like(FieldPath path, Literal literal) {
        if (literal.type() != TokenType.STRING || !path.field().kind().isText()) {
            throw SalesforceRefusal.bad(
                    "INVALID_QUERY_FILTER_OPERATOR",
                    "invalid operator LIKE for field '" + path.field().name() + "'");
        }
        StringBuilder regex = new StringBuilder();
        String text = literal.text();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\\' && i + 1 < text.length()) {
                i++;
                regex.append(Pattern.quote(String.valueOf(text.charAt(i))));
            } else if (c == '%') {
                regex.append(".*");
            } else if (c == '_') {
                regex.append('.');
            } else {
                regex.append(Pattern.quote(String.valueOf(c)));
            }
        }
        Pattern pattern =
                Pattern.compile(regex.toString(), Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE | Pattern.DOTALL);
        return record -> value(record, path) instanceof JsonString held
                && pattern.matcher(held.getString()).matches();
    }

    private static JsonValue typed(Field field, Literal literal) {
        if (literal.type() == TokenType.NULL) {
            return JsonValue.NULL;
        }
        TokenType wanted = switch (field.kind()) {
            case BOOLEAN -> TokenType.BOOLEAN;
            case DATE -> TokenType.DATE;
            case DATETIME -> TokenType.DATETIME;
            case CURRENCY, PERCENT, DOUBLE, INT -> TokenType.NUMBER;
            default -> TokenType.STRING;
        };
        if (literal.type() != wanted) {
            throw SalesforceRefusal.bad(
                    "INVALID_FIELD",
                    "value of filter criterion for field '" + field.name() + "' must be of type "
                            + field.kind().type() + " and should " + (wanted == TokenType.STRING ? "" : "not ")
                            + "be enclosed in quotes");
        }
        return switch (wanted) {
            case BOOLEAN -> literal.text().equalsIgnoreCase("true") ? JsonValue.TRUE : JsonValue.FALSE;
            case NUMBER -> JSON.createValue(new BigDecimal(literal.text()));
            case DATETIME -> dateTime(literal.text());
            case DATE -> date(literal.text());
            case STRING ->
                field.kind() == Kind.ID || field.kind() == Kind.REFERENCE
                        ? JSON.createValue(SalesforceId.parse(literal.text())
                                .orElseThrow(() -> SalesforceRefusal.bad(
                                        "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: " + literal.text())))
                        : JSON.createValue(literal.text());
            default -> JSON.createValue(literal.text());
        };
    }

    private static JsonValue dateTime(String text) {
        try {
            return SalesforceValues.time(SalesforceValues.time(text));
        } catch (DateTimeException impossible) {
            throw SalesforceRefusal.bad("MALFORMED_QUERY", "line 1:1 no such time: " + text);
        }
    }

    private static JsonValue date(String text) {
        try {
            return JSON.createValue(LocalDate.parse(text).toString());
        } catch (DateTimeException impossible) {
            throw SalesforceRefusal.bad("MALFORMED_QUERY", "line 1:1 no such date: " + text);
        }
    }

    // --- results ---------------------------------------------------------------------------------------------------

    static JsonObject attributes(String root, SalesforceRecord record) {
        String type = record.entity().name();
        return JSON.createObjectBuilder()
                .add("type", type)
                .add("url", root + "/sobjects/" + type + "/" + record.id())
                .build();
    }

    private JsonObject row(String root, SalesforceRecord record, Entity entity, Query query, List<FieldPath> paths) {
        JsonObject row = fields(root, record, paths);
        JsonObjectBuilder whole = JSON.createObjectBuilder(row);
        for (Query child : query.children()) {
            Child relation = relation(entity, child);
            whole.add(relation.relationship(), children(root, record, relation, child));
        }
        return whole.build();
    }

    private JsonValue children(String root, SalesforceRecord parent, Child relation, Query query) {
        Entity entity = readable(relation.entity());
        List<FieldPath> paths =
                query.fields().stream().map(name -> path(entity, name, entity)).toList();
        Query unlimited = new Query(query.fields(), List.of(), query.from(), query.where(), query.order(), -1);
        List<SalesforceRecord> found = select(entity, unlimited, false)
                .filter(child ->
                        child.text(relation.field()).filter(parent.id()::equals).isPresent())
                .limit(query.limit() < 0 ? LARGEST_PAGE : query.limit())
                .toList();
        if (found.isEmpty()) {
            return JsonValue.NULL;
        }
        JsonArrayBuilder records = JSON.createArrayBuilder();
        found.forEach(child -> records.add(fields(root, child, paths)));
        return JSON.createObjectBuilder()
                .add("totalSize", found.size())
                .add("done", true)
                .add("records", records)
                .build();
    }

    private JsonObject fields(String root, SalesforceRecord record, List<FieldPath> paths) {
        JsonObjectBuilder json = JSON.createObjectBuilder().add("attributes", attributes(root, record));
        Map<String, List<FieldPath>> parents = new LinkedHashMap<>();
        for (FieldPath path : paths) {
            if (path.steps().isEmpty()) {
                json.add(path.field().name(), record.value(path.field().name()));
            } else {
                parents.computeIfAbsent(path.steps().get(0).relationship(), name -> new ArrayList<>())
                        .add(path);
            }
        }
        parents.forEach((relationship, below) -> {
            Optional<SalesforceRecord> parent =
                    follow(record, below.get(0).steps().subList(0, 1));
            List<FieldPath> rest = below.stream()
                    .map(path ->
                            new FieldPath(path.steps().subList(1, path.steps().size()), path.field()))
                    .toList();
            json.add(
                    relationship,
                    parent.<JsonValue>map(found -> fields(root, found, rest)).orElse(JsonValue.NULL));
        });
        return json.build();
    }
}
