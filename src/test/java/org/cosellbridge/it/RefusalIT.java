package org.cosellbridge.it;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.json.JsonObject;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.awaitility.Awaitility;
import org.cosellbridge.simulator.Landscape;
import org.cosellbridge.simulator.PartnerCenterSimulator;
import org.cosellbridge.simulator.WebhookScenario;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.arquillian.junit5.ArquillianExtension;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Nothing unsigned gets in, and what is refused leaves a count and nothing else. */
@ExtendWith(ArquillianExtension.class)
class RefusalIT {
    private final Landscape landscape = LandscapeSession.landscape();
    private final PartnerCenterSimulator partnerCenter = landscape.partnerCenter();
    private final Product product =
            new Product(URI.create("http://127.0.0.1:" + Integer.getInteger("cosell.it.port")), landscape.password());
    private final String referral = UUID.randomUUID().toString();

    @Deployment(testable = false)
    static WebArchive war() {
        return PackagedWar.archive();
    }

    @Test
    void eachWayADeliveryCanBeWrongIsRefusedAndCountedOnceAndAFloodOfThemIsCheap() {
        Map<String, Wrong> wrong = new LinkedHashMap<>();
        WebhookScenario valid = WebhookScenario.valid(partnerCenter, referral);
        wrong.put("tampered body", new Wrong(valid.withTamperedBody(), 401));
        wrong.put("garbage signature", new Wrong(valid.withGarbageSignature(), 401));
        wrong.put("out signature", new Wrong(valid.withoutSignature(), 401));
        wrong.put("wrong issuer", new Wrong(valid.withWrongIssuer(), 401));
        wrong.put("untrusted authority", new Wrong(valid.withUntrustedAuthority(), 401));
        wrong.put("expired certificate", new Wrong(valid.withExpiredCertificate(), 401));
        wrong.put("wrong subject", new Wrong(valid.withWrongSubject(), 401));
        wrong.put("short key", new Wrong(valid.withShortKey(), 401));
        wrong.put("foreign host", new Wrong(valid.withForeignHost(), 401));
        wrong.put("wrong algorithm", new Wrong(valid.withWrongAlgorithm("rsa-sha1"), 401));
        wrong.put("missing certificate url", new Wrong(valid.withMissingCertificateUrl(), 400));
        wrong.put("missing algorithm", new Wrong(valid.withMissingAlgorithm(), 400));
        wrong.put("garbage body", new Wrong(valid.withGarbageBody(), 400));
        wrong.put("out event name", new Wrong(valid.withoutEventName(), 400));
        wrong.put("wrong content type", new Wrong(valid.withWrongContentType(), 415));
        wrong.put("huge body", new Wrong(valid.withHugeBody(), 413));
        Instant begin = Instant.now();
        int deliveries = product.items("deliveries").size();
        int times = 3;

        wrong.forEach((name, scenario) -> {
            for (int i = 0; i < times; i++) {
                WebhookScenario.Answer answer = scenario.delivery().send(Landscape.webhook(product.url()));
                assertThat(answer.status()).as(name).isEqualTo(scenario.status());
                assertThat(answer.body())
                        .as("tells an attacker nothing")
                        .doesNotContainIgnoringCase("certificate", "issuer", "Exception");
            }
        });

        int fetched = partnerCenter.server().log().count("certificate");
        int flood = 100;
        for (int i = 0; i < flood; i++) {
            assertThat(valid.withTamperedBody()
                            .send(Landscape.webhook(product.url()))
                            .status())
                    .isEqualTo(401);
        }
        assertThat(partnerCenter.server().log().count("certificate"))
                .as("a flood fetches nothing again")
                .isEqualTo(fetched);

        assertThat(product.items("deliveries")).as("no delivery").hasSize(deliveries);
        assertThat(product.items("links?referral=" + referral)).isEmpty();
        assertThat(product.items("audit?kind=delivery.accepted&referral=" + referral))
                .isEmpty();
        Awaitility.await("the minute is over and every refusal is counted")
                .atMost(Duration.ofSeconds(100))
                .untilAsserted(() -> assertThat(refusals(begin).stream()
                                .mapToLong(entry -> entry.getJsonNumber("count").longValue())
                                .sum())
                        .isEqualTo((long) times * wrong.size() + flood));
        Map<String, Integer> perMinute = new HashMap<>();
        refusals(begin)
                .forEach(entry -> perMinute.merge(
                        entry.getString("reason") + " " + entry.getString("source") + " " + entry.getString("since"),
                        1,
                        Integer::sum));
        assertThat(perMinute.values())
                .as("one entry per reason, source and minute")
                .containsOnly(1);
        assertThat(partnerCenter.server().log().brokenRules()).isEmpty();
    }

    @Test
    void bothHeaderFormsTestEventsAndUnknownEventsAreSuccess() {
        WebhookScenario valid = WebhookScenario.valid(partnerCenter, referral);
        for (WebhookScenario right :
                List.of(valid, valid.inMsSignatureHeader(), valid.withTestEvent(), valid.withUnknownEvent(), valid)) {
            assertThat(right.send(Landscape.webhook(product.url())).status()).isEqualTo(200);
        }
    }

    @Test
    void aDocumentThatIsTooLargeIsNotRead() {
        String huge = "{\"reason\": \"" + "x".repeat(1_100_000) + "\"}";

        assertThat(product.post("dead-letters/redeliver", huge, "operator").statusCode())
                .isEqualTo(413);
        assertThat(product.post("dead-letters/redeliver", "{", "operator").statusCode())
                .isEqualTo(400);
    }

    private List<JsonObject> refusals(Instant begin) {
        return product.items("audit?kind=delivery.refused&from=" + begin.minus(Duration.ofMinutes(1))).stream()
                .filter(entry -> !Instant.parse(entry.getString("since")).isBefore(begin.minus(Duration.ofMinutes(1))))
                .toList();
    }

    /**
     * A delivery that is wrong in one way.
     *
     * @param delivery the delivery
     * @param status what it must be answered with
     */
    private record Wrong(WebhookScenario delivery, int status) {}
}
