package org.cosellbridge.simulator;

import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonValue;
import java.math.BigDecimal;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.cosellbridge.simulator.DataverseSchema.Column;
import org.cosellbridge.simulator.DataverseSchema.Kind;
import org.cosellbridge.simulator.DataverseSchema.Table;
import org.cosellbridge.simulator.DataverseStore.Address;
import org.cosellbridge.simulator.DataverseStore.Author;

/**
 * The Dataverse Web API of one Dynamics 365 Sales environment. Strict where Dataverse is: names, types, lengths, choices, states,
 * alternate keys, eTags and the service protection limits. What the documentation warns of works here as it does there (a PATCH
 * without {@code If-Match} creates a row) and counts as a broken rule.
 *
 * <p>It holds one person, the seller, who edits rows from the tests' side without a call, and the application users that
 * {@link #applicationUser} adds. Thread-safe; every call runs by itself, one after the other.
 */
public final class DataverseSimulator implements AutoCloseable {
    private static final Pattern ROOT = Pattern.compile("(/api/data/v9\\.[012])/(.*)");
    private static final Pattern ROW = Pattern.compile("(\\w+)\\((.*?)\\)(?:/(.+))?", Pattern.DOTALL);
    private static final Pattern DEFINITION = Pattern.compile("EntityDefinitions\\(LogicalName='(\\w+)'\\)(?:/(.+))?");
    private static final String STATUS_ATTRIBUTE =
            "Attributes(LogicalName='statuscode')/Microsoft.Dynamics.CRM.StatusAttributeMetadata";
    private static final Set<String> PREFERENCES = Set.of(
            "return=representation",
            "odata.include-annotations",
            "odata.maxpagesize",
            "odata.track-changes",
            "odata.continue-on-error");
    private static final Pattern VERSION = Pattern.compile("\\*|W/\"\\d+\"");
    private static final String KEY_EXISTS = "A record with matching key values already exists.";

    private final SimulatorServer server;
    private final EntraSimulator entra;
    private final DataverseStore store;
    private final DataverseQuery query;
    private final DataverseWebhooks webhooks;
    private final Author seller;
    private final String organizationId = UUID.randomUUID().toString();
    private final String businessUnitId = UUID.randomUUID().toString();
    private final Map<String, Deque<Long>> calls = new ConcurrentHashMap<>();
    private final Map<String, AtomicInteger> running = new ConcurrentHashMap<>();
    private final Map<Integer, String> faultCodes = new ConcurrentHashMap<>();
    private final Map<String, Boolean> optimistic = new ConcurrentHashMap<>();
    private final DataverseLabels labels = new DataverseLabels();
    private final DataverseAutomations automations;
    private volatile int callsPerWindow = 6000;
    private volatile Duration window = Duration.ofMinutes(5);
    private volatile int concurrentCalls = 52;

    /**
     * An environment with the currencies USD (the organization's own), EUR and GBP.
     *
     * @param port where to listen, 0 for any free port
     * @param entra who issues and checks its tokens; the audience is this simulator's own address
     */
    public DataverseSimulator(int port, EntraSimulator entra) {
        this(port, entra, Clock.systemUTC());
    }

    /** The same with a clock of the test's, for change tracking. */
    public DataverseSimulator(int port, EntraSimulator entra, Clock clock) {
        this.entra = entra;
        this.server = new SimulatorServer("Dataverse", port);
        this.store = new DataverseStore(clock, server.log()::breakRule);
        this.query = new DataverseQuery(store, clock, server.log()::breakRule);
        this.webhooks =
                new DataverseWebhooks(store, organizationId, businessUnitId, url(), clock, server.log()::breakRule);
        this.seller = new Author(UUID.randomUUID().toString(), true, "");
        this.automations = new DataverseAutomations(store);
        seed();
        routes();
        server.refusal(this::refusal);
        server.caller(request -> request.bearer()
                .flatMap(entra::check)
                .map(EntraSimulator.Token::clientId)
                .orElse(""));
        server.objects(this::shown);
    }

    /**
     * One write that took effect.
     *
     * @param time when
     * @param action CREATE, UPDATE, DELETE, WIN or LOSE
     * @param set the set of the row
     * @param id its id
     * @param columns the columns that were written
     * @param bySeller whether a person or an automation of the environment wrote, not a call
     * @param tag the call's tag, empty for none
     */
    public record Write(
            Instant time, String action, String set, String id, List<String> columns, boolean bySeller, String tag) {
        public Write {
            columns = List.copyOf(columns);
        }
    }

    // --- for tests -------------------------------------------------------------------------------------------------

    /** Starts to answer. */
    public DataverseSimulator start() {
        server.start();
        return this;
    }

    @Override
    public void close() {
        webhooks.close();
        server.close();
    }

    /** The environment's address, without a slash at its end. */
    public URI url() {
        return server.url();
    }

    /** The server beneath: call log, broken rules, faults, delays. */
    public SimulatorServer server() {
        return server;
    }

    /** The organization's id, as webhooks carry it. */
    public String organizationId() {
        return organizationId;
    }

