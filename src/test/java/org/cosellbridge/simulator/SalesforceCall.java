package org.cosellbridge.simulator;

import jakarta.json.JsonException;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import jakarta.json.JsonValue;
import java.io.ByteArrayInputStream;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.cosellbridge.simulator.SalesforceStore.Author;

/**
 * A call to the REST API, by itself or within a composite.
 *
 * @param method PATCH for a POST with {@code _HttpMethod=PATCH}
 * @param root such as {@code /services/data/v67.0}
 * @param path the decoded parts below the root
 * @param query decoded
 * @param headers by name in lower case
 * @param inner whether it is a part of a composite
 */
record SalesforceCall(
        String method,
        String root,
        List<String> path,
        Map<String, String> query,
        Map<String, String> headers,
        byte[] body,
        Author author,
        boolean inner) {

    static List<String> split(String path) {
        List<String> parts = new ArrayList<>();
        for (String part : path.split("/", -1)) {
            parts.add(URLDecoder.decode(part.replace("+", "%2B"), StandardCharsets.UTF_8));
        }
        if (parts.size() > 1 && parts.get(parts.size() - 1).isEmpty()) {
            parts.remove(parts.size() - 1);
        }
        return List.copyOf(parts);
    }

    Optional<String> header(String name) {
        return Optional.ofNullable(headers.get(name.toLowerCase(Locale.ROOT)));
    }

    /** The body, which must be a JSON object of the right content type. */
    JsonObject json() {
        boolean json = header("Content-Type")
                .map(type -> type.split(";", 2)[0].strip())
                .filter("application/json"::equalsIgnoreCase)
                .isPresent();
        if (!json && !inner) {
            throw SalesforceRefusal.of(
                    415,
                    "UNSUPPORTED_MEDIA_TYPE",
                    "The content-type of the request entity is not supported, use application/json.");
        }
        try (JsonReader reader = JsonTree.JSON.createReader(new ByteArrayInputStream(body))) {
            JsonValue value = reader.readValue();
            if (value instanceof JsonObject object) {
                return object;
            }
        } catch (JsonException malformed) {
            throw SalesforceRefusal.bad("JSON_PARSER_ERROR", "Unexpected character at [line:1, column:1]");
        }
        throw SalesforceRefusal.bad("JSON_PARSER_ERROR", "The body is no JSON object at [line:1, column:1]");
    }
}
