package org.cosellbridge.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.cosellbridge.it.BothSystems.dealValue;
import static org.cosellbridge.it.BothSystems.notes;
import static org.cosellbridge.it.BothSystems.number;
import static org.cosellbridge.it.BothSystems.state;
import static org.cosellbridge.it.BothSystems.text;
import static org.cosellbridge.simulator.CrmField.AMOUNT;
import static org.cosellbridge.simulator.CrmField.AUDIT;
import static org.cosellbridge.simulator.CrmField.CITY;
import static org.cosellbridge.simulator.CrmField.CLOSE_DATE;
import static org.cosellbridge.simulator.CrmField.COMPANY;
import static org.cosellbridge.simulator.CrmField.COUNTRY;
import static org.cosellbridge.simulator.CrmField.DESCRIPTION;
import static org.cosellbridge.simulator.CrmField.HELP;
import static org.cosellbridge.simulator.CrmField.MICROSOFT_ID;
import static org.cosellbridge.simulator.CrmField.NAME;
import static org.cosellbridge.simulator.CrmField.PRODUCTS;
import static org.cosellbridge.simulator.CrmField.REFERRAL_ID;
import static org.cosellbridge.simulator.CrmField.REFERRAL_LINK;
import static org.cosellbridge.simulator.CrmField.STREET;
import static org.cosellbridge.simulator.CrmField.SWITCH;
import static org.cosellbridge.simulator.CrmField.SYNC_STATUS;
import static org.cosellbridge.simulator.CrmField.VISIBLE;
import static org.cosellbridge.simulator.CrmKind.LEAD;
import static org.cosellbridge.simulator.CrmKind.OPPORTUNITY;

