package org.cosellbridge.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.cosellbridge.simulator.SalesforceTestClient.Answer;
import org.cosellbridge.simulator.SalesforceTestClient.SetClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SalesforceSoqlTest {
    private static final String USER = "integration@contoso.example";

    private final SetClock clock = new SetClock();
    private final SalesforceSimulator salesforce = new SalesforceSimulator(0, clock).start();
    private final String userId = salesforce.apiUser(USER);
    private final SalesforceTestClient client = new SalesforceTestClient(salesforce.url(), salesforce.issue(USER));

    @AfterEach
    void closeAll() {
        salesforce.close();
    }

    private String deal(String name, Map<String, ?> more) {
        Map<String, Object> fields =
                new HashMap<>(Map.of("Name", name, "StageName", "Prospecting", "CloseDate", "2026-12-31"));
        fields.putAll(more);
        return salesforce.create("Opportunity", fields);
    }

    private List<String> names(String where) {
        Answer answer = client.query("SELECT Name FROM Opportunity WHERE " + where + " ORDER BY Name");
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        return answer.texts("Name");
    }

    private String error(String soql) {
        return client.query(soql).error();
    }

    private String malformed(String soql) {
        return error(soql).substring(0, "400 MALFORMED_QUERY".length());
    }

    @Test
    void understandsConditions() {
        deal("A", Map.of("Amount", 10, "NextStep", "call", "IsPrivate", true));
        clock.now = clock.now.plusSeconds(60);
        deal("B", Map.of("Amount", 20, "NextStep", "50% off", "CloseDate", "2027-01-31"));
        deal("O'Neil \"C\"", Map.of("StageName", "Closed Won"));

        assertThat(names("Name = 'a'")).containsExactly("A");
        assertThat(names("Name = 'O\\'Neil \\\"C\\\"'")).containsExactly("O'Neil \"C\"");
        assertThat(names("Name = '\\u0041'")).containsExactly("A");
        assertThat(names("Amount > 10")).containsExactly("B");
        assertThat(names("Amount >= 10 AND Amount < 20.5")).containsExactly("A", "B");
        assertThat(names("Amount = null")).containsExactly("O'Neil \"C\"");
        assertThat(names("NextStep != 'call'"))
                .as("an empty field is not 'call'")
                .containsExactly("B", "O'Neil \"C\"");
        assertThat(names("IsPrivate = TRUE")).containsExactly("A");
        assertThat(names("CloseDate <= 2026-12-31 AND IsClosed = false")).containsExactly("A");
        assertThat(names("SystemModstamp >= 2026-11-20T07:41:00Z")).containsExactly("B", "O'Neil \"C\"");
        assertThat(names("SystemModstamp < 2026-11-20T09:41:00+02:00")).containsExactly("A");
        assertThat(names("Name IN ('A', 'B') AND (Amount = 20 OR NextStep = 'x')"))
                .containsExactly("B");
        assertThat(names("Name NOT IN ('A', 'B')")).containsExactly("O'Neil \"C\"");
        assertThat(names("NOT (Name = 'A' OR Name = 'B')")).containsExactly("O'Neil \"C\"");
        assertThat(names("Name LIKE 'o%'")).containsExactly("O'Neil \"C\"");
        assertThat(names("Name LIKE '_'")).containsExactly("A", "B");
        assertThat(names("NextStep LIKE '50\\%%'")).containsExactly("B");
        assertThat(names("Owner.Username = 'sam.seller@contoso.example' AND IsWon = true"))
                .containsExactly("O'Neil \"C\"");
        assertThat(names("OwnerId = '" + salesforce.sellerId().substring(0, 15) + "' AND Amount = 10"))
                .containsExactly("A");
        assertThat(client.query("SELECT name FROM opportunity ORDER BY Amount DESC NULLS LAST, Name LIMIT 2")
                        .texts("Name"))
                .containsExactly("B", "A");
        assertThat(salesforce.server().log().brokenRules()).isEmpty();
    }

    @Test
    void refusesWhatSalesforceRefuses() {
        assertThat(error("SELECT Id, Nonsense__c FROM Opportunity"))
                .startsWith("400 INVALID_FIELD No such column 'Nonsense__c' on entity 'Opportunity'");
        assertThat(error("SELECT Id FROM Opportunity WHERE Nonsense__c = 'x'")).startsWith("400 INVALID_FIELD");
        assertThat(error("SELECT Nobody.Name FROM Opportunity")).startsWith("400 INVALID_FIELD");
        assertThat(error("SELECT Account.Nonsense FROM Opportunity")).contains("on entity 'Account'");
        assertThat(error("SELECT Id FROM Nonsense__c")).startsWith("400 INVALID_TYPE");
        assertThat(error("SELECT Id FROM Opportunity WHERE Audit__c = 'x'"))
                .isEqualTo("400 INVALID_FIELD field 'Audit__c' can not be filtered in a query call");
        assertThat(error("SELECT Id FROM Opportunity WHERE Products__c != null"))
                .startsWith("400 INVALID_FIELD");
        assertThat(error("SELECT Id FROM Opportunity WHERE Description LIKE 'x%'"))
                .startsWith("400 INVALID_FIELD");
        assertThat(error("SELECT Id FROM Opportunity ORDER BY Audit__c")).startsWith("400 ");
        assertThat(error("SELECT Id FROM Opportunity WHERE Amount = '12'")).startsWith("400 INVALID_FIELD");
        assertThat(error("SELECT Id FROM Opportunity WHERE Name = 12")).startsWith("400 INVALID_FIELD");
        assertThat(error("SELECT Id FROM Opportunity WHERE CloseDate = 2026-11-20T07:40:00Z"))
                .startsWith("400 INVALID_FIELD");
        assertThat(error("SELECT Id FROM Opportunity WHERE SystemModstamp = '2026-11-20T07:40:00Z'"))
                .startsWith("400 INVALID_FIELD");
        assertThat(error("SELECT Id FROM Opportunity WHERE Id = 'abc'"))
                .startsWith("400 INVALID_QUERY_FILTER_OPERATOR");
        assertThat(error("SELECT Id, id FROM Opportunity")).startsWith("400 INVALID_FIELD");
        assertThat(error("SELECT Id, (SELECT Nonsense FROM OpportunityContactRoles) FROM Opportunity"))
                .startsWith("400 INVALID_FIELD");
        assertThat(error("SELECT Id, (SELECT Id FROM Nonsenses) FROM Opportunity"))
                .startsWith("400 INVALID_TYPE");
        assertThat(error("SELECT Id, CurrencyIsoCode FROM Opportunity")).startsWith("400 INVALID_FIELD");
        assertThat(error("SELECT IsoCode FROM CurrencyType")).startsWith("400 INVALID_TYPE");
        salesforce.hideField("Opportunity", "Audit__c", true);
        assertThat(error("SELECT Audit__c FROM Opportunity")).startsWith("400 INVALID_FIELD No such column");
    }

    @Test
    void refusesMalformedText() {
        String expected = "400 MALFORMED_QUERY";
        for (String soql : List.of(
                "SELECT FROM Opportunity",
                "SELECT Id Opportunity",
                "SELECT Id, FROM Opportunity",
                "SELECT Id FROM Opportunity WHERE",
                "SELECT Id FROM Opportunity WHERE Name = 'O'Neil'",
                "SELECT Id FROM Opportunity WHERE Name = 'open",
                "SELECT Id FROM Opportunity WHERE Name = 'a\\qb'",
                "SELECT Id FROM Opportunity WHERE Name = 'a\\%b'",
                "SELECT Id FROM Opportunity WHERE Name = '\\u00'",
                "SELECT Id FROM Opportunity WHERE Name = abc",
                "SELECT Id FROM Opportunity WHERE Name = 'a' AND Name = 'b' OR Name = 'c'",
                "SELECT Id FROM Opportunity WHERE Name IN ()",
                "SELECT Id FROM Opportunity WHERE CloseDate = 2026-13-01",
                "SELECT Id FROM Opportunity WHERE SystemModstamp > 2026-11-20T25:00:00Z",
                "SELECT Id FROM Opportunity LIMIT 'x'",
                "SELECT Id FROM Opportunity; DELETE",
                "SELECT Id FROM Opportunity WHERE Name = '" + "x".repeat(4_001) + "'")) {
            assertThat(malformed(soql)).as(soql).isEqualTo(expected);
        }
        assertThat(salesforce.server().log().brokenRules()).isEmpty();
        assertThat(client.query("SELECT COUNT() FROM Opportunity").status()).isEqualTo(501);
        assertThat(salesforce.server().log().brokenRules())
                .singleElement()
                .asString()
                .contains("function");
    }

    @Test
    void refusesAnAddressThatIsTooLong() {
        String names = "'" + "x".repeat(3_000) + "'";
        String list = String.join(",", List.of(names, names, names, names, names, names));
        assertThat(client.query("SELECT Id FROM Opportunity WHERE Name IN (" + list + ")")
                        .status())
                .isEqualTo(414);
    }

    @Test
    void readsParentsAndChildren() {
        String account = salesforce.create("Account", Map.of("Name", "Contoso", "BillingCountry", "DE"));
        String contact = salesforce.create("Contact", Map.of("LastName", "Doe", "Email", "doe@contoso.example"));
        String with = deal("With", Map.of("AccountId", account));
        deal("Without", Map.of());
        salesforce.create(
                "OpportunityContactRole", Map.of("OpportunityId", with, "ContactId", contact, "IsPrimary", true));
        List<JsonObject> rows = client.query("SELECT Name, Account.Name, Account.BillingCountry, Owner.Email,"
                        + " (SELECT ContactId, Contact.Email, IsPrimary FROM OpportunityContactRoles WHERE IsPrimary = true)"
                        + " FROM Opportunity ORDER BY Name")
                .records();
        JsonObject first = rows.get(0);
        assertThat(first.getJsonObject("Account").getString("BillingCountry")).isEqualTo("DE");
        assertThat(first.getJsonObject("Account").getJsonObject("attributes").getString("type"))
                .isEqualTo("Account");
        assertThat(first.getJsonObject("Owner").getString("Email")).isEqualTo("sam.seller@contoso.example");
        JsonObject roles = first.getJsonObject("OpportunityContactRoles");
        assertThat(roles.getInt("totalSize")).isEqualTo(1);
        assertThat(roles.getJsonArray("records")
                        .getJsonObject(0)
                        .getJsonObject("Contact")
                        .getString("Email"))
                .isEqualTo("doe@contoso.example");
        assertThat(rows.get(1).get("Account")).isEqualTo(JsonValue.NULL);
        assertThat(rows.get(1).get("OpportunityContactRoles")).isEqualTo(JsonValue.NULL);
    }

    @Test
    void handsOutPagesByLocators() {
        salesforce.largestPage(2);
        for (int i = 0; i < 5; i++) {
            deal("Deal " + i, Map.of());
        }
        JsonObject first =
                client.query("SELECT Name FROM Opportunity ORDER BY Name").json();
        assertThat(first.getInt("totalSize")).isEqualTo(5);
        assertThat(first.getBoolean("done")).isFalse();
        Answer second = client.get(first.getString("nextRecordsUrl"));
        assertThat(second.texts("Name")).containsExactly("Deal 2", "Deal 3");
        Answer third = client.get(second.json().getString("nextRecordsUrl"));
        assertThat(third.texts("Name")).containsExactly("Deal 4");
        assertThat(third.json().getBoolean("done")).isTrue();
        assertThat(third.json()).doesNotContainKey("nextRecordsUrl");
        salesforce.expireCursors();
        assertThat(client.get(first.getString("nextRecordsUrl")).error()).startsWith("400 INVALID_QUERY_LOCATOR");
        assertThat(salesforce.server().log().brokenRules()).isEmpty();
        String again = client.query("SELECT Name FROM Opportunity").json().getString("nextRecordsUrl");
        assertThat(client.get(again.replace("-2", "-3")).error()).startsWith("400 INVALID_QUERY_LOCATOR");
        assertThat(salesforce.server().log().brokenRules())
                .singleElement()
                .asString()
                .contains("made up");
    }

    @Test
    void keepsTenCursorsOpenForAUser() {
        salesforce.largestPage(1);
        deal("A", Map.of());
        deal("B", Map.of());
        String first = client.query("SELECT Id FROM Opportunity").json().getString("nextRecordsUrl");
        for (int i = 0; i < 9; i++) {
            client.query("SELECT Id FROM Opportunity");
        }
        assertThat(client.get(first).status()).isEqualTo(200);
        client.query("SELECT Id FROM Opportunity");
        assertThat(client.get(first).error()).startsWith("400 INVALID_QUERY_LOCATOR");
    }

    @Test
    void givesSmallPagesForTwoLongTexts() {
        for (int i = 0; i < 205; i++) {
            deal("Deal " + i, Map.of());
        }
        assertThat(client.query("SELECT Name, Audit__c FROM Opportunity").records())
                .hasSize(205);
        assertThat(client.query("SELECT Name, Audit__c, Products__c FROM Opportunity")
                        .records())
                .hasSize(200);
        Answer asked = client.send(client.request("GET", "query?q=SELECT+Id+FROM+Opportunity", "")
                .header("Sforce-Query-Options", "batchSize=200"));
        assertThat(asked.records()).hasSize(200);
        assertThat(salesforce.server().log().brokenRules()).isEmpty();
        client.send(client.request("GET", "query?q=SELECT+Id+FROM+Opportunity", "")
                .header("Sforce-Query-Options", "batchSize=50"));
        assertThat(salesforce.server().log().brokenRules()).hasSize(1);
    }

    @Test
    void findsDeletedRecordsWithQueryAllOnly() {
        String id = deal("Gone", Map.of());
        salesforce.delete("Opportunity", id);
        assertThat(client.query("SELECT Id FROM Opportunity").records()).isEmpty();
        String soql = URLEncoder.encode(
                "SELECT Id, IsDeleted FROM Opportunity WHERE IsDeleted = true", StandardCharsets.UTF_8);
        assertThat(client.get("queryAll?q=" + soql).texts("Id")).containsExactly(id);
        salesforce.undelete("Opportunity", id);
        assertThat(client.query("SELECT Id FROM Opportunity").texts("Id")).containsExactly(id);
    }

    @Test
    void tellsWhatChangedAndWhatIsGone() {
        String kept = deal("Kept", Map.of());
        String gone = deal("Gone", Map.of());
        clock.now = clock.now.plusSeconds(90);
        salesforce.delete("Opportunity", gone);
        String window = "?start=2026-11-20T07:30:00%2B00:00&end=";
        JsonObject soon = client.get("sobjects/Opportunity/deleted/" + window + "2026-11-20T08:00:00Z")
                .json();
        assertThat(soon.getJsonArray("deletedRecords"))
                .as("this minute is not over")
                .isEmpty();
        assertThat(soon.getString("latestDateCovered")).isEqualTo("2026-11-20T07:41:00.000+0000");
        clock.now = clock.now.plusSeconds(60);
        JsonObject deleted = client.get("sobjects/Opportunity/deleted/" + window + "2026-11-20T08:00:00Z")
                .json();
        assertThat(deleted.getJsonArray("deletedRecords").getJsonObject(0).getString("id"))
                .isEqualTo(gone);
        JsonObject updated = client.get("sobjects/Opportunity/updated/" + window + "2026-11-20T08:00:00Z")
                .json();
        assertThat(updated.getJsonArray("ids").getString(0)).isEqualTo(kept);
        assertThat(updated.getJsonArray("ids")).hasSize(1);
        assertThat(client.get("sobjects/Opportunity/deleted/" + window + "2026-11-20T07:30:30Z")
                        .error())
                .startsWith("400 INVALID_REPLICATION_DATE");
        assertThat(client.get("sobjects/Opportunity/deleted/?start=2026-11-01T00:00:00Z&end=2026-11-20T00:00:00Z")
                        .error())
                .startsWith("400 INVALID_REPLICATION_DATE");
        assertThat(client.get("sobjects/Opportunity/updated/?start=2026-11-01T00:00:00Z&end=2026-11-20T00:00:00Z")
                        .status())
                .isEqualTo(200);
        salesforce.replicationStep(Duration.ofSeconds(1));
        salesforce.delete("Opportunity", kept);
        clock.now = clock.now.plusSeconds(1);
        assertThat(client.get("sobjects/Opportunity/deleted/" + window + "2026-11-20T08:00:00Z")
                        .json()
                        .getJsonArray("deletedRecords"))
                .hasSize(2);
        assertThat(salesforce.server().log().brokenRules()).isEmpty();
    }

    @Test
    void movesOnlyTheSystemsStampWhenAProcessTouchesARecord() {
        String id = deal("A", Map.of());
        clock.now = clock.now.plusSeconds(60);
        salesforce.touch("Opportunity", id);
        JsonObject row = client.query("SELECT SystemModstamp, LastModifiedDate FROM Opportunity")
                .records()
                .get(0);
        assertThat(row.getString("SystemModstamp")).isEqualTo("2026-11-20T07:41:00.000+0000");
        assertThat(row.getString("LastModifiedDate")).isEqualTo("2026-11-20T07:40:00.000+0000");
    }

    @Test
    void showsLongTransactionsLaterThanTheirStamps() {
        salesforce.lateCommits(Duration.ofMinutes(4));
        deal("Late", Map.of());
        assertThat(names("SystemModstamp >= 2026-11-20T07:40:00Z")).isEmpty();
        assertThat(names("SystemModstamp = 2026-11-20T07:36:00Z")).containsExactly("Late");
    }

    @Test
    void listsStagesAndStatuses() {
        salesforce.stage("Won_EU", "Gewonnen", true, true, true, 100);
        salesforce.stage("Prospecting", "Prospecting", false, false, false, 10);
        List<JsonObject> stages = client.query("SELECT ApiName, MasterLabel, IsActive, IsClosed, IsWon,"
                        + " DefaultProbability, ForecastCategoryName, SortOrder FROM OpportunityStage"
                        + " WHERE IsActive = true ORDER BY SortOrder")
                .records();
        assertThat(stages).hasSize(10);
        assertThat(stages.get(0).getString("ApiName")).isEqualTo("Qualification");
        assertThat(stages.get(9).getString("MasterLabel")).isEqualTo("Gewonnen");
        assertThat(stages.get(9).getBoolean("IsWon")).isTrue();
        assertThat(client.query("SELECT ApiName, MasterLabel, IsDefault, IsConverted, SortOrder FROM LeadStatus"
                                + " WHERE IsConverted = true")
                        .texts("ApiName"))
                .containsExactly("Closed - Converted");
        assertThat(client.query("SELECT Id, OrganizationType, IsSandbox, InstanceName FROM Organization")
                        .texts("Id"))
                .containsExactly(salesforce.organizationId());
        assertThat(client.post("sobjects/OpportunityStage", "{'ApiName':'x'}").status())
                .isEqualTo(403);
        assertThat(userId).startsWith("005");
    }

    @Test
    void knowsCurrenciesInAMultiCurrencyOrganization() {
        String id = deal("A", Map.of());
        salesforce.multiCurrency(true);
        assertThat(client.query("SELECT CurrencyIsoCode FROM Opportunity").texts("CurrencyIsoCode"))
                .containsExactly("USD");
        assertThat(client.query("SELECT IsoCode, IsCorporate FROM CurrencyType WHERE IsActive = true ORDER BY IsoCode")
                        .texts("IsoCode"))
                .containsExactly("EUR", "GBP", "USD");
        assertThat(client.patch("sobjects/Opportunity/" + id, "{'CurrencyIsoCode':'EUR'}")
                        .status())
                .isEqualTo(204);
        salesforce.currency("GBP", false);
        assertThat(client.patch("sobjects/Opportunity/" + id, "{'CurrencyIsoCode':'GBP'}")
                        .error())
                .startsWith("400 INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST");
    }
}
