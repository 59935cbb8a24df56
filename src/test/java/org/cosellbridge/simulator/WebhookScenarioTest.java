package org.cosellbridge.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class WebhookScenarioTest {
    private static final String ID = "0d1b2c3d-1111-4222-8333-444455556666";
    private static final EntraSimulator ENTRA = new EntraSimulator(0, "tenant");
    private static final PartnerCenterSimulator PARTNER_CENTER = new PartnerCenterSimulator(0, ENTRA);

    private final SimulatorServer receiver = new SimulatorServer("receiver", 0);
    private final AtomicReference<SimulatorRequest> received = new AtomicReference<>();

    @BeforeAll
    static void startAll() {
        PARTNER_CENTER.start();
    }

    @AfterAll
    static void closeAll() {
        PARTNER_CENTER.close();
        ENTRA.close();
    }

    @BeforeEach
    void start() {
        receiver.route("event", "POST", "/hook", request -> {
            received.set(request);
            return SimulatorAnswer.text(200, "taken");
        });
        receiver.start();
    }

    @AfterEach
    void close() {
        receiver.close();
    }

    @Test
    void validOneIsSignedByThePublishedCertificate() throws Exception {
        assertThat(isSignedAfter(valid())).isTrue();
        assertThat(received().header("Authorization"))
                .hasValueSatisfying(header -> assertThat(header).startsWith("Signature "));
        assertThat(isSignedAfter(valid().inMsSignatureHeader())).isTrue();
        assertThat(received().header("Authorization")).isEmpty();
        assertThat(isSignedAfter(valid().withHugeBody())).isTrue();
        assertThat(received().body()).hasSizeGreaterThan(1_024 * 1_024);
        assertThat(isSignedAfter(valid().withUnknownEvent())).isTrue();
        assertThat(isSignedAfter(valid().withGarbageBody())).isTrue();
    }

    @Test
    void tamperedOnesDoNotVerify() throws Exception {
        assertThat(isSignedAfter(valid().withTamperedBody())).isFalse();
        assertThat(isSignedAfter(valid().withTurnedBit())).isFalse();
        assertThat(isSignedAfter(valid().withOtherKey())).isFalse();
    }

    @Test
    void wrongCertificatesAreWrongInOneWayOnly() throws Exception {
        assertThat(isSignedAfter(valid().withExpiredCertificate())).isTrue();
        assertThat(certificate().getNotAfter()).isBefore(Date.from(Instant.now()));
        certificate().verify(PARTNER_CENTER.authority().root().getPublicKey());

        assertThat(isSignedAfter(valid().withWrongIssuer())).isTrue();
        assertThat(certificate().getIssuerX500Principal().getName()).contains("O=Contoso Ltd");

        assertThat(isSignedAfter(valid().withShortKey())).isTrue();
        assertThat(isSignedAfter(valid().withWrongSubject())).isTrue();
        assertThat(certificate().getSubjectX500Principal().getName()).contains("CN=updates.microsoft.com");
    }

    @Test
    void leavesOutWhatItSays() {
        valid().withoutSignature()
                .withMissingCertificateUrl()
                .withMissingAlgorithm()
                .send(hook());

        assertThat(received().header("Authorization")).isEmpty();
        assertThat(received().header("X-MS-Certificate-Url")).isEmpty();
        assertThat(received().header("X-MS-Signature-Algorithm")).isEmpty();
        assertThat(valid().withForeignHost().headers().get("X-MS-Certificate-Url"))
                .startsWith("http://localhost:");
    }

    @Test
    void slowOneArrivesByteByByte() {
        assertThat(valid().withBody(new byte[] {'{', '}'})
                        .sendSlowly(hook(), Duration.ofMillis(5))
                        .status())
                .isEqualTo(200);
        assertThat(received().text()).isEqualTo("{}");
    }

    @Test
    void playerMakesItsReferralsAndStops() {
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        int before =
                PARTNER_CENTER.referrals(PartnerCenterSimulator.ORGANIZATION).size();
        try (ScenarioPlayer player = new ScenarioPlayer(
                        PARTNER_CENTER,
                        Duration.ofMillis(1),
                        10,
                        new PrintStream(printed, true, StandardCharsets.UTF_8))
                .start()) {
            Awaitility.await().until(player::isOver);
        }

        assertThat(PARTNER_CENTER.referrals(PartnerCenterSimulator.ORGANIZATION))
                .hasSize(before + 10);
        assertThat(printed.toString(StandardCharsets.UTF_8))
                .contains("Partner Center: Microsoft invites you to 'Northwind Traders ERP rollout' (referral ")
                .doesNotContain("stumbled");
    }

    private SimulatorRequest received() {
        return Optional.ofNullable(received.get()).orElseThrow();
    }

    private static WebhookScenario valid() {
        return WebhookScenario.valid(PARTNER_CENTER, ID);
    }

    private URI hook() {
        return URI.create(receiver.url() + "/hook");
    }

    private boolean isSignedAfter(WebhookScenario scenario) throws Exception {
        assertThat(scenario.send(hook())).isEqualTo(new WebhookScenario.Answer(200, "taken"));
        SimulatorRequest request = received();
        String header = request.header("x-ms-signature")
                .or(() -> request.header("Authorization"))
                .orElseThrow();
        Signature signature = Signature.getInstance("SHA256withRSA");
        signature.initVerify(certificate().getPublicKey());
        signature.update(request.body());
        try {
            return signature.verify(Base64.getDecoder().decode(header.substring("Signature ".length())));
        } catch (GeneralSecurityException wrongLength) {
            return false;
        }
    }

    private X509Certificate certificate() throws Exception {
        HttpResponse<InputStream> answer = HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create(received()
                                        .header("X-MS-Certificate-Url")
                                        .orElseThrow()))
                                .build(),
                        HttpResponse.BodyHandlers.ofInputStream());
        return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(answer.body());
    }
}
