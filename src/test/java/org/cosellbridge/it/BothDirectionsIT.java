package org.cosellbridge.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.cosellbridge.it.BothSystems.dealValue;
import static org.cosellbridge.it.BothSystems.notes;
import static org.cosellbridge.it.BothSystems.number;
import static org.cosellbridge.it.BothSystems.state;
import static org.cosellbridge.it.BothSystems.text;

import jakarta.json.JsonObject;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.cosellbridge.referral.OrganizationId;
import org.cosellbridge.simulator.Call;
import org.cosellbridge.simulator.DataverseSimulator;
import org.cosellbridge.simulator.Fault;
import org.cosellbridge.simulator.PartnerCenterSimulator;
import org.cosellbridge.simulator.ReferralFixtures;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.arquillian.junit5.ArquillianExtension;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What is entered on one side is on the other a moment later, and nobody had to do anything more. */
@ExtendWith({ArquillianExtension.class, StateOnFailure.class})
class BothDirectionsIT implements StateOnFailure.Tells {
    private static final AtomicInteger NEXT = new AtomicInteger(2_000);
    private static final Duration IN_FLIGHT = Duration.ofSeconds(3);
    private static final int ON_HOLD = 2;
    private final BothSystems both = BothSystems.ofThisRun();
    private final PartnerCenterSimulator partnerCenter = both.partnerCenter();
    private final DataverseSimulator crm = both.crm();

    @Deployment(testable = false)
    static WebArchive war() {
        return PackagedWar.archive();
    }

    @Override
    public Product product() {
        return both.product();
    }

    @BeforeEach
    void register() {
        both.register();
    }

    @AfterEach
    void leavesNoRuleBroken() {
        both.calm();
        both.assertRulesKept();
    }

    // ---- deals

    @Test
    void anOpportunityCreatedInTheCrmAppearsAtPartnerCenterAndEditsTravelBothWays() {
        int index = NEXT.incrementAndGet();
        String opportunity = crm.create("opportunities", both.deal(index));

        String referral = both.awaitReferral(opportunity);
        JsonObject created = both.referral(referral);
        assertThat(created.getString("type")).isEqualTo("Independent");
        assertThat(created.getJsonObject("consent").getBoolean("consentToShareReferralWithMicrosoftSellers"))
                .isFalse();
        assertThat(state(created)).isEqualTo("Active/Accepted");
        assertThat(created.getString("name"))
                .isEqualTo(both.opportunity(opportunity).getString("name"));
        assertThat(dealValue(created)).isEqualByComparingTo(String.valueOf(50_000 + index));
        assertThat(created.getJsonObject("details").getString("currency")).isEqualTo("EUR");
        assertThat(created.getJsonObject("details").getString("closingDateTime"))
                .startsWith("2027-06-30T00:00:00");
        assertThat(notes(created)).isEqualTo("Deal " + index + " as its seller tells it.");
        assertThat(created.getJsonObject("details")
                        .getJsonObject("requirements")
                        .getJsonArray("solutions")
                        .getJsonObject(0)
                        .getString("id"))
                .isEqualTo(BothSystems.SOLUTION);
        assertThat(created.getJsonObject("customerProfile").getString("name"))
                .isEqualTo(ReferralFixtures.customerName(index));
        assertThat(created.getJsonObject("customerProfile")
                        .getJsonObject("address")
                        .getString("country"))
                .isEqualTo("US");
        assertThat(both.engagement(referral)).hasSize(1);
        both.awaitQuiet();
        JsonObject record = both.opportunity(opportunity);
        assertThat(text(record, "cosell_referrallink")).contains(referral);
        assertThat(text(record, "cosell_syncstatus")).isEqualTo("✔");
        assertThat(text(record, "cosell_audit")).contains("UTC - Referral " + referral + " created.");
        assertThat(both.entries(referral, "referral.created")).hasSize(1);

        both.sellerSets(opportunity, "estimatedvalue", 61_500);
        both.awaitAmount("the seller's value", () -> dealValue(both.referral(referral)), 61_500);
        partnerCenter.edit(referral, "/details/notes", "Microsoft's words");
        both.awaitEqual(
                "Microsoft's words", () -> text(both.opportunity(opportunity), "description"), "Microsoft's words");
        both.awaitQuiet();
        assertThat(both.entriesOfField(referral, "referral.updated", "dealValue"))
                .singleElement()
                .satisfies(entry -> assertThat(entry.getString("onBehalfOf", ""))
                        .as("on whose behalf: %s", entry)
                        .isEqualTo("crm:crm"));

        crm.close(opportunity, true, 3);
        both.awaitEqual("won", () -> state(both.referral(referral)), "Closed/Won");
        both.awaitQuiet();
        assertThat(both.entriesOfField(referral, "referral.updated", "state"))
                .singleElement()
                .satisfies(entry -> assertThat(text(entry, "reason")).contains("Won within 72 hours"));
        assertThat(both.onlyLink(referral).getString("state")).isEqualTo("ended");

        int patches = both.patches();
        crm.edit("opportunities", opportunity, Map.of("statecode", 0, "statuscode", 1));
        both.sellerSets(opportunity, "estimatedvalue", 99_000);
        JsonObject late = both.awaitFinding("differences", referral, "dealValue");
        assertThat(late.getString("reason")).isEqualTo("ended");
        assertThat(both.awaitFinding("differences", referral, "state").getString("reason"))
                .isEqualTo("ended");
        both.awaitQuiet();
        assertThat(both.patches()).as("nothing is sent after the end").isEqualTo(patches);
        assertThat(dealValue(both.referral(referral))).isEqualByComparingTo("61500");
        assertThat(number(both.opportunity(opportunity), "estimatedvalue"))
                .as("what the seller entered stays")
                .isEqualByComparingTo("99000");
    }

