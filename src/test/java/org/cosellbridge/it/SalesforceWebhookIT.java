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
import org.cosellbridge.simulator.CrmField;
import org.cosellbridge.simulator.CrmKind;
import org.cosellbridge.simulator.Landscape;
import org.cosellbridge.simulator.SalesforceCrm;
import org.cosellbridge.simulator.SalesforceOutboundMessages;
import org.cosellbridge.simulator.SalesforceOutboundMessages.Attempt;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.arquillian.junit5.ArquillianExtension;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a seller does in Salesforce is heard at once, and nobody else is. */
@ExtendWith(ArquillianExtension.class)
@EnabledIfSystemProperty(named = "cosell.it.crm", matches = "salesforce", disabledReason = "about Salesforce alone")
class SalesforceWebhookIT {
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final String OTHER_ORGANIZATION = "00D5g000004XyZ1EAK";
    private static final String NAME = "A name that nobody else has";
    private final Landscape landscape = LandscapeSession.landscape();
    private final SalesforceCrm crm = landscape.salesforce();
    private final SalesforceOutboundMessages outbound = crm.simulator().outbound();
    private final Product product =
            new Product(URI.create("http://127.0.0.1:" + Integer.getInteger("cosell.it.port")), landscape.password());

    @Deployment(testable = false)
    static WebArchive war() {
        return PackagedWar.archive();
    }

    @BeforeEach
    void register() {
        crm.register(product.url());
    }

    @AfterEach
    void unregister() {
        crm.unregister();
        outbound.copies(1);
        awaitIdle();
        assertThat(crm.server().log().brokenRules()).isEmpty();
    }

    private void awaitIdle() {
        Awaitility.await("the last messages").atMost(PATIENCE).until(outbound::isIdle);
    }

    private String deal() {
        return crm.create(
                CrmKind.OPPORTUNITY,
                Map.of(CrmField.NAME, NAME, CrmField.CLOSE_DATE, "2027-06-30", CrmField.SWITCH, true));
    }

    private List<JsonObject> deliveries(String id) {
        return product.items("deliveries?sender=salesforce&record=" + CrmKind.OPPORTUNITY.reference(id));
    }

    @Test
    void whatASellerDoesIsStoredOnceAndKeepsNoValue() {
        outbound.copies(3);
        String id = deal();
        awaitIdle();

        assertThat(deliveries(id)).singleElement().satisfies(delivery -> {
            assertThat(delivery.getString("state")).isEqualTo("accepted");
            assertThat(delivery.getInt("duplicates")).isEqualTo(2);
            HttpResponse<String> receipt = product.get("deliveries/" + delivery.getString("id"), "auditor");
            assertThat(receipt.statusCode()).isEqualTo(200);
            assertThat(receipt.body()).contains("\"sha256\"").doesNotContain(NAME, crm.webhookSecret());
        });
        assertThat(product.items("audit?kind=delivery.accepted&record=" + CrmKind.OPPORTUNITY.reference(id)))
                .singleElement()
                .satisfies(entry -> {
                    assertThat(entry.getString("actor")).isEqualTo("crm:crm");
                    assertThat(entry.toString()).doesNotContain(NAME, crm.webhookSecret());
                });
    }

    @Test
    void whatIsNotAcknowledgedComesAgain() {
        int before = outbound.attempts().size();
        outbound.wrongOrganization(1, OTHER_ORGANIZATION);
        String id = deal();
        awaitIdle();

        List<Attempt> attempts = outbound.attempts();
        assertThat(attempts.subList(before, attempts.size()))
                .extracting(Attempt::status)
                .containsExactly(401, 200);
        assertThat(deliveries(id)).hasSize(1);
    }

    @Test
    void whoDoesNotKnowTheSecretIsNotHeard() throws Exception {
        URI address = crm.webhook(product.url());
        String secret = crm.webhookSecret();
        String message = message(crm.simulator().organizationId());
        HttpResponse<String> wrong = post(address.resolve("a-wrong-secret-0123456789"), "text/xml", message);
        HttpResponse<String> unknown =
                post(product.url().resolve("/cosell/api/webhooks/salesforce/nobody/" + secret), "text/xml", message);

        assertThat(wrong.statusCode()).isEqualTo(401);
        assertThat(unknown.statusCode()).isEqualTo(401);
        assertThat(unknown.body()).isEqualTo(wrong.body());
        assertThat(post(address, "application/json", message).statusCode()).isEqualTo(415);
        assertThat(post(address, "text/xml", "<nothing/>").statusCode()).isEqualTo(400);
        assertThat(post(address, "text/xml", "<!DOCTYPE a []>" + message).statusCode())
                .isEqualTo(400);
        assertThat(post(address, "text/xml", " ".repeat(1_100_000)).statusCode())
                .isEqualTo(413);
        HttpResponse<String> other = post(address, "text/xml", message(OTHER_ORGANIZATION));
        assertThat(other.statusCode()).isEqualTo(401);
        assertThat(other.body()).doesNotContain(secret);
        HttpResponse<String> right = post(address, "text/xml", message);
        assertThat(right.statusCode()).isEqualTo(200);
        assertThat(right.headers().firstValue("Content-Type").orElse("")).startsWith("text/xml");
        assertThat(right.body()).contains("<Ack>true</Ack>");
    }

    private static String message(String organization) {
        return "<soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\""
                + " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><soapenv:Body>"
                + "<notifications xmlns=\"http://soap.sforce.com/2005/09/outbound\"><OrganizationId>" + organization
                + "</OrganizationId><Notification><Id>04l5g0000001111AAA</Id>"
                + "<sObject xsi:type=\"sf:Opportunity\" xmlns:sf=\"urn:sobject.enterprise.soap.sforce.com\">"
                + "<sf:Id>006000000000001AAA</sf:Id></sObject></Notification></notifications></soapenv:Body>"
                + "</soapenv:Envelope>";
    }

    private static HttpResponse<String> post(URI address, String type, String body)
            throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(address)
                .timeout(PATIENCE)
                .header("Content-Type", type)
                .header("SOAPAction", "\"\"")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    }
}
