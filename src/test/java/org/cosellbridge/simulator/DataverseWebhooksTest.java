package org.cosellbridge.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.io.StringReader;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Pushes of the simulated Dataverse, as the documentation says they come, and every way in which they may come otherwise. */
class DataverseWebhooksTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private final List<SimulatorRequest> received = new CopyOnWriteArrayList<>();
    private final AtomicInteger status = new AtomicInteger(200);
    private final CountDownLatch patience = new CountDownLatch(1);
    private volatile boolean slow;
    private final SimulatorServer receiver = new SimulatorServer("Receiver", 0);

    private EntraSimulator entra;
    private DataverseCrm crm;
    private DataverseSimulator dataverse;

    @BeforeEach
    void start() {
        entra = new EntraSimulator(0, "22222222-aaaa-4bbb-8ccc-000000000001").start();
        crm = new DataverseCrm(0, entra, "crm");
        dataverse = crm.simulator();
        receiver.route("hook", "POST", "/cosell/api/webhooks/dynamics/crm", request -> {
            received.add(request);
            if (slow) {
                try {
                    patience.await();
                } catch (InterruptedException closing) {
                    Thread.currentThread().interrupt();
                }
            }
            return SimulatorAnswer.empty(status.get());
        });
        receiver.start();
        crm.register(URI.create(receiver.url() + "/"));
    }

    @AfterEach
    void stop() {
        patience.countDown();
        crm.close();
        entra.close();
        receiver.close();
    }

    private String opportunity() {
        return dataverse.create("opportunities", Map.of("name", "A"));
    }

    private void awaitQuiet() {
        await().atMost(PATIENCE).until(() -> dataverse.webhooks().isIdle());
    }

    private static JsonObject context(SimulatorRequest request) {
        try (JsonReader reader = Json.createReader(new StringReader(request.text()))) {
            return reader.readObject();
        }
    }

    private List<JsonObject> contexts() {
        awaitQuiet();
        return received.stream().map(DataverseWebhooksTest::context).toList();
    }

    private static JsonObject parameter(JsonObject context, String key) {
        return context.getJsonArray("InputParameters").stream()
                .map(JsonValue::asJsonObject)
                .filter(pair -> pair.getString("key").equals(key))
                .map(pair -> pair.getJsonObject("value"))
                .findFirst()
                .orElseThrow();
    }

    private static Map<String, JsonValue> attributes(JsonObject entity) {
        Map<String, JsonValue> attributes = new LinkedHashMap<>();
        entity.getJsonArray("Attributes")
                .forEach(pair -> attributes.put(
                        pair.asJsonObject().getString("key"),
                        pair.asJsonObject().get("value")));
        return attributes;
    }

    private static JsonObject attribute(JsonObject entity, String name) {
        return attributes(entity).getOrDefault(name, JsonValue.NULL).asJsonObject();
    }

    @Test
    void pushesWithTheDocumentedHeadersAndTheSharedSecret() {
        opportunity();
        awaitQuiet();

        assertThat(received).singleElement().satisfies(request -> {
            assertThat(request.header("Content-Type")).contains("application/json");
            assertThat(request.header("x-ms-dynamics-organization"))
                    .contains(dataverse.url().getAuthority());
            assertThat(request.header("x-ms-dynamics-entity-name")).contains("opportunity");
            assertThat(request.header("x-ms-dynamics-request-name")).contains("Create");
            assertThat(request.header("x-ms-correlation-request-id"))
                    .hasValueSatisfying(id -> assertThat(id).matches("[0-9a-f-]{36}"));
            assertThat(request.header(DataverseCrm.SECRET_HEADER)).contains(crm.webhookSecret());
            assertThat(request.header("x-ms-dynamics-msg-size-exceeded")).isEmpty();
        });
        assertThat(dataverse.server().log().brokenRules()).isEmpty();
    }

    @Test
    void anUpdateCarriesOnlyWhatChangedWithItsTypeFirst() {
        String id = opportunity();
        dataverse.edit("opportunities", id, Map.of("estimatedvalue", 500));

        JsonObject context = message(contexts(), "Update");
        assertThat(context.getString("PrimaryEntityId")).isEqualTo(id);
        assertThat(context.getString("OrganizationId")).isEqualTo(dataverse.organizationId());
        JsonObject target = parameter(context, "Target");
        assertThat(attributes(target)).containsOnlyKeys("estimatedvalue", "modifiedon", "modifiedby", "opportunityid");
        assertThat(target.keySet().iterator().next()).isEqualTo("__type");
        assertThat(attribute(target, "estimatedvalue").keySet()).first().isEqualTo("__type");
        assertThat(attributes(target).get("modifiedon"))
                .isInstanceOfSatisfying(
                        JsonString.class, date -> assertThat(date.getString()).matches("/Date\\(\\d+\\)/"));
    }

    @Test
    void theTimeOfAnOperationComesInEveryDocumentedForm() {
        for (int i = 0; i < 4; i++) {
            opportunity();
        }

        assertThat(contexts().stream()
                        .map(context -> context.getString("OperationCreatedOn").replaceAll("\\d{13}", "ms"))
                        .toList())
                .containsExactlyInAnyOrder("/Date(ms)/", "/Date(ms+0000)/", "/Date(ms-0800)/", "/Date(ms+0530)/");
    }

    @Test
    void anUpdateOfOtherColumnsIsNotPushed() {
        String id = opportunity();
        dataverse.edit("opportunities", id, Map.of("cosell_audit", "a line", "cosell_referralidentifier", "x"));

        assertThat(contexts()).hasSize(1);
    }

    @Test
    void aDeletionNamesTheRowAndAClosingItsActivity() {
        String won = opportunity();
        dataverse.close(won, true, 3);
        dataverse.webhooks().closesWithoutRow(true);
        String lost = opportunity();
        dataverse.close(lost, false, 4);
        dataverse.delete("opportunities", lost);

        List<JsonObject> contexts = contexts();
        JsonObject win = message(contexts, "WinOpportunity");
        assertThat(win.getString("PrimaryEntityId")).isEqualTo(won);
        JsonObject lose = message(contexts, "LoseOpportunity");
        assertThat(lose.getString("PrimaryEntityId")).isEqualTo("00000000-0000-0000-0000-000000000000");
        assertThat(attribute(parameter(lose, "OpportunityClose"), "opportunityid")
                        .getString("Id"))
                .isEqualTo(lost);
        assertThat(parameter(message(contexts, "Delete"), "Target").getString("Id"))
                .isEqualTo(lost);
    }

    private static JsonObject message(List<JsonObject> contexts, String name) {
        return contexts.stream()
                .filter(context -> context.getString("MessageName").equals(name))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void anOuterOperationStandsAroundTheInnerOne() {
        dataverse.webhooks().within(2);
        opportunity();

        JsonObject context = contexts().get(0);
        assertThat(context.getInt("Depth")).isEqualTo(3);
        assertThat(context.getJsonObject("ParentContext")
                        .getJsonObject("ParentContext")
                        .getInt("Depth"))
                .isEqualTo(1);
    }

    @Test
    void whatIsTooLargeIsCut() {
        dataverse.webhooks().cutToSize(true);
        opportunity();

        assertThat(contexts().get(0).keySet())
                .doesNotContain("ParentContext", "InputParameters", "PreEntityImages", "PostEntityImages")
                .contains("PrimaryEntityId", "PrimaryEntityName", "MessageName", "OrganizationId");
        assertThat(received.get(0).header("x-ms-dynamics-msg-size-exceeded")).isPresent();
    }

    @Test
    void onlyAGatewaysRefusalIsTriedAgainAndOnlyOnce() {
        for (int refused : List.of(502, 503, 504)) {
            status.set(refused);
            opportunity();
        }
        awaitQuiet();
        assertThat(received).hasSize(6);
        for (int refused : List.of(400, 401, 413, 429, 500)) {
            status.set(refused);
            opportunity();
            awaitQuiet();
        }

        assertThat(received).hasSize(11);
        assertThat(dataverse.webhooks().failedJobs()).hasSize(8);
        assertThat(dataverse.rows("asyncoperations")).hasSize(8).allSatisfy(job -> {
            assertThat(job.getInt("statecode")).isEqualTo(3);
            assertThat(job.getInt("statuscode")).isEqualTo(31);
            assertThat(job.getString("_owningextensionid_value")).isNotEmpty();
        });
    }

    @Test
    void whoAnswersTooLateIsNotAskedAgain() {
        slow = true;
        dataverse.webhooks().timeout(Duration.ofMillis(200));
        opportunity();
        awaitQuiet();

        assertThat(received).hasSize(1);
        assertThat(dataverse.webhooks().failedJobs()).hasSize(1);
    }

    @Test
    void copiesAreEqualToTheLastByte() {
        dataverse.webhooks().copies(3);
        opportunity();
        awaitQuiet();

        assertThat(received).hasSize(3);
        assertThat(received.stream().map(SimulatorRequest::text).distinct()).hasSize(1);
        assertThat(received.stream()
                        .map(request -> request.header("x-ms-correlation-request-id"))
                        .distinct())
                .hasSize(1);
    }

    @Test
    void whatIsHeldComesLaterInAnyOrderAndWhatIsLostNever() {
        dataverse.webhooks().lose(push -> push.table().equals("lead"));
        dataverse.webhooks().hold();
        for (int i = 0; i < 10; i++) {
            opportunity();
        }
        dataverse.create("leads", Map.of("subject", "L", "lastname", "Hopper"));
        assertThat(dataverse.webhooks().isIdle()).isFalse();
        assertThat(received).isEmpty();

        dataverse.webhooks().releaseShuffled(3);
        awaitQuiet();

        List<String> created = new ArrayList<>();
        dataverse.rows("opportunities").forEach(row -> created.add(row.getString("opportunityid")));
        List<String> told = contexts().stream()
                .map(context -> context.getString("PrimaryEntityId"))
                .toList();
        assertThat(told).containsExactlyInAnyOrderElementsOf(created).isNotEqualTo(created);
        assertThat(dataverse.webhooks().pushes()).hasSize(11);
    }

    @Test
    void registeringAgainReplacesAndUnregisteringEnds() {
        crm.register(URI.create(receiver.url() + "/"));
        opportunity();
        assertThat(contexts()).hasSize(1);

        crm.unregister();
        opportunity();
        assertThat(contexts()).hasSize(1);
        assertThat(dataverse.server().log().brokenRules()).isEmpty();
    }

    @Test
    void aRegistrationThatDataverseWouldNotServeBreaksARule() {
        dataverse.create(
                "serviceendpoints",
                Map.of("name", "x", "url", "http://example.com", "contract", 7, "authtype", 5, "authvalue", "k1"));
        String step = dataverse.rows("sdkmessageprocessingsteps").get(0).getString("sdkmessageprocessingstepid");
        dataverse.edit(
                "sdkmessageprocessingsteps", step, Map.of("mode", 0, "stage", 20, "filteringattributes", "nope"));

        assertThat(dataverse.server().log().brokenRules())
                .anyMatch(rule -> rule.contains("no webhook (contract 8)"))
                .anyMatch(rule -> rule.contains("does not fit its authtype"))
                .anyMatch(rule -> rule.contains("is not https"))
                .anyMatch(rule -> rule.contains("synchronous step"))
                .anyMatch(rule -> rule.contains("another stage than 40"))
                .anyMatch(rule -> rule.contains("filteringattributes"));
    }
}
