package org.cosellbridge.referral;

import static org.assertj.core.api.Assertions.assertThat;
import static org.cosellbridge.referral.ReferralFixtures.text;

import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import org.cosellbridge.referral.ReferralPath.Kind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ReferralPathsTest {
    private final JsonObject view = Referral.parse(ReferralFixtures.coSell()).view();

    @ParameterizedTest
    @CsvSource({
        "id, TEXT",
        "state, TEXT",
        "link, TEXT",
        "details.dealValue, NUMBER",
        "details.closingDateTime, DATETIME",
        "consent.consentToToShareInfoWithOthers, BOOLEAN",
        "customerProfile.team[0].email, TEXT",
        "customerProfile.team[12].contactPreference.disableNotifications, BOOLEAN",
        "customerProfile.team, STRUCTURE",
        "customerProfile.team[0], STRUCTURE",
        "customerProfile.ids[0].id, TEXT",
        "details.requirements.solutions[].id, LIST",
        "details.requirements.solutions, STRUCTURE",
        "details.requirements.additionalRequirements.attributes, ANY",
        "details.requirements.additionalRequirements.attributes[0].id, ANY",
        "inviteContext.invitedBy.organizationId, TEXT",
        "registrations[0].contract.value, ANY",
        "links.self.uri, TEXT"
    })
    void knowsWhatStandsAtAPath(String path, Kind kind) {
        assertThat(ReferralPaths.find(path)).map(ReferralPath::kind).contains(kind);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "details.dealvalue",
                "details.dealValue.amount",
                "details.closeDate",
                "customerProfile.team.email",
                "customerProfile.team[0].emailAddress",
                "customerProfile.team[",
                "customerProfile.name[0]",
                "$value",
                "a b",
                "details..notes"
            })
    void knowsNoOtherPaths(String path) {
        assertThat(ReferralPaths.find(path)).isEmpty();
    }

    @Test
    void findsEveryPathItLists() {
        assertThat(ReferralPaths.known())
                .hasSizeGreaterThan(100)
                .allSatisfy(known -> assertThat(ReferralPaths.find(known.replace("[]", "[0]")))
                        .isPresent());
    }

    @Test
    void readsValues() {
        assertThat(read("customerProfile.team[0].lastName")).isEqualTo(text("Diaz"));
        assertThat(read("customerProfile.team[1].lastName")).isEqualTo(JsonValue.NULL);
        assertThat(read("customerProfile.address.state")).isEqualTo(JsonValue.NULL);
        assertThat(read("details.requirements.solutions[].id").toString())
                .isEqualTo("[\"SOL-11111-AAA\",\"SOL-22222-BBB\"]");
        assertThat(read("details.requirements.additionalRequirements.attributes[0].id"))
                .isEqualTo(text("HaveNotDecided"));
        assertThat(read("registrations[0].id")).isEqualTo(JsonValue.NULL);
    }

    @Test
    void knowsWhatPartnerCenterTakes() {
        assertThat(path("details.dealValue").patchable()).isTrue();
        assertThat(path("customerProfile.team[0].email").patchable()).isTrue();
        assertThat(path("details.requirements.solutions[].id").pointer()).isEqualTo("/details/requirements/solutions");
        assertThat(path("customerProfile.team[0].email").pointer()).isEqualTo("/customerProfile/team/0/email");
        assertThat(path("name").patchable()).isFalse();
        assertThat(path("name").readOnly()).isFalse();
        assertThat(path("trackingInfo.microsoftMsxId").readOnly()).isTrue();
    }

    private JsonValue read(String path) {
        return path(path).read(view);
    }

    private static ReferralPath path(String path) {
        return ReferralPaths.find(path).orElseThrow();
    }
}
