package org.cosellbridge.mapping;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.util.List;
import java.util.Random;
import java.util.function.BiConsumer;
import org.cosellbridge.referral.Direction;
import org.cosellbridge.referral.Referral;
import org.cosellbridge.referral.ReferralFixtures;
import org.junit.jupiter.api.Test;

/** Random values: what went to the other side and came back must not look like a change there. */
class RoundTripTest {
    private static final int RUNS = 150;
    private static final List<MappingDocument> DOCUMENTS =
            MappingLibrary.builtIn("dynamics", List.of("opportunity", "lead"));
    private static final String[] PIECES = {
        "a",
        "B",
        " ",
        "\u00a0",
        "\r\n",
        "\n",
        "\r",
        "&amp;",
        "&amp;amp;",
        "&#38;",
        "&#x26;",
        "&lt;",
        "amp;",
        "&",
        ";",
        ",",
        "\u2714",
        "\u2718\ufe0f ",
        "\u274c",
        "e\u0301",
        "\u00e9",
        "\u037e",
        "\uff06",
        "\ud83d\ude00",
        "\u0130",
        "\u00df",
        "0D1B5A6E-3F57-4F0B-9B53-0F6B6A4F1C11",
        "12.50",
        "\t",
        "\u2026",
        "\\",
        "\"",
        "&#0;",
        "&#xD800;"
    };
    private static final String[] STATES = {
        "New/Pending",
        "New/Received",
        "Active/Accepted",
        "Closed/Won",
        "Closed/Lost",
        "Closed/Declined",
        "Closed/Expired"
    };
    private static final String[] HELP = {
        "Unknown",
        "WorkloadSpecificValueProposition",
        "customertechnicalarchitecture",
        "ProofOfConceptOrDemo",
        "New",
        ""
    };

    private final Random random = new Random(20261120);

    @Test
    void fromPartnerCenterToTheCrmAndBack() {
        forEveryField((field, referral) -> {
            JsonValue there = field.toCrm(referral);
            JsonValue back = field.toPartnerCenter(record(field, there));
            JsonValue again = field.toCrm(after(field, referral, back));

            assertThat(field.sameInCrm(there, again))
                    .as("%s: %s, %s", field, there, again)
                    .isTrue();
            if (!field.lossy()
                    && field.toCrm(referral) != JsonValue.NULL
                    && !field.name().equals("microsoftHelp")) {
                assertThat(field.sameInPartnerCenter(field.fromReferral(referral), back))
                        .as("%s: %s, %s", field, field.fromReferral(referral), back)
                        .isTrue();
            }
        });
    }

    @Test
    void fromTheCrmToPartnerCenterAndBack() {
        forEveryField((field, referral) -> {
            JsonValue inCrm = field.toCrm(referral);
            JsonValue there = field.toPartnerCenter(record(field, inCrm));
            JsonValue back = field.toCrm(after(field, referral, there));
            JsonValue again = field.toPartnerCenter(record(field, back));

            assertThat(field.sameInCrm(inCrm, back))
                    .as("%s: %s, %s", field, inCrm, back)
                    .isTrue();
            assertThat(field.sameInPartnerCenter(there, again))
                    .as("%s: %s, %s", field, there, again)
                    .isTrue();
        });
    }

    @Test
    void normalisingTwiceIsNormalisingOnce() {
        for (MappingDocument document : DOCUMENTS) {
            for (FieldMapping field : document.fields()) {
                for (int i = 0; i < RUNS; i++) {
                    JsonValue value = anything();
                    JsonValue crm = field.normalizedInCrm(value);
                    assertThat(field.normalizedInCrm(crm))
                            .as("%s: %s", field, value)
                            .isEqualTo(crm);
                    JsonValue partnerCenter = field.normalizedInPartnerCenter(value);
                    assertThat(field.normalizedInPartnerCenter(partnerCenter))
                            .as("%s: %s", field, value)
                            .isEqualTo(partnerCenter);
                }
            }
        }
    }

    @Test
    void whatIsWrittenIsWhatIsReadBack() {
        forEveryField((field, referral) -> {
            JsonValue written = field.toCrm(referral);

            assertThat(field.sameInCrm(written, field.fromRecord(record(field, written))))
                    .as("%s: %s", field, written)
                    .isTrue();
        });
    }

    private void forEveryField(BiConsumer<FieldMapping, JsonObject> property) {
        for (MappingDocument document : DOCUMENTS) {
            List<FieldMapping> both = document.fields().stream()
                    .filter(field -> field.travels(Direction.TO_CRM, Occasion.CREATE))
                    .filter(field -> field.travels(Direction.TO_PARTNER_CENTER, Occasion.CREATE))
                    .toList();
            assertThat(both).hasSizeGreaterThan(6);
            for (int i = 0; i < RUNS; i++) {
                JsonObject referral = referral();
                both.forEach(field -> property.accept(field, referral));
            }
        }
    }

