package org.cosellbridge.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import jakarta.json.JsonValue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DecisionBodyTest {
    private static DecisionBody parse(String json) {
        return DecisionBody.parse(StoredJson.object(json));
    }

    @Test
    void takesASideOrAValue() {
        assertThat(parse("{\"side\":\"partner-center\"}"))
                .isEqualTo(new DecisionBody(Decided.Side.PARTNER_CENTER, null));
        assertThat(parse("{\"side\":\"crm\"}")).isEqualTo(new DecisionBody(Decided.Side.CRM, null));
        assertThat(parse("{\"value\":7}"))
                .isEqualTo(new DecisionBody(Decided.Side.VALUE, StoredJson.JSON.createValue(7)));
    }

    @Test
    void anEmptyValueIsAValueToo() {
        assertThat(parse("{\"value\":null}")).isEqualTo(new DecisionBody(Decided.Side.VALUE, JsonValue.NULL));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"side\":\"crm\",\"value\":1}",
                "{\"side\":\"crm\",\"reason\":\"why\"}",
                "{\"Side\":\"crm\"}",
                "{\"side\":\"CRM\"}",
                "{\"side\":\"value\"}",
                "{\"side\":\"\"}",
                "{\"side\":null}",
                "{\"side\":1}",
                "{\"side\":[\"crm\"]}"
            })
    void refusesAnythingElse(String json) {
        assertThatIllegalArgumentException().isThrownBy(() -> parse(json)).withMessageContaining("\"crm\"");
    }

    @Test
    void refusesNoBodyAndAnEndlessValue() {
        assertThatIllegalArgumentException().isThrownBy(() -> DecisionBody.parse(null));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> parse("{\"value\":\"" + "x".repeat(100_000) + "\"}"))
                .withMessageContaining("longer than");
    }
}
