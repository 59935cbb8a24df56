package org.cosellbridge.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.util.List;
import java.util.Map;
import org.cosellbridge.simulator.SalesforceTestClient.Answer;
import org.cosellbridge.simulator.SalesforceTestClient.SetClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the organization's owner can switch on, limits and faults, describe, and several requests in one call. */
class SalesforceRulesTest {
    private static final String USER = "integration@contoso.example";
    private static final String DEAL = "{'Name':'Deal','StageName':'Prospecting','CloseDate':'2026-12-31'%s}";

    private final SetClock clock = new SetClock();
    private final SalesforceSimulator salesforce = new SalesforceSimulator(0, clock).start();
    private final String userId = salesforce.apiUser(USER);
    private final SalesforceTestClient client = new SalesforceTestClient(salesforce.url(), salesforce.issue(USER));

    @AfterEach
    void closeAll() {
        salesforce.close();
    }

    private String createDeal() {
        Answer answer = client.post("sobjects/Opportunity", DEAL.formatted(""));
        assertThat(answer.status()).as(answer.body()).isEqualTo(201);
        return answer.id();
    }

    private String next(String id) {
        JsonValue step = salesforce.row("Opportunity", id).orElseThrow().get("NextStep");
        return step == null ? "" : step.toString();
    }

    private JsonObject field(String object, String name) {
        return client
                .get("sobjects/" + object + "/describe")
                .json()
                .getJsonArray("fields")
                .getValuesAs(JsonObject.class)
                .stream()
                .filter(field -> field.getString("name").equals(name))
                .findFirst()
                .orElse(JsonValue.EMPTY_JSON_OBJECT);
    }

    private List<String> brokenRules() {
        return salesforce.server().log().brokenRules();
    }

    // --- rules of the organization's owner -------------------------------------------------------------------------

    @Test
    void refusesDuplicatesAsTheRuleSays() {
        salesforce.create("Account", Map.of("Name", "Contoso", "BillingPostalCode", "10115"));
        salesforce.duplicateRule("Account", false, "Name");
        String body = "{'Name':'contoso'}";
        Answer refused = client.post("sobjects/Account", body);
        assertThat(refused.error()).isEqualTo("400 DUPLICATES_DETECTED Use one of these records?");
        JsonObject result = refused.array().getJsonObject(0).getJsonObject("duplicateResult");
        JsonObject match = result.getJsonArray("matchResults").getJsonObject(0);
        assertThat(match.getString("entityType")).isEqualTo("Account");
        JsonObject record = match.getJsonArray("matchRecords").getJsonObject(0).getJsonObject("record");
        assertThat(record).doesNotContainKey("Name");
        Answer detailed = client.send(client.request("POST", "sobjects/Account", body)
                .header("Sforce-Duplicate-Rule-Header", "allowSave=false; includeRecordDetails=true"));
        assertThat(detailed.body()).contains("\"Name\":\"Contoso\"");
        Answer allowed = client.send(client.request("POST", "sobjects/Account", body)
                .header("Sforce-Duplicate-Rule-Header", "allowSave=true"));
        assertThat(allowed.status()).isEqualTo(201);
        salesforce.clearRules();
        salesforce.duplicateRule("Account", true, "Name");
        assertThat(client.send(client.request("POST", "sobjects/Account", body)
                                .header("Sforce-Duplicate-Rule-Header", "allowSave=true"))
                        .error())
                .startsWith("400 DUPLICATES_DETECTED");
    }

    @Test
    void asksADuplicateRuleOfAChangeOnlyWhenItConcernsItsFields() {
        salesforce.create("Account", Map.of("Name", "Contoso"));
        String other = salesforce.create("Account", Map.of("Name", "Contoso"));
        salesforce.duplicateRule("Account", true, "Name");
        assertThat(client.patch("sobjects/Account/" + other, "{'Phone':'1'}").status())
                .isEqualTo(204);
        assertThat(client.patch("sobjects/Account/" + other, "{'Name':'CONTOSO'}")
                        .error())
                .startsWith("400 DUPLICATES_DETECTED");
    }

