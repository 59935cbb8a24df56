package org.cosellbridge.it;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.json.Json;
import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.math.BigDecimal;
import java.net.URI;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.awaitility.Awaitility;
import org.cosellbridge.simulator.CrmField;
import org.cosellbridge.simulator.CrmKind;
import org.cosellbridge.simulator.CrmRecord;
import org.cosellbridge.simulator.CrmSystem;
import org.cosellbridge.simulator.CrmWrite;
import org.cosellbridge.simulator.Landscape;
import org.cosellbridge.simulator.PartnerCenterSimulator;
import org.cosellbridge.simulator.ReferralFixtures;

/** The two systems that the product keeps equal, the product between them, and what a test asks of all three. */
final class BothSystems {
    static final Duration PATIENCE = Duration.ofMinutes(1);
    static final String SOLUTION = "SOL-12345-ABC";
    /** What was counted when the rules were looked at last: each test answers for its own. */
    private static int rulesOfPartnerCenter;

    private static int rulesOfCrm;
    private static int unchangedValues;
    private static int unchangedFields;

    private final Landscape landscape;
    private final Product product;

    BothSystems(Landscape landscape, URI product) {
        this.landscape = landscape;
        this.product = new Product(product, landscape.password());
    }

    /** Those of the run in which Arquillian has deployed the product. */
    static BothSystems ofThisRun() {
        return new BothSystems(
                LandscapeSession.landscape(), URI.create("http://127.0.0.1:" + Integer.getInteger("cosell.it.port")));
    }

    PartnerCenterSimulator partnerCenter() {
        return landscape.partnerCenter();
    }

    CrmSystem crm() {
        return landscape.crm();
    }

    Product product() {
        return product;
    }

    /** Both systems tell the product at once what happens in them. */
    void register() {
        partnerCenter().register(Landscape.webhook(product.url()), false);
        if (!crm().isRegistered()) {
            crm().register(product.url());
        }
    }

    /** The CRM pushes nothing any more; what is on its way has arrived when this returns. */
    void unregisterCrm() {
        crm().unregister();
        await("the last pushes", () -> crm().pushes().isIdle());
    }

    /** Nothing fails, rewrites, holds back or repeats any more. */
    void calm() {
        crm().server().faults().clear();
        crm().stopRewriting();
        crm().pushes().copies(1);
        crm().pushes().release();
        partnerCenter().server().faults().clear();
        partnerCenter().stopRewriting();
        partnerCenter().dispatcher().copies(1);
        partnerCenter().dispatcher().release();
    }

    /** Since this was asked last nobody broke a rule of either system or wrote what was there already. */
    void assertRulesKept() {
        List<String> ofCrm = crm().server().log().brokenRules();
        List<String> ofPartnerCenter = partnerCenter().server().log().brokenRules();
        List<String> fields = crm().unchangedFields();
        List<String> values = partnerCenter().unchangedValues();
        List<String> newOfCrm = ofCrm.subList(rulesOfCrm, ofCrm.size());
        List<String> newOfPartnerCenter = ofPartnerCenter.subList(rulesOfPartnerCenter, ofPartnerCenter.size());
        List<String> newFields = fields.subList(unchangedFields, fields.size());
        List<String> newValues = values.subList(unchangedValues, values.size());
        rulesOfCrm = ofCrm.size();
        rulesOfPartnerCenter = ofPartnerCenter.size();
        unchangedFields = fields.size();
        unchangedValues = values.size();
        assertThat(newOfCrm).as("rules of the CRM that were broken").isEmpty();
        assertThat(newOfPartnerCenter)
                .as("rules of Partner Center that were broken")
                .isEmpty();
        assertThat(newFields).as("fields written although they were equal").isEmpty();
        assertThat(newValues).as("values written although they were equal").isEmpty();
    }

    // ---- the CRM

