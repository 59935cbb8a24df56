package org.cosellbridge.simulator;

import jakarta.json.Json;
import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.cosellbridge.simulator.DataverseSchema.Column;
import org.cosellbridge.simulator.DataverseSchema.Kind;
import org.cosellbridge.simulator.DataverseSchema.Table;
import org.jspecify.annotations.Nullable;

/**
 * The rows of the simulated environment and the rules that hold whatever the way they are written. Not thread-safe: the simulator
 * holds a lock around every call.
 */
final class DataverseStore {
    static final Pattern GUID = Pattern.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");
    private static final Pattern ADDRESS = Pattern.compile("/?(\\w+)\\((.*)\\)");
    private static final Pattern KEY_PART = Pattern.compile("(\\w+)=(?:'((?:[^']|'')*)'|([^,']+))(?:,|$)");
    private static final Pattern UNSAFE_IN_KEY = Pattern.compile("[/<>*%&:\\\\?+]");
    private static final int MONEY_DIGITS = 4;
    private static final int FIRST_YEAR = 1753;
    private static final int LAST_YEAR = 9999;

    private final DataverseSchema schema = new DataverseSchema();
    private final Clock clock;
    private final Consumer<String> brokenRules;
    private final Map<String, Map<String, DataverseRow>> rows = new HashMap<>();
    private final List<Deletion> deletions = new ArrayList<>();
    private final List<DataverseSimulator.Write> writes = new ArrayList<>();
    private final List<Event> events = new ArrayList<>();
    private final List<AlternateKey> keys = new ArrayList<>();
    private final List<String> unchanged = new ArrayList<>();
    private long version = 3_018_000;
    private boolean lenientClosedRows;

    DataverseStore(Clock clock, Consumer<String> brokenRules) {
        this.clock = clock;
        this.brokenRules = brokenRules;
        schema.tables().forEach(table -> rows.put(table.name(), new LinkedHashMap<>()));
        for (String table : List.of("opportunity", "lead")) {
            keys.add(new AlternateKey(table, List.of("cosell_referralidentifier"), "Active"));
        }
    }

    /**
     * Who writes.
     *
     * @param userId the row in {@code systemusers}
     * @param seller whether it is done within the environment, by a person or an automation, not by a call
     * @param tag of the call
     */
    record Author(String userId, boolean seller, String tag) {}

    /** A row that is no more. */
    record Deletion(String table, String id, long version) {}

    /** What happened to a row, for webhooks. */
    record Event(String message, DataverseRow row, List<String> columns, Author author) {}

    /** A unique key besides the id. */
    record AlternateKey(String table, List<String> columns, String status) {}

    /** How an address names a row: by its id or by an alternate key. */
    record Address(Table table, Optional<String> id, Map<String, String> key, String text) {}

    /** The state to go back to when a change set fails. */
    record Snapshot(
            Map<String, Map<String, DataverseRow>> rows, int deletions, int writes, int events, int unchanged) {}

    private record Parsed(Map<String, JsonValue> values, Map<String, String> lookups) {}

    static SimulatorAnswer.RefusedException refuse(int status, String code, String message) {
        return error(status, code, message).refused();
    }

    static SimulatorAnswer error(int status, String code, String message) {
        return SimulatorAnswer.json(
                        status,
                        Json.createObjectBuilder()
                                .add(
                                        "error",
                                        Json.createObjectBuilder()
                                                .add("code", code)
                                                .add("message", message))
                                .build())
                .withHeader("OData-Version", "4.0");
    }

    DataverseSchema schema() {
        return schema;
    }

    List<DataverseSimulator.Write> writes() {
        return writes;
    }

    List<String> unchangedColumns() {
        return unchanged;
    }

    List<Deletion> deletions() {
        return deletions;
    }

    List<AlternateKey> keys() {
        return keys;
    }

    void keyStatus(String table, String status) {
        keys.replaceAll(key -> key.table().equals(table) ? new AlternateKey(table, key.columns(), status) : key);
    }

    void lenientClosedRows(boolean lenient) {
        this.lenientClosedRows = lenient;
    }

    long version() {
        return version;
    }

    Stream<DataverseRow> rows(Table table) {
        return of(table).values().stream();
    }

    Optional<DataverseRow> find(Table table, String id) {
        return Optional.ofNullable(of(table).get(id.toLowerCase(Locale.ROOT)));
    }

