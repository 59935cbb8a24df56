package org.cosellbridge.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonValue;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.cosellbridge.audit.AuditEntry;
import org.cosellbridge.audit.AuditKind;
import org.cosellbridge.audit.FieldChange;
import org.cosellbridge.connector.LeaseLostException;
import org.cosellbridge.connector.PartnerCenter;
import org.cosellbridge.connector.RecordRef;
import org.cosellbridge.connector.RetryableException;
import org.cosellbridge.mapping.MappingLibrary;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Referrals that are created for a seller's records, with the built-in documents, whatever dies, is late or comes first. */
class ReferralCreationTest {
    private static final String OPPORTUNITY = "opportunity";
    private static final String A = "aaaaaaaa-0000-0000-0000-000000000001";
    private static final int PROOF_OF_CONCEPT = 100000003;
    private final SyncFixture fixture = new SyncFixture();

    @BeforeEach
    void begin() {
        fixture.documents = MappingLibrary.builtIn("dynamics", List.of(OPPORTUNITY, "lead"));
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    @Test
    void aCoSellCreateKilledAnywhereMakesOneEngagementTwoReferralsAndOneRecord() {
        for (boolean eventFirst : new boolean[] {false, true}) {
            boolean killed = true;
            int point = 0;
            while (killed) {
                point++;
                fixture.reset();
                RecordRef deal = deal(true);
                killed = isKilled(deal, point);
                if (killed) {
                    fixture.restart();
                }
                if (killed && eventFirst) {
                    everyReferral().forEach(this::settled);
                }
                settled(deal);
                everyReferral().forEach(this::settled);
                hasOneOfEverything(deal, "killed at step " + point + (eventFirst ? ", its event first" : ""));
            }
            assertThat(point).isBetween(15, 60);
        }
    }

    @Test
    void aCoSellCreateWhoseAnswersAreLostAndLateMakesOneOfEverything() {
        for (int seconds : List.of(0, 100, 230)) {
            for (int lost = 1; lost <= 3; lost++) {
                fixture.reset();
                RecordRef deal = deal(true);
                int which = lost;
                int[] writes = {0};
                fixture.weather = new SyncFixture.Weather() {
                    @Override
                    public void before(String system, boolean write) {
                        if (write && ++writes[0] == which && system.equals(PartnerCenter.SYSTEM)) {
                            fixture.partnerCenter.nextCreateTakes = Duration.ofSeconds(seconds);
                        }
                    }

                    @Override
                    public void after(String system) {
                        if (writes[0] == which) {
                            writes[0]++;
                            throw new RetryableException(system, "The answer was lost.", false, null, null);
                        }
                    }
                };

                settled(deal);
                everyReferral().forEach(this::settled);

                hasOneOfEverything(deal, "write " + lost + " answered " + seconds + " s late");
            }
        }
    }

    @Test
    void theEventOfOurOwnCreateThatIsProcessedBeforeItsAnswerLinksTheSameRecord() {
        for (boolean leaseLost : new boolean[] {false, true}) {
            fixture.reset();
            RecordRef deal = deal(true);
            AtomicBoolean first = new AtomicBoolean(true);
            AtomicReference<String> meanwhile = new AtomicReference<>("");
            fixture.weather = new SyncFixture.Weather() {
                @Override
                public void after(String system) {
                    if (first.getAndSet(false)) {
                        if (leaseLost) {
                            fixture.loseLeases();
                        }
                        meanwhile.set(fixture.attempt(everyReferral().get(0)).word());
                    }
                }
            };

            try {
                fixture.attemptOf(deal, 0);
                assertThat(leaseLost).isFalse();
            } catch (LeaseLostException late) {
                assertThat(leaseLost).isTrue();
            }
            assertThat(meanwhile.get()).isEqualTo(leaseLost ? "created" : "not-now");

            settled(deal);
            everyReferral().forEach(this::settled);
            hasOneOfEverything(deal, leaseLost ? "the event's attempt links" : "the event's attempt waits");
        }
    }

    @Test
    void theEventOfAReferralThatAPersonNamedARecordInLinksThatRecord() {
        RecordRef deal = deal(false);
        fixture.crm.edit(OPPORTUNITY, deal.id(), "cosell_syncwithpartnercenter", "false");
        fixture.partnerCenter.put(
                "aaaaaaaa-0000-0000-0000-000000000001", "e1", "externalReferenceId", "\"" + deal.id() + "\"");

        fixture.attempt("aaaaaaaa-0000-0000-0000-000000000001");

        assertThat(fixture.crm.table(OPPORTUNITY)).containsOnlyKeys(deal.id());
        assertThat(fixture.link("aaaaaaaa-0000-0000-0000-000000000001").record())
                .isEqualTo(deal);
    }

    @Test
    void helpShowsTheDealAndTheRecordSaysSo() {
        RecordRef deal = deal(true);

        settled(deal);

        assertThat(fixture.crm.only(OPPORTUNITY).get("cosell_visibletomicrosoft"))
                .isEqualTo(JsonValue.TRUE);
    }

    @Test
    void microsoftIsAskedInTheAttemptThatAlsoBringsNewsToTheRecord() {
        RecordRef deal = deal(false);
        settled(deal);
        fixture.crm.edit(OPPORTUNITY, deal.id(), "cosell_howcanmicrosofthelp", String.valueOf(PROOF_OF_CONCEPT));
        fixture.partnerCenter.edit(own(), Map.of("details.notes", Json.createValue("news")));

        fixture.attempt(own());

        assertThat(fixture.crm.only(OPPORTUNITY).getString("description")).isEqualTo("news");
        assertThat(everyReferral()).hasSize(2);
        assertThat(fixture.count(AuditKind.MICROSOFT_ASKED)).isEqualTo(1);
    }

    @Test
    void helpThatIsIncompleteKeepsNothingElseFromBeingNoted() {
        RecordRef deal = deal(false);
        settled(deal);
        fixture.partnerCenter.put(
                own(),
                fixture.partnerCenter.get(own()).getString("engagementId"),
                "customerProfile",
                "{\"name\":\"Contoso\",\"address\":{\"postalCode\":\"98052\",\"country\":\"US\"},\"team\":[]}");
        fixture.crm.edit(OPPORTUNITY, deal.id(), "cosell_howcanmicrosofthelp", String.valueOf(PROOF_OF_CONCEPT));
        String day = fixture.crm.only(OPPORTUNITY).getString("estimatedclosedate");
        fixture.crm.edit(OPPORTUNITY, deal.id(), "estimatedclosedate", "null");

        assertThat(fixture.attempt(own())).isInstanceOf(SyncOutcome.NotThisOne.class);

        String link = fixture.link(own()).id();
        assertThat(fixture.findings.listOpen(link)).extracting(Finding::field).containsExactly("closingDate");
        assertThat(fixture.link(own()).lastOutcome()).isEqualTo("not-this-one");
        int writes = fixture.written.size();
        int told = fixture.trail.size();
        assertThat(fixture.attempt(own(), null, 0)).isInstanceOf(SyncOutcome.NotThisOne.class);
        assertThat(fixture.written).hasSize(writes);
        assertThat(fixture.trail).hasSize(told);
        fixture.crm.edit(OPPORTUNITY, deal.id(), "estimatedclosedate", "\"" + day + "\"");
        assertThat(fixture.attempt(own())).isInstanceOf(SyncOutcome.NotThisOne.class);
        assertThat(fixture.findings.listOpen(link)).isEmpty();
        assertThat(everyReferral()).hasSize(1);
    }

    @Test
    void helpThatIsIncompleteKeepsNoDealFromBeingClosed() {
        RecordRef deal = deal(false);
        settled(deal);
        chooseHelpThatIsIncomplete(deal);
        assertThat(fixture.attempt(own())).isInstanceOf(SyncOutcome.NotThisOne.class);
        fixture.crm.edit(OPPORTUNITY, deal.id(), "estimatedclosedate", "\"2027-05-06\"");
        fixture.crm.edit(OPPORTUNITY, deal.id(), "statuscode", "\"5\"");

        assertThat(fixture.attempt(own())).isInstanceOf(SyncOutcome.Done.class);

        JsonObject closed = fixture.partnerCenter.get(own());
        assertThat(closed.getString("substatus")).isEqualTo("Lost");
        assertThat(closed.getJsonObject("details").getString("closingDateTime")).startsWith("2027-05-06");
        assertThat(everyReferral()).hasSize(1);
        assertThat(fixture.findings.listOpen(fixture.link(own()).id()))
                .extracting(Finding::kind, Finding::field, Finding::reason)
                .contains(tuple(Finding.DIFFERENCE, "microsoftHelp", "ended"));
    }

    @Test
    void aDecisionForHelpThatIsIncompleteWaitsUntilTheHelpIsComplete() {
        RecordRef deal = deal(false);
        settled(deal);
        JsonObject profile = fixture.partnerCenter.get(own()).getJsonObject("customerProfile");
        chooseHelpThatIsIncomplete(deal);
        decideForHelp();
        fixture.partnerCenter.edit(own(), Map.of("details.notes", Json.createValue("news")));

        assertThat(fixture.attempt(own())).isInstanceOf(SyncOutcome.NotThisOne.class);

        String link = fixture.link(own()).id();
        assertThat(fixture.crm.only(OPPORTUNITY).getString("description")).isEqualTo("news");
        assertThat(fixture.decisions.find(link)).containsOnlyKeys("microsoftHelp");
        assertThat(fixture.findings.listOpen(link)).extracting(Finding::kind).containsExactly(Finding.CONFLICT);
        assertThat(fixture.count(AuditKind.CONFLICT_CLOSED)).isZero();
        fixture.partnerCenter.put(
                own(),
                fixture.partnerCenter.get(own()).getString("engagementId"),
                "customerProfile",
                profile.toString());
        assertThat(fixture.attempt(own())).isInstanceOf(SyncOutcome.Done.class);
        assertThat(everyReferral()).hasSize(2);
        assertThat(fixture.findings.listOpen(link)).isEmpty();
        assertThat(fixture.decisions.find(link)).isEmpty();
    }

    @Test
    void theEntryOfTheHelpThatWasAskedForNamesWhoDecidedIt() {
        RecordRef deal = deal(false);
        settled(deal);
        fixture.crm.edit(OPPORTUNITY, deal.id(), "cosell_howcanmicrosofthelp", String.valueOf(PROOF_OF_CONCEPT));
        decideForHelp();

        assertThat(fixture.attempt(own())).isInstanceOf(SyncOutcome.Done.class);

        assertThat(fixture.trail.stream()
                        .filter(entry -> entry.kind() == AuditKind.MICROSOFT_ASKED)
                        .flatMap(entry -> entry.changes().stream()))
                .extracting(FieldChange::rule, FieldChange::decider)
                .containsExactly(tuple("asked", "olga"));
    }

    @Test
    void helpThatIsNoLongerAskedForIsToldWhenTheLeadIsSwitchedOff() {
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
        RecordRef lead = fixture.link(A).findRecord().orElseThrow();
        fixture.transaction(() -> fixture.intents.save(
                new Intent(
                        SyncFixture.CRM,
                        lead,
                        Intent.Step.MICROSOFT,
                        "dynamics/lead",
                        "ProofOfConceptOrDemo",
                        null,
                        null,
                        Map.of()),
                name -> null));
        fixture.partnerCenter.edit(
                A, Map.of("status", Json.createValue("Active"), "substatus", Json.createValue("Accepted")));
        fixture.crm.edit("lead", lead.id(), "cosell_syncwithpartnercenter", "false");
        fixture.crm.edit(OPPORTUNITY, "theirs", "originatingleadid", "\"" + lead.id() + "\"");
        fixture.crm.edit(OPPORTUNITY, "theirs", "cosell_syncwithpartnercenter", "true");

        fixture.attemptOf(new RecordRef(OPPORTUNITY, "theirs"), 0);

        assertThat(fixture.link(A).record()).isEqualTo(new RecordRef(OPPORTUNITY, "theirs"));
        assertThat(fixture.intents.find(SyncFixture.CRM, lead)).isEmpty();
        assertThat(fixture.trail)
                .filteredOn(entry -> entry.kind() == AuditKind.MICROSOFT_NOT_ASKED)
                .extracting(AuditEntry::record, AuditEntry::outcome)
                .containsExactly(tuple(lead.toString(), "given-up"));
    }

    @Test
    void whatWasSentBesideHelpThatIsIncompleteIsToldToTheSeller() {
        RecordRef deal = deal(false);
        settled(deal);
        chooseHelpThatIsIncomplete(deal);
        assertThat(fixture.attempt(own())).isInstanceOf(SyncOutcome.NotThisOne.class);
        fixture.crm.edit(OPPORTUNITY, deal.id(), "estimatedclosedate", "\"2027-05-06\"");

        assertThat(fixture.attempt(own())).isInstanceOf(SyncOutcome.NotThisOne.class);

        assertThat(audit().lines().findFirst().orElseThrow()).contains("CRM to Partner Center: Est. Close Date.");
        assertThat(audit().lines().filter(line -> line.contains("when this is complete")))
                .hasSize(1);
    }

    @Test
    void whatWasSentIsToldAlthoughTheRecordChangesBeforeItsOwnDelta() {
        RecordRef deal = deal(false);
        settled(deal);
        fixture.crm.edit(OPPORTUNITY, deal.id(), "estimatedclosedate", "\"2027-05-06\"");
        fixture.partnerCenter.edit(own(), Map.of("details.notes", Json.createValue("news")));
        fixture.crm.beforeNextUpdate =
                () -> fixture.crm.edit(OPPORTUNITY, deal.id(), "cosell_products", "\"SOL-2-BBB\"");

        fixture.attempt(own());

        assertThat(fixture.crm.only(OPPORTUNITY).getString("description")).isEqualTo("news");
        assertThat(audit())
                .contains("CRM to Partner Center: Est. Close Date.", "CRM to Partner Center: Products.")
                .containsOnlyOnce("Partner Center to CRM: Description.");
    }

    @Test
    void theReferralGetsTheRecordsIdAlthoughHelpIsIncomplete() {
        RecordRef deal = deal(false);
        settled(deal);
        chooseHelpThatIsIncomplete(deal);
        fixture.partnerCenter.set(own(), "externalReferenceId", JsonValue.NULL);

        assertThat(fixture.attempt(own())).isInstanceOf(SyncOutcome.NotThisOne.class);

        assertThat(fixture.partnerCenter.get(own()).getString("externalReferenceId"))
                .isEqualTo(deal.id());
    }

    @Test
    void anOpportunityThatIsSwitchedOffIsNotToldThatItClaimsALeadsReferral() {
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
        RecordRef lead = fixture.link(A).findRecord().orElseThrow();
        fixture.crm.edit("lead", lead.id(), "cosell_syncwithpartnercenter", "false");
        fixture.attempt(A);
        assertThat(fixture.link(A).state()).isEqualTo(LinkState.PAUSED);
        fixture.crm.edit(OPPORTUNITY, "theirs", "cosell_referralidentifier", "\"" + A + "\"");
        fixture.crm.edit(OPPORTUNITY, "theirs", "cosell_syncwithpartnercenter", "false");
        int writes = fixture.written.size();

        fixture.attemptOf(new RecordRef(OPPORTUNITY, "theirs"), 0);

        assertThat(fixture.written).hasSize(writes);
    }

    @Test
    void showingTheDealIsToldOnceAfterItFailedOnce() {
        RecordRef deal = deal(false);
        settled(deal);
        fixture.crm.edit(OPPORTUNITY, deal.id(), "cosell_howcanmicrosofthelp", String.valueOf(PROOF_OF_CONCEPT));
        AtomicBoolean first = new AtomicBoolean(true);
        fixture.weather = new SyncFixture.Weather() {
            @Override
            public void before(String system, boolean write) {
                if (write && first.getAndSet(false)) {
                    throw new RetryableException(system, "Busy.", false, null, null);
                }
            }
        };

        settled(deal);
        settled(own());

        assertThat(told(AuditKind.REFERRAL_UPDATED, "visibleToMicrosoft")).isEqualTo(1);
        assertThat(fixture.count(AuditKind.MICROSOFT_ASKED)).isEqualTo(1);
    }

    @Test
    void whatWasShownIsToldEvenWhenTheDealEndedBeforeMicrosoftWasAsked() {
        RecordRef deal = deal(false);
        settled(deal);
        fixture.crm.edit(OPPORTUNITY, deal.id(), "cosell_howcanmicrosofthelp", String.valueOf(PROOF_OF_CONCEPT));
        loseTheNextAnswer();
        assertThat(fixture.attempt(own())).isInstanceOf(SyncOutcome.NotNow.class);
        fixture.partnerCenter.edit(
                own(), Map.of("status", Json.createValue("Closed"), "substatus", Json.createValue("Lost")));

        settled(own());

        assertThat(told(AuditKind.REFERRAL_UPDATED, "visibleToMicrosoft")).isEqualTo(1);
        assertThat(everyReferral()).hasSize(1);
        assertThat(fixture.crm.only(OPPORTUNITY).getString("statuscode")).isEqualTo("4");
        assertThat(fixture.findings.listOpen(fixture.link(own()).id()))
                .extracting(Finding::field, Finding::reason)
                .contains(org.assertj.core.groups.Tuple.tuple("microsoftHelp", "ended"));
    }

    @Test
    void microsoftThatAPersonAskedInThePortalIsNotSaidToBeAskedByUs() {
        RecordRef deal = deal(false);
        fixture.crm.edit(OPPORTUNITY, deal.id(), "cosell_visibletomicrosoft", "true");
        settled(deal);
        fixture.partnerCenter.joins(own(), "New/Pending", "QuotesOrLicensing");
        fixture.crm.edit(OPPORTUNITY, deal.id(), "cosell_howcanmicrosofthelp", String.valueOf(PROOF_OF_CONCEPT));
        AtomicBoolean first = new AtomicBoolean(true);
        fixture.weather = new SyncFixture.Weather() {
            @Override
            public void before(String system, boolean write) {
                if (write && system.equals(PartnerCenter.SYSTEM) && first.getAndSet(false)) {
                    throw new RetryableException(system, "Busy.", false, null, null);
                }
            }
        };

        settled(own());

        assertThat(everyReferral()).hasSize(2);
        assertThat(fixture.trail.stream()
                        .flatMap(entry -> entry.changes().stream())
                        .filter(change -> change.field().equals("microsoftHelp") && change.written() != null))
                .isEmpty();
    }

    @Test
    void aRecordThatIsDeletedBeforeItsReferralsAnswerIsNotMadeAgain() {
        RecordRef deal = deal(false);
        loseTheNextAnswer();
        assertThat(fixture.attemptOf(deal, 0)).isInstanceOf(SyncOutcome.NotNow.class);
        fixture.crm.delete(OPPORTUNITY, deal.id());

        settled(deal);
        settled(own());

        assertThat(fixture.crm.table(OPPORTUNITY)).isEmpty();
        assertThat(fixture.link(own()).state()).isEqualTo(LinkState.RECORD_GONE);
        assertThat(told(AuditKind.REFERRAL_CREATED, "dealValue")).isEqualTo(1);
    }

    // ---- what every case needs

    /** A seller's complete deal with the switch on. */
    private RecordRef deal(boolean help) {
        String account = fixture.crm.arrives(
                "account",
                Json.createObjectBuilder()
                        .add("name", "Contoso")
                        .add("address1_line1", "1 Main St")
                        .add("address1_city", "Seattle")
                        .add("address1_postalcode", "98101")
                        .add("address1_country", "US")
                        .build());
        String contact = fixture.crm.arrives(
                "contact",
                Json.createObjectBuilder()
                        .add("firstname", "Ana")
                        .add("lastname", "Diaz")
                        .add("emailaddress1", "ana@contoso.example")
                        .add("telephone1", "2065550100")
                        .build());
        JsonObjectBuilder deal = Json.createObjectBuilder()
                .add("name", "Deal")
                .add("statuscode", "1")
                .add("isrevenuesystemcalculated", false)
                .add("estimatedvalue", 1000)
                .add("transactioncurrencyid", "USD")
                .add("estimatedclosedate", "2027-03-04")
                .add("description", "note")
                .add("cosell_products", "SOL-1-AAA")
                .add("parentaccountid", account)
                .add("parentcontactid", contact)
                .add("cosell_syncwithpartnercenter", true);
        if (help) {
            deal.add("cosell_howcanmicrosofthelp", PROOF_OF_CONCEPT);
        }
        return new RecordRef(OPPORTUNITY, fixture.crm.arrives(OPPORTUNITY, deal.build()));
    }

    /** The seller chooses help for a deal whose customer's contact and street are missing at Partner Center. */
    private void chooseHelpThatIsIncomplete(RecordRef deal) {
        fixture.partnerCenter.put(
                own(),
                fixture.partnerCenter.get(own()).getString("engagementId"),
                "customerProfile",
                "{\"name\":\"Contoso\",\"address\":{\"postalCode\":\"98052\",\"country\":\"US\"},\"team\":[]}");
        fixture.crm.edit(OPPORTUNITY, deal.id(), "cosell_howcanmicrosofthelp", String.valueOf(PROOF_OF_CONCEPT));
    }

    /** An operator decides a conflict about the help for the seller's choice. */
    private void decideForHelp() {
        String link = fixture.link(own()).id();
        fixture.transaction(() -> fixture.findings.save(
                new Finding(
                        null,
                        Finding.CONFLICT,
                        link,
                        "microsoftHelp",
                        "cosell_howcanmicrosofthelp",
                        "review",
                        "Both.",
                        JsonValue.NULL,
                        Json.createValue(PROOF_OF_CONCEPT),
                        null),
                null));
        String conflict = String.valueOf(fixture.findings.listOpen(link).get(0).id());
        fixture.transaction(() -> fixture.faces()
                .resolve(conflict, DecisionBody.parse(StoredJson.object("{\"side\":\"crm\"}")), "user:olga"));
    }

    private String audit() {
        return fixture.crm.only(OPPORTUNITY).getString("cosell_audit");
    }

    private boolean isKilled(RecordRef deal, int point) {
        try {
            fixture.attemptOf(deal, point);
            return false;
        } catch (SyncFixture.Killed dead) {
            return true;
        }
    }

    /** The record is looked at until nothing is to be repeated. */
    private void settled(RecordRef record) {
        SyncOutcome outcome = fixture.attemptOf(record, 0);
        for (int tries = 0; outcome instanceof SyncOutcome.NotNow && tries < 10; tries++) {
            fixture.tick(250);
            outcome = fixture.attemptOf(record, 0);
        }
        assertThat(outcome).isInstanceOf(SyncOutcome.Done.class);
    }

    private void settled(String referral) {
        SyncOutcome outcome = fixture.attempt(referral);
        for (int tries = 0; outcome instanceof SyncOutcome.NotNow && tries < 10; tries++) {
            fixture.tick(250);
            outcome = fixture.attempt(referral);
        }
        assertThat(outcome).isInstanceOf(SyncOutcome.Done.class);
    }

    private void loseTheNextAnswer() {
        AtomicBoolean first = new AtomicBoolean(true);
        fixture.weather = new SyncFixture.Weather() {
            @Override
            public void after(String system) {
                if (first.getAndSet(false)) {
                    throw new RetryableException(system, "The answer was lost.", false, null, null);
                }
            }
        };
    }

    private List<String> everyReferral() {
        return fixture.partnerCenter.all().stream()
                .map(referral -> referral.getString("id"))
                .toList();
    }

    /** Our only referral. */
    private String own() {
        List<String> own = fixture.partnerCenter.all().stream()
                .filter(referral -> referral.getString("organizationId").equals(SyncFixture.OURS))
                .map(referral -> referral.getString("id"))
                .toList();
        assertThat(own).hasSize(1);
        return own.get(0);
    }

    private long told(AuditKind kind, String field) {
        return fixture.trail.stream()
                .filter(entry -> entry.kind() == kind)
                .flatMap(entry -> entry.changes().stream())
                .filter(change -> change.field().equals(field) && change.written() != null)
                .count();
    }

    private void hasOneOfEverything(RecordRef deal, String where) {
        List<JsonObject> referrals = fixture.partnerCenter.all();
        assertThat(referrals)
                .as(where)
                .extracting(referral -> referral.getString("organizationId"))
                .containsExactlyInAnyOrder(SyncFixture.OURS, PartnerCenterRules.MICROSOFT);
        assertThat(referrals)
                .as(where)
                .extracting(referral -> referral.getString("engagementId"))
                .containsOnly(referrals.get(0).getString("engagementId"));
        JsonObject own = fixture.partnerCenter.get(own());
        assertThat(own.getString("externalReferenceId")).as(where).isEqualTo(deal.id());
        assertThat(fixture.crm.table(OPPORTUNITY)).as(where).containsOnlyKeys(deal.id());
        assertThat(fixture.crm.only(OPPORTUNITY).getString("cosell_referralidentifier"))
                .as(where)
                .isEqualTo(own());
        assertThat(fixture.link(own()).record()).as(where).isEqualTo(deal);
        assertThat(fixture.count(AuditKind.REFERRAL_CREATED)).as(where).isEqualTo(1);
        assertThat(fixture.count(AuditKind.MICROSOFT_ASKED)).as(where).isEqualTo(1);
        assertThat(fixture.count(AuditKind.LINK_CREATED)).as(where).isEqualTo(1);
        assertThat(fixture.trail.stream().map(AuditEntry::kind).toList())
                .as(where)
                .doesNotContain(AuditKind.RECORD_CREATED);
        for (String field : List.of("referralId", "referralLink", "visibleToMicrosoft")) {
            assertThat(told(AuditKind.RECORD_UPDATED, field))
                    .as(where + ", " + field)
                    .isEqualTo(1);
        }
        assertThat(fixture.intents.find(SyncFixture.CRM, deal)).as(where).isEmpty();
        assertThat(fixture.brokenRules).as(where).isEmpty();
        int writes = fixture.written.size();
        settled(own());
        assertThat(fixture.written).as(where).hasSize(writes);
    }
}
