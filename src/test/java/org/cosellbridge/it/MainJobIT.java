package org.cosellbridge.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.cosellbridge.simulator.CrmField.AMOUNT;
import static org.cosellbridge.simulator.CrmField.AUDIT;
import static org.cosellbridge.simulator.CrmField.NAME;
import static org.cosellbridge.simulator.CrmField.SWITCH;
import static org.cosellbridge.simulator.CrmKind.LEAD;
import static org.cosellbridge.simulator.CrmKind.OPPORTUNITY;

import jakarta.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.cosellbridge.simulator.CrmRecord;
import org.cosellbridge.simulator.CrmState;
import org.cosellbridge.simulator.CrmSystem;
import org.cosellbridge.simulator.CrmWrite;
import org.cosellbridge.simulator.Fault;
import org.cosellbridge.simulator.Landscape;
import org.cosellbridge.simulator.PartnerCenterSimulator;
import org.cosellbridge.simulator.ReferralFixtures;
import org.cosellbridge.simulator.WebhookScenario;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.arquillian.junit5.ArquillianExtension;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A webhook becomes an opportunity, and stays one, whatever happens in between. */
@ExtendWith({ArquillianExtension.class, StateOnFailure.class})
class MainJobIT implements StateOnFailure.Tells {
    private static final AtomicInteger NEXT = new AtomicInteger(1000);
    private static final Duration PATIENCE = BothSystems.PATIENCE;
    private final BothSystems both = BothSystems.ofThisRun();
    private final PartnerCenterSimulator partnerCenter = both.partnerCenter();
    private final CrmSystem crm = both.crm();
    private final Product product = both.product();

    @Deployment(testable = false)
    static WebArchive war() {
        return PackagedWar.archive();
    }

    @BeforeEach
    void register() {
        partnerCenter.register(Landscape.webhook(product.url()), false);
    }

    @Override
    public Product product() {
        return product;
    }

    @AfterEach
    void leavesNoRuleBroken() {
        both.calm();
        both.assertRulesKept();
    }

    @Test
    void aReferralBecomesAnOpportunityAndAnEditFollows() {
        String referral = partnerCenter.create(ReferralFixtures.partnerLed(NEXT.incrementAndGet()));

        CrmRecord opportunity = awaitOpportunity(referral);
        JsonObject wire = partnerCenter.referral(referral);
        assertThat(opportunity.text(NAME)).isEqualTo(wire.getString("name"));
        assertThat(opportunity.number(AMOUNT))
                .isEqualByComparingTo(
                        wire.getJsonObject("details").getJsonNumber("dealValue").bigDecimalValue());
        assertThat(opportunity.isOn(SWITCH)).isTrue();
        int before = crm.updates(OPPORTUNITY);

        partnerCenter.edit(referral, "/details/dealValue", 77_000);

        Awaitility.await()
                .atMost(PATIENCE)
                .untilAsserted(
                        () -> assertThat(opportunity(referral).number(AMOUNT)).isEqualByComparingTo("77000"));
        List<CrmWrite> writes = crm.writes(OPPORTUNITY);
        assertThat(writes.get(writes.size() - 1).fields())
                .as("only what changed is written, and its line in the record's Audit")
                .containsExactlyInAnyOrder(crm.name(OPPORTUNITY, AUDIT), crm.name(OPPORTUNITY, AMOUNT));
        assertThat(crm.updates(OPPORTUNITY)).isEqualTo(before + 1);
        JsonObject link = both.onlyLink(referral);
        assertThat(link.getString("record")).isEqualTo(OPPORTUNITY.reference(opportunity.id()));

        List<JsonObject> trail = both.entries(referral);
        assertThat(trail)
                .extracting(entry -> entry.getString("kind"))
                .contains("delivery.accepted", "record.created", "record.updated");
        JsonObject update = trail.stream()
                .filter(entry -> entry.getString("kind").equals("record.updated"))
                .findFirst()
                .orElseThrow();
        JsonObject change = update.getJsonArray("changes").getJsonObject(0);
        assertThat(change.getString("recordField")).isEqualTo(crm.name(OPPORTUNITY, AMOUNT));
        assertThat(change.getString("direction")).isEqualTo("TO_CRM");
        assertThat(change.getJsonNumber("written").bigDecimalValue()).isEqualByComparingTo("77000");
        assertThat(change.getJsonNumber("crm").bigDecimalValue())
                .isEqualByComparingTo(
                        wire.getJsonObject("details").getJsonNumber("dealValue").bigDecimalValue());
        assertThat(product.items("audit?correlation=" + update.getString("correlation")))
                .as("from the field's value to the delivery that caused it in one query")
                .extracting(entry -> entry.getString("kind"))
                .contains("delivery.accepted");
    }

