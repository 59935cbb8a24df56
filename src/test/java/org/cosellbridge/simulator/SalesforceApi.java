package org.cosellbridge.simulator;

import static org.cosellbridge.simulator.JsonTree.JSON;

import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.cosellbridge.simulator.SalesforceSchema.Entity;
import org.cosellbridge.simulator.SalesforceSessions.Session;
import org.cosellbridge.simulator.SalesforceStore.Author;

/** The way of a call through the REST API: addresses, session, version, limits, headers, and the resource that answers it. */
final class SalesforceApi {
    private static final String DATA = "/services/data/{version}/";
    private static final Pattern ROOT = Pattern.compile("(/services/data/v(\\d{2,3})\\.0)/(.*)");
    private static final int OLDEST_KEPT = 31;
    private static final int OLDEST_TO_PIN = 60;
    private static final int NEWEST = 67;
    private static final int LONGEST_URI = 16_384;
    private static final int LEAST_BATCH = 200;
    private static final int MOST_BATCH = 2_000;
    private static final List<String> RELEASES = List.of(
            "Spring '24",
            "Summer '24",
            "Winter '25",
            "Spring '25",
            "Summer '25",
            "Winter '26",
            "Spring '26",
            "Summer '26");
    private static final Set<String> OPTIONS =
            Set.of("q", "fields", "start", "end", "updateOnly", "_HttpMethod", "ids", "allOrNone");
    private static final Set<String> HEADERS = Set.of(
            "sforce-call-options",
            "sforce-auto-assign",
            "sforce-duplicate-rule-header",
            "sforce-query-options",
            "sforce-mru");
    private static final Pattern BATCH_SIZE = Pattern.compile("batchSize=(\\d{1,6})");

    private final SimulatorServer server;
    private final SalesforceStore store;
    private final SalesforceSessions sessions;
    private final Runnable afterwards;
    private final SalesforceQuery query;
    private final SalesforceRows rows;
    private final SalesforceComposite composite;
    private final Map<Integer, String> faultCodes = new ConcurrentHashMap<>();
    private final AtomicInteger used = new AtomicInteger();
    /** Of an Enterprise organization with a thousand licenses. */
    private volatile int most = 1_100_000;

    private volatile boolean htmlFaults;

    SalesforceApi(SimulatorServer server, SalesforceStore store, SalesforceSessions sessions, Runnable afterwards) {
        this.server = server;
        this.store = store;
        this.sessions = sessions;
        this.afterwards = afterwards;
        this.query = new SalesforceQuery(store, server.log()::breakRule);
        this.rows = new SalesforceRows(store, server.log()::breakRule);
        this.composite = new SalesforceComposite(store, rows, this::handle);
        server.refusal(this::refusal);
        routes();
    }

    SalesforceQuery query() {
        return query;
    }

    SalesforceRows rows() {
        return rows;
    }

    void usage(int calls, int allowed) {
        used.set(calls);
        most = allowed;
    }

    int used() {
        return used.get();
    }

    void faultCode(int status, String code) {
        faultCodes.put(status, code);
    }

    void htmlFaults(boolean html) {
        htmlFaults = html;
    }

    private void routes() {
        server.route("token", "POST", "/services/oauth2/token", sessions::token)
                .route("user info", "GET", "/services/oauth2/userinfo", sessions::userInfo)
                .route("revoke", "POST", "/services/oauth2/revoke", sessions::revoke)
                .route("versions", "GET", "/services/data", request -> versions())
                .route("versions", "GET", "/services/data/", request -> versions());
        route("limits", "GET", "limits");
        route("query", "GET", "query");
        route("query more", "GET", "query/{locator}");
        route("query all", "GET", "queryAll");
        route("describe all", "GET", "sobjects");
        route("composite", "POST", "composite");
        for (String method : List.of("POST", "PATCH", "DELETE")) {
            route("collection", method, "composite/sobjects");
        }
        for (Entity entity : store.schema().entities()) {
            String name = entity.name();
            String path = "sobjects/" + name;
            route("describe " + name, "GET", path + "/describe");
            route("updated " + name, "GET", path + "/updated");
            route("updated " + name, "GET", path + "/updated/");
            route("deleted " + name, "GET", path + "/deleted");
            route("deleted " + name, "GET", path + "/deleted/");
            route("create " + name, "POST", path);
            route("create " + name, "POST", path + "/");
            route("read " + name, "GET", path + "/{id}");
            route("update " + name, "PATCH", path + "/{id}");
            route("update " + name, "POST", path + "/{id}");
            route("delete " + name, "DELETE", path + "/{id}");
            route("read " + name + " by key", "GET", path + "/{field}/{value}");
            route("upsert " + name, "PATCH", path + "/{field}/{value}");
            route("upsert " + name, "POST", path + "/{field}/{value}");
            route("delete " + name + " by key", "DELETE", path + "/{field}/{value}");
            route("collection", "GET", "composite/sobjects/" + name);
            route("collection", "POST", "composite/sobjects/" + name);
            route("collection", "PATCH", "composite/sobjects/" + name + "/{field}");
        }
        // what Salesforce answers to everything else below its root
        for (String method : List.of("GET", "POST", "PATCH", "PUT", "DELETE")) {
            server.route("unknown resource", method, DATA + "{rest*}", request -> {
                server.log().breakRule("unknown resource: " + request.method() + " " + request.path());
                return answer(request);
            });
        }
    }