    private Map<String, DataverseRow> of(Table table) {
        return rows.computeIfAbsent(table.name(), name -> new LinkedHashMap<>());
    }

    List<Event> takeEvents() {
        List<Event> taken = List.copyOf(events);
        events.clear();
        return taken;
    }

    Snapshot snapshot() {
        Map<String, Map<String, DataverseRow>> copy = new HashMap<>();
        rows.forEach((table, held) -> copy.put(table, new LinkedHashMap<>(held)));
        return new Snapshot(copy, deletions.size(), writes.size(), events.size(), unchanged.size());
    }

    void restore(Snapshot snapshot) {
        rows.clear();
        rows.putAll(snapshot.rows());
        cut(deletions, snapshot.deletions());
        cut(writes, snapshot.writes());
        cut(events, snapshot.events());
        cut(unchanged, snapshot.unchanged());
    }

    private static void cut(List<?> list, int size) {
        list.subList(size, list.size()).clear();
    }

    /** Understands {@code (…)} behind a set. */
    Address address(Table table, String inBrackets) {
        if (GUID.matcher(inBrackets).matches()) {
            return new Address(table, Optional.of(inBrackets.toLowerCase(Locale.ROOT)), Map.of(), inBrackets);
        }
        Map<String, String> key = new LinkedHashMap<>();
        Matcher parts = KEY_PART.matcher(inBrackets);
        int end = 0;
        while (parts.find() && parts.start() == end) {
            String quoted = parts.group(2);
            key.put(parts.group(1), quoted == null ? parts.group(3) : quoted.replace("''", "'"));
            end = parts.end();
        }
        if (key.isEmpty()
                || end != inBrackets.length()
                || key.values().stream()
                        .anyMatch(value -> UNSAFE_IN_KEY.matcher(value).find())) {
            throw refuse(400, "0x0", "The key in the request URI is not valid for resource '" + table.name() + "'.");
        }
        boolean defined = keys.stream()
                .anyMatch(known -> known.table().equals(table.name())
                        && known.status().equals("Active")
                        && new TreeSet<>(properties(table, known)).equals(new TreeSet<>(key.keySet())));
        if (!defined) {
            throw refuse(
                    400,
                    "0x80060890",
                    "The specified key attributes are not a defined key for the " + table.name() + " entity");
        }
        return new Address(table, Optional.empty(), key, inBrackets);
    }

    private static List<String> properties(Table table, AlternateKey key) {
        return key.columns().stream()
                .map(column -> table.findColumn(column).orElseThrow().property())
                .toList();
    }

    Optional<DataverseRow> find(Address address) {
        if (address.id().isPresent()) {
            return find(address.table(), address.id().get());
        }
        return rows(address.table())
                .filter(row -> address.key().entrySet().stream()
                        .allMatch(part -> holds(row.value(part.getKey()), part.getValue())))
                .findFirst();
    }

    private static boolean holds(JsonValue value, String text) {
        if (value instanceof JsonNumber number) {
            return number.toString().equals(text);
        }
        return value instanceof JsonString held && held.getString().equalsIgnoreCase(text);
    }

    static SimulatorAnswer.RefusedException missing(Address address) {
        return address.id()
                .map(id -> refuse(404, "0x80040217", address.table().name() + " With Id = " + id + " Does Not Exist"))
                .orElseGet(() -> refuse(
                        404,
                        "0x80060891",
                        "A record with the specified key values does not exist in "
                                + address.table().name() + " entity"));
    }

