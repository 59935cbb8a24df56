package org.cosellbridge.connector.salesforce;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.cosellbridge.audit.MovingClock;
import org.cosellbridge.connector.CallContext;
import org.cosellbridge.connector.Changes;
import org.cosellbridge.connector.ConnectionName;
import org.cosellbridge.connector.ConnectionSettings;
import org.cosellbridge.connector.Priority;
import org.cosellbridge.connector.RecordShape;
import org.cosellbridge.connector.RejectedException;
import org.cosellbridge.connector.RemoteField;
import org.cosellbridge.connector.RemoteRecord;
import org.cosellbridge.connector.RetryableException;
import org.cosellbridge.connector.SetupException;
import org.cosellbridge.connector.SyncTokenExpiredException;
import org.cosellbridge.http.AccessToken;
import org.cosellbridge.http.Grant;
import org.cosellbridge.http.HttpAnswer;
import org.cosellbridge.http.HttpCall;
import org.cosellbridge.http.OutboundFixtures;
import org.cosellbridge.http.Tokens;
import org.cosellbridge.platform.Configuration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the simulator cannot show: answers of another form, a log of deletions that was purged, an address that leads elsewhere. */
class SalesforceWireTest {
    private static final String ORG = "https://contoso.my.salesforce.com";
    private static final String ID = "006000000000001AAA";
    private static final String OTHER = "006000000000002AAA";
    private static final CallContext CALL =
            CallContext.unguarded("019a9d5e-7d2b-7c11-8a54-6f1d2c3b4a59", Priority.EVENT);
    private static final String EMPTY = "{\"totalSize\":0,\"done\":true,\"records\":[]}";
    private static final RecordShape SHAPE = new RecordShape(
            "opportunity",
            SalesforceFixtures.OPPORTUNITIES,
            "Referral_Identifier__c",
            List.of(RemoteField.of("Referral_Identifier__c", RemoteField.Type.TEXT)));

    private final MovingClock clock = new MovingClock("2026-11-20T07:40:00Z");
    private final OutboundFixtures outbound = new OutboundFixtures();
    private final Deque<HttpAnswer> answers = new ArrayDeque<>();
    private final List<HttpCall> asked = new ArrayList<>();
    private String instance = ORG;

    private final SalesforceConnector connector = connect();