    /** Gives the application a user in this environment and answers the user's id. Without one its calls are answered with 403. */
    public String applicationUser(String clientId) {
        synchronized (store) {
            Table users = store.schema().table("systemuser");
            Optional<DataverseRow> known = store.rows(users)
                    .filter(row ->
                            clientId.equalsIgnoreCase(row.text("applicationid").orElse("")))
                    .findFirst();
            return known.orElseGet(() -> store.create(
                            users,
                            Json.createObjectBuilder()
                                    .add("firstname", "#")
                                    .add("lastname", "Application " + clientId)
                                    .add("applicationid", clientId)
                                    .add(
                                            "azureactivedirectoryobjectid",
                                            UUID.randomUUID().toString())
                                    .build(),
                            Map.of(),
                            seller))
                    .id();
        }
    }

    /** The application's user is taken away. */
    public void removeApplicationUser(String clientId) {
        synchronized (store) {
            Table users = store.schema().table("systemuser");
            store.rows(users)
                    .filter(row ->
                            clientId.equalsIgnoreCase(row.text("applicationid").orElse("")))
                    .toList()
                    .forEach(row -> store.delete(users, row, seller));
        }
    }

    /** The id of the seller's row in {@code systemusers}. */
    public String sellerId() {
        return seller.userId();
    }

    /** Every row of the set with all its columns, empty ones as null, in the order of creation. */
    public List<JsonObject> rows(String set) {
        synchronized (store) {
            Table table = table(set);
            return store.rows(table).map(row -> complete(table, row)).toList();
        }
    }

    /** One row with all its columns. */
    public Optional<JsonObject> row(String set, String id) {
        synchronized (store) {
            Table table = table(set);
            return store.find(table, id).map(row -> complete(table, row));
        }
    }

    private static JsonObject complete(Table table, DataverseRow row) {
        JsonObjectBuilder json = Json.createObjectBuilder().add("@odata.etag", row.etag());
        table.columns().values().stream()
                .map(Column::property)
                .sorted()
                .forEach(property -> json.add(property, row.value(property)));
        return json.build();
    }

    /** The seller creates a row, written as a call's body would be (references by {@code @odata.bind}), and its id is answered. */
    public String create(String set, Map<String, ?> columns) {
        Table table = table(set);
        return bySeller(() -> store.create(table, body(columns), Map.of(), seller))
                .id();
    }

    /** The seller changes columns of a row, written as a call's body would be (references by {@code @odata.bind}, null empties). */
    public void edit(String set, String id, Map<String, ?> columns) {
        Table table = table(set);
        bySeller(() -> store.update(table, get(table, id), body(columns), seller));
    }

    /** The seller closes an opportunity as won or lost with this status. */
    public void close(String opportunityId, boolean won, int status) {
        JsonObject body = Json.createObjectBuilder()
                .add("Status", status)
                .add(
                        "OpportunityClose",
                        Json.createObjectBuilder()
                                .add("subject", "closed by the seller")
                                .add("opportunityid@odata.bind", "/opportunities(" + opportunityId + ")"))
                .build();
        bySeller(() -> {
            store.close(won, body, seller);
            return get(store.schema().table("opportunity"), opportunityId);
        });
    }

    /**
     * The seller qualifies an open lead: an account and a contact are made where the lead names none, and the opportunity, if wanted,
     * with the lead as its {@code originatingleadid}. Columns of the Partner Center section are not copied: they are not mapped.
     *
     * @return the id of the opportunity; empty when none was wanted
     */
    public Optional<String> qualify(String leadId, boolean createOpportunity) {
        List<DataverseRow> made = new ArrayList<>();
        bySeller(() -> {
            DataverseRow lead = get(store.schema().table("lead"), leadId);
            JsonObject body = Json.createObjectBuilder()
                    .add("CreateAccount", lead.text("_parentaccountid_value").isEmpty())
                    .add("CreateContact", lead.text("_parentcontactid_value").isEmpty())
                    .add("CreateOpportunity", createOpportunity)
                    .add("Status", store.schema().table("lead").defaultStatus(1))
                    .build();
            made.addAll(store.qualify(lead, body, seller));
            return lead;
        });
        return made.stream()
                .filter(row -> row.table().equals("opportunity"))
                .map(DataverseRow::id)
                .findFirst();
    }

    /**
     * From now on an automation of the environment sets this column to another value whenever a call has written it: as a later edit
     * of its own, by its own user and with a version of its own, after the call's answer was made. A rule that answers the value it is
     * given edits nothing.
     *
     * @param set the set of the rows
     * @param column a column that is no reference
     * @param rule from the value the row has to the value that the automation gives it
     */
    public void rewrite(String set, String column, UnaryOperator<JsonValue> rule) {
        synchronized (store) {
            automations.rewrite(table(set), column, rule);
            store.takeEvents();
        }
    }

    /** The automations of {@link #rewrite} end. */
    public void stopRewriting() {
        synchronized (store) {
            automations.stop();
        }
    }

    /** The edits of automations that the platform refused, one sentence each. */
    public List<String> failedAutomations() {
        synchronized (store) {
            return automations.failed();
        }
    }

    /** The seller deletes a row. */
    public void delete(String set, String id) {
        Table table = table(set);
        bySeller(() -> {
            DataverseRow row = get(table, id);
            store.delete(table, row, seller);
            return row;
        });
    }