    /** Creates a row; {@code keyed} are the values of an alternate key in the address, over which the body wins. */
    DataverseRow create(Table table, JsonObject body, Map<String, String> keyed, Author author) {
        Parsed parsed = parse(table, body, true, author);
        Map<String, JsonValue> values = new HashMap<>();
        Map<String, String> lookups = new HashMap<>();
        table.columns().values().stream()
                .filter(column -> column.kind() == Kind.BOOLEAN)
                .forEach(column -> values.put(column.property(), JsonValue.FALSE));
        keyed.forEach((column, value) -> values.put(column, Json.createValue(value)));
        values.putAll(parsed.values());
        lookups.putAll(parsed.lookups());
        if (table.name().equals("opportunity") && values.get("isrevenuesystemcalculated") == JsonValue.TRUE) {
            // the total of the products rules, and there are none yet
            values.remove("estimatedvalue");
        }
        String id = values.get(table.key()) instanceof JsonString given
                ? given.getString().toLowerCase(Locale.ROOT)
                : UUID.randomUUID().toString();
        if (find(table, id).isPresent()) {
            throw refuse(412, "0x80040237", "Cannot insert duplicate key.");
        }
        values.put(table.key(), Json.createValue(id));
        if (!table.statuses().isEmpty()) {
            values.put("statecode", Json.createValue(0));
            int status =
                    values.get("statuscode") instanceof JsonNumber given ? given.intValue() : table.defaultStatus(0);
            if (!Optional.of(0).equals(table.stateOf(status))) {
                throw refuse(400, "0x80040203", status + " is not a valid status code for state code 0.");
            }
            values.put("statuscode", Json.createValue(status));
        }
        if (table.findColumn("ownerid").isPresent()) {
            values.putIfAbsent("_ownerid_value", Json.createValue(author.userId()));
            lookups.putIfAbsent("_ownerid_value", "systemuser");
            inheritCurrency(values, lookups);
        }
        values.put("createdon", Json.createValue(now()));
        values.put("_createdby_value", Json.createValue(author.userId()));
        lookups.put("_createdby_value", "systemuser");
        DataverseRow created = store(table, id, values, lookups, author);
        written("CREATE", table, id, columnsOf(table, parsed), author);
        events.add(new Event("Create", created, columnsOf(table, parsed), author));
        return created;
    }

    /** Not documented which comes first; the customer's currency, else that of the organization. */
    private void inheritCurrency(Map<String, JsonValue> values, Map<String, String> lookups) {
        if (!isNull(values.get("_transactioncurrencyid_value"))) {
            return;
        }
        Optional<JsonValue> inherited = Stream.of("_parentaccountid_value", "_customerid_value")
                .filter(property -> "account".equals(lookups.get(property)))
                .flatMap(property -> values.get(property) instanceof JsonString id
                        ? find(schema.table("account"), id.getString()).stream()
                        : Stream.empty())
                .map(account -> account.value("_transactioncurrencyid_value"))
                .filter(currency -> !isNull(currency))
                .findFirst()
                .or(() -> rows(schema.table("organization"))
                        .map(organization -> organization.value("_basecurrencyid_value"))
                        .findFirst());
        inherited.filter(currency -> !isNull(currency)).ifPresent(currency -> {
            values.put("_transactioncurrencyid_value", currency);
            lookups.put("_transactioncurrencyid_value", "transactioncurrency");
        });
    }

    private static boolean isNull(@Nullable JsonValue value) {
        return value == null || value.getValueType() == JsonValue.ValueType.NULL;
    }

    /** Changes a row. */
    DataverseRow update(Table table, DataverseRow row, JsonObject body, Author author) {
        Parsed parsed = parse(table, body, false, author);
        Map<String, JsonValue> changes = new HashMap<>(parsed.values());
        if (changes.remove(table.key()) instanceof JsonString id
                && !id.getString().equalsIgnoreCase(row.id())) {
            throw refuse(400, "0x80040203", "The id of a row cannot be changed.");
        }
        checkStates(table, row, changes);
        if (table.name().equals("opportunity") && row.flag("isrevenuesystemcalculated")) {
            // the total of the products rules
            changes.remove("estimatedvalue");
        }
        if (!author.seller()) {
            changes.forEach((property, value) -> {
                if (DataverseRow.same(row.value(property), value)
                        && parsed.values().containsKey(property)) {
                    unchanged.add(table.set() + "(" + row.id() + ")/" + property);
                }
            });
        }
        Map<String, JsonValue> values = new HashMap<>(row.values());
        values.putAll(changes);
        Map<String, String> lookups = new HashMap<>(row.lookups());
        lookups.putAll(parsed.lookups());
        DataverseRow updated = store(table, row.id(), values, lookups, author);
        written("UPDATE", table, row.id(), columnsOf(table, parsed), author);
        events.add(new Event("Update", updated, columnsOf(table, parsed), author));
        return updated;
    }

