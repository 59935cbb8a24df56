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
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.cosellbridge.simulator.DataverseSchema.Column;
import org.cosellbridge.simulator.DataverseSchema.Kind;
import org.cosellbridge.simulator.DataverseSchema.Table;
import org.cosellbridge.simulator.DataverseStore.Author;
import org.cosellbridge.simulator.DataverseStore.Event;

/**
 * Sends webhooks for the steps registered in {@code sdkmessageprocessingsteps}: asynchronously, with one further attempt after 502,
 * 503 and 504, else the job has failed and nobody tries again.
 */
public final class DataverseWebhooks implements AutoCloseable {
    private static final Duration TIMEOUT = Duration.ofSeconds(60);
    private static final Set<Integer> TRIED_AGAIN = Set.of(502, 503, 504);
    private static final Pattern SETTING = Pattern.compile("<setting name=\"([^\"]+)\" value=\"([^\"]*)\"\\s*/>");
    private static final String CONTRACTS = ":http://schemas.microsoft.com/xrm/2011/Contracts";
    private static final List<String> MESSAGES =
            List.of("Create", "Update", "Delete", "WinOpportunity", "LoseOpportunity");

    private final DataverseStore store;
    private final String organizationId;
    private final String businessUnitId;
    private final URI environment;
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(TIMEOUT)
            .build();
    private final ExecutorService sender = Executors.newFixedThreadPool(4, work -> {
        Thread thread = new Thread(work, "dataverse-webhook");
        thread.setDaemon(true);
        return thread;
    });
    private final List<String> failedJobs = new CopyOnWriteArrayList<>();
    private volatile int copies = 1;
    private volatile boolean cutToSize;

    DataverseWebhooks(DataverseStore store, String organizationId, String businessUnitId, URI environment) {
        this.store = store;
        this.organizationId = organizationId;
        this.businessUnitId = businessUnitId;
        this.environment = environment;
    }

    /** Every webhook from now on is delivered so often. */
    public void copies(int each) {
        this.copies = each;
    }

