package org.cosellbridge.connector.salesforce;

import jakarta.json.JsonException;
import jakarta.json.JsonObject;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.cosellbridge.connector.CallContext;
import org.cosellbridge.connector.ConnectionSettings;
import org.cosellbridge.connector.Priority;
import org.cosellbridge.http.AccessToken;
import org.cosellbridge.http.Grant;
import org.cosellbridge.http.HttpAnswer;
import org.cosellbridge.http.HttpCall;
import org.cosellbridge.http.OutboundClient;
import org.cosellbridge.http.OutboundException;
import org.cosellbridge.http.Permits;
import org.cosellbridge.http.Tokens;
import org.cosellbridge.platform.Configuration;
import org.jspecify.annotations.Nullable;

/**
 * Calls of the REST API of one org: base, headers, session, the org's limit, and the lease before every call. It answers whatever came
 * back but a refused session, which it meets with a fresh one once. Thread-safe.
 */
final class SalesforceClient {
    /** A token that took no longer than this was at hand: the lease need not be renewed again before the call itself. */
    private static final Duration AT_HAND = Duration.ofMillis(100);

    private final String system;
    private final ConnectionSettings settings;
    private final Grant.Salesforce grant;
    private final OutboundClient http;
    private final Tokens tokens;
    private final Permits permits;
    private final SalesforceErrors errors;
    private final SalesforceLimit limit;
    private final Clock clock;
    private volatile String userId = "";

    SalesforceClient(
            ConnectionSettings settings,
            Grant.Salesforce grant,
            OutboundClient http,
            Tokens tokens,
            Permits permits,
            Clock clock) {
        this.system = settings.name().value();
        this.settings = settings;
        this.grant = grant;
        this.http = http;
        this.tokens = tokens;
        this.permits = permits;
        this.errors = new SalesforceErrors(system, clock);
        this.limit = new SalesforceLimit(system, clock);
        this.clock = clock;
    }

    String system() {
        return system;
    }

    SalesforceErrors errors() {
        return errors;
    }

    /** For whom a place in the changes was given out: the org's address and the version. */
    String root() {
        return settings.url() + path("");
    }

    /** The id of the integration user; empty as long as the login host has not told it. */
    String userId() {
        return userId;
    }

    /** Keeps what nobody waits for from the last tenth of the org's calls. */
    void admit(Priority priority) {
        limit.admit(priority);
    }

    /** Reads what is below the version, such as {@code sobjects/Lead/describe}. */
    HttpAnswer read(CallContext call, String below) {
        return readAt(call, path(below));
    }

    /** Reads at an address of the org that begins with a slash, such as the one of a next page. */
    HttpAnswer readAt(CallContext call, String path) {
        return send(call, "GET", path, headers(), null);
    }

    /** The rows of a query that answers a few. */
    JsonObject query(CallContext call, String soql) {
        HttpAnswer answer = read(call, "query?q=" + encode(soql));
        if (!answer.isSuccess()) {
            throw errors.from(answer, null);
        }
        return body(answer);
    }

    /** Writes, without the org's assignment rules, which would change the owner. */
    HttpAnswer write(
            CallContext call, String method, String below, Map<String, String> preconditions, JsonObject body) {
        Map<String, String> headers = headers();
        headers.put("Content-Type", "application/json; charset=UTF-8");
        headers.put("Sforce-Auto-Assign", "FALSE");
        headers.putAll(preconditions);
        return send(call, method, path(below), headers, SalesforceJson.bytes(body));
    }

    /** The JSON object of a success; anything else is a failure to read it. */
    JsonObject body(HttpAnswer answer) {
        try {
            if (SalesforceJson.parse(answer.body()) instanceof JsonObject object) {
                return object;
            }
        } catch (JsonException notJson) {
            throw errors.unreadable(notJson);
        }
        throw errors.unreadable(null);
    }

    /** When the org gave this answer, by its own clock, in whole seconds. */
    Instant answeredAt(HttpAnswer answer) {
        try {
            return answer.header("Date")
                    .map(date -> Instant.from(DateTimeFormatter.RFC_1123_DATE_TIME.parse(date)))
                    .orElseGet(clock::instant);
        } catch (DateTimeException notADate) {
            return clock.instant();
        }
    }

    private String path(String below) {
        return "/services/data/" + settings.apiVersion() + "/" + below;
    }