    private void checkStates(Table table, DataverseRow row, Map<String, JsonValue> changes) {
        if (table.statuses().isEmpty()) {
            return;
        }
        int from = row.number("statecode");
        boolean statesOnly = changes.keySet().stream()
                .allMatch(property -> property.equals("statecode") || property.equals("statuscode"));
        boolean stateGiven = changes.get("statecode") instanceof JsonNumber;
        int to = changes.get("statecode") instanceof JsonNumber state ? state.intValue() : from;
        if (table.name().equals("opportunity")) {
            if (stateGiven && to != 0 && to != from) {
                String word = to == 1 ? "won" : "lost";
                throw refuse(
                        400,
                        "0x80040216",
                        "This message can not be used to set the state of opportunity to " + word
                                + ". In order to set state of opportunity to " + word + ", use the " + word
                                + " message instead.");
            }
            if (from != 0 && !lenientClosedRows && !(statesOnly && stateGiven && to == 0)) {
                throw refuse(400, "0x80040230", "The opportunity is closed and read-only.");
            }
        }
        if (table.name().equals("lead") && from != 0 && to != 0 && from != to) {
            throw refuse(400, "0x80040203", "A qualified or disqualified lead must be reopened first.");
        }
        if (stateGiven && table.statuses().stream().noneMatch(status -> status.state() == to)) {
            throw refuse(400, "0x80040203", to + " is not a valid state code on " + table.name() + ".");
        }
        if (changes.get("statuscode") instanceof JsonNumber status) {
            if (!Optional.of(to).equals(table.stateOf(status.intValue()))) {
                throw refuse(
                        400,
                        "0x80040203",
                        status.intValue() + " is not a valid status code for state code " + to + " on " + table.name()
                                + ".");
            }
        } else if (stateGiven && to != from) {
            changes.put("statuscode", Json.createValue(table.defaultStatus(to)));
        }
    }

    /** Deletes a row; lookups that hold its id become empty. */
    void delete(Table table, DataverseRow row, Author author) {
        of(table).remove(row.id());
        deletions.add(new Deletion(table.name(), row.id(), ++version));
        written("DELETE", table, row.id(), List.of(), author);
        events.add(new Event("Delete", row, List.of(), author));
        for (Table other : schema.tables()) {
            for (DataverseRow referring : List.copyOf(of(other).values())) {
                Map<String, JsonValue> values = new HashMap<>(referring.values());
                boolean referred = referring.lookups().entrySet().removeIf(entry -> false)
                        || referring.lookups().entrySet().stream()
                                        .filter(lookup -> lookup.getValue().equals(table.name()))
                                        .filter(lookup -> holds(referring.value(lookup.getKey()), row.id()))
                                        .map(lookup -> values.put(lookup.getKey(), JsonValue.NULL))
                                        .count()
                                > 0;
                if (referred) {
                    store(other, referring.id(), values, referring.lookups(), author);
                }
            }
        }
    }

    /** Wins or loses an opportunity: the documented actions. */
    void close(boolean won, JsonObject body, Author author) {
        body.keySet().stream()
                .filter(parameter -> !Set.of("Status", "OpportunityClose").contains(parameter))
                .findFirst()
                .ifPresent(parameter -> {
                    throw refuse(400, "0x80048d19", "The parameter '" + parameter + "' is not a valid parameter.");
                });
        if (!(body.get("Status") instanceof JsonNumber status)
                || !(body.get("OpportunityClose") instanceof JsonObject close)) {
            throw refuse(400, "0x80048d19", "The parameters Status and OpportunityClose are required.");
        }
        Table table = schema.table("opportunity");
        Table closes = schema.table("opportunityclose");
        Parsed parsed = parse(closes, close, true, author);
        String id = parsed.values().get("_opportunityid_value") instanceof JsonString bound ? bound.getString() : "";
        DataverseRow row =
                find(table, id).orElseThrow(() -> refuse(400, "0x80040203", "OpportunityClose names no opportunity."));
        if (row.number("statecode") != 0) {
            throw refuse(400, "0x80040515", "The opportunity has already been closed.");
        }
        int state = won ? 1 : 2;
        int number = status.intValue() == -1 ? table.defaultStatus(state) : status.intValue();
        if (!Optional.of(state).equals(table.stateOf(number))) {
            throw refuse(
                    400,
                    "0x80040203",
                    number + " is not a valid status code for state code " + state + " on opportunity.");
        }
        create(closes, close, Map.of(), author);
        DataverseRow activity = rows(closes).reduce((first, second) -> second).orElseThrow();
        Map<String, JsonValue> done = new HashMap<>(activity.values());
        done.put("statecode", Json.createValue(1));
        done.put("statuscode", Json.createValue(2));
        store(closes, activity.id(), done, activity.lookups(), author);
        Map<String, JsonValue> values = new HashMap<>(row.values());
        values.put("statecode", Json.createValue(state));
        values.put("statuscode", Json.createValue(number));
        values.put("actualvalue", activity.value("actualrevenue"));
        values.put(
                "actualclosedate",
                Json.createValue(activity.text("actualend")
                        .map(end -> end.substring(0, 10))
                        .orElseGet(() -> clock.instant().toString().substring(0, 10))));
        DataverseRow closed = store(table, row.id(), values, row.lookups(), author);
        written(won ? "WIN" : "LOSE", table, row.id(), List.of("statecode", "statuscode"), author);
        events.add(new Event(won ? "WinOpportunity" : "LoseOpportunity", closed, List.of("statuscode"), author));
    }

