package org.cosellbridge.simulator;

import jakarta.json.Json;
import jakarta.json.JsonArray;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** The webhook registration of one tenant: one URL for all events, and the test events that were sent to it. Thread-safe. */
final class WebhookRegistrations {
    static final List<String> EVENTS = List.of(
            "azure-fraud-event-detected",
            "dap-admin-relationship-approved",
            "dap-admin-relationship-terminated",
            "dap-admin-relationship-terminated-by-microsoft",
            "granular-admin-relationship-activated",
            "granular-admin-relationship-approved",
            "granular-admin-relationship-expired",
            "granular-admin-relationship-terminated",
            "indirect-reseller-relationship-accepted-by-customer",
            "invoice-ready",
            "referral-created",
            "referral-updated",
            "related-referral-created",
            "related-referral-updated",
            "reseller-relationship-accepted-by-customer",
            "subscription-updated",
            "test-created",
            "usagerecords-thresholdExceeded");

    private static final Map<Integer, String> STATUS_NAMES = Map.ofEntries(
            Map.entry(200, "OK"),
            Map.entry(201, "Created"),
            Map.entry(202, "Accepted"),
            Map.entry(204, "NoContent"),
            Map.entry(400, "BadRequest"),
            Map.entry(401, "Unauthorized"),
            Map.entry(403, "Forbidden"),
            Map.entry(404, "NotFound"),
            Map.entry(413, "RequestEntityTooLarge"),
            Map.entry(415, "UnsupportedMediaType"),
            Map.entry(500, "InternalServerError"),
            Map.entry(503, "ServiceUnavailable"));
    private static final DateTimeFormatter WITHOUT_ZONE =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSSS", Locale.ROOT);
    private static final int LONGEST_URL = 2_048;

    private final Map<String, List<Delivery.Attempt>> tests = new ConcurrentHashMap<>();
    private volatile @Nullable Registration current;

    /** Who is told, null when nobody registered. */
    WebhookDispatcher.@Nullable Target target() {
        Registration now = current;
        return now == null ? null : new WebhookDispatcher.Target(now.url(), now.events(), now.usesMsSignatureHeader());
    }

    /** Registers as the partner would by the API. */
    void register(URI url, List<String> events, boolean usesMsSignatureHeader) {
        current = new Registration(UUID.randomUUID().toString(), url, List.copyOf(events), usesMsSignatureHeader);
    }

    void remove() {
        current = null;
    }

    SimulatorAnswer listEvents() {
        return SimulatorAnswer.json(200, Json.createArrayBuilder(EVENTS).build());
    }

    SimulatorAnswer view() {
        Registration now = current;
        if (now == null) {
            throw error(404, "600041", "There is no registration.").refused();
        }
        // The documented view does not show the subscriber id.
        return SimulatorAnswer.json(200, JsonTree.without(now.json(), "SubscriberId"));
    }

    synchronized SimulatorAnswer create(SimulatorRequest request) {
        if (current != null) {
            throw error(409, "600040", "A registration exists; use the PUT method.")
                    .refused();
        }
        return save(request, UUID.randomUUID().toString());
    }

    synchronized SimulatorAnswer replace(SimulatorRequest request) {
        Registration now = current;
        if (now == null) {
            throw error(404, "600041", "There is no registration.").refused();
        }
        return save(request, now.subscriberId());
    }

    SimulatorAnswer sendTest(WebhookDispatcher dispatcher) {
        Registration now = current;
        if (now == null || !now.events().contains("test-created")) {
            throw error(400, "600042", "Nobody is registered for test-created.").refused();
        }
        String correlationId = UUID.randomUUID().toString();
        List<Delivery.Attempt> attempts = new CopyOnWriteArrayList<>();
        tests.put(correlationId, attempts);
        dispatcher.raise(WebhookEvent.test(correlationId), attempts::add);
        return SimulatorAnswer.json(
                200,
                Json.createObjectBuilder().add("correlationId", correlationId).build());
    }