    private DataverseRow bySeller(Supplier<DataverseRow> work) {
        DataverseRow row;
        synchronized (store) {
            try {
                row = work.get();
            } catch (SimulatorAnswer.RefusedException refused) {
                throw new IllegalArgumentException(
                        new String(refused.answer().body(), StandardCharsets.UTF_8), refused);
            }
            webhooks.send(store.takeEvents());
        }
        return row;
    }

    private DataverseRow get(Table table, String id) {
        return store.find(table, id)
                .orElseThrow(() -> new IllegalArgumentException("no row " + table.set() + "(" + id + ")"));
    }

    private static JsonObject body(Map<String, ?> columns) {
        return Json.createObjectBuilder(new HashMap<>(columns)).build();
    }

    private Table table(String set) {
        return store.schema().findSet(set).orElseThrow(() -> new IllegalArgumentException("no set " + set));
    }

    /** Every write that took effect, in their order. */
    public List<Write> writes() {
        synchronized (store) {
            return List.copyOf(store.writes());
        }
    }

    /** The writes to a set that calls made. */
    public List<Write> writes(String set) {
        return writes().stream()
                .filter(write -> write.set().equals(set) && !write.bySeller())
                .toList();
    }

    /** How many rows of a set were created by calls. */
    public int creates(String set) {
        return (int) writes(set).stream()
                .filter(write -> write.action().equals("CREATE"))
                .count();
    }

    /** How many times rows of a set were changed by calls, closing included. */
    public int updates(String set) {
        return (int) writes(set).stream()
                .filter(write ->
                        !write.action().equals("CREATE") && !write.action().equals("DELETE"))
                .count();
    }

    /** How often a call wrote a column with the value it had already. Allowed, but it makes events and audit rows for nothing. */
    public int unchangedColumnWrites() {
        return unchangedColumns().size();
    }

    /** Which columns were written with the value they had already. */
    public List<String> unchangedColumns() {
        synchronized (store) {
            return List.copyOf(store.unchangedColumns());
        }
    }

    /** The status of the alternate key of a table: Pending, InProgress, Active or Failed. Only an active one can be used. */
    public void alternateKeyStatus(String tableName, String status) {
        synchronized (store) {
            store.keyStatus(tableName, status);
        }
    }

    /** A further alternate key that the environment's owner defined; active at once. */
    public void addAlternateKey(String tableName, String... columns) {
        synchronized (store) {
            store.keys().add(new DataverseStore.AlternateKey(tableName, List.of(columns), "Active"));
        }
    }

    /** Whether a table has optimistic concurrency; by default every one has. */
    public void optimisticConcurrency(String tableName, boolean enabled) {
        optimistic.put(tableName, enabled);
    }

    /** Whether a table has change tracking; by default every one has. */
    public void changeTracking(String tableName, boolean enabled) {
        synchronized (store) {
            query.changeTracking(store.schema().table(tableName), enabled);
        }
    }

    /** Someone changes the columns of a table in a way that ends every delta link. */
    public void metadataChanged(String tableName) {
        synchronized (store) {
            query.expireTokens(store.schema().table(tableName));
        }
    }

    /** Every delta link given so far has expired. */
    public void expireTokens() {
        synchronized (store) {
            store.schema().tables().forEach(query::expireTokens);
        }
    }

    /** Whether application users may read every row of a table, which change tracking asks for; by default they may. */
    public void globalRead(String tableName, boolean granted) {
        synchronized (store) {
            query.globalRead(store.schema().table(tableName), granted);
        }
    }

    /** The environment's owner gives a column this label; an empty one takes the label away. */
    public void label(String tableName, String column, String label) {
        synchronized (store) {
            labels.rename(tableName, column, label);
        }
    }

    /** What the users of the environment call a column; empty when it has no label. */
    public Optional<String> label(String tableName, String column) {
        synchronized (store) {
            return labels.find(tableName, column);
        }
    }

    /** Won and lost opportunities take changes; by default they are read-only until they are reopened. */
    public void lenientClosedRows(boolean lenient) {
        synchronized (store) {
            store.lenientClosedRows(lenient);
        }
    }

    /** The service protection limits: calls per window and user, and calls at the same time. */
    public void limits(int calls, Duration inWindow, int concurrent) {
        this.callsPerWindow = calls;
        this.window = inWindow;
        this.concurrentCalls = concurrent;
    }

    /** The code in the body of calls that the fault switch refuses with this status. */
    public void faultCode(int status, String code) {
        faultCodes.put(status, code);
    }

    /** The sender of webhooks: failed jobs, duplication, reordering, truncation. */
    public DataverseWebhooks webhooks() {
        return webhooks;
    }

    // --- the Web API -----------------------------------------------------------------------------------------------

