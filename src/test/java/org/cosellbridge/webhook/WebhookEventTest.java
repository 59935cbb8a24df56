package org.cosellbridge.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.cosellbridge.referral.ReferralId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WebhookEventTest {
    private static final String ID = "0d1b2c3d-1111-4222-8333-444455556666";
    private static final String DATE = "2024-05-17T09:05:39.5485487+00:00";

    private static WebhookEvent parse(String json) throws RefusedException {
        return WebhookEvent.parse(json.getBytes(StandardCharsets.UTF_8));
    }

    private static String event(String name, String uri, String date) {
        return "{\"EventName\":\"" + name + "\",\"ResourceUri\":\"" + uri
                + "\",\"ResourceName\":\"referral\",\"AuditUri\":null,\"ResourceChangeUtcDate\":\"" + date + "\"}";
    }

    @Test
    void readsDocumentedEvent() throws RefusedException {
        WebhookEvent event = parse(event(
                "referral-updated", "https://api.partnercenter.microsoft.com/engagements/v1/referrals/" + ID, DATE));
        assertThat(event.findReferral()).contains(new ReferralId(ID));
        assertThat(event.name()).isEqualTo("referral-updated");
        assertThat(event.isRelated()).isFalse();
        assertThat(event.changedAt()).isEqualTo(Instant.parse("2024-05-17T09:05:39.548548Z"));
        assertThat(event.changedAtText()).isEqualTo(DATE);
    }

    @Test
    void readsMembersWithoutRegardToCaseAndBehindByteOrderMark() throws RefusedException {
        WebhookEvent event = parse("\uFEFF{\"eventname\":\"Related-Referral-Created\",\"RESOURCEURI\":\"x/" + ID
                + "/\",\"resourcechangeutcdate\":\"" + DATE + "\",\"More\":{\"a\":[1]}}");
        assertThat(event.findReferral()).contains(new ReferralId(ID));
        assertThat(event.isRelated()).isTrue();
    }

    @Test
    void takesOnlyTheLastSegmentOfTheUri() throws RefusedException {
        String other = "99999999-1111-4222-8333-444455556666";
        assertThat(parse(event("referral-created", "https://evil.example/" + other + "/" + ID + "?x=" + other, DATE))
                        .findReferral())
                .contains(new ReferralId(ID));
    }

    @Test
    void testAndUnknownEventsAreAboutNoReferral() throws RefusedException {
        assertThat(parse(event("test-created", "http://localhost:16722/v1/webhooks/registration/test", DATE))
                        .findReferral())
                .isEmpty();
        assertThat(parse(event("invoice-ready", "https://x/invoices/" + ID, DATE))
                        .findReferral())
                .isEmpty();
        assertThat(parse("{\"EventName\":\"new-thing\",\"ResourceChangeUtcDate\":\"" + DATE + "\"}")
                        .findReferral())
                .isEmpty();
    }

    @Test
    void equalEventsHaveOneKeyAndOthersAnother() throws RefusedException {
        WebhookEvent event = parse(event("referral-updated", "https://a/" + ID, DATE));
        assertThat(parse(event("Referral-Updated", "https://b/c/" + ID.toUpperCase(java.util.Locale.ROOT), DATE))
                        .dedupeKey())
                .isEqualTo(event.dedupeKey())
                .hasSize(64);
        assertThat(parse(event("referral-created", "https://a/" + ID, DATE)).dedupeKey())
                .isNotEqualTo(event.dedupeKey());
        assertThat(parse(event("referral-updated", "https://a/" + ID, "2024-05-17T09:05:39.5485488+00:00"))
                        .dedupeKey())
                .isNotEqualTo(event.dedupeKey());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "garbage",
                "[]",
                "{",
                "{}",
                "null",
                "{\"EventName\":7,\"ResourceChangeUtcDate\":\"" + DATE + "\"}",
                "{\"EventName\":\"with blank\",\"ResourceChangeUtcDate\":\"" + DATE + "\"}",
                "{\"EventName\":\"a\\u0000b\",\"ResourceChangeUtcDate\":\"" + DATE + "\"}",
                "{\"EventName\":\"test-created\"}",
                "{\"EventName\":\"test-created\",\"ResourceChangeUtcDate\":\"yesterday\"}",
                "{\"EventName\":\"test-created\",\"ResourceChangeUtcDate\":\"+99999-05-17T09:05:39Z\"}",
                "{\"EventName\":\"referral-created\",\"ResourceChangeUtcDate\":\"" + DATE + "\"}",
                "{\"EventName\":\"referral-created\",\"ResourceUri\":\"https://a/b\",\"ResourceChangeUtcDate\":\""
                        + DATE + "\"}",
                "{\"EventName\":\"referral-created\",\"ResourceUri\":\"https://a b/" + ID
                        + "\",\"ResourceChangeUtcDate\":\"" + DATE + "\"}",
                "{\"EventName\":\"referral-created\",\"ResourceUri\":\"https://a/b?x=/" + ID
                        + "\",\"ResourceChangeUtcDate\":\"" + DATE + "\"}"
            })
    void refusesWhatIsNoEvent(String json) {
        assertThatThrownBy(() -> parse(json))
                .isInstanceOfSatisfying(
                        RefusedException.class,
                        refused -> assertThat(refused.refusal()).isEqualTo(Refusal.EVENT_MALFORMED));
    }

    @Test
    void readsDateWithoutZoneAsTheUtcThatItsNameSays() throws RefusedException {
        assertThat(parse(event("referral-updated", "https://a/" + ID, "2024-05-17T09:05:39.5485487"))
                        .changedAt())
                .isEqualTo(Instant.parse("2024-05-17T09:05:39.548548Z"));
    }

    @Test
    void refusesWhatIsNestedTooDeeply() {
        String deep = "[".repeat(20_000) + "]".repeat(20_000);
        assertThatThrownBy(() -> parse("{\"EventName\":\"test-created\",\"ResourceChangeUtcDate\":\"" + DATE
                        + "\",\"More\":" + deep + "}"))
                .isInstanceOf(RefusedException.class);
    }

    @Test
    void refusesBytesThatAreNoUtf8() {
        byte[] latin = event("referral-created\u00e9", "https://a/" + ID, DATE).getBytes(StandardCharsets.ISO_8859_1);
        assertThatThrownBy(() -> WebhookEvent.parse(latin)).isInstanceOf(RefusedException.class);
    }
}