    @Test
    void refusesWhatAValidationRuleForbids() {
        salesforce.addField("Opportunity", "Loss_Reason__c", "picklist", 255, List.of("Price", "Other"));
        salesforce.validationRule(
                "Opportunity",
                row -> row.getBoolean("IsClosed") && !row.getBoolean("IsWon") && row.isNull("Loss_Reason__c"),
                "Tell us why we lost.",
                "Loss_Reason__c");
        String target = "sobjects/Opportunity/" + createDeal();
        Answer refused = client.patch(target, "{'StageName':'Closed Lost'}");
        assertThat(refused.error()).isEqualTo("400 FIELD_CUSTOM_VALIDATION_EXCEPTION Tell us why we lost.");
        assertThat(refused.array().getJsonObject(0).getJsonArray("fields").getString(0))
                .isEqualTo("Loss_Reason__c");
        assertThat(client.patch(target, "{'StageName':'Closed Lost','Loss_Reason__c':'Price'}")
                        .status())
                .isEqualTo(204);
    }

    @Test
    void refusesRowsThatAreBusyOrLocked() {
        String id = createDeal();
        String target = "sobjects/Opportunity/" + id;
        salesforce.busyRows(1);
        assertThat(client.patch(target, "{'NextStep':'a'}").error())
                .startsWith("400 UNABLE_TO_LOCK_ROW unable to obtain exclusive access to this record");
        assertThat(client.patch(target, "{'NextStep':'a'}").status()).isEqualTo(204);
        salesforce.lock(id, true);
        assertThat(client.patch(target, "{'NextStep':'b'}").error()).startsWith("400 ENTITY_IS_LOCKED");
        salesforce.lock(id, false);
        assertThat(client.patch(target, "{'NextStep':'b'}").status()).isEqualTo(204);
    }

    @Test
    void refusesWhatTheIntegrationUserMayNot() {
        salesforce.permit("Opportunity", "create", false);
        assertThat(client.post("sobjects/Opportunity", DEAL.formatted("")).error())
                .startsWith("403 INSUFFICIENT_ACCESS_OR_READONLY");
        assertThat(client.get("sobjects/Opportunity/describe").json().getBoolean("createable"))
                .isFalse();
        salesforce.permit("Opportunity", "read", false);
        assertThat(client.get("sobjects/Opportunity/describe").error()).startsWith("404 NOT_FOUND");
        assertThat(client.query("SELECT Id FROM Opportunity").error()).startsWith("400 INVALID_TYPE");
    }

    @Test
    void givesLeadsToTheAssignmentRuleUnlessTheCallSaysNo() {
        String queue = salesforce.person("queue@contoso.example", "Lead", "Desk");
        salesforce.leadAssignment(queue);
        String body = "{'LastName':'Doe','Company':'Contoso'}";
        String assigned = client.post("sobjects/Lead", body).id();
        String kept = client.send(client.request("POST", "sobjects/Lead", body).header("Sforce-Auto-Assign", "FALSE"))
                .id();
        assertThat(salesforce.row("Lead", assigned).orElseThrow().getString("OwnerId"))
                .isEqualTo(queue);
        assertThat(salesforce.row("Lead", kept).orElseThrow().getString("OwnerId"))
                .isEqualTo(userId);
    }

    @Test
    void letsQueuesOwnLeadsOnly() {
        String queue = salesforce.queue("Inbound");
        String lead = client.post("sobjects/Lead", "{'LastName':'Doe','Company':'Contoso','OwnerId':'" + queue + "'}")
                .id();
        JsonObject row = client.query("SELECT Owner.Name, Owner.Email FROM Lead WHERE Id = '" + lead + "'")
                .records()
                .get(0)
                .getJsonObject("Owner");
        assertThat(row.getString("Name")).isEqualTo("Inbound");
        assertThat(row.isNull("Email")).isTrue();
        assertThat(row.getJsonObject("attributes").getString("type")).isEqualTo("Group");
        assertThat(client.patch("sobjects/Opportunity/" + createDeal(), "{'OwnerId':'" + queue + "'}")
                        .error())
                .startsWith("400 MALFORMED_ID");
        assertThat(field("Lead", "OwnerId").getJsonArray("referenceTo")).hasSize(2);
    }