    @Test
    void aReferralCreatedAtPartnerCenterBecomesAnOpportunityAndTheSellersEditIsPushedBack() {
        String referral = partnerCenter.create(ReferralFixtures.partnerLed(NEXT.incrementAndGet()));
        JsonObject record = both.awaitOpportunity(referral);
        String opportunity = record.getString("opportunityid");
        assertThat(record.getBoolean("cosell_syncwithpartnercenter")).isTrue();
        both.awaitEqual(
                "the record's id at Partner Center",
                () -> text(both.referral(referral), "externalReferenceId"),
                opportunity);
        both.awaitQuiet();
        assertThat(both.entries(referral, "referral.updated"))
                .singleElement()
                .satisfies(entry -> assertThat(BothSystems.findChange(entry, "externalReferenceId"))
                        .isPresent());

        both.sellerSets(opportunity, "estimatedvalue", 73_000);

        both.awaitAmount("the seller's value", () -> dealValue(both.referral(referral)), 73_000);
        both.awaitQuiet();
        JsonObject update =
                both.entriesOfField(referral, "referral.updated", "dealValue").get(0);
        assertThat(both.product().items("deliveries?sender=dynamics&delivery=" + update.getString("delivery")))
                .as("the push that the value came with")
                .singleElement()
                .satisfies(
                        delivery -> assertThat(delivery.getString("record")).isEqualTo("opportunity/" + opportunity));

        partnerCenter.edit(referral, "/details/closingDateTime", "2027-11-30T00:00:00Z");
        both.awaitEqual(
                "the closing date", () -> text(both.opportunity(opportunity), "estimatedclosedate"), "2027-11-30");
        both.awaitQuiet();
        assertThat(both.rows("opportunities", referral)).hasSize(1);
    }

    @Test
    void withoutPushesTheSellersWorkIsHeardByThePoll() {
        both.unregisterCrm();
        String opportunity = crm.create("opportunities", both.deal(NEXT.incrementAndGet()));
        String referral = both.awaitReferral(opportunity);
        both.awaitQuiet();

        both.sellerSets(opportunity, "description", "told to nobody");

        both.awaitEqual("the seller's words", () -> notes(both.referral(referral)), "told to nobody");
        both.awaitQuiet();
        assertThat(both.entriesOfField(referral, "referral.updated", "notes"))
                .singleElement()
                .satisfies(entry -> assertThat(text(entry, "delivery")).isEmpty());
        assertThat(both.product().items("deliveries?sender=dynamics&record=opportunity/" + opportunity))
                .isEmpty();
    }

