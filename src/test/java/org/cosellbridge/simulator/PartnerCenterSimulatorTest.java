package org.cosellbridge.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.cosellbridge.simulator.JsonTree.at;
import static org.cosellbridge.simulator.JsonTree.text;
import static org.cosellbridge.simulator.JsonTree.with;

import jakarta.json.Json;
import jakarta.json.JsonArray;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import jakarta.json.JsonStructure;
import jakarta.json.JsonValue;
import java.io.IOException;
import java.io.StringReader;
import java.math.BigDecimal;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.Signature;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PartnerCenterSimulatorTest {
    private static final String REFERRALS = "/v1.0/engagements/referrals";
    private static final String REGISTRATION = "/webhooks/v1/registration";
    private static final TestAuthority AUTHORITY = new TestAuthority("Microsoft Corporation");
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private final EntraSimulator entra = new EntraSimulator(0, "tenant");
    private final PartnerCenterSimulator partnerCenter =
            new PartnerCenterSimulator(0, entra, AUTHORITY).requestsPerMinute(0);
    private final SimulatorServer receiver = new SimulatorServer("receiver", 0);
    private final List<SimulatorRequest> received = new ArrayList<>();
    private volatile int receiverStatus = 200;
    private String userToken = "";
    private String webhookToken = "";

    @BeforeEach
    void start() {
        userToken = entra.issue("client", PartnerCenterSimulator.REFERRALS_AUDIENCE, "seller@ourco.example")
                .value();
        webhookToken = entra.issue("client", PartnerCenterSimulator.WEBHOOKS_AUDIENCE, "")
                .value();
        partnerCenter.start();
        receiver.route("event", "POST", "/hook", request -> {
            synchronized (received) {
                received.add(request);
            }
            return SimulatorAnswer.empty(receiverStatus);
        });
        receiver.start();
        partnerCenter.dispatcher().delayFactor(0.001);
    }

    @AfterEach
    void close() {
        partnerCenter.close();
        receiver.close();
        entra.close();
    }

    @Test
    void createsPrivateDealAsAccepted() {
        Answer answer = call("POST", REFERRALS, ReferralFixtures.createRequest(1));

        assertThat(answer.status()).isEqualTo(200);
        JsonObject created = answer.object();
        assertThat(created.getString("status")).isEqualTo("Active");
        assertThat(created.getString("substatus")).isEqualTo("Accepted");
        assertThat(created.getString("type")).isEqualTo("Independent");
        assertThat(created.getString("organizationId")).isEqualTo(PartnerCenterSimulator.ORGANIZATION);
        assertThat(created.getString("eTag")).startsWith("\"").endsWith("\"");
        assertThat(created.getString("updatedDateTime")).matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{7}Z");
        assertThat(call("GET", REFERRALS + "/" + created.getString("id"), null)
                        .object()
                        .getString("eTag"))
                .isEqualTo(created.getString("eTag"));
        assertThat(brokenRules()).isEmpty();
    }

    @Test
    void derivesTypeFromConsent() {
        JsonObject mislabelled = with(ReferralFixtures.partnerLed(1), "/type", "Independent");

        assertThat(call("POST", REFERRALS, mislabelled).object().getString("type"))
                .isEqualTo("Shared");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/name",
                "/type",
                "/customerProfile/name",
                "/customerProfile/address/addressLine1",
                "/customerProfile/address/city",
                "/customerProfile/address/country",
                "/consent/consentToToShareInfoWithOthers",
                "/consent/consentToContact",
                "/details/dealValue",
                "/details/currency",
                "/details/closingDateTime",
                "/details/requirements/solutions"
            })
    void refusesCreateWithoutRequiredField(String path) {
        Answer answer = call("POST", REFERRALS, with(ReferralFixtures.createRequest(1), path, JsonValue.NULL));

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.text("/error/code")).isEqualTo("invalidRequest");
        assertThat(partnerCenter.referrals()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "/customerProfile/address/country, Germany",
        "/customerProfile/address/country, XX",
        "/customerProfile/address/country, de",
        "/details/currency, QQQ",
        "/details/dealValue, 50000",
        "/type, AssociatedToShared",
        "/details/closingDateTime, 2027-01-15"
    })
    void refusesCreateWithWrongValue(String path, String value) {
        Answer answer = call("POST", REFERRALS, with(ReferralFixtures.createRequest(1), path, Json.createValue(value)));

        assertThat(answer.status()).isEqualTo(400);
        assertThat(partnerCenter.referrals()).isEmpty();
    }

    @Test
    void refusesCreateWithoutSolutionsOrWithHalfOnes() {
        for (String solutions : List.of("[]", "[{\"type\":\"Name\"}]", "[{\"id\":\"SOL-1-ABC\"}]")) {
            assertThat(call(
                                    "POST",
                                    REFERRALS,
                                    with(
                                            ReferralFixtures.createRequest(1),
                                            "/details/requirements/solutions",
                                            array(solutions)))
                            .status())
                    .as(solutions)
                    .isEqualTo(400);
        }
    }

    @Test
    void wantsWholeContactWhenHelpIsAsked() {
        JsonObject asking =
                with(ReferralFixtures.partnerLed(1), "/inviteContext/assistanceRequestCode", "QuotesOrLicensing");

        assertThat(call("POST", REFERRALS, with(asking, "/customerProfile/team", array("[{\"firstName\":\"Ana\"}]")))
                        .status())
                .isEqualTo(400);
        assertThat(call("POST", REFERRALS, asking).status()).isEqualTo(200);
    }

    @Test
    void normalisesTheStatusOfOwnDeals() {
        JsonObject sent = with(with(ReferralFixtures.createRequest(1), "/status", "New"), "/substatus", "Pending");

        JsonObject created = call("POST", REFERRALS, sent).object();

        assertThat(created.getString("status") + "/" + created.getString("substatus"))
                .isEqualTo("Active/Accepted");
    }

    @Test
    void takesASecondReferralWithTheSameReferenceAndCountsIt() {
        JsonObject deal = with(ReferralFixtures.createRequest(1), "/externalReferenceId", "crm-1");
        JsonObject other =
                call("POST", REFERRALS, ReferralFixtures.createRequest(2)).object();
        call("POST", REFERRALS, deal);
        assertThat(brokenRules()).isEmpty();

        assertThat(call("POST", REFERRALS, deal).status()).isEqualTo(200);
        assertThat(brokenRules()).containsExactly("duplicate referral: crm-1");

        call(
                "PATCH",
                REFERRALS + "/" + other.getString("id"),
                patch("/externalReferenceId", "crm-1"),
                "If-Match",
                other.getString("eTag"));
        assertThat(brokenRules()).hasSize(2).allMatch(rule -> rule.contains("duplicate referral"));
    }

    @Test
    void microsoftsReferralIsNoDuplicateOfOurs() {
        JsonObject own = call("POST", REFERRALS, with(ReferralFixtures.partnerLed(1), "/externalReferenceId", "crm-1"))
                .object();

        call(
                "POST",
                REFERRALS,
                with(
                        ReferralFixtures.invitationToMicrosoft(
                                1, own.getString("engagementId"), own.getString("organizationId")),
                        "/externalReferenceId",
                        "crm-1"));

        assertThat(partnerCenter.referrals("msft")).hasSize(1);
        assertThat(brokenRules()).isEmpty();
    }

    @Test
    void invitesMicrosoftOnceIntoSharedEngagement() {
        JsonObject own = call("POST", REFERRALS, ReferralFixtures.partnerLed(1)).object();
        JsonObject invitation = ReferralFixtures.invitationToMicrosoft(
                1, own.getString("engagementId"), own.getString("organizationId"));

        JsonObject theirs = call("POST", REFERRALS, invitation).object();

        assertThat(theirs.getString("organizationId")).isEqualTo("msft");
        assertThat(theirs.getString("status")).isEqualTo("New");
        assertThat(theirs.getString("engagementId")).isEqualTo(own.getString("engagementId"));
        assertThat(text(theirs, "/expirationDateTime")).isPresent();
        assertThat(call("POST", REFERRALS, invitation).status()).isEqualTo(409);
        assertThat(brokenRules()).containsExactly("asked Microsoft twice: engagement " + own.getString("engagementId"));
        assertThat(call("PATCH", REFERRALS + "/" + theirs.getString("id"), patch("/details/notes", "mine"))
                        .status())
                .isEqualTo(403);

        partnerCenter.accept(theirs.getString("id"));
        assertThat(text(partnerCenter.referral(own.getString("id")), "/trackingInfo/microsoftMsxId"))
                .isPresent();
        assertThat(list("$filter", "engagementId eq '" + own.getString("engagementId") + "'"))
                .hasSize(2);
    }

    @Test
    void microsoftJoinsWhateverItsReferralIsNamedBy() {
        for (int i = 0; i < 3; i++) {
            JsonObject own =
                    call("POST", REFERRALS, ReferralFixtures.partnerLed(i)).object();
            JsonObject theirs = call(
                            "POST",
                            REFERRALS,
                            ReferralFixtures.invitationToMicrosoft(
                                    i, own.getString("engagementId"), own.getString("organizationId")))
                    .object();
            String name = List.of(own.getString("id"), theirs.getString("id"), own.getString("engagementId"))
                    .get(i);

            JsonObject accepted = partnerCenter.acceptByMicrosoft(name);

            assertThat(accepted.getString("id")).isEqualTo(theirs.getString("id"));
            assertThat(accepted.getString("substatus")).isEqualTo("Accepted");
            assertThat(text(accepted, "/trackingInfo/microsoftMsxId"))
                    .isPresent()
                    .isEqualTo(text(partnerCenter.referral(own.getString("id")), "/trackingInfo/microsoftMsxId"));
        }
    }

    @Test
    void tellsOfOurReferralAndOfMicrosoftsBesideIt() {
        partnerCenter.register(URI.create(receiver.url() + "/hook"), false);
        partnerCenter.dispatcher().hold();
        JsonObject own = call("POST", REFERRALS, ReferralFixtures.partnerLed(1)).object();
        JsonObject theirs = call(
                        "POST",
                        REFERRALS,
                        ReferralFixtures.invitationToMicrosoft(
                                1, own.getString("engagementId"), own.getString("organizationId")))
                .object();
        String ours = own.getString("id");
        String microsofts = theirs.getString("id");

        call("PATCH", REFERRALS + "/" + ours, patch("/details/notes", "new"), "If-Match", own.getString("eTag"));
        partnerCenter.acceptByMicrosoft(ours);
        partnerCenter.declineByMicrosoft(ours, "No Microsoft seller directly manages this customer");

        assertThat(text(partnerCenter.referral(microsofts), "/substatus")).hasValue("Declined");
        assertThat(text(partnerCenter.referral(ours), "/substatus")).hasValue("Accepted");
        assertThat(partnerCenter.dispatcher().deliveries().stream()
                        .map(delivery ->
                                delivery.event().name() + " " + delivery.event().resourceId()))
                .containsExactly(
                        "referral-created " + ours,
                        "related-referral-created " + microsofts,
                        "referral-updated " + ours,
                        "related-referral-updated " + microsofts,
                        "referral-updated " + ours,
                        "related-referral-updated " + microsofts);
    }

    @Test
    void onlyAnOwnReferralIsJoinedByMicrosoft() {
        assertThat(call(
                                "POST",
                                REFERRALS,
                                ReferralFixtures.invitationToMicrosoft(
                                        1, UUID.randomUUID().toString(), PartnerCenterSimulator.ORGANIZATION))
                        .status())
                .isEqualTo(400);
        JsonObject own = call("POST", REFERRALS, ReferralFixtures.partnerLed(1)).object();
        JsonObject joining = with(ReferralFixtures.partnerLed(2), "/engagementId", own.getString("engagementId"));
        assertThat(call("POST", REFERRALS, joining).status()).isEqualTo(400);
        assertThat(partnerCenter.referrals()).hasSize(1);
    }

    @Test
    void doesNotInviteMicrosoftIntoPrivateDeal() {
        JsonObject own =
                call("POST", REFERRALS, ReferralFixtures.privateDeal(1)).object();

        Answer answer = call(
                "POST",
                REFERRALS,
                ReferralFixtures.invitationToMicrosoft(
                        1, own.getString("engagementId"), own.getString("organizationId")));

        assertThat(answer.status()).isEqualTo(400);
    }

    @Test
    void patchesOnlyWithTheETagThatWasRead() {
        String id = partnerCenter.seed(ReferralFixtures.privateDeal(1));
        String eTag = partnerCenter.referral(id).getString("eTag");

        Answer first = call(
                "PATCH",
                REFERRALS + "/" + id,
                patch("/details/dealValue", "75000"),
                "If-Match",
                eTag,
                "Prefer",
                "return=representation");
        Answer second = call("PATCH", REFERRALS + "/" + id, patch("/details/notes", "late"), "If-Match", eTag);

        assertThat(first.status()).isEqualTo(200);
        assertThat(at(first.object(), "/details/dealValue")).hasValue(Json.createValue(75_000));
        assertThat(second.status()).isEqualTo(412);
        assertThat(second.text("/error/code")).isEqualTo("preconditionFailed");
        assertThat(call("PATCH", REFERRALS + "/" + id, patch("/details/notes", "unguarded"))
                        .status())
                .isEqualTo(204);
    }

    @Test
    void countsValuesThatWereThereAlready() {
        String id = partnerCenter.seed(ReferralFixtures.privateDeal(1));
        JsonObject before = partnerCenter.referral(id);

        assertThat(guarded(
                        id,
                        operation("/details/dealValue", Json.createValue(new BigDecimal("26000.00"))),
                        operation("/details/closingDateTime", Json.createValue("2027-01-16T00:00:00.0000000Z")),
                        operation("/details/notes", Json.createValue("new")),
                        operation("/externalReferenceId", JsonValue.NULL),
                        operation("/team", before.getJsonArray("team"))))
                .isEqualTo(204);
        assertThat(partnerCenter.unchangedValues())
                .containsExactly(
                        id + "/details/dealValue",
                        id + "/details/closingDateTime",
                        id + "/externalReferenceId",
                        id + "/team");
        assertThat(brokenRules()).isEmpty();
    }

    @Test
    void aSubstatusThatMovesTakesItsStatusAlong() {
        String id = partnerCenter.seed(ReferralFixtures.qualifiedLead(1));

        guarded(
                id,
                operation("/status", Json.createValue("New")),
                operation("/substatus", Json.createValue("Received")));
        assertThat(partnerCenter.unchangedValues()).isEmpty();

        guarded(
                id,
                operation("/status", Json.createValue("New")),
                operation("/substatus", Json.createValue("Received")));
        assertThat(partnerCenter.unchangedValues()).containsExactly(id + "/status", id + "/substatus");
    }

    @Test
    void countsNumbersThatAreText() {
        String id = partnerCenter.seed(ReferralFixtures.privateDeal(1));

        assertThat(guarded(id, operation("/details/dealValue", Json.createValue("75000"))))
                .isEqualTo(204);
        assertThat(brokenRules()).containsExactly("a PATCH sends /details/dealValue as text");
    }

    @Test
    void countsADealThatIsWonWithoutBeingAccepted() {
        String id = partnerCenter.seed(ReferralFixtures.cosellFromMicrosoft(1));

        assertThat(guarded(
                        id,
                        operation("/status", Json.createValue("Closed")),
                        operation("/substatus", Json.createValue("Won"))))
                .isEqualTo(204);
        assertThat(brokenRules()).containsExactly("a referral is closed as Won without being accepted");
    }

    @Test
    void takesWholeArraysAndAppends() {
        String id = partnerCenter.seed(ReferralFixtures.privateDeal(1));
        String solutions = "/details/requirements/solutions";

        assertThat(guarded(
                        id,
                        operation(solutions, array("[{\"id\":\"SOL-2-ABC\",\"type\":\"Name\"}]")),
                        operation("/team", array("[{\"email\":\"new@ourco.example\"}]"))))
                .isEqualTo(204);
        assertThat(guarded(
                        id,
                        Json.createObjectBuilder()
                                .add("op", "add")
                                .add("path", "/team/-")
                                .add("value", Json.createObjectBuilder().add("email", "too@ourco.example"))
                                .build()))
                .isEqualTo(204);
        assertThat(partnerCenter.referral(id).getJsonArray("team")).hasSize(2);
        assertThat(guarded(id, operation(solutions, JsonValue.EMPTY_JSON_ARRAY)))
                .isEqualTo(400);
        assertThat(guarded(id, operation(solutions, array("[{\"id\":\"SOL-2-ABC\"}]"))))
                .isEqualTo(400);
        assertThat(guarded(id, operation(solutions + "/0/id", Json.createValue("SOL-3-ABC"))))
                .isEqualTo(400);
    }

    @Test
    void anAutomationChangesWhatACallWrote() {
        partnerCenter.register(URI.create(receiver.url() + "/hook"), false);
        partnerCenter.dispatcher().hold();
        String id = partnerCenter.seed(ReferralFixtures.privateDeal(1));
        partnerCenter.rewrite("/details/notes", value -> Json.createValue(value + "!"));

        Answer answer = call(
                "PATCH",
                REFERRALS + "/" + id,
                patch("/details/notes", "mine"),
                "If-Match",
                partnerCenter.referral(id).getString("eTag"),
                "Prefer",
                "return=representation");

        assertThat(answer.text("/details/notes")).isEqualTo("mine");
        assertThat(text(partnerCenter.referral(id), "/details/notes")).hasValue("\"mine\"!");
        assertThat(partnerCenter.referral(id).getString("eTag")).isNotEqualTo(answer.text("/eTag"));
        assertThat(partnerCenter.dispatcher().deliveries())
                .hasSize(2)
                .allMatch(delivery -> delivery.event().name().equals("referral-updated"));

        guarded(id, operation("/details/dealValue", Json.createValue(7)));
        partnerCenter.edit(id, "/details/notes", "a person's");
        partnerCenter.stopRewriting();
        guarded(id, operation("/details/notes", Json.createValue("last")));
        assertThat(text(partnerCenter.referral(id), "/details/notes")).hasValue("last");
        assertThat(partnerCenter.dispatcher().deliveries()).hasSize(5);
    }

    @Test
    void anAutomationChangesWhatACreateWrote() {
        partnerCenter.rewrite("/name", value -> Json.createValue("renamed")).rewrite("/salesStage", value -> value);

        JsonObject created =
                call("POST", REFERRALS, ReferralFixtures.createRequest(1)).object();

        assertThat(created.getString("name")).isNotEqualTo("renamed");
        assertThat(partnerCenter.referral(created.getString("id")).getString("name"))
                .isEqualTo("renamed");
    }

    @Test
    void aLostAnswerOfACreateLeavesTheReferralAndItsEvent() {
        partnerCenter.register(URI.create(receiver.url() + "/hook"), false);
        partnerCenter.dispatcher().hold();
        partnerCenter.server().faults().next(1, Fault.loseAnswer(), (method, path) -> method.equals("POST"));

        assertThat(call("POST", REFERRALS, ReferralFixtures.createRequest(1)).status())
                .isZero();

        assertThat(partnerCenter.referrals()).hasSize(1);
        assertThat(partnerCenter.dispatcher().deliveries()).hasSize(1);
    }

    @Test
    void aCreateThatIsCutOrRefusedLeavesNothing() {
        partnerCenter.server().faults().next(1, Fault.cut());
        partnerCenter.server().faults().next(1, Fault.status(500));

        assertThat(call("POST", REFERRALS, ReferralFixtures.createRequest(1)).status())
                .isZero();
        assertThat(call("POST", REFERRALS, ReferralFixtures.createRequest(1)).status())
                .isEqualTo(500);

        assertThat(partnerCenter.referrals()).isEmpty();
    }

    @Test
    void aCallThatHangsIsCutBeforeOrAfterItsEffect() {
        partnerCenter.server().faults().next(1, Fault.hang(Duration.ofMillis(20)));
        assertThat(call("POST", REFERRALS, ReferralFixtures.createRequest(1)).status())
                .isZero();
        assertThat(partnerCenter.referrals()).isEmpty();

        partnerCenter.server().faults().next(1, Fault.hangAfterEffect(Duration.ofMillis(20)));
        assertThat(call("POST", REFERRALS, ReferralFixtures.createRequest(1)).status())
                .isZero();
        assertThat(partnerCenter.referrals()).hasSize(1);
        assertThat(partnerCenter.server().log().calls("create referral")).noneMatch(Call::answered);
    }

    @Test
    void patchIsAllOrNothing() {
        String id = partnerCenter.seed(ReferralFixtures.privateDeal(1));
        JsonObject before = partnerCenter.referral(id);

        Answer answer = call("PATCH", REFERRALS + "/" + id, patch("/details/notes", "new", "/name", "other name"));

        assertThat(answer.status()).isEqualTo(400);
        assertThat(partnerCenter.referral(id)).isEqualTo(before);
    }

    @ParameterizedTest
    @CsvSource({
        "New,Pending,Active,Accepted,204",
        "New,Pending,Closed,Declined,204",
        "New,Pending,New,Received,204",
        "New,Pending,Closed,Expired,400",
        "New,Pending,Active,Won,400",
        "Active,Accepted,Closed,Won,204",
        "Active,Accepted,Closed,Lost,204",
        "Active,Accepted,Closed,Declined,400",
        "Active,Accepted,New,Pending,400",
        "Closed,Won,Active,Accepted,400",
        "Closed,Lost,Closed,Won,400"
    })
    void allowsOnlyDocumentedTransitions(String from, String fromSub, String to, String toSub, int status) {
        String id = partnerCenter.seed(
                with(with(ReferralFixtures.qualifiedLead(1), "/status", from), "/substatus", fromSub));

        assertThat(call("PATCH", REFERRALS + "/" + id, patch("/status", to, "/substatus", toSub))
                        .status())
                .isEqualTo(status);
    }

    @Test
    void closedReferralDoesNotChange() {
        String id = partnerCenter.seed(ReferralFixtures.privateDeal(1));
        partnerCenter.close(id, "Lost", "too expensive");

        Answer answer = call("PATCH", REFERRALS + "/" + id, patch("/details/notes", "after the end"));

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.text("/error/innerError/code")).isEqualTo("terminalState");
    }

    @Test
    void keepsConsentAndContactsOnceShared() {
        String id = partnerCenter.seed(ReferralFixtures.partnerLed(1));

        assertThat(call(
                                "PATCH",
                                REFERRALS + "/" + id,
                                operations("/consent/consentToShareReferralWithMicrosoftSellers", JsonValue.FALSE))
                        .status())
                .isEqualTo(400);
        JsonValue contacts =
                at(partnerCenter.referral(id), "/customerProfile/team").orElseThrow();
        assertThat(call("PATCH", REFERRALS + "/" + id, operations("/customerProfile/team", contacts))
                        .status())
                .isEqualTo(204);
        assertThat(call("PATCH", REFERRALS + "/" + id, operations("/customerProfile/team", JsonValue.EMPTY_JSON_ARRAY))
                        .status())
                .isEqualTo(400);
    }

    @Test
    void replacesOnlyWithIfMatchAndWithoutLinks() {
        String id = partnerCenter.seed(ReferralFixtures.privateDeal(1));
        JsonObject current = partnerCenter.referral(id);
        JsonObject changed = with(JsonTree.without(current, "links"), "/externalReferenceId", "crm-1");

        assertThat(call("PUT", REFERRALS + "/" + id, changed).status()).isEqualTo(412);
        assertThat(call("PUT", REFERRALS + "/" + id, current, "If-Match", current.getString("eTag"))
                        .status())
                .isEqualTo(400);
        assertThat(call("PUT", REFERRALS + "/" + id, changed, "If-Match", current.getString("eTag"))
                        .status())
                .isEqualTo(200);
        assertThat(text(partnerCenter.referral(id), "/externalReferenceId")).hasValue("crm-1");
    }

    @Test
    void pagesThroughEverythingByTokenWithMisleadingLink() {
        for (int i = 0; i < 250; i++) {
            partnerCenter.seed(ReferralFixtures.privateDeal(i));
        }

        Set<String> ids = new HashSet<>();
        String query = "?" + option("$orderby", "updatedDateTime desc");
        int pages = 0;
        while (!query.isEmpty()) {
            JsonObject page = call("GET", REFERRALS + query, null).object();
            page.getJsonArray("value").forEach(row -> ids.add(row.asJsonObject().getString("id")));
            String link = page.getString("@odata.nextLink", "");
            query = link.isEmpty() ? "" : link.substring(link.indexOf('?'));
            pages++;
            if (!link.isEmpty()) {
                assertThat(link).startsWith("http://api.partner.microsoft.com/v1.0/referrals?$skiptoken=");
                // A row that changes between two pages must not push others out.
                partnerCenter.edit(ids.iterator().next(), "/details/notes", "changed while paging");
            }
        }

        assertThat(pages).isEqualTo(3);
        assertThat(ids).hasSize(250);
        assertThat(brokenRules()).isEmpty();
    }

    @Test
    void filtersSortsSelectsAndLimitsAsDocumented() {
        String lead = partnerCenter.seed(ReferralFixtures.qualifiedLead(0));
        String cosell = partnerCenter.seed(ReferralFixtures.cosellFromMicrosoft(5));
        String own = partnerCenter.seed(ReferralFixtures.partnerLed(2));

        assertThat(list("$filter", "status eq 'New' and qualification eq 'MarketingQualified'"))
                .containsExactly(lead);
        assertThat(list("$filter", "(type eq 'Shared' and direction eq 'Incoming')"))
                .containsExactly(cosell);
        assertThat(list("$filter", "customerProfile/address/country eq 'FR' and direction eq 'Outgoing'"))
                .containsExactly(own);
        assertThat(list("$filter", "team/any(t:t/email eq 'nobody@ourco.example')"))
                .isEmpty();
        assertThat(list(
                        "$filter",
                        "engagementId eq " + partnerCenter.referral(own).getString("engagementId")))
                .containsExactly(own);
        assertThat(list("$orderby", "createdDateTime asc", "$top", "1")).containsExactly(lead);
        assertThat(call("GET", REFERRALS + "?" + option("$select", "status") + "&" + option("$top", "1"), null)
                        .object()
                        .getJsonArray("value")
                        .getJsonObject(0)
                        .keySet())
                .containsExactlyInAnyOrder("id", "status");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "status ne 'New'",
                "status eq 'New' or status eq 'Active'",
                "updatedDateTime ge 2026-01-01T00:00:00Z",
                "externalReferenceId eq 'x'",
                "status eq New",
                "status eq 'Nonsense'",
                "(status eq 'New'",
                ""
            })
    void refusesUndocumentedFilters(String filter) {
        assertThat(call("GET", REFERRALS + "?" + option("$filter", filter), null)
                        .status())
                .isEqualTo(400);
    }

    @Test
    void wantsTokenOfItsAudienceForUser() {
        String application = entra.issue("client", PartnerCenterSimulator.REFERRALS_AUDIENCE, "")
                .value();

        assertThat(call("GET", REFERRALS, null, "Authorization", "").status()).isEqualTo(401);
        assertThat(call("GET", REFERRALS, null, "Authorization", "Bearer " + webhookToken)
                        .status())
                .isEqualTo(401);
        assertThat(call("GET", REFERRALS, null, "Authorization", "Bearer " + application)
                        .status())
                .isEqualTo(403);
        entra.revoke("client");
        assertThat(call("GET", REFERRALS, null).status()).isEqualTo(401);
    }

    @Test
    void countsCallsBeyondTheLimitAndBeforeRetryAfter() {
        partnerCenter.requestsPerMinute(3);
        partnerCenter.server().underWay(Duration.ZERO);
        for (int i = 0; i < 3; i++) {
            assertThat(call("GET", REFERRALS, null).status()).isEqualTo(200);
        }
        assertThat(brokenRules()).isEmpty();

        Answer tooMany = call("GET", REFERRALS, null);
        call("GET", REFERRALS, null);

        assertThat(tooMany.status()).isEqualTo(429);
        assertThat(tooMany.header("Retry-After"))
                .satisfies(seconds -> assertThat(Integer.parseInt(seconds)).isBetween(58, 60));
        assertThat(brokenRules())
                .filteredOn(rule -> rule.contains("more than 3"))
                .hasSize(2);
        assertThat(brokenRules())
                .filteredOn(rule -> rule.contains("before Retry-After"))
                .hasSize(1);
    }

    @Test
    void countsUndocumentedRequestsAndMissingHeaders() {
        assertThat(call("DELETE", REFERRALS + "/x", null).status()).isEqualTo(501);
        assertThat(call("GET", REFERRALS + "?$skip=1", null).status()).isEqualTo(400);
        call("GET", REFERRALS, null, "client-request-id", "1");

        assertThat(brokenRules()).hasSize(3);
        assertThat(brokenRules().get(0)).isEqualTo("undocumented request: DELETE " + REFERRALS + "/x");
    }

    @Test
    void countsWritesThatRepeatTheirRequestId() {
        String id = partnerCenter.seed(ReferralFixtures.privateDeal(1));
        String request = UUID.randomUUID().toString();

        call("PATCH", REFERRALS + "/" + id, patch("/details/notes", "one"), "client-request-id", request);
        call("PATCH", REFERRALS + "/" + id, patch("/details/notes", "two"), "client-request-id", request);

        assertThat(brokenRules())
                .filteredOn(rule -> rule.contains("for a second time"))
                .hasSize(1);
    }

    @Test
    void countsWhatACarefulClientNeverDoes() {
        String id = partnerCenter.seed(ReferralFixtures.privateDeal(1));
        JsonObject create = Json.createObjectBuilder(ReferralFixtures.createRequest(2))
                .add("organizationId", "me")
                .build();

        assertThat(call("PATCH", REFERRALS + "/" + id, patch("/details/notes", "unguarded"))
                        .status())
                .isEqualTo(204);
        assertThat(call("POST", REFERRALS + "?x=1", create).status()).isEqualTo(200);
        assertThat(call("GET", REFERRALS + "?" + option("$select", "id,nosuch"), null)
                        .status())
                .isEqualTo(400);
        call("GET", REFERRALS + "?$skiptoken=a&" + option("$top", "5"), null);

        assertThat(brokenRules())
                .hasSize(5)
                .anyMatch(rule -> rule.contains("PATCH without If-Match"))
                .anyMatch(rule -> rule.contains("query option of a create"))
                .anyMatch(rule -> rule.contains("organizationId"))
                .anyMatch(rule -> rule.contains("nosuch"))
                .anyMatch(rule -> rule.contains("beside a $skiptoken"));
    }

    @Test
    void faultsHitAsManyCallsAsWanted() {
        String id = partnerCenter.seed(ReferralFixtures.privateDeal(1));
        partnerCenter.server().faults().next(1, Fault.throttled(1));
        partnerCenter.server().faults().next(1, Fault.loseAnswer(), (method, path) -> method.equals("PATCH"));

        Answer throttled = call("GET", REFERRALS, null);
        Answer lost = call("PATCH", REFERRALS + "/" + id, patch("/details/notes", "arrived"));

        assertThat(throttled.status()).isEqualTo(429);
        assertThat(throttled.header("Retry-After")).isEqualTo("1");
        assertThat(lost.status()).isZero();
        assertThat(text(partnerCenter.referral(id), "/details/notes")).hasValue("arrived");
        assertThat(partnerCenter.server().log().calls("patch referral"))
                .singleElement()
                .satisfies(call -> {
                    assertThat(call.status()).isEqualTo(204);
                    assertThat(call.answered()).isFalse();
                });
        assertThat(call("GET", REFERRALS, null).status()).isEqualTo(200);
    }

    @Test
    void cutConnectionHasNoEffect() {
        String id = partnerCenter.seed(ReferralFixtures.privateDeal(1));
        JsonObject before = partnerCenter.referral(id);
        partnerCenter.server().faults().always(Fault.cut());

        assertThat(call("PATCH", REFERRALS + "/" + id, patch("/details/notes", "never"))
                        .status())
                .isZero();

        partnerCenter.server().faults().clear();
        assertThat(partnerCenter.referral(id)).isEqualTo(before);
        assertThat(call("GET", REFERRALS, null).status()).isEqualTo(200);
    }

    @Test
    void showsItsStateAndTakesFaultsOverHttp() {
        partnerCenter.seed(ReferralFixtures.privateDeal(1));

        JsonObject state = call("GET", "/_admin/state", null).object();
        assertThat(state.getJsonObject("objects").getJsonArray("referrals")).hasSize(1);

        assertThat(call(
                                "POST",
                                "/_admin/faults",
                                Json.createObjectBuilder()
                                        .add("fault", "status")
                                        .add("status", 503)
                                        .build())
                        .status())
                .isEqualTo(204);
        assertThat(call("GET", REFERRALS, null).status()).isEqualTo(503);
        assertThat(call("DELETE", "/_admin/faults", null).status()).isEqualTo(204);
        assertThat(call("GET", REFERRALS, null).status()).isEqualTo(200);
    }

    @Test
    void keepsOneRegistrationPerTenant() {
        assertThat(webhooks("GET", REGISTRATION, null).status()).isEqualTo(404);
        assertThat(webhooks("PUT", REGISTRATION, registration()).status()).isEqualTo(404);
        assertThat(webhooks("POST", REGISTRATION, registration()).object().getString("SubscriberId"))
                .isNotEmpty();
        assertThat(webhooks("POST", REGISTRATION, registration()).status()).isEqualTo(409);
        assertThat(webhooks("PUT", REGISTRATION, registration()).status()).isEqualTo(200);
        assertThat(webhooks("GET", REGISTRATION, null).object().getString("WebhookUrl"))
                .isEqualTo(receiver.url() + "/hook");
        assertThat(webhooks("GET", REGISTRATION, null, "Authorization", "Bearer " + userToken)
                        .status())
                .isEqualTo(401);
        assertThat(webhooks("PUT", REGISTRATION, with(registration(), "/WebhookUrl", "http://hook.example/unsafe"))
                        .status())
                .isEqualTo(400);
    }

    @Test
    void sendsTestEventsAtMostTwicePerMinute() {
        webhooks("POST", REGISTRATION, registration());

        String correlation = webhooks("POST", REGISTRATION + "/validationEvents", null)
                .object()
                .getString("correlationId");
        Awaitility.await()
                .untilAsserted(() -> assertThat(webhooks("GET", REGISTRATION + "/validationEvents/" + correlation, null)
                                .text("/status"))
                        .isEqualTo("completed"));
        webhooks("POST", REGISTRATION + "/validationEvents", null);
        Answer third = webhooks("POST", REGISTRATION + "/validationEvents", null);

        assertThat(third.status()).isEqualTo(429);
        assertThat(third.header("Retry-After")).isNotEmpty();
    }

    @Test
    void signsWhatItDelivers() throws GeneralSecurityException {
        partnerCenter.register(URI.create(receiver.url() + "/hook"), false);

        String id = partnerCenter.create(ReferralFixtures.qualifiedLead(1));
        SimulatorRequest delivery = firstReceived();

        assertThat(delivery.text()).contains("\"EventName\":\"referral-created\"", "/referrals/" + id);
        assertThat(delivery.header("X-MS-Signature-Algorithm")).hasValue("rsa-sha256");
        assertThat(delivery.header("X-MS-Certificate-Url"))
                .hasValue(partnerCenter.certificateUrl().toString());
        assertThat(isSigned(delivery, delivery.header("Authorization").orElseThrow()))
                .isTrue();
        partnerCenter
                .dispatcher()
                .signer()
                .certificate()
                .verify(AUTHORITY.root().getPublicKey());
        assertThat(call("GET", "/cert/pcnotifications-dispatch.microsoft.com.cer", null)
                        .status())
                .isEqualTo(200);
    }

    @Test
    void movesSignatureWhenAskedTo() throws GeneralSecurityException {
        partnerCenter.register(URI.create(receiver.url() + "/hook"), true);

        partnerCenter.create(ReferralFixtures.qualifiedLead(1));
        SimulatorRequest delivery = firstReceived();

        assertThat(delivery.header("Authorization")).isEmpty();
        assertThat(isSigned(delivery, delivery.header("x-ms-signature").orElseThrow()))
                .isTrue();
    }

    @Test
    void triesTenTimesAndGivesUp() {
        partnerCenter.dispatcher().delays(java.util.Collections.nCopies(9, Duration.ofMillis(1)));
        partnerCenter.register(URI.create(receiver.url() + "/hook"), false);
        receiverStatus = 503;

        partnerCenter.create(ReferralFixtures.qualifiedLead(1));

        Awaitility.await()
                .untilAsserted(() -> assertThat(partnerCenter.dispatcher().deliveries())
                        .singleElement()
                        .satisfies(delivery -> {
                            assertThat(delivery.state()).isEqualTo(Delivery.State.GIVEN_UP);
                            assertThat(delivery.attempts()).hasSize(10);
                        }));
    }

    @Test
    void duplicatesHoldsAndLosesEvents() {
        partnerCenter.register(URI.create(receiver.url() + "/hook"), false);
        partnerCenter.dispatcher().copies(3).hold();
        partnerCenter.create(ReferralFixtures.qualifiedLead(1));
        assertThat(partnerCenter.dispatcher().isIdle()).isFalse();
        assertThat(received).isEmpty();

        partnerCenter.dispatcher().releaseShuffled(1);
        Awaitility.await().until(() -> partnerCenter.dispatcher().isIdle());
        assertThat(receiver.log().count("event")).isEqualTo(3);

        partnerCenter.dispatcher().copies(1).lose(event -> event.name().equals("referral-created"));
        partnerCenter.create(ReferralFixtures.qualifiedLead(2));
        assertThat(partnerCenter.dispatcher().deliveries().get(3).state()).isEqualTo(Delivery.State.DROPPED);
    }

    @Test
    void tellsOfMicrosoftsReferralAsRelated() {
        partnerCenter.register(URI.create(receiver.url() + "/hook"), false);
        partnerCenter.dispatcher().hold();

        String id = partnerCenter.create(ReferralFixtures.cosellFromMicrosoft(1));
        partnerCenter.edit(id, "/details/dealValue", 99_000);

        assertThat(partnerCenter.dispatcher().deliveries().stream()
                        .map(delivery -> delivery.event().name()))
                .containsExactly("referral-created", "related-referral-created", "referral-updated");
        assertThat(partnerCenter.microsoftBeside(id)).hasSize(1);
    }

    private SimulatorRequest firstReceived() {
        Awaitility.await().until(() -> receiver.log().count("event") > 0);
        synchronized (received) {
            return received.get(0);
        }
    }

    private boolean isSigned(SimulatorRequest delivery, String header) throws GeneralSecurityException {
        assertThat(header).startsWith("Signature ");
        Signature signature = Signature.getInstance("SHA256withRSA");
        signature.initVerify(partnerCenter.dispatcher().signer().certificate());
        signature.update(delivery.body());
        return signature.verify(Base64.getDecoder().decode(header.substring("Signature ".length())));
    }

    private JsonObject registration() {
        return Json.createObjectBuilder()
                .add("WebhookUrl", receiver.url() + "/hook")
                .add(
                        "WebhookEvents",
                        Json.createArrayBuilder(List.of("referral-created", "referral-updated", "test-created")))
                .add("SignatureTokenToMsSignatureHeader", false)
                .build();
    }

    private List<String> brokenRules() {
        return partnerCenter.server().log().brokenRules();
    }

    private int guarded(String id, JsonObject... operations) {
        JsonArrayBuilder patch = Json.createArrayBuilder();
        for (JsonObject operation : operations) {
            patch.add(operation);
        }
        return call(
                        "PATCH",
                        REFERRALS + "/" + id,
                        patch.build(),
                        "If-Match",
                        partnerCenter.referral(id).getString("eTag"))
                .status();
    }

    private static JsonArray array(String json) {
        try (JsonReader reader = Json.createReader(new StringReader(json))) {
            return reader.readArray();
        }
    }

    private static JsonStructure patch(String... pathsAndValues) {
        JsonArrayBuilder operations = Json.createArrayBuilder();
        for (int i = 0; i < pathsAndValues.length; i += 2) {
            operations.add(operation(pathsAndValues[i], Json.createValue(pathsAndValues[i + 1])));
        }
        return operations.build();
    }

    private static JsonStructure operations(String path, JsonValue value) {
        return Json.createArrayBuilder().add(operation(path, value)).build();
    }

    private static JsonObject operation(String path, JsonValue value) {
        return Json.createObjectBuilder()
                .add("op", "replace")
                .add("path", path)
                .add("value", value)
                .build();
    }

    private List<String> list(String... options) {
        StringBuilder query = new StringBuilder();
        for (int i = 0; i < options.length; i += 2) {
            query.append(query.isEmpty() ? "?" : "&").append(option(options[i], options[i + 1]));
        }
        return call("GET", REFERRALS + query, null).object().getJsonArray("value").stream()
                .map(row -> row.asJsonObject().getString("id"))
                .toList();
    }

    private static String option(String name, String value) {
        return name + "=" + URLEncoder.encode(value, StandardCharsets.UTF_8).replace("+", "%20");
    }

    private Answer call(String method, String path, @Nullable JsonStructure body, String... headers) {
        return send(method, path, userToken, body, headers);
    }

    private Answer webhooks(String method, String path, @Nullable JsonStructure body, String... headers) {
        return send(method, path, webhookToken, body, headers);
    }

    private Answer send(String method, String path, String token, @Nullable JsonStructure body, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(partnerCenter.url() + path))
                .method(
                        method,
                        body == null
                                ? HttpRequest.BodyPublishers.noBody()
                                : HttpRequest.BodyPublishers.ofString(body.toString()))
                .header("Content-Type", "application/json")
                .header("Accept", "application/json")
                .header("Authorization", "Bearer " + token)
                .header("client-request-id", UUID.randomUUID().toString())
                .header("MS-CorrelationId", UUID.randomUUID().toString());
        for (int i = 0; i < headers.length; i += 2) {
            request.setHeader(headers[i], headers[i + 1]);
        }
        try {
            HttpResponse<String> response = HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
            return new Answer(response.statusCode(), response.body(), response);
        } catch (IOException cut) {
            return new Answer(0, "", null);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(stopped);
        }
    }

    private record Answer(int status, String body, @Nullable HttpResponse<String> response) {
        JsonObject object() {
            try (JsonReader reader = Json.createReader(new StringReader(body))) {
                return reader.readObject();
            }
        }

        String text(String path) {
            return JsonTree.text(object(), path).orElse("");
        }

        String header(String name) {
            return response == null ? "" : response.headers().firstValue(name).orElse("");
        }
    }
}