    /** Qualifies a lead: the documented action. Answers the rows it made. */
    List<DataverseRow> qualify(DataverseRow lead, JsonObject body, Author author) {
        for (String flag : List.of("CreateAccount", "CreateContact", "CreateOpportunity")) {
            JsonValue value = body.get(flag);
            if (isNull(value) || (value != JsonValue.TRUE && value != JsonValue.FALSE)) {
                throw refuse(400, "0x80048d19", "The parameter " + flag + " is required.");
            }
        }
        Table leads = schema.table("lead");
        if (!(body.get("Status") instanceof JsonNumber status)
                || !Optional.of(1).equals(leads.stateOf(status.intValue()))) {
            throw refuse(400, "0x80048d19", "The parameter Status must be a status of the Qualified state.");
        }
        if (lead.number("statecode") != 0) {
            throw refuse(400, "0x80040203", "The lead is not open.");
        }
        List<DataverseRow> made = new ArrayList<>();
        // what the lead names already goes with the opportunity
        Optional<String> account =
                entity(body, "OpportunityCustomerId", "accountid").or(() -> lead.text("_parentaccountid_value"));
        if (body.getBoolean("CreateAccount")) {
            DataverseRow row = create(
                    schema.table("account"),
                    copy(lead, Map.of("companyname", "name", "address1_postalcode", "address1_postalcode"), Map.of()),
                    Map.of(),
                    author);
            made.add(row);
            account = Optional.of(row.id());
        }
        Map<String, String> binds = new LinkedHashMap<>();
        account.ifPresent(id -> binds.put("parentcustomerid_account", "/accounts(" + id + ")"));
        Optional<String> contact = lead.text("_parentcontactid_value");
        if (body.getBoolean("CreateContact")) {
            DataverseRow row = create(
                    schema.table("contact"),
                    copy(
                            lead,
                            Map.of(
                                    "firstname", "firstname",
                                    "lastname", "lastname",
                                    "emailaddress1", "emailaddress1",
                                    "telephone1", "telephone1"),
                            binds),
                    Map.of(),
                    author);
            made.add(row);
            contact = Optional.of(row.id());
        }
        if (body.getBoolean("CreateOpportunity")) {
            Map<String, String> opportunityBinds = new LinkedHashMap<>();
            opportunityBinds.put("originatingleadid", "/leads(" + lead.id() + ")");
            account.ifPresent(id -> opportunityBinds.put("customerid_account", "/accounts(" + id + ")"));
            account.ifPresent(id -> opportunityBinds.put("parentaccountid", "/accounts(" + id + ")"));
            contact.ifPresent(id -> opportunityBinds.put("parentcontactid", "/contacts(" + id + ")"));
            entity(body, "OpportunityCurrencyId", "transactioncurrencyid")
                    .or(() -> lead.text("_transactioncurrencyid_value"))
                    .ifPresent(
                            id -> opportunityBinds.put("transactioncurrencyid", "/transactioncurrencies(" + id + ")"));
            made.add(create(
                    schema.table("opportunity"),
                    copy(
                            lead,
                            Map.of(
                                    "subject", "name",
                                    "estimatedamount", "estimatedvalue",
                                    "estimatedclosedate", "estimatedclosedate",
                                    "description", "description"),
                            opportunityBinds),
                    Map.of(),
                    author));
        }
        update(
                leads,
                lead,
                Json.createObjectBuilder()
                        .add("statecode", 1)
                        .add("statuscode", status)
                        .build(),
                author);
        return made;
    }

    private static Optional<String> entity(JsonObject body, String parameter, String key) {
        return body.get(parameter) instanceof JsonObject entity && entity.get(key) instanceof JsonString id
                ? Optional.of(id.getString())
                : Optional.empty();
    }