    // ---- sharing with Microsoft

    @Test
    void aDealThatMicrosoftMaySeeIsOneReferralAndOneThatItHelpsWithIsTwo() {
        Map<String, Object> visible = both.deal(NEXT.incrementAndGet());
        visible.put("cosell_visibletomicrosoft", true);
        Map<String, Object> cosell = both.deal(NEXT.incrementAndGet());
        cosell.put("cosell_howcanmicrosofthelp", 100_000_003);

        String partnerLed = both.awaitReferral(crm.create("opportunities", visible));
        String opportunity = crm.create("opportunities", cosell);
        String own = both.awaitReferral(opportunity);
        both.await(
                "Microsoft's referral",
                () -> !partnerCenter.microsoftBeside(own).isEmpty());
        both.awaitQuiet();

        assertThat(both.referral(partnerLed).getString("type")).isEqualTo("Shared");
        assertThat(both.engagement(partnerLed)).hasSize(1);
        assertThat(both.entries(partnerLed, "microsoft.asked")).isEmpty();
        assertThat(both.referral(own).getString("type")).isEqualTo("Shared");
        assertThat(both.engagement(own))
                .extracting(referral -> referral.getString("organizationId"))
                .containsExactlyInAnyOrder(PartnerCenterSimulator.ORGANIZATION, OrganizationId.MICROSOFT.value());
        assertThat(partnerCenter
                        .microsoftBeside(own)
                        .get(0)
                        .getJsonObject("inviteContext")
                        .getString("assistanceRequestCode"))
                .isEqualTo("ProofOfConceptOrDemo");
        assertThat(both.entries(own, "microsoft.asked")).hasSize(1);
        assertThat(both.opportunity(opportunity).getInt("cosell_howcanmicrosofthelp"))
                .isEqualTo(100_000_003);
        assertThat(text(both.opportunity(opportunity), "cosell_audit")).contains("Microsoft was asked for help.");
        assertThat(both.findings("differences", own)).isEmpty();

        partnerCenter.acceptByMicrosoft(own);

        String number = both.referral(own).getJsonObject("trackingInfo").getString("microsoftMsxId");
        both.awaitEqual(
                "Microsoft's number",
                () -> text(both.opportunity(opportunity), "cosell_microsoftcrmidentifier"),
                number);
        both.awaitQuiet();
        assertThat(both.rows("opportunities", own)).hasSize(1);
    }

    @Test
    void helpThatIsChosenLaterSharesThePrivateDealAndAsksMicrosoftOnce() {
        String opportunity = crm.create("opportunities", both.deal(NEXT.incrementAndGet()));
        String referral = both.awaitReferral(opportunity);
        both.awaitQuiet();
        assertThat(both.referral(referral).getString("type")).isEqualTo("Independent");

        both.sellerSets(opportunity, "cosell_howcanmicrosofthelp", 100_000_001);

        both.await(
                "Microsoft's referral",
                () -> !partnerCenter.microsoftBeside(referral).isEmpty());
        both.awaitQuiet();
        assertThat(both.referral(referral).getString("type")).isEqualTo("Shared");
        assertThat(both.engagement(referral)).hasSize(2);
        assertThat(both.entries(referral, "microsoft.asked")).hasSize(1);
        both.awaitEqual(
                "the record says that Microsoft sees the deal",
                () -> both.opportunity(opportunity).getBoolean("cosell_visibletomicrosoft"),
                true);

        both.sellerSets(opportunity, "description", "one more word");
        both.awaitEqual("the seller's words", () -> notes(both.referral(referral)), "one more word");
        both.awaitQuiet();
        assertThat(both.engagement(referral)).as("Microsoft is asked once").hasSize(2);
    }

