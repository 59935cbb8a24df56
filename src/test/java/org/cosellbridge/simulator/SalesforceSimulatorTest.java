package org.cosellbridge.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.math.BigDecimal;
import java.net.http.HttpRequest;
import java.util.List;
import java.util.Map;
import org.cosellbridge.simulator.SalesforceTestClient.Answer;
import org.cosellbridge.simulator.SalesforceTestClient.SetClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SalesforceSimulatorTest {
    private static final String USER = "integration@contoso.example";
    private static final String DEAL =
            "{'Name':'Contoso cloud deal','StageName':'Prospecting','CloseDate':'2026-12-31'%s}";
    private static final String LEAD = "{'LastName':'Doe','Company':'Contoso'%s}";

    private final SetClock clock = new SetClock();
    private final SalesforceSimulator salesforce = new SalesforceSimulator(0, clock).start();
    private final String userId = salesforce.apiUser(USER);
    private final SalesforceTestClient client = new SalesforceTestClient(salesforce.url(), salesforce.issue(USER));

    @AfterEach
    void closeAll() {
        salesforce.close();
    }

    private static String deal(String more) {
        return DEAL.formatted(more);
    }

    private String createDeal(String more) {
        Answer answer = client.post("sobjects/Opportunity", deal(more));
        assertThat(answer.status()).as(answer.body()).isEqualTo(201);
        return answer.id();
    }

    private JsonObject row(String id) {
        return salesforce.row("Opportunity", id).orElseThrow();
    }

    private List<String> brokenRules() {
        return salesforce.server().log().brokenRules();
    }

    // --- rows ------------------------------------------------------------------------------------------------------

    @Test
    void idsCarryTheChecksThatTheDocumentationShows() {
        assertThat(SalesforceId.withChecks("001D000000IqhSL")).isEqualTo("001D000000IqhSLIAZ");
        assertThat(SalesforceId.parse("001D000000IqhSLIAZ")).contains("001D000000IqhSLIAZ");
        assertThat(SalesforceId.parse("001D000000IqhSL")).contains("001D000000IqhSLIAZ");
        assertThat(SalesforceId.parse("001D000000IqhSLIAA")).isEmpty();
        assertThat(SalesforceId.parse("001D000000IqhS")).isEmpty();
    }

    @Test
    void createsReadsChangesAndDeletesARecord() {
        Answer created =
                client.post("sobjects/Opportunity", deal(",'Amount':120000.00,'Referral_Identifier__c':'R-1'"));
        String id = created.id();
        assertThat(created.status()).isEqualTo(201);
        assertThat(created.json().getBoolean("success")).isTrue();
        assertThat(created.json().getJsonArray("errors")).isEmpty();
        assertThat(id).startsWith("006").hasSize(18);
        assertThat(created.header("location")).isEqualTo("/services/data/v67.0/sobjects/Opportunity/" + id);

        JsonObject read = client.get(
                        "sobjects/Opportunity/" + id + "?fields=Name,Amount,SystemModstamp,LastModifiedById")
                .json();
        assertThat(read.getJsonObject("attributes").getString("url"))
                .isEqualTo("/services/data/v67.0/sobjects/Opportunity/" + id);
        assertThat(read.getJsonNumber("Amount").toString()).isEqualTo("120000.0");
        assertThat(read.getString("SystemModstamp")).isEqualTo("2026-11-20T07:40:00.000+0000");
        assertThat(read.getString("LastModifiedById")).isEqualTo(userId);
        assertThat(read).doesNotContainKey("StageName");

        clock.now = clock.now.plusSeconds(5);
        Answer changed = client.patch("sobjects/Opportunity/" + id.substring(0, 15), "{'Amount':null}");
        assertThat(changed.status()).isEqualTo(204);
        assertThat(changed.body()).isEmpty();
        assertThat(row(id).get("Amount")).isEqualTo(JsonValue.NULL);
        assertThat(row(id).getString("LastModifiedDate")).isEqualTo("2026-11-20T07:40:05.000+0000");

        assertThat(client.delete("sobjects/Opportunity/" + id).status()).isEqualTo(204);
        assertThat(client.get("sobjects/Opportunity/" + id).error()).startsWith("404 ENTITY_IS_DELETED");
        assertThat(client.patch("sobjects/Opportunity/" + id, "{'Name':'x'}").error())
                .startsWith("404 ENTITY_IS_DELETED");
        assertThat(salesforce.deleted("Opportunity")).containsExactly(id);
        assertThat(salesforce.writes("Opportunity"))
                .extracting(SalesforceSimulator.Write::action)
                .containsExactly("CREATE", "UPDATE", "DELETE");
        assertThat(brokenRules()).isEmpty();
    }

    @Test
    void takesAPostThatStandsForAPatch() {
        String id = createDeal("");
        assertThat(client.post("sobjects/Opportunity/" + id + "?_HttpMethod=PATCH", "{'NextStep':'call'}")
                        .status())
                .isEqualTo(204);
        assertThat(row(id).getString("NextStep")).isEqualTo("call");
        assertThat(client.post("sobjects/Opportunity/" + id, "{'NextStep':'x'}").error())
                .startsWith("405 METHOD_NOT_ALLOWED");
    }

    @Test
    void findsARelatedRecordByItsExternalId() {
        salesforce.addField("Account", "ERP_Id__c", "string", 40, List.of());
        String account = salesforce.create("Account", Map.of("Name", "Contoso", "ERP_Id__c", "A-17"));
        assertThat(client.post("sobjects/Opportunity", deal(",'Account':{'ERP_Id__c':'A-17'}"))
                        .error())
                .startsWith("400 INVALID_FIELD");
        salesforce.externalIdField("Account", "ERP_Id__c", true);
        String id = createDeal(",'Account':{'ERP_Id__c':'A-17'}");
        assertThat(row(id).getString("AccountId")).isEqualTo(account);
        assertThat(client.post("sobjects/Opportunity", deal(",'Account':{'ERP_Id__c':'A-18'}"))
                        .status())
                .isEqualTo(400);
    }

    @Test
    void takesWhatBelongsToADeletedAccountAlong() {
        String account = salesforce.create("Account", Map.of("Name", "Contoso"));
        String id = createDeal(",'AccountId':'" + account + "'");
        salesforce.delete("Account", account);
        assertThat(client.get("sobjects/Opportunity/" + id).error()).startsWith("404 ENTITY_IS_DELETED");
        assertThat(client.post("sobjects/Opportunity", deal(",'AccountId':'" + account + "'"))
                        .error())
                .startsWith("400 INVALID_CROSS_REFERENCE_KEY");
        salesforce.undelete("Account", account);
        assertThat(row(id).getString("AccountId")).isEqualTo(account);
    }

    @Test
    void refusesIdsThatAreNone() {
        assertThat(client.get("sobjects/Opportunity/abc").error()).startsWith("400 MALFORMED_ID");
        assertThat(client.get("sobjects/Opportunity/" + userId).error()).startsWith("400 MALFORMED_ID");
        assertThat(client.get("sobjects/Opportunity/" + SalesforceId.of("006", 1))
                        .error())
                .startsWith("404 NOT_FOUND");
    }

    @Test
    void refusesValuesThatDoNotFitTheirFields() {
        assertThat(client.post("sobjects/Opportunity", "{'Name':'x'}").error())
                .isEqualTo("400 REQUIRED_FIELD_MISSING Required fields are missing: [StageName, CloseDate]");
        assertThat(client.post("sobjects/Opportunity", deal(",'Amount':'12'")).error())
                .startsWith("400 JSON_PARSER_ERROR");
        assertThat(client.post("sobjects/Opportunity", deal(",'NextStep':5")).error())
                .startsWith("400 JSON_PARSER_ERROR");
        assertThat(client.post("sobjects/Opportunity", deal(",'IsPrivate':'true'"))
                        .error())
                .startsWith("400 JSON_PARSER_ERROR");
        assertThat(client.post("sobjects/Opportunity", "{'Name':").error()).startsWith("400 JSON_PARSER_ERROR");
        assertThat(client.post("sobjects/Opportunity", deal(",'NextStep':'" + "x".repeat(256) + "'"))
                        .error())
                .startsWith("400 STRING_TOO_LONG")
                .endsWith("(max length=255)");
        assertThat(client.post("sobjects/Opportunity", deal(",'Probability':101"))
                        .error())
                .startsWith("400 NUMBER_OUTSIDE_VALID_RANGE");
        assertThat(client.post("sobjects/Opportunity", deal(",'How_can_Microsoft_help__c':'General or other'"))
                        .error())
                .startsWith("400 INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST");
        assertThat(client.post("sobjects/Opportunity", deal(",'Nonsense__c':'x'"))
                        .error())
                .startsWith("400 INVALID_FIELD No such column 'Nonsense__c'");
        assertThat(client.post("sobjects/Opportunity", deal(",'IsWon':true")).error())
                .startsWith("400 INVALID_FIELD_FOR_INSERT_UPDATE");
        assertThat(client.post("sobjects/Opportunity", deal(",'AccountId':'001'"))
                        .error())
                .startsWith("400 MALFORMED_ID");
        assertThat(client.post("sobjects/Opportunity", deal(",'AccountId':'" + SalesforceId.of("001", 9) + "'"))
                        .error())
                .startsWith("400 INVALID_CROSS_REFERENCE_KEY");
        assertThat(client.post("sobjects/Lead", LEAD.formatted(",'Email':'nobody'"))
                        .error())
                .startsWith("400 INVALID_EMAIL_ADDRESS");
        assertThat(client.post(
                                "sobjects/Opportunity",
                                deal(",'CloseDate':'31.12.2026'").replace("'CloseDate':'2026-12-31',", ""))
                        .error())
                .startsWith("400 JSON_PARSER_ERROR");
        assertThat(salesforce.rows("Opportunity")).isEmpty();
        assertThat(salesforce.rows("Lead")).isEmpty();
    }

    @Test
    void refusesABodyThatIsNotDeclaredAsJson() {
        HttpRequest.Builder request =
                client.request("POST", "sobjects/Lead", "").method("POST", HttpRequest.BodyPublishers.ofString("{}"));
        assertThat(client.send(request).status()).isEqualTo(415);
    }

    @Test
    void namesTheOtherRecordWhenAUniqueValueIsThere() {
        String first = createDeal(",'Referral_Identifier__c':'r-1'");
        Answer second = client.post("sobjects/Opportunity", deal(",'Referral_Identifier__c':'R-1'"));
        assertThat(second.error())
                .isEqualTo(
                        "400 DUPLICATE_VALUE duplicate value found: Referral_Identifier__c duplicates value on record"
                                + " with id: " + first);
        assertThat(client.patch("sobjects/Opportunity/" + first, "{'Referral_Identifier__c':'R-1'}")
                        .status())
                .isEqualTo(204);
    }

    @Test
    void derivesWhatTheStageMeans() {
        String id = createDeal(",'Amount':1000");
        assertThat(row(id).getJsonNumber("Probability").intValue()).isEqualTo(10);
        assertThat(row(id).getJsonNumber("ExpectedRevenue").intValue()).isEqualTo(100);
        client.patch("sobjects/Opportunity/" + id, "{'StageName':'Closed Won'}");
        assertThat(row(id).getBoolean("IsClosed")).isTrue();
        assertThat(row(id).getBoolean("IsWon")).isTrue();
        assertThat(row(id).getString("ForecastCategoryName")).isEqualTo("Closed");
        client.patch("sobjects/Opportunity/" + id, "{'StageName':'Closed Lost'}");
        assertThat(row(id).getBoolean("IsClosed")).isTrue();
        assertThat(row(id).getBoolean("IsWon")).isFalse();
        client.patch("sobjects/Opportunity/" + id, "{'StageName':'Qualification'}");
        assertThat(row(id).getBoolean("IsClosed")).isFalse();
        assertThat(brokenRules()).isEmpty();
        client.patch("sobjects/Opportunity/" + id, "{'StageName':'Won'}");
        assertThat(row(id).getString("StageName")).isEqualTo("Won");
        assertThat(brokenRules()).singleElement().asString().contains("no active stage");
    }

    @Test
    void passesOverAnAmountThatProductsMake() {
        String id = createDeal(",'Amount':1000");
        salesforce.addProducts(id, new BigDecimal("1500"));
        assertThat(client.patch("sobjects/Opportunity/" + id, "{'Amount':9,'NextStep':'call'}")
                        .status())
                .isEqualTo(204);
        assertThat(row(id).getJsonNumber("Amount").intValue()).isEqualTo(1500);
        assertThat(row(id).getString("NextStep")).isEqualTo("call");
        assertThat(row(id).getBoolean("HasOpportunityLineItem")).isTrue();

        salesforce.removeProducts(id);
        assertThat(row(id).getBoolean("HasOpportunityLineItem")).isFalse();
        assertThat(row(id).getJsonNumber("Amount").intValue()).isEqualTo(1500);
        client.patch("sobjects/Opportunity/" + id, "{'Amount':9}");
        assertThat(row(id).getJsonNumber("Amount").intValue()).isEqualTo(9);
    }

    @Test
    void makesAPrimaryContactRoleOfTheContactAtCreation() {
        String contact = salesforce.create("Contact", Map.of("LastName", "Doe"));
        String id = createDeal(",'ContactId':'" + contact + "'");
        assertThat(salesforce.rows("OpportunityContactRole")).singleElement().satisfies(role -> {
            assertThat(role.getString("OpportunityId")).isEqualTo(id);
            assertThat(role.getBoolean("IsPrimary")).isTrue();
        });
        assertThat(client.patch("sobjects/Opportunity/" + id, "{'ContactId':null}")
                        .error())
                .startsWith("400 INVALID_FIELD_FOR_INSERT_UPDATE");
        String other = salesforce.create("Contact", Map.of("LastName", "Roe"));
        assertThat(client.post(
                                "sobjects/OpportunityContactRole",
                                "{'OpportunityId':'" + id + "','ContactId':'" + other + "','IsPrimary':true}")
                        .status())
                .isEqualTo(201);
        assertThat(salesforce.rows("OpportunityContactRole"))
                .extracting(role -> role.getBoolean("IsPrimary"))
                .containsExactly(false, true);
        salesforce.delete("Opportunity", id);
        assertThat(salesforce.rows("OpportunityContactRole")).isEmpty();
    }

    @Test
    void keepsConvertedLeadsAsTheyAre() {
        String id = client.post("sobjects/Lead", LEAD.formatted(",'FirstName':'Jane','Country':'United States'"))
                .id();
        assertThat(salesforce.row("Lead", id).orElseThrow().getString("Name")).isEqualTo("Jane Doe");
        assertThat(salesforce.row("Lead", id).orElseThrow().getString("Status")).isEqualTo("Open - Not Contacted");
        assertThat(client.patch("sobjects/Lead/" + id, "{'Status':'Closed - Converted'}")
                        .status())
                .isEqualTo(400);
        assertThat(brokenRules()).singleElement().asString().contains("converted");
        String deal = salesforce.convert(id, true).orElseThrow();
        assertThat(client.patch("sobjects/Lead/" + id, "{'Title':'CEO'}").error())
                .startsWith("400 CANNOT_UPDATE_CONVERTED_LEAD");
        JsonObject lead = client.get("sobjects/Lead/" + id + "?fields=IsConverted,ConvertedOpportunityId")
                .json();
        assertThat(lead.getBoolean("IsConverted")).isTrue();
        assertThat(lead.getString("ConvertedOpportunityId")).isEqualTo(deal);
        assertThat(row(deal).get("Referral_Identifier__c")).isEqualTo(JsonValue.NULL);
        assertThatThrownBy(() -> salesforce.convert(id, true)).isInstanceOf(IllegalArgumentException.class);
    }

    // --- conditions ------------------------------------------------------------------------------------------------

    @Test
    void comparesConditionsByTheSecond() {
        String id = createDeal("");
        String target = "sobjects/Opportunity/" + id;
        String header = "If-Unmodified-Since";
        assertThat(client.patch(target, "{'NextStep':'a'}", header, "Fri, 20 Nov 2026 07:40:00 GMT")
                        .status())
                .isEqualTo(204);
        assertThat(client.patch(target, "{'NextStep':'b'}", header, "Fri, 20 Nov 2026 07:40:00 GMT")
                        .status())
                .as("a change within the same second is not seen")
                .isEqualTo(204);
        assertThat(client.patch(target, "{'NextStep':'c'}", header, "Fri, 20 Nov 2026 07:39:59 GMT")
                        .status())
                .isEqualTo(412);
        assertThat(client.patch(target, "{'NextStep':'c'}", header, "2026-11-20T07:40:00Z")
                        .status())
                .isEqualTo(400);
        assertThat(row(id).getString("NextStep")).isEqualTo("b");
        assertThat(brokenRules()).isEmpty();
        assertThat(client.patch(target, "{'NextStep':'d'}", "If-Match", "\"1\"").status())
                .isEqualTo(204);
        assertThat(brokenRules()).singleElement().asString().contains("if-match is not honoured");
    }

    // --- external ids ----------------------------------------------------------------------------------------------

    @Test
    void writesAndReadsByExternalId() {
        String target = "sobjects/Opportunity/Referral_Identifier__c/R-1";
        Answer created = client.patch(target, deal(""));
        assertThat(created.status()).isEqualTo(201);
        assertThat(created.json().getBoolean("created")).isTrue();
        Answer updated = client.patch(target, "{'Name':'Other'}");
        assertThat(updated.status()).isEqualTo(200);
        assertThat(updated.json().getBoolean("created")).isFalse();
        assertThat(client.get(target + "?fields=Name").json().getString("Name")).isEqualTo("Other");
        assertThat(client.patch(target, "{'Referral_Identifier__c':'R-1'}").error())
                .startsWith("400 INVALID_FIELD");
        assertThat(client.patch("sobjects/Opportunity/Referral_Identifier__c/R-2?updateOnly=true", "{'Name':'x'}")
                        .status())
                .isEqualTo(404);
        assertThat(client.get("sobjects/Opportunity/Referral_Identifier__c/R-2").error())
                .startsWith("404 NOT_FOUND");
        assertThat(client.get("sobjects/Opportunity/Nonsense__c/R-1").error()).startsWith("404 NOT_FOUND");
        salesforce.uniqueField("Opportunity", "Referral_Identifier__c", false);
        createDeal(",'Referral_Identifier__c':'R-1'");
        Answer several = client.patch(target, "{'Name':'x'}");
        assertThat(several.status()).isEqualTo(300);
        assertThat(several.array().getValuesAs(JsonString.class)).hasSize(2);
        assertThat(salesforce.rows("Opportunity"))
                .extracting(row -> row.getString("Name"))
                .doesNotContain("x");
    }
}
