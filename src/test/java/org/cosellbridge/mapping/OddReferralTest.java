package org.cosellbridge.mapping;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.cosellbridge.referral.ReferralFixtures.object;
import static org.cosellbridge.referral.ReferralFixtures.text;
import static org.cosellbridge.referral.ReferralFixtures.with;

import jakarta.json.Json;
import jakarta.json.JsonArray;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.cosellbridge.referral.Referral;
import org.cosellbridge.referral.ReferralFixtures;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What Partner Center may send beside what it documents: the built-in documents take it or say what is wrong. */
class OddReferralTest {
    private static final List<MappingDocument> ALL = MappingLibrary.builtIn("dynamics", List.of("opportunity", "lead"));
    private static final MappingDocument OPPORTUNITY = ALL.get(0);
    private static final MappingDocument LEAD = ALL.get(1);

    /** Every place in a referral, whatever stands there. */
    static Stream<String> places() {
        List<String> places = new ArrayList<>();
        walk("", ReferralFixtures.coSell(), places);
        return places.stream().filter(place -> !place.equals("/id"));
    }

    private static void walk(String place, JsonValue value, List<String> places) {
        if (!place.isEmpty()) {
            places.add(place);
        }
        if (value instanceof JsonObject object) {
            object.forEach((name, member) -> walk(place + "/" + name, member, places));
        } else if (value instanceof JsonArray array) {
            for (int i = 0; i < array.size(); i++) {
                walk(place + "/" + i, array.get(i), places);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("places")
    void takesAReferralWhatsoeverIsMissing(String place) {
        JsonObject missing = Json.createPointer(place).remove(ReferralFixtures.coSell());

        for (JsonValue empty : List.of(JsonValue.NULL, text(""), text(" \r\n "))) {
            assertThatCode(() -> expressAll(with(ReferralFixtures.coSell(), place, empty)))
                    .doesNotThrowAnyException();
        }
        for (JsonValue empty : List.of(JsonValue.EMPTY_JSON_OBJECT, JsonValue.EMPTY_JSON_ARRAY)) {
            assertThatCode(() -> expressAll(with(ReferralFixtures.coSell(), place, empty)))
                    .doesNotThrowAnyException();
        }
        assertThatCode(() -> expressAll(missing)).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @MethodSource("places")
    void saysWhatIsWrongWithWhateverElseStandsSomewhere(String place) {
        List<JsonValue> odd = List.of(
                JsonValue.TRUE,
                Json.createValue(-1),
                Json.createValue(new BigDecimal("1e999999999")),
                Json.createValue(new BigDecimal("1e-999999999")),
                Json.createValue(new BigDecimal("0.123456")),
                text("x"),
                text("\u0000\ud83d\ude00\ud83d & &amp; &#0; &#xd800; \u0001"),
                text("😀\r\n".repeat(5000)),
                Json.createArrayBuilder().addNull().add(5).add("x").build(),
                Json.createArrayBuilder().add(Json.createArrayBuilder()).build(),
                object("{\"id\":{},\"email\":[],\"lastName\":5,\"state\":5,\"country\":5}"));

        for (JsonValue value : odd) {
            JsonObject referral = with(ReferralFixtures.coSell(), place, value);
            JsonObject view = Referral.parse(referral).view();
            for (MappingDocument document : ALL) {
                allFields(document).forEach(field -> expressOrSayWhy(field, view));
                document.related().forEach(related -> {
                    try {
                        related.match(view);
                        related.matchKey(view);
                    } catch (MappingException said) {
                        assertThat(said).hasMessageContaining("Field '");
                    }
                });
            }
        }
    }

    private static void expressOrSayWhy(FieldMapping field, JsonObject view) {
        try {
            JsonValue raw = field.fromReferral(view);
            JsonValue value = field.toCrm(view);
            assertThat(field.sameInPartnerCenter(raw, raw)).isTrue();
            assertThat(field.sameInCrm(value, value)).isTrue();
            assertThat(value.toString().length()).isLessThan(30_000);
            field.subject(view);
            field.toPartnerCenter(
                    Json.createObjectBuilder().add(field.crm().name(), value).build());
        } catch (MappingException said) {
            assertThat(said).hasMessageContaining("Field '");
        }
    }

    private static void expressAll(JsonObject referral) {
        JsonObject view = Referral.parse(referral).view();
        for (MappingDocument document : ALL) {
            allFields(document).forEach(field -> {
                field.toCrm(view);
                field.subject(view);
            });
            document.related().forEach(related -> {
                related.match(view);
                related.matchKey(view);
            });
        }
    }

    private static Stream<FieldMapping> allFields(MappingDocument document) {
        return Stream.concat(
                document.fields().stream(), document.related().stream().flatMap(related -> related.fields().stream()));
    }

    @Test
    void readsMemberNamesInAnyCase() {
        for (MappingDocument document : ALL) {
            JsonObject usual = values(document, ReferralFixtures.coSell());

            assertThat(values(document, renamed(ReferralFixtures.coSell(), true).asJsonObject()))
                    .isEqualTo(usual);
            assertThat(values(
                            document, renamed(ReferralFixtures.coSell(), false).asJsonObject()))
                    .isEqualTo(usual);
        }
    }

    private static JsonValue renamed(JsonValue value, boolean upper) {
        if (value instanceof JsonObject object) {
            JsonObjectBuilder renamed = Json.createObjectBuilder();
            object.forEach((name, member) -> renamed.add(
                    upper ? name.toUpperCase(Locale.ROOT) : name.toLowerCase(Locale.ROOT), renamed(member, upper)));
            return renamed.build();
        }
        if (value instanceof JsonArray array) {
            JsonArrayBuilder renamed = Json.createArrayBuilder();
            array.forEach(element -> renamed.add(renamed(element, upper)));
            return renamed.build();
        }
        return value;
    }

    @Test
    void takesASingleContactAndASingleSolutionThatAreNotInALists() {
        JsonObject referral = ReferralFixtures.coSell();
        JsonObject single = with(
                with(
                        referral,
                        "/customerProfile/team",
                        Json.createPointer("/customerProfile/team/0").getValue(referral)),
                "/details/requirements/solutions",
                object("{\"id\":\"SOL-11111-AAA\"}"));

        assertThat(values(LEAD, single)).containsEntry("lastname", text("Diaz"));
        assertThat(values(OPPORTUNITY, single)).containsEntry("cosell_products", text("SOL-11111-AAA"));
    }

    @ParameterizedTest
    @CsvSource({"Active, Paused", "Frozen, Deep", "Closed, None", "New, Accepted", "5, 5"})
    void leavesTheRecordsStateAloneWhenItDoesNotKnowTheReferrals(String status, String substatus) {
        JsonObject referral =
                with(with(ReferralFixtures.coSell(), "/status", text(status)), "/substatus", text(substatus));

        for (MappingDocument document : ALL) {
            FieldMapping state = document.findField("state").orElseThrow();

            assertThat(state.toCrm(Referral.parse(referral).view())).isEqualTo(JsonValue.NULL);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "2026-12-31T00:00:00Z,         2026-12-31",
        "2026-12-31,                   2026-12-31",
        "2026-12-31T23:30:00,          2026-12-31",
        "2026-12-31 00:00:00,          2026-12-31",
        "2026-12-31T00:00:00.1234567Z, 2026-12-31",
        "2026-12-31T22:00:00-05:00,    2027-01-01",
        "2026-12-31T00:00:00+0100,     2026-12-30"
    })
    void readsAClosingDateInEveryFormOfIso8601(String sent, String day) {
        assertThat(value("closingDate", with(ReferralFixtures.coSell(), "/details/closingDateTime", text(sent))))
                .isEqualTo(text(day));
    }

    @ParameterizedTest
    @ValueSource(strings = {"0001-01-01T00:00:00Z", "0001-01-01T00:00:00", "0001-01-01"})
    void takesTheYearOneForNoDate(String sent) {
        FieldMapping date = OPPORTUNITY.findField("closingDate").orElseThrow();

        assertThat(value("closingDate", with(ReferralFixtures.coSell(), "/details/closingDateTime", text(sent))))
                .isEqualTo(JsonValue.NULL);
        assertThat(date.sameInPartnerCenter(text(sent), JsonValue.NULL)).isTrue();
    }

    @Test
    void refusesADateThatIsNone() {
        assertThatThrownBy(() ->
                        value("closingDate", with(ReferralFixtures.coSell(), "/details/closingDateTime", text("soon"))))
                .isInstanceOf(MappingException.class)
                .hasMessageContaining("closingDate")
                .hasMessageNotContaining("soon");
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "-5.5, -5.5", "0.005, 0.01", "99.123456, 99.12", "1e12, 1000000000000", "'10000', 10000"})
    void roundsTheDealValueToCents(String sent, String held) {
        JsonValue number =
                sent.startsWith("1") && !sent.contains("e") ? text(sent) : Json.createValue(new BigDecimal(sent));

        assertThat(((JsonNumber) value("dealValue", with(ReferralFixtures.coSell(), "/details/dealValue", number)))
                        .bigDecimalValue())
                .isEqualByComparingTo(held);
    }

    @Test
    void cutsLongNotesWithoutBreakingACharacter() {
        String notes = "😀é\r\n".repeat(2500);
        JsonObject referral = with(ReferralFixtures.coSell(), "/details/notes", text(notes));
        FieldMapping mapping = OPPORTUNITY.findField("notes").orElseThrow();

        String held = ((JsonString) value("notes", referral)).getString();

        assertThat(held).hasSizeLessThanOrEqualTo(2000).endsWith("…").doesNotContain("\r");
        assertThat(held.codePoints().filter(point -> point >= 0xd800 && point <= 0xdfff))
                .isEmpty();
        assertThat(mapping.sameInCrm(text(held), text(held.replace("\n", "\r\n"))))
                .isTrue();
    }

    @Test
    void leavesOutCharactersThatNoCrmCanStore() {
        JsonObject referral =
                with(ReferralFixtures.coSell(), "/details/notes", text("a\u0000b\u0007c\td\ud83de\ufffff\u000bg"));

        assertThat(value("notes", referral)).isEqualTo(text("abc\tdefg"));
    }

    @Test
    void readsNamesWithEntitiesMarksAndAccents() {
        JsonObject referral =
                with(ReferralFixtures.coSell(), "/name", text("\u2714 Caf&#233; R&amp;amp;D &lt;Nord&gt; Cafe\u0301 "));

        assertThat(value("name", referral)).isEqualTo(text("Café R&D <Nord> Café"));
    }

    @Test
    void cutsProductsAtAWholeSolution() {
        JsonArrayBuilder many = Json.createArrayBuilder();
        for (int i = 0; i < 150; i++) {
            many.add(Json.createObjectBuilder().add("id", "11111111-2222-3333-4444-%012d".formatted(i)));
        }
        JsonObject referral = with(ReferralFixtures.coSell(), "/details/requirements/solutions", many.build());

        String held = ((JsonString) value("products", referral)).getString();

        assertThat(held).hasSizeLessThanOrEqualTo(4000);
        assertThat(held.split(";", -1)).allMatch(id -> id.length() == 36).hasSizeGreaterThan(100);
    }

    @Test
    void aLeadAlwaysHasALastName() {
        JsonObject nobody = with(ReferralFixtures.lead(), "/customerProfile", JsonValue.NULL);
        JsonObject numbered = with(ReferralFixtures.lead(), "/customerProfile/team/0/lastName", Json.createValue(5));

        assertThat(values(LEAD, nobody)).containsEntry("lastname", text("Northwind Traders @ Our App"));
        assertThat(values(LEAD, numbered)).containsEntry("lastname", text("Northwind Traders"));
    }

    @Test
    void severalContactsGiveTheFirst() {
        JsonObject referral = with(ReferralFixtures.coSell(), "/customerProfile/team/-", object("""
                {"firstName":"Zoe","lastName":"Last","email":"zoe@northwind.example"}"""));

        assertThat(values(LEAD, referral)).containsEntry("lastname", text("Diaz"));
        assertThat(OPPORTUNITY
                        .related()
                        .get(1)
                        .matchKey(Referral.parse(referral).view()))
                .contains("contact|email=ana@northwind.example");
    }

    private static JsonValue value(String field, JsonObject referral) {
        return OPPORTUNITY
                .findField(field)
                .orElseThrow()
                .toCrm(Referral.parse(referral).view());
    }

    private static JsonObject values(MappingDocument document, JsonObject referral) {
        JsonObject view = Referral.parse(referral).view();
        Map<String, JsonValue> values = new LinkedHashMap<>();
        allFields(document)
                .forEach(field -> Optional.of(field.toCrm(view))
                        .filter(value -> value != JsonValue.NULL)
                        .ifPresent(value -> values.put(field.crm().name(), value)));
        JsonObjectBuilder object = Json.createObjectBuilder();
        values.forEach(object::add);
        return object.build();
    }
}