    /** The fields of an opportunity that lacks nothing, with its switch on; its customer is a new one. */
    Map<CrmField, Object> deal(int index) {
        Map<CrmField, Object> fields = new EnumMap<>(CrmField.class);
        fields.put(CrmField.COMPANY, ReferralFixtures.customerName(index));
        fields.put(CrmField.STREET, "1 Main St");
        fields.put(CrmField.CITY, "Seattle");
        fields.put(CrmField.PROVINCE, "WA");
        fields.put(CrmField.POSTAL_CODE, "98101");
        fields.put(CrmField.COUNTRY, "US");
        fields.put(CrmField.FIRST_NAME, "Ana");
        fields.put(CrmField.LAST_NAME, "Diaz");
        fields.put(CrmField.EMAIL, ReferralFixtures.contactEmail(index));
        fields.put(CrmField.PHONE, "+1 206 555 0100");
        fields.put(CrmField.NAME, "Deal " + index + " of " + ReferralFixtures.customerName(index));
        fields.put(CrmField.AMOUNT, 50_000 + index);
        fields.put(CrmField.CURRENCY, "EUR");
        fields.put(CrmField.CLOSE_DATE, "2027-06-30");
        fields.put(CrmField.DESCRIPTION, "Deal " + index + " as its seller tells it.");
        fields.put(CrmField.PRODUCTS, SOLUTION);
        fields.put(CrmField.SWITCH, true);
        return fields;
    }

    /** The opportunity of this id. */
    CrmRecord opportunity(String id) {
        return crm().find(CrmKind.OPPORTUNITY, id).orElseThrow();
    }

    /** The records of this kind that carry the referral's id. */
    List<CrmRecord> records(CrmKind kind, String referral) {
        return crm().records(kind).stream()
                .filter(record -> record.text(CrmField.REFERRAL_ID).equals(referral))
                .toList();
    }

    /** The one opportunity that carries the referral's id, as soon as it is there. */
    CrmRecord awaitOpportunity(String referral) {
        await(
                "the opportunity of " + referral,
                () -> !records(CrmKind.OPPORTUNITY, referral).isEmpty());
        List<CrmRecord> records = records(CrmKind.OPPORTUNITY, referral);
        assertThat(records).as("opportunities of " + referral).hasSize(1);
        return records.get(0);
    }

    /** The seller changes one field of an opportunity. */
    void sellerSets(String opportunity, CrmField field, Object value) {
        crm().edit(CrmKind.OPPORTUNITY, opportunity, Map.of(field, value));
    }

    // ---- Partner Center

    JsonObject referral(String id) {
        return partnerCenter().referral(id);
    }

    /** Our referrals that name this record. */
    List<JsonObject> referralsOf(String record) {
        return partnerCenter().referrals(PartnerCenterSimulator.ORGANIZATION).stream()
                .filter(referral -> text(referral, "externalReferenceId").equals(record))
                .toList();
    }

    /** Every organisation's referral in the engagement of this one. */
    List<JsonObject> engagement(String referral) {
        String engagement = referral(referral).getString("engagementId");
        return partnerCenter().referrals().stream()
                .filter(other -> other.getString("engagementId").equals(engagement))
                .toList();
    }

    /** The id of the referral that the product creates for this opportunity, as soon as both know each other. */
    String awaitReferral(String opportunity) {
        await(
                "the referral of opportunity " + opportunity,
                () -> !opportunity(opportunity).text(CrmField.REFERRAL_ID).isEmpty());
        String referral = opportunity(opportunity).text(CrmField.REFERRAL_ID);
        assertThat(referralsOf(opportunity))
                .extracting(own -> own.getString("id"))
                .containsExactly(referral);
        return referral;
    }

    /** The referral with another value in its details. */
    static JsonObject withDetail(JsonObject referral, String name, JsonValue value) {
        return Json.createObjectBuilder(referral)
                .add(
                        "details",
                        Json.createObjectBuilder(referral.getJsonObject("details"))
                                .add(name, value))
                .build();
    }

    static BigDecimal dealValue(JsonObject referral) {
        return referral.getJsonObject("details").getJsonNumber("dealValue").bigDecimalValue();
    }

    static String notes(JsonObject referral) {
        return text(referral.getJsonObject("details"), "notes");
    }

    static String state(JsonObject referral) {
        return referral.getString("status") + "/" + referral.getString("substatus");
    }

    /** The text of a member; empty when it is null, missing or no text. */
    static String text(JsonObject object, String member) {
        return object.getOrDefault(member, JsonValue.NULL) instanceof JsonString text ? text.getString() : "";
    }