    private void seed() {
        Table currencies = store.schema().table("transactioncurrency");
        Map<String, String> symbols = Map.of("USD", "$", "EUR", "€", "GBP", "£");
        Map<String, String> rates = Map.of("USD", "1", "EUR", "0.92", "GBP", "0.79");
        String base = "";
        store.create(
                store.schema().table("systemuser"),
                Json.createObjectBuilder()
                        .add("systemuserid", seller.userId())
                        .add("firstname", "Sam")
                        .add("lastname", "Seller")
                        .add("internalemailaddress", "sam.seller@contoso.example")
                        .add("address1_telephone1", "+1 425 555 0100")
                        .build(),
                Map.of(),
                seller);
        for (String code : List.of("USD", "EUR", "GBP")) {
            DataverseRow row = store.create(
                    currencies,
                    Json.createObjectBuilder()
                            .add("isocurrencycode", code)
                            .add("currencyname", code)
                            .add("currencysymbol", symbols.getOrDefault(code, code))
                            .add("currencyprecision", 2)
                            .add("exchangerate", new BigDecimal(rates.getOrDefault(code, "1")))
                            .build(),
                    Map.of(),
                    seller);
            base = base.isEmpty() ? row.id() : base;
        }
        store.create(
                store.schema().table("organization"),
                Json.createObjectBuilder()
                        .add("organizationid", organizationId)
                        .add("name", "contoso")
                        .add("expirechangetrackingindays", 7)
                        .add("basecurrencyid@odata.bind", "/transactioncurrencies(" + base + ")")
                        .build(),
                Map.of(),
                seller);
        webhooks.seed(seller);
        store.takeEvents();
    }

    private void routes() {
        route("who am i", "GET", "WhoAmI");
        route("who am i", "GET", "WhoAmI()");
        route("batch", "POST", "$batch");
        route("win opportunity", "POST", "WinOpportunity");
        route("lose opportunity", "POST", "LoseOpportunity");
        route("read metadata", "GET", "EntityDefinitions({name*}");
        for (Table table : store.schema().tables()) {
            String set = table.set();
            route("list " + set, "GET", set);
            route("count " + set, "GET", set + "/$count");
            route("create " + set, "POST", set);
            route("read " + set, "GET", set + "({key})");
            route("update " + set, "PATCH", set + "({key})");
            route("delete " + set, "DELETE", set + "({key})");
            route("read property of " + set, "GET", set + "({key})/{property}");
            route("put property of " + set, "PUT", set + "({key})/{property}");
            route("clear property of " + set, "DELETE", set + "({key})/{property}");
            route("clear reference of " + set, "DELETE", set + "({key})/{navigation}/$ref");
            route("bound action of " + set, "POST", set + "({key})/{action}");
        }
        // what Dataverse answers to everything else below its root
        for (String method : List.of("GET", "POST", "PATCH", "PUT", "DELETE")) {
            server.route("unknown resource", method, "/api/data/{version}/{rest*}", request -> {
                server.log().breakRule("unknown resource: " + request.method() + " " + request.path());
                return answer(request);
            });
        }
    }

    private void route(String called, String method, String path) {
        server.route(called, method, "/api/data/{version}/" + path, this::answer);
    }

    private SimulatorAnswer refusal(SimulatorRequest request, Fault.Status refused) {
        String byDefault = switch (refused.status()) {
            case 403 -> "0x80040220";
            case 404 -> "0x80040217";
            case 412 -> "0x80060882";
            case 429 -> "0x80072322";
            case 500 -> "0x80040216";
            default -> "";
        };
        String code = faultCodes.getOrDefault(refused.status(), byDefault);
        if (refused.status() == 401) {
            return unauthorized();
        }
        if (refused.status() == 502 || refused.status() == 503 || refused.status() == 504) {
            return SimulatorAnswer.bytes(
                    refused.status(),
                    "text/html",
                    "<html><body>gateway</body></html>".getBytes(StandardCharsets.UTF_8));
        }
        String text = refused.status() == 429
                ? "Number of requests exceeded the limit of 6000 over time window of 300 seconds."
                : "The simulator was told to fail " + request.method() + ".";
        return DataverseStore.error(refused.status(), code, text);
    }

    private SimulatorAnswer unauthorized() {
        return SimulatorAnswer.empty(401)
                .withHeader("WWW-Authenticate", "Bearer authorization_uri=" + entra.url() + "/common/oauth2/authorize");
    }

    private SimulatorAnswer answer(SimulatorRequest request) {
        Optional<EntraSimulator.Token> token = request.bearer()
                .flatMap(entra::check)
                .filter(known -> known.audience().equals(url().toString()));
        if (token.isEmpty()) {
            return unauthorized();
        }
        checkHeaders(request);
        Matcher root = ROOT.matcher(request.path());
        if (!root.matches()) {
            return DataverseStore.error(404, "", "No HTTP resource was found that matches the request URI.");
        }
        Optional<String> user = userOf(token.get().clientId());
        if (user.isEmpty()) {
            return DataverseStore.error(403, "0x80072560", "The user is not a member of the organization.");
        }
        Map<String, String> headers = new HashMap<>();
        for (String header : List.of("Accept", "Content-Type", "If-Match", "If-None-Match", "Prefer")) {
            request.header(header).ifPresent(value -> headers.put(header.toLowerCase(Locale.ROOT), value));
        }
        DataverseCall call = new DataverseCall(
                request.method(),
                url() + root.group(1),
                URLDecoder.decode(root.group(2).replace("+", "%2B"), StandardCharsets.UTF_8),
                request.rawQuery(),
                headers,
                request.body(),
                new Author(user.get(), false, request.query("tag").orElse("")));
        return limited(call, user.get());
    }

