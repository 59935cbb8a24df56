package org.cosellbridge.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import org.cosellbridge.simulator.SalesforceTestClient.Answer;
import org.cosellbridge.simulator.SalesforceTestClient.SetClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SalesforceSignInTest {
    private static final String USER = "integration@contoso.example";
    private static final String APP = "3MVG9.consumer";
    private static final TestAuthority AUTHORITY = new TestAuthority("Contoso");
    private static final TestAuthority.Signer SIGNER = signer();
    private static final TestAuthority.Signer STRANGER = signer();

    private final SetClock clock = new SetClock();
    private final SalesforceSimulator salesforce = new SalesforceSimulator(0, clock).start();
    private final String userId = salesforce.apiUser(USER);
    private final SalesforceTestClient client = new SalesforceTestClient(salesforce.url(), "none");

    private static TestAuthority.Signer signer() {
        return AUTHORITY.issue("CN=integration", Instant.now(), Instant.now().plusSeconds(86_400), 2048);
    }

    @BeforeEach
    void register() {
        salesforce
                .app(APP)
                .secret("s3cret")
                .certificate(SIGNER.certificate())
                .preAuthorize(USER)
                .runAs(USER);
    }

    @AfterEach
    void closeAll() {
        salesforce.close();
    }

    private JWTClaimsSet.Builder claims() {
        return new JWTClaimsSet.Builder()
                .issuer(APP)
                .subject(USER)
                .audience("https://login.salesforce.com")
                .expirationTime(Date.from(clock.now.plusSeconds(120)));
    }

    private static String signed(JWTClaimsSet.Builder claims, JWSAlgorithm algorithm, TestAuthority.Signer signer) {
        try {
            SignedJWT jwt = new SignedJWT(new JWSHeader(algorithm), claims.build());
            jwt.sign(new RSASSASigner(signer.key()));
            return jwt.serialize();
        } catch (JOSEException failed) {
            throw new IllegalStateException(failed);
        }
    }

    private Answer token(URI host, String form) {
        return client.send(HttpRequest.newBuilder(URI.create(host + "/services/oauth2/token"))
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(HttpRequest.BodyPublishers.ofString(form)));
    }

    private Answer byAssertion(String assertion) {
        return token(
                salesforce.loginUrl(),
                "grant_type=" + URLEncoder.encode("urn:ietf:params:oauth:grant-type:jwt-bearer", StandardCharsets.UTF_8)
                        + "&assertion=" + assertion);
    }

    private Answer byAssertion(JWTClaimsSet.Builder claims) {
        return byAssertion(signed(claims, JWSAlgorithm.RS256, SIGNER));
    }

    private static String oauthError(Answer answer) {
        return answer.status() + " " + answer.json().getString("error") + " "
                + answer.json().getString("error_description");
    }

    private Answer useSession() {
        return client.get("limits");
    }

    @Test
    void opensASessionForASignedAssertion() {
        Answer answer = byAssertion(claims());
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        assertThat(answer.json().getString("instance_url"))
                .isEqualTo(salesforce.url().toString());
        assertThat(answer.json().getString("id")).endsWith("/id/" + salesforce.organizationId() + "/" + userId);
        assertThat(answer.json()).doesNotContainKeys("refresh_token", "expires_in");
        assertThat(answer.json().getString("access_token"))
                .startsWith(salesforce.organizationId().substring(0, 15) + "!AQ");
        client.token(answer.json().getString("access_token"));
        assertThat(useSession().status()).isEqualTo(200);
        assertThat(client.get("/services/oauth2/userinfo").json().getString("user_id"))
                .isEqualTo(userId);
        assertThat(byAssertion(claims()).json().getString("access_token"))
                .as("the session that still lives")
                .isEqualTo(answer.json().getString("access_token"));
    }

    @Test
    void refusesAssertionsThatAreWrong() {
        assertThat(oauthError(byAssertion(signed(claims(), JWSAlgorithm.RS256, STRANGER))))
                .isEqualTo("400 invalid_grant invalid assertion");
        assertThat(oauthError(byAssertion(signed(claims(), JWSAlgorithm.RS512, SIGNER))))
                .startsWith("400 invalid_grant");
        assertThat(oauthError(byAssertion("a.b.c"))).startsWith("400 invalid_grant");
        assertThat(oauthError(byAssertion(claims().issuer("other")))).startsWith("400 invalid_client_id");
        assertThat(oauthError(byAssertion(claims().audience(salesforce.url().toString()))))
                .isEqualTo("400 invalid_grant audience is invalid");
        assertThat(oauthError(byAssertion(claims().audience("https://test.salesforce.com"))))
                .isEqualTo("400 invalid_grant audience is invalid");
        assertThat(oauthError(byAssertion(claims().subject("nobody@contoso.example"))))
                .startsWith("400 invalid_grant");
        assertThat(oauthError(byAssertion(claims().expirationTime(Date.from(clock.now.minusSeconds(1))))))
                .isEqualTo("400 invalid_grant expired authorization code");
        assertThat(salesforce.server().log().brokenRules()).isEmpty();
        assertThat(oauthError(byAssertion(claims().expirationTime(Date.from(clock.now.plusSeconds(301))))))
                .isEqualTo("400 invalid_grant expired authorization code");
        assertThat(salesforce.server().log().brokenRules()).hasSize(1);
        assertThat(oauthError(byAssertion(claims().expirationTime(Date.from(Instant.ofEpochSecond(clock.millis()))))))
                .as("milliseconds where seconds belong")
                .isEqualTo("400 invalid_grant expired authorization code");
        salesforce.app(APP).withdraw(USER);
        assertThat(oauthError(byAssertion(claims()))).isEqualTo("400 invalid_grant user hasn't approved this consumer");
        salesforce.active(userId, false);
        assertThat(oauthError(byAssertion(claims()))).startsWith("400 inactive_user");
    }

    @Test
    void takesAnAssertionsIdOnce() {
        assertThat(byAssertion(claims().jwtID("j-1")).status()).isEqualTo(200);
        assertThat(oauthError(byAssertion(claims().jwtID("j-1")))).startsWith("400 invalid_grant");
        assertThat(byAssertion(claims().jwtID("j-2")).status()).isEqualTo(200);
    }

    @Test
    void wantsTheAudienceOfASandboxInOne() {
        salesforce.sandbox(true);
        assertThat(byAssertion(claims()).status()).isEqualTo(400);
        assertThat(byAssertion(claims().audience("https://test.salesforce.com")).status())
                .isEqualTo(200);
        assertThat(byAssertion(claims().audience(salesforce.loginUrl().toString()))
                        .status())
                .isEqualTo(200);
    }

    @Test
    void opensASessionForClientCredentialsAtMyDomainOnly() {
        String form = "grant_type=client_credentials&client_id=" + APP + "&client_secret=";
        Answer answer = token(salesforce.url(), form + "s3cret");
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        assertThat(answer.json().getString("issued_at")).isEqualTo(Long.toString(clock.millis()));
        assertThat(oauthError(token(salesforce.loginUrl(), form + "s3cret")))
                .isEqualTo("400 invalid_grant request not supported on this domain");
        assertThat(oauthError(token(salesforce.url(), form + "wrong"))).startsWith("400 invalid_client ");
        assertThat(oauthError(token(salesforce.url(), "grant_type=client_credentials&client_id=x&client_secret=y")))
                .startsWith("400 invalid_client_id");
        String basic = Base64.getEncoder().encodeToString((APP + ":s3cret").getBytes(StandardCharsets.UTF_8));
        Answer byHeader = client.send(HttpRequest.newBuilder(URI.create(salesforce.url() + "/services/oauth2/token"))
                .header("Authorization", "Basic " + basic)
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(HttpRequest.BodyPublishers.ofString("grant_type=client_credentials")));
        assertThat(byHeader.status()).isEqualTo(200);
        salesforce.expireSessions();
        salesforce.app(APP).withoutSecrets().secret("rotated");
        assertThat(oauthError(token(salesforce.url(), form + "s3cret"))).startsWith("400 invalid_client ");
        assertThat(token(salesforce.url(), form + "rotated").status()).isEqualTo(200);
        assertThat(oauthError(token(salesforce.url(), "grant_type=password"))).startsWith("400 unsupported_grant_type");
    }

    @Test
    void endsSessionsThatAreNotUsed() {
        client.token(salesforce.issue(USER));
        clock.now = clock.now.plus(Duration.ofMinutes(100));
        assertThat(useSession().status()).isEqualTo(200);
        clock.now = clock.now.plus(Duration.ofMinutes(100));
        assertThat(useSession().status()).as("use prolongs").isEqualTo(200);
        clock.now = clock.now.plus(Duration.ofMinutes(121));
        assertThat(useSession().error()).isEqualTo("401 INVALID_SESSION_ID Session expired or invalid");
        client.token(salesforce.issue(USER));
        assertThat(useSession().status()).isEqualTo(200);
        salesforce.expireSessions();
        assertThat(useSession().error()).startsWith("401 INVALID_SESSION_ID");
    }

    @Test
    void revokesASession() {
        String token = salesforce.issue(USER);
        client.token(token);
        Answer revoked = client.send(HttpRequest.newBuilder(URI.create(salesforce.url() + "/services/oauth2/revoke"))
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(HttpRequest.BodyPublishers.ofString(
                        "token=" + URLEncoder.encode(token, StandardCharsets.UTF_8))));
        assertThat(revoked.status()).isEqualTo(200);
        assertThat(useSession().status()).isEqualTo(401);
    }
}
