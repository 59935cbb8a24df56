package org.cosellbridge.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.cosellbridge.it.BothSystems.dealValue;
import static org.cosellbridge.it.BothSystems.number;
import static org.cosellbridge.simulator.CrmField.AMOUNT;
import static org.cosellbridge.simulator.CrmField.HELP;
import static org.cosellbridge.simulator.CrmField.REFERRAL_ID;
import static org.cosellbridge.simulator.CrmField.SYNC_STATUS;
import static org.cosellbridge.simulator.CrmKind.OPPORTUNITY;

import jakarta.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.cosellbridge.referral.OrganizationId;
import org.cosellbridge.simulator.CrmField;
import org.cosellbridge.simulator.Fault;
import org.cosellbridge.simulator.Landscape;
import org.cosellbridge.simulator.PartnerCenterSimulator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** SIGKILL at each step of what the CRM asks Partner Center for: it is continued, never repeated. One server, started again and again. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@ExtendWith(StateOnFailure.class)
class CoSellKillIT implements StateOnFailure.Tells {
    private static final String REFERRALS = "/v1.0/engagements/referrals";
    /** Longer than the product waits for any answer before it is killed. */
    private static final Duration HANGS = Duration.ofSeconds(30);
    /** A lease that the killed process held, the second look for a lost create, and the start. */
    private static final Duration RECOVERY = Duration.ofMinutes(3);

    private static final int CALLS_A_MINUTE = 6_000;
    private final AtomicInteger index = new AtomicInteger(6_000);
    private final Path dir = Path.of(System.getProperty("project.build.directory"), "it-kill-cosell");
    private final Landscape landscape = newLandscape();
    private final ServerProcess server = newServer();
    private final BothSystems both = new BothSystems(landscape, server.url());

    private Landscape newLandscape() {
        ServerProcess.delete(dir);
        return new Landscape(0, 0, 0, dir, Landscape.madeUpPassword());
    }

    private ServerProcess newServer() {
        landscape.partnerCenter().requestsPerMinute(CALLS_A_MINUTE);
        Map<String, String> keys = landscape.keys(dir.resolve("data").toAbsolutePath(), CALLS_A_MINUTE);
        keys.put("cosell.partner-center.create-timeout", "PT3S");
        keys.put("cosell.crm." + Landscape.CONNECTION + ".poll-interval", "PT2S");
        return new ServerProcess(dir, keys);
    }

    @Override
    public Product product() {
        return both.product();
    }

    @BeforeAll
    void start() {
        server.start();
        both.register();
    }

    @BeforeEach
    void isCalm() {
        both.calm();
        if (!server.isAlive()) {
            server.start();
        }
        both.awaitQuiet(RECOVERY);
    }

    @AfterAll
    void close() {
        server.close();
        landscape.close();
    }

    /** Where the process dies. */
    enum Step {
        /** Our own referral is on its way and never arrives. */
        OWN_REFERRAL_NEVER_ARRIVES,
        /** Our own referral is made; its answer never comes. */
        OWN_REFERRAL_WITHOUT_ITS_ANSWER,
        /** Our own referral is made and known; whether Microsoft was asked is being looked up. */
        BETWEEN_THE_TWO_REFERRALS,
        /** The question to Microsoft is on its way and never arrives. */
        MICROSOFTS_REFERRAL_NEVER_ARRIVES,
        /** Microsoft is asked; the answer never comes. */
        MICROSOFTS_REFERRAL_WITHOUT_ITS_ANSWER,
        /** The write of the referral's id to the record never arrives. */
        WRITE_BACK_NEVER_ARRIVES,
        /** The record has the referral's id; the answer never comes. */
        WRITE_BACK_WITHOUT_ITS_ANSWER;

        boolean isInCrm() {
            return this == WRITE_BACK_NEVER_ARRIVES || this == WRITE_BACK_WITHOUT_ITS_ANSWER;
        }

        boolean isAfterEffect() {
            return this == OWN_REFERRAL_WITHOUT_ITS_ANSWER
                    || this == MICROSOFTS_REFERRAL_WITHOUT_ITS_ANSWER
                    || this == WRITE_BACK_WITHOUT_ITS_ANSWER;
        }

        /** Whether it is this call of Partner Center, a create or a list, that hangs; {@code creates}: how many there were with it. */
        boolean hits(boolean create, int creates) {
            return switch (this) {
                case OWN_REFERRAL_NEVER_ARRIVES, OWN_REFERRAL_WITHOUT_ITS_ANSWER -> create && creates == 1;
                case BETWEEN_THE_TWO_REFERRALS -> !create && creates == 1;
                case MICROSOFTS_REFERRAL_NEVER_ARRIVES, MICROSOFTS_REFERRAL_WITHOUT_ITS_ANSWER ->
                    create && creates == 2;
                case WRITE_BACK_NEVER_ARRIVES, WRITE_BACK_WITHOUT_ITS_ANSWER -> false;
            };
        }
    }