    static BigDecimal number(JsonObject object, String member) {
        return object.getOrDefault(member, JsonValue.NULL) instanceof JsonNumber number
                ? number.bigDecimalValue()
                : BigDecimal.ZERO;
    }

    // ---- the product

    JsonObject connection() {
        return product.items("connections").stream()
                .filter(item -> item.getString("id").equals(Landscape.CONNECTION))
                .findFirst()
                .orElseThrow();
    }

    /** The links of this referral. */
    List<JsonObject> links(String referral) {
        return product.items("links?referral=" + referral);
    }

    /** The one link of this referral, as soon as it is there. */
    JsonObject onlyLink(String referral) {
        await("the link of " + referral, () -> !links(referral).isEmpty());
        List<JsonObject> links = links(referral);
        assertThat(links).hasSize(1);
        return links.get(0);
    }

    List<JsonObject> entries(String referral) {
        return product.items("audit?referral=" + referral);
    }

    /** The entries of this kind. */
    List<JsonObject> entries(String referral, String kind) {
        return product.items("audit?kind=" + kind + "&referral=" + referral);
    }

    /** The entries of this kind with a change of this field. */
    List<JsonObject> entriesOfField(String referral, String kind, String field) {
        return entries(referral, kind).stream()
                .filter(entry -> findChange(entry, field).isPresent())
                .toList();
    }

    static Optional<JsonObject> findChange(JsonObject entry, String field) {
        return entry.getJsonArray("changes").stream()
                .map(JsonValue::asJsonObject)
                .filter(change -> change.getString("field").equals(field))
                .findFirst();
    }

    /** What keeps this referral's two sides apart; {@code list} is {@code conflicts} or {@code differences}. */
    List<JsonObject> findings(String list, String referral) {
        return product.items(list + "?link=" + onlyLink(referral).getString("id"));
    }

    Optional<JsonObject> finding(String list, String referral, String field) {
        return findings(list, referral).stream()
                .filter(finding -> finding.getString("field").equals(field))
                .findFirst();
    }

    /** Waits for a finding of this field and answers it. */
    JsonObject awaitFinding(String list, String referral, String field) {
        await(
                "a finding of " + field + " among the " + list,
                () -> finding(list, referral, field).isPresent());
        return finding(list, referral, field).orElseThrow();
    }

    /** Waits until every event has arrived, every sync request has ended, and none of that caused another. */
    void awaitQuiet() {
        awaitQuiet(PATIENCE);
    }

    /** The same when it may take this long. */
    void awaitQuiet(Duration longest) {
        int[] still = {0};
        Awaitility.await("quiet").atMost(longest).until(() -> {
            JsonObject connection = connection();
            boolean quiet = partnerCenter().dispatcher().isIdle()
                    && crm().pushes().isIdle()
                    && connection.getInt("waiting") + connection.getInt("running") == 0;
            still[0] = quiet ? still[0] + 1 : 0;
            return still[0] >= 3;
        });
    }

    /** How often either system was written to by a call. */
    int writes() {
        return (int) crm().writes().stream().filter(CrmWrite::byCall).count() + patches() + creates();
    }

    /** For this long nobody writes to either system. */
    void assertStill(Duration howLong) {
        int before = writes();
        Awaitility.await("no write for " + howLong)
                .atMost(PATIENCE)
                .during(howLong)
                .until(() -> writes() == before);
    }

    int patches() {
        return partnerCenter().server().log().count("patch referral");
    }

    int creates() {
        return partnerCenter().server().log().count("create referral");
    }

    void await(String what, java.util.concurrent.Callable<Boolean> condition) {
        Awaitility.await(what).atMost(PATIENCE).until(condition);
    }

    void awaitEqual(String what, java.util.concurrent.Callable<?> actual, Object expected) {
        Awaitility.await(what)
                .atMost(PATIENCE)
                .untilAsserted(() -> assertThat(actual.call()).isEqualTo(expected));
    }

    void awaitAmount(String what, java.util.concurrent.Callable<BigDecimal> actual, long expected) {
        Awaitility.await(what)
                .atMost(PATIENCE)
                .untilAsserted(() -> assertThat(actual.call()).isEqualByComparingTo(BigDecimal.valueOf(expected)));
    }
}
