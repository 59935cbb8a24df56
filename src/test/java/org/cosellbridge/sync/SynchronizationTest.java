package org.cosellbridge.sync;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.cosellbridge.audit.AuditEntry;
import org.cosellbridge.audit.AuditKind;
import org.cosellbridge.connector.RecordRef;
import org.cosellbridge.referral.ReferralId;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SynchronizationTest {
    private static final String A = "aaaaaaaa-0000-0000-0000-000000000001";
    private static final String B = "bbbbbbbb-0000-0000-0000-000000000002";
    private SyncFixture fixture = new SyncFixture();

    @AfterEach
    void close() {
        fixture.close();
    }

    @Test
    void theSameEventManyTimesMakesOneOfEverything() {
        fixture.partnerCenter.put(A, "e1");

        assertThat(fixture.attempt(A).word()).isEqualTo("created");
        for (int i = 0; i < 10; i++) {
            assertThat(fixture.attempt(A).word()).isEqualTo("unchanged");
        }

        assertThat(fixture.crm.writes).containsExactly("create account", "create contact", "create opportunity");
        assertThat(fixture.crm.only("opportunity").getString("description")).isEqualTo("first");
        assertThat(fixture.crm.only("opportunity").getString("customerid"))
                .isEqualTo(fixture.crm.table("account").keySet().iterator().next());
        assertThat(fixture.count(AuditKind.RECORD_CREATED)).isEqualTo(1);
        assertThat(fixture.count(AuditKind.RELATED_CREATED)).isEqualTo(2);
        assertThat(fixture.count(AuditKind.LINK_CREATED)).isEqualTo(1);
        assertThat(fixture.link(A).state()).isEqualTo(LinkState.ACTIVE);
    }

    @Test
    void onlyChangedFieldsAreWritten() {
        created(A, "e1");
        fixture.partnerCenter.put(A, "e1", "details", "{\"notes\":\"second\",\"dealValue\":100.00}");

        assertThat(fixture.attempt(A).word()).isEqualTo("updated");

        assertThat(fixture.crm.writes).containsExactly("update opportunity [description]");
        AuditEntry entry = last(AuditKind.RECORD_UPDATED);
        assertThat(entry.changes()).hasSize(1);
        assertThat(entry.changes().get(0).written()).isEqualTo(Json.createValue("second"));
        assertThat(entry.changes().get(0).crm()).isEqualTo(Json.createValue("first"));
        assertThat(fixture.attempt(A).word()).isEqualTo("unchanged");
        assertThat(fixture.crm.writes).hasSize(1);
    }

    @Test
    void aLostCreateAnswerMakesOneRecord() {
        fixture.partnerCenter.put(A, "e1");
        fixture.crm.loseNextAnswer = true;
        assertThat(fixture.attempt(A)).isInstanceOf(SyncOutcome.NotNow.class);

        while (fixture.attempt(A) instanceof SyncOutcome.NotNow) {
            throw new AssertionError("the second attempt recovers");
        }

        assertThat(fixture.crm.table("account")).hasSize(1);
        assertThat(fixture.crm.table("opportunity")).hasSize(1);
        assertThat(fixture.count(AuditKind.RELATED_CREATED)).isEqualTo(2);
        assertThat(fixture.count(AuditKind.RECORD_CREATED)).isEqualTo(1);
    }

    @Test
    void aCreateKilledAnywhereMakesOneOfEverythingAndTellsItOnce() {
        boolean killed = true;
        for (int point = 1; killed; point++) {
            fixture.close();
            fixture = new SyncFixture();
            fixture.partnerCenter.put(A, "e1", "status", "\"Closed\"", "substatus", "\"Won\"");
            killed = killedAt(point);
            if (killed) {
                // a person is quicker than the restart
                fixture.crm
                        .table("opportunity")
                        .keySet()
                        .forEach(id -> fixture.crm.edit("opportunity", id, "description", "\"a person's\""));
                boolean edited = !fixture.crm.table("opportunity").isEmpty();
                fixture.attempt(A);
                fixture.attempt(A);
                if (edited) {
                    assertThat(fixture.crm.only("opportunity").getString("description"))
                            .as("killed at step " + point)
                            .isEqualTo("a person's");
                }
            }
            String where = "killed at step " + point;
            assertThat(fixture.crm.writes)
                    .as(where)
                    .containsExactly(
                            "create account",
                            "create contact",
                            "create opportunity",
                            "update opportunity [statuscode]");
            assertThat(fixture.count(AuditKind.RECORD_CREATED)).as(where).isEqualTo(1);
            assertThat(fixture.count(AuditKind.RELATED_CREATED)).as(where).isEqualTo(2);
            assertThat(fixture.count(AuditKind.LINK_CREATED)).as(where).isEqualTo(1);
            assertThat(told("state")).as(where).isEqualTo(1);
            assertThat(fixture.plans.find(fixture.link(A).id())).as(where).isEmpty();
            assertThat(fixture.link(A).state()).isEqualTo(LinkState.ENDED);
            assertThat(point).isLessThan(60);
        }
    }

    @Test
    void anUpdateKilledAnywhereIsWrittenAndToldOnceAndKeepsAPersonsEdit() {
        for (String personEdits : List.of("name", "description")) {
            boolean killed = true;
            for (int point = 1; killed; point++) {
                fixture.close();
                fixture = new SyncFixture();
                created(A, "e1");
                String id = fixture.crm.table("opportunity").keySet().iterator().next();
                fixture.partnerCenter.put(A, "e1", "details", "{\"notes\":\"second\",\"dealValue\":200}");
                killed = killedAt(point);
                String where = personEdits + ", killed at step " + point;
                if (killed) {
                    fixture.tick(5);
                    fixture.crm.edit("opportunity", id, personEdits, "\"a person's\"");
                    fixture.attempt(A);
                    fixture.attempt(A);
                    assertThat(fixture.crm.only("opportunity").getString(personEdits))
                            .as(where)
                            .isEqualTo("a person's");
                } else {
                    assertThat(fixture.crm.only("opportunity").getString("description"))
                            .isEqualTo("second");
                }
                assertThat(fixture.crm.only("opportunity").getInt("estimatedvalue"))
                        .as(where)
                        .isEqualTo(200);
                assertThat(fixture.crm.writes).as(where).hasSize(1);
                assertThat(told("value")).as(where).isEqualTo(1);
            }
        }
    }

    @Test
    void aCloseThatFailsAfterTheFieldsWereWrittenIsMadeLaterAndToldOnce() {
        created(A, "e1");
        fixture.crm.failNextClose = true;
        fixture.partnerCenter.put(
                A,
                "e1",
                "status",
                "\"Closed\"",
                "substatus",
                "\"Won\"",
                "details",
                "{\"notes\":\"second\",\"dealValue\":100}");

        assertThat(fixture.attempt(A)).isInstanceOf(SyncOutcome.NotNow.class);
        assertThat(fixture.crm.only("opportunity").getString("description")).isEqualTo("second");
        assertThat(fixture.link(A).state()).isEqualTo(LinkState.ACTIVE);
        assertThat(fixture.attempt(A).word()).isEqualTo("updated");

        assertThat(fixture.crm.only("opportunity").getString("statuscode")).isEqualTo("won");
        assertThat(told("notes")).isEqualTo(1);
        assertThat(told("state")).isEqualTo(1);
        assertThat(fixture.link(A).state()).isEqualTo(LinkState.ENDED);
    }

    @Test
    void aPartnersReferralThatIsReadFirstDoesNotDecideWhoWeAre() {
        fixture.partnerCenter.put(A, "e1");
        fixture.partnerCenter.put(B, "e1", "organizationId", "\"22222222-0000-0000-0000-000000000002\"");

        assertThat(fixture.attempt(B).word()).isEqualTo("skipped");
        assertThat(fixture.wanted).hasSize(1);
        assertThat(fixture.attempt(A).word()).isEqualTo("created");
    }

    @Test
    void whatWasWrittenBeforeARestartIsToldOnceEvenWhenMoreIsToBeWritten() {
        boolean killed = true;
        for (int point = 1; killed; point++) {
            fixture.close();
            fixture = new SyncFixture();
            created(A, "e1");
            fixture.partnerCenter.put(A, "e1", "details", "{\"notes\":\"second\",\"dealValue\":100}");
            killed = killedAt(point);
            fixture.partnerCenter.put(A, "e1", "name", "\"Renamed\"");
            fixture.attempt(A);
            fixture.attempt(A);
            assertThat(told("notes")).as("killed at step " + point).isEqualTo(1);
            assertThat(told("name")).as("killed at step " + point).isEqualTo(1);
        }
    }

    @Test
    void anUpdateThatClosesKilledAnywhereIsWrittenAndToldOnce() {
        boolean killed = true;
        for (int point = 1; killed; point++) {
            fixture.close();
            fixture = new SyncFixture();
            created(A, "e1");
            fixture.partnerCenter.put(
                    A,
                    "e1",
                    "status",
                    "\"Closed\"",
                    "substatus",
                    "\"Won\"",
                    "details",
                    "{\"notes\":\"second\",\"dealValue\":200}");
            killed = killedAt(point);
            fixture.attempt(A);
            fixture.attempt(A);
            String where = "killed at step " + point;
            assertThat(fixture.crm.only("opportunity").getString("statuscode"))
                    .as(where)
                    .isEqualTo("won");
            assertThat(fixture.crm.only("opportunity").getString("description"))
                    .as(where)
                    .isEqualTo("second");
            assertThat(fixture.crm.writes).as(where).hasSize(2);
            assertThat(told("state")).as(where).isEqualTo(1);
            assertThat(told("value")).as(where).isEqualTo(1);
            assertThat(point).isLessThan(60);
        }
    }

    @Test
    void aStateThatANewRecordDoesNotHaveIsReachedAfterTheCreateEvenWhenThatFailsAtFirst() {
        fixture.partnerCenter.put(
                A,
                "e1",
                "type",
                "\"Independent\"",
                "qualification",
                "\"Direct\"",
                "status",
                "\"Closed\"",
                "substatus",
                "\"Declined\"");
        fixture.crm.beforeNextUpdate = () -> {
            throw new org.cosellbridge.connector.RetryableException("crm", "Busy.", false, null, null);
        };
        assertThat(fixture.attempt(A)).isInstanceOf(SyncOutcome.NotNow.class);

        fixture.attempt(A);

        assertThat(fixture.crm.only("lead").getString("statuscode")).isEqualTo("lost");
        assertThat(told("state")).isEqualTo(1);
        assertThat(fixture.count(AuditKind.RECORD_CREATED)).isEqualTo(1);
    }

    private boolean killedAt(int point) {
        try {
            fixture.attempt(A, "delivery", point);
            return false;
        } catch (SyncFixture.Killed dead) {
            fixture.lives();
            return true;
        }
    }

    /** How often the trail tells that this field was written. */
    private long told(String field) {
        return fixture.trail.stream()
                .filter(entry -> entry.kind() == AuditKind.RECORD_UPDATED)
                .flatMap(entry -> entry.changes().stream())
                .filter(change -> change.field().equals(field))
                .count();
    }

    @Test
    void twoReferralsOfOneNewCustomerMakeOneAccountAndOneContact() throws Exception {
        fixture.partnerCenter.put(A, "e1");
        fixture.partnerCenter.put(B, "e2");
        ExecutorService pool = Executors.newFixedThreadPool(2);
        try {
            List<Future<SyncOutcome>> running = new ArrayList<>();
            for (String id : List.of(A, B)) {
                running.add(pool.submit(() -> fixture.attempt(id)));
            }
            for (Future<SyncOutcome> one : running) {
                assertThat(one.get().word()).isEqualTo("created");
            }
        } finally {
            pool.shutdownNow();
        }
        assertThat(fixture.crm.table("account")).hasSize(1);
        assertThat(fixture.crm.table("contact")).hasSize(1);
        assertThat(fixture.crm.table("opportunity")).hasSize(2);
    }

    @Test
    void twoReferralsOfOneEngagementAtOnceMakeOneRecord() throws Exception {
        for (int round = 0; round < 5; round++) {
            fixture.close();
            fixture = new SyncFixture();
            fixture.partnerCenter.put(A, "e1");
            fixture.partnerCenter.put(B, "e1");
            ExecutorService pool = Executors.newFixedThreadPool(2);
            try {
                Future<SyncOutcome> one = pool.submit(() -> fixture.attempt(A));
                Future<SyncOutcome> other = pool.submit(() -> fixture.attempt(B));
                assertThat(List.of(one.get().word(), other.get().word()))
                        .containsExactlyInAnyOrder("created", "not-this-one");
            } finally {
                pool.shutdownNow();
            }
            assertThat(fixture.crm.table("opportunity")).hasSize(1);
            assertThat(fixture.crm.table("account")).hasSize(1);
        }
    }

    @Test
    void anAcceptedLeadBecomesAnOpportunityAndIsClosed() {
        fixture.partnerCenter.put(
                A,
                "e1",
                "type",
                "\"Independent\"",
                "qualification",
                "\"Direct\"",
                "status",
                "\"New\"",
                "substatus",
                "\"Pending\"");
        assertThat(fixture.attempt(A).word()).isEqualTo("created");
        assertThat(fixture.link(A).findRecord().orElseThrow().kind()).isEqualTo("lead");
        String lead = fixture.link(A).findRecord().orElseThrow().id();

        fixture.partnerCenter.put(A, "e1", "status", "\"Active\"", "substatus", "\"Accepted\"");
        fixture.attempt(A);

        assertThat(fixture.link(A).findRecord().orElseThrow().kind()).isEqualTo("opportunity");
        assertThat(fixture.crm.table("lead")).containsOnlyKeys(lead);
        assertThat(fixture.crm.only("lead").getString("statuscode")).isEqualTo("qualified");
        assertThat(fixture.kinds()).contains(AuditKind.LINK_MOVED);
        int writes = fixture.crm.writes.size();
        assertThat(fixture.attempt(A).word()).isEqualTo("unchanged");
        assertThat(fixture.crm.writes).hasSize(writes);
    }

    @Test
    void aMoveKilledAnywhereMovesOnceAndClosesTheLeadOnce() {
        boolean killed = true;
        int points = 0;
        for (int point = 1; killed; point++) {
            fixture.close();
            fixture = new SyncFixture();
            fixture.partnerCenter.put(
                    A,
                    "e1",
                    "type",
                    "\"Independent\"",
                    "qualification",
                    "\"Direct\"",
                    "status",
                    "\"New\"",
                    "substatus",
                    "\"Pending\"");
            fixture.attempt(A);
            fixture.crm.writes.clear();
            fixture.partnerCenter.put(A, "e1", "status", "\"Active\"", "substatus", "\"Accepted\"");
            killed = killedAt(point);
            fixture.attempt(A);
            fixture.attempt(A);

            String where = "killed at step " + point;
            assertThat(fixture.crm.writes)
                    .as(where)
                    .containsExactly(
                            "create account", "create contact", "create opportunity", "update lead [statuscode]");
            assertThat(fixture.count(AuditKind.LINK_MOVED)).as(where).isEqualTo(1);
            assertThat(fixture.count(AuditKind.RECORD_CREATED)).as(where).isEqualTo(2);
            assertThat(told("state")).as(where).isEqualTo(1);
            assertThat(fixture.link(A).findPrevious()).as(where).isEmpty();
            assertThat(fixture.link(A).findRecord().orElseThrow().kind()).isEqualTo("opportunity");
            points = point;
        }
        assertThat(points).isGreaterThan(15);
    }

    @Test
    void anEditInTheCrmGoesToPartnerCenterOnceAndIsToldOnce() {
        created(A, "e1");
        String id = fixture.crm.table("opportunity").keySet().iterator().next();
        fixture.crm.edit("opportunity", id, "description", "\"the seller's\"");

        assertThat(fixture.attempt(A, null, 0).word()).isEqualTo("updated");
        assertThat(fixture.attempt(A, null, 0).word()).isEqualTo("unchanged");

        assertThat(fixture.partnerCenter.get(A).getJsonObject("details").getString("notes"))
                .isEqualTo("the seller's");
        assertThat(fixture.crm.only("opportunity").getString("description")).isEqualTo("the seller's");
        assertThat(fixture.count(AuditKind.REFERRAL_UPDATED)).isEqualTo(1);
        assertThat(last(AuditKind.REFERRAL_UPDATED).changes())
                .extracting(change -> change.field(), change -> change.rule())
                .containsExactly(org.assertj.core.groups.Tuple.tuple("notes", "only-moved"));

        fixture.partnerCenter.put(A, "e1", "details", "{\"notes\":\"newer at Microsoft\",\"dealValue\":100}");
        fixture.attempt(A);
        assertThat(fixture.crm.only("opportunity").getString("description")).isEqualTo("newer at Microsoft");
    }

    /** The row with another deal value, where it has this one. */
    private static JsonObject with(JsonObject row, int from, int to) {
        return row.getInt("estimatedvalue", 0) == from
                ? Json.createObjectBuilder(row).add("estimatedvalue", to).build()
                : row;
    }

    private int dealValue() {
        return fixture.partnerCenter.get(A).getJsonObject("details").getInt("dealValue");
    }

    @Test
    void whatTheCrmMakesOfAValueInTheCallThatWritesItGoesToPartnerCenter() {
        created(A, "e1");
        fixture.crm.automation = row -> with(row, 200, 190);
        fixture.partnerCenter.put(A, "e1", "details", "{\"notes\":\"first\",\"dealValue\":200}");

        fixture.attempt(A);
        RecordRef record = fixture.link(A).findRecord().orElseThrow();
        fixture.attemptOf(record, 0);

        assertThat(fixture.crm.only("opportunity").getInt("estimatedvalue")).isEqualTo(190);
        assertThat(dealValue()).isEqualTo(190);
        int writes = fixture.written.size();
        fixture.attempt(A);
        assertThat(fixture.written).hasSize(writes);
    }

    @Test
    void whatTheCrmMakesOfANewRecordGoesToPartnerCenter() {
        fixture.crm.automation = row -> with(row, 100, 90);
        fixture.partnerCenter.put(A, "e1");

        fixture.attempt(A);
        fixture.attemptOf(fixture.link(A).findRecord().orElseThrow(), 0);

        assertThat(fixture.crm.only("opportunity").getInt("estimatedvalue")).isEqualTo(90);
        assertThat(dealValue()).isEqualTo(90);
    }

    @Test
    void whatPartnerCenterMakesOfAValueInTheCallThatWritesItGoesToTheCrm() {
        created(A, "e1");
        fixture.partnerCenter.automation = referral ->
                referral.getJsonObject("details").getInt("dealValue") == 300
                        ? Json.createObjectBuilder(referral)
                                .add(
                                        "details",
                                        Json.createObjectBuilder(referral.getJsonObject("details"))
                                                .add("dealValue", 310))
                                .build()
                        : referral;
        RecordRef record = fixture.link(A).findRecord().orElseThrow();
        fixture.crm.edit("opportunity", record.id(), "estimatedvalue", "300");

        fixture.attemptOf(record, 0);
        fixture.attempt(A);

        assertThat(dealValue()).isEqualTo(310);
        assertThat(fixture.crm.only("opportunity").getInt("estimatedvalue")).isEqualTo(310);
        int writes = fixture.written.size();
        fixture.attempt(A);
        assertThat(fixture.written).hasSize(writes);
    }

    @Test
    void twoAutomationsThatAnswerEachOthersWritesAreStopped() {
        created(A, "e1");
        fixture.crm.automation = row -> with(row, 200, 190);
        fixture.partnerCenter.automation = referral ->
                referral.getJsonObject("details").getInt("dealValue") == 190
                        ? Json.createObjectBuilder(referral)
                                .add(
                                        "details",
                                        Json.createObjectBuilder(referral.getJsonObject("details"))
                                                .add("dealValue", 200))
                                .build()
                        : referral;
        fixture.partnerCenter.put(A, "e1", "details", "{\"notes\":\"first\",\"dealValue\":200}");
        RecordRef record = fixture.link(A).findRecord().orElseThrow();

        for (int i = 0; i < 20 && fixture.link(A).state() != LinkState.PAUSED; i++) {
            fixture.attempt(A);
            fixture.attemptOf(record, 0);
            fixture.tick(1);
        }

        assertThat(fixture.link(A).state()).isEqualTo(LinkState.PAUSED);
    }

    @Test
    void aRecordThatChangesMeanwhileIsReadAndMergedAgain() {
        created(A, "e1");
        String id = fixture.crm.table("opportunity").keySet().iterator().next();
        fixture.partnerCenter.put(A, "e1", "details", "{\"notes\":\"second\",\"dealValue\":100}");
        fixture.crm.beforeNextUpdate = () -> fixture.crm.edit("opportunity", id, "name", "\"a person's\"");

        assertThat(fixture.attempt(A).word()).isEqualTo("updated");

        assertThat(fixture.crm.only("opportunity").getString("description")).isEqualTo("second");
        assertThat(fixture.crm.only("opportunity").getString("name")).isEqualTo("a person's");
    }

    @Test
    void whatIsNotOursMakesNoRecordAndIsSaidOnce() {
        fixture.partnerCenter.put(A, "e1");
        fixture.attempt(A);
        fixture.partnerCenter.put(B, "e1", "organizationId", "\"msft\"");
        fixture.partnerCenter.put("cccccccc-0000-0000-0000-000000000003", "e3", "organizationId", "\"other\"");

        assertThat(fixture.attempt(B).word()).isEqualTo("skipped");
        assertThat(fixture.attempt(B).word()).isEqualTo("skipped");
        assertThat(fixture.attempt("cccccccc-0000-0000-0000-000000000003").word())
                .isEqualTo("skipped");

        assertThat(fixture.count(AuditKind.REFERRAL_SKIPPED)).isEqualTo(2);
        assertThat(fixture.wanted).hasSize(2);
        assertThat(fixture.wanted.get(0).subject().referral()).isEqualTo(new ReferralId(A));
        assertThat(fixture.wanted.get(0).cause()).isEqualTo("related");
        assertThat(fixture.crm.table("opportunity")).hasSize(1);
        assertThat(fixture.count(AuditKind.ORGANIZATION_PINNED)).isEqualTo(1);
    }

    @Test
    void aSecondReferralOfOursInOneEngagementIsADeadLetterThatNamesBoth() {
        created(A, "e1");
        fixture.partnerCenter.put(B, "e1");

        assertThat(fixture.attempt(B))
                .isInstanceOfSatisfying(
                        SyncOutcome.NotThisOne.class,
                        dead -> assertThat(dead.reason()).contains(A).contains(B));
        assertThat(fixture.crm.table("opportunity")).hasSize(1);
    }

    @Test
    void shadowModeWritesNothingAndSaysWhatItWould() {
        fixture.keys.put("cosell.mode", "shadow");
        fixture.partnerCenter.put(A, "e1");

        assertThat(fixture.attempt(A).word()).isEqualTo("shadowed");
        assertThat(fixture.attempt(A).word()).isEqualTo("shadowed");

        assertThat(fixture.crm.writes).isEmpty();
        assertThat(fixture.links.findByReferral(SyncFixture.CRM, new ReferralId(A)))
                .isEmpty();
        assertThat(fixture.count(AuditKind.WRITE_SHADOWED)).isEqualTo(1);
        assertThat(last(AuditKind.WRITE_SHADOWED).changes()).isNotEmpty();
    }

    @Test
    void aMappingChangeThatWouldWriteToManyLinksWaits() {
        created(A, "e1");
        fixture.partnerCenter.put(B, "e2");
        fixture.attempt(B);
        fixture.crm.writes.clear();
        fixture.keys.put("cosell.sync.blast-limit", "1");
        fixture.documents = List.of(
                SyncFixture.document(
                        SyncFixture.OPPORTUNITY.replace(
                                "\"direction\":\"to-crm\",\"personal\":\"contact\"",
                                "\"direction\":\"to-crm\",\"personal\":\"contact\",\"transform\":{\"toCrm\":\"$uppercase($value)\"}")),
                SyncFixture.document(SyncFixture.LEAD));

        assertThat(fixture.attempt(A).word()).isEqualTo("updated");
        assertThat(fixture.attempt(B).word()).isEqualTo("held");
        assertThat(fixture.attempt(B).word()).isEqualTo("held");

        assertThat(fixture.crm.writes).hasSize(1);
        assertThat(fixture.count(AuditKind.WRITE_HELD)).isEqualTo(1);
        assertThat(fixture.holds.list()).hasSize(1);
        assertThat(fixture.holds.list().get(0).waiting()).isEqualTo(1);
        fixture.transaction(
                () -> fixture.holds.release(fixture.holds.list().get(0).id()));
        assertThat(fixture.attempt(B).word()).isEqualTo("updated");
        assertThat(fixture.holds.list()).isEmpty();
    }

    @Test
    void whatTheCrmComputesItselfIsADifferenceUntilItIsNot() {
        created(A, "e1");
        String id = fixture.crm.table("opportunity").keySet().iterator().next();
        fixture.crm.edit("opportunity", id, "calculated", "true");
        fixture.partnerCenter.put(A, "e1", "details", "{\"notes\":\"first\",\"dealValue\":300}");

        fixture.attempt(A);
        fixture.attempt(A);
        assertThat(fixture.crm.writes).isEmpty();
        assertThat(fixture.count(AuditKind.DIFFERENCE_OPENED)).isEqualTo(1);
        assertThat(fixture.findings.listOpen(fixture.link(A).id()))
                .extracting(Finding::field)
                .containsExactly("value");

        fixture.crm.edit("opportunity", id, "calculated", "false");
        assertThat(fixture.attempt(A).word()).isEqualTo("updated");
        assertThat(fixture.findings.listOpen(fixture.link(A).id())).isEmpty();
        assertThat(fixture.count(AuditKind.DIFFERENCE_CLOSED)).isEqualTo(1);
    }

    @Test
    void anAdoptedRecordIsFilledAndItsDifferencesAreForAPerson() {
        fixture.crm.edit("opportunity", "existing", "refid", "\"" + A + "\"");
        fixture.crm.edit("opportunity", "existing", "name", "\"Another name\"");
        fixture.partnerCenter.put(A, "e1");

        fixture.attempt(A);

        assertThat(fixture.crm.only("opportunity").getString("description")).isEqualTo("first");
        assertThat(fixture.crm.only("opportunity").getString("name")).isEqualTo("Another name");
        assertThat(fixture.findings.listOpen(fixture.link(A).id()))
                .extracting(Finding::kind, Finding::field)
                .containsExactly(org.assertj.core.groups.Tuple.tuple("conflict", "name"));
        fixture.attempt(A);
        assertThat(fixture.count(AuditKind.CONFLICT_OPENED)).isEqualTo(1);
    }

    @Test
    void aDecisionThatTheCrmRefusesIsToldOnceAndCarriedOutOnceNothingStandsInItsWay() {
        fixture.documents = List.of(
                SyncFixture.document(SyncFixture.OPPORTUNITY.replace(
                        "\"lockedBy\":\"calculated\"", "\"conflict\":\"review\",\"lockedBy\":\"calculated\"")),
                SyncFixture.document(SyncFixture.LEAD));
        created(A, "e1");
        String id = fixture.crm.table("opportunity").keySet().iterator().next();
        fixture.crm.edit("opportunity", id, "estimatedvalue", "200");
        fixture.partnerCenter.put(A, "e1", "details", "{\"notes\":\"first\",\"dealValue\":300}");
        assertThat(fixture.attempt(A).word()).isEqualTo("conflict");
        fixture.crm.edit("opportunity", id, "calculated", "true");
        fixture.transaction(() -> fixture.faces()
                .resolve(
                        String.valueOf(fixture.findings
                                .listOpen(fixture.link(A).id())
                                .get(0)
                                .id()),
                        DecisionBody.parse(StoredJson.object("{\"side\":\"partner-center\"}")),
                        "user:olga"));
        fixture.trail.clear();

        assertThat(fixture.attempt(A).word()).isEqualTo("unchanged");

        assertThat(fixture.findings.listOpen(fixture.link(A).id()))
                .extracting(Finding::kind, Finding::field, Finding::reason)
                .containsExactly(org.assertj.core.groups.Tuple.tuple("difference", "value", "locked"));
        assertThat(last(AuditKind.DECISION_ENDED).outcome()).isEqualTo("refused");
        assertThat(last(AuditKind.DECISION_ENDED).reason()).contains("value", "computes this field itself");
        assertThat(last(AuditKind.DIFFERENCE_OPENED).changes())
                .extracting(change -> change.decider())
                .containsExactly("olga");
        int told = fixture.trail.size();
        fixture.attempt(A);
        fixture.attempt(A);
        assertThat(fixture.trail.stream().skip(told))
                .extracting(entry -> entry.kind())
                .containsOnly(AuditKind.LINK_UNCHANGED);
        fixture.crm.edit("opportunity", id, "calculated", "false");
        fixture.attempt(A);
        assertThat(fixture.crm.only("opportunity").getInt("estimatedvalue")).isEqualTo(300);
        assertThat(fixture.findings.listOpen(fixture.link(A).id())).isEmpty();
    }

    @Test
    void aDeletedRecordIsNeverCreatedAgain() {
        created(A, "e1");
        fixture.crm.table("opportunity").clear();

        fixture.attempt(A);
        fixture.attempt(A);

        assertThat(fixture.crm.writes).isEmpty();
        assertThat(fixture.link(A).state()).isEqualTo(LinkState.RECORD_GONE);
        assertThat(fixture.count(AuditKind.LINK_STATE_CHANGED)).isEqualTo(1);
    }

    @Test
    void aReferralOutOfReachIsNoDeletion() {
        created(A, "e1");
        fixture.partnerCenter.remove(A);
        fixture.attempt(A);
        assertThat(fixture.link(A).state()).isEqualTo(LinkState.REFERRAL_UNREACHABLE);

        fixture.partnerCenter.put(A, "e1");
        fixture.attempt(A);
        assertThat(fixture.link(A).state()).isEqualTo(LinkState.ACTIVE);
    }

    @Test
    void aPreviewTellsBothDeltasAndStoresNothing() {
        fixture.partnerCenter.put(A, "e1");
        Preview create = fixture.synchronization().preview(SyncFixture.CRM, new ReferralId(A), "correlation");
        assertThat(create.toCrm()).extracting(Preview.Change::field).contains("name", "notes", "value");
        assertThat(fixture.trail).isEmpty();

        created(A, "e1");
        String id = fixture.crm.table("opportunity").keySet().iterator().next();
        fixture.partnerCenter.put(A, "e1", "name", "\"Renamed\"");
        fixture.crm.edit("opportunity", id, "description", "\"the seller's\"");
        Preview update = fixture.synchronization().preview(SyncFixture.CRM, new ReferralId(A), "correlation");
        assertThat(update.toCrm()).extracting(Preview.Change::field).containsExactly("name");
        assertThat(update.toPartnerCenter()).extracting(Preview.Change::field).containsExactly("notes");
        assertThat(fixture.crm.writes).isEmpty();
    }

    @Test
    void aCutTextNeverTravelsBack() {
        fixture.partnerCenter.put(
                A, "e1", "details", "{\"notes\":\"a text that is longer than twenty letters\",\"dealValue\":100}");
        fixture.attempt(A);
        assertThat(fixture.attempt(A).word()).isEqualTo("unchanged");
        String id = fixture.crm.table("opportunity").keySet().iterator().next();

        fixture.crm.edit("opportunity", id, "description", "\"edited\"");
        fixture.attempt(A);

        assertThat(fixture.findings.listOpen(fixture.link(A).id()))
                .extracting(Finding::reason)
                .containsExactly("cut");
    }

    @Test
    void twoAccountsThatMatchAreADeadLetterThatNamesBothAndMakeNothing() {
        for (String id : List.of("one", "two")) {
            fixture.crm.edit("account", id, "name", "\"Contoso\"");
            fixture.crm.edit("account", id, "postalcode", "\"98052\"");
        }
        fixture.partnerCenter.put(A, "e1");

        assertThat(fixture.attempt(A))
                .isInstanceOfSatisfying(
                        SyncOutcome.NotThisOne.class,
                        dead -> assertThat(dead.reason())
                                .contains("account/one")
                                .contains("account/two"));
        assertThat(fixture.crm.writes).isEmpty();

        fixture.crm.table("account").remove("two");
        assertThat(fixture.attempt(A).word()).isEqualTo("created");
        assertThat(fixture.crm.only("opportunity").getString("customerid")).isEqualTo("one");
    }

    @Test
    void whatTheConditionRefusesOrTheConnectionDoesNotKeepIsSkipped() {
        fixture.condition = org.cosellbridge.mapping.ReferralCondition.compile("$contains(name, 'wanted')");
        fixture.partnerCenter.put(A, "e1");
        assertThat(fixture.attempt(A).word()).isEqualTo("skipped");
        fixture.partnerCenter.put(A, "e1", "name", "\"wanted\"");
        assertThat(fixture.attempt(A).word()).isEqualTo("created");

        fixture.documents = List.of(SyncFixture.document(SyncFixture.OPPORTUNITY));
        fixture.partnerCenter.put(
                B,
                "e2",
                "name",
                "\"wanted\"",
                "type",
                "\"Independent\"",
                "qualification",
                "\"Direct\"",
                "status",
                "\"New\"",
                "substatus",
                "\"Pending\"");
        assertThat(fixture.attempt(B).word()).isEqualTo("skipped");
        assertThat(last(AuditKind.REFERRAL_SKIPPED).reason()).isEqualTo("The connection keeps no lead records.");
    }

    @Test
    void baselinesKeepNumbersExactlyAndPersonalValuesSealed() {
        fixture.partnerCenter.put(A, "e1", "details", "{\"notes\":\"first\",\"dealValue\":100.10}");
        fixture.attempt(A);
        String id = fixture.link(A).id();

        Baseline baseline = fixture.baselines.find(id).orElseThrow();
        assertThat(baseline.fields())
                .hasEntrySatisfying(
                        "value", field -> assertThat(field.partnerCenter()).hasToString("100.10"));
        assertThat(baseline.fields())
                .hasEntrySatisfying(
                        "contactName", field -> assertThat(field.crm()).hasToString("\"Ana\""));
        assertThat(fixture.storedBaseline(id)).doesNotContain("Ana").contains("sealed");
    }

    @Test
    void theBuiltInDocumentsComeToRest() {
        fixture.documents = org.cosellbridge.mapping.MappingLibrary.builtIn("dynamics", List.of("opportunity", "lead"));
        fixture.partnerCenter.put(
                A,
                "e1",
                "type",
                "\"Independent\"",
                "qualification",
                "\"Direct\"",
                "status",
                "\"New\"",
                "substatus",
                "\"Pending\"");
        assertThat(fixture.attempt(A).word()).isEqualTo("created");
        assertThat(fixture.attempt(A).word()).isEqualTo("unchanged");

        fixture.partnerCenter.put(A, "e1", "status", "\"Active\"", "substatus", "\"Accepted\"");
        assertThat(fixture.attempt(A).word()).isEqualTo("created");
        assertThat(fixture.attempt(A).word()).isEqualTo("unchanged");

        fixture.partnerCenter.put(A, "e1", "status", "\"Closed\"", "substatus", "\"Won\"");
        assertThat(fixture.attempt(A).word()).isEqualTo("updated");
        assertThat(fixture.attempt(A).word()).isEqualTo("unchanged");
        assertThat(fixture.link(A).state()).isEqualTo(LinkState.ENDED);
        assertThat(fixture.findings.listOpen(fixture.link(A).id())).isEmpty();
        assertThat(last(AuditKind.LINK_UNCHANGED).reason()).isEqualTo("Both sides are equal.");
    }

    @Test
    void whatIsKeptOfMatchKeysAndWrittenValuesCannotBeGuessedWithoutTheSecretKey() {
        String other = "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

        assertThat(kept(null)).doesNotHaveDuplicates().isEqualTo(kept(null)).doesNotContainAnyElementsOf(kept(other));
    }

    private List<String> kept(@org.jspecify.annotations.Nullable String secretKey) {
        fixture.close();
        fixture = new SyncFixture();
        if (secretKey != null) {
            fixture.keys.put(org.cosellbridge.platform.SecretBox.KEY, secretKey);
        }
        created(A, "e1");
        List<String> kept = new ArrayList<>(fixture.stored("select key_hash from sync_match_lock order by kind"));
        kept.addAll(fixture.stored("select intended_id from sync_match_lock order by kind"));
        fixture.keys.put("cosell.mode", "shadow");
        fixture.partnerCenter.put(A, "e1", "name", "\"Renamed\"");
        assertThat(fixture.attempt(A).word()).isEqualTo("shadowed");
        kept.addAll(fixture.stored("select remark from sync_remark"));
        assertThat(kept).hasSize(5);
        return kept;
    }

    @Test
    void anAdoptedRecordGetsTheReferralsIdAndTheTrailTellsIt() {
        for (boolean kill : List.of(false, true)) {
            fixture.close();
            fixture = new SyncFixture();
            String opportunity = acceptedAsMadeOfTheLead();
            if (kill) {
                fixture.crm.loseNextAnswer = true;
                assertThat(fixture.attempt(A)).isInstanceOf(SyncOutcome.NotNow.class);
            }
            fixture.attempt(A);
            fixture.attempt(A);

            assertThat(fixture.crm.only("opportunity").getString("refid")).isEqualTo(A);
            assertThat(told("referralId")).isEqualTo(1);
            AuditEntry entry = fixture.trail.stream()
                    .filter(one -> one.kind() == AuditKind.RECORD_UPDATED)
                    .filter(one -> one.changes().stream()
                            .anyMatch(change -> change.field().equals("referralId")))
                    .findFirst()
                    .orElseThrow();
            assertThat(entry.record()).isEqualTo("opportunity/" + opportunity);
            assertThat(entry.changes()).anySatisfy(change -> {
                assertThat(change.recordField()).isEqualTo("refid");
                assertThat(change.crm()).isEqualTo(jakarta.json.JsonValue.NULL);
                assertThat(change.written()).isEqualTo(Json.createValue(A));
            });
        }
    }

    @Test
    void anIdThatIsRemovedFromAnAdoptedRecordIsAPersonsDecision() {
        String opportunity = acceptedAsMadeOfTheLead();
        fixture.attempt(A);
        fixture.crm.edit("opportunity", opportunity, "refid", "null");

        fixture.attempt(A);

        assertThat(fixture.crm.only("opportunity").get("refid")).isEqualTo(jakarta.json.JsonValue.NULL);
    }

    /** A seller made an opportunity of the lead before the referral's acceptance was seen. */
    private String acceptedAsMadeOfTheLead() {
        fixture.documents = List.of(
                SyncFixture.document(
                        SyncFixture.OPPORTUNITY.replace(
                                "{\"name\":\"account\",\"related\"",
                                "{\"name\":\"origin\",\"transform\":{\"toCrm\":\"[][0]\"},\"field\":\"originatingleadid\",\"type\":\"lookup\",\"match\":\"leadid\",\"target\":{\"name\":\"lead\",\"set\":\"leads\",\"key\":\"leadid\"},\"direction\":\"to-crm\",\"when\":{\"toCrm\":[\"create\"]}},{\"name\":\"account\",\"related\"")),
                SyncFixture.document(SyncFixture.LEAD));
        fixture.partnerCenter.put(
                A,
                "e1",
                "type",
                "\"Independent\"",
                "qualification",
                "\"Direct\"",
                "status",
                "\"New\"",
                "substatus",
                "\"Pending\"");
        assertThat(fixture.attempt(A).word()).isEqualTo("created");
        String lead = fixture.link(A).findRecord().orElseThrow().id();
        fixture.crm.edit("opportunity", "theirs", "originatingleadid", "\"" + lead + "\"");
        fixture.partnerCenter.put(A, "e1", "status", "\"Active\"", "substatus", "\"Accepted\"");
        return "theirs";
    }

    @Test
    void aNewRecordsReferencesAreToldLikeItsOtherFields() {
        created(A, "e1");

        assertThat(last(AuditKind.RECORD_CREATED).changes())
                .extracting(change -> change.recordField())
                .contains("refid", "customerid", "contactid");
        assertThat(last(AuditKind.RECORD_CREATED).changes())
                .anySatisfy(change -> assertThat(change.written())
                        .isEqualTo(fixture.crm.only("opportunity").get("customerid")));
    }

    @Test
    void ordinaryAdoptionsOverTheYearsNeverAddUp() {
        fixture.keys.put("cosell.sync.blast-limit", "1");
        for (int year = 0; year < 4; year++) {
            assertThat(adopted(year)).isEqualTo("updated");
            fixture.tick(DAY + 60);
        }
        assertThat(fixture.holds.list()).isEmpty();
    }

    @Test
    void aRestoreIsHeldAndNeverTricklesThroughDayByDay() {
        fixture.keys.put("cosell.sync.blast-limit", "1");
        assertThat(adopted(0)).isEqualTo("updated");
        assertThat(adopted(1)).isEqualTo("held");
        for (int day = 2; day < 5; day++) {
            fixture.tick(DAY + 60);
            assertThat(adopted(day)).isEqualTo("held");
        }

        assertThat(fixture.holds.list().get(0).waiting()).isEqualTo(4);
        fixture.transaction(
                () -> fixture.holds.release(fixture.holds.list().get(0).id()));
        for (int day = 1; day < 5; day++) {
            assertThat(adopted(day)).isEqualTo("updated");
        }
        assertThat(adopted(5)).isEqualTo("updated");
    }

    @Test
    void aReleaseHoldsForADaySoThatTheNextRestoreIsCaughtAgain() {
        fixture.keys.put("cosell.sync.blast-limit", "1");
        assertThat(adopted(0)).isEqualTo("updated");
        assertThat(adopted(1)).isEqualTo("held");
        fixture.transaction(
                () -> fixture.holds.release(fixture.holds.list().get(0).id()));
        fixture.tick(DAY + 60);

        assertThat(adopted(2)).isEqualTo("updated");
        assertThat(adopted(3)).isEqualTo("held");
        assertThat(fixture.holds.list().get(0).waiting()).isEqualTo(1);
    }

    private static final int DAY = 24 * 60 * 60;

    /** What becomes of the attempt for a referral whose record exists and lacks what is to be filled. */
    private String adopted(int number) {
        String id = "dddddddd-0000-0000-0000-00000000000" + number;
        if (!fixture.crm.table("opportunity").containsKey("existing" + number)) {
            fixture.crm.edit("opportunity", "existing" + number, "refid", "\"" + id + "\"");
            fixture.partnerCenter.put(id, "e" + number);
        }
        return fixture.attempt(id).word();
    }

    @Test
    void whatWasClosedLongAgoIsClosedOnThatDay() {
        fixture.documents = org.cosellbridge.mapping.MappingLibrary.builtIn("dynamics", List.of("opportunity", "lead"));
        fixture.partnerCenter.put(
                A, "e1", "status", "\"Closed\"", "substatus", "\"Won\"", "closedDateTime", "\"2024-03-05T17:00:00Z\"");
        assertThat(fixture.attempt(A).word()).isEqualTo("created");

        assertThat(fixture.crm.writes)
                .endsWith("update opportunity [actualclosedate, cosell_audit]", "update opportunity [statuscode]");
        assertThat(fixture.crm.only("opportunity").getString("actualclosedate")).isEqualTo("2024-03-05");
        assertThat(told("closedOn")).isEqualTo(1);
        assertThat(told("state")).isEqualTo(1);
        assertThat(fixture.link(A).state()).isEqualTo(LinkState.ENDED);
        int writes = fixture.crm.writes.size();

        fixture.partnerCenter.put(A, "e1", "closedDateTime", "\"2024-03-06T17:00:00Z\"");
        fixture.attempt(A);
        assertThat(fixture.crm.writes).hasSize(writes);
        assertThat(fixture.findings.listOpen(fixture.link(A).id())).isEmpty();
    }

    @Test
    void anOpenReferralsDatesSayNothingOfItsEnd() {
        fixture.documents = org.cosellbridge.mapping.MappingLibrary.builtIn("dynamics", List.of("opportunity", "lead"));
        created(A, "e1");
        fixture.partnerCenter.put(A, "e1", "details", "{\"notes\":\"second\",\"dealValue\":100}");
        assertThat(fixture.attempt(A).word()).isEqualTo("updated");
        assertThat(fixture.crm.only("opportunity")).doesNotContainKey("actualclosedate");

        String today = fixture.clock.instant().toString().substring(0, 10);
        fixture.partnerCenter.put(A, "e1", "status", "\"Closed\"", "substatus", "\"Lost\"");
        fixture.attempt(A);
        assertThat(fixture.crm.only("opportunity").getString("actualclosedate")).isEqualTo(today);
    }

    @Test
    void aClosingOnADayKilledAnywhereIsWrittenAndToldOnce() {
        boolean killed = true;
        for (int point = 1; killed; point++) {
            fixture.close();
            fixture = new SyncFixture();
            fixture.documents =
                    org.cosellbridge.mapping.MappingLibrary.builtIn("dynamics", List.of("opportunity", "lead"));
            created(A, "e1");
            fixture.partnerCenter.put(
                    A,
                    "e1",
                    "status",
                    "\"Closed\"",
                    "substatus",
                    "\"Won\"",
                    "closedDateTime",
                    "\"2024-03-05T17:00:00Z\"");
            killed = killedAt(point);
            fixture.attempt(A);
            fixture.attempt(A);
            String where = "killed at step " + point;
            assertThat(fixture.crm.writes)
                    .as(where)
                    // who goes on after a restart tells the seller of the closing once more
                    .filteredOn(write -> !write.equals("update opportunity [cosell_audit]"))
                    .containsExactly(
                            "update opportunity [actualclosedate, cosell_audit]", "update opportunity [statuscode]");
            assertThat(told("closedOn")).as(where).isEqualTo(1);
            assertThat(told("state")).as(where).isEqualTo(1);
            assertThat(fixture.crm.only("opportunity").getString("statuscode"))
                    .as(where)
                    .isEqualTo("3");
            assertThat(point).isLessThan(60);
        }
    }

    @Test
    void aQualifiedLeadWhoseReferralIsDeclinedIsADifferenceAndNoFailure() {
        String lead = leadWithState("3", "Closed", "Declined");

        assertThat(fixture.attempt(A).word()).isEqualTo("unchanged");
        assertThat(fixture.attempt(A).word()).isEqualTo("unchanged");

        assertThat(fixture.crm.writes).isEmpty();
        assertThat(fixture.findings.listOpen(fixture.link(A).id()))
                .singleElement()
                .satisfies(finding -> {
                    assertThat(finding.reason()).isEqualTo("unreachable");
                    assertThat(finding.sentence()).contains("Reopen the record");
                });
        fixture.crm.edit("lead", lead, "statuscode", "\"7\"");
        fixture.attempt(A);
        assertThat(fixture.findings.listOpen(fixture.link(A).id())).isEmpty();
    }

    @Test
    void aDisqualifiedLeadWhoseReferralIsAcceptedStaysAsItIs() {
        leadWithState("5", "Active", "Accepted");

        assertThat(fixture.attempt(A).word()).isEqualTo("created");

        assertThat(fixture.crm.only("lead").getString("statuscode")).isEqualTo("5");
        assertThat(fixture.link(A).findPrevious()).isEmpty();
        assertThat(fixture.trail)
                .anySatisfy(
                        entry -> assertThat(entry.reason()).startsWith("The link moved to another record. The CRM"));
    }

    @Test
    void aStateThatTheMappingDoesNotKnowIsNotAnEmptyOne() {
        fixture.documents = org.cosellbridge.mapping.MappingLibrary.builtIn("dynamics", List.of("opportunity", "lead"));
        created(A, "e1");
        fixture.partnerCenter.put(A, "e1", "status", "\"Active\"", "substatus", "\"Escalated\"");

        fixture.attempt(A);

        assertThat(fixture.findings.listOpen(fixture.link(A).id()))
                .extracting(Finding::field, Finding::reason)
                .containsExactly(org.assertj.core.groups.Tuple.tuple("state", "no-counterpart"));
    }

    @Test
    void aCutListNeverTravelsBack() {
        fixture.documents = List.of(
                SyncFixture.document(
                        SyncFixture.OPPORTUNITY.replace(
                                "{\"name\":\"account\",\"related\"",
                                "{\"name\":\"products\",\"path\":\"details.requirements.solutions[].id\",\"field\":\"products\",\"type\":\"text\",\"separator\":\";\",\"maxLength\":10,\"lossy\":true,\"direction\":\"both\",\"when\":{\"toCrm\":[\"create\"]}},{\"name\":\"account\",\"related\"")),
                SyncFixture.document(SyncFixture.LEAD));
        fixture.partnerCenter.put(
                A,
                "e1",
                "details",
                "{\"notes\":\"first\",\"dealValue\":100,\"requirements\":{\"solutions\":[{\"id\":\"one\"},{\"id\":\"two\"},{\"id\":\"three\"}]}}");
        fixture.attempt(A);
        assertThat(fixture.crm.only("opportunity").getString("products")).isEqualTo("one;two");
        String id = fixture.crm.table("opportunity").keySet().iterator().next();

        fixture.crm.edit("opportunity", id, "products", "\"one;four\"");
        fixture.attempt(A);

        assertThat(fixture.findings.listOpen(fixture.link(A).id()))
                .extracting(Finding::field, Finding::reason)
                .containsExactly(org.assertj.core.groups.Tuple.tuple("products", "cut"));
    }

    /** The id of a lead that a seller has put into this state before the referral got to its own. */
    private String leadWithState(String state, String status, String substatus) {
        fixture.documents = org.cosellbridge.mapping.MappingLibrary.builtIn("dynamics", List.of("opportunity", "lead"));
        fixture.partnerCenter.put(
                A,
                "e1",
                "type",
                "\"Independent\"",
                "qualification",
                "\"Direct\"",
                "status",
                "\"New\"",
                "substatus",
                "\"Pending\"");
        assertThat(fixture.attempt(A).word()).isEqualTo("created");
        String lead = fixture.link(A).findRecord().orElseThrow().id();
        fixture.crm.edit("lead", lead, "statuscode", "\"" + state + "\"");
        fixture.partnerCenter.put(A, "e1", "status", "\"" + status + "\"", "substatus", "\"" + substatus + "\"");
        fixture.crm.writes.clear();
        return lead;
    }

    private void created(String id, String engagement) {
        fixture.partnerCenter.put(id, engagement);
        assertThat(fixture.attempt(id).word()).isEqualTo("created");
        fixture.crm.writes.clear();
    }

    private AuditEntry last(AuditKind kind) {
        return fixture.trail.stream()
                .filter(entry -> entry.kind() == kind)
                .reduce((one, other) -> other)
                .orElseThrow();
    }
}