    @Test
    void checksCountriesWhereTheyArePicklists() {
        salesforce.countryPicklists(true);
        assertThat(client.post("sobjects/Account", "{'Name':'A','BillingCountry':'Deutschland'}")
                        .error())
                .startsWith("400 FIELD_INTEGRITY_EXCEPTION");
        String byName = client.post("sobjects/Account", "{'Name':'A','BillingCountry':'Germany'}")
                .id();
        assertThat(salesforce.row("Account", byName).orElseThrow().getString("BillingCountryCode"))
                .isEqualTo("DE");
        assertThat(client.patch("sobjects/Account/" + byName, "{'BillingCountryCode':'FR'}")
                        .status())
                .isEqualTo(204);
        assertThat(salesforce.row("Account", byName).orElseThrow().getString("BillingCountry"))
                .isEqualTo("France");
        assertThat(client.patch("sobjects/Account/" + byName, "{'BillingCountryCode':'XX'}")
                        .status())
                .isEqualTo(400);
        assertThat(client.patch("sobjects/Account/" + byName, "{'BillingCountryCode':'DE','BillingCountry':'India'}")
                        .error())
                .startsWith("400 FIELD_INTEGRITY_EXCEPTION");
        client.patch("sobjects/Account/" + byName, "{'BillingCountry':null}");
        assertThat(salesforce.row("Account", byName).orElseThrow().isNull("BillingCountryCode"))
                .isTrue();
        salesforce.countryPicklists(false);
        assertThat(client.query("SELECT BillingCountryCode FROM Account").error())
                .startsWith("400 INVALID_FIELD");
    }

    @Test
    void rewritesInTheSameTransactionAsTheSameUser() {
        String id = createDeal();
        salesforce.rewrite("Opportunity", "NextStep", held -> Json.createValue("normalized"));
        client.patch("sobjects/Opportunity/" + id, "{'NextStep':'call'}");
        JsonObject row = salesforce.row("Opportunity", id).orElseThrow();
        assertThat(row.getString("NextStep")).isEqualTo("normalized");
        assertThat(row.getString("LastModifiedById")).isEqualTo(userId);
        assertThat(salesforce.updates("Opportunity")).as("the call's alone").isEqualTo(1);
        salesforce.rewrite("Opportunity", "Description", held -> Json.createValue("x".repeat(40_000)));
        client.patch("sobjects/Opportunity/" + id, "{'Description':'d'}");
        assertThat(salesforce.failedAutomations()).singleElement().asString().contains("STRING_TOO_LONG");
        salesforce.stopRewriting();
        client.patch("sobjects/Opportunity/" + id, "{'NextStep':'call'}");
        assertThat(next(id)).isEqualTo("\"call\"");
    }

