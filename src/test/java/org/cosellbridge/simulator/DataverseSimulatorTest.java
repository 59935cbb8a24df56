package org.cosellbridge.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.io.IOException;
import java.io.StringReader;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class DataverseSimulatorTest {
    private static final String CLIENT = "11111111-2222-3333-4444-555555555555";
    private static final String ABSENT = "00000000-0000-4000-8000-00000000dead";
    private static final String KEY = "opportunities(cosell_referralidentifier='R-1')";

    private volatile String received = "";
    private volatile String receivedKey = "";
    private volatile Instant now = Instant.parse("2026-11-20T07:40:00Z");
    private final EntraSimulator entra = new EntraSimulator(0, UUID.randomUUID().toString()).start();
    private final DataverseSimulator dataverse = new DataverseSimulator(0, entra, new SetClock()).start();
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final String token =
            entra.issue(CLIENT, dataverse.url().toString(), "").value();
    private final String userId = dataverse.applicationUser(CLIENT);

    private final class SetClock extends Clock {
        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }

        @Override
        public Instant instant() {
            return now;
        }
    }

    private record Answer(int status, Map<String, List<String>> headers, String body) {
        JsonObject json() {
            return Json.createReader(new StringReader(body)).readObject();
        }

        String code() {
            return json().getJsonObject("error").getString("code");
        }

        String header(String name) {
            return headers.getOrDefault(name, List.of("")).get(0);
        }

        List<JsonObject> rows() {
            return json().getJsonArray("value").getValuesAs(JsonObject.class);
        }
    }

    @AfterEach
    void closeAll() {
        dataverse.close();
        entra.close();
    }

    private Answer send(HttpRequest.Builder request) {
        try {
            HttpResponse<String> answer = http.send(request.build(), HttpResponse.BodyHandlers.ofString());
            return new Answer(answer.statusCode(), answer.headers().map(), answer.body());
        } catch (IOException failed) {
            throw new IllegalStateException(failed);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(stopped);
        }
    }

    private HttpRequest.Builder request(String method, String target, String body) {
        String address = target.startsWith("http") ? target : dataverse.url() + "/api/data/v9.2/" + target;
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(address.replace(" ", "%20")))
                .header("Authorization", "Bearer " + token)
                .header("Accept", "application/json")
                .header("OData-Version", "4.0")
                .header("OData-MaxVersion", "4.0");
        return body.isEmpty()
                ? request.method(method, HttpRequest.BodyPublishers.noBody())
                : request.method(method, HttpRequest.BodyPublishers.ofString(body))
                        .header("Content-Type", "application/json");
    }

    private Answer get(String target) {
        return send(request("GET", target, ""));
    }

    private Answer post(String target, String body) {
        return send(request("POST", target, body));
    }

    private Answer patch(String target, String body, String header, String value) {
        return send(request("PATCH", target, body).header(header, value));
    }

    private String opportunity(String name) {
        return dataverse.create("opportunities", Map.of("name", name));
    }

    private List<String> brokenRules() {
        return dataverse.server().log().brokenRules();
    }

    private String rowText(String id, String column) {
        return dataverse.row("opportunities", id).orElseThrow().getString(column, "");
    }

    private int rowNumber(String id, String column) {
        return dataverse.row("opportunities", id).orElseThrow().getInt(column);
    }

    @Test
    void refusesTokensThatAreNotForThisEnvironment() {
        String other =
                entra.issue(CLIENT, "https://elsewhere.crm4.dynamics.com", "").value();
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(dataverse.url() + "/api/data/v9.2/WhoAmI"));

        assertThat(send(request).status()).isEqualTo(401);
        assertThat(send(request.header("Authorization", "Bearer " + other)).status())
                .isEqualTo(401);
        assertThat(get("WhoAmI").json().getString("UserId")).isEqualTo(userId);
    }

    @Test
    void refusesAnApplicationWithoutAUser() {
        dataverse.removeApplicationUser(CLIENT);

        Answer refused = get("WhoAmI");

        assertThat(refused.status()).isEqualTo(403);
        assertThat(refused.code()).isEqualTo("0x80072560");
    }

    @Test
    void countsMissingODataHeadersAndUnknownResources() {
        send(HttpRequest.newBuilder(URI.create(dataverse.url() + "/api/data/v9.2/WhoAmI"))
                .header("Authorization", "Bearer " + token));
        assertThat(brokenRules()).hasSize(2);

        Answer unknown = get("nosuchset");

        assertThat(unknown.status()).isEqualTo(404);
        assertThat(unknown.code()).isEqualTo("0x8006088a");
        assertThat(brokenRules()).hasSize(3);
    }

    @Test
    void createsWithOrWithoutTheRow() {
        Answer plain = post("opportunities", "{\"name\":\"A\",\"estimatedvalue\":120000.505}");
        Answer row = send(request("POST", "opportunities?$select=name,statuscode&tag=t1", "{\"name\":\"B\"}")
                .header("Prefer", "return=representation"));

        assertThat(plain.status()).isEqualTo(204);
        assertThat(plain.header("odata-entityid")).matches(".*/api/data/v9\\.2/opportunities\\([0-9a-f-]{36}\\)");
        assertThat(row.status()).isEqualTo(201);
        assertThat(row.header("odata-entityid")).isEmpty();
        assertThat(row.json().keySet())
                .containsExactly("@odata.context", "@odata.etag", "name", "statuscode", "opportunityid");
        JsonObject first = dataverse.rows("opportunities").get(0);
        assertThat(first.getJsonNumber("estimatedvalue").toString()).isEqualTo("120000.5100");
        assertThat(first.getString("modifiedon")).isEqualTo("2026-11-20T07:40:00Z");
        assertThat(first.getString("_modifiedby_value")).isEqualTo(userId);
        assertThat(dataverse.writes().get(dataverse.writes().size() - 1).tag()).isEqualTo("t1");
        assertThat(brokenRules()).isEmpty();
    }

    @Test
    void refusesWhatTheTableDoesNotTake() {
        String account = dataverse.create("accounts", Map.of("name", "Contoso"));

        assertThat(post("opportunities", "{\"customerid@odata.bind\":\"/accounts(" + account + ")\"}")
                        .code())
                .isEqualTo("0x80048d19");
        assertThat(post("contacts", "{\"parentcustomerid@odata.bind\":\"/accounts(" + account + ")\"}")
                        .code())
                .isEqualTo("0x80048d19");
        assertThat(post("opportunities", "{\"nosuch\":1}").code()).isEqualTo("0x0");
        assertThat(post("opportunities", "{\"_parentaccountid_value\":\"" + account + "\"}")
                        .code())
                .isEqualTo("0x0");
        assertThat(post("opportunities", "{\"name\":\"" + "x".repeat(301) + "\"}")
                        .code())
                .isEqualTo("0x80044331");
        assertThat(post("opportunities", "{\"budgetstatus\":9}").code()).isEqualTo("0x8004431A");
        assertThat(post("opportunities", "{\"estimatedclosedate\":\"2026-12-31T00:00:00Z\"}")
                        .code())
                .isEqualTo("0x80048d19");
        assertThat(post("opportunities", "{\"estimatedvalue\":\"1\"}").code()).isEqualTo("0x80048d19");
        assertThat(post("opportunities", "{\"estimatedvalue\":2000000000000}").code())
                .isEqualTo("0x80040203");
        assertThat(post("opportunities", "no json").code()).isEqualTo("0x80048d19");
        assertThat(post("opportunities", "{\"parentaccountid@odata.bind\":\"/accounts(" + ABSENT + ")\"}")
                        .code())
                .isEqualTo("0x80040217");
        assertThat(brokenRules()).isEmpty();
        assertThat(post("opportunities", "{\"statecode\":0}").code()).isEqualTo("0x80040203");
        assertThat(post("opportunities", "{\"createdon\":\"2026-11-20T07:40:00Z\"}")
                        .code())
                .isEqualTo("0x80040203");
        assertThat(brokenRules()).hasSize(2);
        assertThat(dataverse.rows("opportunities")).isEmpty();
    }

    @Test
    void bindsByIdAndByNavigationAndReadsWithAnnotations() {
        String account = dataverse.create("accounts", Map.of("name", "Contoso"));
        post("opportunities", "{\"name\":\"A\",\"customerid_account@odata.bind\":\"/accounts(" + account + ")\"}");
        String id = dataverse.rows("opportunities").get(0).getString("opportunityid");

        JsonObject row = send(request("GET", "opportunities(" + id + ")?$select=_customerid_value", "")
                        .header("Prefer", "odata.include-annotations=\"*\""))
                .json();

        assertThat(row.getString("_customerid_value")).isEqualTo(account);
        assertThat(row.getString("_customerid_value@Microsoft.Dynamics.CRM.lookuplogicalname"))
                .isEqualTo("account");
        assertThat(row.getString("_customerid_value@Microsoft.Dynamics.CRM.associatednavigationproperty"))
                .isEqualTo("customerid_account");
        assertThat(row.getString("_customerid_value@OData.Community.Display.V1.FormattedValue"))
                .isEqualTo("Contoso");
    }

    @Test
    void keepsTheTableOfUpsertConditions() {
        String byId = "opportunities(" + ABSENT + ")";
        assertThat(patch(KEY, "{}", "If-Match", "*").code()).isEqualTo("0x80060891");
        assertThat(patch(byId, "{}", "If-Match", "*").code()).isEqualTo("0x80040217");

        Answer created = patch(KEY, "{\"name\":\"A\"}", "If-None-Match", "*");
        Answer again = patch(KEY, "{\"name\":\"B\"}", "If-None-Match", "*");
        Answer updated = patch(KEY, "{\"name\":\"C\"}", "If-Match", "*");

        assertThat(created.status()).isEqualTo(204);
        assertThat(created.header("odata-entityid")).endsWith(KEY);
        assertThat(again.status()).isEqualTo(412);
        assertThat(again.json().getJsonObject("error").getString("message"))
                .isEqualTo("A record with matching key values already exists.");
        assertThat(updated.status()).isEqualTo(204);
        assertThat(dataverse.rows("opportunities")).hasSize(1);
        assertThat(dataverse.rows("opportunities").get(0).getString("cosell_referralidentifier"))
                .isEqualTo("R-1");
        assertThat(brokenRules()).isEmpty();
    }

    @Test
    void createsAGhostOnAPatchWithoutConditionAndCountsIt() {
        Answer ghost = send(request("PATCH", "opportunities(" + ABSENT + ")", "{\"name\":\"ghost\"}"));

        assertThat(ghost.status()).isEqualTo(204);
        assertThat(dataverse.row("opportunities", ABSENT)).isPresent();
        assertThat(brokenRules()).hasSize(1).allMatch(rule -> rule.contains("created a row"));
    }

    @Test
    void keepsKeysUnique() {
        String first = dataverse.create("opportunities", Map.of("name", "A", "cosell_referralidentifier", "R-1"));
        String second = opportunity("B");

        assertThat(post("opportunities", "{\"opportunityid\":\"" + first + "\"}")
                        .code())
                .isEqualTo("0x80040237");
        assertThat(patch("opportunities(" + second + ")", "{\"cosell_referralidentifier\":\"r-1\"}", "If-Match", "*")
                        .code())
                .isEqualTo("0x80060892");
        assertThatThrownBy(() -> dataverse.edit("opportunities", second, Map.of("cosell_referralidentifier", "R-1")))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void usesAnAlternateKeyOnlyWhileItIsActive() {
        String keys = "EntityDefinitions(LogicalName='opportunity')/Keys?$select=KeyAttributes,EntityKeyIndexStatus";
        assertThat(get(keys).rows().get(0).getString("EntityKeyIndexStatus")).isEqualTo("Active");
        dataverse.alternateKeyStatus("opportunity", "Pending");

        assertThat(get(KEY).code()).isEqualTo("0x80060890");
        assertThat(get(keys).rows().get(0).getString("EntityKeyIndexStatus")).isEqualTo("Pending");
        dataverse.alternateKeyStatus("opportunity", "Active");
        assertThat(get("opportunities(cosell_referralidentifier='a%2Fb')").status())
                .isEqualTo(400);
        assertThat(get(KEY).code()).isEqualTo("0x80060891");
    }

    @Test
    void guardsWritesByTheVersion() {
        String id = opportunity("A");
        String target = "opportunities(" + id + ")";
        String etag = get(target + "?$select=name").json().getString("@odata.etag");
        Answer first = patch(target + "?$select=name", "{\"name\":\"B\"}", "If-Match", etag);
        Answer second = patch(target, "{\"name\":\"C\"}", "If-Match", etag);

        assertThat(first.status()).isEqualTo(204);
        assertThat(second.status()).isEqualTo(412);
        assertThat(second.code()).isEqualTo("0x80060882");
        String current = get(target).json().getString("@odata.etag");
        assertThat(send(request("GET", target, "").header("If-None-Match", current))
                        .status())
                .isEqualTo(304);
        dataverse.optimisticConcurrency("opportunity", false);
        assertThat(patch(target, "{\"name\":\"D\"}", "If-Match", current).code())
                .isEqualTo("0x8006088D");
    }

    @Test
    void countsColumnsThatWereWrittenWithoutAChange() {
        String id = dataverse.create("opportunities", Map.of("name", "A", "estimatedvalue", 10));
        long before = dataverse.row("opportunities", id).orElseThrow().getInt("versionnumber");

        patch("opportunities(" + id + ")", "{\"name\":\"A\",\"estimatedvalue\":10.0}", "If-Match", "*");

        assertThat(dataverse.unchangedColumnWrites()).isEqualTo(2);
        assertThat(dataverse.row("opportunities", id).orElseThrow().getInt("versionnumber"))
                .isGreaterThan((int) before);
    }

    @Test
    void countsWhatACarefulClientNeverDoes() {
        String id = opportunity("A");
        String row = "opportunities(" + id + ")";

        assertThat(patch(row + "?$filter=x", "{\"name\":\"B\"}", "If-Match", "*")
                        .code())
                .isEqualTo("0x0");
        patch(row, "{\"name\":\"B\"}", "If-Match", "3018272");
        patch(row, "{}", "If-Match", "*");
        send(request("GET", row + "?$select=name", "").header("Prefer", "return=minimal"));
        send(request("PATCH", row, "{\"name\":\"C\"}").header("If-Match", "*").header("If-None-Match", "*"));

        assertThat(brokenRules())
                .hasSize(5)
                .anyMatch(rule -> rule.contains("$filter"))
                .anyMatch(rule -> rule.contains("is no eTag"))
                .anyMatch(rule -> rule.contains("without a column"))
                .anyMatch(rule -> rule.contains("return=minimal"))
                .anyMatch(rule -> rule.contains("together with"));
    }

    @Test
    void refusesDaysAndCharactersThatDataverseCannotStore() {
        assertThat(post("opportunities", "{\"estimatedclosedate\":\"0001-01-01\"}")
                        .code())
                .isEqualTo("0x80048d19");
        assertThat(post("opportunities", "{\"name\":\"a\\u0007b\"}").code()).isEqualTo("0x80040203");
        assertThat(post("opportunities", "{\"description\":\"a\\r\\n\\tb\"}").status())
                .isEqualTo(204);
    }

    @Test
    void takesNoEstimateWhileProductsDetermineIt() {
        String id = dataverse.create(
                "opportunities", Map.of("name", "A", "estimatedvalue", 10, "isrevenuesystemcalculated", true));

        assertThat(dataverse.row("opportunities", id).orElseThrow().get("estimatedvalue"))
                .isEqualTo(JsonValue.NULL);
        assertThat(post(
                                "WinOpportunity",
                                "{\"Status\":3,\"Reason\":1,\"OpportunityClose\":{\"opportunityid@odata.bind\":\"/opportunities("
                                        + id + ")\"}}")
                        .code())
                .isEqualTo("0x80048d19");
    }

    @Test
    void filtersOrdersLimitsAndExpands() {
        String account = dataverse.create("accounts", Map.of("name", "O'Neill", "accountnumber", "X"));
        for (int i = 1; i <= 4; i++) {
            dataverse.create(
                    "opportunities",
                    Map.of(
                            "name", "Deal " + i,
                            "estimatedvalue", i * 10,
                            "parentaccountid@odata.bind", "/accounts(" + account + ")"));
        }
        opportunity("Other");

        assertThat(names("$filter=estimatedvalue gt 10 and (name eq 'deal 2' or name eq 'DEAL 3')"))
                .containsExactly("Deal 2", "Deal 3");
        assertThat(names("$filter=estimatedvalue eq null")).containsExactly("Other");
        assertThat(names("$filter=not contains(name,'deal')")).containsExactly("Other");
        assertThat(names("$filter=parentaccountid/accountnumber eq 'x'&$orderby=estimatedvalue desc&$top=2"))
                .containsExactly("Deal 4", "Deal 3");
        assertThat(names("$filter=_parentaccountid_value eq " + account + " and modifiedon ge 2026-11-20T07:40:00Z"))
                .hasSize(4);
        assertThat(get("accounts?$filter=name eq 'O''Neill'&$count=true").json().getInt("@odata.count"))
                .isEqualTo(1);
        JsonObject expanded = get("opportunities?$select=name&$top=1&$expand=parentaccountid($select=name)")
                .rows()
                .get(0);
        assertThat(expanded.getJsonObject("parentaccountid").getString("name")).isEqualTo("O'Neill");
        assertThat(get("opportunities?$filter=nosuch eq 1").code()).isEqualTo("0x0");
        assertThat(get("opportunities?$select=parentaccountid").code()).isEqualTo("0x0");
        assertThat(get("opportunities?$filter=name eq").status()).isEqualTo(400);
        assertThat(brokenRules()).isEmpty();
        assertThat(get("opportunities?$skip=1").status()).isEqualTo(400);
        assertThat(brokenRules()).hasSize(1);
    }

    private List<String> names(String query) {
        return get("opportunities?$select=name&" + query).rows().stream()
                .map(row -> row.getString("name"))
                .toList();
    }

    @Test
    void pagesByLinksThatMustStayAsTheyAre() {
        for (int i = 0; i < 5; i++) {
            opportunity("Deal " + i);
        }
        Answer first =
                send(request("GET", "opportunities?$select=name&$top=1", "").header("Prefer", "odata.maxpagesize=2"));
        String link = first.json().getString("@odata.nextLink");
        Answer second = send(request("GET", link, "").header("Prefer", "odata.maxpagesize=2"));
        String last = second.json().getString("@odata.nextLink");
        Answer third = send(request("GET", last, "").header("Prefer", "odata.maxpagesize=2"));

        assertThat(first.rows()).hasSize(2);
        assertThat(second.rows()).hasSize(2);
        assertThat(third.rows()).hasSize(1);
        assertThat(third.json()).doesNotContainKey("@odata.nextLink");
        assertThat(brokenRules()).isEmpty();
        get(link);
        assertThat(get(link + "&$top=1").status()).isEqualTo(400);
        assertThat(brokenRules()).hasSize(2);
    }

    private Answer track(String query) {
        return send(request("GET", "opportunities?$select=name" + query, "").header("Prefer", "odata.track-changes"));
    }

    private static String deltaLink(Answer answer) {
        return answer.json().getString("@odata.deltaLink");
    }

    @Test
    void tracksChangesByVersionThenDeletions() {
        String first = opportunity("A");
        String second = opportunity("B");
        String deleted = opportunity("C");
        dataverse.edit("opportunities", first, Map.of("name", "A2"));
        Answer start = track("");
        String link = deltaLink(start);

        dataverse.edit("opportunities", second, Map.of("name", "B2"));
        dataverse.edit("opportunities", first, Map.of("name", "A3"));
        dataverse.edit("opportunities", second, Map.of("name", "B3"));
        dataverse.edit("opportunities", deleted, Map.of("name", "C2"));
        dataverse.delete("opportunities", deleted);
        String cameAndWent = opportunity("D");
        dataverse.delete("opportunities", cameAndWent);
        Answer delta = get(link);

        assertThat(start.header("preference-applied")).isEqualTo("odata.track-changes");
        assertThat(start.rows()).extracting(row -> row.getString("name")).containsExactly("B", "C", "A2");
        assertThat(delta.json().getString("@odata.context")).endsWith("#opportunities(name)/$delta");
        assertThat(delta.rows()).hasSize(4);
        assertThat(delta.rows().subList(0, 2))
                .extracting(row -> row.getString("name"))
                .containsExactly("A3", "B3");
        assertThat(delta.rows().subList(2, 4))
                .extracting(row -> row.getString("id"))
                .containsExactly(deleted, cameAndWent);
        assertThat(delta.rows().get(2).getString("reason")).isEqualTo("deleted");
        assertThat(delta.rows().get(2).getString("@odata.context")).endsWith("#opportunities/$deletedEntity");
        assertThat(get(deltaLink(delta)).rows()).isEmpty();
        assertThat(get("opportunities/$count?" + link.substring(link.indexOf("$deltatoken")))
                        .body())
                .isEqualTo("4");
        assertThat(brokenRules()).isEmpty();
    }

    @Test
    void pagesWhatChanged() {
        for (int i = 0; i < 5; i++) {
            opportunity("Deal " + i);
        }
        String preference = "odata.track-changes,odata.maxpagesize=2";
        Answer first = send(request("GET", "opportunities?$select=name", "").header("Prefer", preference));
        opportunity("Later");
        Answer second = send(
                request("GET", first.json().getString("@odata.nextLink"), "").header("Prefer", preference));
        Answer third = send(
                request("GET", second.json().getString("@odata.nextLink"), "").header("Prefer", preference));

        assertThat(first.json()).doesNotContainKey("@odata.deltaLink");
        assertThat(third.json()).doesNotContainKey("@odata.nextLink");
        assertThat(third.rows()).hasSize(1);
        assertThat(get(deltaLink(third)).rows())
                .extracting(row -> row.getString("name"))
                .containsExactly("Later");
        assertThat(brokenRules()).isEmpty();
    }

    @Test
    void tracksChangesWithoutQueryOptions() {
        for (String option : List.of("$filter=name eq 'A'", "$orderby=name", "$expand=parentaccountid", "$top=1")) {
            Answer refused = track("&" + option);

            assertThat(refused.status()).isEqualTo(400);
            assertThat(refused.body()).contains("query parameter isn't supported when Change Tracking is enabled.");
        }
        assertThat(brokenRules()).hasSize(4);
    }

    @Test
    void takesDeltaLinksOnlyAsItGaveThem() {
        opportunity("A");
        String link = deltaLink(track(""));

        assertThat(link).contains("%21", "%2f").doesNotContain("%2F");
        assertThat(get(link.replace("%2f", "%2F")).code()).isEqualTo("0x80044352");
        assertThat(get(link.replace("$select=name", "$select=description")).code())
                .isEqualTo("0x80044352");
        assertThat(get(link + "&$count=true").code()).isEqualTo("0x80044352");
        assertThat(brokenRules()).hasSize(3);
        assertThat(get(link).status()).isEqualTo(200);
    }

    @Test
    void deltaTokensEndAfterDaysWithTheMetadataOrAtOnce() {
        opportunity("A");
        String old = deltaLink(track(""));
        now = now.plus(Duration.ofDays(7));
        assertThat(get(old).status()).isEqualTo(200);
        now = now.plus(Duration.ofSeconds(1));
        assertThat(get(old).code()).isEqualTo("0x80044352");

        String fresh = deltaLink(track(""));
        dataverse.metadataChanged("lead");
        assertThat(get(fresh).status()).isEqualTo(200);
        dataverse.metadataChanged("opportunity");
        assertThat(get(fresh).code()).isEqualTo("0x80044352");

        String again = deltaLink(track(""));
        assertThat(get(again).status()).isEqualTo(200);
        dataverse.expireTokens();
        assertThat(get(again).code()).isEqualTo("0x80044352");
        assertThat(get("opportunities?$deltatoken=gibberish").code()).isEqualTo("0x80044352");
        assertThat(brokenRules()).isEmpty();
    }

    @Test
    void tracksChangesOnlyOfTrackedTablesAndForWhoMayReadThemWhole() {
        String flag = "EntityDefinitions(LogicalName='opportunity')?$select=ChangeTrackingEnabled";
        assertThat(get(flag).json().getBoolean("ChangeTrackingEnabled")).isTrue();
        dataverse.changeTracking("opportunity", false);
        assertThat(track("").status()).isEqualTo(400);
        assertThat(get(flag).json().getBoolean("ChangeTrackingEnabled")).isFalse();
        dataverse.changeTracking("opportunity", true);
        dataverse.globalRead("opportunity", false);

        Answer refused = track("");

        assertThat(refused.status()).isEqualTo(403);
        assertThat(refused.code()).isEqualTo("0x80040220");
        assertThat(get("opportunities?$select=name").status()).isEqualTo(200);
    }

    @Test
    void describesItsColumns() {
        dataverse.label("opportunity", "stepname", "Phase");
        dataverse.label("opportunity", "description", "");
        Answer answer = get("EntityDefinitions(LogicalName='opportunity')/Attributes?$select=LogicalName,DisplayName");
        Map<String, String> labels = answer.rows().stream()
                .collect(Collectors.toMap(
                        row -> row.getString("LogicalName"),
                        row -> row.getJsonObject("DisplayName").isNull("UserLocalizedLabel")
                                ? ""
                                : row.getJsonObject("DisplayName")
                                        .getJsonObject("UserLocalizedLabel")
                                        .getString("Label")));

        assertThat(labels)
                .containsEntry("cosell_howcanmicrosofthelp", "How can Microsoft help?")
                .containsEntry("stepname", "Phase")
                .containsEntry("description", "")
                .containsEntry("owneridname", "");
        assertThat(brokenRules()).isEmpty();
        get("EntityDefinitions(LogicalName='opportunity')/Attributes?$top=1");
        assertThat(brokenRules()).hasSize(1);
    }

    @Test
    void anAutomationRewritesWhatCallsWroteAsALaterEdit() {
        String id = opportunity("A");
        dataverse.rewrite(
                "opportunities", "name", name -> Json.createValue(((JsonString) name).getString() + " (checked)"));

        Answer answer = send(request("PATCH", "opportunities(" + id + ")?$select=name", "{\"name\":\"B\"}")
                .header("If-Match", "*")
                .header("Prefer", "return=representation"));
        JsonObject row = dataverse.row("opportunities", id).orElseThrow();

        assertThat(answer.json().getString("name")).isEqualTo("B");
        assertThat(row.getString("name")).isEqualTo("B (checked)");
        assertThat(row.getString("@odata.etag")).isNotEqualTo(answer.json().getString("@odata.etag"));
        assertThat(row.getString("_modifiedby_value")).isNotEqualTo(userId).isNotEqualTo(dataverse.sellerId());
        assertThat(dataverse.row("systemusers", row.getString("_modifiedby_value")))
                .isPresent();
        assertThat(dataverse.updates("opportunities")).isEqualTo(1);
        dataverse.edit("opportunities", id, Map.of("name", "by the seller"));
        patch("opportunities(" + id + ")", "{\"description\":\"x\"}", "If-Match", "*");
        assertThat(rowText(id, "name")).isEqualTo("by the seller");
        dataverse.stopRewriting();
        patch("opportunities(" + id + ")", "{\"name\":\"C\"}", "If-Match", "*");
        assertThat(rowText(id, "name")).isEqualTo("C");
        assertThat(dataverse.failedAutomations()).isEmpty();
    }

    @Test
    void anAutomationEditsNothingThatItLeavesAsItIsOrMayNotSet() {
        String id = opportunity("A");
        dataverse.rewrite("opportunities", "estimatedvalue", value -> value);
        dataverse.rewrite("opportunities", "description", value -> Json.createValue("x".repeat(2001)));

        patch("opportunities(" + id + ")", "{\"estimatedvalue\":5,\"description\":\"y\"}", "If-Match", "*");

        assertThat(rowText(id, "_modifiedby_value")).isEqualTo(userId);
        assertThat(dataverse.failedAutomations())
                .singleElement()
                .satisfies(sentence -> assertThat(sentence).contains("0x80044331"));
    }

    @Test
    void theSellerQualifiesALead() {
        String account = dataverse.create("accounts", Map.of("name", "Contoso"));
        String lead = dataverse.create(
                "leads",
                Map.of(
                        "subject", "Topic",
                        "lastname", "Doe",
                        "cosell_referralidentifier", "R-9",
                        "parentaccountid@odata.bind", "/accounts(" + account + ")"));

        String opportunity = dataverse.qualify(lead, true).orElseThrow();

        assertThat(rowText(opportunity, "_originatingleadid_value")).isEqualTo(lead);
        assertThat(rowText(opportunity, "_parentaccountid_value")).isEqualTo(account);
        assertThat(rowText(opportunity, "_modifiedby_value")).isEqualTo(dataverse.sellerId());
        assertThat(rowText(opportunity, "cosell_referralidentifier")).isEmpty();
        assertThat(dataverse.row("leads", lead).orElseThrow().getInt("statuscode"))
                .isEqualTo(3);
        assertThat(dataverse.rows("accounts")).hasSize(1);
        assertThat(dataverse.rows("contacts")).hasSize(1);
        assertThatThrownBy(() -> dataverse.qualify(lead, true)).isInstanceOf(IllegalArgumentException.class);
        String other = dataverse.create("leads", Map.of("subject", "Topic", "lastname", "Doe"));
        assertThat(dataverse.qualify(other, false)).isEmpty();
        assertThat(dataverse.rows("opportunities")).hasSize(1);
        assertThat(dataverse.creates("opportunities")).isZero();
    }

    @Test
    void closesOnlyByTheActionsAndKeepsClosedRowsReadOnly() {
        String id = opportunity("A");
        String target = "opportunities(" + id + ")";
        String close =
                ",\"OpportunityClose\":{\"subject\":\"done\",\"actualrevenue\":500,\"opportunityid@odata.bind\":\"/"
                        + target + "\"}}";

        Answer patched = patch(target, "{\"statecode\":1,\"statuscode\":3}", "If-Match", "*");
        assertThat(patched.code()).isEqualTo("0x80040216");
        assertThat(patched.body()).contains("use the won message instead");
        assertThat(post("WinOpportunity", "{\"Status\":4" + close).code()).isEqualTo("0x80040203");
        assertThat(post("WinOpportunity", "{\"Status\":3}").code()).isEqualTo("0x80048d19");
        assertThat(post("WinOpportunity", "{\"Status\":-1" + close).status()).isEqualTo(204);
        assertThat(rowNumber(id, "statuscode")).isEqualTo(3);
        assertThat(rowText(id, "actualclosedate")).isEqualTo("2026-11-20");
        assertThat(dataverse.rows("opportunitycloses")).hasSize(1);
        assertThat(post("LoseOpportunity", "{\"Status\":4" + close).code()).isEqualTo("0x80040515");
        assertThat(patch(target, "{\"name\":\"B\"}", "If-Match", "*").code()).isEqualTo("0x80040230");
        assertThat(patch(target, "{\"statecode\":0,\"name\":\"B\"}", "If-Match", "*")
                        .code())
                .isEqualTo("0x80040230");
        assertThat(patch(target, "{\"statecode\":0,\"statuscode\":1}", "If-Match", "*")
                        .status())
                .isEqualTo(204);
        assertThat(rowNumber(id, "statecode")).isZero();
        assertThat(post("LoseOpportunity", "{\"Status\":5" + close).status()).isEqualTo(204);
        dataverse.lenientClosedRows(true);
        assertThat(patch(target, "{\"name\":\"B\"}", "If-Match", "*").status()).isEqualTo(204);
    }

    @Test
    void movesLeadsThroughOpen() {
        String id = dataverse.create("leads", Map.of("subject", "A", "firstname", "Jo", "lastname", "Doe"));
        String target = "leads(" + id + ")";

        assertThat(dataverse.row("leads", id).orElseThrow().getString("fullname"))
                .isEqualTo("Jo Doe");
        assertThat(patch(target, "{\"statecode\":2,\"statuscode\":3}", "If-Match", "*")
                        .status())
                .isEqualTo(400);
        assertThat(patch(target, "{\"statecode\":2,\"statuscode\":7}", "If-Match", "*")
                        .status())
                .isEqualTo(204);
        assertThat(patch(target, "{\"statecode\":1,\"statuscode\":3}", "If-Match", "*")
                        .status())
                .isEqualTo(400);
        assertThat(patch(target, "{\"statecode\":0}", "If-Match", "*").status()).isEqualTo(204);
        assertThat(dataverse.row("leads", id).orElseThrow().getInt("statuscode"))
                .isEqualTo(1);
    }

    @Test
    void qualifiesALead() {
        String id = dataverse.create(
                "leads",
                Map.of("subject", "Topic", "companyname", "Contoso", "lastname", "Doe", "estimatedamount", 700));
        String body = "{\"CreateAccount\":true,\"CreateContact\":true,\"CreateOpportunity\":true,\"Status\":3}";

        assertThat(post("leads(" + id + ")/QualifyLead", body).status()).isEqualTo(404);
        Answer qualified = post("leads(" + id + ")/Microsoft.Dynamics.CRM.QualifyLead", body);

        assertThat(qualified.rows())
                .extracting(row -> row.getString("@odata.type"))
                .containsExactly(
                        "#Microsoft.Dynamics.CRM.account",
                        "#Microsoft.Dynamics.CRM.contact",
                        "#Microsoft.Dynamics.CRM.opportunity");
        JsonObject made = dataverse.rows("opportunities").get(0);
        assertThat(made.getString("_originatingleadid_value")).isEqualTo(id);
        assertThat(made.getString("name")).isEqualTo("Topic");
        assertThat(dataverse.row("leads", id).orElseThrow().getInt("statecode")).isEqualTo(1);
        assertThat(post("leads(" + id + ")/Microsoft.Dynamics.CRM.QualifyLead", body)
                        .status())
                .isEqualTo(400);
    }

    @Test
    void writesAndClearsSingleProperties() {
        String id = dataverse.create("opportunities", Map.of("name", "A", "description", "text"));
        String account = dataverse.create("accounts", Map.of("name", "Contoso"));
        dataverse.edit("opportunities", id, Map.of("parentaccountid@odata.bind", "/accounts(" + account + ")"));
        String target = "opportunities(" + id + ")";

        assertThat(send(request("PUT", target + "/name", "{\"value\":\"B\"}")).status())
                .isEqualTo(204);
        assertThat(get(target + "/name").json().getString("value")).isEqualTo("B");
        assertThat(send(request("DELETE", target + "/description", "")).status())
                .isEqualTo(204);
        assertThat(get(target + "/description").status()).isEqualTo(204);
        assertThat(send(request("DELETE", target + "/parentaccountid/$ref", "")).status())
                .isEqualTo(204);
        assertThat(rowText(id, "_parentaccountid_value")).isEmpty();
        assertThat(send(request("DELETE", target, "")).status()).isEqualTo(204);
        assertThat(get(target).code()).isEqualTo("0x80040217");
    }

    @Test
    void runsABatchWithAChangeSetAsOneTransaction() {
        String part = "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n";
        String json = "Content-Type: application/json\r\n\r\n";
        String good = "--cs\r\n" + part + "Content-ID: 1\r\n\r\nPOST /api/data/v9.2/accounts HTTP/1.1\r\n" + json
                + "{\"name\":\"Contoso\"}\r\n--cs\r\n" + part
                + "Content-ID: 2\r\n\r\nPOST /api/data/v9.2/opportunities HTTP/1.1\r\n" + json
                + "{\"name\":\"A\",\"parentaccountid@odata.bind\":\"$1\"}\r\n--cs--\r\n";
        String bad = good.replace("Contoso", "Fabrikam").replace("\"name\":\"A\"", "\"nosuch\":\"A\"");
        String read = "--b\r\n" + part + "\r\nGET /api/data/v9.2/accounts?$select=name HTTP/1.1\r\n"
                + "Accept: application/json\r\n\r\n";
        String set = "--b\r\nContent-Type: multipart/mixed; boundary=cs\r\n\r\n";

        Answer done = batch(set + good + read + "--b--\r\n");
        Answer undone = batch(set + bad + read + "--b--\r\n");

        assertThat(done.status()).isEqualTo(200);
        assertThat(done.body()).contains("HTTP/1.1 204", "HTTP/1.1 200", "Contoso", "Content-ID: 2");
        assertThat(rowText(dataverse.rows("opportunities").get(0).getString("opportunityid"), "_parentaccountid_value"))
                .isEqualTo(dataverse.rows("accounts").get(0).getString("accountid"));
        assertThat(undone.body()).contains("HTTP/1.1 400").doesNotContain("HTTP/1.1 200");
        assertThat(dataverse.rows("accounts")).hasSize(1);
        assertThat(dataverse.creates("accounts")).isEqualTo(1);
        assertThat(dataverse.server().log().count("batched POST")).isEqualTo(4);
        assertThat(batch((read + "--b--\r\n").replace("\r\n", "\n")).code()).isEqualTo("0x80048d19");
        assertThat(brokenRules()).isEmpty();
    }

    private Answer batch(String body) {
        return send(HttpRequest.newBuilder(URI.create(dataverse.url() + "/api/data/v9.2/$batch"))
                .header("Authorization", "Bearer " + token)
                .header("OData-Version", "4.0")
                .header("OData-MaxVersion", "4.0")
                .header("Content-Type", "multipart/mixed; boundary=b")
                .POST(HttpRequest.BodyPublishers.ofString(body)));
    }

    @Test
    void protectsTheServiceByTheDocumentedLimits() {
        dataverse.limits(3, Duration.ofMinutes(5), 52);
        for (int i = 0; i < 3; i++) {
            assertThat(get("WhoAmI").status()).isEqualTo(200);
        }
        Answer refused = get("WhoAmI");

        assertThat(refused.status()).isEqualTo(429);
        assertThat(refused.code()).isEqualTo("0x80072322");
        assertThat(Integer.parseInt(refused.header("retry-after"))).isBetween(1, 301);
        assertThat(brokenRules()).hasSize(1);
        dataverse.limits(6000, Duration.ofMinutes(5), 1);
        assertThat(get("WhoAmI").code()).isEqualTo("0x80072326");
    }

    @Test
    void failsInTheShapeOfDataverse() {
        dataverse.server().faults().next(1, Fault.throttled(1));
        dataverse.faultCode(403, "0x80072560");
        dataverse.server().faults().next(1, Fault.status(403));

        assertThat(get("WhoAmI").code()).isEqualTo("0x80072322");
        assertThat(get("WhoAmI").code()).isEqualTo("0x80072560");
    }

    @Test
    void keepsMoneyInTheCurrencyOfTheRow() {
        String euro = dataverse.rows("transactioncurrencies").get(1).getString("transactioncurrencyid");
        String account = dataverse.create(
                "accounts",
                Map.of("name", "Contoso", "transactioncurrencyid@odata.bind", "/transactioncurrencies(" + euro + ")"));
        String id = dataverse.create(
                "opportunities",
                Map.of("name", "A", "estimatedvalue", 92, "parentaccountid@odata.bind", "/accounts(" + account + ")"));
        JsonObject row = dataverse.row("opportunities", id).orElseThrow();

        assertThat(row.getString("_transactioncurrencyid_value")).isEqualTo(euro);
        assertThat(row.getJsonNumber("estimatedvalue_base").bigDecimalValue()).isEqualByComparingTo("100");
        dataverse.edit("opportunities", id, Map.of("isrevenuesystemcalculated", true));
        patch("opportunities(" + id + ")", "{\"estimatedvalue\":1}", "If-Match", "*");
        assertThat(dataverse.row("opportunities", id).orElseThrow().getInt("estimatedvalue"))
                .isEqualTo(92);
    }

    @Test
    void sendsWebhooksForRegisteredStepsAndTriesOnceMore() {
        AtomicInteger refusals = new AtomicInteger(1);
        try (SimulatorServer receiver = new SimulatorServer("Receiver", 0)) {
            receiver.route("hook", "POST", "/hook", request -> {
                if (refusals.getAndDecrement() > 0) {
                    return SimulatorAnswer.empty(503);
                }
                received = request.text();
                receivedKey = request.header("X-Sync-Key").orElse("");
                return SimulatorAnswer.empty(200);
            });
            receiver.start();
            register(receiver.url() + "/hook");
            String id = opportunity("A");
            patch("opportunities(" + id + ")?tag=pcsync-1", "{\"description\":\"not filtered\"}", "If-Match", "*");
            patch("opportunities(" + id + ")?tag=pcsync-2", "{\"name\":\"B\"}", "If-Match", "*");

            await().atMost(Duration.ofSeconds(20)).until(() -> !received.isEmpty());
            JsonObject context = Json.createReader(new StringReader(received)).readObject();
            assertThat(context.getString("PrimaryEntityId")).isEqualTo(id);
            assertThat(context.getString("MessageName")).isEqualTo("Update");
            assertThat(context.getJsonArray("SharedVariables").getJsonObject(0).getString("value"))
                    .isEqualTo("pcsync-2");
            assertThat(receivedKey).isEqualTo("k1");
            assertThat(receiver.log().count("hook")).isEqualTo(2);
            assertThat(dataverse.webhooks().failedJobs()).isEmpty();
            refusals.set(2);
            dataverse.edit("opportunities", id, Map.of("name", "C"));
            await().atMost(Duration.ofSeconds(20))
                    .until(() -> !dataverse.rows("asyncoperations").isEmpty());
            assertThat(dataverse.webhooks().failedJobs()).hasSize(1);
        }
    }

    private void register(String url) {
        String endpoint = dataverse.create(
                "serviceendpoints",
                Map.of(
                        "name",
                        "Partner Center sync",
                        "url",
                        url,
                        "contract",
                        8,
                        "authtype",
                        5,
                        "messageformat",
                        2,
                        "authvalue",
                        "<settings><setting name=\"X-Sync-Key\" value=\"k1\" /></settings>"));
        String filter = "primaryobjecttypecode eq 'opportunity' and sdkmessageid/name eq 'Update'";
        JsonObject found = get("sdkmessagefilters?$select=sdkmessagefilterid,_sdkmessageid_value&$filter="
                        + URLEncoder.encode(filter, StandardCharsets.UTF_8))
                .rows()
                .get(0);
        Answer step = post(
                "sdkmessageprocessingsteps",
                Json.createObjectBuilder()
                        .add("name", "PC sync: opportunity Update")
                        .add("mode", 1)
                        .add("stage", 40)
                        .add("rank", 1)
                        .add("supporteddeployment", 0)
                        .add("asyncautodelete", JsonValue.TRUE)
                        .add("filteringattributes", "name,statuscode")
                        .add("eventhandler_serviceendpoint@odata.bind", "/serviceendpoints(" + endpoint + ")")
                        .add("sdkmessageid@odata.bind", "/sdkmessages(" + found.getString("_sdkmessageid_value") + ")")
                        .add(
                                "sdkmessagefilterid@odata.bind",
                                "/sdkmessagefilters(" + found.getString("sdkmessagefilterid") + ")")
                        .build()
                        .toString());
        assertThat(step.status()).isEqualTo(204);
    }
}
