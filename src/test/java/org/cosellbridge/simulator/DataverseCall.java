package org.cosellbridge.simulator;

import jakarta.json.Json;
import jakarta.json.JsonException;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import java.io.ByteArrayInputStream;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * One call of the Web API, whether it came by itself or inside a batch.
 *
 * @param method the HTTP method
 * @param root the API's root, such as {@code http://127.0.0.1:8080/api/data/v9.2}
 * @param path what follows the root, decoded, without a slash at its start
 * @param rawQuery the query as it was sent
 * @param headers by lower-case name
 * @param body the body
 * @param author who calls
 */
record DataverseCall(
        String method,
        String root,
        String path,
        String rawQuery,
        Map<String, String> headers,
        byte[] body,
        DataverseStore.Author author) {

    Optional<String> header(String name) {
        return Optional.ofNullable(headers.get(name.toLowerCase(Locale.ROOT)));
    }

    Map<String, String> query() {
        Map<String, String> pairs = new LinkedHashMap<>();
        for (String pair : rawQuery.split("&", -1)) {
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

    List<String> preferences() {
        return header("Prefer").stream()
                .flatMap(value -> Arrays.stream(value.split(",")))
                .map(String::trim)
                .filter(preference -> !preference.isEmpty())
                .toList();
    }

    boolean prefers(String preference) {
        return preferences().contains(preference);
    }

    Optional<String> preference(String name) {
        return preferences().stream()
                .filter(value -> value.startsWith(name + "="))
                .map(value -> value.substring(name.length() + 1).replace("\"", ""))
                .findFirst();
    }

    JsonObject json() {
        String type = header("Content-Type").orElse("").split(";", 2)[0].strip();
        if (!type.equalsIgnoreCase("application/json")) {
            throw DataverseStore.refuse(415, "0x80048d19", "The Content-Type must be application/json.");
        }
        try (JsonReader reader = Json.createReader(new ByteArrayInputStream(body))) {
            return reader.readObject();
        } catch (JsonException | IllegalStateException notAnObject) {
            throw DataverseStore.refuse(
                    400, "0x80048d19", "Error identified in Payload provided by the user: not JSON.");
        }
    }
}