    private static JsonObject copy(DataverseRow from, Map<String, String> columns, Map<String, String> binds) {
        JsonObjectBuilder body = Json.createObjectBuilder();
        columns.forEach((source, target) -> {
            if (!isNull(from.value(source))) {
                body.add(target, from.value(source));
            }
        });
        binds.forEach((navigation, address) -> body.add(navigation + "@odata.bind", address));
        return body.build();
    }

    private DataverseRow store(
            Table table, String id, Map<String, JsonValue> values, Map<String, String> lookups, Author author) {
        checkKeys(table, id, values);
        Map<String, JsonValue> complete = new HashMap<>(values);
        if (table.findColumn("fullname").map(column -> !column.writable()).orElse(false)) {
            String full = Stream.of("firstname", "middlename", "lastname")
                    .map(complete::get)
                    .flatMap(part -> part instanceof JsonString text ? Stream.of(text.getString()) : Stream.empty())
                    .collect(Collectors.joining(" "));
            complete.put("fullname", full.isEmpty() ? JsonValue.NULL : Json.createValue(full));
        }
        computeBaseAmounts(table, complete);
        long next = ++version;
        complete.put("modifiedon", Json.createValue(now()));
        complete.put("_modifiedby_value", Json.createValue(author.userId()));
        complete.put("versionnumber", Json.createValue(next));
        complete.values().removeIf(DataverseStore::isNull);
        Map<String, String> kept = new HashMap<>(lookups);
        kept.put("_modifiedby_value", "systemuser");
        kept.keySet().retainAll(complete.keySet());
        DataverseRow row = new DataverseRow(table.name(), id, next, complete, kept);
        of(table).put(id, row);
        return row;
    }

    private void computeBaseAmounts(Table table, Map<String, JsonValue> values) {
        if (table.findColumn("exchangerate").isEmpty()
                || !(values.get("_transactioncurrencyid_value") instanceof JsonString currency)) {
            return;
        }
        BigDecimal rate = find(schema.table("transactioncurrency"), currency.getString())
                .map(row -> row.value("exchangerate") instanceof JsonNumber number
                        ? number.bigDecimalValue()
                        : BigDecimal.ONE)
                .orElse(BigDecimal.ONE);
        values.put("exchangerate", Json.createValue(rate));
        for (Column column : table.columns().values()) {
            if (column.kind() == Kind.MONEY && column.writable()) {
                JsonValue base = values.get(column.name()) instanceof JsonNumber amount
                        ? Json.createValue(amount.bigDecimalValue().divide(rate, MONEY_DIGITS, RoundingMode.HALF_UP))
                        : JsonValue.NULL;
                values.put(column.name() + "_base", base);
            }
        }
    }

    private void checkKeys(Table table, String id, Map<String, JsonValue> values) {
        for (AlternateKey key : keys) {
            if (!key.table().equals(table.name()) || !key.status().equals("Active")) {
                continue;
            }
            List<String> properties = properties(table, key);
            if (properties.stream().anyMatch(property -> isNull(values.get(property)))) {
                continue;
            }
            boolean taken = rows(table)
                    .anyMatch(row -> !row.id().equals(id)
                            && properties.stream()
                                    .allMatch(property -> sameKey(row.value(property), values.get(property))));
            if (taken) {
                throw refuse(
                        412,
                        "0x80060892",
                        "A record that has the attribute values " + String.join(", ", key.columns())
                                + " already exists. The entity key requires that this set of attributes contains"
                                + " unique values.");
            }
        }
    }

    private static boolean sameKey(JsonValue one, @Nullable JsonValue other) {
        return (one instanceof JsonString a && other instanceof JsonString b)
                ? a.getString().equalsIgnoreCase(b.getString())
                : other != null && DataverseRow.same(one, other);
    }

    private Parsed parse(Table table, JsonObject body, boolean creating, Author author) {
        Map<String, JsonValue> values = new LinkedHashMap<>();
        Map<String, String> lookups = new HashMap<>();
        for (Map.Entry<String, JsonValue> member : body.entrySet()) {
            String name = member.getKey();
            JsonValue value = member.getValue();
            if (name.endsWith("@odata.bind")) {
                bind(table, name.substring(0, name.length() - "@odata.bind".length()), value, values, lookups);
            } else if (!name.startsWith("@odata.")) {
                Column column = table.findColumn(name)
                        .filter(known -> known.kind() != Kind.LOOKUP)
                        .orElse(null);
                if (column == null) {
                    insertBelow(table, name, value, values, lookups, author);
                } else {
                    checkWritable(table, column, creating);
                    values.put(name, convert(table, column, value));
                }
            }
        }
        return new Parsed(values, lookups);
    }