    SimulatorAnswer testResult(String correlationId, String partnerId) {
        List<Delivery.Attempt> attempts = tests.get(correlationId);
        if (attempts == null) {
            throw error(404, "600043", "There is no such test.").refused();
        }
        JsonArrayBuilder results = Json.createArrayBuilder();
        boolean completed = false;
        for (Delivery.Attempt attempt : attempts) {
            completed = attempt.isAccepted();
            results.add(Json.createObjectBuilder()
                    .add("responseCode", STATUS_NAMES.getOrDefault(attempt.status(), "RequestTimeout"))
                    .add("responseMessage", attempt.problem())
                    .add("systemError", attempt.status() == 0)
                    .add("dateTimeUtc", WITHOUT_ZONE.format(LocalDateTime.ofInstant(attempt.time(), ZoneOffset.UTC))));
        }
        Registration now = current;
        return SimulatorAnswer.json(
                200,
                Json.createObjectBuilder()
                        .add("correlationId", correlationId)
                        .add("partnerId", partnerId)
                        .add("status", completed ? "completed" : "pending")
                        .add("callbackUrl", now == null ? "" : now.url().toString())
                        .add("results", results)
                        .build());
    }

    JsonValue shown() {
        Registration now = current;
        return now == null ? JsonValue.NULL : now.json();
    }

    private SimulatorAnswer save(SimulatorRequest request, String subscriberId) {
        JsonObject body = request.json()
                .filter(JsonObject.class::isInstance)
                .map(JsonValue::asJsonObject)
                .orElseThrow(() ->
                        error(400, "600001", "The body must be a JSON object.").refused());
        Map<String, JsonValue> members = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        members.putAll(body);
        URI url = Optional.ofNullable(members.get("WebhookUrl"))
                .filter(JsonString.class::isInstance)
                .map(value -> ((JsonString) value).getString())
                .flatMap(WebhookRegistrations::webhookUrl)
                .orElseThrow(() -> error(400, "600002", "WebhookUrl must be an absolute https URL.")
                        .refused());
        Registration saved = new Registration(
                subscriberId, url, events(members.get("WebhookEvents")), usesMsSignatureHeader(members));
        current = saved;
        return SimulatorAnswer.json(200, saved.json());
    }

    private static List<String> events(@Nullable JsonValue value) {
        if (!(value instanceof JsonArray names) || names.isEmpty()) {
            throw error(400, "600003", "WebhookEvents must name at least one event.")
                    .refused();
        }
        List<String> events = new ArrayList<>();
        for (JsonValue name : names) {
            if (!(name instanceof JsonString text) || !EVENTS.contains(text.getString())) {
                throw error(400, "600003", "There is no event " + name + ".").refused();
            }
            events.add(text.getString());
        }
        return events;
    }

    /** The documented flag is a boolean, and the vendor's own flow sends it as text. */
    private static boolean usesMsSignatureHeader(Map<String, JsonValue> members) {
        JsonValue flag = members.getOrDefault("SignatureTokenToMsSignatureHeader", JsonValue.FALSE);
        return flag == JsonValue.TRUE
                || (flag instanceof JsonString text && text.getString().equalsIgnoreCase("true"));
    }

    /** A public https URL; a loopback address may be http, since tests and the sandbox have nothing else. */
    private static Optional<URI> webhookUrl(String text) {
        try {
            URI url = new URI(text);
            boolean isLoopback = List.of("127.0.0.1", "localhost").contains(url.getHost());
            boolean isSecure = "https".equals(url.getScheme()) || ("http".equals(url.getScheme()) && isLoopback);
            return isSecure && url.getHost() != null && text.length() <= LONGEST_URL
                    ? Optional.of(url)
                    : Optional.empty();
        } catch (URISyntaxException malformed) {
            return Optional.empty();
        }
    }

    /** An error body of the webhook host. */
    static SimulatorAnswer error(int status, String code, String description) {
        return SimulatorAnswer.json(
                status,
                Json.createObjectBuilder()
                        .add("code", code)
                        .add("description", description)
                        .add("data", JsonValue.EMPTY_JSON_ARRAY)
                        .add("source", "PartnerCenterFD")
                        .build());
    }

    private record Registration(String subscriberId, URI url, List<String> events, boolean usesMsSignatureHeader) {
        JsonObject json() {
            return Json.createObjectBuilder()
                    .add("SubscriberId", subscriberId)
                    .add("WebhookUrl", url.toString())
                    .add("WebhookEvents", Json.createArrayBuilder(events))
                    .build();
        }
    }
}