    private void route(String called, String method, String path) {
        server.route(called, method, DATA + path, this::answer);
    }

    private static SimulatorAnswer versions() {
        JsonArrayBuilder versions = JSON.createArrayBuilder();
        for (int version = OLDEST_TO_PIN; version <= NEWEST; version++) {
            versions.add(JSON.createObjectBuilder()
                    .add("label", RELEASES.get(version - OLDEST_TO_PIN))
                    .add("url", "/services/data/v" + version + ".0")
                    .add("version", version + ".0"));
        }
        return SimulatorAnswer.json(200, versions.build());
    }

    private SimulatorAnswer refusal(SimulatorRequest request, Fault.Status refused) {
        int status = refused.status();
        if (htmlFaults) {
            return SimulatorAnswer.bytes(
                    status,
                    "text/html; charset=UTF-8",
                    "<html><body>Salesforce is down for maintenance.</body></html>".getBytes(StandardCharsets.UTF_8));
        }
        if (request.path().startsWith("/services/oauth2/")) {
            return SalesforceSessions.error(
                    status, faultCodes.getOrDefault(status, "unknown_error"), "retry your request");
        }
        String byDefault = switch (status) {
            case 401 -> "INVALID_SESSION_ID";
            case 403 -> "REQUEST_LIMIT_EXCEEDED";
            case 404 -> "NOT_FOUND";
            case 503 -> "SERVER_UNAVAILABLE";
            default -> "UNKNOWN_EXCEPTION";
        };
        if (status == 412 || status == 502 || status == 504 || status == 420) {
            return SimulatorAnswer.empty(status);
        }
        return SalesforceRefusal.of(
                        status,
                        faultCodes.getOrDefault(status, byDefault),
                        "The simulator was told to fail " + request.method() + ".")
                .answer()
                .withHeader("Sforce-Limit-Info", usage());
    }

    private SimulatorAnswer answer(SimulatorRequest request) {
        SimulatorAnswer answer;
        try {
            answer = admitted(request);
        } catch (SalesforceRefusal refused) {
            if (refused.code().equals("SIMULATOR")) {
                server.log().breakRule(String.valueOf(refused.getMessage()));
            }
            answer = refused.answer();
        }
        return answer.withHeader("Sforce-Limit-Info", usage());
    }

    private String usage() {
        return "api-usage=" + used.get() + "/" + most;
    }

