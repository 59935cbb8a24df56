package org.cosellbridge.simulator;

import static org.cosellbridge.simulator.JsonTree.JSON;

import com.sun.net.httpserver.HttpExchange;
import jakarta.json.JsonException;
import jakarta.json.JsonReader;
import jakarta.json.JsonValue;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** A request as a simulator sees it. Immutable. */
public final class SimulatorRequest {
    private final String method;
    private final String path;
    private final String rawQuery;
    private final Map<String, String> headers;
    private final Map<String, String> pathValues;
    private final byte[] body;

    private SimulatorRequest(
            String method,
            String path,
            String rawQuery,
            Map<String, String> headers,
            Map<String, String> pathValues,
            byte[] body) {
        this.method = method;
        this.path = path;
        this.rawQuery = rawQuery;
        this.headers = headers;
        this.pathValues = pathValues;
        this.body = body;
    }

    static SimulatorRequest of(HttpExchange exchange, byte[] body) {
        Map<String, String> headers = new LinkedHashMap<>();
        exchange.getRequestHeaders()
                .forEach((name, values) -> headers.put(name.toLowerCase(Locale.ROOT), String.join(",", values)));
        String query = exchange.getRequestURI().getRawQuery();
        return new SimulatorRequest(
                exchange.getRequestMethod(),
                exchange.getRequestURI().getRawPath(),
                query == null ? "" : query,
                headers,
                Map.of(),
                body);
    }

    SimulatorRequest withPathValues(Map<String, String> values) {
        return new SimulatorRequest(method, path, rawQuery, headers, Map.copyOf(values), body);
    }

    /** The HTTP method. */
    public String method() {
        return method;
    }

    /** The path as it was sent, still percent-encoded. */
    public String path() {
        return path;
    }

    /** The query as it was sent, still percent-encoded; empty for none. */
    public String rawQuery() {
        return rawQuery;
    }

    /** The decoded query options in the order in which they were sent. */
    public Map<String, String> query() {
        return pairs(rawQuery);
    }

    /** One decoded query option. */
    public Optional<String> query(String name) {
        return Optional.ofNullable(query().get(name));
    }

    /** A request header; several of one name are joined by commas. */
    public Optional<String> header(String name) {
        return Optional.ofNullable(headers.get(name.toLowerCase(Locale.ROOT)));
    }

    /** Whether the content type is this one, whatever its parameters. */
    public boolean isOfType(String contentType) {
        return header("Content-Type")
                .map(type -> type.split(";", 2)[0].strip())
                .filter(contentType::equalsIgnoreCase)
                .isPresent();
    }

    /** The token of {@code Authorization: Bearer}. */
    public Optional<String> bearer() {
        return header("Authorization")
                .filter(value -> value.regionMatches(true, 0, "Bearer ", 0, 7))
                .map(value -> value.substring(7).strip());
    }

    /** The decoded value of a placeholder in the route's path. */
    public String pathValue(String name) {
        String value = pathValues.get(name);
        if (value == null) {
            throw new IllegalArgumentException("The route has no placeholder " + name + ".");
        }
        return value;
    }

    /** The raw body. */
    public byte[] body() {
        return body.clone();
    }

    /** The body as text. */
    public String text() {
        return new String(body, StandardCharsets.UTF_8);
    }

    /** The body as a decoded form. */
    public Map<String, String> form() {
        return pairs(text());
    }

    /** The body as JSON, empty when it is none. */
    public Optional<JsonValue> json() {
        try (JsonReader reader = JSON.createReader(new ByteArrayInputStream(body))) {
            return Optional.of(reader.readValue());
        } catch (JsonException notJson) {
            return Optional.empty();
        }
    }

    private static Map<String, String> pairs(String encoded) {
        Map<String, String> pairs = new LinkedHashMap<>();
        for (String pair : encoded.split("&", -1)) {
            if (!pair.isEmpty()) {
                int equals = pair.indexOf('=');
                pairs.put(
                        decode(equals < 0 ? pair : pair.substring(0, equals)),
                        equals < 0 ? "" : decode(pair.substring(equals + 1)));
            }
        }
        return pairs;
    }

    private static String decode(String encoded) {
        return URLDecoder.decode(encoded, StandardCharsets.UTF_8);
    }

    static byte[] readBody(HttpExchange exchange) throws IOException {
        return exchange.getRequestBody().readAllBytes();
    }
}
