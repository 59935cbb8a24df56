package org.cosellbridge.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.cosellbridge.simulator.CrmField.AMOUNT;
import static org.cosellbridge.simulator.CrmField.AUDIT;
import static org.cosellbridge.simulator.CrmField.DESCRIPTION;
import static org.cosellbridge.simulator.CrmField.REFERRAL_ID;
import static org.cosellbridge.simulator.CrmKind.OPPORTUNITY;

import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.cosellbridge.simulator.CrmRecord;
import org.cosellbridge.simulator.CrmState;
import org.cosellbridge.simulator.CrmWrite;
import org.cosellbridge.simulator.Fault;
import org.cosellbridge.simulator.Landscape;
import org.cosellbridge.simulator.ReferralFixtures;
import org.cosellbridge.simulator.WebhookScenario;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** SIGKILL at bad moments: what was acknowledged is done, once. */
class KillIT {
    private static final int KILLS = 5;
    private static final int EVENTS = 200;
    private final Path dir = Path.of(System.getProperty("project.build.directory"), "it-kill");
    private Landscape landscape = newLandscape();

    private Landscape newLandscape() {
        ServerProcess.delete(dir);
        return new Landscape(0, 0, 0, dir, Landscape.madeUpPassword());
    }

    @BeforeEach
    void raiseTheLimits() {
        landscape.partnerCenter().requestsPerMinute(6_000);
    }

    @AfterEach
    void close() {
        landscape.close();
    }

    private ServerProcess server() {
        Map<String, String> keys = landscape.keys(dir.resolve("data").toAbsolutePath(), 6_000);
        return new ServerProcess(dir, keys);
    }