    private SimulatorAnswer admitted(SimulatorRequest request) {
        if (request.path().length() + request.rawQuery().length() + 1 > LONGEST_URI) {
            throw SalesforceRefusal.of(414, "URI_TOO_LONG", "URI too long");
        }
        Optional<Session> session = request.bearer().flatMap(sessions::use);
        if (session.isEmpty()) {
            boolean malformed = request.header("Authorization").isPresent()
                    && request.bearer().isEmpty();
            throw SalesforceRefusal.of(
                    401,
                    malformed ? "INVALID_AUTH_HEADER" : "INVALID_SESSION_ID",
                    malformed ? "INVALID_HEADER_TYPE" : "Session expired or invalid");
        }
        Matcher root = ROOT.matcher(request.path());
        if (!root.matches()) {
            throw SalesforceRefusal.notFound();
        }
        checkVersion(Integer.parseInt(root.group(2)));
        if (used.get() >= most) {
            throw SalesforceRefusal.of(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.");
        }
        used.incrementAndGet();
        SalesforceCall call = call(request, root, session.get());
        checkOptions(request, call);
        synchronized (store) {
            try {
                return handle(call);
            } finally {
                afterwards.run();
            }
        }
    }

    private void checkVersion(int version) {
        if (version < OLDEST_KEPT) {
            throw SalesforceRefusal.of(410, "UNSUPPORTED_API_VERSION", "GONE");
        }
        if (version > NEWEST) {
            throw SalesforceRefusal.notFound();
        }
        if (version < OLDEST_TO_PIN) {
            server.log().breakRule("pinned a version below " + OLDEST_TO_PIN + ": " + version);
        }
    }

    private SalesforceCall call(SimulatorRequest request, Matcher root, Session session) {
        Map<String, String> headers = new HashMap<>();
        for (String header :
                List.of("Content-Type", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since")) {
            request.header(header).ifPresent(value -> headers.put(header.toLowerCase(Locale.ROOT), value));
        }
        HEADERS.forEach(header -> request.header(header).ifPresent(value -> headers.put(header, value)));
        Map<String, String> options = request.query();
        String method =
                request.method().equals("POST") ? options.getOrDefault("_HttpMethod", "POST") : request.method();
        String duplicates =
                headers.getOrDefault("sforce-duplicate-rule-header", "").replace(" ", "");
        Author author = new Author(
                session.userId(),
                false,
                !"FALSE".equalsIgnoreCase(headers.getOrDefault("sforce-auto-assign", "TRUE")),
                duplicates.contains("allowSave=true"),
                duplicates.contains("includeRecordDetails=true"));
        return new SalesforceCall(
                method,
                root.group(1),
                SalesforceCall.split(root.group(3)),
                options,
                headers,
                request.body(),
                author,
                false);
    }

    private void checkOptions(SimulatorRequest request, SalesforceCall call) {
        for (String option : call.query().keySet()) {
            if (!OPTIONS.contains(option)) {
                server.log().breakRule("undocumented query option: " + option);
            }
        }
        if (!request.header("Accept").orElse("").contains("application/json")) {
            server.log().breakRule("no Accept: application/json: " + request.method() + " " + request.path());
        }
        call.header("Sforce-Query-Options")
                .filter(value -> batchSize(value) == 0)
                .ifPresent(value -> server.log().breakRule("Sforce-Query-Options: " + value));
    }

    private static int batchSize(String header) {
        Matcher size = BATCH_SIZE.matcher(header.strip());
        if (!size.matches()) {
            return 0;
        }
        int asked = Integer.parseInt(size.group(1));
        return asked < LEAST_BATCH || asked > MOST_BATCH ? 0 : asked;
    }

    /** Answers a call, also one within a composite. */
    private SimulatorAnswer handle(SalesforceCall call) {
        List<String> path = call.path();
        return switch (path.get(0)) {
            case "sobjects" -> rows.answer(call);
            case "query", "queryAll" -> query(call);
            case "limits" -> SimulatorAnswer.json(200, limits());
            case "composite" -> composite.answer(call);
            default -> throw SalesforceRefusal.notFound();
        };
    }

    private SimulatorAnswer query(SalesforceCall call) {
        String user = call.author().userId();
        if (call.path().size() == 2 && call.path().get(0).equals("query")) {
            return SimulatorAnswer.json(200, query.next(call.root(), call.path().get(1), user));
        }
        String soql = Optional.ofNullable(call.query().get("q"))
                .orElseThrow(() -> SalesforceRefusal.bad("MALFORMED_QUERY", "q is missing"));
        int asked = call.header("Sforce-Query-Options")
                .map(SalesforceApi::batchSize)
                .orElse(0);
        return SimulatorAnswer.json(
                200, query.run(call.root(), soql, asked, call.path().get(0).equals("queryAll"), user));
    }

    private JsonObject limits() {
        return JSON.createObjectBuilder()
                .add(
                        "DailyApiRequests",
                        JSON.createObjectBuilder().add("Max", most).add("Remaining", Math.max(0, most - used.get())))
                .build();
    }
}
