package org.cosellbridge.connector.dynamics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.cosellbridge.connector.dynamics.DynamicsFixtures.number;
import static org.cosellbridge.connector.dynamics.DynamicsFixtures.text;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonValue;
import java.io.StringReader;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.cosellbridge.connector.CallContext;
import org.cosellbridge.connector.ConnectionName;
import org.cosellbridge.connector.ConnectionSettings;
import org.cosellbridge.connector.Priority;
import org.cosellbridge.connector.RejectedException;
import org.cosellbridge.connector.RemoteField;
import org.cosellbridge.connector.RemoteField.StateStep;
import org.cosellbridge.connector.RemoteField.Step;
import org.cosellbridge.http.AccessToken;
import org.cosellbridge.http.Grant;
import org.cosellbridge.http.Tokens;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DynamicsFieldsTest {
    private static final String ID = "b1b2c3d4-0000-0000-0000-000000000002";
    private final CallContext call = CallContext.unguarded("c-1", Priority.PERSON);
    private final DynamicsFields fields = fields();

    private static DynamicsFields fields() {
        ConnectionSettings settings = new ConnectionSettings(
                new ConnectionName("crm"),
                "dynamics",
                URI.create("https://contoso.crm4.dynamics.com"),
                URI.create("https://login.microsoftonline.com"),
                "tenant",
                "client",
                "secret",
                "",
                "",
                "",
                "v9.2",
                List.of("opportunity"),
                "",
                "true",
                4,
                Duration.ofMinutes(1));
        DynamicsClient nobody = new DynamicsClient(
                settings,
                new Grant.ClientSecret(settings.authority(), "tenant", "client", "secret", "scope"),
                sent -> {
                    throw new AssertionError("called " + sent.uri());
                },
                new Tokens() {
                    @Override
                    public AccessToken accessToken(Grant grant, Duration timeout, String correlationId) {
                        throw new AssertionError("asked for a token");
                    }

                    @Override
                    public void forget(Grant grant) {
                        throw new AssertionError("forgot a token");
                    }

                    @Override
                    public void forget(Grant grant, AccessToken refused) {
                        throw new AssertionError("forgot a token");
                    }
                },
                Clock.systemUTC());
        return new DynamicsFields(nobody.errors(), new DynamicsLookups(nobody, Clock.systemUTC()));
    }

    private static JsonValue json(String text) {
        return Json.createReader(new StringReader("[" + text + "]")).readArray().get(0);
    }

    private JsonObject write(RemoteField field, JsonValue value) {
        JsonObjectBuilder body = Json.createObjectBuilder();
        fields.write(call, field, value, body);
        return body.build();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    TEXT     | "a"                         | "a"
                    TEXT     | ""                          | null
                    TEXT     | null                        | null
                    NUMBER   | 40.0                        | 40
                    NUMBER   | 0.250                       | 0.25
                    MONEY    | 1E+3                        | 1000
                    MONEY    | 120000.5000                 | 120000.5
                    MONEY    | 0.00                        | 0
                    BOOLEAN  | true                        | true
                    BOOLEAN  | false                       | false
                    DATE     | "2026-12-31"                | "2026-12-31"
                    DATETIME | "2026-12-31T10:20:30.987Z"  | "2026-12-31T10:20:30Z"
                    DATETIME | "2026-12-31T10:20:00+02:00" | "2026-12-31T08:20:00Z"
                    CHOICE   | 100000003                   | 100000003
                    CHOICE   | "3"                         | 3
                    """)
    void writesValuesAsTheColumnWantsThem(RemoteField.Type type, String value, String written) {
        JsonObject body = write(RemoteField.of("column", type), json(value));

        assertThat(body.toString()).isEqualTo("{\"column\":" + written + "}");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    TEXT     | 5
                    NUMBER   | "5"
                    MONEY    | true
                    BOOLEAN  | "true"
                    DATE     | "2026-12-31T00:00:00Z"
                    DATE     | "31.12.2026"
                    DATETIME | "2026-12-31"
                    CHOICE   | 1.5
                    CHOICE   | "Hot"
                    CHOICE   | true
                    """)
    void refusesValuesOfAnotherType(RemoteField.Type type, String value) {
        assertThatThrownBy(() -> write(RemoteField.of("column", type), json(value)))
                .isInstanceOf(RejectedException.class)
                .hasMessageContaining("The value for column must be")
                .hasMessageNotContaining("Hot");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    TEXT     | "a"                    | "a"
                    TEXT     | null                   | null
                    MONEY    | 120000.0000            | 120000
                    MONEY    | 0.5000                 | 0.5
                    CHOICE   | 3                      | 3
                    BOOLEAN  | false                  | false
                    DATE     | "2026-12-31T22:00:00Z" | "2026-12-31"
                    DATETIME | "2026-12-31T22:00:00Z" | "2026-12-31T22:00:00Z"
                    STATE    | 3                      | "3"
                    """)
    void readsValuesAsARemoteRecordHasThem(RemoteField.Type type, String held, String value) {
        JsonObject row = Json.createObjectBuilder().add("column", json(held)).build();

        assertThat(fields.read(call, RemoteField.of("column", type), row)).isEqualTo(json(value));
    }

    @Test
    void readsAbsentColumnsAsEmpty() {
        for (RemoteField.Type type : RemoteField.Type.values()) {
            assertThat(fields.read(call, RemoteField.of("column", type), JsonValue.EMPTY_JSON_OBJECT))
                    .isEqualTo(JsonValue.NULL);
        }
    }

    @Test
    void bindsAReferenceUnderItsNavigationProperty() {
        RemoteField customer = DynamicsFixtures.reference("customerid", "customerid_account");
        RemoteField account = DynamicsFixtures.reference("parentaccountid", null);

        assertThat(write(customer, text(ID)).toString())
                .isEqualTo("{\"customerid_account@odata.bind\":\"/accounts(" + ID + ")\"}");
        assertThat(write(account, JsonValue.NULL).toString()).isEqualTo("{\"parentaccountid@odata.bind\":null}");
        assertThat(fields.read(
                        call,
                        customer,
                        Json.createObjectBuilder().add("_customerid_value", ID).build()))
                .isEqualTo(text(ID));
        assertThatThrownBy(() -> write(account, text("1) or (1")))
                .isInstanceOf(RejectedException.class)
                .hasMessageContaining("id of a row");
    }

    @Test
    void filtersByTheColumnInItsOwnLiteral() {
        assertThat(filter(RemoteField.Type.TEXT, text("O'Neill"))).isEqualTo("column eq 'O''Neill'");
        assertThat(filter(RemoteField.Type.TEXT, text(""))).isEqualTo("column eq null");
        assertThat(filter(RemoteField.Type.MONEY, number("1E+2"))).isEqualTo("column eq 100");
        assertThat(filter(RemoteField.Type.DATE, text("2026-12-31"))).isEqualTo("column eq 2026-12-31");
        assertThat(filter(RemoteField.Type.DATETIME, text("2026-12-31T01:02:03.4Z")))
                .isEqualTo("column eq 2026-12-31T01:02:03Z");
        assertThat(filter(RemoteField.Type.BOOLEAN, JsonValue.TRUE)).isEqualTo("column eq true");
        assertThat(filter(RemoteField.Type.CHOICE, number("3"))).isEqualTo("column eq 3");
        assertThat(fields.findFilter(call, DynamicsFixtures.reference("parentaccountid", null), text(ID)))
                .contains("_parentaccountid_value eq " + ID);
    }

    private String filter(RemoteField.Type type, JsonValue value) {
        return fields.findFilter(call, RemoteField.of("column", type), value).orElseThrow();
    }

    @Test
    void takesAStateByItsStep() {
        RemoteField state = DynamicsFixtures.state(Map.of(
                "won", new StateStep(Step.WIN, Map.of("statuscode", 3)), "4", new StateStep(Step.LOSE, Map.of())));

        assertThat(fields.step(state, text("won")).step()).isEqualTo(Step.WIN);
        assertThat(fields.stateNumber(state, "won")).isEqualTo(3);
        assertThat(fields.stateNumber(state, "4")).isEqualTo(4);
        assertThatThrownBy(() -> fields.step(state, text("lost"))).isInstanceOf(RejectedException.class);
    }
}