    @Test
    void everyAcknowledgedReferralIsInTheCrmExactlyOnce() throws InterruptedException {
        Random random = new Random(20261120);
        Set<String> acknowledged = ConcurrentHashMap.newKeySet();
        int customer = 0;
        try (ServerProcess server = server()) {
            server.start();
            for (int kill = 0; kill < KILLS; kill++) {
                ExecutorService senders = Executors.newFixedThreadPool(4);
                Set<String> thisTime = ConcurrentHashMap.newKeySet();
                for (int i = 0; i < EVENTS; i++) {
                    String referral = landscape.partnerCenter().create(ReferralFixtures.partnerLed(++customer));
                    senders.execute(() -> {
                        try {
                            WebhookScenario.Answer answer = WebhookScenario.valid(landscape.partnerCenter(), referral)
                                    .send(Landscape.webhook(server.url()));
                            if (answer.status() / 100 == 2) {
                                acknowledged.add(referral);
                                thisTime.add(referral);
                            }
                        } catch (IllegalStateException cut) {
                            // the server was killed before it answered: nothing was promised
                        }
                    });
                }
                int enough = 40 + random.nextInt(120);
                Awaitility.await("acknowledgements; log " + server.log())
                        .atMost(Duration.ofSeconds(90))
                        .pollInterval(Duration.ofMillis(5))
                        .until(() -> thisTime.size() >= enough);
                server.kill();
                senders.shutdownNow();
                assertThat(senders.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
                server.start();
            }
            Awaitility.await("every acknowledged referral in the CRM; log " + server.log())
                    .atMost(Duration.ofMinutes(5))
                    .pollInterval(Duration.ofSeconds(1))
                    .until(() -> identifiers().containsAll(acknowledged));
            List<String> all = identifierList();
            assertThat(acknowledged).hasSizeGreaterThanOrEqualTo(KILLS * 40);
            assertThat(new HashSet<>(all))
                    .as("no referral has two opportunities")
                    .hasSize(all.size());
            assertThat(landscape.crm().accounts()).doesNotHaveDuplicates();
            assertThat(landscape.crm().contacts()).doesNotHaveDuplicates();
            Product product = new Product(server.url(), landscape.password());
            assertThat(product.items("dead-letters")).isEmpty();
            Set<String> accepted = new HashSet<>();
            product.items("audit?kind=delivery.accepted").forEach(entry -> accepted.add(entry.getString("referral")));
            assertThat(accepted)
                    .as("each acknowledged delivery stands in the trail")
                    .containsAll(acknowledged);
            assertThat(landscape.crm().server().log().brokenRules()).isEmpty();
        }
    }

    @Test
    void aKillBeforeTheCreateReachesTheCrmIsRepeated() {
        createAcrossKill(new Fault.Delay(Duration.ofSeconds(20)));
    }

    @Test
    void aKillAfterTheCreateReachedTheCrmIsRecognised() {
        createAcrossKill(new Fault.LoseAnswer());
    }

    @Test
    void aKillAfterTheCreateWasStoredAndBeforeTheEndIsFinished() {
        try (ServerProcess server = server()) {
            server.start();
            // an invitation that waits for an answer: the record is created, then a second write puts it on hold
            landscape
                    .crm()
                    .server()
                    .faults()
                    .next(1, new Fault.Delay(Duration.ofSeconds(20)), this::changesOpportunity);
            String referral = landscape.partnerCenter().create(ReferralFixtures.cosellFromMicrosoft(1));
            send(server, referral);
            awaitFaultMet();
            server.kill();
            landscape.crm().server().faults().clear();

            server.start();

            Awaitility.await("the state; log " + server.log())
                    .atMost(Duration.ofMinutes(2))
                    .until(() -> opportunity(referral).state() == CrmState.ON_HOLD);
            Product product = new Product(server.url(), landscape.password());
            Awaitility.await("the end of the attempt")
                    .atMost(Duration.ofMinutes(2))
                    .until(() -> product.items("links?referral=" + referral).stream()
                            .anyMatch(link -> !link.getString("lastOutcome", "").isEmpty()));
            assertThat(identifierList()).containsExactly(referral);
            assertThat(landscape.crm().creates(OPPORTUNITY)).isEqualTo(1);
            assertThat(product.items("audit?kind=record.created&referral=" + referral))
                    .hasSize(1);
        }
    }

    private void createAcrossKill(Fault fault) {
        try (ServerProcess server = server()) {
            server.start();
            landscape.crm().server().faults().next(1, fault, this::createsOpportunity);
            String referral = landscape.partnerCenter().create(ReferralFixtures.partnerLed(1));
            assertThat(WebhookScenario.valid(landscape.partnerCenter(), referral)
                            .send(Landscape.webhook(server.url()))
                            .status())
                    .isEqualTo(200);
            awaitFaultMet();
            server.kill();
            landscape.crm().server().faults().clear();

            server.start();

            Awaitility.await("the opportunity; log " + server.log())
                    .atMost(Duration.ofMinutes(2))
                    .until(() -> identifiers().contains(referral));
            Product product = new Product(server.url(), landscape.password());
            Awaitility.await()
                    .atMost(Duration.ofMinutes(2))
                    .until(() -> !product.items("audit?kind=record.created&referral=" + referral)
                            .isEmpty());
            assertThat(identifierList()).containsExactly(referral);
            assertThat(landscape.crm().accounts()).hasSize(1);
            assertThat(landscape.crm().contacts()).hasSize(1);
            assertThat(product.items("audit?kind=record.created&referral=" + referral))
                    .hasSize(1);
            assertThat(product.items("links?referral=" + referral)).hasSize(1);
        }
    }

    @Test
    void aKillAfterAnUpdateKeepsTheChangeInTheTrailAndThePersonsEdit() {
        try (ServerProcess server = server()) {
            server.start();
            String referral = landscape.partnerCenter().create(ReferralFixtures.partnerLed(1));
            send(server, referral);
            Awaitility.await()
                    .atMost(Duration.ofMinutes(1))
                    .until(() -> identifiers().contains(referral));
            Product product = new Product(server.url(), landscape.password());
            Awaitility.await()
                    .atMost(Duration.ofMinutes(1))
                    .until(() -> product.items("links?referral=" + referral).stream()
                            .anyMatch(link -> !link.getString("lastOutcome", "").isEmpty()));
            landscape.crm().server().faults().next(1, new Fault.LoseAnswer(), this::changesOpportunity);
            landscape.partnerCenter().edit(referral, "/details/dealValue", 88_000);
            int updates = landscape.crm().updates(OPPORTUNITY);
            send(server, referral);
            Awaitility.await()
                    .atMost(Duration.ofMinutes(1))
                    .until(() -> landscape.crm().updates(OPPORTUNITY) > updates);
            server.kill();
            String id = opportunity(referral).id();
            landscape.crm().edit(OPPORTUNITY, id, Map.of(DESCRIPTION, "the seller's own words"));
            int written = landscape.crm().writes(OPPORTUNITY).size();

            server.start();

            Product again = new Product(server.url(), landscape.password());
            Awaitility.await("the change in the trail; log " + server.log())
                    .atMost(Duration.ofMinutes(2))
                    .until(() -> again.items("audit?kind=record.updated&referral=" + referral).stream()
                            .flatMap(entry -> entry.getJsonArray("changes").stream())
                            .map(change -> change.asJsonObject().getString("recordField"))
                            .anyMatch(landscape.crm().name(OPPORTUNITY, AMOUNT)::equals));
            assertThat(opportunity(referral).number(AMOUNT)).isEqualByComparingTo("88000");
            assertThat(opportunity(referral).text(DESCRIPTION)).isEqualTo("the seller's own words");
            Awaitility.await("the seller's words at Partner Center; log " + server.log())
                    .atMost(Duration.ofMinutes(2))
                    .until(() -> BothSystems.notes(landscape.partnerCenter().referral(referral))
                            .equals("the seller's own words"));
            new BothSystems(landscape, server.url()).awaitQuiet(Duration.ofMinutes(2));
            List<CrmWrite> writes = landscape.crm().writes(OPPORTUNITY);
            assertThat(writes.subList(written, writes.size()))
                    .as("nothing is written twice; the record's Audit tells what went to Partner Center")
                    .extracting(CrmWrite::fields)
                    .containsExactly(List.of(landscape.crm().name(OPPORTUNITY, AUDIT)));
            assertThat(landscape.crm().unchangedFields()).isEmpty();
            assertThat(landscape.partnerCenter().unchangedValues()).isEmpty();
        }
    }

    private void send(ServerProcess server, String referral) {
        assertThat(WebhookScenario.valid(landscape.partnerCenter(), referral)
                        .send(Landscape.webhook(server.url()))
                        .status())
                .isEqualTo(200);
    }

    private void awaitFaultMet() {
        Awaitility.await("the write that meets the fault")
                .atMost(Duration.ofMinutes(1))
                .pollInterval(Duration.ofMillis(5))
                .until(() -> landscape.crm().server().faults().left() == 0);
    }

    private boolean createsOpportunity(String method, String path) {
        return landscape.crm().isCreate(OPPORTUNITY, method, path);
    }

    private boolean changesOpportunity(String method, String path) {
        return landscape.crm().isUpdate(OPPORTUNITY, method, path);
    }

    private CrmRecord opportunity(String referral) {
        return landscape.crm().records(OPPORTUNITY).stream()
                .filter(record -> record.text(REFERRAL_ID).equals(referral))
                .findFirst()
                .orElseThrow();
    }

    private Set<String> identifiers() {
        return new HashSet<>(identifierList());
    }

    private List<String> identifierList() {
        return landscape.crm().records(OPPORTUNITY).stream()
                .map(record -> record.text(REFERRAL_ID))
                .toList();
    }
}
