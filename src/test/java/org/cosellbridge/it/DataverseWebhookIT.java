package org.cosellbridge.it;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.cosellbridge.simulator.DataverseCrm;
import org.cosellbridge.simulator.DataverseSimulator;
import org.cosellbridge.simulator.Landscape;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.arquillian.junit5.ArquillianExtension;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a seller does is heard at once, and nobody else is. */
@ExtendWith(ArquillianExtension.class)
@DisabledIfSystemProperty(
        named = "cosell.it.crm",
        matches = "(?!dynamics$).*",
        disabledReason = "about Dynamics 365 alone")
class DataverseWebhookIT {
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private final Landscape landscape = LandscapeSession.landscape();
    private final DataverseCrm dynamics = landscape.dynamics();
    private final DataverseSimulator crm = dynamics.simulator();
    private final Product product =
            new Product(URI.create("http://127.0.0.1:" + Integer.getInteger("cosell.it.port")), landscape.password());

    @Deployment(testable = false)
    static WebArchive war() {
        return PackagedWar.archive();
    }

    @AfterEach
    void unregister() {
        dynamics.unregister();
        Awaitility.await().atMost(PATIENCE).until(() -> crm.webhooks().isIdle());
    }

    @Test
    void whatASellerDoesIsStoredOnceAndKeepsNoValue() {
        dynamics.register(product.url());
        crm.webhooks().copies(3);
        String id = crm.create("opportunities", Map.of("name", "A name that nobody else has"));
        crm.delete("opportunities", id);
        Awaitility.await().atMost(PATIENCE).until(() -> crm.webhooks().isIdle());
        crm.webhooks().copies(1);

        assertThat(crm.webhooks().failedJobs()).isEmpty();
        List<JsonObject> deliveries = product.items("deliveries?sender=dynamics&record=opportunity/" + id);
        assertThat(deliveries)
                .extracting(delivery -> delivery.getString("event"))
                .containsExactlyInAnyOrder("Create", "Delete");
        assertThat(deliveries).allSatisfy(delivery -> {
            assertThat(delivery.getString("state")).isEqualTo("accepted");
            assertThat(delivery.getInt("duplicates")).isEqualTo(2);
            HttpResponse<String> receipt = product.get("deliveries/" + delivery.getString("id"), "auditor");
            assertThat(receipt.statusCode()).isEqualTo(200);
            assertThat(receipt.body()).contains("\"sha256\"").doesNotContain("A name that nobody else has");
        });
        assertThat(product.items("audit?kind=delivery.accepted&record=opportunity/" + id))
                .extracting(entry -> entry.getString("actor"))
                .containsExactly("crm:crm", "crm:crm");
    }

    @Test
    void whoDoesNotKnowTheSecretIsNotHeard() throws Exception {
        URI address = dynamics.webhook(product.url());
        String payload = "{\"MessageName\":\"Update\",\"PrimaryEntityName\":\"opportunity\","
                + "\"PrimaryEntityId\":\"a1b2c3d4-0000-4000-8000-000000000001\",\"OrganizationId\":\""
                + crm.organizationId() + "\"}";
        HttpResponse<String> wrong = post(address, "wrong", "application/json", payload);
        HttpResponse<String> unknown = post(
                product.url().resolve("/cosell/api/webhooks/dynamics/nobody"), "wrong", "application/json", payload);

        assertThat(wrong.statusCode()).isEqualTo(401);
        assertThat(unknown.statusCode()).isEqualTo(401);
        assertThat(unknown.body()).isEqualTo(wrong.body());
        String secret = dynamics.webhookSecret();
        assertThat(post(address, secret, "text/plain", payload).statusCode()).isEqualTo(415);
        assertThat(post(address, secret, "application/json", "{}").statusCode()).isEqualTo(400);
        assertThat(post(address, secret, "application/json", " ".repeat(400_000))
                        .statusCode())
                .isEqualTo(413);
        assertThat(post(address, secret, "application/json", payload.replace(crm.organizationId(), "another"))
                        .statusCode())
                .isEqualTo(401);
        assertThat(post(address, secret, "application/json", payload).statusCode())
                .isEqualTo(200);
        assertThat(post(URI.create(address + "?code=" + secret), "", "application/json", payload)
                        .statusCode())
                .isEqualTo(200);
    }

    private static HttpResponse<String> post(URI address, String secret, String type, String body)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(address)
                .timeout(PATIENCE)
                .header("Content-Type", type)
                .POST(HttpRequest.BodyPublishers.ofString(body));
        if (!secret.isEmpty()) {
            request.header(DataverseCrm.SECRET_HEADER, secret);
        }
        return HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofString());
    }
}
