package org.cosellbridge.http;

import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import org.cosellbridge.platform.SecretBox;
import org.jspecify.annotations.Nullable;

/** Signs in at the v2 endpoint of Microsoft Entra ID. A rotated refresh token is stored before the access token that came with it is used. */
final class EntraSignIn {
    private static final Logger LOG = Logger.getLogger(EntraSignIn.class.getName());
    private static final String PURPOSE = "refresh-token";
    private static final Duration BY_DEFAULT = Duration.ofMinutes(10);
    private static final Duration BEFORE_END = Duration.ofMinutes(5);

    private final OutboundClient client;
    private final RefreshTokenRepository refreshTokens;
    private final SecretBox box;
    private final Clock clock;

    EntraSignIn(OutboundClient client, RefreshTokenRepository refreshTokens, SecretBox box, Clock clock) {
        this.client = client;
        this.refreshTokens = refreshTokens;
        this.box = box;
        this.clock = clock;
    }

    /** A fresh token of these credentials. */
    AccessToken signIn(Grant.Entra grant, Duration timeout, String correlationId) {
        Deadline deadline = Deadline.in(timeout);
        Instant asked = clock.instant();
        JsonObject answer = grant instanceof Grant.RefreshToken refresh
                ? rotate(refresh, deadline, correlationId)
                : request(grant, form(grant), deadline, correlationId);
        String token = text(answer, "access_token");
        if (token == null || token.isEmpty()) {
            throw new OutboundException.Unreachable(
                    "The authority " + grant.authority().getHost() + " answered without a token.", null);
        }
        return new AccessToken(token, asked.plus(usableFor(answer)), "", "");
    }

    private JsonObject rotate(Grant.RefreshToken grant, Deadline deadline, String correlationId) {
        String credential = grant.authority() + "/" + grant.tenantId() + "/" + grant.clientId();
        String fingerprint = Base64.getEncoder().encodeToString(box.fingerprint(PURPOSE, grant.firstRefreshToken()));
        Optional<RefreshTokenRepository.Stored> stored = refreshTokens.find(credential);
        String used = current(grant, fingerprint, stored);
        JsonObject answer;
        try {
            answer = request(grant, form(grant, used), deadline, correlationId);
        } catch (OutboundException.SignInFailed refused) {
            // Another node may have rotated the token between our look and our request.
            Optional<RefreshTokenRepository.Stored> newer = refreshTokens.find(credential);
            String newest = current(grant, fingerprint, newer);
            if (newest.equals(used)) {
                throw refused;
            }
            stored = newer;
            used = newest;
            answer = request(grant, form(grant, used), deadline, correlationId);
        }
        String rotated = text(answer, "refresh_token");
        if (rotated != null && !rotated.isEmpty() && !rotated.equals(used)) {
            refreshTokens.store(
                    credential,
                    fingerprint,
                    box.close(PURPOSE, rotated.getBytes(StandardCharsets.UTF_8)),
                    stored.map(RefreshTokenRepository.Stored::generation).orElse(0L));
        }
        return answer;
    }

    /** The stored token if it descends from the configured one, else the configured one. */
    private String current(
            Grant.RefreshToken grant, String fingerprint, Optional<RefreshTokenRepository.Stored> stored) {
        if (stored.isEmpty() || !stored.get().configuredFingerprint().equals(fingerprint)) {
            return grant.firstRefreshToken();
        }
        try {
            return new String(box.open(PURPOSE, stored.get().closedToken()), StandardCharsets.UTF_8);
        } catch (IllegalStateException unreadable) {
            LOG.warning(() -> "The stored " + grant + " is not used. " + unreadable.getMessage());
            return grant.firstRefreshToken();
        }
    }

    private JsonObject request(Grant.Entra grant, Map<String, String> form, Deadline deadline, String correlationId) {
        byte[] body = form.entrySet().stream()
                .map(field -> encode(field.getKey()) + "=" + encode(field.getValue()))
                .collect(Collectors.joining("&"))
                .getBytes(StandardCharsets.US_ASCII);
        HttpAnswer answer = client.send(new HttpCall(
                "entra " + grant.authority().getAuthority(),
                "POST",
                endpoint(grant),
                Map.of("Content-Type", "application/x-www-form-urlencoded", "Accept", "application/json"),
                body,
                deadline.remaining(),
                0,
                correlationId,
                true));
        if (answer.isSuccess()) {
            return EntraErrors.body(answer);
        }
        throw EntraErrors.of(answer, grant, clock);
    }

    private static URI endpoint(Grant.Entra grant) {
        return URI.create(grant.authority() + "/" + encode(grant.tenantId()) + "/oauth2/v2.0/token");
    }

    private Map<String, String> form(Grant.Entra grant) {
        Map<String, String> form = new LinkedHashMap<>();
        form.put("grant_type", "client_credentials");
        form.put("client_id", grant.clientId());
        form.put("scope", grant.scope());
        if (grant instanceof Grant.ClientSecret secret) {
            form.put("client_secret", secret.secret());
        } else if (grant instanceof Grant.ClientCertificate certificate) {
            form.put("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
            form.put("client_assertion", ClientAssertion.sign(certificate, endpoint(grant), clock.instant()));
        }
        return form;
    }

    private static Map<String, String> form(Grant.RefreshToken grant, String refreshToken) {
        Map<String, String> form = new LinkedHashMap<>();
        form.put("grant_type", "refresh_token");
        form.put("client_id", grant.clientId());
        form.put("client_secret", grant.secret());
        // Without offline_access the v2 endpoint need not hand out the next refresh token.
        form.put("scope", grant.scope() + " offline_access");
        form.put("refresh_token", refreshToken);
        return form;
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    private static Duration usableFor(JsonObject answer) {
        Duration life = seconds(answer.get("expires_in")).orElse(BY_DEFAULT);
        Duration early = life.multipliedBy(8).dividedBy(10);
        Duration beforeEnd = life.minus(BEFORE_END);
        Duration usable = beforeEnd.compareTo(early) < 0 ? beforeEnd : early;
        Duration half = life.dividedBy(2);
        return usable.compareTo(half) < 0 ? half : usable;
    }

    /** Seconds as a number (v2) or as text (v1). */
    private static Optional<Duration> seconds(@Nullable JsonValue value) {
        if (value instanceof JsonNumber number) {
            return Optional.of(Duration.ofSeconds(Math.max(0, number.longValue())));
        }
        if (value instanceof JsonString text && text.getString().matches("\\d{1,9}")) {
            return Optional.of(Duration.ofSeconds(Long.parseLong(text.getString())));
        }
        return Optional.empty();
    }

    private static @Nullable String text(JsonObject answer, String name) {
        return answer.get(name) instanceof JsonString text ? text.getString() : null;
    }
}