    @Test
    void leavingOnHoldAcceptsWhatMicrosoftAskedFor() {
        String referral = partnerCenter.create(ReferralFixtures.cosellFromMicrosoft(NEXT.incrementAndGet()));
        String opportunity = both.awaitOpportunity(referral).getString("opportunityid");
        both.awaitEqual("on hold", () -> both.opportunity(opportunity).getInt("statuscode"), ON_HOLD);
        both.awaitQuiet();
        assertThat(state(both.referral(referral))).isEqualTo("New/Pending");

        both.sellerSets(opportunity, "statuscode", 1);

        both.awaitEqual("accepted", () -> state(both.referral(referral)), "Active/Accepted");
        both.awaitQuiet();
        assertThat(both.entriesOfField(referral, "referral.updated", "state")).hasSize(1);
        assertThat(both.opportunity(opportunity).getInt("statuscode")).isEqualTo(1);
    }

    // ---- what is missing

    @Test
    void anIncompleteOpportunityIsOneDeadLetterInTheSellersWordsAndCompletingItCreatesTheReferral() {
        int index = NEXT.incrementAndGet();
        Map<String, Object> complete = both.deal(index);
        String opportunity =
                crm.create("opportunities", Map.of("name", complete.get("name"), "cosell_syncwithpartnercenter", true));
        String letters = "dead-letters?record=opportunity/" + opportunity;
        both.await("the dead letter", () -> !both.product().items(letters).isEmpty());
        both.await(
                "the seller is told",
                () -> text(both.opportunity(opportunity), "cosell_syncstatus").startsWith("✖"));
        both.awaitQuiet();

        List<JsonObject> dead = both.product().items(letters);
        assertThat(dead).hasSize(1);
        assertThat(dead.get(0).getString("reason"))
                .contains(
                        "Est. Revenue",
                        "Est. Close Date",
                        "Products",
                        "Account Name",
                        "Address 1: Street 1",
                        "Address 1: City",
                        "Address 1: Country/Region");
        assertThat(text(both.opportunity(opportunity), "cosell_audit").lines())
                .as("one line in the record's Audit")
                .singleElement()
                .satisfies(line -> assertThat(line).contains("UTC - ", "Est. Revenue", "Products"));
        assertThat(both.referralsOf(opportunity)).isEmpty();

        Map<String, Object> rest = new HashMap<>(complete);
        rest.remove("name");
        rest.remove("cosell_syncwithpartnercenter");
        crm.edit("opportunities", opportunity, rest);

        String referral = both.awaitReferral(opportunity);
        both.awaitQuiet();
        assertThat(both.product().items(letters)).isEmpty();
        assertThat(text(both.opportunity(opportunity), "cosell_syncstatus")).isEqualTo("✔");
        assertThat(dealValue(both.referral(referral))).isEqualByComparingTo(String.valueOf(50_000 + index));
    }

    // ---- leads

    @Test
    void aLeadThatItsSellerQualifiesIsAcceptedAndTheLinkFollowsToTheOpportunity() {
        String referral = partnerCenter.create(ReferralFixtures.qualifiedLead(NEXT.incrementAndGet()));
        both.await("the lead", () -> both.rows("leads", referral).size() == 1);
        String lead = both.rows("leads", referral).get(0).getString("leadid");
        both.awaitQuiet();
        assertThat(state(both.referral(referral))).startsWith("New/");

        String opportunity = crm.qualify(lead, true).orElseThrow();

        both.awaitEqual("accepted", () -> state(both.referral(referral)), "Active/Accepted");
        both.awaitEqual(
                "the link's record", () -> both.onlyLink(referral).getString("record"), "opportunity/" + opportunity);
        both.awaitEqual(
                "the opportunity's referral",
                () -> text(both.opportunity(opportunity), "cosell_referralidentifier"),
                referral);
        both.awaitEqual(
                "the record at Partner Center",
                () -> text(both.referral(referral), "externalReferenceId"),
                opportunity);
        both.awaitQuiet();
        assertThat(both.opportunity(opportunity).getBoolean("cosell_syncwithpartnercenter"))
                .isTrue();
        assertThat(crm.rows("opportunities").stream()
                        .filter(row -> text(row, "_originatingleadid_value").equals(lead)))
                .as("one opportunity of the lead")
                .hasSize(1);
        assertThat(both.entries(referral, "link.moved")).hasSize(1);
        assertThat(state(both.referral(referral))).isEqualTo("Active/Accepted");

        both.sellerSets(opportunity, "estimatedvalue", 44_000);
        both.awaitAmount("the seller's value", () -> dealValue(both.referral(referral)), 44_000);
    }

