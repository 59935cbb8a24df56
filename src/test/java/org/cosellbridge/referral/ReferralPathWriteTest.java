package org.cosellbridge.referral;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.cosellbridge.referral.ReferralFixtures.object;
import static org.cosellbridge.referral.ReferralFixtures.text;

import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReferralPathWriteTest {
    private static final String SOLUTIONS = "details.requirements.solutions[].id";

    @Test
    void growsTheParentsItNeeds() {
        assertThat(write(JsonValue.EMPTY_JSON_OBJECT, "customerProfile.address.country", text("DE")))
                .isEqualTo(object("{\"customerProfile\":{\"address\":{\"country\":\"DE\"}}}"));
    }

    @Test
    void changesNothingElse() {
        JsonObject before = ReferralFixtures.coSell();

        JsonObject after = write(before, "details.notes", text("new"));

        assertThat(after).isEqualTo(ReferralFixtures.with(before, "/details/notes", text("new")));
        assertThat(before).isEqualTo(ReferralFixtures.coSell());
    }

    @Test
    void anIndexLengthensTheListWithEmptyObjects() {
        assertThat(write(object("{\"team\":[{\"email\":\"a@b.example\"}]}"), "team[2].email", text("c@b.example")))
                .isEqualTo(object("{\"team\":[{\"email\":\"a@b.example\"},{},{\"email\":\"c@b.example\"}]}"));
    }

    @Test
    void anIndexKeepsTheOtherMembersOfItsElement() {
        assertThat(write(
                        object("{\"team\":[{\"email\":\"a@b.example\",\"strange\":1},{\"email\":\"x@b.example\"}]}"),
                        "team[0].email",
                        text("c@b.example")))
                .isEqualTo(
                        object("{\"team\":[{\"email\":\"c@b.example\",\"strange\":1},{\"email\":\"x@b.example\"}]}"));
    }

    @Test
    void aListOfTextsMakesOneElementForEachInItsOrderAndKeepsThoseThatAreThere() {
        JsonObject document = object("""
                {"details":{"requirements":{"solutions":[
                  {"id":"A","name":"First","strange":[1]},{"id":"B","name":"Second"}]}}}""");

        assertThat(write(document, SOLUTIONS, list("\"C\",\"B\",\"A\""))).isEqualTo(object("""
                {"details":{"requirements":{"solutions":[
                  {"id":"C"},{"id":"B","name":"Second"},{"id":"A","name":"First","strange":[1]}]}}}"""));
    }

    @Test
    void aTextThatComesTwiceTakesAnElementOnlyOnce() {
        JsonObject document =
                object("{\"details\":{\"requirements\":{\"solutions\":[{\"id\":\"A\",\"name\":\"First\"}]}}}");

        assertThat(write(document, SOLUTIONS, list("\"A\",\"A\"")))
                .isEqualTo(object("{\"details\":{\"requirements\":{\"solutions\":["
                        + "{\"id\":\"A\",\"name\":\"First\"},{\"id\":\"A\"}]}}}"));
    }

    @Test
    void emptyBracketsAtTheEndTakeTheWholeList() {
        assertThat(write(JsonValue.EMPTY_JSON_OBJECT, "target[]", list("{\"type\":\"None\",\"id\":\"x\"}")))
                .isEqualTo(object("{\"target\":[{\"type\":\"None\",\"id\":\"x\"}]}"));
    }

    @Test
    void emptyBracketsTakeNothingButAList() {
        assertThatThrownBy(() -> write(JsonValue.EMPTY_JSON_OBJECT, SOLUTIONS, text("A;B")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(SOLUTIONS);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "name",
                "customerProfile.team[1].email",
                "customerProfile.address.region",
                "details.requirements.solutions",
                SOLUTIONS
            })
    void nothingMakesNothing(String path) {
        JsonObject document = object("{\"customerProfile\":{\"team\":[{\"email\":\"a@b.example\"}]}}");

        assertThat(write(document, path, JsonValue.NULL)).isEqualTo(document);
    }

    @Test
    void nothingEmptiesWhatIsThere() {
        JsonObject document = object("""
                {"name":"Deal","team":[{"email":"a@b.example","title":"CIO"}],
                 "details":{"requirements":{"solutions":[{"id":"A"}]}}}""");

        assertThat(write(document, "name", JsonValue.NULL).get("name")).isEqualTo(JsonValue.NULL);
        assertThat(write(document, "team[0].email", JsonValue.NULL).get("team"))
                .isEqualTo(list("{\"email\":null,\"title\":\"CIO\"}"));
        assertThat(write(document, SOLUTIONS, JsonValue.NULL).get("details"))
                .isEqualTo(object("{\"requirements\":{\"solutions\":[]}}"));
    }

    @Test
    void replacesWhatCannotHoldTheValue() {
        assertThat(write(object("{\"details\":\"text\",\"team\":{}}"), "details.notes", text("new")))
                .isEqualTo(object("{\"details\":{\"notes\":\"new\"},\"team\":{}}"));
        assertThat(write(object("{\"team\":{\"email\":\"x\"}}"), "team[0].email", text("y")))
                .isEqualTo(object("{\"team\":[{\"email\":\"y\"}]}"));
    }

    @Test
    void aStateSetsStatusAndSubstatus() {
        assertThat(write(JsonValue.EMPTY_JSON_OBJECT, "state", text("closed/won")))
                .isEqualTo(object("{\"state\":\"closed/won\",\"status\":\"Closed\",\"substatus\":\"Won\"}"));
    }

    @Test
    void whatIsWrittenIsRead() {
        JsonObject view = Referral.parse(ReferralFixtures.coSell()).view();

        assertThat(ReferralPaths.known()).allSatisfy(known -> {
            JsonValue value = known.contains("[]") ? list("\"one\",\"two\"") : text("New/Pending");
            assertThat(read(write(view, known, value), known)).isEqualTo(value);
            assertThat(read(write(JsonValue.EMPTY_JSON_OBJECT, known, value), known))
                    .isEqualTo(value);
        });
    }

    private static JsonObject write(JsonObject document, String path, JsonValue value) {
        return ReferralPaths.find(path).orElseThrow().write(document, value);
    }

    private static JsonValue read(JsonObject document, String path) {
        return ReferralPaths.find(path).orElseThrow().read(document);
    }

    private static JsonValue list(String elements) {
        return object("{\"list\":[" + elements + "]}").getJsonArray("list");
    }
}
