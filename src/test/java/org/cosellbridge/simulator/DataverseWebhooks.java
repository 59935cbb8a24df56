package org.cosellbridge.simulator;

import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.cosellbridge.simulator.DataverseSchema.Column;
import org.cosellbridge.simulator.DataverseSchema.Kind;
import org.cosellbridge.simulator.DataverseSchema.Table;
import org.cosellbridge.simulator.DataverseStore.Author;
import org.cosellbridge.simulator.DataverseStore.Event;

/**
 * Sends webhooks for the steps registered in {@code sdkmessageprocessingsteps}: asynchronously, with one further attempt after 502,
 * 503 and 504, else the job has failed and nobody tries again. Nothing promises order or uniqueness, and the knobs take both away.
 * A registration that Dataverse would not serve, or that a careful admin would not make, counts as a broken rule. Thread-safe.
 */
public final class DataverseWebhooks implements CrmPushes, AutoCloseable {
    private static final Duration ANSWER_WITHIN = Duration.ofSeconds(60);
    private static final int LARGEST_PAYLOAD = 256 * 1024;
    private static final Set<Integer> TRIED_AGAIN = Set.of(502, 503, 504);
    private static final Pattern SETTING = Pattern.compile("<setting name=\"([^\"]+)\" value=\"([^\"]*)\"\\s*/>");
    private static final Pattern SETTINGS = Pattern.compile("<settings>(?:" + SETTING + ")+</settings>");
    private static final String CONTRACTS = ":http://schemas.microsoft.com/xrm/2011/Contracts";
    private static final String NO_ROW = "00000000-0000-0000-0000-000000000000";
    /** Where the clock of a server may hang; it does not move the instant. */
    private static final List<String> OFFSETS = List.of("", "+0000", "-0800", "+0530");

    private static final List<String> MESSAGES =
            List.of("Create", "Update", "Delete", "WinOpportunity", "LoseOpportunity");
    private static final Set<String> CLOSES = Set.of("WinOpportunity", "LoseOpportunity");

    private final DataverseStore store;
    private final Clock clock;
    private final Consumer<String> brokenRules;
    private final String organizationId;
    private final String businessUnitId;
    private final URI environment;
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(ANSWER_WITHIN)
            .build();
    private final ExecutorService sender = Executors.newFixedThreadPool(4, work -> {
        Thread thread = new Thread(work, "dataverse-webhook");
        thread.setDaemon(true);
        return thread;
    });
    private final List<Push> pushes = new CopyOnWriteArrayList<>();
    private final List<String> failedJobs = new CopyOnWriteArrayList<>();
    private final List<Job> held = new ArrayList<>();
    private final AtomicInteger underWay = new AtomicInteger();
    private final AtomicInteger sent = new AtomicInteger();
    private final Random random = new Random(7);
    private volatile Duration timeout = ANSWER_WITHIN;
    private volatile Duration shuffleWithin = Duration.ZERO;
    private volatile Predicate<Push> lost = push -> false;
    private volatile int copies = 1;
    private volatile int contexts;
    private volatile boolean cutToSize;
    private volatile boolean closesWithoutRow;
    private boolean holding;

    DataverseWebhooks(
            DataverseStore store,
            String organizationId,
            String businessUnitId,
            URI environment,
            Clock clock,
            Consumer<String> brokenRules) {
        this.store = store;
        this.organizationId = organizationId;
        this.businessUnitId = businessUnitId;
        this.environment = environment;
        this.clock = clock;
        this.brokenRules = brokenRules;
    }

    /**
     * A payload on its way.
     *
     * @param message such as Update
     * @param table the row's table
     * @param id the row's id
     * @param tag of the call that caused it, empty for none
     */
    public record Push(String message, String table, String id, String tag) {}

    private record Job(HttpRequest request, Push push, DataverseRow step, Author author) {}

    /** Every webhook from now on is delivered so often. */
    @Override
    public void copies(int each) {
        this.copies = each;
    }

    /** From now on payloads are cut as if they were over 256 KB. */
    public void cutToSize(boolean cut) {
        this.cutToSize = cut;
    }

    /** From now on every event happens within so many others: the call's tag then stands in the outermost context only. */
    public void within(int outerContexts) {
        this.contexts = outerContexts;
    }

    /** From now on the closing of an opportunity names it in the parameters alone; its primary row is the zero GUID. */
    public void closesWithoutRow(boolean without) {
        this.closesWithoutRow = without;
    }