    private Optional<String> userOf(String clientId) {
        synchronized (store) {
            return store.rows(store.schema().table("systemuser"))
                    .filter(row ->
                            clientId.equalsIgnoreCase(row.text("applicationid").orElse("")))
                    .filter(row -> !row.flag("isdisabled"))
                    .map(DataverseRow::id)
                    .findFirst();
        }
    }

    private void checkHeaders(SimulatorRequest request) {
        if (!request.header("OData-Version").filter("4.0"::equals).isPresent()
                || !request.header("OData-MaxVersion").filter("4.0"::equals).isPresent()) {
            server.log()
                    .breakRule("no OData-Version or OData-MaxVersion 4.0: " + request.method() + " " + request.path());
        }
        if (!request.path().endsWith("/$batch")
                && !request.header("Accept").orElse("").contains("application/json")) {
            server.log().breakRule("no Accept: application/json: " + request.method() + " " + request.path());
        }
    }

    private SimulatorAnswer limited(DataverseCall call, String user) {
        AtomicInteger concurrent = running.computeIfAbsent(user, id -> new AtomicInteger());
        try {
            if (concurrent.incrementAndGet() >= concurrentCalls) {
                return tooMany(
                        "0x80072326",
                        "Number of concurrent requests exceeded the limit of " + concurrentCalls + ".",
                        2);
            }
            boolean batch = call.path().equals("$batch");
            List<DataverseBatch.Part> parts = batch ? DataverseBatch.parse(call) : List.of();
            int weight = batch ? DataverseBatch.size(parts) : 1;
            Optional<SimulatorAnswer> refused = countCalls(user, weight);
            if (refused.isPresent()) {
                return refused.get();
            }
            if (batch) {
                return batch(call, parts);
            }
            synchronized (store) {
                SimulatorAnswer answer = handle(call);
                afterwards();
                return answer;
            }
        } finally {
            concurrent.decrementAndGet();
        }
    }

    private Optional<SimulatorAnswer> countCalls(String user, int weight) {
        Deque<Long> arrivals = calls.computeIfAbsent(user, id -> new ArrayDeque<>());
        synchronized (arrivals) {
            long now = System.nanoTime();
            while (!arrivals.isEmpty() && now - arrivals.peekFirst() > window.toNanos()) {
                arrivals.removeFirst();
            }
            if (arrivals.size() + weight > callsPerWindow) {
                Long oldest = arrivals.peekFirst();
                long wait = oldest == null ? 0 : window.toNanos() - (now - oldest);
                int seconds = (int) Math.max(1, Duration.ofNanos(wait).toSeconds() + 1);
                return Optional.of(tooMany(
                        "0x80072322",
                        "Number of requests exceeded the limit of " + callsPerWindow + " over time window of "
                                + window.toSeconds() + " seconds.",
                        seconds));
            }
            for (int i = 0; i < weight; i++) {
                arrivals.addLast(now);
            }
        }
        return Optional.empty();
    }

    private SimulatorAnswer tooMany(String code, String text, int seconds) {
        server.log().breakRule("service protection limit: " + text);
        return DataverseStore.error(429, code, text).withHeader("Retry-After", Integer.toString(seconds));
    }

    private SimulatorAnswer batch(DataverseCall call, List<DataverseBatch.Part> parts) {
        boolean continues = call.prefers("odata.continue-on-error");
        List<List<SimulatorAnswer>> answers = new ArrayList<>();
        synchronized (store) {
            for (DataverseBatch.Part part : parts) {
                List<SimulatorAnswer> answered = part.changeSet() ? changeSet(call, part) : List.of(single(call, part));
                answers.add(answered);
                if (!continues && answered.stream().anyMatch(answer -> answer.status() >= 400)) {
                    break;
                }
            }
            afterwards();
        }
        return DataverseBatch.answer(parts, answers);
    }

    /** What a call's writes set off. */
    private void afterwards() {
        List<DataverseStore.Event> events = store.takeEvents();
        webhooks.send(events);
        automations.run(events);
        webhooks.send(store.takeEvents());
    }

    private SimulatorAnswer single(DataverseCall outer, DataverseBatch.Part part) {
        return inner(DataverseBatch.inner(outer, part.requests().get(0), Map.of()));
    }

    private List<SimulatorAnswer> changeSet(DataverseCall outer, DataverseBatch.Part part) {
        DataverseStore.Snapshot before = store.snapshot();
        Map<String, String> contents = new HashMap<>();
        List<SimulatorAnswer> answers = new ArrayList<>();
        for (DataverseBatch.Request request : part.requests()) {
            if (request.method().equals("GET")) {
                server.log().breakRule("a GET inside a change set");
            }
            SimulatorAnswer answer = inner(DataverseBatch.inner(outer, request, contents));
            if (answer.status() >= 400) {
                // one transaction: a single error part is answered and nothing happened
                store.restore(before);
                return List.of(answer);
            }
            String location = answer.headers().get("OData-EntityId");
            if (location != null) {
                contents.put("$" + request.contentId(), location);
            }
            answers.add(answer);
        }
        return answers;
    }

