package org.cosellbridge.http;

import jakarta.json.Json;
import jakarta.json.JsonArray;
import jakarta.json.JsonException;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.io.ByteArrayInputStream;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Decides in one place what a refusal of the authority means, and what a person can do about it. */
final class EntraErrors {
    private static final Pattern CODE = Pattern.compile("AADSTS(\\d{4,9})");
    private static final Duration BY_DEFAULT = Duration.ofSeconds(10);
    private static final Set<String> TRANSIENT = Set.of("temporarily_unavailable", "server_error");
    private static final String SAME_REQUEST_TOO_OFTEN = "50196";

    private static final String SIGN_IN_AGAIN =
            "Sign in again with multi-factor authentication and configure the new refresh token.";
    private static final Map<String, String> BY_CODE = Map.ofEntries(
            Map.entry("7000215", "The client secret is wrong: configure its value, not its id."),
            Map.entry("7000222", "The client secret has expired: make a new one and configure it."),
            Map.entry("700016", "The tenant does not know the application: check client-id and tenant-id."),
            Map.entry("90002", "There is no such tenant: check tenant-id and the authority."),
            Map.entry(
                    "500011",
                    "The tenant does not know what the token is for: check the URL and the application's consent."),
            Map.entry("700027", "The certificate is not registered for the application, or its key is another."),
            Map.entry("65001", "The application lacks consent: grant admin consent for its permissions."),
            Map.entry("50076", SIGN_IN_AGAIN),
            Map.entry("50079", SIGN_IN_AGAIN),
            Map.entry("50173", SIGN_IN_AGAIN),
            Map.entry("700082", "The refresh token has expired. " + SIGN_IN_AGAIN));
    private static final Map<String, String> BY_ERROR = Map.of(
            "invalid_client", "Check the client id and its secret or certificate.",
            "unauthorized_client", "The application may not sign in this way: check the app registration.",
            "invalid_grant",
                    "The refresh token does not hold any more (password change, new MFA, lost role). " + SIGN_IN_AGAIN,
            "invalid_scope", "Check the URL the token is for.",
            "invalid_resource", "Check the URL the token is for.",
            "interaction_required", SIGN_IN_AGAIN,
            "consent_required", "The application lacks consent: grant admin consent for its permissions.");

    private EntraErrors() {}

    /** What an answer that brings no token means. */
    static OutboundException of(HttpAnswer answer, Grant grant, Clock clock) {
        JsonObject body = body(answer);
        String error =
                body.get("error") instanceof JsonString text && text.getString().matches("[a-z_]{1,40}")
                        ? text.getString()
                        : "";
        String code = code(body);
        String host = grant.authority().getHost();
        if (answer.status() == 429 || code.equals(SAME_REQUEST_TOO_OFTEN)) {
            return new OutboundException.Refused(
                    "The authority " + host + " asked to be called less often.",
                    clock.instant().plus(RetryAfter.delay(answer, clock).orElse(BY_DEFAULT)));
        }
        if (answer.status() >= 500 || answer.status() == 408 || TRANSIENT.contains(error)) {
            return RetryAfter.notBefore(answer, clock)
                    .<OutboundException>map(notBefore ->
                            new OutboundException.Refused("The authority " + host + " is not available.", notBefore))
                    .orElseGet(() -> new OutboundException.Unreachable(
                            "The authority " + host + " answered " + answer.status() + ".", null));
        }
        String reason = error.isEmpty() ? "HTTP " + answer.status() : error;
        String advice = BY_CODE.getOrDefault(
                code, BY_ERROR.getOrDefault(error, "Check the authority, tenant-id and client-id."));
        return new OutboundException.SignInFailed("The authority " + host + " refused the " + grant + ": " + reason
                + (code.isEmpty() ? "" : " (AADSTS" + code + ")") + ". " + advice);
    }

    /** The body as an object; empty when it is none, as with a gateway's page. */
    static JsonObject body(HttpAnswer answer) {
        try (JsonReader reader = Json.createReader(new ByteArrayInputStream(answer.body()))) {
            return reader.readValue() instanceof JsonObject object ? object : JsonValue.EMPTY_JSON_OBJECT;
        } catch (JsonException notJson) {
            return JsonValue.EMPTY_JSON_OBJECT;
        }
    }

    private static String code(JsonObject body) {
        if (body.get("error_codes") instanceof JsonArray codes && !codes.isEmpty()) {
            String first = codes.get(0).toString();
            if (first.matches("\\d{1,12}")) {
                return first;
            }
        }
        // The description may name a user, so only its code is taken.
        Matcher code = CODE.matcher(body.getString("error_description", ""));
        return code.find() ? code.group(1) : "";
    }
}
