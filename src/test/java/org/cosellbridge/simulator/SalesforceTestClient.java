package org.cosellbridge.simulator;

import jakarta.json.Json;
import jakarta.json.JsonArray;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import java.io.IOException;
import java.io.StringReader;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;

/** Talks HTTP to a {@link SalesforceSimulator} as its integration user; for the simulator's own tests. */
final class SalesforceTestClient {
    private final URI url;
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private volatile String token;

    SalesforceTestClient(URI url, String token) {
        this.url = url;
        this.token = token;
    }

    /** A clock that stands still until the test moves it. */
    static final class SetClock extends Clock {
        volatile Instant now = Instant.parse("2026-11-20T07:40:00Z");

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }

        @Override
        public Instant instant() {
            return now;
        }
    }

    record Answer(int status, Map<String, List<String>> headers, String body) {
        JsonObject json() {
            try (JsonReader reader = Json.createReader(new StringReader(body))) {
                return reader.readObject();
            }
        }

        JsonArray array() {
            try (JsonReader reader = Json.createReader(new StringReader(body))) {
                return reader.readArray();
            }
        }

        String id() {
            return json().getString("id");
        }

        /** Status, code and message of an error. */
        String error() {
            JsonObject error = array().getJsonObject(0);
            return status + " " + error.getString("errorCode") + " " + error.getString("message");
        }

        String header(String name) {
            return headers.getOrDefault(name, List.of("")).get(0);
        }

        List<JsonObject> records() {
            return json().getJsonArray("records").getValuesAs(JsonObject.class);
        }

        /** One field of each record. */
        List<String> texts(String field) {
            return records().stream().map(row -> row.getString(field)).toList();
        }
    }

    void token(String other) {
        token = other;
    }

    Answer send(HttpRequest.Builder request) {
        try {
            HttpResponse<String> answer = http.send(request.build(), HttpResponse.BodyHandlers.ofString());
            return new Answer(answer.statusCode(), answer.headers().map(), answer.body());
        } catch (IOException failed) {
            throw new IllegalStateException(failed);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(stopped);
        }
    }

    HttpRequest.Builder request(String method, String target, String body) {
        String address = target.startsWith("/") ? url + target : url + "/services/data/v67.0/" + target;
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(address.replace(" ", "%20")))
                .header("Authorization", "Bearer " + token)
                .header("Accept", "application/json");
        return body.isEmpty()
                ? request.method(method, HttpRequest.BodyPublishers.noBody())
                : request.method(method, HttpRequest.BodyPublishers.ofString(body.replace('\'', '"')))
                        .header("Content-Type", "application/json; charset=UTF-8");
    }

    Answer get(String target) {
        return send(request("GET", target, ""));
    }

    /** Apostrophes in the body stand for quotation marks. */
    Answer post(String target, String body) {
        return send(request("POST", target, body));
    }

    Answer patch(String target, String body) {
        return send(request("PATCH", target, body));
    }

    Answer patch(String target, String body, String header, String value) {
        return send(request("PATCH", target, body).header(header, value));
    }

    Answer delete(String target) {
        return send(request("DELETE", target, ""));
    }

    Answer query(String soql) {
        return get("query?q=" + URLEncoder.encode(soql, StandardCharsets.UTF_8));
    }
}
