package org.cosellbridge.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.util.Base64URL;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import jakarta.json.JsonString;
import java.io.IOException;
import java.io.StringReader;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class EntraSimulatorTest {
    private static final String TENANT = "11111111-aaaa-bbbb-cccc-000000000001";
    private static final String REFERRALS = "https://api.partner.microsoft.com";
    private static final String WEBHOOKS = "https://api.partnercenter.microsoft.com";
    private static final String CLIENT = "the-client";
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private final EntraSimulator entra = new EntraSimulator(0, TENANT);

    @BeforeEach
    void start() {
        entra.app(CLIENT)
                .secret("right")
                .audience(REFERRALS)
                .audience(WEBHOOKS)
                .refreshToken("first", "seller@ourco.example");
        entra.start();
    }

    @AfterEach
    void close() {
        entra.close();
    }

    @Test
    void issuesTokenForClientSecret() {
        Answer answer = askV2(credentials("right"));

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.body().getInt("expires_in")).isEqualTo(3_600);
        assertThat(answer.body().containsKey("refresh_token")).isFalse();
        assertThat(entra.check(answer.body().getString("access_token"))).hasValueSatisfying(token -> {
            assertThat(token.audience()).isEqualTo(REFERRALS);
            assertThat(token.clientId()).isEqualTo(CLIENT);
            assertThat(token.hasUser()).isFalse();
        });
    }

    @Test
    void refusesWrongSecretUnknownAppUnknownTenantAndUnknownAudience() {
        assertThat(askV2(credentials("wrong"))).satisfies(refusedWith(401, "invalid_client", 7000215));

        Map<String, String> unknownApp = credentials("right");
        unknownApp.put("client_id", "nobody");
        assertThat(askV2(unknownApp)).satisfies(refusedWith(400, "unauthorized_client", 700016));

        assertThat(ask("/elsewhere/oauth2/v2.0/token", credentials("right")))
                .satisfies(refusedWith(400, "invalid_request", 90002));

        Map<String, String> doubleSlash = credentials("right");
        doubleSlash.put("scope", REFERRALS + "//.default");
        assertThat(askV2(doubleSlash)).satisfies(refusedWith(400, "invalid_resource", 500011));
    }

    @Test
    void issuesTokenForAssertionSignedByRegisteredCertificate() {
        TestAuthority authority = new TestAuthority("Our Co");
        TestAuthority.Signer registered = authority.issueDispatcher();
        TestAuthority.Signer other = authority.issueDispatcher();
        entra.app(CLIENT).certificate(registered.certificate());

        assertThat(askV2(assertion(registered, JWSAlgorithm.PS256)).status()).isEqualTo(200);
        assertThat(askV2(assertion(registered, JWSAlgorithm.RS256)).status()).isEqualTo(200);
        assertThat(askV2(assertion(registered, JWSAlgorithm.PS512)))
                .satisfies(refusedWith(401, "invalid_client", 700027));
        assertThat(askV2(assertion(other, JWSAlgorithm.PS256))).satisfies(refusedWith(401, "invalid_client", 700027));
        assertThat(entra.server().log().brokenRules()).isEmpty();
    }

    @Test
    void rotatesRefreshTokenAndKeepsOldOneForAWhile() {
        entra.rotatedTokenLifetime(Duration.ofMillis(300));

        Answer first = askV2(refresh("first", REFERRALS));
        String second = first.body().getString("refresh_token");
        assertThat(second).isNotEqualTo("first");
        assertThat(entra.check(first.body().getString("access_token")))
                .hasValueSatisfying(token -> assertThat(token.user()).isEqualTo("seller@ourco.example"));

        assertThat(askV2(refresh("first", WEBHOOKS)).status()).isEqualTo(200);
        Awaitility.await()
                .untilAsserted(() -> assertThat(askV2(refresh("first", REFERRALS)))
                        .satisfies(refusedWith(400, "invalid_grant", 700082)));
        assertThat(askV2(refresh(second, REFERRALS)).status()).isEqualTo(200);
    }

    @Test
    void answersVersionOneWithNumbersAsText() {
        Map<String, String> form = refresh("first", REFERRALS);
        form.remove("scope");
        form.put("resource", WEBHOOKS);

        Answer answer = ask("/" + TENANT + "/oauth2/token", form);

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.body().getString("expires_in")).isEqualTo("3600");
        assertThat(answer.body().getString("resource")).isEqualTo(WEBHOOKS);
        assertThat(entra.check(answer.body().getString("access_token")))
                .hasValueSatisfying(token -> assertThat(token.audience()).isEqualTo(WEBHOOKS));
    }

    @Test
    void revokedClientGetsNothingUntilRestored() {
        String live = askV2(credentials("right")).body().getString("access_token");

        entra.revoke(CLIENT);
        assertThat(entra.check(live)).isEmpty();
        assertThat(askV2(credentials("right"))).satisfies(refusedWith(401, "invalid_client", 7000222));
        assertThat(askV2(refresh("first", REFERRALS))).satisfies(refusedWith(400, "invalid_grant", 50173));

        entra.restore(CLIENT);
        assertThat(entra.check(live)).isEmpty();
        assertThat(askV2(credentials("right")).status()).isEqualTo(200);
        assertThat(askV2(refresh("first", REFERRALS)).status()).isEqualTo(200);
    }

    @Test
    void tokensEnd() {
        entra.tokenLifetime(Duration.ofSeconds(1));
        String token = askV2(credentials("right")).body().getString("access_token");

        assertThat(entra.check(token)).isPresent();
        Awaitility.await().untilAsserted(() -> assertThat(entra.check(token)).isEmpty());
    }

    private static org.assertj.core.api.ThrowingConsumer<Answer> refusedWith(int status, String error, int code) {
        return answer -> {
            assertThat(answer.status()).isEqualTo(status);
            assertThat(answer.body().getString("error")).isEqualTo(error);
            assertThat(answer.body().getString("error_description")).startsWith("AADSTS" + code + ":");
            assertThat(answer.body().getJsonArray("error_codes").getInt(0)).isEqualTo(code);
            assertThat(answer.body().get("trace_id")).isInstanceOf(JsonString.class);
        };
    }

    private static Map<String, String> credentials(String secret) {
        Map<String, String> form = new LinkedHashMap<>();
        form.put("grant_type", "client_credentials");
        form.put("client_id", CLIENT);
        form.put("client_secret", secret);
        form.put("scope", REFERRALS + "/.default");
        return form;
    }

    private static Map<String, String> refresh(String token, String audience) {
        Map<String, String> form = credentials("right");
        form.put("grant_type", "refresh_token");
        form.put("refresh_token", token);
        form.put("scope", audience + "/.default openid offline_access");
        return form;
    }

    private Map<String, String> assertion(TestAuthority.Signer signer, JWSAlgorithm algorithm) {
        Map<String, String> form = credentials("right");
        form.remove("client_secret");
        form.put("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
        Instant now = Instant.now();
        try {
            JWSHeader header = new JWSHeader.Builder(algorithm)
                    .type(JOSEObjectType.JWT)
                    .x509CertSHA256Thumbprint(Base64URL.encode(MessageDigest.getInstance("SHA-256")
                            .digest(signer.certificate().getEncoded())))
                    .build();
            SignedJWT jwt = new SignedJWT(
                    header,
                    new JWTClaimsSet.Builder()
                            .audience(entra.url() + "/" + TENANT + "/oauth2/v2.0/token")
                            .issuer(CLIENT)
                            .subject(CLIENT)
                            .jwtID(UUID.randomUUID().toString())
                            .notBeforeTime(Date.from(now))
                            .issueTime(Date.from(now))
                            .expirationTime(Date.from(now.plusSeconds(300)))
                            .build());
            jwt.sign(new RSASSASigner(signer.key()));
            form.put("client_assertion", jwt.serialize());
            return form;
        } catch (GeneralSecurityException | JOSEException failed) {
            throw new IllegalStateException(failed);
        }
    }

    private Answer askV2(Map<String, String> form) {
        return ask("/" + TENANT + "/oauth2/v2.0/token", form);
    }

    private Answer ask(String path, Map<String, String> form) {
        String body = form.entrySet().stream()
                .map(pair -> pair.getKey() + "=" + URLEncoder.encode(pair.getValue(), StandardCharsets.UTF_8))
                .collect(Collectors.joining("&"));
        HttpRequest request = HttpRequest.newBuilder(URI.create(entra.url() + path))
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        try {
            HttpResponse<String> response = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
            try (JsonReader reader = Json.createReader(new StringReader(response.body()))) {
                return new Answer(response.statusCode(), reader.readObject());
            }
        } catch (IOException failed) {
            throw new IllegalStateException(failed);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(stopped);
        }
    }

    private record Answer(int status, JsonObject body) {}
}