import jakarta.json.JsonObject;
import java.time.Duration;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.cosellbridge.referral.OrganizationId;
import org.cosellbridge.simulator.Call;
import org.cosellbridge.simulator.CrmField;
import org.cosellbridge.simulator.CrmRecord;
import org.cosellbridge.simulator.CrmState;
import org.cosellbridge.simulator.CrmSystem;
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
    private final BothSystems both = BothSystems.ofThisRun();
    private final PartnerCenterSimulator partnerCenter = both.partnerCenter();
    private final CrmSystem crm = both.crm();

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
        String opportunity = crm.create(OPPORTUNITY, both.deal(index));

        String referral = both.awaitReferral(opportunity);
        JsonObject created = both.referral(referral);
        assertThat(created.getString("type")).isEqualTo("Independent");
        assertThat(created.getJsonObject("consent").getBoolean("consentToShareReferralWithMicrosoftSellers"))
                .isFalse();
        assertThat(state(created)).isEqualTo("Active/Accepted");
        assertThat(created.getString("name"))
                .isEqualTo(both.opportunity(opportunity).text(NAME));
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
        CrmRecord record = both.opportunity(opportunity);
        assertThat(record.text(REFERRAL_LINK)).contains(referral);
        assertThat(record.text(SYNC_STATUS)).isEqualTo("✔");
        assertThat(record.text(AUDIT)).contains("UTC - Referral " + referral + " created.");
        assertThat(both.entries(referral, "referral.created")).hasSize(1);

        both.sellerSets(opportunity, AMOUNT, 61_500);
        both.awaitAmount("the seller's value", () -> dealValue(both.referral(referral)), 61_500);
        partnerCenter.edit(referral, "/details/notes", "Microsoft's words");
        both.awaitEqual(
                "Microsoft's words", () -> both.opportunity(opportunity).text(DESCRIPTION), "Microsoft's words");
        both.awaitQuiet();
        assertThat(both.entriesOfField(referral, "referral.updated", "dealValue"))
                .singleElement()
                .satisfies(entry -> assertThat(entry.getString("onBehalfOf", ""))
                        .as("on whose behalf: %s", entry)
                        .isEqualTo("crm:crm"));

        crm.move(opportunity, CrmState.WON);
        both.awaitEqual("won", () -> state(both.referral(referral)), "Closed/Won");
        both.awaitQuiet();
        assertThat(both.entriesOfField(referral, "referral.updated", "state"))
                .singleElement()
                .satisfies(entry -> assertThat(text(entry, "reason")).contains("Won within 72 hours"));
        assertThat(both.onlyLink(referral).getString("state")).isEqualTo("ended");

        int patches = both.patches();
        crm.move(opportunity, CrmState.OPEN);
        both.sellerSets(opportunity, AMOUNT, 99_000);
        JsonObject late = both.awaitFinding("differences", referral, "dealValue");
        assertThat(late.getString("reason")).isEqualTo("ended");
        assertThat(both.awaitFinding("differences", referral, "state").getString("reason"))
                .isEqualTo("ended");
        both.awaitQuiet();
        assertThat(both.patches()).as("nothing is sent after the end").isEqualTo(patches);
        assertThat(dealValue(both.referral(referral))).isEqualByComparingTo("61500");
        assertThat(both.opportunity(opportunity).number(AMOUNT))
                .as("what the seller entered stays")
                .isEqualByComparingTo("99000");
    }

    @Test
    void aReferralCreatedAtPartnerCenterBecomesAnOpportunityAndTheSellersEditIsPushedBack() {
        String referral = partnerCenter.create(ReferralFixtures.partnerLed(NEXT.incrementAndGet()));
        CrmRecord record = both.awaitOpportunity(referral);
        String opportunity = record.id();
        assertThat(record.isOn(SWITCH)).isTrue();
        both.awaitEqual(
                "the record's id at Partner Center",
                () -> text(both.referral(referral), "externalReferenceId"),
                opportunity);
        both.awaitQuiet();
        assertThat(both.entries(referral, "referral.updated"))
                .singleElement()
                .satisfies(entry -> assertThat(BothSystems.findChange(entry, "externalReferenceId"))
                        .isPresent());

        both.sellerSets(opportunity, AMOUNT, 73_000);

        both.awaitAmount("the seller's value", () -> dealValue(both.referral(referral)), 73_000);
        both.awaitQuiet();
        JsonObject update =
                both.entriesOfField(referral, "referral.updated", "dealValue").get(0);
        assertThat(both.product()
                        .items("deliveries?sender=" + crm.type() + "&delivery=" + update.getString("delivery")))
                .as("the push that the value came with")
                .singleElement()
                .satisfies(delivery ->
                        assertThat(delivery.getString("record")).isEqualTo(OPPORTUNITY.reference(opportunity)));

        partnerCenter.edit(referral, "/details/closingDateTime", "2027-11-30T00:00:00Z");
        both.awaitEqual("the closing date", () -> both.opportunity(opportunity).text(CLOSE_DATE), "2027-11-30");
        both.awaitQuiet();
        assertThat(both.records(OPPORTUNITY, referral)).hasSize(1);
    }

    @Test
    void withoutPushesTheSellersWorkIsHeardByThePoll() {
        both.unregisterCrm();
        String opportunity = crm.create(OPPORTUNITY, both.deal(NEXT.incrementAndGet()));
        String referral = both.awaitReferral(opportunity);
        both.awaitQuiet();

        both.sellerSets(opportunity, DESCRIPTION, "told to nobody");

        both.awaitEqual("the seller's words", () -> notes(both.referral(referral)), "told to nobody");
        both.awaitQuiet();
        assertThat(both.entriesOfField(referral, "referral.updated", "notes"))
                .singleElement()
                .satisfies(entry -> assertThat(text(entry, "delivery")).isEmpty());
        assertThat(both.product()
                        .items("deliveries?sender=" + crm.type() + "&record=" + OPPORTUNITY.reference(opportunity)))
                .isEmpty();
    }

    // ---- sharing with Microsoft

    @Test
    void aDealThatMicrosoftMaySeeIsOneReferralAndOneThatItHelpsWithIsTwo() {
        Map<CrmField, Object> visible = both.deal(NEXT.incrementAndGet());
        visible.put(VISIBLE, true);
        Map<CrmField, Object> cosell = both.deal(NEXT.incrementAndGet());
        cosell.put(HELP, "ProofOfConceptOrDemo");

        String partnerLed = both.awaitReferral(crm.create(OPPORTUNITY, visible));
        String opportunity = crm.create(OPPORTUNITY, cosell);
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
        assertThat(both.opportunity(opportunity).text(HELP)).isEqualTo("ProofOfConceptOrDemo");
        assertThat(both.opportunity(opportunity).text(AUDIT)).contains("Microsoft was asked for help.");
        assertThat(both.findings("differences", own)).isEmpty();

        partnerCenter.acceptByMicrosoft(own);

        String number = both.referral(own).getJsonObject("trackingInfo").getString("microsoftMsxId");
        both.awaitEqual(
                "Microsoft's number", () -> both.opportunity(opportunity).text(MICROSOFT_ID), number);
        both.awaitQuiet();
        assertThat(both.records(OPPORTUNITY, own)).hasSize(1);
    }

    @Test
    void helpThatIsChosenLaterSharesThePrivateDealAndAsksMicrosoftOnce() {
        String opportunity = crm.create(OPPORTUNITY, both.deal(NEXT.incrementAndGet()));
        String referral = both.awaitReferral(opportunity);
        both.awaitQuiet();
        assertThat(both.referral(referral).getString("type")).isEqualTo("Independent");

        both.sellerSets(opportunity, HELP, "WorkloadSpecificValueProposition");

        both.await(
                "Microsoft's referral",
                () -> !partnerCenter.microsoftBeside(referral).isEmpty());
        both.awaitQuiet();
        assertThat(both.referral(referral).getString("type")).isEqualTo("Shared");
        assertThat(both.engagement(referral)).hasSize(2);
        assertThat(both.entries(referral, "microsoft.asked")).hasSize(1);
        both.awaitEqual(
                "the record says that Microsoft sees the deal",
                () -> both.opportunity(opportunity).isOn(VISIBLE),
                true);

        both.sellerSets(opportunity, DESCRIPTION, "one more word");
        both.awaitEqual("the seller's words", () -> notes(both.referral(referral)), "one more word");
        both.awaitQuiet();
        assertThat(both.engagement(referral)).as("Microsoft is asked once").hasSize(2);
    }

    @Test
    void leavingOnHoldAcceptsWhatMicrosoftAskedFor() {
        String referral = partnerCenter.create(ReferralFixtures.cosellFromMicrosoft(NEXT.incrementAndGet()));
        String opportunity = both.awaitOpportunity(referral).id();
        both.awaitEqual("on hold", () -> both.opportunity(opportunity).state(), CrmState.ON_HOLD);
        both.awaitQuiet();
        assertThat(state(both.referral(referral))).isEqualTo("New/Pending");

        crm.move(opportunity, CrmState.OPEN);

        both.awaitEqual("accepted", () -> state(both.referral(referral)), "Active/Accepted");
        both.awaitQuiet();
        assertThat(both.entriesOfField(referral, "referral.updated", "state")).hasSize(1);
        assertThat(both.opportunity(opportunity).state()).isEqualTo(CrmState.OPEN);
    }

    // ---- what is missing

    @Test
    void anIncompleteOpportunityIsOneDeadLetterInTheSellersWordsAndCompletingItCreatesTheReferral() {
        int index = NEXT.incrementAndGet();
        Map<CrmField, Object> complete = both.deal(index);
        Set<CrmField> first = EnumSet.of(NAME, SWITCH);
        first.addAll(crm.required(OPPORTUNITY));
        Map<CrmField, Object> incomplete = new EnumMap<>(complete);
        incomplete.keySet().retainAll(first);
        String opportunity = crm.create(OPPORTUNITY, incomplete);
        String letters = "dead-letters?record=" + OPPORTUNITY.reference(opportunity);
        both.await("the dead letter", () -> !both.product().items(letters).isEmpty());
        both.await(
                "the seller is told",
                () -> both.opportunity(opportunity).text(SYNC_STATUS).startsWith("✖"));
        both.awaitQuiet();

        List<JsonObject> dead = both.product().items(letters);
        assertThat(dead).hasSize(1);
        String[] missing = Stream.of(AMOUNT, CLOSE_DATE, PRODUCTS, COMPANY, STREET, CITY, COUNTRY)
                .filter(field -> !first.contains(field))
                .map(field -> crm.label(OPPORTUNITY, field))
                .toArray(String[]::new);
        assertThat(dead.get(0).getString("reason")).contains(missing);
        assertThat(both.opportunity(opportunity).text(AUDIT).lines())
                .as("one line in the record's Audit")
                .singleElement()
                .satisfies(line -> assertThat(line)
                        .contains("UTC - ", crm.label(OPPORTUNITY, AMOUNT), crm.label(OPPORTUNITY, PRODUCTS)));
        assertThat(both.referralsOf(opportunity)).isEmpty();

        Map<CrmField, Object> rest = new EnumMap<>(complete);
        rest.keySet().removeAll(first);
        crm.edit(OPPORTUNITY, opportunity, rest);

        String referral = both.awaitReferral(opportunity);
        both.awaitQuiet();
        assertThat(both.product().items(letters)).isEmpty();
        assertThat(both.opportunity(opportunity).text(SYNC_STATUS)).isEqualTo("✔");
        assertThat(dealValue(both.referral(referral))).isEqualByComparingTo(String.valueOf(50_000 + index));
    }

    // ---- leads

    @Test
    void aLeadThatItsSellerQualifiesIsAcceptedAndTheLinkFollowsToTheOpportunity() {
        String referral = partnerCenter.create(ReferralFixtures.qualifiedLead(NEXT.incrementAndGet()));
        both.await("the lead", () -> both.records(LEAD, referral).size() == 1);
        String lead = both.records(LEAD, referral).get(0).id();
        both.awaitQuiet();
        assertThat(state(both.referral(referral))).startsWith("New/");

        String opportunity = crm.qualify(lead);

        both.awaitEqual("accepted", () -> state(both.referral(referral)), "Active/Accepted");
        both.awaitEqual(
                "the link's record",
                () -> both.onlyLink(referral).getString("record"),
                OPPORTUNITY.reference(opportunity));
        both.awaitEqual(
                "the opportunity's referral",
                () -> both.opportunity(opportunity).text(REFERRAL_ID),
                referral);
        both.awaitEqual(
                "the record at Partner Center",
                () -> text(both.referral(referral), "externalReferenceId"),
                opportunity);
        both.awaitQuiet();
        assertThat(both.opportunity(opportunity).isOn(SWITCH)).isTrue();
        assertThat(crm.opportunitiesOf(lead))
                .as("the one opportunity of the lead")
                .extracting(CrmRecord::id)
                .containsExactly(opportunity);
        assertThat(both.entries(referral, "link.moved")).hasSize(1);
        assertThat(state(both.referral(referral))).isEqualTo("Active/Accepted");

        both.sellerSets(opportunity, AMOUNT, 44_000);
        both.awaitAmount("the seller's value", () -> dealValue(both.referral(referral)), 44_000);
    }

    @Test
    void aLeadThatIsAcceptedAtPartnerCenterBecomesAnOpportunityAndIsClosed() {
        String referral = partnerCenter.create(ReferralFixtures.qualifiedLead(NEXT.incrementAndGet()));
        both.await("the lead", () -> both.records(LEAD, referral).size() == 1);
        both.awaitQuiet();

        partnerCenter.accept(referral);

        String opportunity = both.awaitOpportunity(referral).id();
        both.awaitEqual(
                "the link's record",
                () -> both.onlyLink(referral).getString("record"),
                OPPORTUNITY.reference(opportunity));
        both.awaitEqual(
                "the lead is closed", () -> both.records(LEAD, referral).get(0).state(), crm.stateOfAcceptedLead());
        both.awaitEqual(
                "the record at Partner Center",
                () -> text(both.referral(referral), "externalReferenceId"),
                opportunity);
        both.awaitQuiet();
        assertThat(state(both.referral(referral)))
                .as("closing the lead is no answer to the referral")
                .isEqualTo("Active/Accepted");
        assertThat(crm.opportunitiesOf(both.records(LEAD, referral).get(0).id()))
                .extracting(CrmRecord::id)
                .isEqualTo(crm.showsOpportunityOfAcceptedLead() ? List.of(opportunity) : List.of());
    }

    @Test
    void aLeadThatItsSellerDisqualifiesIsDeclined() {
        String referral = partnerCenter.create(ReferralFixtures.marketplaceLead(NEXT.incrementAndGet()));
        both.await("the lead", () -> both.records(LEAD, referral).size() == 1);
        String lead = both.records(LEAD, referral).get(0).id();
        both.awaitQuiet();

        crm.disqualify(lead);

        both.awaitEqual("declined", () -> state(both.referral(referral)), "Closed/Declined");
        both.awaitQuiet();
        assertThat(both.records(OPPORTUNITY, referral)).isEmpty();
        assertThat(both.onlyLink(referral).getString("state")).isEqualTo("ended");
    }

    // ---- edits at the same moment

    @Test
    void anEditAtPartnerCenterBetweenOurReadAndOurWriteIsNotLost() {
        String opportunity = crm.create(OPPORTUNITY, both.deal(NEXT.incrementAndGet()));
        String referral = both.awaitReferral(opportunity);
        both.awaitQuiet();
        long refused = refused("patch referral", referral);
        partnerCenter
                .server()
                .faults()
                .next(1, Fault.delay(IN_FLIGHT), (method, path) -> method.equals("PATCH") && path.endsWith(referral));
        both.sellerSets(opportunity, AMOUNT, 81_000);
        both.await(
                "our write is on its way", () -> partnerCenter.server().faults().left() == 0);

        partnerCenter.edit(referral, "/details/notes", "written meanwhile");

        both.awaitAmount("the seller's value", () -> dealValue(both.referral(referral)), 81_000);
        both.awaitEqual(
                "Microsoft's words", () -> both.opportunity(opportunity).text(DESCRIPTION), "written meanwhile");
        both.awaitQuiet();
        assertThat(refused("patch referral", referral))
                .as("writes with a stale eTag")
                .isEqualTo(refused + 1);
        assertThat(notes(both.referral(referral))).isEqualTo("written meanwhile");
        assertThat(both.opportunity(opportunity).number(AMOUNT)).isEqualByComparingTo("81000");
    }

    @Test
    void ofTwoEditsOfOneFieldAtTheSameMomentOneWinsOnBothSidesAndTheTrailHasBoth() {
        String opportunity = crm.create(OPPORTUNITY, both.deal(NEXT.incrementAndGet()));
        String referral = both.awaitReferral(opportunity);
        both.awaitQuiet();
        partnerCenter
                .server()
                .faults()
                .next(1, Fault.delay(IN_FLIGHT), (method, path) -> method.equals("PATCH") && path.endsWith(referral));
        both.sellerSets(opportunity, AMOUNT, 82_000);
        both.await(
                "our write is on its way", () -> partnerCenter.server().faults().left() == 0);

        partnerCenter.edit(referral, "/details/dealValue", 83_000);

        both.awaitAmount(
                "Partner Center's later value",
                () -> both.opportunity(opportunity).number(AMOUNT),
                83_000);
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
        String opportunity = both.awaitOpportunity(referral).id();
        both.awaitQuiet();
        crm.server()
                .faults()
                .next(
                        1,
                        Fault.delay(IN_FLIGHT),
                        (method, path) -> crm.isUpdate(OPPORTUNITY, method, path) && path.contains(opportunity));
        partnerCenter.edit(referral, "/details/dealValue", 84_000);
        both.await("our write is on its way", () -> crm.server().faults().left() == 0);

        both.sellerSets(opportunity, DESCRIPTION, "entered meanwhile");

        both.awaitEqual("the seller's words", () -> notes(both.referral(referral)), "entered meanwhile");
        both.awaitAmount(
                "Partner Center's value", () -> both.opportunity(opportunity).number(AMOUNT), 84_000);
        both.awaitQuiet();
        assertThat(both.opportunity(opportunity).text(DESCRIPTION)).isEqualTo("entered meanwhile");
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
        String opportunity = crm.create(OPPORTUNITY, both.deal(NEXT.incrementAndGet()));
        String referral = both.awaitReferral(opportunity);
        both.awaitQuiet();
        crm.pushes().copies(3);
        partnerCenter.dispatcher().copies(3);
        int before = both.writes();
        both.sellerSets(opportunity, AMOUNT, 85_000);
        both.awaitAmount("the seller's value", () -> dealValue(both.referral(referral)), 85_000);
        both.awaitQuiet();
        assertThat(both.writes())
                .as("the value and the line in the record's Audit")
                .isEqualTo(before + 2);

        partnerCenter.edit(referral, "/details/notes", "once");
        both.awaitEqual("Microsoft's words", () -> both.opportunity(opportunity).text(DESCRIPTION), "once");
        both.awaitQuiet();
        assertThat(both.writes()).as("one write carries value and line").isEqualTo(before + 3);
    }
}