    private SimulatorAnswer inner(DataverseCall call) {
        long started = System.nanoTime();
        SimulatorAnswer answer;
        try {
            answer = handle(call);
        } catch (SimulatorAnswer.RefusedException refused) {
            answer = refused.answer();
        }
        server.log()
                .add(new Call(
                        Instant.now(),
                        "batched " + call.method(),
                        call.method(),
                        call.path(),
                        call.rawQuery(),
                        Map.of(),
                        answer.status(),
                        true,
                        Duration.ofNanos(System.nanoTime() - started)));
        return answer;
    }

    /** A write takes a tag and a selection of what it answers; every call takes the documented preferences only. */
    private void checkCall(DataverseCall call) {
        for (String option : call.query().keySet()) {
            if (!call.method().equals("GET") && !option.equals("tag") && !option.equals("$select")) {
                server.log().breakRule("undocumented query option of a write: " + option);
                throw DataverseStore.refuse(400, "0x0", "The query parameter " + option + " is not supported.");
            }
        }
        for (String preference : call.preferences()) {
            if (!PREFERENCES.contains(preference.split("=", 2)[0]) && !PREFERENCES.contains(preference)) {
                server.log().breakRule("undocumented preference: " + preference);
            }
        }
        call.header("If-Match")
                .filter(version -> !VERSION.matcher(version).matches())
                .ifPresent(version -> server.log().breakRule("If-Match is no eTag: " + version));
        if (call.header("If-Match").isPresent()
                && call.header("If-None-Match").filter("*"::equals).isPresent()) {
            server.log().breakRule("If-Match together with If-None-Match: " + call.path());
        }
    }

    private SimulatorAnswer handle(DataverseCall call) {
        String path = call.path();
        checkCall(call);
        if (path.equals("WhoAmI") || path.equals("WhoAmI()")) {
            return SimulatorAnswer.json(
                    200,
                    Json.createObjectBuilder()
                            .add("@odata.context", call.root() + "/$metadata#Microsoft.Dynamics.CRM.WhoAmIResponse")
                            .add("BusinessUnitId", businessUnitId)
                            .add("UserId", call.author().userId())
                            .add("OrganizationId", organizationId)
                            .build());
        }
        if (path.equals("WinOpportunity") || path.equals("LoseOpportunity")) {
            if (!call.method().equals("POST")) {
                throw DataverseStore.refuse(404, "", "No HTTP resource was found that matches the request URI.");
            }
            atomically(() -> {
                store.close(path.equals("WinOpportunity"), call.json(), call.author());
                return "";
            });
            return noContent();
        }
        Matcher definition = DEFINITION.matcher(path);
        if (definition.matches()) {
            return definition(
                    call,
                    definition.group(1),
                    Optional.ofNullable(definition.group(2)).orElse(""));
        }
        String set = path.endsWith("/$count") ? path.substring(0, path.length() - "/$count".length()) : path;
        Optional<Table> table = store.schema().findSet(set);
        if (table.isPresent()) {
            return switch (call.method()) {
                case "GET" -> path.equals(set) ? query.list(call, table.get()) : query.count(call, table.get());
                case "POST" -> create(call, table.get());
                default -> throw DataverseStore.refuse(405, "0x80060888", "The operation is not allowed on a set.");
            };
        }
        Matcher row = ROW.matcher(path);
        if (!row.matches()) {
            throw DataverseStore.noSet(path);
        }
        Table ofRow = store.schema().findSet(row.group(1)).orElseThrow(() -> DataverseStore.noSet(row.group(1)));
        Address address = store.address(ofRow, row.group(2));
        String rest = Optional.ofNullable(row.group(3)).orElse("");
        return rest.isEmpty() ? row(call, address) : below(call, address, rest);
    }

    private SimulatorAnswer row(DataverseCall call, Address address) {
        Optional<DataverseRow> found = store.find(address);
        return switch (call.method()) {
            case "GET" -> query.read(call, address.table(), found.orElseThrow(() -> DataverseStore.missing(address)));
            case "PATCH" -> patch(call, address, found);
            case "DELETE" -> {
                DataverseRow row = found.orElseThrow(() -> DataverseStore.missing(address));
                checkVersion(call, row);
                store.delete(address.table(), row, call.author());
                yield noContent();
            }
            default -> throw DataverseStore.refuse(405, "0x80060888", "The operation is not allowed on a row.");
        };
    }

    private void checkVersion(DataverseCall call, DataverseRow row) {
        Optional<String> condition = call.header("If-Match");
        if (condition.isEmpty() || condition.get().equals("*")) {
            return;
        }
        if (!optimistic.getOrDefault(row.table(), true)) {
            throw DataverseStore.refuse(
                    400, "0x8006088D", "Optimistic concurrency isn't enabled for entity type " + row.table() + ".");
        }
        if (!condition.get().equals(row.etag())) {
            throw DataverseStore.refuse(
                    412,
                    "0x80060882",
                    "The version of the existing record doesn't match the RowVersion property provided.");
        }
    }

