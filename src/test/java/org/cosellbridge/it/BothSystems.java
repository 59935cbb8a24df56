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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.awaitility.Awaitility;
import org.cosellbridge.simulator.DataverseSimulator;
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
    private static int unchangedColumns;

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

    DataverseSimulator crm() {
        return landscape.dataverse();
    }

    Product product() {
        return product;
    }

    /** Both systems tell the product at once what happens in them. */
    void register() {
        partnerCenter().register(Landscape.webhook(product.url()), false);
        if (crm().rows("sdkmessageprocessingsteps").isEmpty()) {
            landscape.registerCrmWebhook(product.url());
        }
    }

    /** The CRM pushes nothing any more; what is on its way has arrived when this returns. */
    void unregisterCrm() {
        landscape.unregisterCrmWebhook();
        await("the last pushes", () -> crm().webhooks().isIdle());
    }

    /** Nothing fails, rewrites, holds back or repeats any more. */
    void calm() {
        crm().server().faults().clear();
        crm().stopRewriting();
        crm().webhooks().copies(1);
        crm().webhooks().release();
        partnerCenter().server().faults().clear();
        partnerCenter().stopRewriting();
        partnerCenter().dispatcher().copies(1);
        partnerCenter().dispatcher().release();
    }

    /** Since this was asked last nobody broke a rule of either system or wrote what was there already. */
    void assertRulesKept() {
        List<String> ofCrm = crm().server().log().brokenRules();
        List<String> ofPartnerCenter = partnerCenter().server().log().brokenRules();
        List<String> columns = crm().unchangedColumns();
        List<String> values = partnerCenter().unchangedValues();
        List<String> newOfCrm = ofCrm.subList(rulesOfCrm, ofCrm.size());
        List<String> newOfPartnerCenter = ofPartnerCenter.subList(rulesOfPartnerCenter, ofPartnerCenter.size());
        List<String> newColumns = columns.subList(unchangedColumns, columns.size());
        List<String> newValues = values.subList(unchangedValues, values.size());
        rulesOfCrm = ofCrm.size();
        rulesOfPartnerCenter = ofPartnerCenter.size();
        unchangedColumns = columns.size();
        unchangedValues = values.size();
        assertThat(newOfCrm).as("rules of Dataverse that were broken").isEmpty();
        assertThat(newOfPartnerCenter)
                .as("rules of Partner Center that were broken")
                .isEmpty();
        assertThat(newColumns).as("columns written although they were equal").isEmpty();
        assertThat(newValues).as("values written although they were equal").isEmpty();
    }

    // ---- the CRM

    /** The columns of an opportunity that lacks nothing, with its switch on; account and contact are in the CRM afterwards. */
    Map<String, Object> deal(int index) {
        String account = crm().create(
                        "accounts",
                        Map.of(
                                "name",
                                ReferralFixtures.customerName(index),
                                "address1_line1",
                                "1 Main St",
                                "address1_city",
                                "Seattle",
                                "address1_stateorprovince",
                                "WA",
                                "address1_postalcode",
                                "98101",
                                "address1_country",
                                "US"));
        String contact = crm().create(
                        "contacts",
                        Map.of(
                                "firstname",
                                "Ana",
                                "lastname",
                                "Diaz",
                                "emailaddress1",
                                ReferralFixtures.contactEmail(index),
                                "telephone1",
                                "+1 206 555 0100",
                                "parentcustomerid_account@odata.bind",
                                "/accounts(" + account + ")"));
        Map<String, Object> columns = new LinkedHashMap<>();
        columns.put("name", "Deal " + index + " of " + ReferralFixtures.customerName(index));
        columns.put("parentaccountid@odata.bind", "/accounts(" + account + ")");
        columns.put("customerid_account@odata.bind", "/accounts(" + account + ")");
        columns.put("parentcontactid@odata.bind", "/contacts(" + contact + ")");
        columns.put("estimatedvalue", 50_000 + index);
        columns.put("transactioncurrencyid@odata.bind", currency("EUR"));
        columns.put("estimatedclosedate", "2027-06-30");
        columns.put("description", "Deal " + index + " as its seller tells it.");
        columns.put("cosell_products", SOLUTION);
        columns.put("cosell_syncwithpartnercenter", true);
        return columns;
    }

    /** The reference to a currency, for {@code @odata.bind}. */
    String currency(String code) {
        return crm().rows("transactioncurrencies").stream()
                .filter(row -> row.getString("isocurrencycode").equals(code))
                .map(row -> "/transactioncurrencies(" + row.getString("transactioncurrencyid") + ")")
                .findFirst()
                .orElseThrow();
    }

    /** The currency's code of a row. */
    String currencyOf(JsonObject row) {
        return crm().row("transactioncurrencies", row.getString("_transactioncurrencyid_value"))
                .orElseThrow()
                .getString("isocurrencycode");
    }

    /** The opportunity of this id. */
    JsonObject opportunity(String id) {
        return crm().row("opportunities", id).orElseThrow();
    }

    /** The rows of this set that carry the referral's id. */
    List<JsonObject> rows(String set, String referral) {
        return crm().rows(set).stream()
                .filter(row -> text(row, "cosell_referralidentifier").equals(referral))
                .toList();
    }

    /** The one opportunity that carries the referral's id, as soon as it is there. */
    JsonObject awaitOpportunity(String referral) {
        await(
                "the opportunity of " + referral,
                () -> !rows("opportunities", referral).isEmpty());
        List<JsonObject> rows = rows("opportunities", referral);
        assertThat(rows).as("opportunities of " + referral).hasSize(1);
        return rows.get(0);
    }

    /** The seller changes one column of an opportunity. */
    void sellerSets(String opportunity, String column, Object value) {
        crm().edit("opportunities", opportunity, Map.of(column, value));
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
                () -> !text(opportunity(opportunity), "cosell_referralidentifier")
                        .isEmpty());
        String referral = text(opportunity(opportunity), "cosell_referralidentifier");
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
                    && crm().webhooks().isIdle()
                    && connection.getInt("waiting") + connection.getInt("running") == 0;
            still[0] = quiet ? still[0] + 1 : 0;
            return still[0] >= 3;
        });
    }

    /** How often either system was written to by a call. */
    int writes() {
        return crm().writes().stream()
                        .mapToInt(write -> write.bySeller() ? 0 : 1)
                        .sum()
                + patches()
                + creates();
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