    /** How long an answer may take. Default and documented: 60 s. */
    public void timeout(Duration longest) {
        this.timeout = longest;
    }

    /** From now on each webhook is sent after a random wait up to this, so that webhooks overtake each other. */
    @Override
    public void shuffleWithin(Duration longest) {
        this.shuffleWithin = longest;
    }

    /** From now on those that fit are never sent. */
    public void lose(Predicate<Push> some) {
        this.lost = some;
    }

    @Override
    public void loseSome(BooleanSupplier some) {
        lose(push -> some.getAsBoolean());
    }

    /** Keeps webhooks back until {@link #release}. */
    @Override
    public synchronized void hold() {
        holding = true;
    }

    /** Sends what was kept back, in the order in which it happened. */
    @Override
    public void release() {
        release(waiting -> {});
    }

    /** Sends what was kept back in an order made from this seed. */
    public void releaseShuffled(long seed) {
        release(waiting -> Collections.shuffle(waiting, new Random(seed)));
    }

    private synchronized void release(Consumer<List<Job>> arrange) {
        holding = false;
        arrange.accept(held);
        held.forEach(job -> start(job, Duration.ZERO));
        held.clear();
    }

    /** Everything that was raised for a step so far, copies and lost ones included, in the order in which it happened. */
    public List<Push> pushes() {
        return List.copyOf(pushes);
    }

    /** Whether nothing is on its way. What is held is. */
    @Override
    public boolean isIdle() {
        return underWay.get() == 0;
    }

    /** One sentence for each job that ended as failed. */
    public List<String> failedJobs() {
        return List.copyOf(failedJobs);
    }

    @Override
    public void close() {
        sender.shutdownNow();
    }

    void seed(Author author) {
        Table messages = store.schema().table("sdkmessage");
        Table filters = store.schema().table("sdkmessagefilter");
        for (String message : MESSAGES) {
            DataverseRow row = store.create(
                    messages, Json.createObjectBuilder().add("name", message).build(), Map.of(), author);
            for (String table : List.of("opportunity", "lead")) {
                store.create(
                        filters,
                        Json.createObjectBuilder()
                                .add("name", message + " " + table)
                                .add("primaryobjecttypecode", table)
                                .add("sdkmessageid@odata.bind", "/sdkmessages(" + row.id() + ")")
                                .build(),
                        Map.of(),
                        author);
            }
        }
    }

    /** Called under the simulator's lock, after the writes took effect. */
    void send(List<Event> events) {
        for (Event event : events) {
            check(event);
            String correlation = UUID.randomUUID().toString();
            for (DataverseRow step : store.rows(store.schema().table("sdkmessageprocessingstep"))
                    .filter(step -> fits(step, event))
                    .toList()) {
                Optional<DataverseRow> endpoint = step.text("_eventhandler_value")
                        .flatMap(id -> store.find(store.schema().table("serviceendpoint"), id));
                if (endpoint.isPresent()) {
                    raise(new Job(
                            request(endpoint.get(), event, step, correlation), push(event), step, event.author()));
                }
            }
        }
    }

    private static Push push(Event event) {
        return new Push(
                event.message(),
                event.row().table(),
                event.row().id(),
                event.author().tag());
    }

    private synchronized void raise(Job job) {
        for (int i = 0; i < copies; i++) {
            pushes.add(job.push());
            if (lost.test(job.push())) {
                continue;
            }
            underWay.incrementAndGet();
            if (holding) {
                held.add(job);
            } else {
                start(job, Duration.ofNanos((long) (random.nextDouble() * shuffleWithin.toNanos())));
            }
        }
    }

    private void start(Job job, Duration wait) {
        Executor executor = wait.isZero()
                ? sender
                : CompletableFuture.delayedExecutor(wait.toNanos(), TimeUnit.NANOSECONDS, sender);
        try {
            executor.execute(() -> deliver(job));
        } catch (RejectedExecutionException closing) {
            failedJobs.add("closed before " + job.push());
            underWay.decrementAndGet();
        }
    }

    /** A registration is a row like any other, so it is looked at when it was written. */
    private void check(Event event) {
        DataverseRow row = event.row();
        if (event.message().equals("Delete")) {
            return;
        }
        if (row.table().equals("serviceendpoint")) {
            checkEndpoint(row);
        } else if (row.table().equals("sdkmessageprocessingstep")) {
            checkStep(row);
        }
    }