    private SalesforceConnector connect() {
        ConnectionSettings settings = ConnectionSettings.read(
                Configuration.of(Map.of(
                        "cosell.crm.crm.type", "salesforce",
                        "cosell.crm.crm.url", ORG,
                        "cosell.crm.crm.client-id", "client",
                        "cosell.crm.crm.client-secret", "secret")),
                new ConnectionName("crm"));
        SalesforceClient client = new SalesforceClient(
                settings,
                new Grant.SalesforceSecret(settings.authority(), "client", "secret"),
                sent -> {
                    asked.add(sent);
                    return answers.remove();
                },
                new Tokens() {
                    @Override
                    public AccessToken accessToken(Grant grant, Duration timeout, String correlationId) {
                        return new AccessToken("token", Instant.MAX, instance, "005000000000001");
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
                outbound.permits(),
                clock);
        return new SalesforceConnector(client, clock);
    }

    @AfterEach
    void closeAll() {
        outbound.close();
    }

    private void answer(int status, String body) {
        answers.add(new HttpAnswer(status, Map.of(), body.getBytes(StandardCharsets.UTF_8)));
    }

    private static String row(String id, String stamp) {
        return "{\"attributes\":{\"type\":\"Opportunity\"},\"Id\":\"" + id + "\",\"SystemModstamp\":\"" + stamp
                + "\",\"LastModifiedDate\":\"" + stamp
                + "\",\"LastModifiedById\":\"005000000000001AAA\",\"IsDeleted\":false,\"Referral_Identifier__c\":null}";
    }

    private static String rows(String... rows) {
        return "{\"totalSize\":" + rows.length + ",\"done\":true,\"records\":[" + String.join(",", rows) + "]}";
    }

    private Changes list(@Nullable String cursor) {
        return connector.listChanges(CALL, SHAPE, cursor);
    }

    private String token(String body) {
        answer(200, body);
        return Objects.requireNonNull(list(null).token());
    }

    private String lastQuery() {
        return URLDecoder.decode(
                String.valueOf(asked.get(asked.size() - 1).uri().getRawQuery()), StandardCharsets.UTF_8);
    }

    @Test
    void goesBackFiveMinutesFurtherAndLeavesOutWhatWasTold() {
        String first = row(ID, "2026-11-20T07:30:00.000+0000");
        String token = token(rows(first));
        answer(200, rows(row(OTHER, "2026-11-20T07:27:00.000+0000"), first));

        Changes late = list(token);

        assertThat(lastQuery()).contains("SystemModstamp >= 2026-11-20T07:25:00Z ORDER BY SystemModstamp ASC, Id ASC");
        assertThat(asked.get(1).uri().getPath()).endsWith("/queryAll");
        assertThat(asked.get(0).uri().getPath()).endsWith("/query");
        assertThat(late.items()).extracting(item -> item.ref().id()).containsExactly(OTHER);
    }

    @Test
    void tellsWhatTheLogOfDeletionsHasBeyondTheBin() {
        String token = token(EMPTY);
        clock.move(Duration.ofMinutes(30));
        answer(200, EMPTY);
        answer(200, """
                {"deletedRecords":[{"id":"006000000000001","deletedDate":"2026-11-20T07:50:00.000+0000"}],
                 "earliestDateAvailable":"2026-11-05T08:10:00.000+0000",
                 "latestDateCovered":"2026-11-20T08:09:00.000+0000"}""");

        Changes walk = list(token);

        assertThat(walk.items()).singleElement().satisfies(change -> {
            assertThat(change.deleted()).isTrue();
            assertThat(change.ref().id()).isEqualTo(ID);
        });
        assertThat(lastQuery()).isEqualTo("start=2026-11-20T07:35:00+00:00&end=2026-11-20T08:10:00+00:00");
        answer(200, EMPTY);
        assertThat(list(walk.token()).items()).isEmpty();
        assertThat(answers).isEmpty();
    }

    @Test
    void expiresWhenTheLogOfDeletionsWasPurged() {
        String token = token(EMPTY);
        clock.move(Duration.ofHours(3));
        answer(200, EMPTY);
        answer(200, """
                {"deletedRecords":[],"earliestDateAvailable":"2026-11-20T08:00:00.000+0000",
                 "latestDateCovered":"2026-11-20T10:39:00.000+0000"}""");

        assertThatThrownBy(() -> list(token)).isInstanceOf(SyncTokenExpiredException.class);
    }

    @ParameterizedTest
    @CsvSource({"INVALID_REPLICATION_DATE", "EXCEEDED_ID_LIMIT"})
    void expiresWhenTheLogOfDeletionsDoesNotReachBack(String code) {
        String token = token(EMPTY);
        clock.move(Duration.ofHours(3));
        answer(200, EMPTY);
        answer(400, "[{\"message\":\"Too far.\",\"errorCode\":\"" + code + "\"}]");

        assertThatThrownBy(() -> list(token)).isInstanceOf(SyncTokenExpiredException.class);
    }

    @Test
    void expiresAfterFifteenDaysWithoutAsking() {
        String token = token(EMPTY);
        clock.move(Duration.ofDays(15));

        assertThatThrownBy(() -> list(token)).isInstanceOf(SyncTokenExpiredException.class);
        assertThat(asked).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource({
        "https://evil.example/services/data/v67.0/query/01g-2000",
        "/services/data/v67.0/query/../../oauth2/token",
        "/services/data/v67.0/sobjects/User",
        "''",
    })
    void aNextPageIsAPageOfTheSameQueryOrNone(String next) {
        answer(200, "{\"totalSize\":2,\"done\":false,\"nextRecordsUrl\":\"" + next + "\",\"records\":[]}");

        assertThatThrownBy(() -> list(null)).isInstanceOf(RetryableException.class);
    }

    @Test
    void aTokenHoldsNoMoreThanFits() {
        String[] many = new String[12_000];
        for (int i = 0; i < many.length; i++) {
            many[i] = row(String.format("006%012d", i), "2026-11-20T07:3" + (i / 2_000) + ":00.000+0000");
        }

        String token = token(rows(many));

        assertThat(token).hasSizeLessThan(1_000_000);
        answer(200, rows(many[many.length - 1]));
        assertThat(list(token).items()).isEmpty();
        assertThat(lastQuery()).contains("SystemModstamp >= 2026-11-20T07:31:00Z");
    }

    @ParameterizedTest
    @CsvSource({
        "https://contoso.my.salesforce.com, true",
        "https://contoso.my.salesforce.com/, true",
        "https://eu42.salesforce.com, true",
        "'', true",
        "https://contoso.example, false",
        "https://salesforce.com.evil.example, false",
        "https://evilsalesforce.com, false",
        "http://contoso.my.salesforce.com, false",
        "https://user@contoso.my.salesforce.com, false",
        "https://eu42.salesforce.com:8443, false",
        "https://contoso.my.salesforce.com/elsewhere, false",
        "nonsense, false",
    })
    void aSessionGoesToSalesforceOrTheConfiguredHostOnly(String address, boolean taken) {
        instance = address;
        answer(200, EMPTY);

        if (taken) {
            assertThat(list(null).items()).isEmpty();
            assertThat(asked.get(0).uri().getHost()).endsWith(".salesforce.com");
        } else {
            assertThatThrownBy(() -> list(null)).isInstanceOf(SetupException.class);
            assertThat(asked).isEmpty();
        }
    }

    private RemoteRecord read() {
        answer(200, rows(row(ID, "2026-11-20T06:00:00.000+0000")));
        return connector.findRecord(CALL, SHAPE, ID).orElseThrow();
    }

    private RemoteRecord write(RemoteRecord read) {
        return connector.updateRecord(
                CALL, SHAPE, read, Map.of("Referral_Identifier__c", SalesforceFixtures.text("8a7b")));
    }

    @Test
    void guardsAWriteWithTheStampThatWasRead() {
        RemoteRecord read = read();
        answer(204, "");
        answer(200, rows(row(ID, "2026-11-20T07:40:00.000+0000")));

        assertThat(write(read).version()).isEqualTo("2026-11-20T07:40:00Z/005000000000001AAA");

        HttpCall patch = asked.get(1);
        assertThat(patch.method()).isEqualTo("PATCH");
        assertThat(patch.uri()).hasToString(ORG + "/services/data/v67.0/sobjects/Opportunity/" + ID);
        assertThat(patch.headers())
                .containsEntry("If-Unmodified-Since", "Fri, 20 Nov 2026 06:00:00 GMT")
                .containsEntry("Sforce-Auto-Assign", "FALSE")
                .containsEntry("Sforce-Call-Options", "client=CosellBridge");
        assertThat(patch.repeatable()).isFalse();
    }

    @Test
    void whatSomebodyElseWroteRightAfterUsIsNotTakenForOurs() {
        RemoteRecord read = read();
        answer(204, "");
        answer(200, rows(row(ID, "2026-11-20T07:40:00.000+0000").replace("005000000000001AAA", "005000000000002AAA")));

        RetryableException overtaken = catchThrowableOfType(RetryableException.class, () -> write(read));

        assertThat(overtaken).hasMessageContaining("somebody else");
        assertThat(overtaken.systemWide()).isFalse();
    }

    @Test
    void aDeletedRecordAmongTheValuesIsNotTheRecordItself() {
        RemoteRecord read = read();
        answer(404, "[{\"message\":\"entity is deleted\",\"errorCode\":\"ENTITY_IS_DELETED\"}]");
        answer(200, rows(row(ID, "2026-11-20T06:00:00.000+0000")));

        assertThatThrownBy(() -> write(read))
                .isInstanceOf(RejectedException.class)
                .hasMessageContaining("refer to");
    }
}