    @Test
    void anEchoCostsAReadAndNoWrite() {
        String referral = partnerCenter.create(ReferralFixtures.partnerLed(NEXT.incrementAndGet()));
        awaitOpportunity(referral);
        both.awaitQuiet();
        int writes = both.writes();
        int reads = partnerCenter.server().log().count("get referral");
        int told = both.entries(referral, "link.unchanged").size();

        assertThat(WebhookScenario.valid(partnerCenter, referral)
                        .send(Landscape.webhook(product.url()))
                        .status())
                .isEqualTo(200);

        Awaitility.await()
                .atMost(PATIENCE)
                .until(() -> both.entries(referral, "link.unchanged").size() == told + 1);
        assertThat(partnerCenter.server().log().count("get referral")).isGreaterThan(reads);
        assertThat(both.writes()).isEqualTo(writes);
    }

    @Test
    void theSameEventFiftyTimesFromEightThreadsIsOneOpportunity() throws ExecutionException, InterruptedException {
        partnerCenter.removeRegistration();
        int customer = NEXT.incrementAndGet();
        String referral = partnerCenter.create(ReferralFixtures.partnerLed(customer));
        List<WebhookScenario> events = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            events.add(
                    i % 2 == 0
                            ? WebhookScenario.valid(partnerCenter, referral)
                            : WebhookScenario.valid(partnerCenter, referral)
                                    .withChangeAt(Instant.now().minusSeconds(i)));
        }
        Collections.shuffle(events, new Random(7));
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            List<Future<Integer>> answers = new ArrayList<>();
            for (WebhookScenario event : events) {
                answers.add(threads.submit(
                        () -> event.send(Landscape.webhook(product.url())).status()));
            }
            for (Future<Integer> answer : answers) {
                assertThat(answer.get()).isEqualTo(200);
            }
        } finally {
            threads.shutdown();
        }

        CrmRecord opportunity = awaitOpportunity(referral);
        both.awaitQuiet();
        assertThat(opportunities(referral)).hasSize(1);
        assertThat(accounts(customer)).hasSize(1);
        assertThat(both.onlyLink(referral).getString("record")).isEqualTo(OPPORTUNITY.reference(opportunity.id()));
    }

    @Test
    void whateverTheCrmDoesThereIsOneOpportunity() {
        for (Fault fault :
                List.of(Fault.status(500), Fault.status(503), Fault.cut(), Fault.loseAnswer(), crm.busy(3))) {
            int customer = NEXT.incrementAndGet();
            crm.server().faults().next(2, fault, (method, path) -> !method.equals("GET"));
            String referral = partnerCenter.create(ReferralFixtures.partnerLed(customer));
            awaitOpportunity(referral);
            both.awaitQuiet();
            assertThat(opportunities(referral)).as("after %s", fault).hasSize(1);
            assertThat(accounts(customer)).as("after %s", fault).hasSize(1);
            assertThat(crm.server().faults().left())
                    .as("the fault %s was met", fault)
                    .isZero();
            crm.server().faults().clear();
        }
        assertThat(product.items("dead-letters")).isEmpty();
    }

    @Test
    void twoReferralsOfOneNewCustomerShareAccountAndContact() {
        int customer = NEXT.incrementAndGet();
        partnerCenter.dispatcher().hold();
        String first = partnerCenter.create(ReferralFixtures.partnerLed(customer));
        String second = partnerCenter.create(ReferralFixtures.partnerLed(customer));
        partnerCenter.dispatcher().release();

        awaitOpportunity(first);
        awaitOpportunity(second);
        assertThat(accounts(customer)).hasSize(1);
        assertThat(crm.contacts().stream().filter(ReferralFixtures.contactEmail(customer)::equals))
                .hasSize(1);
    }

    @Test
    void aMarketplaceLeadIsALeadUntilItIsAccepted() {
        String referral = partnerCenter.create(ReferralFixtures.qualifiedLead(NEXT.incrementAndGet()));
        Awaitility.await()
                .atMost(PATIENCE)
                .until(() -> both.records(LEAD, referral).size() == 1);
        assertThat(opportunities(referral)).isEmpty();

        partnerCenter.accept(referral);

        awaitOpportunity(referral);
        both.awaitQuiet();
        assertThat(both.onlyLink(referral).getString("record")).startsWith("opportunity/");
        assertThat(both.records(LEAD, referral).get(0).state())
                .as("the lead is closed")
                .isNotEqualTo(CrmState.OPEN);
    }

    @Test
    void aWonReferralClosesItsOpportunity() {
        String referral = partnerCenter.create(ReferralFixtures.partnerLed(NEXT.incrementAndGet()));
        awaitOpportunity(referral);

        partnerCenter.close(referral, "Won", "");

        Awaitility.await().atMost(PATIENCE).until(() -> opportunity(referral).state() == CrmState.WON);
    }

    @Test
    void revokedCredentialsPauseTheConnectionOnceAndEverythingDrainsAfterwards() {
        String known = partnerCenter.create(ReferralFixtures.partnerLed(NEXT.incrementAndGet()));
        awaitOpportunity(known);
        both.awaitQuiet();
        int alarmsBefore = product.items("audit?kind=connection.paused").size();
        crm.revokeAccess();
        List<String> waiting = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            waiting.add(partnerCenter.create(ReferralFixtures.partnerLed(NEXT.incrementAndGet())));
        }
        Awaitility.await()
                .atMost(PATIENCE)
                .until(() -> both.connection().getString("state").equals("paused"));

        crm.restoreAccess();

        Awaitility.await().atMost(Duration.ofMinutes(2)).untilAsserted(() -> {
            for (String referral : waiting) {
                assertThat(opportunities(referral)).hasSize(1);
            }
        });
        assertThat(product.items("audit?kind=connection.paused"))
                .as("one alarm")
                .hasSize(alarmsBefore + 1);
        assertThat(product.items("dead-letters")).isEmpty();
        Awaitility.await()
                .atMost(PATIENCE)
                .until(() -> !both.connection().getString("state").equals("paused"));
    }

    @Test
    void withoutALoginThereIsNothingToSee() {
        for (String path : List.of("links", "audit", "dead-letters", "connections", "deliveries", "nothing-here")) {
            assertThat(product.get(path, "").statusCode()).as(path).isEqualTo(401);
        }
        assertThat(product.get("links", "auditor").statusCode()).isEqualTo(200);
        assertThat(product.post("connections/crm/pause", "{}", "auditor").statusCode())
                .as("auditors only read")
                .isEqualTo(403);
    }

    private CrmRecord awaitOpportunity(String referral) {
        return both.awaitOpportunity(referral);
    }

    private CrmRecord opportunity(String referral) {
        return opportunities(referral).get(0);
    }

    private List<CrmRecord> opportunities(String referral) {
        return both.records(OPPORTUNITY, referral);
    }

    private List<String> accounts(int customer) {
        return crm.accounts().stream()
                .filter(ReferralFixtures.customerName(customer)::equals)
                .toList();
    }
}