    private void checkEndpoint(DataverseRow endpoint) {
        String url = endpoint.text("url").orElse("");
        String auth = endpoint.text("authvalue").orElse("");
        int type = endpoint.number("authtype");
        require(endpoint.number("contract") == 8, "a service endpoint that is no webhook (contract 8)");
        require(type == 4 || type == 5 || type == 6, "a webhook with authtype " + type + " instead of 4, 5 or 6");
        require(
                type == 4 ? !auth.isEmpty() : SETTINGS.matcher(auth).matches(),
                "a webhook whose authvalue does not fit its authtype");
        require(
                url.startsWith("https://") || url.matches("http://(?:127\\.0\\.0\\.1|localhost):.*"),
                "a webhook whose address is not https: " + url);
    }

    private void checkStep(DataverseRow step) {
        Optional<DataverseRow> message = related(step, "_sdkmessageid_value", "sdkmessage");
        Optional<DataverseRow> filter = related(step, "_sdkmessagefilterid_value", "sdkmessagefilter");
        String name = message.flatMap(row -> row.text("name")).orElse("");
        String filtering = step.text("filteringattributes").orElse("");
        require(related(step, "_eventhandler_value", "serviceendpoint").isPresent(), "a step without service endpoint");
        require(message.isPresent(), "a step without message");
        require(step.number("mode") == 1, "a synchronous step: a receiver that fails would undo the seller's save");
        require(step.number("stage") == 40, "an asynchronous step at another stage than 40");
        require(
                filter.isEmpty()
                        || filter.flatMap(row -> row.text("_sdkmessageid_value"))
                                .equals(step.text("_sdkmessageid_value")),
                "a step whose filter belongs to another message");
        require(
                filtering.isEmpty() || name.equals("Update"),
                "filteringattributes at a step of " + name + "; they work for Update only");
        filter.flatMap(row -> row.text("primaryobjecttypecode"))
                .flatMap(table -> store.schema().findTable(table))
                .ifPresent(table -> columns(filtering)
                        .filter(column -> table.findColumn(column).isEmpty())
                        .forEach(column -> require(
                                false, "filteringattributes name no column of " + table.name() + ": " + column)));
    }

    private void require(boolean right, String wrong) {
        if (!right) {
            brokenRules.accept("registered " + wrong);
        }
    }

    private static Stream<String> columns(String filtering) {
        return Arrays.stream(filtering.split(",", -1)).map(String::trim).filter(column -> !column.isEmpty());
    }

    private boolean fits(DataverseRow step, Event event) {
        boolean enabled = step.number("statecode") == 0;
        boolean message = related(step, "_sdkmessageid_value", "sdkmessage")
                .flatMap(row -> row.text("name"))
                .filter(event.message()::equals)
                .isPresent();
        boolean table = related(step, "_sdkmessagefilterid_value", "sdkmessagefilter")
                .map(row -> row.text("primaryobjecttypecode")
                        .orElse("")
                        .equals(event.row().table()))
                .orElse(true);
        String filtering = step.text("filteringattributes").orElse("");
        boolean columns = !event.message().equals("Update")
                || filtering.isEmpty()
                || columns(filtering).anyMatch(event.columns()::contains);
        return enabled && message && table && columns;
    }

    private Optional<DataverseRow> related(DataverseRow row, String property, String table) {
        return row.text(property).flatMap(id -> store.find(store.schema().table(table), id));
    }

