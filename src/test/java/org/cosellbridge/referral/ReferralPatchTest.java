package org.cosellbridge.referral;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.cosellbridge.referral.ReferralFixtures.object;
import static org.cosellbridge.referral.ReferralFixtures.text;
import static org.cosellbridge.referral.ReferralFixtures.with;

import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReferralPatchTest {
    private final JsonObject held = ReferralFixtures.coSell();

    @Test
    void aPlainValueIsSentAtItsPath() {
        assertThat(ReferralPatch.of(held, Map.of("details.notes", text("new"), "externalReferenceId", text("crm-1"))))
                .containsExactly(
                        Map.entry("details.notes", text("new")), Map.entry("externalReferenceId", text("crm-1")));
    }

    @Test
    void aNumberIsANumber() {
        assertThat(ReferralPatch.of(held, Map.of("details.dealValue", text("75000.50"))))
                .containsExactly(Map.entry("details.dealValue", value("75000.50")));
        assertThat(ReferralPatch.of(held, Map.of("details.dealValue", value("7"))))
                .containsExactly(Map.entry("details.dealValue", value("7")));
    }

    @Test
    void truthIsTruth() {
        String consent = "consent.consentToShareReferralWithMicrosoftSellers";

        assertThat(ReferralPatch.of(held, Map.of(consent, text("true"))))
                .containsExactly(Map.entry(consent, JsonValue.TRUE));
        assertThat(ReferralPatch.of(held, Map.of(consent, text("false")))).isEmpty();
    }

    @Test
    void aStateIsAStatusWithItsSubstatus() {
        assertThat(ReferralPatch.of(held, Map.of("state", text("Closed/Won"))))
                .containsExactly(Map.entry("status", text("Closed")), Map.entry("substatus", text("Won")));
        assertThat(ReferralPatch.of(with(held, "/substatus", text("None")), Map.of("state", text("Active/Accepted"))))
                .containsExactly(Map.entry("status", text("Active")), Map.entry("substatus", text("Accepted")));
    }

    @Test
    void aClosingStateComesAfterTheFields() {
        assertThat(ReferralPatch.of(
                                held,
                                Map.of(
                                        "state",
                                        text("Closed/Lost"),
                                        "statusReason",
                                        text("The budget was cut"),
                                        "details.notes",
                                        text("over"),
                                        "team[0].email",
                                        text("new@ourco.example")))
                        .keySet())
                .containsExactly("details.notes", "team", "status", "substatus", "statusReason");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Active/Won", "Paused/Accepted", "Won", "New"})
    void whatIsNoStateIsRefused(String state) {
        assertThatThrownBy(() -> ReferralPatch.of(held, Map.of("state", text(state))))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void solutionsAreSentWholeAndThoseThatAreThereAreKept() {
        JsonObject document = with(held, "/details/requirements/solutions/1/price", value("12"));

        assertThat(ReferralPatch.of(
                        document,
                        Map.of("details.requirements.solutions[].id", value("[\"SOL-33333-CCC\",\"SOL-22222-BBB\"]"))))
                .containsExactly(Map.entry("details.requirements.solutions", value("""
                        [{"id":"SOL-33333-CCC","type":"Name"},
                         {"type":"Name","id":"SOL-22222-BBB","name":"Our Other App","price":12}]""")));
    }

    @Test
    void aSolutionThatPartnerCenterHoldsWithoutATypeStaysAsItCame() {
        JsonObject document = with(held, "/details/requirements/solutions", value("[{\"id\":\"A\"}]"));

        assertThat(ReferralPatch.of(document, Map.of("details.requirements.solutions[].id", value("[\"A\",\"B\"]")))
                        .get("details.requirements.solutions"))
                .isEqualTo(value("[{\"id\":\"A\"},{\"id\":\"B\",\"type\":\"Name\"}]"));
    }

    @Test
    void oneMemberOfAContactIsSentWithAllContacts() {
        JsonObject document = with(
                held,
                "/customerProfile/team",
                value("[{\"email\":\"a@b.example\",\"strange\":1},{\"email\":\"c@b.example\"}]"));

        assertThat(ReferralPatch.of(document, Map.of("customerProfile.team[0].email", text("x@b.example"))))
                .containsExactly(Map.entry(
                        "customerProfile.team",
                        value("[{\"email\":\"x@b.example\",\"strange\":1},{\"email\":\"c@b.example\"}]")));
    }

    @Test
    void severalMembersOfAListAreOneValue() {
        assertThat(ReferralPatch.of(
                        with(held, "/customerProfile/team", JsonValue.EMPTY_JSON_ARRAY),
                        Map.of(
                                "customerProfile.team[0].email", text("x@b.example"),
                                "customerProfile.team[0].lastName", text("Berg"))))
                .containsExactly(Map.entry(
                        "customerProfile.team", value("[{\"email\":\"x@b.example\",\"lastName\":\"Berg\"}]")));
    }

    @Test
    void aListComesBeforeItsElements() {
        assertThat(ReferralPatch.of(
                        held,
                        Map.of(
                                "details.requirements.solutions[0].name", text("Renamed"),
                                "details.requirements.solutions[].id", value("[\"SOL-33333-CCC\"]"))))
                .containsExactly(Map.entry(
                        "details.requirements.solutions",
                        value("[{\"id\":\"SOL-33333-CCC\",\"name\":\"Renamed\",\"type\":\"Name\"}]")));
    }

    @Test
    void whatTheReferralHoldsAlreadyIsNotSent() {
        assertThat(ReferralPatch.of(
                        held,
                        Map.of(
                                "details.dealValue", value("50000.00"),
                                "details.closingDateTime", text("2026-12-31T00:00:00.0000000Z"),
                                "details.currency", text("USD"),
                                "state", text("active/accepted"),
                                "customerProfile.team[0].lastName", text("Diaz"),
                                "details.requirements.solutions[].id", value("[\"SOL-11111-AAA\",\"SOL-22222-BBB\"]"))))
                .isEmpty();
    }

    @Test
    void nothingEmptiesTextsAndLists() {
        assertThat(ReferralPatch.of(
                        held, Map.of("details.notes", JsonValue.NULL, "customerProfile.team", JsonValue.NULL)))
                .containsExactly(
                        Map.entry("customerProfile.team", JsonValue.EMPTY_JSON_ARRAY),
                        Map.entry("details.notes", JsonValue.NULL));
    }

    @Test
    void nothingStaysNothing() {
        assertThat(ReferralPatch.of(
                        object("{\"details\":{}}"),
                        Map.of("details.notes", JsonValue.NULL, "customerProfile.team", JsonValue.NULL)))
                .isEmpty();
    }

    @Test
    void readsADocumentWhateverTheCaseOfItsNames() {
        assertThat(ReferralPatch.of(
                        object("{\"Details\":{\"Notes\":\"same\",\"DealValue\":1}}"),
                        Map.of("details.notes", text("same"), "details.dealValue", value("2"))))
                .containsExactly(Map.entry("details.dealValue", value("2")));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "name",
                "customerProfile.name",
                "customerProfile.address.city",
                "inviteContext.assistanceRequestCode",
                "type",
                "trackingInfo.microsoftMsxId",
                "link",
                "no.such.path"
            })
    void aPathThatPartnerCenterDoesNotPatchIsRefusedByName(String path) {
        assertThatThrownBy(() -> ReferralPatch.of(held, Map.of("details.notes", text("x"), path, text("y"))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(path);
    }

    private static JsonValue value(String json) {
        return Objects.requireNonNull(object("{\"value\":" + json + "}").get("value"));
    }
}
