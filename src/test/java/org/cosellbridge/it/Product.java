package org.cosellbridge.it;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.io.IOException;
import java.io.StringReader;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** The product as its users call it: JSON over HTTP with a login. */
final class Product {
    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10)).build();
    private final URI url;
    private final String password;

    Product(URI url, String password) {
        this.url = url;
        this.password = password;
    }

    URI url() {
        return url;
    }

    /** The answer to a GET below {@code /cosell/api/} as this user; null: without a login. */
    HttpResponse<String> get(String path, String user) {
        return send(HttpRequest.newBuilder(url.resolve("/cosell/api/" + path)).GET(), user);
    }

    /** The answer to a POST below {@code /cosell/api/} as this user. */
    HttpResponse<String> post(String path, String body, String user) {
        return send(
                HttpRequest.newBuilder(url.resolve("/cosell/api/" + path))
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(body)),
                user);
    }

    /** What an operator asks for; the answer's body, which is empty when there is none. */
    JsonObject ask(String path, String body) {
        HttpResponse<String> answer = post(path, body, "operator");
        if (answer.statusCode() / 100 != 2) {
            throw new IllegalStateException("POST " + path + " answered " + answer.statusCode() + ": " + answer.body());
        }
        return answer.body().isEmpty() ? JsonValue.EMPTY_JSON_OBJECT : object(answer.body());
    }

    private HttpResponse<String> send(HttpRequest.Builder request, String user) {
        if (!user.isEmpty()) {
            String login = user + ":" + password;
            request.header(
                    "Authorization",
                    "Basic " + Base64.getEncoder().encodeToString(login.getBytes(StandardCharsets.UTF_8)));
        }
        try {
            return http.send(request.timeout(Duration.ofMinutes(1)).build(), HttpResponse.BodyHandlers.ofString());
        } catch (IOException failed) {
            throw new IllegalStateException("The product does not answer.", failed);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(interrupted);
        }
    }

    /** Every item of a list, page by page, as the auditor sees it. */
    List<JsonObject> items(String path) {
        List<JsonObject> items = new ArrayList<>();
        String cursor = "";
        do {
            String page = path + (path.contains("?") ? "&" : "?") + "limit=500"
                    + (cursor.isEmpty() ? "" : "&cursor=" + URLEncoder.encode(cursor, StandardCharsets.UTF_8));
            HttpResponse<String> answer = get(page, "auditor");
            if (answer.statusCode() != 200) {
                throw new IllegalStateException(
                        "GET " + page + " answered " + answer.statusCode() + ": " + answer.body());
            }
            JsonObject list = object(answer.body());
            list.getJsonArray("items").forEach(item -> items.add(item.asJsonObject()));
            JsonValue next = list.getOrDefault("next", JsonValue.NULL);
            cursor = next instanceof JsonString text ? text.getString() : "";
        } while (!cursor.isEmpty());
        return items;
    }

    /** The first page of a list, at most {@code most} items long. */
    List<JsonObject> page(String path, int most) {
        HttpResponse<String> answer = get(path + "?limit=" + most, "auditor");
        if (answer.statusCode() != 200) {
            throw new IllegalStateException("GET " + path + " answered " + answer.statusCode() + ": " + answer.body());
        }
        return object(answer.body()).getJsonArray("items").getValuesAs(JsonObject.class);
    }

    static JsonObject object(String json) {
        try (JsonReader reader = Json.createReader(new StringReader(json))) {
            return reader.readObject();
        }
    }
}
