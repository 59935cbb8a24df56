package org.cosellbridge.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.cosellbridge.it.BothSystems.dealValue;
import static org.cosellbridge.it.BothSystems.notes;
import static org.cosellbridge.it.BothSystems.number;
import static org.cosellbridge.it.BothSystems.text;
import static org.cosellbridge.simulator.CrmField.AMOUNT;
import static org.cosellbridge.simulator.CrmField.CLOSE_DATE;
import static org.cosellbridge.simulator.CrmField.CURRENCY;
import static org.cosellbridge.simulator.CrmField.DESCRIPTION;
import static org.cosellbridge.simulator.CrmField.NAME;
import static org.cosellbridge.simulator.CrmField.PRODUCTS;
import static org.cosellbridge.simulator.CrmField.REFERRAL_ID;
import static org.cosellbridge.simulator.CrmField.SWITCH;
import static org.cosellbridge.simulator.CrmField.SYNC_STATUS;
import static org.cosellbridge.simulator.CrmKind.OPPORTUNITY;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.cosellbridge.simulator.CrmField;
import org.cosellbridge.simulator.CrmRecord;
import org.cosellbridge.simulator.CrmSystem;
import org.cosellbridge.simulator.Landscape;
import org.cosellbridge.simulator.PartnerCenterSimulator;
import org.cosellbridge.simulator.ReferralFixtures;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.arquillian.junit5.ArquillianExtension;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Where the two sides cannot be, or shall not be, equal: it is said, nothing is forced, and there is a way back. */
@ExtendWith({ArquillianExtension.class, StateOnFailure.class})
class FindingsIT implements StateOnFailure.Tells {
    private static final AtomicInteger NEXT = new AtomicInteger(4_001);
    private static final Duration STILL = Duration.ofSeconds(3);
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
        if (both.connection().getString("state").equals("paused")) {
            both.product().ask("connections/" + Landscape.CONNECTION + "/resume", "");
        }
        both.awaitQuiet();
        both.assertRulesKept();
        assertThat(crm.failedAutomations()).isEmpty();
    }

    // ---- what one side cannot take

    @Test
    void notesLongerThanTheCrmTakesAreNeverCutAtPartnerCenter() {
        int most = crm.longestDescription();
        String sentence = "The customer's history, page after page. ";
        String longer = sentence.repeat(most * 3 / 2 / sentence.length() + 2);
        String referral = partnerCenter.create(BothSystems.withDetail(
                ReferralFixtures.partnerLed(NEXT.incrementAndGet()), "notes", Json.createValue(longer)));
        String opportunity = both.awaitOpportunity(referral).id();
        both.awaitQuiet();
        assertThat(both.opportunity(opportunity).text(DESCRIPTION)).hasSizeBetween(most - 100, most);
        assertThat(both.findings("differences", referral)).isEmpty();

        both.sellerSets(opportunity, DESCRIPTION, "the seller's short words");

        assertThat(both.awaitFinding("differences", referral, "notes").getString("reason"))
                .isEqualTo("cut");
        both.awaitQuiet();
        both.assertStill(STILL);
        assertThat(notes(both.referral(referral))).isEqualTo(longer);
        assertThat(both.opportunity(opportunity).text(DESCRIPTION)).isEqualTo("the seller's short words");

        partnerCenter.edit(referral, "/details/notes", "short at last");
        both.awaitEqual("both are short", () -> both.opportunity(opportunity).text(DESCRIPTION), "short at last");
        both.await(
                "the difference is closed",
                () -> both.findings("differences", referral).isEmpty());
    }

    @Test
    void anAmountThatTheProductsDetermineStaysTheCrms() {
        String opportunity = crm.create(OPPORTUNITY, both.deal(NEXT.incrementAndGet()));
        String referral = both.awaitReferral(opportunity);
        both.awaitQuiet();
        crm.amountFromProducts(opportunity, true);
        both.awaitQuiet();
        CrmRecord before = both.opportunity(opportunity);

        partnerCenter.edit(referral, "/details/dealValue", 12_345);

        JsonObject difference = both.awaitFinding("differences", referral, "dealValue");
        assertThat(difference.getString("reason")).isEqualTo("locked");
        assertThat(difference.getString("explanation")).contains("The CRM computes this field itself");
        both.awaitQuiet();
        both.assertStill(STILL);
        assertThat(both.opportunity(opportunity).number(AMOUNT)).isEqualByComparingTo(before.number(AMOUNT));
        assertThat(dealValue(both.referral(referral))).isEqualByComparingTo("12345");

        crm.amountFromProducts(opportunity, false);
        both.awaitAmount(
                "Partner Center's value", () -> both.opportunity(opportunity).number(AMOUNT), 12_345);
        both.awaitQuiet();
        assertThat(both.findings("differences", referral)).isEmpty();
    }

    @Test
    void aNameThatPartnerCenterDoesNotPatchIsADifference() {
        String opportunity = crm.create(OPPORTUNITY, both.deal(NEXT.incrementAndGet()));
        String referral = both.awaitReferral(opportunity);
        both.awaitQuiet();
        String name = both.referral(referral).getString("name");
        int patches = both.patches();

        both.sellerSets(opportunity, NAME, "Another name");

        JsonObject difference = both.awaitFinding("differences", referral, "name");
        assertThat(difference.getString("reason")).isEqualTo("create-only");
        both.awaitQuiet();
        both.assertStill(STILL);
        assertThat(both.patches()).isEqualTo(patches);
        assertThat(both.referral(referral).getString("name")).isEqualTo(name);
        assertThat(both.opportunity(opportunity).text(NAME)).isEqualTo("Another name");

        both.sellerSets(opportunity, NAME, name);
        both.await(
                "the difference is closed",
                () -> both.findings("differences", referral).isEmpty());
    }

    // ---- records that exist on both sides

    @Test
    void adoptionIsPreviewedBeforeAnythingIsWrittenAndAPersonDecidesItsConflicts() {
        int index = NEXT.incrementAndGet();
        both.product().ask("connections/" + Landscape.CONNECTION + "/pause", "{\"reason\":\"Look before leaping.\"}");
        JsonObject described =
                BothSystems.withDetail(ReferralFixtures.partnerLed(index), "notes", Json.createValue(""));
        String referral = partnerCenter.seed(described);
        Map<CrmField, Object> fields = both.deal(index);
        fields.put(REFERRAL_ID, referral);
        fields.put(CURRENCY, described.getJsonObject("details").getString("currency"));
        fields.remove(PRODUCTS);
        String opportunity = crm.create(OPPORTUNITY, fields);
        int before = both.writes();

        JsonObject preview = both.product().ask("referrals/" + referral + "/sync?dry-run=true", "");

        assertThat(fields(preview, "conflicts")).containsExactlyInAnyOrder("dealValue", "closingDate");
        assertThat(fields(preview, "toPartnerCenter")).containsExactly("notes");
        assertThat(fields(preview, "toCrm")).contains("referralLink", "products", "visibleToMicrosoft");
        JsonObject conflict = preview.getJsonArray("conflicts").stream()
                .map(JsonValue::asJsonObject)
                .filter(change -> change.getString("field").equals("dealValue"))
                .findFirst()
                .orElseThrow();
        assertThat(number(conflict, "crm")).isEqualByComparingTo(String.valueOf(50_000 + index));
        assertThat(number(conflict, "partnerCenter")).isEqualByComparingTo(dealValue(both.referral(referral)));
        assertThat(conflict.getString("rule")).isEqualTo("adoption");
        assertThat(conflict.getString("reason")).isNotBlank();
        assertThat(both.writes()).as("a preview writes nothing").isEqualTo(before);
        assertThat(both.links(referral)).isEmpty();

        both.product().ask("connections/" + Landscape.CONNECTION + "/resume", "");

        both.awaitFinding("conflicts", referral, "dealValue");
        both.awaitQuiet();
        assertThat(both.findings("conflicts", referral))
                .extracting(finding -> finding.getString("field"))
                .containsExactlyInAnyOrder("dealValue", "closingDate");
        assertThat(notes(both.referral(referral)))
                .as("the other fields go on")
                .isEqualTo(both.opportunity(opportunity).text(DESCRIPTION))
                .isNotEmpty();
        assertThat(both.opportunity(opportunity).text(PRODUCTS)).isNotEmpty();
        assertThat(both.opportunity(opportunity).number(AMOUNT)).isEqualByComparingTo(String.valueOf(50_000 + index));
        assertThat(dealValue(both.referral(referral))).isNotEqualByComparingTo(String.valueOf(50_000 + index));
        assertThat(both.opportunity(opportunity).text(SYNC_STATUS)).startsWith("✖");
        assertThat(both.records(OPPORTUNITY, referral)).hasSize(1);

        resolve(referral, "dealValue", "{\"side\":\"crm\"}");
        resolve(referral, "closingDate", "{\"value\":\"2027-09-30T00:00:00Z\"}");

        both.await(
                "no conflict is open",
                () -> both.findings("conflicts", referral).isEmpty());
        both.awaitQuiet();
        assertThat(dealValue(both.referral(referral))).isEqualByComparingTo(String.valueOf(50_000 + index));
        assertThat(both.referral(referral).getJsonObject("details").getString("closingDateTime"))
                .startsWith("2027-09-30T00:00:00");
        assertThat(both.opportunity(opportunity).text(CLOSE_DATE)).isEqualTo("2027-09-30");
        assertThat(both.opportunity(opportunity).number(AMOUNT)).isEqualByComparingTo(String.valueOf(50_000 + index));
        assertThat(both.opportunity(opportunity).text(SYNC_STATUS)).isEqualTo("✔");
        assertThat(both.entries(referral, "conflict.decided"))
                .hasSize(2)
                .allSatisfy(entry -> assertThat(entry.getString("actor")).isEqualTo("user:operator"));
    }

    private void resolve(String referral, String field, String decision) {
        String id = both.finding("conflicts", referral, field).orElseThrow().getString("id");
        JsonObject decided = both.product().ask("conflicts/" + id + "/resolve", decision);
        assertThat(decided.getJsonObject("decision").getString("decider")).isEqualTo("operator");
    }

    private static List<String> fields(JsonObject preview, String list) {
        return preview.getJsonArray(list).stream()
                .map(change -> change.asJsonObject().getString("field"))
                .toList();
    }

    // ---- what goes away and comes back

    @Test
    void aRecordThatIsSwitchedOffIsLeftAloneAndCatchesUpWhenItIsSwitchedOn() {
        String opportunity = crm.create(OPPORTUNITY, both.deal(NEXT.incrementAndGet()));
        String referral = both.awaitReferral(opportunity);
        both.awaitQuiet();

        both.sellerSets(opportunity, SWITCH, false);

        both.awaitEqual("paused", () -> both.onlyLink(referral).getString("state"), "paused");
        assertThat(both.onlyLink(referral).getString("pausedBy")).isEqualTo("seller");
        both.awaitQuiet();
        int before = both.writes();
        both.sellerSets(opportunity, AMOUNT, 91_000);
        partnerCenter.edit(referral, "/details/notes", "while nobody listened");
        both.awaitQuiet();
        both.assertStill(STILL);
        assertThat(both.writes()).isEqualTo(before);
        assertThat(both.opportunity(opportunity).text(DESCRIPTION)).isNotEqualTo("while nobody listened");

        both.sellerSets(opportunity, SWITCH, true);

        both.awaitAmount("the seller's value", () -> dealValue(both.referral(referral)), 91_000);
        both.awaitEqual(
                "Microsoft's words", () -> both.opportunity(opportunity).text(DESCRIPTION), "while nobody listened");
        both.awaitQuiet();
        assertThat(both.onlyLink(referral).getString("state")).isEqualTo("active");
        assertThat(both.entries(referral, "link.state-changed"))
                .extracting(entry -> entry.getString("outcome"))
                .containsExactlyInAnyOrder("paused", "active");
        assertThat(both.referralsOf(opportunity)).hasSize(1);
    }

    @Test
    void aDeletedRecordComesBackOnlyWhenAPersonAsks() {
        int index = NEXT.incrementAndGet();
        String referral = partnerCenter.create(ReferralFixtures.partnerLed(index));
        String opportunity = both.awaitOpportunity(referral).id();
        both.awaitQuiet();

        crm.delete(OPPORTUNITY, opportunity);

        both.awaitEqual("gone", () -> both.onlyLink(referral).getString("state"), "record-gone");
        partnerCenter.edit(referral, "/details/dealValue", 33_000);
        both.awaitQuiet();
        assertThat(both.records(OPPORTUNITY, referral)).as("no resurrection").isEmpty();

        both.product().ask("links/" + both.onlyLink(referral).getString("id") + "/recreate", "");

        CrmRecord again = both.awaitOpportunity(referral);
        assertThat(again.id()).isNotEqualTo(opportunity);
        assertThat(again.number(AMOUNT)).isEqualByComparingTo("33000");
        both.awaitEqual(
                "the new record at Partner Center",
                () -> text(both.referral(referral), "externalReferenceId"),
                again.id());
        both.awaitQuiet();
        assertThat(both.onlyLink(referral).getString("state")).isEqualTo("active");
        both.sellerSets(again.id(), AMOUNT, 34_000);
        both.awaitAmount("the seller's value", () -> dealValue(both.referral(referral)), 34_000);
    }

    @Test
    void aReferralThatIsOutOfReachIsNoDeletionAndCatchesUp() {
        String opportunity = crm.create(OPPORTUNITY, both.deal(NEXT.incrementAndGet()));
        String referral = both.awaitReferral(opportunity);
        both.awaitQuiet();
        int referrals = partnerCenter.referrals().size();
        partnerCenter.hide(referral);

        both.sellerSets(opportunity, AMOUNT, 92_000);

        both.awaitEqual("out of reach", () -> both.onlyLink(referral).getString("state"), "referral-unreachable");
        both.awaitQuiet();
        partnerCenter.show(referral);
        both.product().ask("links/" + both.onlyLink(referral).getString("id") + "/sync", "");
        both.awaitAmount("the seller's value", () -> dealValue(both.referral(referral)), 92_000);
        both.awaitQuiet();
        assertThat(both.onlyLink(referral).getString("state")).isEqualTo("active");
        assertThat(partnerCenter.referrals()).as("no second referral").hasSize(referrals);
    }

    // ---- sides that never agree

    @Test
    void theBreakerStopsTheLinkWhoseSidesKeepOverwritingEachOtherAndNoOther() {
        String quarrelsome = crm.create(OPPORTUNITY, both.deal(NEXT.incrementAndGet()));
        String peaceful = crm.create(OPPORTUNITY, both.deal(NEXT.incrementAndGet()));
        String referral = both.awaitReferral(quarrelsome);
        String other = both.awaitReferral(peaceful);
        both.awaitQuiet();
        AtomicInteger words = new AtomicInteger();
        UnaryOperator<JsonValue> differently = value -> Json.createValue("word " + words.incrementAndGet());
        partnerCenter.rewrite("/details/notes", differently);
        crm.rewrite(OPPORTUNITY, DESCRIPTION, text -> "word " + words.incrementAndGet());

        both.sellerSets(quarrelsome, DESCRIPTION, "the last word");

        both.awaitEqual("stopped", () -> both.onlyLink(referral).getString("state"), "paused");
        JsonObject link = both.onlyLink(referral);
        assertThat(link.getString("pausedBy")).isEqualTo("breaker");
        assertThat(link.getString("stateReason")).contains("keep overwriting", "notes");
        assertThat(both.entries(referral, "link.state-changed"))
                .singleElement()
                .satisfies(entry -> assertThat(entry.getString("reason")).contains("keep overwriting"));
        both.awaitQuiet();
        both.assertStill(STILL);
        both.sellerSets(peaceful, AMOUNT, 93_000);
        both.awaitAmount("the other deal goes on", () -> dealValue(both.referral(other)), 93_000);
        assertThat(both.onlyLink(other).getString("state")).isEqualTo("active");

        partnerCenter.stopRewriting();
        crm.stopRewriting();
        both.product().ask("links/" + link.getString("id") + "/resume", "");

        both.await(
                "the two agree",
                () -> both.opportunity(quarrelsome).text(DESCRIPTION).equals(notes(both.referral(referral))));
        both.awaitQuiet();
        assertThat(both.onlyLink(referral).getString("state")).isEqualTo("active");
        assertThat(both.opportunity(quarrelsome).text(DESCRIPTION)).isEqualTo(notes(both.referral(referral)));
    }
}