    private HttpRequest request(DataverseRow endpoint, Event event, DataverseRow step, String correlation) {
        String url = endpoint.text("url").orElse("");
        Map<String, String> headers = new LinkedHashMap<>();
        String auth = endpoint.text("authvalue").orElse("");
        switch (endpoint.number("authtype")) {
            case 4 -> url = withParameter(url, "code", auth);
            case 5 -> headers.putAll(settings(auth));
            default -> {
                for (Map.Entry<String, String> setting : settings(auth).entrySet()) {
                    url = withParameter(url, setting.getKey(), setting.getValue());
                }
            }
        }
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url))
                .timeout(timeout)
                .header("Content-Type", "application/json")
                .header("x-ms-dynamics-organization", environment.getAuthority())
                .header("x-ms-dynamics-entity-name", event.row().table())
                .header("x-ms-dynamics-request-name", event.message())
                .header("x-ms-correlation-request-id", correlation);
        headers.forEach(request::header);
        String now = "/Date(" + clock.millis() + OFFSETS.get(sent.getAndIncrement() % OFFSETS.size()) + ")/";
        byte[] whole = bytes(context(event, step, now, contexts, false));
        boolean cut = cutToSize || whole.length > LARGEST_PAYLOAD;
        if (cut) {
            request.header("x-ms-dynamics-msg-size-exceeded", "true");
        }
        return request.POST(HttpRequest.BodyPublishers.ofByteArray(
                        cut ? bytes(context(event, step, now, contexts, true)) : whole))
                .build();
    }

    private static byte[] bytes(JsonObject context) {
        return context.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static String withParameter(String url, String name, String value) {
        return url + (url.contains("?") ? "&" : "?") + name + "=" + URLEncoder.encode(value, StandardCharsets.UTF_8);
    }

    private static Map<String, String> settings(String xml) {
        Map<String, String> settings = new LinkedHashMap<>();
        Matcher matcher = SETTING.matcher(xml);
        while (matcher.find()) {
            settings.put(matcher.group(1), matcher.group(2));
        }
        return settings;
    }

    private void deliver(Job job) {
        try {
            String result = attempt(job.request());
            if (TRIED_AGAIN.stream().anyMatch(status -> result.equals(status.toString()))) {
                finish(attempt(job.request()), job);
            } else {
                finish(result, job);
            }
        } finally {
            underWay.decrementAndGet();
        }
    }

    private String attempt(HttpRequest request) {
        try {
            return Integer.toString(
                    http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode());
        } catch (IOException failed) {
            return failed.toString();
        } catch (InterruptedException closing) {
            Thread.currentThread().interrupt();
            return "closed";
        }
    }

    private void finish(String result, Job job) {
        boolean succeeded = result.matches("2\\d\\d");
        if (!succeeded) {
            failedJobs.add(job.push().message() + " of " + job.push().table() + " "
                    + job.push().id() + ": " + result);
        }
        if (succeeded && job.step().flag("asyncautodelete")) {
            return;
        }
        synchronized (store) {
            Table jobs = store.schema().table("asyncoperation");
            DataverseRow row = store.create(
                    jobs,
                    Json.createObjectBuilder()
                            .add("name", job.step().text("name").orElse(""))
                            .add("message", result)
                            .add("statuscode", 0)
                            .build(),
                    Map.of(),
                    job.author());
            JsonObjectBuilder end =
                    Json.createObjectBuilder().add("statecode", 3).add("statuscode", succeeded ? 30 : 31);
            if (store.find(
                            store.schema().table("sdkmessageprocessingstep"),
                            job.step().id())
                    .isPresent()) {
                end.add(
                        "owningextensionid@odata.bind",
                        "/sdkmessageprocessingsteps(" + job.step().id() + ")");
            }
            store.update(jobs, row, end.build(), job.author());
            store.takeEvents();
        }
    }

    /** The innermost operation is the one that is told; the call's tag stands in the outermost. */
    private JsonObject context(Event event, DataverseRow step, String now, int outer, boolean cut) {
        DataverseRow row = event.row();
        boolean close = CLOSES.contains(event.message());
        JsonArrayBuilder shared = Json.createArrayBuilder();
        if (outer == 0 && !event.author().tag().isEmpty()) {
            shared.add(pair("tag", Json.createValue(event.author().tag())));
        }
        JsonObjectBuilder context = Json.createObjectBuilder()
                .add("BusinessUnitId", businessUnitId)
                .add("CorrelationId", UUID.randomUUID().toString())
                .add("Depth", 1 + outer)
                .add("InitiatingUserId", event.author().userId());
        if (!cut) {
            context.add("InputParameters", parameters(event));
        }
        context.add("IsExecutingOffline", false)
                .add("IsInTransaction", false)
                .add("IsOfflinePlayback", false)
                .add("IsolationMode", 1)
                .add("MessageName", event.message())
                .add("Mode", step.number("mode"))
                .add("OperationCreatedOn", now)
                .add("OperationId", UUID.randomUUID().toString())
                .add("OrganizationId", organizationId)
                .add("OrganizationName", "contoso")
                .add("OutputParameters", JsonValue.EMPTY_JSON_ARRAY)
                .add("OwningExtension", reference("sdkmessageprocessingstep", step.id()));
        if (!cut) {
            context.add("ParentContext", outer == 0 ? JsonValue.NULL : context(event, step, now, outer - 1, false))
                    .add("PostEntityImages", JsonValue.EMPTY_JSON_ARRAY)
                    .add("PreEntityImages", JsonValue.EMPTY_JSON_ARRAY);
        }
        return context.add("PrimaryEntityId", close && closesWithoutRow ? NO_ROW : row.id())
                .add("PrimaryEntityName", row.table())
                .add("RequestId", UUID.randomUUID().toString())
                .add("SecondaryEntityName", "none")
                .add("SharedVariables", shared)
                .add("Stage", step.number("stage"))
                .add("UserId", event.author().userId())
                .build();
    }

    private JsonArrayBuilder parameters(Event event) {
        DataverseRow row = event.row();
        if (CLOSES.contains(event.message())) {
            Table closes = store.schema().table("opportunityclose");
            DataverseRow activity = store.rows(closes)
                    .filter(close -> close.text("_opportunityid_value")
                            .filter(row.id()::equals)
                            .isPresent())
                    .reduce((first, second) -> second)
                    .orElseThrow();
            return Json.createArrayBuilder()
                    .add(pair(
                            "OpportunityClose",
                            entity(activity, List.of("subject", "opportunityid", "actualrevenue", "actualend"))))
                    .add(pair("Status", option(row.value("statuscode"))));
        }
        if (event.message().equals("Delete")) {
            return Json.createArrayBuilder().add(pair("Target", reference(row.table(), row.id())));
        }
        List<String> columns = new ArrayList<>(event.columns());
        columns.add("modifiedon");
        columns.add("modifiedby");
        return Json.createArrayBuilder().add(pair("Target", entity(row, columns)));
    }

    private static JsonObject pair(String key, JsonValue value) {
        return Json.createObjectBuilder().add("key", key).add("value", value).build();
    }

    private JsonObject entity(DataverseRow row, List<String> columns) {
        Table table = store.schema().table(row.table());
        JsonArrayBuilder attributes = Json.createArrayBuilder();
        Stream.concat(columns.stream(), Stream.of(table.key()))
                .distinct()
                .forEach(name ->
                        table.findColumn(name).ifPresent(column -> attributes.add(pair(name, typed(row, column)))));
        return Json.createObjectBuilder()
                .add("__type", "Entity" + CONTRACTS)
                .add("Attributes", attributes)
                .addNull("EntityState")
                .add("FormattedValues", JsonValue.EMPTY_JSON_ARRAY)
                .add("Id", row.id())
                .add("KeyAttributes", JsonValue.EMPTY_JSON_ARRAY)
                .add("LogicalName", row.table())
                .add("RelatedEntities", JsonValue.EMPTY_JSON_ARRAY)
                .addNull("RowVersion")
                .build();
    }

    private static JsonValue typed(DataverseRow row, Column column) {
        JsonValue value = row.value(column.property());
        if (value.getValueType() == JsonValue.ValueType.NULL) {
            return JsonValue.NULL;
        }
        if (column.kind() == Kind.LOOKUP && value instanceof JsonString id) {
            return reference(row.lookups().getOrDefault(column.property(), ""), id.getString());
        }
        if (value instanceof JsonNumber && column.kind() == Kind.MONEY) {
            return Json.createObjectBuilder()
                    .add("__type", "Money" + CONTRACTS)
                    .add("Value", value)
                    .build();
        }
        if (Set.of(Kind.CHOICE, Kind.STATE, Kind.STATUS).contains(column.kind())) {
            return option(value);
        }
        if ((column.kind() == Kind.DATE || column.kind() == Kind.DATETIME) && value instanceof JsonString text) {
            return Json.createValue("/Date(" + millis(text.getString()) + ")/");
        }
        return value;
    }

    private static JsonObject option(JsonValue value) {
        return Json.createObjectBuilder()
                .add("__type", "OptionSetValue" + CONTRACTS)
                .add("Value", value)
                .build();
    }

    private static long millis(String text) {
        try {
            return Instant.parse(text.length() == 10 ? text + "T00:00:00Z" : text)
                    .toEpochMilli();
        } catch (DateTimeParseException notStored) {
            throw new IllegalStateException(notStored);
        }
    }

    private static JsonObject reference(String table, String id) {
        return Json.createObjectBuilder()
                .add("__type", "EntityReference" + CONTRACTS)
                .add("Id", id)
                .add("KeyAttributes", JsonValue.EMPTY_JSON_ARRAY)
                .add("LogicalName", table)
                .addNull("Name")
                .addNull("RowVersion")
                .build();
    }
}
