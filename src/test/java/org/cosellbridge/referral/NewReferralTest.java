package org.cosellbridge.referral;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.cosellbridge.referral.ReferralFixtures.object;
import static org.cosellbridge.referral.ReferralFixtures.text;
import static org.cosellbridge.referral.ReferralFixtures.with;

import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.util.List;
import java.util.Objects;
import org.cosellbridge.referral.NewReferral.Missing;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class NewReferralTest {
    private static final String OWN = "7c7e1f0a-3b7d-4a39-8a4b-1e5f0c8d2b33";
    private static final String ENGAGEMENT = "5e9b3bd1-83c7-4f5f-9d5d-3f1c4c0f7a10";

    private static final JsonObject DRAFT = object("""
            {
              "name": "Northwind ERP rollout",
              "state": "New/Pending",
              "status": "New",
              "substatus": "Pending",
              "inviteContext": {"assistanceRequestCode": "ProofOfConceptOrDemo", "notes": "Please join the demo."},
              "customerProfile": {
                "name": "Northwind Traders",
                "address": {"addressLine1": "1 Main St", "addressLine2": null, "city": "Seattle", "country": " us"},
                "team": [{"firstName": "Ana", "lastName": "Diaz", "phoneNumber": "2065550100",
                  "email": "ana@northwind.example", "title": null}]
              },
              "consent": {"consentToToShareInfoWithOthers": true, "consentToContact": true},
              "details": {
                "notes": null,
                "dealValue": "50000",
                "currency": "usd",
                "closingDateTime": "2026-12-31T00:00:00Z",
                "requirements": {
                  "solutions": [{"id": "SOL-11111-AAA"}, {"id": "SOL-22222-BBB", "type": "Category"}],
                  "additionalRequirements": {"attributes": [{"type": "CustomerMarketplaceIntent", "id": "HaveNotDecided"}]}
                }
              },
              "strange": {"kept": []}
            }""");

    private static final JsonObject DEAL = object("""
            {
              "name": "Northwind ERP rollout",
              "qualification": "SalesQualified",
              "customerProfile": {
                "name": "Northwind Traders",
                "address": {"addressLine1": "1 Main St", "city": "Seattle", "country": "US"},
                "team": [{"firstName": "Ana", "lastName": "Diaz", "phoneNumber": "2065550100",
                  "email": "ana@northwind.example"}]
              },
              "consent": {"consentToToShareInfoWithOthers": true, "consentToContact": true,
                "consentToShareReferralWithMicrosoftSellers": true},
              "details": {
                "dealValue": 50000,
                "currency": "USD",
                "closingDateTime": "2026-12-31T00:00:00Z",
                "requirements": {
                  "solutions": [{"id": "SOL-11111-AAA", "type": "Name"}, {"id": "SOL-22222-BBB", "type": "Category"}],
                  "additionalRequirements": {"attributes": [{"type": "CustomerMarketplaceIntent", "id": "HaveNotDecided"}]}
                }
              },
              "strange": {"kept": []},
              "type": "Shared"
            }""");

    private static final Referral CREATED = Referral.parse(ReferralFixtures.coSell());

    @Test
    void aPrivateDealIsIndependentAndUnseen() {
        JsonObject expected = with(
                with(
                        with(DEAL, "/type", text("Independent")),
                        "/consent/consentToShareReferralWithMicrosoftSellers",
                        JsonValue.FALSE),
                "/externalReferenceId",
                text("crm-1"));

        assertThat(NewReferral.own(DRAFT, DealType.PRIVATE, "crm-1"))
                .isEqualTo(with(expected, "/target", JsonValue.EMPTY_JSON_ARRAY));
    }

    @Test
    void aPartnerLedDealIsSharedAndSeen() {
        assertThat(NewReferral.own(DRAFT, DealType.PARTNER_LED, "crm-1"))
                .isEqualTo(
                        with(with(DEAL, "/externalReferenceId", text("crm-1")), "/target", JsonValue.EMPTY_JSON_ARRAY));
    }

    @Test
    void aCoSellDealAimsAtItsFirstSolutionAndAsksNobodyYet() {
        assertThat(NewReferral.own(DRAFT, DealType.CO_SELL, "crm-1"))
                .isEqualTo(with(
                        with(DEAL, "/externalReferenceId", text("crm-1")),
                        "/target",
                        value("[{\"type\":\"SolutionProfile\",\"id\":\"SOL-11111-AAA\"}]")));
    }

    @ParameterizedTest
    @EnumSource(DealType.class)
    void aDraftDoesNotDecideWhoSeesTheDealNorWhatPartnerCenterOwns(DealType type) {
        JsonObject draft = ReferralFixtures.coSell();
        draft = with(draft, "/externalReferenceId", text("other"));
        draft = with(
                draft,
                "/consent/consentToShareReferralWithMicrosoftSellers",
                type == DealType.PRIVATE ? JsonValue.TRUE : JsonValue.FALSE);

        JsonObject own = NewReferral.own(draft, type, "crm-1");

        assertThat(own.keySet())
                .containsExactlyInAnyOrder(
                        "name",
                        "qualification",
                        "referralProgram",
                        "customerProfile",
                        "consent",
                        "details",
                        "team",
                        "type",
                        "externalReferenceId",
                        "target");
        assertThat(own.getString("externalReferenceId")).isEqualTo("crm-1");
        assertThat(own.getJsonObject("consent").getBoolean("consentToShareReferralWithMicrosoftSellers"))
                .isEqualTo(type != DealType.PRIVATE);
    }

    @Test
    void nobodyMayBeContactedUnlessTheDraftSaysSo() {
        JsonObject draft = with(DRAFT, "/consent", object("{\"consentToToShareInfoWithOthers\":true}"));

        assertThat(NewReferral.own(draft, DealType.PRIVATE, "crm-1")
                        .getJsonObject("consent")
                        .getBoolean("consentToContact"))
                .isFalse();
    }

    @Test
    void microsoftIsAskedIntoOurEngagement() {
        JsonObject expected = with(DEAL, "/engagementId", text(ENGAGEMENT));
        expected = with(expected, "/target", value("[{\"type\":\"BusinessProfileLocation\",\"id\":\"msft\"}]"));
        expected = with(expected, "/inviteContext", object("""
                {"assistanceRequestCode":"QuotesOrLicensing","invitedBy":{"organizationId":"%s"},
                 "notes":"Please join the demo."}""".formatted(OWN)));

        assertThat(NewReferral.forMicrosoft(DRAFT, CREATED, "QuotesOrLicensing"))
                .isEqualTo(expected);
    }

    @Test
    void microsoftsReferralIsNeverFoundByOurReference() {
        JsonObject draft = with(DRAFT, "/externalReferenceId", text("crm-1"));

        assertThat(NewReferral.forMicrosoft(draft, CREATED, "QuotesOrLicensing"))
                .doesNotContainKey("externalReferenceId");
    }

    @Test
    void microsoftIsToldNothingWhereTheDraftHasNoNotes() {
        JsonObject draft = with(DRAFT, "/inviteContext", JsonValue.EMPTY_JSON_OBJECT);

        assertThat(NewReferral.forMicrosoft(draft, CREATED, "QuotesOrLicensing")
                        .getJsonObject("inviteContext")
                        .keySet())
                .containsExactlyInAnyOrder("assistanceRequestCode", "invitedBy");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/engagementId", "/organizationId"})
    void microsoftIsNotAskedWithoutAnEngagementOrAnInviter(String lost) {
        Referral referral = Referral.parse(with(ReferralFixtures.coSell(), lost, JsonValue.NULL));

        assertThatThrownBy(() -> NewReferral.forMicrosoft(DRAFT, referral, "QuotesOrLicensing"))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @EnumSource(DealType.class)
    void aWholeDraftLacksNothing(DealType type) {
        assertThat(NewReferral.missing(DRAFT, type)).isEmpty();
    }

    @Test
    void everythingThatAnEmptyDraftLacksIsFoundAtOnce() {
        assertThat(NewReferral.missing(JsonValue.EMPTY_JSON_OBJECT, DealType.CO_SELL))
                .extracting(Missing::path)
                .containsExactly(
                        "name",
                        "customerProfile.name",
                        "customerProfile.address.addressLine1",
                        "customerProfile.address.city",
                        "customerProfile.address.country",
                        "details.dealValue",
                        "details.currency",
                        "details.closingDateTime",
                        "details.requirements.solutions[].id",
                        "customerProfile.team[0].firstName",
                        "customerProfile.team[0].lastName",
                        "customerProfile.team[0].phoneNumber",
                        "customerProfile.team[0].email",
                        "consent.consentToToShareInfoWithOthers");
        assertThat(NewReferral.missing(JsonValue.EMPTY_JSON_OBJECT, DealType.CO_SELL))
                .allSatisfy(missing -> {
                    assertThat(missing.need()).startsWith("needs ").doesNotEndWith(".");
                    assertThat(ReferralPaths.find(missing.path())).isPresent();
                });
    }

    @ParameterizedTest
    @EnumSource(value = DealType.class, names = "CO_SELL", mode = EnumSource.Mode.EXCLUDE)
    void aContactIsNeededOnlyWhenMicrosoftIsAsked(DealType type) {
        JsonObject draft = with(DRAFT, "/customerProfile/team", JsonValue.EMPTY_JSON_ARRAY);

        assertThat(NewReferral.missing(draft, type)).isEmpty();
        assertThat(NewReferral.missing(draft, DealType.CO_SELL)).hasSize(4);
    }

    @Test
    void oneWholeContactIsEnough() {
        JsonObject whole = Objects.requireNonNull(DRAFT.getJsonObject("customerProfile"))
                .getJsonArray("team")
                .getJsonObject(0);
        JsonObject draft = with(DRAFT, "/customerProfile/team", value("[{\"firstName\":\"Only\"}," + whole + "]"));

        assertThat(NewReferral.missing(draft, DealType.CO_SELL)).isEmpty();
        assertThat(NewReferral.missing(with(draft, "/customerProfile/team/1/email", text(" ")), DealType.CO_SELL))
                .extracting(Missing::path)
                .containsExactly(
                        "customerProfile.team[0].lastName",
                        "customerProfile.team[0].phoneNumber",
                        "customerProfile.team[0].email");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/name                              | '  '       | name",
                "/customerProfile/address/country   | Germany    | customerProfile.address.country",
                "/customerProfile/address/country   | XX         | customerProfile.address.country",
                "/customerProfile/address/country   | DEU        | customerProfile.address.country",
                "/details/dealValue                 | 0          | details.dealValue",
                "/details/dealValue                 | -5         | details.dealValue",
                "/details/dealValue                 | much       | details.dealValue",
                "/details/currency                  | QQQ        | details.currency",
                "/details/currency                  | Euro       | details.currency",
                "/details/closingDateTime           | soon       | details.closingDateTime",
                "/inviteContext/assistanceRequestCode | Everything | inviteContext.assistanceRequestCode",
                "/consent/consentToToShareInfoWithOthers | true  | consent.consentToToShareInfoWithOthers"
            })
    void aValueThatPartnerCenterWouldRefuseIsMissing(String pointer, String value, String path) {
        assertThat(NewReferral.missing(with(DRAFT, pointer, text(value)), DealType.CO_SELL))
                .extracting(Missing::path)
                .containsExactly(path);
    }

    @Test
    void aCountrySaysHowItIsWritten() {
        assertThat(NewReferral.missing(
                        with(DRAFT, "/customerProfile/address/country", text("Germany")), DealType.PRIVATE))
                .containsExactly(new Missing(
                        "customerProfile.address.country", "needs a two-letter country code (ISO 3166-1), such as DE"));
    }

    @Test
    void consentThatIsDeniedIsMissing() {
        assertThat(NewReferral.missing(
                        with(DRAFT, "/consent/consentToToShareInfoWithOthers", JsonValue.FALSE), DealType.PRIVATE))
                .extracting(Missing::path)
                .containsExactly("consent.consentToToShareInfoWithOthers");
    }

    @Test
    void solutionsHaveIdsOfBoundedLengthAndNumber() {
        assertThat(solutions("[]")).containsExactly("needs at least one solution id, such as SOL-12345-ABC");
        assertThat(solutions("[{\"id\":\"A\"},{\"name\":\"no id\"}]"))
                .containsExactly("needs at least one solution id, such as SOL-12345-ABC");
        assertThat(solutions("[{\"id\":\"" + "x".repeat(100) + "\"}]")).isEmpty();
        assertThat(solutions("[{\"id\":\"" + "x".repeat(101) + "\"}]"))
                .containsExactly("needs solution ids of at most 100 characters");
        assertThat(solutions("[" + "{\"id\":\"A\"},".repeat(49) + "{\"id\":\"B\"}]"))
                .isEmpty();
        assertThat(solutions("[" + "{\"id\":\"A\"},".repeat(50) + "{\"id\":\"B\"}]"))
                .containsExactly("needs at most 50 solution ids");
    }

    private static List<String> solutions(String list) {
        return NewReferral.missing(with(DRAFT, "/details/requirements/solutions", value(list)), DealType.PRIVATE)
                .stream()
                .map(Missing::need)
                .toList();
    }

    private static JsonValue value(String json) {
        return Objects.requireNonNull(object("{\"value\":" + json + "}").get("value"));
    }
}