    @ParameterizedTest
    @EnumSource(Step.class)
    void aCoSellCreateIsContinuedAfterAKill(Step step) {
        Map<CrmField, Object> fields = both.deal(index.incrementAndGet());
        fields.put(HELP, "QuotesOrLicensing");
        int referrals = both.partnerCenter().referrals().size();
        Fault fault = step.isAfterEffect() ? Fault.hangAfterEffect(HANGS) : Fault.hang(HANGS);
        if (step.isInCrm()) {
            both.crm()
                    .server()
                    .faults()
                    .next(1, fault, (method, path) -> both.crm().isUpdate(OPPORTUNITY, method, path));
        } else {
            AtomicInteger posts = new AtomicInteger();
            both.partnerCenter().server().faults().next(1, fault, (method, path) -> {
                boolean post = method.equals("POST") && path.equals(REFERRALS);
                boolean list = method.equals("GET") && path.equals(REFERRALS);
                int sent = post ? posts.incrementAndGet() : posts.get();
                return (post || list) && step.hits(post, sent);
            });
        }
        String opportunity = both.crm().create(OPPORTUNITY, fields);
        awaitFaultMet();
        if (step.isAfterEffect() && !step.isInCrm()) {
            both.await(
                    "the referral is made",
                    () -> both.partnerCenter().referrals().size()
                            == referrals + (step == Step.OWN_REFERRAL_WITHOUT_ITS_ANSWER ? 1 : 2));
        }
        if (step == Step.WRITE_BACK_WITHOUT_ITS_ANSWER) {
            both.await(
                    "the record has the referral's id",
                    () -> !both.opportunity(opportunity).text(REFERRAL_ID).isEmpty());
        }
        server.kill();
        both.calm();

        server.start();

        Awaitility.await("both referrals and the record; log " + server.log())
                .atMost(RECOVERY)
                .untilAsserted(() -> {
                    assertThat(both.partnerCenter().referrals()).hasSize(referrals + 2);
                    assertThat(both.opportunity(opportunity).text(REFERRAL_ID)).isNotEmpty();
                });
        both.awaitQuiet(RECOVERY);
        String referral = both.opportunity(opportunity).text(REFERRAL_ID);
        assertThat(both.referralsOf(opportunity))
                .extracting(own -> own.getString("id"))
                .containsExactly(referral);
        assertThat(both.engagement(referral))
                .extracting(one -> one.getString("organizationId"))
                .containsExactlyInAnyOrder(PartnerCenterSimulator.ORGANIZATION, OrganizationId.MICROSOFT.value());
        assertThat(both.records(OPPORTUNITY, referral)).hasSize(1);
        assertThat(both.opportunity(opportunity).text(SYNC_STATUS)).isEqualTo("✔");
        assertThat(both.links(referral)).hasSize(1);
        assertThat(both.entries(referral, "referral.created")).hasSize(1);
        assertThat(both.entries(referral, "link.created")).hasSize(1);
        assertThat(both.entries(referral, "microsoft.asked")).hasSize(1);
        assertThat(both.entriesOfField(referral, "record.updated", "referralId"))
                .hasSize(1);
        assertThat(both.entries(referral, "record.created")).isEmpty();
        assertThat(both.product().items("dead-letters")).isEmpty();
        both.assertRulesKept();
    }

    @Test
    void aSellersEditAfterALostAnswerSurvivesARestartOnBothSidesAndTheTrailHasBoth() {
        String opportunity = both.crm().create(OPPORTUNITY, both.deal(index.incrementAndGet()));
        String referral = both.awaitReferral(opportunity);
        both.awaitQuiet(RECOVERY);
        both.partnerCenter()
                .server()
                .faults()
                .next(
                        1,
                        Fault.hangAfterEffect(HANGS),
                        (method, path) -> method.equals("PATCH") && path.endsWith(referral));
        both.sellerSets(opportunity, AMOUNT, 71_000);
        both.awaitAmount("our write's effect", () -> dealValue(both.referral(referral)), 71_000);
        server.kill();
        both.calm();
        both.sellerSets(opportunity, AMOUNT, 72_000);

        server.start();

        Awaitility.await("the seller's edit at Partner Center; log " + server.log())
                .atMost(RECOVERY)
                .untilAsserted(
                        () -> assertThat(dealValue(both.referral(referral))).isEqualByComparingTo("72000"));
        both.awaitQuiet(RECOVERY);
        assertThat(dealValue(both.referral(referral))).isEqualByComparingTo("72000");
        assertThat(both.opportunity(opportunity).number(AMOUNT)).isEqualByComparingTo("72000");
        List<JsonObject> changes = both.entriesOfField(referral, "referral.updated", "dealValue").stream()
                .map(entry -> BothSystems.findChange(entry, "dealValue").orElseThrow())
                .toList();
        assertThat(changes)
                .extracting(change -> number(change, "written").intValue())
                .containsExactlyInAnyOrder(71_000, 72_000);
        assertThat(changes)
                .extracting(change -> change.getString("rule"))
                .containsExactlyInAnyOrder("confirmed-after-restart", "only-moved");
        both.assertRulesKept();
    }

    private void awaitFaultMet() {
        Awaitility.await("the call that meets the fault; log " + server.log())
                .atMost(Duration.ofMinutes(1))
                .pollInterval(Duration.ofMillis(5))
                .until(() -> both.crm().server().faults().left()
                                + both.partnerCenter().server().faults().left()
                        == 0);
    }
}