    /** From now on payloads are cut as if they were over 256 KB. */
    public void cutToSize(boolean cut) {
        this.cutToSize = cut;
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
            for (DataverseRow step : store.rows(store.schema().table("sdkmessageprocessingstep"))
                    .filter(step -> fits(step, event))
                    .toList()) {
                Optional<DataverseRow> endpoint = step.text("_eventhandler_value")
                        .flatMap(id -> store.find(store.schema().table("serviceendpoint"), id));
                if (endpoint.isPresent()) {
                    HttpRequest request = request(endpoint.get(), event, step);
                    for (int i = 0; i < copies; i++) {
                        submit(request, event, step);
                    }
                }
            }
        }
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
                || Arrays.stream(filtering.split(",", -1)).map(String::trim).anyMatch(event.columns()::contains);
        return enabled && message && table && columns;
    }

    private Optional<DataverseRow> related(DataverseRow row, String property, String table) {
        return row.text(property).flatMap(id -> store.find(store.schema().table(table), id));
    }

    private HttpRequest request(DataverseRow endpoint, Event event, DataverseRow step) {
        String url = endpoint.text("url").orElse("");
        Map<String, String> headers = new LinkedHashMap<>();
        String auth = endpoint.text("authvalue").orElse("");
        switch (endpoint.number("authtype")) {
            case 4 -> url += (url.contains("?") ? "&" : "?") + "code=" + auth;
            case 5 -> headers.putAll(settings(auth));
            default -> {
                for (Map.Entry<String, String> setting : settings(auth).entrySet()) {
                    url += (url.contains("?") ? "&" : "?") + setting.getKey() + "=" + setting.getValue();
                }
            }
        }
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url))
                .timeout(TIMEOUT)
                .header("Content-Type", "application/json")
                .header("x-ms-dynamics-organization", environment.getAuthority())
                .header("x-ms-dynamics-entity-name", event.row().table())
                .header("x-ms-dynamics-request-name", event.message())
                .header("x-ms-correlation-request-id", UUID.randomUUID().toString());
        headers.forEach(request::header);
        if (cutToSize) {
            request.header("x-ms-dynamics-msg-size-exceeded", "true");
        }
        String body = context(event, step).toString();
        return request.POST(HttpRequest.BodyPublishers.ofString(body, StandardCharsets.UTF_8))
                .build();
    }

    private static Map<String, String> settings(String xml) {
        Map<String, String> settings = new LinkedHashMap<>();
        Matcher matcher = SETTING.matcher(xml);
        while (matcher.find()) {
            settings.put(matcher.group(1), matcher.group(2));
        }
        return settings;
    }

    private void submit(HttpRequest request, Event event, DataverseRow step) {
        try {
            sender.execute(() -> deliver(request, event, step));
        } catch (RejectedExecutionException closing) {
            failedJobs.add("closed before " + event.message());
        }
    }

    private void deliver(HttpRequest request, Event event, DataverseRow step) {
        String result = attempt(request);
        if (TRIED_AGAIN.stream().anyMatch(status -> result.equals(status.toString()))) {
            String second = attempt(request);
            finish(second, event, step);
        } else {
            finish(result, event, step);
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

    private void finish(String result, Event event, DataverseRow step) {
        if (result.matches("2\\d\\d")) {
            return;
        }
        failedJobs.add(event.message() + " of " + event.row().table() + " "
                + event.row().id() + ": " + result);
        synchronized (store) {
            Table jobs = store.schema().table("asyncoperation");
            store.create(
                    jobs,
                    Json.createObjectBuilder()
                            .add("name", step.text("name").orElse(""))
                            .add("message", result)
                            .add("statuscode", 0)
                            .add("owningextensionid@odata.bind", "/sdkmessageprocessingsteps(" + step.id() + ")")
                            .build(),
                    Map.of(),
                    event.author());
            DataverseRow job =
                    store.rows(jobs).reduce((first, second) -> second).orElseThrow();
            store.update(
                    jobs,
                    job,
                    Json.createObjectBuilder()
                            .add("statecode", 3)
                            .add("statuscode", 31)
                            .build(),
                    event.author());
            store.takeEvents();
        }
    }

    private JsonObject context(Event event, DataverseRow step) {
        DataverseRow row = event.row();
        boolean delete = event.message().equals("Delete");
        JsonArrayBuilder input = Json.createArrayBuilder();
        JsonArrayBuilder shared = Json.createArrayBuilder();
        if (!event.author().tag().isEmpty()) {
            shared.add(Json.createObjectBuilder()
                    .add("key", "tag")
                    .add("value", event.author().tag()));
        }
        if (!cutToSize) {
            input.add(Json.createObjectBuilder()
                    .add("key", "Target")
                    .add("value", delete ? reference(row.table(), row.id()) : entity(event)));
        }
        String now = "/Date(" + System.currentTimeMillis() + "+0000)/";
        JsonObjectBuilder context = Json.createObjectBuilder()
                .add("BusinessUnitId", businessUnitId)
                .add("CorrelationId", UUID.randomUUID().toString())
                .add("Depth", 1)
                .add("InitiatingUserId", event.author().userId());
        if (!cutToSize) {
            context.add("InputParameters", input);
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
        if (!cutToSize) {
            context.addNull("ParentContext")
                    .add("PostEntityImages", JsonValue.EMPTY_JSON_ARRAY)
                    .add("PreEntityImages", JsonValue.EMPTY_JSON_ARRAY);
        }
        return context.add("PrimaryEntityId", row.id())
                .add("PrimaryEntityName", row.table())
                .add("RequestId", UUID.randomUUID().toString())
                .add("SecondaryEntityName", "none")
                .add("SharedVariables", shared)
                .add("Stage", step.number("stage"))
                .add("UserId", event.author().userId())
                .build();
    }

    private JsonObject entity(Event event) {
        DataverseRow row = event.row();
        Table table = store.schema().table(row.table());
        List<String> columns = new ArrayList<>(event.columns());
        columns.add("modifiedon");
        columns.add(table.key());
        JsonArrayBuilder attributes = Json.createArrayBuilder();
        columns.stream()
                .distinct()
                .forEach(name -> table.findColumn(name)
                        .ifPresent(column -> attributes.add(
                                Json.createObjectBuilder().add("key", name).add("value", typed(row, column)))));
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
            return Json.createObjectBuilder()
                    .add("__type", "OptionSetValue" + CONTRACTS)
                    .add("Value", value)
                    .build();
        }
        if ((column.kind() == Kind.DATE || column.kind() == Kind.DATETIME) && value instanceof JsonString text) {
            return Json.createValue("/Date(" + millis(text.getString()) + ")/");
        }
        return value;
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
