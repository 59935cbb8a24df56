package org.cosellbridge.connector.dynamics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.cosellbridge.connector.dynamics.DynamicsFixtures.number;
import static org.cosellbridge.connector.dynamics.DynamicsFixtures.text;

import jakarta.json.JsonValue;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.cosellbridge.connector.CallContext;
import org.cosellbridge.connector.Changes;
import org.cosellbridge.connector.ConnectionName;
import org.cosellbridge.connector.ConnectionSettings;
import org.cosellbridge.connector.Priority;
import org.cosellbridge.connector.RecordChange;
import org.cosellbridge.connector.RecordRef;
import org.cosellbridge.connector.RecordShape;
import org.cosellbridge.connector.RejectedException;
import org.cosellbridge.connector.RemoteField;
import org.cosellbridge.connector.RetryableException;
import org.cosellbridge.connector.SetupException;
import org.cosellbridge.connector.SyncTokenExpiredException;
import org.cosellbridge.http.AccessToken;
import org.cosellbridge.http.Grant;
import org.cosellbridge.http.HttpAnswer;
import org.cosellbridge.http.Tokens;
import org.junit.jupiter.api.Test;

/** What the feed makes of answers that the simulator does not give. */
class DynamicsChangeFeedTest {
    private static final String ENVIRONMENT = "https://contoso.crm4.dynamics.com";
    private static final String ID = "a1b2c3d4-0000-0000-0000-000000000001";
    private static final String TRACKED = "{\"ChangeTrackingEnabled\":true}";
    private static final RecordShape SHAPE = new RecordShape(
            "opportunity",
            DynamicsFixtures.opportunity().table(),
            null,
            List.of(
                    RemoteField.of("name", RemoteField.Type.TEXT),
                    RemoteField.of("estimatedvalue", RemoteField.Type.MONEY)));

    private final CallContext call = CallContext.unguarded("c-1", Priority.SWEEP);
    private final Deque<HttpAnswer> answers = new ArrayDeque<>();
    private final List<URI> asked = new ArrayList<>();

