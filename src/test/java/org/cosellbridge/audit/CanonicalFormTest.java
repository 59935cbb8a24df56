package org.cosellbridge.audit;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.io.StringReader;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.UUID;
import org.cosellbridge.referral.Direction;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CanonicalFormTest {
    private static final UUID ID = UUID.fromString("019aa0c5-0000-7000-8000-000000000001");
    private static final Instant TIME = Instant.parse("2026-11-20T08:30:00.12Z");
    private static final PersonalValues SEALING = new PersonalValues() {
        @Override
        public JsonValue seal(String subject, JsonValue value) {
            return Json.createValue("sealed");
        }

        @Override
        public JsonValue open(JsonValue value) {
            return value;
        }
    };

    @Test
    void writesEveryMemberSortedWithoutWhiteSpace() {
        AuditEntry entry = AuditEntry.of(AuditKind.RECORD_UPDATED)
                .actor("user:alice")
                .onBehalfOf("bob")
                .connection("crm")
                .referral("2b7d3d0e-5c7b-4a4e-9f43-0c2f1d6c1a11")
                .engagement("eng-1")
                .record("opportunity/1")
                .correlation("c1")
                .delivery("d1")
                .request("r1", 2)
                .outcome("updated")
                .reason("Überschrift \"x\"")
                .mapping("opportunity/7")
                .counted(3, "192.0.2.1", Instant.parse("2026-11-20T08:29:00Z"))
                .change(new FieldChange(
                        "dealValue",
                        "estimatedvalue",
                        Direction.TO_CRM,
                        JsonValue.NULL,
                        Json.createValue(new BigDecimal("1000.50")),
                        null,
                        Json.createValue(new BigDecimal("1000.50")),
                        "only-moved",
                        null,
                        null))
                .change(new FieldChange(
                        "customerEmail",
                        "emailaddress",
                        Direction.TO_CRM,
                        null,
                        Json.createValue("a@b.example"),
                        null,
                        null,
                        "newest",
                        "carol",
                        "a@b.example"))
                .build();

        assertThat(text(entry))
                .isEqualTo("{\"actor\":\"user:alice\",\"attempt\":2,\"changes\":["
                        + "{\"base\":null,\"direction\":\"TO_CRM\",\"field\":\"dealValue\",\"partnerCenter\":1000.5,"
                        + "\"recordField\":\"estimatedvalue\",\"rule\":\"only-moved\",\"written\":1000.5},"
                        + "{\"decider\":\"carol\",\"direction\":\"TO_CRM\",\"field\":\"customerEmail\",\"partnerCenter\":\"sealed\","
                        + "\"recordField\":\"emailaddress\",\"rule\":\"newest\"}],"
                        + "\"connection\":\"crm\",\"correlation\":\"c1\",\"count\":3,\"delivery\":\"d1\",\"engagement\":\"eng-1\","
                        + "\"id\":\"019aa0c5-0000-7000-8000-000000000001\",\"kind\":\"record.updated\",\"mapping\":\"opportunity/7\","
                        + "\"onBehalfOf\":\"bob\",\"outcome\":\"updated\",\"productVersion\":\"1.2.3\","
                        + "\"reason\":\"Überschrift \\\"x\\\"\",\"record\":\"opportunity/1\","
                        + "\"referral\":\"2b7d3d0e-5c7b-4a4e-9f43-0c2f1d6c1a11\",\"request\":\"r1\","
                        + "\"since\":\"2026-11-20T08:29:00.000000Z\",\"source\":\"192.0.2.1\","
                        + "\"time\":\"2026-11-20T08:30:00.120000Z\",\"v\":1}");
    }

    @Test
    void leavesOutWhatAnEntryDoesNotSayButNotTheChanges() {
        assertThat(text(AuditEntry.of(AuditKind.PRODUCT_STARTED).build()))
                .isEqualTo("{\"actor\":\"system\",\"changes\":[],\"id\":\"019aa0c5-0000-7000-8000-000000000001\","
                        + "\"kind\":\"product.started\",\"productVersion\":\"1.2.3\","
                        + "\"time\":\"2026-11-20T08:30:00.120000Z\",\"v\":1}");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "1000.50|1000.5",
                "1E+2|100",
                "1e21|1e+21",
                "-0|0",
                "0.0000001|1e-7",
                "333333333.3333333|333333333.3333333",
                "9007199254740993|\"9007199254740993\"",
                "12345678901234567.89|\"12345678901234567.89\"",
                "1e400|\"1E+400\"",
                "[1.0,{\"b\":2,\"a\":[null,true]}]|[1,{\"a\":[null,true],\"b\":2}]",
            })
    void normalisesNumbersAndNeverRoundsThem(String value, String canonical) {
        assertThat(text(written(value))).contains("\"written\":" + canonical + "}");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                // the samples of RFC 8785, appendix B, as ECMAScript writes them
                "0|0",
                "5e-324|5e-324",
                "-5e-324|-5e-324",
                "1.7976931348623157e+308|1.7976931348623157e+308",
                "-1.7976931348623157e+308|-1.7976931348623157e+308",
                "9007199254740992|9007199254740992",
                "-9007199254740992|-9007199254740992",
                "295147905179352830000|295147905179352830000",
                "9.999999999999997e+22|9.999999999999997e+22",
                "1e+23|1e+23",
                "2e+23|2e+23",
                "2.2250738585072014e-308|2.2250738585072014e-308",
                "1.0000000000000001e+23|1.0000000000000001e+23",
                "999999999999999700000|999999999999999700000",
                "999999999999999900000|999999999999999900000",
                "1e+21|1e+21",
                "9.999999999999997e-7|9.999999999999997e-7",
                "0.000001|0.000001",
                "333333333.3333332|333333333.3333332",
                "333333333.3333333|333333333.3333333",
                "-0.0000033333333333333333|-0.0000033333333333333333",
                "1424953923781206.2|1424953923781206.2"
            })
    void writesNumbersAsTheStandardsSamplesSay(String value, String canonical) {
        assertThat(text(written(value))).contains("\"written\":" + canonical + "}");
    }

    @Test
    void sortsKeysAndEscapesTextsAsTheStandardsSamplesSay() {
        assertThat(text(written(
                        "{\"\u20ac\":1,\"\\r\":2,\"\ufb33\":3,\"1\":4,\"\ud83d\ude00\":5,\"\u0080\":6,\"\u00f6\":7}")))
                .contains("{\"\\r\":2,\"1\":4,\"\u0080\":6,\"\u00f6\":7,\"\u20ac\":1,\"\ud83d\ude00\":5,\"\ufb33\":3}");
        assertThat(text(written("\"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\u2028\u007f\"")))
                .contains("\"\u20ac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\u2028\u007f\"");
    }

    @Test
    void replacesWhatHasNoUtf8AndWhatADatabaseCannotHold() {
        AuditEntry entry = AuditEntry.of(AuditKind.ATTEMPT_FAILED)
                .reason("a\uD800b\u0000c😀")
                .build();

        assertThat(text(entry)).contains("\"reason\":\"a\uFFFDb\uFFFDc😀\"");
        assertThat(text(written("\"x\\ud800\\u0000\""))).contains("\"written\":\"x\uFFFD\uFFFD\"");
    }

    @Test
    void cutsWhatIsLongerThanItsColumnWithoutSplittingACharacter() {
        String reason = json(AuditEntry.of(AuditKind.ATTEMPT_FAILED)
                        .reason("x".repeat(3998) + "😀😀")
                        .build())
                .getString("reason");

        assertThat(reason).hasSize(3999).endsWith("x…");
    }

    @Test
    void readsItsOwnBytesToTheSameForm() {
        byte[] bytes = CanonicalForm.write(json(written("{\"b\":[1.50],\"a\":\"\\u2028/\\t\"}")));

        assertThat(CanonicalForm.write(CanonicalForm.read(bytes))).isEqualTo(bytes);
    }

    private static AuditEntry written(String json) {
        JsonValue value;
        try (var reader = Json.createReader(new StringReader(json))) {
            value = reader.readValue();
        }
        return AuditEntry.of(AuditKind.RECORD_UPDATED).change(change(value)).build();
    }

    private static FieldChange change(@Nullable JsonValue written) {
        return new FieldChange("f", "g", Direction.TO_CRM, null, null, null, written, "only-moved", null, null);
    }

    private static JsonObject json(AuditEntry entry) {
        return CanonicalForm.entry(ID, TIME, "1.2.3", entry, SEALING);
    }

    private static String text(AuditEntry entry) {
        return new String(CanonicalForm.write(json(entry)), StandardCharsets.UTF_8);
    }
}