    @Test
    void letsPeopleBreakNoRuleOfSalesforce() {
        assertThatThrownBy(() -> salesforce.create("Opportunity", Map.of("Name", "x")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("REQUIRED_FIELD_MISSING");
        String kept = salesforce.create("Lead", Map.of("LastName", "Doe", "Company", "Contoso"));
        String merged = salesforce.create("Lead", Map.of("LastName", "Doh", "Company", "Contoso"));
        salesforce.mergeLeads(kept, merged);
        assertThat(client.get("sobjects/Lead/" + merged).error()).startsWith("404 ENTITY_IS_DELETED");
        assertThat(client.get("queryAll?q=SELECT+MasterRecordId+FROM+Lead+WHERE+IsDeleted+=+true")
                        .texts("MasterRecordId"))
                .containsExactly(kept);
    }

    // --- describe --------------------------------------------------------------------------------------------------

    @Test
    void describesWhatTheIntegrationUserMaySeeAndWrite() {
        JsonObject help = field("Opportunity", "How_can_Microsoft_help__c");
        assertThat(help.getString("label")).isEqualTo("How can Microsoft help?");
        assertThat(help.getBoolean("restrictedPicklist")).isTrue();
        JsonObject value = help.getJsonArray("picklistValues").getJsonObject(2);
        assertThat(value.getString("value")).isEqualTo("ProofOfConceptOrDemo");
        assertThat(value.getString("label")).isEqualTo("Proof of concept or demo");
        JsonObject key = field("Lead", "Referral_Identifier__c");
        assertThat(key.getInt("length")).isEqualTo(100);
        assertThat(key.getBoolean("unique")).isTrue();
        assertThat(key.getBoolean("externalId")).isTrue();
        assertThat(key.getBoolean("updateable")).isTrue();
        assertThat(field("Opportunity", "Audit__c").getString("type")).isEqualTo("textarea");
        assertThat(field("Opportunity", "Audit__c").getBoolean("filterable")).isFalse();
        assertThat(field("Opportunity", "IsWon").getBoolean("updateable")).isFalse();
        assertThat(field("Opportunity", "StageName").getJsonArray("picklistValues"))
                .hasSize(10);
        assertThat(field("Opportunity", "CurrencyIsoCode")).isEmpty();
        salesforce.label("Opportunity", "Amount", "Betrag");
        assertThat(field("Opportunity", "Amount").getString("label")).isEqualTo("Betrag");
        salesforce.readOnlyField("Opportunity", "Audit__c", true);
        salesforce.hideField("Opportunity", "Products__c", true);
        assertThat(field("Opportunity", "Audit__c").getBoolean("updateable")).isFalse();
        assertThat(field("Opportunity", "Products__c")).isEmpty();
        String target = "sobjects/Opportunity/" + createDeal();
        assertThat(client.patch(target, "{'Audit__c':'x'}").error()).startsWith("400 INVALID_FIELD_FOR_INSERT_UPDATE");
        assertThat(client.patch(target, "{'Products__c':'x'}").error()).startsWith("400 INVALID_FIELD No such column");
        assertThat(client.get(target + "?fields=Products__c").error()).startsWith("400 INVALID_FIELD");
        assertThat(client.get(target).body()).contains("Audit__c").doesNotContain("Products__c");
    }

    @Test
    void answersThatNothingWasRedescribed() {
        String target = "sobjects/Opportunity/describe";
        String since = client.get(target).header("last-modified");
        assertThat(client.send(client.request("GET", target, "").header("If-Modified-Since", since))
                        .status())
                .isEqualTo(304);
        clock.now = clock.now.plusSeconds(5);
        salesforce.requireField("Opportunity", "NextStep", true);
        assertThat(client.send(client.request("GET", target, "").header("If-Modified-Since", since))
                        .status())
                .isEqualTo(200);
    }

    // --- limits and faults -----------------------------------------------------------------------------------------

    @Test
    void countsCallsAndRefusesThemBeyondTheLimit() {
        salesforce.apiUsage(98, 100);
        assertThat(client.get("sobjects").header("sforce-limit-info")).isEqualTo("api-usage=99/100");
        Answer limits = client.get("limits");
        assertThat(limits.json().getJsonObject("DailyApiRequests").getInt("Remaining"))
                .isZero();
        Answer refused = client.get("limits");
        assertThat(refused.error()).isEqualTo("403 REQUEST_LIMIT_EXCEEDED TotalRequests Limit exceeded.");
        assertThat(refused.header("sforce-limit-info")).isEqualTo("api-usage=100/100");
    }

    @Test
    void failsAsTheFaultSwitchSays() {
        String id = createDeal();
        String target = "sobjects/Opportunity/" + id;
        salesforce.server().faults().next(1, Fault.status(503));
        assertThat(client.get(target).error()).startsWith("503 SERVER_UNAVAILABLE");
        salesforce.server().faults().next(1, Fault.status(403));
        assertThat(client.get(target).error()).startsWith("403 REQUEST_LIMIT_EXCEEDED");
        salesforce.server().faults().next(1, Fault.status(401));
        assertThat(client.get(target).error()).startsWith("401 INVALID_SESSION_ID");
        salesforce.htmlFaults(true);
        salesforce.server().faults().next(1, Fault.status(503));
        assertThat(client.get(target).body()).startsWith("<html>");
        salesforce.server().faults().next(1, Fault.loseAnswer(), (method, path) -> method.equals("PATCH"));
        assertThatThrownBy(() -> client.patch(target, "{'NextStep':'kept'}")).isInstanceOf(IllegalStateException.class);
        assertThat(next(id)).isEqualTo("\"kept\"");
    }

    @Test
    void answersWhatIsNotThereAsSuch() {
        assertThat(client.get("sobjects/Opportunity/describe/layouts").status()).isEqualTo(404);
        assertThat(brokenRules()).isEmpty();
        assertThat(client.get("tooling/query").status()).isEqualTo(404);
        assertThat(brokenRules()).singleElement().asString().contains("unknown resource");
        assertThat(client.get("/services/data/v29.0/limits").error()).startsWith("410 UNSUPPORTED_API_VERSION");
        assertThat(client.get("/services/data/v99.0/limits").status()).isEqualTo(404);
        assertThat(client.get("/services/data").array()).last().asString().contains("\"67.0\"");
        assertThat(client.get("sobjects/opportunity/describe").status()).isEqualTo(404);
    }

    // --- several requests in one call ------------------------------------------------------------------------------

    @Test
    void runsACompositeWithReferences() {
        String id = createDeal();
        String target = "/services/data/v67.0/sobjects/Opportunity/" + id;
        JsonObject answer = client.post(
                        "composite",
                        "{'allOrNone':true,'compositeRequest':["
                                + "{'method':'POST','url':'/services/data/v67.0/sobjects/Account','referenceId':'acc',"
                                + "'body':{'Name':'Contoso'}},"
                                + "{'method':'PATCH','url':'" + target + "','referenceId':'upd',"
                                + "'body':{'AccountId':'@{acc.id}'}},"
                                + "{'method':'GET','url':'" + target + "?fields=AccountId,SystemModstamp',"
                                + "'referenceId':'read'}]}")
                .json();
        List<JsonObject> parts = answer.getJsonArray("compositeResponse").getValuesAs(JsonObject.class);
        assertThat(parts).extracting(part -> part.getInt("httpStatusCode")).containsExactly(201, 204, 200);
        assertThat(parts.get(1).get("body")).isEqualTo(JsonValue.NULL);
        assertThat(parts.get(2).getJsonObject("body").getString("AccountId"))
                .isEqualTo(parts.get(0).getJsonObject("body").getString("id"));
        assertThat(brokenRules()).isEmpty();
    }

    @Test
    void undoesACompositeOfWhichAPartFails() {
        JsonObject answer = client.post(
                        "composite",
                        "{'allOrNone':true,'compositeRequest':["
                                + "{'method':'POST','url':'/services/data/v67.0/sobjects/Account','referenceId':'a',"
                                + "'body':{'Name':'Contoso'}},"
                                + "{'method':'POST','url':'/services/data/v67.0/sobjects/Account','referenceId':'b',"
                                + "'body':{}},"
                                + "{'method':'POST','url':'/services/data/v67.0/sobjects/Account','referenceId':'c',"
                                + "'body':{'Name':'Other'}}]}")
                .json();
        assertThat(answer.getJsonArray("compositeResponse").getValuesAs(JsonObject.class))
                .extracting(part -> part.getJsonArray("body").getJsonObject(0).getString("errorCode"))
                .containsExactly("PROCESSING_HALTED", "REQUIRED_FIELD_MISSING", "PROCESSING_HALTED");
        assertThat(salesforce.rows("Account")).isEmpty();
        assertThat(salesforce.creates("Account")).isZero();
    }

    @Test
    void warnsOfConditionsWithinAComposite() {
        String id = createDeal();
        client.post(
                "composite",
                "{'compositeRequest':[{'method':'PATCH','url':'/services/data/v67.0/sobjects/Opportunity/" + id
                        + "','referenceId':'u','httpHeaders':{'If-Unmodified-Since':'Fri, 20 Nov 2020 07:40:00 GMT'},"
                        + "'body':{'NextStep':'x'}}]}");
        assertThat(next(id)).isEqualTo("\"x\"");
        assertThat(brokenRules()).singleElement().asString().contains("in a composite");
    }

    @Test
    void answers200WhenRecordsOfACollectionFail() {
        String record = "{'attributes':{'type':'Account'},'Name':'%s'}";
        String bad = "{'attributes':{'type':'Account'}}";
        Answer answer = client.post(
                "composite/sobjects", "{'allOrNone':false,'records':[" + record.formatted("A") + "," + bad + "]}");
        assertThat(answer.status()).isEqualTo(200);
        JsonObject failed = answer.array().getJsonObject(1);
        assertThat(failed.getBoolean("success")).isFalse();
        assertThat(failed.getJsonArray("errors").getJsonObject(0).getString("statusCode"))
                .isEqualTo("REQUIRED_FIELD_MISSING");
        String id = answer.array().getJsonObject(0).getString("id");
        Answer none = client.post(
                "composite/sobjects", "{'allOrNone':true,'records':[" + record.formatted("B") + "," + bad + "]}");
        assertThat(none.body()).contains("ALL_OR_NONE_OPERATION_ROLLED_BACK");
        assertThat(salesforce.rows("Account")).hasSize(1);
        client.patch(
                "composite/sobjects", "{'records':[{'attributes':{'type':'Account'},'id':'" + id + "','Phone':'1'}]}");
        Answer read = client.get(
                "composite/sobjects/Account?ids=" + id + "," + SalesforceId.of("001", 5) + "&fields=Name,Phone");
        assertThat(read.array().getJsonObject(0).getString("Phone")).isEqualTo("1");
        assertThat(read.array().get(1)).isEqualTo(JsonValue.NULL);
        assertThat(client.delete("composite/sobjects?ids=" + id)
                        .array()
                        .getJsonObject(0)
                        .getBoolean("success"))
                .isTrue();
        assertThat(brokenRules()).isEmpty();
    }

    @Test
    void countsWritesThatChangeNothing() {
        String target = "sobjects/Opportunity/" + createDeal();
        client.patch(target, "{'Name':'Deal'}");
        assertThat(salesforce.unchangedFields()).singleElement().asString().endsWith(" Name");
        assertThat(brokenRules()).isEmpty();
        client.patch(target, "{}");
        assertThat(brokenRules()).singleElement().asString().contains("without a field");
    }
}
