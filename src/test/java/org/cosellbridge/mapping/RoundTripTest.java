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
import org.cosellbridge.referral.ReferralPaths;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Random values: what went to the other side and came back must not look like a change there. Every run takes other values and
 * names its seed; {@code -Dcosell.test.seed=…} repeats one.
 */
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

    private static final long SEED = Long.getLong("cosell.test.seed", System.nanoTime());

    private final Random random = new Random(SEED);

    @BeforeAll
    static void sayTheSeed() {
        System.out.println("RoundTripTest: cosell.test.seed=" + SEED);
    }

    @Test
    void fromPartnerCenterToTheCrmAndBack() {
        forEveryField((field, referral) -> {
            JsonValue there = field.toCrm(referral);
            JsonValue back = field.toPartnerCenter(record(field, there));
            JsonValue again = field.toCrm(after(field, referral, back));

            assertThat(field.sameInCrm(there, again))
                    .as("seed %s, %s: %s, %s", SEED, field, there, again)
                    .isTrue();
            if (!field.lossy()
                    && field.toCrm(referral) != JsonValue.NULL
                    && !field.name().equals("microsoftHelp")) {
                assertThat(field.sameInPartnerCenter(field.fromReferral(referral), back))
                        .as("seed %s, %s: %s, %s", SEED, field, field.fromReferral(referral), back)
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
                    .as("seed %s, %s: %s, %s", SEED, field, inCrm, back)
                    .isTrue();
            assertThat(field.sameInPartnerCenter(there, again))
                    .as("seed %s, %s: %s, %s", SEED, field, there, again)
                    .isTrue();
        });
    }

    /** The values of a seller, who knows nothing of Partner Center's. */
    @Test
    void whatASellerWroteComesBackEqual() {
        for (MappingDocument document : DOCUMENTS) {
            for (FieldMapping field : both(document)) {
                for (int i = 0; i < RUNS; i++) {
                    JsonValue held = sellersValue(field);
                    JsonValue there = field.toPartnerCenter(record(field, held));
                    JsonObject referral = after(field, referral(), there);
                    JsonValue back = field.toCrm(referral);
                    JsonValue again = field.toPartnerCenter(record(field, back));

                    assertThat(field.sameInPartnerCenter(there, field.fromReferral(referral)))
                            .as("seed %s, %s: %s, %s", SEED, field, held, there)
                            .isTrue();
                    assertThat(field.sameInPartnerCenter(there, again))
                            .as("seed %s, %s: %s, %s, %s", SEED, field, held, there, again)
                            .isTrue();
                    assertThat(field.sameInCrm(held, back))
                            .as("seed %s, %s: %s, %s, %s", SEED, field, held, there, back)
                            .isTrue();
                }
            }
        }
    }

    /** A typed value reaches the CRM as it would had it been there. */
    @Test
    void aValueThatWouldStandAtPartnerCenterIsExpressedLikeOneThatDoes() {
        forEveryField((field, referral) -> {
            JsonObject other = referral();
            JsonValue raw = field.fromReferral(referral);

            assertThat(field.toCrm(other, raw))
                    .as("seed %s, %s: %s", SEED, field, raw)
                    .isEqualTo(field.toCrm(after(field, other, raw)));
        });
    }

    /** After one move to the other side there is nothing left to move, whichever side moved. */
    @Test
    void oneMoveEndsIt() {
        forEveryField((field, referral) -> {
            JsonValue crm = field.toCrm(referral);
            JsonValue inPartnerCenter = field.toPartnerCenter(record(field, crm));
            JsonObject moved = after(field, referral, inPartnerCenter);

            assertThat(field.sameInCrm(field.toCrm(moved), crm))
                    .as("seed %s, %s: %s, %s", SEED, field, crm, inPartnerCenter)
                    .isTrue();
            assertThat(field.sameInPartnerCenter(field.fromReferral(moved), inPartnerCenter))
                    .as("seed %s, %s: %s", SEED, field, inPartnerCenter)
                    .isTrue();
        });
    }

    private JsonValue sellersValue(FieldMapping field) {
        CrmField crm = field.crm();
        if (random.nextInt(10) == 0) {
            return JsonValue.NULL;
        }
        return switch (crm.type()) {
            case TEXT ->
                switch (random.nextInt(4)) {
                    case 0 -> Values.JSON.createValue("SOL-1; SOL-2,SOL-1\r\n" + random.nextInt(100));
                    // as long as the column of a built-in document
                    case 1 -> longText(field.name().equals("name") ? 300 : 2000);
                    default -> textValue();
                };
            case NUMBER, MONEY -> number();
            case BOOLEAN -> random.nextBoolean() ? JsonValue.TRUE : JsonValue.FALSE;
            case DATE -> Values.JSON.createValue(dateTime().substring(0, 10));
            case DATETIME -> Values.JSON.createValue(dateTime());
            case CHOICE -> Values.JSON.createValue(100000001 + random.nextInt(6));
            case LOOKUP -> Values.JSON.createValue(pick("USD", "EUR", "chf"));
            case STATE -> Values.JSON.createValue(pick(crm.states().keySet().toArray(new String[0])));
            case REFERENCE -> throw new IllegalArgumentException("no reference travels both ways");
        };
    }

    @Test
    void normalisingTwiceIsNormalisingOnce() {
        for (MappingDocument document : DOCUMENTS) {
            for (FieldMapping field : document.fields()) {
                for (int i = 0; i < RUNS; i++) {
                    JsonValue value = anything();
                    JsonValue crm = field.normalizedInCrm(value);
                    assertThat(field.normalizedInCrm(crm))
                            .as("seed %s, %s: %s", SEED, field, value)
                            .isEqualTo(crm);
                    JsonValue partnerCenter = field.normalizedInPartnerCenter(value);
                    assertThat(field.normalizedInPartnerCenter(partnerCenter))
                            .as("seed %s, %s: %s", SEED, field, value)
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
                    .as("seed %s, %s: %s", SEED, field, written)
                    .isTrue();
        });
    }

    private void forEveryField(BiConsumer<FieldMapping, JsonObject> property) {
        for (MappingDocument document : DOCUMENTS) {
            List<FieldMapping> both = both(document);
            assertThat(both).hasSizeGreaterThan(6);
            for (int i = 0; i < RUNS; i++) {
                JsonObject referral = referral();
                both.forEach(field -> property.accept(field, referral));
            }
        }
    }

    private static List<FieldMapping> both(MappingDocument document) {
        return document.fields().stream()
                .filter(field -> field.travels(Direction.TO_CRM, Occasion.CREATE))
                .filter(field -> field.travels(Direction.TO_PARTNER_CENTER, Occasion.CREATE))
                .toList();
    }

    private JsonObject referral() {
        JsonObject referral = ReferralFixtures.coSell();
        String[] state = pick(STATES).split("/", -1);
        referral = ReferralFixtures.with(referral, "/name", textValue());
        referral = ReferralFixtures.with(referral, "/status", Values.JSON.createValue(state[0]));
        referral = ReferralFixtures.with(referral, "/substatus", Values.JSON.createValue(state[1]));
        referral = ReferralFixtures.with(
                referral, "/details/notes", random.nextInt(20) == 0 ? longText(2100) : textValue());
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
        return ReferralPaths.find(field.path().orElseThrow()).orElseThrow().write(referral, value);
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

    private JsonValue longText(int length) {
        StringBuilder text = new StringBuilder();
        while (text.length() < length) {
            text.append(pick(PIECES));
        }
        return Values.JSON.createValue(text.substring(0, length));
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