    private SimulatorAnswer patch(DataverseCall call, Address address, Optional<DataverseRow> found) {
        boolean onlyUpdate = call.header("If-Match").isPresent();
        boolean onlyCreate = call.header("If-None-Match").filter("*"::equals).isPresent();
        if (!onlyUpdate && !onlyCreate) {
            server.log()
                    .breakRule("PATCH without If-Match or If-None-Match" + (found.isEmpty() ? " created" : " changed")
                            + " a row: " + call.path());
        }
        Table table = address.table();
        if (found.isEmpty()) {
            if (onlyUpdate) {
                throw DataverseStore.missing(address);
            }
            JsonObject body = call.json();
            JsonObject withId = address.id()
                    .map(id ->
                            Json.createObjectBuilder(body).add(table.key(), id).build())
                    .orElse(body);
            warnOfRepeatedKey(address, body);
            DataverseRow created = atomically(() -> store.create(table, withId, address.key(), call.author()));
            return written(call, table, created, 201, address);
        }
        if (onlyCreate) {
            throw DataverseStore.refuse(412, "", KEY_EXISTS);
        }
        checkVersion(call, found.get());
        if (call.json().isEmpty()) {
            server.log().breakRule("an update without a column: " + call.path());
        }
        JsonObjectBuilder body = Json.createObjectBuilder(call.json());
        // key columns in the body are ignored when the row exists
        address.key().keySet().forEach(body::remove);
        DataverseRow updated = atomically(() -> store.update(table, found.get(), body.build(), call.author()));
        return written(call, table, updated, 200, address);
    }

    private void warnOfRepeatedKey(Address address, JsonObject body) {
        address.key().keySet().stream()
                .filter(body::containsKey)
                .forEach(column -> server.log()
                        .breakRule("repeated the key column " + column + " in the body: " + address.text()));
    }

    private <T> T atomically(Supplier<T> work) {
        DataverseStore.Snapshot before = store.snapshot();
        try {
            return work.get();
        } catch (SimulatorAnswer.RefusedException refused) {
            store.restore(before);
            throw refused;
        }
    }

    private SimulatorAnswer create(DataverseCall call, Table table) {
        JsonObject body = call.json();
        DataverseRow created = atomically(() -> store.create(table, body, Map.of(), call.author()));
        return written(
                call, table, created, 201, new Address(table, Optional.of(created.id()), Map.of(), created.id()));
    }

    private SimulatorAnswer written(DataverseCall call, Table table, DataverseRow row, int status, Address address) {
        if (call.prefers("return=representation")) {
            List<String> select = query.select(table, call.query().get("$select"));
            return SimulatorAnswer.json(status, query.entity(call, table, row, select))
                    .withHeader("OData-Version", "4.0")
                    .withHeader("Preference-Applied", "return=representation");
        }
        String entity = call.root() + "/" + table.set() + "(" + address.text() + ")";
        return noContent().withHeader("OData-EntityId", entity).withHeader("Location", entity);
    }

    private static SimulatorAnswer noContent() {
        return SimulatorAnswer.empty(204).withHeader("OData-Version", "4.0");
    }

    /** A property, a reference or an action of a row. */
    private SimulatorAnswer below(DataverseCall call, Address address, String rest) {
        Table table = address.table();
        DataverseRow row = store.find(address).orElseThrow(() -> DataverseStore.missing(address));
        if (call.method().equals("GET")) {
            return query.property(call, table, row, rest);
        }
        if (call.method().equals("POST")) {
            if (!table.name().equals("lead") || !rest.equals("Microsoft.Dynamics.CRM.QualifyLead")) {
                throw DataverseStore.noSet(rest);
            }
            return qualify(call, row);
        }
        JsonObjectBuilder change = Json.createObjectBuilder();
        if (rest.endsWith("/$ref") && call.method().equals("DELETE")) {
            change.addNull(rest.substring(0, rest.length() - "/$ref".length()) + "@odata.bind");
        } else if (table.findColumn(rest)
                .filter(column -> column.kind() != Kind.LOOKUP)
                .isEmpty()) {
            throw DataverseStore.noSet(rest);
        } else if (call.method().equals("DELETE")) {
            change.addNull(rest);
        } else {
            change.add(rest, call.json().getOrDefault("value", JsonValue.NULL));
        }
        checkVersion(call, row);
        atomically(() -> store.update(table, row, change.build(), call.author()));
        return noContent();
    }

    private SimulatorAnswer qualify(DataverseCall call, DataverseRow lead) {
        JsonObject body = call.json();
        List<DataverseRow> made = atomically(() -> store.qualify(lead, body, call.author()));
        JsonArrayBuilder value = Json.createArrayBuilder();
        made.forEach(row -> value.add(Json.createObjectBuilder()
                .add("@odata.type", "#Microsoft.Dynamics.CRM." + row.table())
                .add(store.schema().table(row.table()).key(), row.id())));
        return SimulatorAnswer.json(
                        200,
                        Json.createObjectBuilder()
                                .add(
                                        "@odata.context",
                                        call.root() + "/$metadata#Collection(Microsoft.Dynamics.CRM.crmbaseentity)")
                                .add("value", value)
                                .build())
                .withHeader("OData-Version", "4.0");
    }

