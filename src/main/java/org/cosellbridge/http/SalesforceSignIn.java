package org.cosellbridge.http;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Signs in at Salesforce (OAuth 2.0 Client Credentials Flow and JWT Bearer Flow for Server-to-Server Integration). The answer does
 * not say how long a session lives: that is the org's policy, and it slides with use.
 */
final class SalesforceSignIn {
    /** A session is used for so long at most; one that ends before is noticed by its refusal. */
    private static final Duration USED_FOR = Duration.ofMinutes(60);

    /** Salesforce allows three minutes; what is shorter forgives less to a clock that is behind. */
    private static final Duration ASSERTION_LIFE = Duration.ofMinutes(2);

    private static final Duration BY_DEFAULT = Duration.ofSeconds(10);
    private static final Pattern IDENTITY = Pattern.compile("/(00D[A-Za-z0-9]{12,15})/(005[A-Za-z0-9]{12,15})/?$");
    private static final String PRE_AUTHORIZE =
            "Approve the integration user for the app beforehand: 'Admin approved users are pre-authorized', and a"
                    + " permission set or profile.";
    private static final Map<String, String> BY_ERROR = Map.of(
            "invalid_client_id", "Salesforce does not know the client id: check client-id and the login host.",
            "invalid_client", "Check client-id and client-secret.",
            "invalid_app_access", PRE_AUTHORIZE,
            "inactive_user", "The integration user is not active.",
            "inactive_org", "The org is not active.",
            "unsupported_grant_type", "Enable the flow in the settings of the app.",
            "invalid_scope", "The app needs the scope 'api'.");

    private final OutboundClient client;
    private final Clock clock;

    SalesforceSignIn(OutboundClient client, Clock clock) {
        this.client = client;
        this.clock = clock;
    }

    /** A fresh token of these credentials. */
    AccessToken signIn(Grant.Salesforce grant, Duration timeout, String correlationId) {
        Instant asked = clock.instant();
        byte[] body = form(grant, asked).entrySet().stream()
                .map(field -> encode(field.getKey()) + "=" + encode(field.getValue()))
                .collect(Collectors.joining("&"))
                .getBytes(StandardCharsets.US_ASCII);
        HttpAnswer answer = client.send(new HttpCall(
                "salesforce login " + grant.authority().getAuthority(),
                "POST",
                URI.create(grant.authority() + "/services/oauth2/token"),
                Map.of("Content-Type", "application/x-www-form-urlencoded", "Accept", "application/json"),
                body,
                timeout,
                0,
                correlationId,
                true));
        if (!answer.isSuccess()) {
            throw refusal(answer, grant);
        }
        JsonObject given = EntraErrors.body(answer);
        String token = text(given, "access_token");
        if (token.isEmpty()) {
            throw new OutboundException.Unreachable(
                    "The login host " + grant.authority().getHost() + " answered without a token.", null);
        }
        Matcher identity = IDENTITY.matcher(text(given, "id"));
        return new AccessToken(
                token, asked.plus(USED_FOR), text(given, "instance_url"), identity.find() ? identity.group(2) : "");
    }

    private static Map<String, String> form(Grant.Salesforce grant, Instant now) {
        Map<String, String> form = new LinkedHashMap<>();
        if (grant instanceof Grant.SalesforceKey key) {
            form.put("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer");
            form.put("assertion", assertion(key, now));
        } else if (grant instanceof Grant.SalesforceSecret secret) {
            form.put("grant_type", "client_credentials");
            form.put("client_id", secret.clientId());
            form.put("client_secret", secret.secret());
        }
        return form;
    }

    private static String assertion(Grant.SalesforceKey grant, Instant now) {
        try {
            SignedJWT statement = new SignedJWT(
                    new JWSHeader(JWSAlgorithm.RS256),
                    new JWTClaimsSet.Builder()
                            .issuer(grant.clientId())
                            .subject(grant.username())
                            .audience(grant.audience().toString())
                            .expirationTime(Date.from(now.plus(ASSERTION_LIFE)))
                            .build());
            statement.sign(new RSASSASigner(Pem.privateKey(grant.privateKeyPem())));
            return statement.serialize();
        } catch (IllegalArgumentException unreadable) {
            throw new OutboundException.SignInFailed(
                    "The " + grant + " cannot be used. " + String.valueOf(unreadable.getMessage()));
        } catch (JOSEException unusable) {
            throw new OutboundException.SignInFailed(
                    "The " + grant + " cannot sign (RS256); it must be an RSA key of 2048 bits or more.");
        }
    }

    private OutboundException refusal(HttpAnswer answer, Grant.Salesforce grant) {
        JsonObject body = EntraErrors.body(answer);
        String error = text(body, "error");
        String host = grant.authority().getHost();
        if (answer.status() == 429 || error.equals("rate_limit_exceeded")) {
            return new OutboundException.Refused(
                    "The login host " + host + " asked to be called less often.",
                    clock.instant().plus(RetryAfter.delay(answer, clock).orElse(BY_DEFAULT)));
        }
        if (answer.status() >= 500 || answer.status() == 408 || answer.status() == 420) {
            return RetryAfter.notBefore(answer, clock)
                    .<OutboundException>map(notBefore ->
                            new OutboundException.Refused("The login host " + host + " is not available.", notBefore))
                    .orElseGet(() -> new OutboundException.Unreachable(
                            "The login host " + host + " answered " + answer.status() + ".", null));
        }
        String reason = error.matches("[a-z_]{1,40}") ? error : "HTTP " + answer.status();
        return new OutboundException.SignInFailed("The login host " + host + " refused the " + grant + ": " + reason
                + ". " + advice(error, text(body, "error_description")));
    }

    /** The description is not repeated: it may name a user. */
    private static String advice(String error, String description) {
        String text = description.toLowerCase(Locale.ROOT);
        if (text.contains("approved this consumer") || text.contains("not admin approved")) {
            return PRE_AUTHORIZE;
        }
        if (text.contains("audience")) {
            return "Set authority to https://login.salesforce.com, or for a sandbox to https://test.salesforce.com.";
        }
        if (text.contains("expired authorization code")) {
            return "The assertion came too late: check this machine's clock.";
        }
        if (text.contains("not supported on this domain")) {
            return "Client credentials need the My Domain host: leave authority out, or set it to the My Domain URL.";
        }
        return BY_ERROR.getOrDefault(error, "Check client-id, username, the key or secret, and the app's settings.");
    }

    private static String text(JsonObject body, String member) {
        return body.get(member) instanceof JsonString text ? text.getString() : "";
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}