    private DynamicsConnector connector(String environment) {
        ConnectionSettings settings = new ConnectionSettings(
                new ConnectionName("crm"),
                "dynamics",
                URI.create(environment),
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
        DynamicsClient client = new DynamicsClient(
                settings,
                new Grant.ClientSecret(settings.authority(), "tenant", "client", "secret", "scope"),
                sent -> {
                    asked.add(sent.uri());
                    return answers.remove();
                },
                new Tokens() {
                    @Override
                    public AccessToken accessToken(Grant grant, Duration timeout, String correlationId) {
                        return new AccessToken("token", Instant.MAX, "", "");
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
        return new DynamicsConnector(client, Clock.systemUTC());
    }

    private Changes list(String cursor) {
        return connector(ENVIRONMENT).listChanges(call, SHAPE, cursor.isEmpty() ? null : cursor);
    }

    private void answer(int status, String body) {
        answers.add(new HttpAnswer(status, Map.of(), body.getBytes(StandardCharsets.UTF_8)));
    }

    private static String page(String rows, String link) {
        return "{\"value\":[" + rows + "]," + link + "}";
    }

    private static String delta(String address) {
        return "\"@odata.deltaLink\":\"" + address + "\"";
    }

    private String token() {
        answer(200, page("", delta(ENVIRONMENT + "/api/data/v9.2/opportunities?$select=name&$deltatoken=1%2108%2f22")));
        return Objects.requireNonNull(list("").token());
    }

    @Test
    void aLinkNeverLeadsToAnotherHostOrAnotherTable() {
        answer(200, page("", "\"@odata.nextLink\":\"https://evil.example/api/data/v9.2/contacts?$skiptoken=%3c1%3E\""));
        answer(200, page("", delta("http://169.254.169.254/latest?$deltatoken=2%21")));
        answer(200, page("", delta("//evil.example?$deltatoken=3")));

        Changes first = list("");
        Changes second = list(Objects.requireNonNull(first.next()));
        list(Objects.requireNonNull(second.token()));

        assertThat(asked)
                .extracting(URI::toString)
                .containsExactly(
                        ENVIRONMENT + "/api/data/v9.2/opportunities?$select=estimatedvalue,name,opportunityid",
                        ENVIRONMENT + "/api/data/v9.2/opportunities?$skiptoken=%3c1%3E",
                        ENVIRONMENT + "/api/data/v9.2/opportunities?$deltatoken=2%21");
        assertThat(second.token()).doesNotContain("169.254");
    }

    @Test
    void aTokenOfAnotherEnvironmentCountsAsExpired() {
        String token = token();

        assertThatThrownBy(() -> connector("https://fabrikam.crm4.dynamics.com").listChanges(call, SHAPE, token))
                .isInstanceOf(SyncTokenExpiredException.class)
                .hasMessageContaining("another environment");
        assertThat(asked).hasSize(1);
    }

    @Test
    void aLinkThatIsNoAddressIsNotKept() {
        for (String wrong : List.of("", "no address", ENVIRONMENT + "/x?a b", ENVIRONMENT + "/x?a#b")) {
            answer(200, page("", delta(wrong)));

            assertThatThrownBy(() -> list("")).as(wrong).isInstanceOf(RetryableException.class);
        }
    }

    @Test
    void whatARowDoesNotHoldStaysAbsent() {
        answer(
                200,
                page("{\"opportunityid\":\"" + ID + "\",\"name\":null,\"reason\":\"x\"}", delta("x?$deltatoken=1")));

        RecordChange change = list("").items().get(0);

        assertThat(change.ref()).isEqualTo(new RecordRef("opportunity", ID));
        assertThat(change.deleted()).isFalse();
        assertThat(change.version()).isEmpty();
        assertThat(change.values()).containsOnly(Map.entry("name", JsonValue.NULL));
    }

    @Test
    void readsRowsAndDeletionsAsTheyAreDocumented() {
        answer(
                200,
                page(
                        "{\"@odata.etag\":\"W/\\\"919057\\\"\",\"name\":\"B\",\"estimatedvalue\":10.5000,\"opportunityid\":\""
                                + ID
                                + "\"},{\"@odata.context\":\"https://x/$metadata#opportunities/$deletedEntity\",\"id\":\""
                                + ID.replace('a', 'b') + "\",\"reason\":\"deleted\"}",
                        delta("x?$deltatoken=1")));

        List<RecordChange> changes = list("").items();

        assertThat(changes.get(0).version()).isEqualTo("W/\"919057\"");
        assertThat(changes.get(0).values())
                .containsEntry("name", text("B"))
                .containsEntry("estimatedvalue", number("10.5"));
        assertThat(changes.get(1))
                .isEqualTo(new RecordChange(
                        new RecordRef("opportunity", ID.replace('a', 'b')), true, "", JsonValue.EMPTY_JSON_OBJECT));
    }

    @Test
    void aRowThatNobodyCouldFindAgainIsNoAnswer() {
        answer(200, page("{\"name\":\"A\"}", delta("x?$deltatoken=1")));

        assertThatThrownBy(() -> list("")).isInstanceOf(RetryableException.class);
    }

    @Test
    void anEmptyAnswerToATokenMeansNothingChanged() {
        String token = token();
        for (String empty : List.of("{}", "", "{\"value\":[]}")) {
            answer(200, empty);

            Changes nothing = list(token);

            assertThat(nothing.items()).isEmpty();
            assertThat(nothing.next()).isNull();
            assertThat(nothing.token()).isEqualTo(token);
        }
    }

    @Test
    void aWalkWithoutATokenIsNoAnswerUnlessTheTableDoesNotTrack() {
        answer(200, "{\"value\":[]}");
        answer(200, TRACKED);
        assertThatThrownBy(() -> list("")).isInstanceOf(RetryableException.class);

        answer(200, "{\"value\":[]}");
        answer(200, TRACKED.replace("true", "false"));
        assertThatThrownBy(() -> list(""))
                .isInstanceOf(SetupException.class)
                .hasMessageContaining("does not track changes");
        assertThat(asked.get(1).toString())
                .isEqualTo(ENVIRONMENT + "/api/data/v9.2/EntityDefinitions(LogicalName='opportunity')?$select="
                        + "ChangeTrackingEnabled");
    }

    @Test
    void asksForTheFlagWhateverTheCodeOfTheRefusal() {
        for (String code : List.of("0x80040203", "0x80040216", "")) {
            answer(400, "{\"error\":{\"code\":\"" + code + "\",\"message\":\"no\"}}");
            answer(200, TRACKED.replace("true", "false"));

            assertThatThrownBy(() -> list("")).as(code).isInstanceOf(SetupException.class);
        }
    }

    @Test
    void aLinkThatIsRefusedInAnyOtherWordsCountsAsExpired() {
        String refusal = "{\"error\":{\"code\":\"0x80040203\",\"message\":\"The paging cookie is not valid.\"}}";
        String token = token();
        for (String cursor : List.of(token, token.replace("TOKEN", "PAGE"))) {
            answer(400, refusal);
            answer(200, TRACKED);

            assertThatThrownBy(() -> list(cursor))
                    .isInstanceOf(SyncTokenExpiredException.class)
                    .hasMessageContaining("The paging cookie is not valid.");
        }
        answer(400, refusal);
        answer(200, TRACKED);
        assertThatThrownBy(() -> list("")).isInstanceOf(RejectedException.class);
    }

    @Test
    void aRefusalStaysWhatItIsWhenTheFlagCannotBeRead() {
        answer(500, "{\"error\":{\"code\":\"0x80040216\",\"message\":\"no\"}}");
        answer(403, "");

        assertThatThrownBy(() -> list("")).isInstanceOf(RetryableException.class);
    }
}
