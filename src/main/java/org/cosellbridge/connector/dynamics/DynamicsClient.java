package org.cosellbridge.connector.dynamics;

import jakarta.json.JsonException;
import jakarta.json.JsonObject;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.cosellbridge.connector.CallContext;
import org.cosellbridge.connector.ConnectionSettings;
import org.cosellbridge.connector.Priority;
import org.cosellbridge.http.Grant;
import org.cosellbridge.http.HttpAnswer;
import org.cosellbridge.http.HttpCall;
import org.cosellbridge.http.OutboundClient;
import org.cosellbridge.http.OutboundException;
import org.cosellbridge.http.Tokens;
import org.jspecify.annotations.Nullable;

/**
 * Calls of the Dataverse Web API of one environment: base URL, OData headers, token, tag, and the lease before every call. It
 * answers whatever came back but 401, which it meets with a fresh token once. Thread-safe.
 */
final class DynamicsClient {
    /** A token that took no longer than this was at hand: the lease need not be renewed again before the call itself. */
    private static final Duration AT_HAND = Duration.ofMillis(100);

    private final String system;
    private final String base;
    private final Grant grant;
    private final OutboundClient http;
    private final Tokens tokens;
    private final DynamicsErrors errors;

    DynamicsClient(ConnectionSettings settings, Grant grant, OutboundClient http, Tokens tokens, Clock clock) {
        this.system = settings.name().value();
        this.base = settings.url() + "/api/data/" + settings.apiVersion() + "/";
        this.grant = grant;
        this.http = http;
        this.tokens = tokens;
        this.errors = new DynamicsErrors(system, clock);
    }

    String system() {
        return system;
    }

    DynamicsErrors errors() {
        return errors;
    }

    /** The root of the environment's API, with a slash at its end. */
    String root() {
        return base;
    }

    /**
     * Reads.
     *
     * @param path below the API's root, such as {@code opportunities(…)}
     * @param query option names and values, not yet encoded
     */
    HttpAnswer read(CallContext call, String path, Map<String, String> query) {
        return read(call, path, query(query), Map.of());
    }

    /**
     * Reads with a query that is sent as it stands, such as that of a link which the system gave out.
     *
     * @param path below the API's root
     * @param rawQuery what follows the question mark, encoded
     * @param preferences further headers
     */
    HttpAnswer read(CallContext call, String path, String rawQuery, Map<String, String> preferences) {
        Map<String, String> headers = headers();
        // keeps caches in between from serving stale rows
        headers.put("If-None-Match", "null");
        headers.putAll(preferences);
        return send(call, "GET", uri(path, rawQuery), headers, null);
    }

    /** Writes; the correlation id travels along as a tag, so that the change's own events can be recognised. */
    HttpAnswer write(
            CallContext call,
            String method,
            String path,
            Map<String, String> query,
            Map<String, String> preconditions,
            JsonObject body) {
        Map<String, String> headers = headers();
        headers.put("Content-Type", "application/json");
        headers.putAll(preconditions);
        Map<String, String> tagged = new LinkedHashMap<>(query);
        tagged.put("tag", call.correlationId());
        return send(call, method, uri(path, query(tagged)), headers, DynamicsJson.bytes(body));
    }

    /** The JSON object of a success; anything else is a failure to read it. */
    JsonObject body(HttpAnswer answer) {
        try {
            return DynamicsJson.parse(answer.body());
        } catch (JsonException notJson) {
            throw errors.unreadable(notJson);
        }
    }

    private HttpAnswer send(
            CallContext call, String method, URI uri, Map<String, String> headers, byte @Nullable [] body) {
        HttpAnswer answer = sendOnce(call, method, uri, headers, body);
        if (answer.status() != 401) {
            return answer;
        }
        // the token was refused, so nothing was done: a fresh one is tried once, for writes as well
        tokens.forget(grant);
        return sendOnce(call, method, uri, headers, body);
    }

    private HttpAnswer sendOnce(
            CallContext call, String method, URI uri, Map<String, String> headers, byte @Nullable [] body) {
        try {
            Duration timeout = call.guard().beforeCall();
            long start = System.nanoTime();
            String token = tokens.token(grant, timeout, call.correlationId());
            Duration taken = Duration.ofNanos(System.nanoTime() - start);
            boolean atHand = taken.compareTo(AT_HAND) <= 0 && taken.compareTo(timeout) < 0;
            timeout = atHand ? timeout.minus(taken) : call.guard().beforeCall();
            Map<String, String> all = new LinkedHashMap<>(headers);
            all.put("Authorization", "Bearer " + token);
            return http.send(new HttpCall(
                    system,
                    method,
                    uri,
                    all,
                    body,
                    timeout,
                    rank(call.priority()),
                    call.correlationId(),
                    method.equals("GET")));
        } catch (OutboundException noAnswer) {
            throw errors.from(noAnswer);
        }
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
        headers.put("OData-MaxVersion", "4.0");
        headers.put("OData-Version", "4.0");
        return headers;
    }

    private URI uri(String path, String rawQuery) {
        return URI.create(base + path + (rawQuery.isEmpty() ? "" : "?" + rawQuery));
    }

    /** The options as they stand behind the question mark. */
    static String query(Map<String, String> options) {
        return options.entrySet().stream()
                .map(option -> option.getKey() + "=" + encode(option.getValue()))
                .collect(Collectors.joining("&"));
    }

    /** Percent-encodes for a path segment or a query value. */
    static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8)
                .replace("+", "%20")
                .replace("%2C", ",");
    }

    /** An OData string literal: in single quotes, those inside doubled. */
    static String literal(String text) {
        return "'" + text.replace("'", "''") + "'";
    }
}