    @Test
    void aLeadThatIsAcceptedAtPartnerCenterBecomesAnOpportunityAndIsClosed() {
        String referral = partnerCenter.create(ReferralFixtures.qualifiedLead(NEXT.incrementAndGet()));
        both.await("the lead", () -> both.rows("leads", referral).size() == 1);
        both.awaitQuiet();

        partnerCenter.accept(referral);

        String opportunity = both.awaitOpportunity(referral).getString("opportunityid");
        both.awaitEqual(
                "the link's record", () -> both.onlyLink(referral).getString("record"), "opportunity/" + opportunity);
        both.awaitEqual(
                "the lead is closed", () -> both.rows("leads", referral).get(0).getInt("statecode"), 1);
        both.awaitEqual(
                "the record at Partner Center",
                () -> text(both.referral(referral), "externalReferenceId"),
                opportunity);
        both.awaitQuiet();
        assertThat(state(both.referral(referral)))
                .as("closing the lead is no answer to the referral")
                .isEqualTo("Active/Accepted");
        assertThat(text(both.opportunity(opportunity), "_originatingleadid_value"))
                .isEqualTo(both.rows("leads", referral).get(0).getString("leadid"));
    }

    @Test
    void aLeadThatItsSellerDisqualifiesIsDeclined() {
        String referral = partnerCenter.create(ReferralFixtures.marketplaceLead(NEXT.incrementAndGet()));
        both.await("the lead", () -> both.rows("leads", referral).size() == 1);
        String lead = both.rows("leads", referral).get(0).getString("leadid");
        both.awaitQuiet();

        crm.edit("leads", lead, Map.of("statecode", 2, "statuscode", 4));

        both.awaitEqual("declined", () -> state(both.referral(referral)), "Closed/Declined");
        both.awaitQuiet();
        assertThat(both.rows("opportunities", referral)).isEmpty();
        assertThat(both.onlyLink(referral).getString("state")).isEqualTo("ended");
    }

    // ---- edits at the same moment

    @Test
    void anEditAtPartnerCenterBetweenOurReadAndOurWriteIsNotLost() {
        String opportunity = crm.create("opportunities", both.deal(NEXT.incrementAndGet()));
        String referral = both.awaitReferral(opportunity);
        both.awaitQuiet();
        long refused = refused("patch referral", referral);
        partnerCenter
                .server()
                .faults()
                .next(1, Fault.delay(IN_FLIGHT), (method, path) -> method.equals("PATCH") && path.endsWith(referral));
        both.sellerSets(opportunity, "estimatedvalue", 81_000);
        both.await(
                "our write is on its way", () -> partnerCenter.server().faults().left() == 0);

        partnerCenter.edit(referral, "/details/notes", "written meanwhile");

        both.awaitAmount("the seller's value", () -> dealValue(both.referral(referral)), 81_000);
        both.awaitEqual(
                "Microsoft's words", () -> text(both.opportunity(opportunity), "description"), "written meanwhile");
        both.awaitQuiet();
        assertThat(refused("patch referral", referral))
                .as("writes with a stale eTag")
                .isEqualTo(refused + 1);
        assertThat(notes(both.referral(referral))).isEqualTo("written meanwhile");
        assertThat(number(both.opportunity(opportunity), "estimatedvalue")).isEqualByComparingTo("81000");
    }