    private JsonObject referral() {
        JsonObject referral = ReferralFixtures.coSell();
        String[] state = pick(STATES).split("/", -1);
        referral = ReferralFixtures.with(referral, "/name", textValue());
        referral = ReferralFixtures.with(referral, "/status", Values.JSON.createValue(state[0]));
        referral = ReferralFixtures.with(referral, "/substatus", Values.JSON.createValue(state[1]));
        referral =
                ReferralFixtures.with(referral, "/details/notes", random.nextInt(20) == 0 ? longText() : textValue());
        referral = ReferralFixtures.with(
                referral,
                "/details/dealValue",
                random.nextBoolean() ? number() : Values.JSON.createValue(number().toString()));
        referral = ReferralFixtures.with(
                referral, "/details/currency", Values.JSON.createValue(pick("USD", "eur", "CHF ")));
        referral = ReferralFixtures.with(referral, "/details/closingDateTime", Values.JSON.createValue(dateTime()));
        referral = ReferralFixtures.with(
                referral, "/inviteContext/assistanceRequestCode", Values.JSON.createValue(pick(HELP)));
        referral = ReferralFixtures.with(
                referral,
                "/consent/consentToShareReferralWithMicrosoftSellers",
                random.nextBoolean() ? JsonValue.TRUE : JsonValue.FALSE);
        JsonArrayBuilder solutions = Values.JSON.createArrayBuilder();
        for (int i = random.nextInt(4); i > 0; i--) {
            solutions.add(
                    Values.JSON.createObjectBuilder().add("id", "SOL-" + random.nextInt(1000) + pick("-ABC", "", " ")));
        }
        referral = ReferralFixtures.with(referral, "/details/requirements/solutions", solutions.build());
        return Referral.parse(referral).view();
    }

    /** The referral after Partner Center took this value. */
    private static JsonObject after(FieldMapping field, JsonObject referral, JsonValue value) {
        String path = field.path().orElseThrow();
        if (path.endsWith("[].id")) {
            JsonArrayBuilder objects = Values.JSON.createArrayBuilder();
            if (value != JsonValue.NULL) {
                value.asJsonArray()
                        .forEach(id ->
                                objects.add(Values.JSON.createObjectBuilder().add("id", id)));
            }
            return ReferralFixtures.with(referral, "/details/requirements/solutions", objects.build());
        }
        return ReferralFixtures.with(referral, "/" + path.replace('.', '/'), value);
    }

    private static JsonObject record(FieldMapping field, JsonValue value) {
        return Values.JSON.createObjectBuilder().add(field.crm().name(), value).build();
    }

    private JsonValue anything() {
        return switch (random.nextInt(9)) {
            case 0 -> number();
            case 1 -> random.nextBoolean() ? JsonValue.TRUE : JsonValue.FALSE;
            case 2 -> JsonValue.NULL;
            case 3 -> Values.JSON.createValue(dateTime());
            case 4 ->
                Values.JSON
                        .createArrayBuilder()
                        .add(textValue())
                        .add(textValue())
                        .add(number())
                        .build();
            case 5 ->
                Values.JSON
                        .createObjectBuilder()
                        .add("b", textValue())
                        .add("a", number())
                        .build();
            case 6 -> Values.JSON.createValue(pick(STATES));
            case 7 -> Values.JSON.createValue(pick(HELP));
            default -> textValue();
        };
    }

    private JsonValue textValue() {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(8); i > 0; i--) {
            text.append(pick(PIECES));
        }
        return Values.JSON.createValue(text.toString());
    }

    private JsonValue longText() {
        StringBuilder text = new StringBuilder();
        while (text.length() < 2100) {
            text.append(pick(PIECES));
        }
        return Values.JSON.createValue(text.toString());
    }

    private JsonValue number() {
        return switch (random.nextInt(4)) {
            case 0 -> Values.JSON.createValue(random.nextInt(1_000_000));
            case 1 -> Values.JSON.createValue(Math.round(random.nextDouble() * 1e9) / 1000.0);
            case 2 -> Values.JSON.createValue(random.nextInt(1000) + 0.005);
            default -> Values.JSON.createValue(new java.math.BigDecimal(random.nextInt(1000) + ".50"));
        };
    }

    private String dateTime() {
        return String.format(
                java.util.Locale.ROOT,
                "20%02d-%02d-%02dT%02d:%02d:%02d%s",
                20 + random.nextInt(15),
                1 + random.nextInt(12),
                1 + random.nextInt(28),
                random.nextInt(24),
                random.nextInt(60),
                random.nextInt(60),
                pick("Z", ".1234567Z", "+02:00"));
    }

    private String pick(String... options) {
        return options[random.nextInt(options.length)];
    }
}
