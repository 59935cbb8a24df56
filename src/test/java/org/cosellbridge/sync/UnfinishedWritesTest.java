package org.cosellbridge.sync;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.json.Json;
import jakarta.json.JsonValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.groups.Tuple;
import org.cosellbridge.audit.AuditKind;
import org.cosellbridge.connector.PartnerCenter;
import org.cosellbridge.connector.Priority;
import org.cosellbridge.connector.RecordRef;
import org.cosellbridge.connector.RetryableException;
import org.cosellbridge.mapping.MappingLibrary;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Writes whose answer is lost or that another step follows, and what people do before anybody looks again. */
class UnfinishedWritesTest {
    private static final String A = "aaaaaaaa-0000-0000-0000-000000000001";
    private static final String OPPORTUNITY = "opportunity";
    private static final String LEAD = "lead";
    private static final String VALUE = "estimatedvalue";
    private final SyncFixture fixture = new SyncFixture();

    @BeforeEach
    void begin() {
        fixture.documents = MappingLibrary.builtIn("dynamics", List.of(OPPORTUNITY, LEAD));
        fixture.crm.choosesIds = crmChoosesIds();
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    /** Whether the CRM gives new records ids of its own. */
    boolean crmChoosesIds() {
        return false;
    }

    // ---- our write's answer lost, then a person's edit, then a restart

    @Test
    void ourWritesAnswerLostThenASellersEditThenARestartKeepsTheEditOnBothSidesAndTellsBoth() {
        for (String system : List.of("crm", PartnerCenter.SYSTEM)) {
            String record = lostAnswerOn(system);
            fixture.crm.edit(OPPORTUNITY, record, VALUE, "300");
            fixture.restart();

            fixture.attempt(A);
            fixture.attempt(A);

            hasValue(300, system);
            assertThat(toldValues()).as(system).containsExactly(200, 300);
        }
    }

    @Test
    void ourWritesAnswerLostThenAColleaguesEditThenARestartKeepsTheEditOnBothSidesAndTellsBoth() {
        for (String system : List.of("crm", PartnerCenter.SYSTEM)) {
            String record = lostAnswerOn(system);
            fixture.tick(5);
            fixture.partnerCenter.edit(A, Map.of("details.dealValue", Json.createValue(400)));
            fixture.restart();

            fixture.attempt(A);
            fixture.attempt(A);

            hasValue(400, system);
            assertThat(toldValues()).as(system).containsExactly(200, 400);
            assertThat(fixture.link(A).record()).isEqualTo(new RecordRef(OPPORTUNITY, record));
        }
    }

    /** A linked pair with a value of 100, one side of which was set to 200 by a person, the other by us, without an answer. */
    private String lostAnswerOn(String system) {
        fixture.reset();
        String record = linked();
        if (system.equals("crm")) {
            fixture.partnerCenter.edit(A, Map.of("details.dealValue", Json.createValue(200)));
        } else {
            fixture.crm.edit(OPPORTUNITY, record, VALUE, "200");
        }
        loseAnswer(1);
        assertThat(fixture.attempt(A)).isInstanceOf(SyncOutcome.NotNow.class);
        hasValue(200, system);
        fixture.tick(60);
        return record;
    }

    private void hasValue(int value, String where) {
        assertThat(fixture.crm.only(OPPORTUNITY).getInt(VALUE)).as(where).isEqualTo(value);
        assertThat(fixture.partnerCenter.get(A).getJsonObject("details").getInt("dealValue"))
                .as(where)
                .isEqualTo(value);
        assertThat(fixture.brokenRules).as(where).isEmpty();
    }

    /** What the trail says was written as the deal's value after the create, in its order. */
    private List<Integer> toldValues() {
        return fixture.trail.stream()
                .filter(entry -> entry.kind() == AuditKind.RECORD_UPDATED || entry.kind() == AuditKind.REFERRAL_UPDATED)
                .flatMap(entry -> entry.changes().stream())
                .filter(change -> change.field().equals("dealValue"))
                .map(change -> Integer.valueOf(String.valueOf(change.written())))
                .toList();
    }

    // ---- what a person does to a plan

    @Test
    void aRecordThatIsDeletedBeforeAWriteIsConfirmedLeavesAnEntryThatSaysSo() {
        String record = linked();
        fixture.partnerCenter.edit(A, Map.of("details.notes", Json.createValue("news")));
        loseAnswer(1);
        assertThat(fixture.attempt(A)).isInstanceOf(SyncOutcome.NotNow.class);
        fixture.crm.delete(OPPORTUNITY, record);

        fixture.attempt(A);
        fixture.attempt(A);

        assertThat(fixture.link(A).state()).isEqualTo(LinkState.RECORD_GONE);
        assertThat(told("notes")).containsExactly(Tuple.tuple(AuditKind.RECORD_UPDATED, Merge.UNCONFIRMED));
    }

    @Test
    void oneValueThatAPersonSetAsPlannedDoesNotProveThatAWriteArrived() {
        fixture.crm.edit(OPPORTUNITY, "theirs", "name", "\"Deal\"");
        fixture.partnerCenter.put(A, "e1", "externalReferenceId", "\"theirs\"");
        failBefore("crm");
        assertThat(fixture.attempt(A)).isInstanceOf(SyncOutcome.NotNow.class);
        fixture.crm.edit(OPPORTUNITY, "theirs", "cosell_syncwithpartnercenter", "true");

        fixture.attempt(A);

        assertThat(fixture.crm.only(OPPORTUNITY).getString("description")).isEqualTo("first");
        assertThat(told("notes")).hasSize(1);
    }

    @Test
    void anAdoptedRecordThatIsSwitchedOffBeforeItsFirstDeltaStaysOff() {
        fixture.crm.edit(OPPORTUNITY, "theirs", "name", "\"Deal\"");
        fixture.crm.edit(OPPORTUNITY, "theirs", "cosell_syncwithpartnercenter", "true");
        fixture.partnerCenter.put(A, "e1", "externalReferenceId", "\"theirs\"");
        failBefore("crm");
        assertThat(fixture.attempt(A)).isInstanceOf(SyncOutcome.NotNow.class);
        assertThat(fixture.faces().get(fixture.link(A).id(), false).baseline()).isNull();
        fixture.crm.edit(OPPORTUNITY, "theirs", "cosell_syncwithpartnercenter", "false");

        fixture.attempt(A);

        assertThat(fixture.link(A).state()).isEqualTo(LinkState.PAUSED);
        assertThat(fixture.crm.only(OPPORTUNITY).get("cosell_syncwithpartnercenter"))
                .isEqualTo(JsonValue.FALSE);
        assertThat(fixture.crm.only(OPPORTUNITY)).doesNotContainKey("description");
        fixture.crm.edit(OPPORTUNITY, "theirs", "cosell_syncwithpartnercenter", "true");
        fixture.attempt(A);
        assertThat(fixture.crm.only(OPPORTUNITY).getString("description")).isEqualTo("first");
    }

    @Test
    void aChoiceThatAPersonMadeAsPlannedDoesNotCarryAnOldValueBack() {
        String record = linked();
        fixture.partnerCenter.edit(
                A, Map.of("details.dealValue", Json.createValue(200), "details.currency", Json.createValue("EUR")));
        failBefore("crm");
        assertThat(fixture.attempt(A)).isInstanceOf(SyncOutcome.NotNow.class);
        fixture.crm.edit(OPPORTUNITY, record, "transactioncurrencyid", "\"EUR\"");

        fixture.attempt(A);

        hasValue(200, "the colleague's");
    }

    // ---- one write after the other

    @Test
    void whatWasWrittenToTheRecordIsToldBeforeTheWriteBack() {
        fixture.partnerCenter.put(A, "e1");
        fixture.attempt(A);
        fixture.partnerCenter.edit(A, Map.of("details.notes", Json.createValue("news")));
        fixture.priority = Priority.WRITE_BACK;

        fixture.attempt(A);

        assertThat(fixture.crm.only(OPPORTUNITY).getString("description")).isEqualTo("news");
        assertThat(fixture.partnerCenter.get(A)).containsKey("externalReferenceId");
        assertThat(told("notes")).containsExactly(Tuple.tuple(AuditKind.RECORD_UPDATED, "only-moved"));
        assertThat(told("externalReferenceId")).hasSize(1);
    }

    @Test
    void aWriteBackWithoutAnAnswerIsToldAlthoughTheLinkMovesOnFirst() {
        lead();
        fixture.priority = Priority.WRITE_BACK;
        loseAnswer(1);
        assertThat(fixture.attempt(A)).isInstanceOf(SyncOutcome.NotNow.class);
        accept();

        fixture.attempt(A);

        assertThat(told("externalReferenceId")).hasSize(2);
    }

    // ---- leads on their way

    @Test
    void aLeadWhoseCreateIsCutAndWhoseReferralIsAcceptedMovesAndIsTold() {
        fixture.partnerCenter.put(A, "e1", lead);
        loseAnswer(1);
        assertThat(fixture.attempt(A)).isInstanceOf(SyncOutcome.NotNow.class);
        accept();

        fixture.attempt(A);

        assertThat(fixture.crm.table(LEAD)).hasSize(1);
        assertThat(fixture.crm.only(LEAD).getString("statuscode")).isEqualTo("3");
        assertThat(fixture.link(A).findRecord().orElseThrow().kind()).isEqualTo(OPPORTUNITY);
        assertThat(fixture.count(AuditKind.RECORD_CREATED)).isEqualTo(2);
        assertThat(fixture.count(AuditKind.LINK_MOVED)).isEqualTo(1);
    }

    @Test
    void theNewOpportunityOfALeadThatIsHeardOfBeforeItsAnswerIsNoSecondClaim() {
        lead();
        accept();
        loseAnswer(3);
        assertThat(fixture.attempt(A)).isInstanceOf(SyncOutcome.NotNow.class);
        String made = fixture.crm.table(OPPORTUNITY).keySet().iterator().next();

        SyncOutcome outcome = fixture.attemptOf(new RecordRef(OPPORTUNITY, made), 0);

        assertThat(outcome).isInstanceOf(SyncOutcome.Done.class);
        assertThat(fixture.link(A).record()).isEqualTo(new RecordRef(OPPORTUNITY, made));
        assertThat(fixture.crm.only(LEAD).getString("statuscode")).isEqualTo("3");
    }

    @Test
    void anOpportunityThatCarriesTheIdOfALeadsReferralIsToldOnceThatTwoClaimIt() {
        lead();
        fixture.crm.edit(OPPORTUNITY, "theirs", "cosell_referralidentifier", "\"" + A + "\"");
        fixture.crm.edit(OPPORTUNITY, "theirs", "cosell_syncwithpartnercenter", "true");
        RecordRef theirs = new RecordRef(OPPORTUNITY, "theirs");

        assertThat(fixture.attemptOf(theirs, 0)).isInstanceOf(SyncOutcome.NotThisOne.class);
        fixture.attempt(A);
        int writes = fixture.written.size();
        assertThat(fixture.attemptOf(theirs, 0)).isInstanceOf(SyncOutcome.NotThisOne.class);
        fixture.attempt(A);

        assertThat(fixture.written).hasSize(writes);
        assertThat(fixture.crm.only(OPPORTUNITY).getString("cosell_syncstatus")).startsWith(Notes.BAD);
        assertThat(fixture.crm.only(LEAD).getString("cosell_syncstatus")).isEqualTo(Notes.GOOD);
    }

    @Test
    void aLinkThatIsReadableAgainIsPausedWhenItsRecordIsSwitchedOff() {
        String record = linked();
        fixture.partnerCenter.hide(A, true);
        fixture.attempt(A);
        assertThat(fixture.link(A).state()).isEqualTo(LinkState.REFERRAL_UNREACHABLE);
        fixture.partnerCenter.hide(A, false);
        fixture.crm.edit(OPPORTUNITY, record, "cosell_syncwithpartnercenter", "false");

        fixture.attempt(A);

        assertThat(fixture.link(A).state()).isEqualTo(LinkState.PAUSED);
        assertThat(fixture.link(A).pausedBy()).isEqualTo(PausedBy.SELLER);
    }

    @Test
    void helpThatWasAskedForOfALeadIsToldAlthoughTheAnswerIsLostAndTheLeadMoves() {
        leadThatWantsHelp();
        loseAnswer(1);
        assertThat(fixture.attempt(A)).isInstanceOf(SyncOutcome.NotNow.class);
        assertThat(fixture.partnerCenter.all()).hasSize(2);
        accept();

        fixture.attempt(A);

        assertThat(fixture.link(A).findRecord().orElseThrow().kind()).isEqualTo(OPPORTUNITY);
        assertThat(fixture.count(AuditKind.MICROSOFT_ASKED)).isEqualTo(1);
        assertThat(fixture.partnerCenter.all()).hasSize(2);
    }

    @Test
    void helpThatALeadsSellerChoseIsAskedForAlthoughTheLeadMoves() {
        leadThatWantsHelp();
        failBefore(PartnerCenter.SYSTEM);
        assertThat(fixture.attempt(A)).isInstanceOf(SyncOutcome.NotNow.class);
        accept();

        for (int looks = 0; looks < 3; looks++) {
            fixture.attempt(A);
            fixture.tick(600);
        }

        assertThat(fixture.link(A).findRecord().orElseThrow().kind()).isEqualTo(OPPORTUNITY);
        assertThat(fixture.count(AuditKind.MICROSOFT_ASKED)).isEqualTo(1);
        assertThat(fixture.partnerCenter.all()).hasSize(2);
    }

    @Test
    void helpIsNotAskedForAgainOfALeadThatIsSwitchedOff() {
        leadThatWantsHelp();
        failBefore(PartnerCenter.SYSTEM);
        assertThat(fixture.attempt(A)).isInstanceOf(SyncOutcome.NotNow.class);
        accept();
        String lead = switchOffLead();
        fixture.crm.edit(OPPORTUNITY, "theirs", "originatingleadid", "\"" + lead + "\"");
        fixture.crm.edit(OPPORTUNITY, "theirs", "cosell_syncwithpartnercenter", "true");

        for (int looks = 0; looks < 3; looks++) {
            fixture.attemptOf(new RecordRef(OPPORTUNITY, "theirs"), 0);
            fixture.tick(600);
        }

        assertThat(fixture.link(A).record()).isEqualTo(new RecordRef(OPPORTUNITY, "theirs"));
        assertThat(fixture.partnerCenter.all()).hasSize(1);
        assertThat(fixture.intents.find(SyncFixture.CRM, new RecordRef(LEAD, lead)))
                .isEmpty();
    }

    @Test
    void helpThatWasAskedForOfALeadIsToldAlthoughItIsSwitchedOffMeanwhile() {
        leadThatWantsHelp();
        loseAnswer(1);
        assertThat(fixture.attempt(A)).isInstanceOf(SyncOutcome.NotNow.class);
        accept();
        String lead = switchOffLead();
        fixture.crm.edit(OPPORTUNITY, "theirs", "originatingleadid", "\"" + lead + "\"");
        fixture.crm.edit(OPPORTUNITY, "theirs", "cosell_syncwithpartnercenter", "true");

        fixture.attemptOf(new RecordRef(OPPORTUNITY, "theirs"), 0);

        assertThat(fixture.link(A).record()).isEqualTo(new RecordRef(OPPORTUNITY, "theirs"));
        assertThat(fixture.count(AuditKind.MICROSOFT_ASKED)).isEqualTo(1);
    }

    /** A lead of a complete deal that Microsoft sees already, whose seller has just chosen help. */
    private void leadThatWantsHelp() {
        List<String> members = new ArrayList<>(List.of(lead));
        members.addAll(
                List.of(
                        "consent",
                        "{\"consentToToShareInfoWithOthers\":true,\"consentToContact\":true,\"consentToShareReferralWithMicrosoftSellers\":true}",
                        "customerProfile",
                        "{\"name\":\"Contoso\",\"address\":{\"addressLine1\":\"1 Main St\",\"city\":\"Seattle\",\"postalCode\":\"98101\",\"country\":\"US\"},"
                                + "\"team\":[{\"firstName\":\"Ana\",\"lastName\":\"Diaz\",\"phoneNumber\":\"1\",\"email\":\"ana@contoso.example\"}]}",
                        "details",
                        "{\"notes\":\"first\",\"dealValue\":100,\"currency\":\"USD\",\"closingDateTime\":\"2027-01-01T00:00:00Z\","
                                + "\"requirements\":{\"solutions\":[{\"id\":\"SOL-1-AAA\",\"type\":\"Name\",\"name\":\"Solution 1\"}]}}"));
        fixture.partnerCenter.put(A, "e1", members.toArray(String[]::new));
        assertThat(fixture.attempt(A).word()).isEqualTo("created");
        String record = fixture.crm.table(LEAD).keySet().iterator().next();
        fixture.crm.edit(LEAD, record, "cosell_howcanmicrosofthelp", "100000001");
    }

    @Test
    void aLeadThatAPersonMadeInPlaceOfAnUnfinishedOneIsAdoptedAndMoves() {
        fixture.partnerCenter.put(A, "e1", lead);
        failBefore("crm");
        assertThat(fixture.attempt(A)).isInstanceOf(SyncOutcome.NotNow.class);
        fixture.crm.edit(LEAD, "theirs", "statuscode", "\"1\"");
        fixture.crm.edit(LEAD, "theirs", "cosell_syncwithpartnercenter", "true");
        fixture.crm.edit(LEAD, "theirs", "cosell_referralidentifier", "\"" + A + "\"");
        accept();

        fixture.attempt(A);

        assertThat(fixture.crm.only(LEAD).getString("statuscode")).isEqualTo("3");
        assertThat(fixture.link(A).findRecord().orElseThrow().kind()).isEqualTo(OPPORTUNITY);
        assertThat(fixture.trail)
                .filteredOn(entry -> entry.kind() == AuditKind.RECORD_CREATED)
                .noneMatch(entry -> "lead/theirs".equals(entry.record()));
        assertThat(fixture.count(AuditKind.LINK_CREATED)).isEqualTo(1);
        assertThat(fixture.count(AuditKind.LINK_MOVED)).isEqualTo(1);
    }

    @Test
    void aCreateWhoseAnswerIsLostIsToldOnceAsOursAndKeepsAnEditMeanwhile() {
        for (int create = 1; create <= 3; create++) {
            fixture.reset();
            fixture.partnerCenter.put(A, "e1");
            loseAnswer(create);
            assertThat(fixture.attempt(A)).isInstanceOf(SyncOutcome.NotNow.class);
            if (create == 3) {
                String made = fixture.crm.table(OPPORTUNITY).keySet().iterator().next();
                fixture.crm.edit(OPPORTUNITY, made, VALUE, "300");
            }
            fixture.restart();

            fixture.attempt(A);

            hasValue(create == 3 ? 300 : 100, "answer " + create);
            assertThat(fixture.crm.table("account")).hasSize(1);
            assertThat(fixture.crm.table("contact")).hasSize(1);
            assertThat(fixture.count(AuditKind.RELATED_CREATED))
                    .as("answer %s", create)
                    .isEqualTo(2);
            assertThat(fixture.count(AuditKind.RECORD_CREATED))
                    .as("answer %s", create)
                    .isEqualTo(1);
            assertThat(fixture.count(AuditKind.CONFLICT_OPENED)).isZero();
        }
    }

    // ---- leads that are switched off on their way

    @Test
    void aMoveWhoseAnswerIsLostIsFinishedAlthoughTheLeadIsSwitchedOffMeanwhile() {
        for (boolean fromOpportunity : List.of(true, false)) {
            String made = lostMoveOfALeadThatIsSwitchedOff();
            fixture.attempt(A);

            SyncOutcome outcome =
                    fromOpportunity ? fixture.attemptOf(new RecordRef(OPPORTUNITY, made), 0) : fixture.attempt(A);

            assertThat(outcome).isInstanceOf(SyncOutcome.Done.class);
            assertThat(fixture.link(A).record()).isEqualTo(new RecordRef(OPPORTUNITY, made));
            assertThat(fixture.link(A).state()).isEqualTo(LinkState.ACTIVE);
            assertThat(fixture.link(A).findPrevious()).isEmpty();
            assertThat(fixture.count(AuditKind.RECORD_CREATED)).isEqualTo(2);
            assertThat(fixture.count(AuditKind.LINK_MOVED)).isEqualTo(1);
            // what is switched off is not written, not even to close it
            assertThat(fixture.crm.only(LEAD).getString("statuscode")).isEqualTo("1");
        }
    }

    @Test
    void aMoveWhoseAnswerIsLostIsNoSecondClaimWhileAPersonHasPausedTheLink() {
        lead();
        accept();
        loseAnswer(3);
        assertThat(fixture.attempt(A)).isInstanceOf(SyncOutcome.NotNow.class);
        String made = fixture.crm.table(OPPORTUNITY).keySet().iterator().next();
        String link = fixture.link(A).id();
        fixture.transaction(() -> fixture.links.pause(link, PausedBy.PERSON, "Wait."));

        SyncOutcome outcome = fixture.attemptOf(new RecordRef(OPPORTUNITY, made), 0);

        assertThat(outcome).isInstanceOf(SyncOutcome.Done.class);
        assertThat(fixture.link(A).state()).isEqualTo(LinkState.PAUSED);
        fixture.transaction(() -> fixture.links.resume(link, PausedBy.PERSON));
        fixture.attempt(A);
        assertThat(fixture.link(A).record()).isEqualTo(new RecordRef(OPPORTUNITY, made));
    }

    @Test
    void aMoveIsFinishedAndThenPausedWhenBothRecordsAreSwitchedOff() {
        String made = lostMoveOfALeadThatIsSwitchedOff();
        fixture.crm.edit(OPPORTUNITY, made, "cosell_syncwithpartnercenter", "false");

        SyncOutcome outcome = fixture.attemptOf(new RecordRef(OPPORTUNITY, made), 0);
        fixture.attempt(A);

        assertThat(outcome).isInstanceOf(SyncOutcome.Done.class);
        assertThat(fixture.link(A).record()).isEqualTo(new RecordRef(OPPORTUNITY, made));
        assertThat(fixture.link(A).state()).isEqualTo(LinkState.PAUSED);
        assertThat(fixture.count(AuditKind.RECORD_CREATED)).isEqualTo(2);
    }

    @Test
    void aMoveThatNeverArrivedWaitsUntilTheLeadIsSwitchedOnAgain() {
        lead();
        accept();
        failBefore("crm", 3);
        assertThat(fixture.attempt(A)).isInstanceOf(SyncOutcome.NotNow.class);
        String made = fixture.link(A).findRecord().orElseThrow().id();
        fixture.crm.edit(LEAD, made, "cosell_syncwithpartnercenter", "false");

        fixture.attempt(A);
        fixture.attempt(A);

        assertThat(fixture.link(A).state()).isEqualTo(LinkState.PAUSED);
        assertThat(fixture.crm.table(OPPORTUNITY)).isEmpty();
        fixture.crm.edit(LEAD, made, "cosell_syncwithpartnercenter", "true");
        fixture.attempt(A);
        assertThat(fixture.link(A).findRecord().orElseThrow().kind()).isEqualTo(OPPORTUNITY);
        assertThat(fixture.crm.table(OPPORTUNITY)).hasSize(1);
    }

    @Test
    void anOpportunityThatIsSwitchedOnTakesTheLinkOfTheSwitchedOffLeadItWasMadeOf() {
        lead();
        String lead = switchOffLead();
        fixture.attempt(A);
        assertThat(fixture.link(A).state()).isEqualTo(LinkState.PAUSED);
        accept();
        fixture.crm.edit(OPPORTUNITY, "theirs", "originatingleadid", "\"" + lead + "\"");
        RecordRef theirs = new RecordRef(OPPORTUNITY, "theirs");

        fixture.attemptOf(theirs, 0);

        assertThat(fixture.link(A).state()).isEqualTo(LinkState.PAUSED);
        assertThat(fixture.link(A).record()).isEqualTo(new RecordRef(LEAD, lead));
        fixture.crm.edit(OPPORTUNITY, "theirs", "cosell_syncwithpartnercenter", "true");

        fixture.attemptOf(theirs, 0);

        assertThat(fixture.link(A).record()).isEqualTo(theirs);
        assertThat(fixture.link(A).state()).isEqualTo(LinkState.ACTIVE);
        assertThat(fixture.crm.only(OPPORTUNITY).getString("cosell_referralidentifier"))
                .isEqualTo(A);
        assertThat(fixture.crm.only(LEAD).getString("statuscode")).isEqualTo("1");
    }

    @Test
    void aLeadThatWasAdoptedSwitchedOffIsNotSwitchedOnByTheOpportunityMadeOfIt() {
        for (boolean accepted : List.of(false, true)) {
            fixture.reset();
            fixture.partnerCenter.put(A, "e1", lead);
            fixture.crm.edit(LEAD, "found", "cosell_referralidentifier", "\"" + A + "\"");
            fixture.crm.edit(LEAD, "found", "cosell_syncwithpartnercenter", "false");
            fixture.attempt(A);
            assertThat(fixture.link(A).pausedBy()).isEqualTo(PausedBy.SELLER);
            if (accepted) {
                accept();
            }
            RecordRef theirs = madeOf("found");
            int writes = fixture.written.size();

            fixture.attemptOf(theirs, 0);

            assertThat(fixture.crm.only(LEAD).get("cosell_syncwithpartnercenter"))
                    .isEqualTo(JsonValue.FALSE);
            if (accepted) {
                assertThat(fixture.link(A).record()).isEqualTo(theirs);
                assertThat(fixture.link(A).state()).isEqualTo(LinkState.ACTIVE);
            } else {
                assertThat(fixture.written).hasSize(writes);
                assertThat(fixture.link(A).state()).isEqualTo(LinkState.PAUSED);
                assertThat(fixture.trail).noneMatch(entry -> "active".equals(entry.outcome()));
            }
        }
    }

    @Test
    void anOpportunityThatIsSwitchedOnBeforeTheReferralIsAcceptedTakesTheLinkOnceItIs() {
        lead();
        String lead = switchOffLead();
        fixture.attempt(A);
        RecordRef theirs = madeOf(lead);

        fixture.attemptOf(theirs, 0);
        fixture.attemptOf(theirs, 0);
        fixture.attempt(A);

        assertThat(fixture.link(A).record()).isEqualTo(new RecordRef(LEAD, lead));
        assertThat(fixture.link(A).state()).isEqualTo(LinkState.PAUSED);
        assertThat(fixture.trail)
                .filteredOn(entry -> entry.kind() == AuditKind.REFERRAL_SKIPPED)
                .singleElement()
                .satisfies(entry -> assertThat(entry.reason()).contains(theirs.toString(), "waits"));
        accept();

        fixture.attempt(A);

        assertThat(fixture.link(A).record()).isEqualTo(theirs);
        assertThat(fixture.link(A).state()).isEqualTo(LinkState.ACTIVE);
        assertThat(fixture.crm.only(OPPORTUNITY).getString("cosell_referralidentifier"))
                .isEqualTo(A);
        assertThat(fixture.crm.only(LEAD).getString("statuscode")).isEqualTo("1");
    }

    @Test
    void opportunitiesThatAreOffAreNoQuestionToTheLinkOfTheSwitchedOffLeadTheyWereMadeOf() {
        lead();
        String lead = switchOffLead();
        fixture.attempt(A);
        accept();
        fixture.crm.edit(OPPORTUNITY, "one", "originatingleadid", "\"" + lead + "\"");
        fixture.crm.edit(OPPORTUNITY, "two", "originatingleadid", "\"" + lead + "\"");

        assertThat(fixture.attempt(A)).isInstanceOf(SyncOutcome.Done.class);
        assertThat(fixture.link(A).state()).isEqualTo(LinkState.PAUSED);
        fixture.crm.edit(OPPORTUNITY, "two", "cosell_syncwithpartnercenter", "true");
        assertThat(fixture.attempt(A)).isInstanceOf(SyncOutcome.NotThisOne.class);
    }

    @Test
    void whatAnUnfinishedWriteDidIsToldAlthoughTheSwitchedOffLeadLosesItsLink() {
        for (String system : List.of("crm", PartnerCenter.SYSTEM)) {
            fixture.reset();
            lead();
            String lead = fixture.crm.table(LEAD).keySet().iterator().next();
            if (system.equals("crm")) {
                fixture.partnerCenter.edit(A, Map.of("details.notes", Json.createValue("news")));
            } else {
                fixture.crm.edit(LEAD, lead, "description", "\"news\"");
            }
            loseAnswer(1);
            assertThat(fixture.attempt(A)).isInstanceOf(SyncOutcome.NotNow.class);
            accept();
            switchOffLead();
            RecordRef theirs = madeOf(lead);

            fixture.attemptOf(theirs, 0);

            assertThat(fixture.link(A).record()).as(system).isEqualTo(theirs);
            assertThat(fixture.trail)
                    .as(system)
                    .filteredOn(entry -> new RecordRef(LEAD, lead).toString().equals(entry.record()))
                    .filteredOn(entry -> entry.changes().stream()
                            .anyMatch(change -> change.field().equals("notes")
                                    && change.rule().equals(Merge.CONFIRMED)))
                    .hasSize(1);
        }
    }

    @Test
    void whereTheLeadAndTheOpportunityWithItsReferralsIdAreSwitchedOffNobodyIsToldAnything() {
        lead();
        switchOffLead();
        fixture.attempt(A);
        fixture.crm.edit(OPPORTUNITY, "theirs", "cosell_referralidentifier", "\"" + A + "\"");
        int writes = fixture.written.size();

        assertThat(fixture.attemptOf(new RecordRef(OPPORTUNITY, "theirs"), 0)).isInstanceOf(SyncOutcome.Done.class);

        assertThat(fixture.written).hasSize(writes);
    }

    @Test
    void noOpportunityIsMadeOfASwitchedOffLeadWhoseSuccessorVanishes() {
        for (int read = 1; read <= 6; read++) {
            RecordRef theirs = successorOfASwitchedOffLead();
            atRead(read, () -> fixture.crm.delete(OPPORTUNITY, theirs.id()));

            fixture.attemptOf(theirs, 0);

            assertThat(fixture.crm.table(OPPORTUNITY)).as("read %s", read).isEmpty();
        }
    }

    @Test
    void aSwitchedOffLeadKeepsItsLinkWhenAnOperatorPausesItFirst() {
        int kept = 0;
        for (int read = 1; read <= 6; read++) {
            RecordRef theirs = successorOfASwitchedOffLead();
            SyncLink link = fixture.link(A);
            boolean[] first = {false};
            atRead(read, () -> {
                first[0] = fixture.link(A).state() == LinkState.PAUSED;
                fixture.transaction(() -> fixture.links.pause(link.id(), PausedBy.PERSON, "Wait."));
            });

            fixture.attemptOf(theirs, 0);

            if (first[0]) {
                kept++;
                assertThat(fixture.link(A).record()).as("read %s", read).isEqualTo(link.record());
                assertThat(fixture.count(AuditKind.LINK_MOVED)).isZero();
            }
            assertThat(fixture.link(A).pausedBy()).as("read %s", read).isEqualTo(PausedBy.PERSON);
        }
        assertThat(kept).isGreaterThan(2);
    }

    @Test
    void aFormerLeadWhoseSwitchWasNeverSetIsClosed() {
        fixture.crm.edit(LEAD, "theirs", "statuscode", "\"1\"");
        fixture.partnerCenter.put(A, "e1", lead);
        fixture.partnerCenter.put(A, "e1", "externalReferenceId", "\"theirs\"");
        accept();

        fixture.attempt(A);

        assertThat(fixture.link(A).findRecord().orElseThrow().kind()).isEqualTo(OPPORTUNITY);
        assertThat(fixture.crm.only(LEAD).getString("statuscode")).isEqualTo("3");
        assertThat(fixture.count(AuditKind.LINK_UNCHANGED)).isZero();
    }

    /** A lead that is switched off, of an accepted referral, and a seller's opportunity made of it that is switched on. */
    private RecordRef successorOfASwitchedOffLead() {
        fixture.reset();
        lead();
        String lead = switchOffLead();
        fixture.attempt(A);
        accept();
        return madeOf(lead);
    }

    /** A seller's opportunity made of this lead, which is switched on. */
    private RecordRef madeOf(String lead) {
        fixture.crm.edit(OPPORTUNITY, "theirs", "originatingleadid", "\"" + lead + "\"");
        fixture.crm.edit(OPPORTUNITY, "theirs", "cosell_syncwithpartnercenter", "true");
        return new RecordRef(OPPORTUNITY, "theirs");
    }

    /** Happens just before this read of the next attempt. */
    private void atRead(int which, Runnable happens) {
        AtomicInteger reads = new AtomicInteger();
        fixture.weather = new SyncFixture.Weather() {
            @Override
            public void before(String system, boolean write) {
                if (!write && reads.incrementAndGet() == which) {
                    happens.run();
                }
            }
        };
    }

    /** The new opportunity's id: the answer to its create was lost, and the lead is switched off. */
    private String lostMoveOfALeadThatIsSwitchedOff() {
        fixture.reset();
        lead();
        accept();
        loseAnswer(3);
        assertThat(fixture.attempt(A)).isInstanceOf(SyncOutcome.NotNow.class);
        switchOffLead();
        return fixture.crm.table(OPPORTUNITY).keySet().iterator().next();
    }

    private String switchOffLead() {
        String lead = fixture.crm.table(LEAD).keySet().iterator().next();
        fixture.crm.edit(LEAD, lead, "cosell_syncwithpartnercenter", "false");
        return lead;
    }

    // ---- what every case needs

    private static final String[] lead = {
        "type", "\"Independent\"", "qualification", "\"Direct\"", "status", "\"New\"", "substatus", "\"Pending\""
    };

    /** A linked pair that is equal in all, its opportunity's id. */
    private String linked() {
        fixture.priority = Priority.WRITE_BACK;
        fixture.partnerCenter.put(A, "e1");
        fixture.attempt(A);
        fixture.attempt(A);
        fixture.priority = Priority.EVENT;
        return fixture.link(A).findRecord().orElseThrow().id();
    }

    private void lead() {
        fixture.partnerCenter.put(A, "e1", lead);
        assertThat(fixture.attempt(A).word()).isEqualTo("created");
    }

    private void accept() {
        fixture.partnerCenter.edit(
                A, Map.of("status", Json.createValue("Active"), "substatus", Json.createValue("Accepted")));
    }

    /** The answer of this write of the next attempt is lost. */
    private void loseAnswer(int which) {
        AtomicInteger writes = new AtomicInteger();
        fixture.weather = new SyncFixture.Weather() {
            @Override
            public void after(String system) {
                if (writes.incrementAndGet() == which) {
                    throw new RetryableException(system, "The answer was lost.", false, null, null);
                }
            }
        };
    }

    /** The next write to this system fails before it happens. */
    private void failBefore(String system) {
        failBefore(system, 1);
    }

    private void failBefore(String system, int which) {
        AtomicInteger writes = new AtomicInteger();
        fixture.weather = new SyncFixture.Weather() {
            @Override
            public void before(String called, boolean write) {
                if (write && called.equals(system) && writes.incrementAndGet() == which) {
                    throw new RetryableException(system, "Busy.", false, null, null);
                }
            }
        };
    }

    /** The kinds and rules with which the trail tells that this field was written, the creates excluded. */
    private List<Tuple> told(String field) {
        return fixture.trail.stream()
                .filter(entry -> entry.kind() == AuditKind.RECORD_UPDATED || entry.kind() == AuditKind.REFERRAL_UPDATED)
                .flatMap(entry -> entry.changes().stream()
                        .filter(change -> change.field().equals(field))
                        .map(change -> Tuple.tuple(entry.kind(), change.rule())))
                .toList();
    }
}