    private SimulatorAnswer definition(DataverseCall call, String name, String rest) {
        Table table = store.schema()
                .findTable(name)
                .orElseThrow(() -> DataverseStore.refuse(404, "0x80060888", "Could not find an entity named " + name));
        if (rest.isEmpty()) {
            JsonObject all = Json.createObjectBuilder()
                    .add("LogicalName", table.name())
                    .add("EntitySetName", table.set())
                    .add("PrimaryIdAttribute", table.key())
                    .add("PrimaryNameAttribute", table.primaryName())
                    .add("ObjectTypeCode", table.typeCode())
                    .add("ChangeTrackingEnabled", query.isTracked(table))
                    .add("IsOptimisticConcurrencyEnabled", optimistic.getOrDefault(table.name(), true))
                    .build();
            return SimulatorAnswer.json(200, selected(call, all));
        }
        if (rest.equals("Attributes")) {
            return SimulatorAnswer.json(200, attributes(call, table));
        }
        if (rest.equals("Keys")) {
            JsonArrayBuilder keys = Json.createArrayBuilder();
            store.keys().stream()
                    .filter(key -> key.table().equals(table.name()))
                    .forEach(key -> keys.add(selected(
                            call,
                            Json.createObjectBuilder()
                                    .add("LogicalName", String.join("_", key.columns()) + "_key")
                                    .add("KeyAttributes", Json.createArrayBuilder(key.columns()))
                                    .add("EntityKeyIndexStatus", key.status())
                                    .build())));
            return SimulatorAnswer.json(
                    200, Json.createObjectBuilder().add("value", keys).build());
        }
        if (rest.equals(STATUS_ATTRIBUTE)) {
            JsonArrayBuilder options = Json.createArrayBuilder();
            table.statuses()
                    .forEach(status -> options.add(Json.createObjectBuilder()
                            .add("Value", status.number())
                            .add("State", status.state())
                            .add(
                                    "Label",
                                    Json.createObjectBuilder()
                                            .add(
                                                    "UserLocalizedLabel",
                                                    Json.createObjectBuilder().add("Label", status.label())))));
            return SimulatorAnswer.json(
                    200,
                    Json.createObjectBuilder()
                            .add("LogicalName", "statuscode")
                            .add("OptionSet", Json.createObjectBuilder().add("Options", options))
                            .build());
        }
        server.log().breakRule("undocumented metadata: " + call.path());
        throw DataverseStore.noSet(rest);
    }

    /** The columns, and for each lookup the virtual one with the other row's name, which has no label. */
    private JsonObject attributes(DataverseCall call, Table table) {
        for (String option : call.query().keySet()) {
            if (!option.equals("$select")) {
                server.log().breakRule("undocumented query option of metadata: " + option);
                throw DataverseStore.refuse(400, "0x0", "The query parameter " + option + " is not supported.");
            }
        }
        JsonArrayBuilder attributes = Json.createArrayBuilder();
        table.columns().values().stream()
                .sorted(Comparator.comparing(Column::name))
                .forEach(column -> {
                    attributes.add(attribute(call, table, column.name(), labels.find(table.name(), column.name())));
                    if (column.kind() == Kind.LOOKUP) {
                        attributes.add(attribute(call, table, column.name() + "name", Optional.empty()));
                    }
                });
        return Json.createObjectBuilder()
                .add("@odata.context", call.root() + "/$metadata#EntityDefinitions('" + table.name() + "')/Attributes")
                .add("value", attributes)
                .build();
    }

    private static JsonObject attribute(DataverseCall call, Table table, String name, Optional<String> label) {
        JsonObjectBuilder display = Json.createObjectBuilder();
        if (label.isPresent()) {
            JsonObject localized = Json.createObjectBuilder()
                    .add("Label", label.get())
                    .add("LanguageCode", 1033)
                    .build();
            display.add("LocalizedLabels", Json.createArrayBuilder().add(localized))
                    .add("UserLocalizedLabel", localized);
        } else {
            display.add("LocalizedLabels", JsonValue.EMPTY_JSON_ARRAY).addNull("UserLocalizedLabel");
        }
        String id = UUID.nameUUIDFromBytes((table.name() + "." + name).getBytes(StandardCharsets.UTF_8))
                .toString();
        JsonObject all = Json.createObjectBuilder()
                .add("LogicalName", name)
                .add("DisplayName", display)
                .add("MetadataId", id)
                .build();
        // the id always comes along
        return Json.createObjectBuilder(selected(call, all))
                .add("MetadataId", id)
                .build();
    }

    private static JsonObject selected(DataverseCall call, JsonObject all) {
        String select = call.query().get("$select");
        if (select == null) {
            return all;
        }
        JsonObjectBuilder some = Json.createObjectBuilder();
        for (String name : select.split(",", -1)) {
            JsonValue value = all.get(name);
            if (value == null) {
                throw DataverseStore.refuse(400, "0x0", "Could not find a property named '" + name + "'.");
            }
            some.add(name, value);
        }
        return some.build();
    }

    private JsonValue shown() {
        JsonObjectBuilder sets = Json.createObjectBuilder();
        for (String set : List.of("opportunities", "leads", "accounts", "contacts", "opportunitycloses")) {
            JsonArrayBuilder rows = Json.createArrayBuilder();
            rows(set).forEach(row -> {
                JsonObjectBuilder filled = Json.createObjectBuilder();
                row.forEach((column, value) -> {
                    if (value.getValueType() != JsonValue.ValueType.NULL) {
                        filled.add(column, value);
                    }
                });
                rows.add(filled);
            });
            sets.add(set, rows);
        }
        return sets.add("unchangedColumnWrites", unchangedColumnWrites()).build();
    }
}