    @Test
    void ofTwoEditsOfOneFieldAtTheSameMomentOneWinsOnBothSidesAndTheTrailHasBoth() {
        String opportunity = crm.create("opportunities", both.deal(NEXT.incrementAndGet()));
        String referral = both.awaitReferral(opportunity);
        both.awaitQuiet();
        partnerCenter
                .server()
                .faults()
                .next(1, Fault.delay(IN_FLIGHT), (method, path) -> method.equals("PATCH") && path.endsWith(referral));
        both.sellerSets(opportunity, "estimatedvalue", 82_000);
        both.await(
                "our write is on its way", () -> partnerCenter.server().faults().left() == 0);

        partnerCenter.edit(referral, "/details/dealValue", 83_000);

        both.awaitAmount(
                "Partner Center's later value", () -> number(both.opportunity(opportunity), "estimatedvalue"), 83_000);
        both.awaitQuiet();
        assertThat(dealValue(both.referral(referral))).isEqualByComparingTo("83000");
        JsonObject change = BothSystems.findChange(
                        both.entriesOfField(referral, "record.updated", "dealValue")
                                .get(0),
                        "dealValue")
                .orElseThrow();
        assertThat(change.getString("rule")).isEqualTo("newest");
        assertThat(number(change, "crm")).as("the value that lost").isEqualByComparingTo("82000");
        assertThat(number(change, "partnerCenter")).isEqualByComparingTo("83000");
    }

    @Test
    void aSellersEditBetweenOurReadAndOurWriteIsNotLost() {
        String referral = partnerCenter.create(ReferralFixtures.partnerLed(NEXT.incrementAndGet()));
        String opportunity = both.awaitOpportunity(referral).getString("opportunityid");
        both.awaitQuiet();
        crm.server()
                .faults()
                .next(
                        1,
                        Fault.delay(IN_FLIGHT),
                        (method, path) -> method.equals("PATCH") && path.contains(opportunity));
        partnerCenter.edit(referral, "/details/dealValue", 84_000);
        both.await("our write is on its way", () -> crm.server().faults().left() == 0);

        both.sellerSets(opportunity, "description", "entered meanwhile");

        both.awaitEqual("the seller's words", () -> notes(both.referral(referral)), "entered meanwhile");
        both.awaitAmount(
                "Partner Center's value", () -> number(both.opportunity(opportunity), "estimatedvalue"), 84_000);
        both.awaitQuiet();
        assertThat(text(both.opportunity(opportunity), "description")).isEqualTo("entered meanwhile");
        assertThat(dealValue(both.referral(referral))).isEqualByComparingTo("84000");
    }

    /** How many calls of this name to this address were refused because their eTag was stale. */
    private long refused(String name, String id) {
        return partnerCenter.server().log().calls(name).stream()
                .filter(call -> call.path().endsWith(id))
                .filter(call -> call.status() == 412)
                .map(Call::time)
                .count();
    }

    // ---- what keeps still

    @Test
    void neitherACopyOfAnEventNorAnEchoOfOurWritesWritesAnything() {
        String opportunity = crm.create("opportunities", both.deal(NEXT.incrementAndGet()));
        String referral = both.awaitReferral(opportunity);
        both.awaitQuiet();
        crm.webhooks().copies(3);
        partnerCenter.dispatcher().copies(3);
        int before = both.writes();
        both.sellerSets(opportunity, "estimatedvalue", 85_000);
        both.awaitAmount("the seller's value", () -> dealValue(both.referral(referral)), 85_000);
        both.awaitQuiet();
        assertThat(both.writes())
                .as("the value and the line in the record's Audit")
                .isEqualTo(before + 2);

        partnerCenter.edit(referral, "/details/notes", "once");
        both.awaitEqual("Microsoft's words", () -> text(both.opportunity(opportunity), "description"), "once");
        both.awaitQuiet();
        assertThat(both.writes()).as("one write carries value and line").isEqualTo(before + 3);
    }
}