    private void checkWritable(Table table, Column column, boolean creating) {
        if (!column.writable()) {
            brokenRules.accept("wrote the read-only column " + table.name() + "." + column.name());
            throw refuse(400, "0x80040203", "The property '" + column.name() + "' is read-only.");
        }
        if (creating && column.kind() == Kind.STATE) {
            brokenRules.accept("sent statecode with a create of " + table.name());
            throw refuse(400, "0x80040203", "The property 'statecode' is not valid for create.");
        }
    }

    /** A related row inside the body is created with it. */
    private void insertBelow(
            Table table,
            String navigation,
            JsonValue value,
            Map<String, JsonValue> values,
            Map<String, String> lookups,
            Author author) {
        Column column = table.findByNavigation(navigation).orElseThrow(() -> unknownProperty(table, navigation));
        if (!(value instanceof JsonObject related)) {
            throw refuse(400, "0x80048d19", "A navigation property takes a row or @odata.bind: " + navigation);
        }
        Table target = target(column, navigation);
        DataverseRow made = create(target, related, Map.of(), author);
        values.put(column.property(), Json.createValue(made.id()));
        lookups.put(column.property(), target.name());
    }

    static SimulatorAnswer.RefusedException unknownProperty(Table table, String name) {
        return refuse(
                400,
                "0x0",
                "Could not find a property named '" + name + "' on type 'Microsoft.Dynamics.CRM." + table.name()
                        + "'.");
    }

    private void bind(
            Table table,
            String navigation,
            JsonValue value,
            Map<String, JsonValue> values,
            Map<String, String> lookups) {
        Column column = table.findByNavigation(navigation)
                .orElseThrow(() -> refuse(
                        400,
                        "0x80048d19",
                        "Error identified in Payload provided by the user for Entity :'" + table.name()
                                + "', InnerException : An undeclared property '" + navigation
                                + "' which only has property annotations in the payload but no property value was found"
                                + " in the payload. In OData, only declared navigation properties and declared named"
                                + " streams can be represented as properties without values."));
        if (!column.writable()) {
            brokenRules.accept("wrote the read-only column " + table.name() + "." + column.name());
            throw refuse(400, "0x80040203", "The property '" + column.name() + "' is read-only.");
        }
        if (isNull(value)) {
            values.put(column.property(), JsonValue.NULL);
            return;
        }
        if (!(value instanceof JsonString address)) {
            throw refuse(400, "0x80048d19", "@odata.bind takes an address.");
        }
        Matcher matcher = ADDRESS.matcher(address.getString().replaceFirst("^https?://[^/]+/api/data/v[0-9.]+", ""));
        if (!matcher.matches()) {
            throw refuse(400, "0x80048d19", "Invalid URI in @odata.bind of " + navigation);
        }
        Table target = schema.findSet(matcher.group(1)).orElseThrow(() -> noSet(matcher.group(1)));
        if (!target.equals(target(column, navigation))) {
            throw refuse(400, "0x80048d19", navigation + " does not refer to rows of " + target.set());
        }
        Address row = address(target, matcher.group(2));
        String id = find(row).orElseThrow(() -> missing(row)).id();
        values.put(column.property(), Json.createValue(id));
        lookups.put(column.property(), target.name());
    }

    private Table target(Column column, String navigation) {
        String target = column.navigations().getOrDefault(navigation, "");
        return schema.findTable(target).orElseThrow(() -> noSet(target));
    }

    static SimulatorAnswer.RefusedException noSet(String set) {
        return refuse(404, "0x8006088a", "Resource not found for the segment '" + set + "'.");
    }

