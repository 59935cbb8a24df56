package org.cosellbridge.simulator;

import static org.cosellbridge.simulator.JsonTree.JSON;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonValue;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What every simulator stands on: an HTTP server on 127.0.0.1 with routes, a {@link CallLog}, a {@link Faults fault switch} and the
 * addresses {@code GET /_admin/state}, {@code POST /_admin/faults} and {@code DELETE /_admin/faults} for looking from outside. A
 * request that fits no route is answered with 501 and counts as a broken rule.
 *
 * <p>Its port is taken when it is made, so that its address can go into a configuration; it answers between {@link #start} and
 * {@link #close}. Thread-safe: every call has its own thread.
 */
public final class SimulatorServer implements AutoCloseable {
    private static final List<String> KEPT_HEADERS = List.of(
            "Accept",
            "Consistency",
            "Content-Type",
            "If-Match",
            "If-None-Match",
            "If-Modified-Since",
            "If-Unmodified-Since",
            "Prefer",
            "Sforce-Auto-Assign",
            "Sforce-Call-Options",
            "Sforce-Duplicate-Rule-Header",
            "Sforce-Mru",
            "Sforce-Query-Options",
            "client-request-id",
            "MS-CorrelationId",
            "MS-RequestId",
            "MSCRM.SuppressDuplicateDetection",
            "MSCRM.BypassBusinessLogicExecution",
            "OData-Version",
            "OData-MaxVersion",
            "User-Agent",
            "traceparent");
    private static final String UNKNOWN = "undocumented request";
    private static final Pattern PLACEHOLDER = Pattern.compile("\\{([A-Za-z]+)(\\*?)}");
    private static final int NANOS_PER_SECOND = 1_000_000_000;

    static {
        // Without this, answers on kept-alive connections wait 40 ms for the other side's delayed acknowledgement.
        System.setProperty("sun.net.httpserver.nodelay", "true");
    }

    private final String name;
    private final HttpServer server;
    private final ExecutorService threads;
    private final List<Route> routes = new CopyOnWriteArrayList<>();
    private final CallLog log = new CallLog();
    private final Faults faults = new Faults();
    private final Map<String, Pause> pauses = new ConcurrentHashMap<>();
    private volatile Function<SimulatorRequest, String> caller = request -> "";
    private volatile BiFunction<SimulatorRequest, Fault.Status, SimulatorAnswer> refusal =
            SimulatorServer::plainRefusal;
    private volatile Supplier<JsonValue> objects = () -> JsonValue.EMPTY_JSON_OBJECT;
    private volatile Duration answerDelay = Duration.ZERO;
    private volatile Duration underWay = Duration.ofMillis(250);

    /** A server that calls itself {@code name} and listens on this port, 0 for any free one. */
    public SimulatorServer(String name, int port) {
        this.name = name;
        this.threads = Executors.newCachedThreadPool(daemons(name));
        try {
            this.server = HttpServer.create(
                    new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port), 1_024);
        } catch (IOException taken) {
            throw new UncheckedIOException(name + " cannot listen on port " + port, taken);
        }
        server.setExecutor(threads);
        server.createContext("/", this::handle);
    }

    /**
     * Answers requests of this method whose path has this form.
     *
     * @param called what the log calls such calls
     * @param method the HTTP method
     * @param path the path; {@code {id}} stands for text without a slash, {@code {rest*}} for any text
     * @param answer what is answered
     */
    public SimulatorServer route(String called, String method, String path, Answering answer) {
        routes.add(Route.of(called, method, path, answer));
        return this;
    }

    /** Starts to answer. */
    public void start() {
        server.start();
    }

    /** Stops at once; connections are cut. */
    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }

    /** The address, such as {@code http://127.0.0.1:8081}, without a slash at its end. */
    public URI url() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    /** The calls and the broken rules. */
    public CallLog log() {
        return log;
    }

    /** The fault switch. */
    public Faults faults() {
        return faults;
    }

    /** From now on every answer takes at least this long. */
    public SimulatorServer answerDelay(Duration delay) {
        this.answerDelay = delay;
        return this;
    }

    /** What {@code /_admin/state} shows as objects. */
    public SimulatorServer objects(Supplier<JsonValue> shown) {
        this.objects = shown;
        return this;
    }

    /** Whose pause a Retry-After is: a call breaks the rule only if the same caller was told to wait. By default all are one. */
    public SimulatorServer caller(Function<SimulatorRequest, String> identified) {
        this.caller = identified;
        return this;
    }

    /** The answer to a call that {@link Faults} refuse, in the shape of the remote system; its Retry-After header is set here. */
    public SimulatorServer refusal(BiFunction<SimulatorRequest, Fault.Status, SimulatorAnswer> shaped) {
        this.refusal = shaped;
        return this;
    }

    /** How long after a Retry-After calls that were already under way may still arrive. Default 250 ms. */
    public SimulatorServer underWay(Duration grace) {
        this.underWay = grace;
        return this;
    }

    private void handle(HttpExchange exchange) throws IOException {
        Instant arrived = Instant.now();
        long started = System.nanoTime();
        try (exchange) {
            SimulatorRequest request = SimulatorRequest.of(exchange, SimulatorRequest.readBody(exchange));
            if (request.path().startsWith("/_admin/")) {
                send(exchange, admin(request));
                return;
            }
            Optional<Match> match = match(request);
            checkPause(request, started);
            Optional<Fault> fault = faults.draw(request.method(), request.path());
            pause(answerDelay);
            int status = 0;
            boolean answered = false;
            if (fault.isPresent() && fault.get() instanceof Fault.Delay delay) {
                pause(delay.howLong());
            }
            try {
                if (fault.isEmpty() || hasEffect(fault.get())) {
                    SimulatorAnswer answer = answer(request, match, fault);
                    status = answer.status();
                    if (fault.isEmpty() || isAnswered(fault.get())) {
                        answered = true;
                        notePause(request, answer);
                        // Logged before it is sent: whoever has the answer finds the call in the log.
                        note(request, match, arrived, started, status, true);
                        send(exchange, answer);
                    }
                }
                if (fault.isPresent() && fault.get() instanceof Fault.Hang hang) {
                    pause(hang.howLong());
                }
            } finally {
                if (!answered) {
                    note(request, match, arrived, started, status, false);
                }
            }
        }
    }

    private static boolean hasEffect(Fault fault) {
        return !(fault instanceof Fault.Cut) && !(fault instanceof Fault.Hang hang && !hang.afterEffect());
    }

    private static boolean isAnswered(Fault fault) {
        return !(fault instanceof Fault.LoseAnswer) && !(fault instanceof Fault.Hang);
    }

    private void note(
            SimulatorRequest request,
            Optional<Match> match,
            Instant arrived,
            long started,
            int status,
            boolean answered) {
        log.add(new Call(
                arrived,
                match.map(Match::called).orElse(UNKNOWN),
                request.method(),
                request.path(),
                request.rawQuery(),
                kept(request),
                status,
                answered,
                Duration.ofNanos(System.nanoTime() - started)));
    }

    private SimulatorAnswer answer(SimulatorRequest request, Optional<Match> match, Optional<Fault> fault) {
        if (match.isEmpty()) {
            log.breakRule(UNKNOWN + ": " + request.method() + " " + request.path());
            return SimulatorAnswer.text(501, UNKNOWN);
        }
        if (fault.isPresent() && fault.get() instanceof Fault.Status refused) {
            SimulatorAnswer shaped = refusal.apply(request, refused);
            return refused.retryAfterSeconds() == 0
                    ? shaped
                    : shaped.withHeader("Retry-After", Integer.toString(refused.retryAfterSeconds()));
        }
        try {
            return match.get()
                    .answer()
                    .answer(request.withPathValues(match.get().values()));
        } catch (SimulatorAnswer.RefusedException refused) {
            return refused.answer();
        } catch (RuntimeException failed) {
            log.breakRule(name + " failed at " + request.method() + " " + request.path() + ": " + failed);
            return SimulatorAnswer.text(500, "the simulator failed");
        }
    }

    private static SimulatorAnswer plainRefusal(SimulatorRequest request, Fault.Status refused) {
        return SimulatorAnswer.text(refused.status(), "refused " + request.method());
    }

    private Optional<Match> match(SimulatorRequest request) {
        return routes.stream().flatMap(route -> route.match(request).stream()).findFirst();
    }

    private void checkPause(SimulatorRequest request, long arrived) {
        Pause pause = pauses.get(caller.apply(request));
        if (pause != null && arrived - pause.from() > underWay.toNanos() && arrived - pause.until() < 0) {
            log.breakRule("called " + Duration.ofNanos(pause.until() - arrived).toMillis()
                    + " ms before Retry-After had passed: " + request.method() + " " + request.path());
        }
    }

    private void notePause(SimulatorRequest request, SimulatorAnswer answer) {
        String seconds = answer.headers().get("Retry-After");
        if (seconds != null) {
            long now = System.nanoTime();
            Pause pause = new Pause(now, now + Long.parseLong(seconds) * NANOS_PER_SECOND);
            // A pause that is already running keeps its beginning: what came after that was told to wait.
            pauses.merge(
                    caller.apply(request),
                    pause,
                    (old, fresh) -> new Pause(
                            old.until() - now > 0 ? old.from() : fresh.from(),
                            old.until() - fresh.until() > 0 ? old.until() : fresh.until()));
        }
    }

    private static void send(HttpExchange exchange, SimulatorAnswer answer) throws IOException {
        answer.headers()
                .forEach((header, value) -> exchange.getResponseHeaders().set(header, value));
        byte[] body = answer.body();
        exchange.sendResponseHeaders(answer.status(), body.length == 0 ? -1 : body.length);
        if (body.length > 0) {
            try (OutputStream out = exchange.getResponseBody()) {
                out.write(body);
            }
        }
    }

    private static Map<String, String> kept(SimulatorRequest request) {
        Map<String, String> kept = new HashMap<>();
        KEPT_HEADERS.forEach(header -> request.header(header).ifPresent(value -> kept.put(header, value)));
        return kept;
    }

    private static void pause(Duration howLong) {
        if (!howLong.isZero()) {
            try {
                Thread.sleep(howLong.toMillis());
            } catch (InterruptedException closing) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private SimulatorAnswer admin(SimulatorRequest request) {
        return switch (request.method() + " " + request.path()) {
            case "GET /_admin/state" -> SimulatorAnswer.json(200, state());
            case "DELETE /_admin/faults" -> {
                faults.clear();
                yield SimulatorAnswer.empty(204);
            }
            case "POST /_admin/faults" -> setFault(request);
            default -> SimulatorAnswer.text(404, "no such address");
        };
    }

    private JsonObject state() {
        JsonObjectBuilder counts = JSON.createObjectBuilder();
        log.counts().forEach(counts::add);
        JsonArrayBuilder calls = JSON.createArrayBuilder();
        List<Call> all = log.calls();
        for (Call call : all.subList(Math.max(0, all.size() - 1_000), all.size())) {
            JsonObjectBuilder headers = JSON.createObjectBuilder();
            call.headers().forEach(headers::add);
            calls.add(JSON.createObjectBuilder()
                    .add("time", call.time().toString())
                    .add("name", call.name())
                    .add("method", call.method())
                    .add("path", call.path())
                    .add("query", call.query())
                    .add("headers", headers)
                    .add("status", call.status())
                    .add("answered", call.answered())
                    .add("millis", call.took().toMillis()));
        }
        return JSON.createObjectBuilder()
                .add("name", name)
                .add("counts", counts)
                .add("brokenRuleCount", log.brokenRuleCount())
                .add("brokenRules", JSON.createArrayBuilder(log.brokenRules()))
                .add("calls", calls)
                .add("objects", objects.get())
                .build();
    }

    /**
     * Sets a fault from {@code {"fault":"status","status":429,"retryAfter":5,"times":3,"method":"PATCH","path":"/referrals"}}:
     * {@code fault} is delay (with {@code millis}), status, cut or lose-answer; without {@code times} it stays until cleared;
     * {@code method} and a part of the {@code path} narrow it.
     */
    private SimulatorAnswer setFault(SimulatorRequest request) {
        if (request.json().isEmpty() || !(request.json().get() instanceof JsonObject wanted)) {
            return SimulatorAnswer.text(400, "a JSON object is needed");
        }
        Fault fault;
        switch (wanted.getString("fault", "")) {
            case "delay" -> fault = Fault.delay(Duration.ofMillis(wanted.getInt("millis", 1_000)));
            case "status" -> fault = Fault.status(wanted.getInt("status", 503), wanted.getInt("retryAfter", 0));
            case "cut" -> fault = Fault.cut();
            case "lose-answer" -> fault = Fault.loseAnswer();
            default -> {
                return SimulatorAnswer.text(400, "fault is one of delay, status, cut, lose-answer");
            }
        }
        String method = wanted.getString("method", "");
        String path = wanted.getString("path", "");
        int times = wanted.getInt("times", 0);
        if (times > 0) {
            faults.next(times, fault, (m, p) -> (method.isEmpty() || method.equals(m)) && p.contains(path));
        } else {
            faults.always(fault, (m, p) -> (method.isEmpty() || method.equals(m)) && p.contains(path));
        }
        return SimulatorAnswer.empty(204);
    }

    private static ThreadFactory daemons(String name) {
        AtomicInteger count = new AtomicInteger();
        return work -> {
            Thread thread = new Thread(work, name.toLowerCase(Locale.ROOT) + "-" + count.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
    }

    /** Answers one kind of call. */
    @FunctionalInterface
    public interface Answering {
        /** The answer; the effect of the call is complete when it returns. May throw what {@link SimulatorAnswer#refused} gives. */
        SimulatorAnswer answer(SimulatorRequest request);
    }

    private record Pause(long from, long until) {}

    private record Match(String called, Answering answer, Map<String, String> values) {}

    private record Route(String called, String method, Pattern path, List<String> names, Answering answer) {
        static Route of(String called, String method, String path, Answering answer) {
            List<String> names = new ArrayList<>();
            StringBuilder pattern = new StringBuilder();
            Matcher placeholder = PLACEHOLDER.matcher(path);
            int end = 0;
            while (placeholder.find()) {
                pattern.append(Pattern.quote(path.substring(end, placeholder.start())));
                pattern.append(placeholder.group(2).isEmpty() ? "([^/]+)" : "(.*)");
                names.add(placeholder.group(1));
                end = placeholder.end();
            }
            pattern.append(Pattern.quote(path.substring(end)));
            return new Route(called, method, Pattern.compile(pattern.toString()), List.copyOf(names), answer);
        }

        Optional<Match> match(SimulatorRequest request) {
            Matcher matcher = path.matcher(request.path());
            if (!method.equals(request.method()) || !matcher.matches()) {
                return Optional.empty();
            }
            Map<String, String> values = new HashMap<>();
            for (int i = 0; i < names.size(); i++) {
                // A plus sign in a path is a plus sign.
                values.put(
                        names.get(i),
                        URLDecoder.decode(matcher.group(i + 1).replace("+", "%2B"), StandardCharsets.UTF_8));
            }
            return Optional.of(new Match(called, answer, values));
        }
    }
}
