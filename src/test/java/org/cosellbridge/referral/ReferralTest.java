package org.cosellbridge.referral;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.cosellbridge.referral.ReferralFixtures.object;
import static org.cosellbridge.referral.ReferralFixtures.text;
import static org.cosellbridge.referral.ReferralFixtures.with;

import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class ReferralTest {
    @Test
    void readsTheEssentials() {
        Referral referral = Referral.parse(ReferralFixtures.coSell());

        assertThat(referral.id()).isEqualTo(new ReferralId(ReferralFixtures.ID));
        assertThat(referral.findEngagementId()).contains(new EngagementId("5e9b3bd1-83c7-4f5f-9d5d-3f1c4c0f7a10"));
        assertThat(referral.organizationId()).contains(new OrganizationId("7c7e1f0a-3b7d-4a39-8a4b-1e5f0c8d2b33"));
        assertThat(referral.name()).isEqualTo("Northwind Traders @ Our App");
        assertThat(referral.eTag()).isEqualTo("\"2500ec5a-0000-0000-0000-5bf4967d0000\"");
        assertThat(referral.status()).isEqualTo(Status.ACTIVE);
        assertThat(referral.substatus()).isEqualTo(Substatus.ACCEPTED);
        assertThat(referral.updatedDateTime()).contains(Instant.parse("2026-11-02T09:30:00.7654321Z"));
        assertThat(referral.externalReferenceId()).isEmpty();
        assertThat(referral.kind()).isEqualTo(DealKind.CO_SELL_OPPORTUNITY);
        assertThat(referral.isAccepted()).isTrue();
        assertThat(referral.isTerminal()).isFalse();
        assertThat(referral.isLead()).isFalse();
    }

    @Test
    void readsMemberNamesWhateverTheirCase() {
        Referral referral = Referral.parse(object("""
                {"ID":"0D1B5A6E-3F57-4F0B-9B53-0F6B6A4F1C11","Status":"active","SubStatus":"ACCEPTED","ETag":"\\"1\\"",
                 "Consent":{"ConsentToContact":true},"Details":{"DealValue":1}}"""));

        assertThat(referral.id().value()).isEqualTo(ReferralFixtures.ID);
        assertThat(referral.eTag()).isEqualTo("\"1\"");
        assertThat(referral.state().text()).isEqualTo("Active/Accepted");
        assertThat(referral.view().getJsonObject("consent").getBoolean("consentToContact"))
                .isTrue();
        assertThat(referral.view().getJsonObject("details").getInt("dealValue")).isEqualTo(1);
    }

    @Test
    void keepsTheDocumentAsItCame() {
        JsonObject wire = with(ReferralFixtures.coSell(), "/somethingNew", object("{\"Deep\":[1]}"));

        Referral referral = Referral.parse(wire);

        assertThat(referral.document()).isSameAs(wire);
        assertThat(referral.view().getJsonObject("somethingNew")).isEqualTo(object("{\"Deep\":[1]}"));
    }

    @Test
    void toleratesASingleMemberInsteadOfAListAndAnObjectInsteadOfNoIds() {
        JsonObject wire =
                with(ReferralFixtures.coSell(), "/customerProfile/team", object("{\"email\":\"a@b.example\"}"));
        wire = with(wire, "/customerProfile/ids", JsonValue.EMPTY_JSON_OBJECT);

        JsonObject profile = Referral.parse(wire).view().getJsonObject("customerProfile");

        assertThat(profile.getJsonArray("team")).hasSize(1);
        assertThat(profile.getJsonArray("team").getJsonObject(0).getString("email"))
                .isEqualTo("a@b.example");
        assertThat(profile.getJsonArray("ids")).isEmpty();
    }

    @Test
    void showsStateAndLinkToMappings() {
        JsonObject view = Referral.parse(with(ReferralFixtures.coSell(), "/substatus", text("accepted")))
                .view();

        assertThat(view.getString("state")).isEqualTo("Active/Accepted");
        assertThat(view.getString("link"))
                .isEqualTo("https://partner.microsoft.com/referrals/v2/inbox?id=" + ReferralFixtures.ID);
    }

    @Test
    void anUnacceptedLeadIsALeadAndAnAcceptedOneIsNot() {
        JsonObject lead = ReferralFixtures.lead();

        assertThat(Referral.parse(lead).isLead()).isTrue();
        assertThat(Referral.parse(lead).isAccepted()).isFalse();

        Referral accepted = Referral.parse(with(with(lead, "/status", text("Active")), "/substatus", text("Accepted")));
        assertThat(accepted.kind()).isEqualTo(DealKind.MARKETPLACE_LEAD);
        assertThat(accepted.isAccepted()).isTrue();
        assertThat(accepted.isLead()).isFalse();
    }

    @Test
    void whatWasClosedCountsAsAcceptedOnlyAfterAnAcceptance() {
        JsonObject closed = with(ReferralFixtures.lead(), "/status", text("Closed"));

        assertThat(Referral.parse(with(closed, "/substatus", text("Declined"))).isAccepted())
                .isFalse();
        assertThat(Referral.parse(with(closed, "/substatus", text("Won"))).isAccepted())
                .isTrue();
        assertThat(Referral.parse(with(
                                with(closed, "/substatus", text("Error")),
                                "/acceptedDateTime",
                                text("2026-11-01T08:00:00Z")))
                        .isAccepted())
                .isTrue();
    }

    @Test
    void anUnacceptedCoSellIsNoLead() {
        JsonObject waiting = with(ReferralFixtures.coSell(), "/status", text("New"));

        assertThat(Referral.parse(with(waiting, "/substatus", text("Received"))).isLead())
                .isFalse();
    }

    @Test
    void refusesADocumentWithoutId() {
        assertThatThrownBy(() -> Referral.parse(JsonValue.EMPTY_JSON_OBJECT))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no id");
    }
}