    private HttpAnswer send(
            CallContext call, String method, String path, Map<String, String> headers, byte @Nullable [] body) {
        limit.admit(call.priority());
        Answered first = sendOnce(call, method, path, headers, body);
        Answered last = first;
        if (first.isSessionRefused()) {
            // the session was refused, so nothing was done: a fresh one is tried once, for writes as well
            tokens.forget(grant, first.token());
            last = sendOnce(call, method, path, headers, body);
        }
        if (last.answer().status() == 403) {
            SalesforceErrors.Refusal refusal = SalesforceErrors.Refusal.of(last.answer());
            if (refusal.isLimit()) {
                permits.pause(system, errors.pause(refusal));
            }
        }
        return last.answer();
    }

    private record Answered(HttpAnswer answer, AccessToken token) {
        boolean isSessionRefused() {
            return (answer.status() == 401 || answer.status() == 403)
                    && SalesforceErrors.Refusal.of(answer).isSession();
        }
    }

    private Answered sendOnce(
            CallContext call, String method, String path, Map<String, String> headers, byte @Nullable [] body) {
        try {
            Duration timeout = call.guard().beforeCall();
            long start = System.nanoTime();
            AccessToken token = tokens.accessToken(grant, timeout, call.correlationId());
            Duration taken = Duration.ofNanos(System.nanoTime() - start);
            boolean atHand = taken.compareTo(AT_HAND) <= 0 && taken.compareTo(timeout) < 0;
            timeout = atHand ? timeout.minus(taken) : call.guard().beforeCall();
            userId = token.userId();
            Map<String, String> all = new LinkedHashMap<>(headers);
            all.put("Authorization", "Bearer " + token.text());
            HttpAnswer answer = http.send(new HttpCall(
                    system,
                    method,
                    URI.create(base(token) + path),
                    all,
                    body,
                    timeout,
                    rank(call.priority()),
                    call.correlationId(),
                    method.equals("GET")));
            limit.note(answer);
            return new Answered(answer, token);
        } catch (OutboundException noAnswer) {
            throw errors.from(noAnswer);
        }
    }

    /** Where the org is, as the login host says. A session goes to Salesforce or to the configured host, and nowhere else. */
    private String base(AccessToken token) {
        if (token.instanceUrl().isEmpty()) {
            return settings.url().toString();
        }
        try {
            URI instance = new URI(token.instanceUrl().replaceAll("/+$", ""));
            String host = instance.getHost() == null ? "" : instance.getHost().toLowerCase(Locale.ROOT);
            boolean plain = instance.getUserInfo() == null
                    && instance.getPath().isEmpty()
                    && instance.getQuery() == null
                    && instance.getFragment() == null;
            boolean safe = "https".equals(instance.getScheme())
                    || ("http".equals(instance.getScheme()) && Configuration.isLoopback(host));
            boolean known = host.equalsIgnoreCase(settings.url().getHost())
                    || (host.endsWith(".salesforce.com") && instance.getPort() == -1);
            if (plain && safe && known) {
                return instance.toString();
            }
        } catch (URISyntaxException noAddress) {
            // falls through to the one refusal all cases share
        }
        throw errors.setup(
                "The login host leads to an address that is neither Salesforce's nor the configured one. Check"
                        + " url and authority.");
    }

    private static int rank(Priority priority) {
        return switch (priority) {
            case PERSON -> 0;
            case EVENT -> 1;
            case WRITE_BACK -> 2;
            case SWEEP -> 3;
        };
    }

    private static Map<String, String> headers() {
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("Accept", "application/json");
        headers.put("Sforce-Call-Options", "client=CosellBridge");
        return headers;
    }

    /** Percent-encodes for a query value. */
    static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    /** A SOQL string literal. */
    static String literal(String text) {
        StringBuilder literal = new StringBuilder("'");
        text.chars().forEach(unit -> {
            switch (unit) {
                case '\\' -> literal.append("\\\\");
                case '\'' -> literal.append("\\'");
                case '\n' -> literal.append("\\n");
                case '\r' -> literal.append("\\r");
                case '\t' -> literal.append("\\t");
                default -> {
                    if (unit < ' ') {
                        literal.append(String.format("\\u%04x", unit));
                    } else {
                        literal.append((char) unit);
                    }
                }
            }
        });
        return literal.append("'").toString();
    }
}