    private static JsonValue convert(Table table, Column column, JsonValue value) {
        if (isNull(value)) {
            return JsonValue.NULL;
        }
        return switch (column.kind()) {
            case TEXT -> text(table, column, value);
            case ID -> {
                if (!(value instanceof JsonString id)
                        || !GUID.matcher(id.getString()).matches()) {
                    throw wrongType(column, "Edm.Guid");
                }
                yield Json.createValue(id.getString().toLowerCase(Locale.ROOT));
            }
            case MONEY, DECIMAL, INTEGER -> number(column, value);
            case BOOLEAN -> {
                if (value.getValueType() != JsonValue.ValueType.TRUE
                        && value.getValueType() != JsonValue.ValueType.FALSE) {
                    throw wrongType(column, "Edm.Boolean");
                }
                yield value;
            }
            case CHOICE -> {
                if (!(value instanceof JsonNumber number) || !number.isIntegral()) {
                    throw wrongType(column, "Edm.Int32");
                }
                if (!column.choices().contains(number.intValue())) {
                    throw refuse(
                            400,
                            "0x8004431A",
                            "A validation error occurred. The value " + number + " of '" + column.name()
                                    + "' on record of"
                                    + " type '" + table.name() + "' is outside the valid range. Accepted Values: "
                                    + column.choices());
                }
                yield Json.createValue(number.intValue());
            }
            case STATE, STATUS -> {
                if (!(value instanceof JsonNumber number) || !number.isIntegral()) {
                    throw wrongType(column, "Edm.Int32");
                }
                yield Json.createValue(number.intValue());
            }
            case DATE -> {
                if (!(value instanceof JsonString day) || !isDay(day.getString())) {
                    throw wrongType(column, "Edm.Date");
                }
                yield value;
            }
            case DATETIME -> {
                if (!(value instanceof JsonString instant)) {
                    throw wrongType(column, "Edm.DateTimeOffset");
                }
                yield Json.createValue(instant(column, instant.getString()));
            }
            case LOOKUP -> throw unknownProperty(table, column.name());
        };
    }

    private static JsonValue text(Table table, Column column, JsonValue value) {
        if (!(value instanceof JsonString text)) {
            throw wrongType(column, "Edm.String");
        }
        if (text.getString().length() > column.length()) {
            throw refuse(
                    400,
                    "0x80044331",
                    "A validation error occurred. The length of the '" + column.name() + "' attribute of the '"
                            + table.name() + "' entity exceeded the maximum allowed length of '" + column.length()
                            + "'.");
        }
        if (text.getString().chars().anyMatch(c -> c < ' ' && c != '\t' && c != '\n' && c != '\r')) {
            throw refuse(
                    400,
                    "0x80040203",
                    "The value of '" + column.name() + "' holds a character that is not valid in a text.");
        }
        return text.getString().isEmpty() ? JsonValue.NULL : value;
    }

    private static JsonValue number(Column column, JsonValue value) {
        if (!(value instanceof JsonNumber number) || (column.kind() == Kind.INTEGER && !number.isIntegral())) {
            throw wrongType(column, column.kind() == Kind.INTEGER ? "Edm.Int32" : "Edm.Decimal");
        }
        BigDecimal amount = number.bigDecimalValue();
        if (amount.compareTo(column.least()) < 0 || amount.compareTo(column.most()) > 0) {
            throw refuse(
                    400,
                    "0x80040203",
                    "A validation error occurred. The value of '" + column.name() + "' is outside the"
                            + " valid range.");
        }
        return column.kind() == Kind.MONEY
                ? Json.createValue(amount.setScale(2, RoundingMode.HALF_UP).setScale(MONEY_DIGITS))
                : value;
    }

    private static boolean isDay(String text) {
        try {
            int year = LocalDate.parse(text).getYear();
            return year >= FIRST_YEAR && year <= LAST_YEAR;
        } catch (DateTimeException notADay) {
            return false;
        }
    }

    private static String instant(Column column, String text) {
        try {
            Instant instant = text.length() == 10
                    ? LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant()
                    : OffsetDateTime.parse(text).toInstant();
            return instant.truncatedTo(ChronoUnit.SECONDS).toString();
        } catch (DateTimeException notAnInstant) {
            throw wrongType(column, "Edm.DateTimeOffset");
        }
    }

    private static SimulatorAnswer.RefusedException wrongType(Column column, String type) {
        return refuse(
                400,
                "0x80048d19",
                "Error identified in Payload provided by the user: cannot convert the literal of '" + column.name()
                        + "' to the expected type '" + type + "'.");
    }

    private String now() {
        return clock.instant().truncatedTo(ChronoUnit.SECONDS).toString();
    }

    private static List<String> columnsOf(Table table, Parsed parsed) {
        return parsed.values().keySet().stream()
                .map(property -> table.findByProperty(property).orElseThrow().name())
                .sorted()
                .toList();
    }

    private void written(String action, Table table, String id, List<String> columns, Author author) {
        writes.add(new DataverseSimulator.Write(
                clock.instant(), action, table.set(), id, columns, author.seller(), author.tag()));
    }
}
