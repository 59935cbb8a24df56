package org.cosellbridge.connector.partnercenter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.function.Supplier;
import org.cosellbridge.connector.CallContext;
import org.cosellbridge.connector.Priority;
import org.cosellbridge.connector.RecordGoneException;
import org.cosellbridge.connector.RecordRef;
import org.cosellbridge.connector.RecordShape;
import org.cosellbridge.connector.RejectedException;
import org.cosellbridge.connector.RemoteRecord;
import org.cosellbridge.connector.RetryableException;
import org.cosellbridge.connector.SetupException;
import org.cosellbridge.connector.StalePreconditionException;
import org.cosellbridge.http.AccessToken;
import org.cosellbridge.http.Grant;
import org.cosellbridge.http.HttpAnswer;
import org.cosellbridge.http.HttpCall;
import org.cosellbridge.http.OutboundClient;
import org.cosellbridge.http.OutboundException;
import org.cosellbridge.http.OutboundFixtures;
import org.cosellbridge.http.Tokens;
import org.cosellbridge.platform.Configuration;
import org.cosellbridge.platform.Ids;
import org.cosellbridge.platform.Page;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** What goes over the wire, and what each answer means; the other side is a script. */
@TestInstance(TestInstance.Lifecycle.PER_METHOD)
class PartnerCenterWireTest {
    private static final Clock NOW = Clock.fixed(Instant.parse("2026-11-20T08:00:00Z"), ZoneOffset.UTC);
    private static final String ID = "0d1b0000-0000-4000-8000-000000000001";
    private static final RecordShape SHAPE = RecordShape.referral();
    private static final Map<String, String> KEYS = Map.of(
            "cosell.partner-center.tenant-id", "t",
            "cosell.partner-center.client-id", "c",
            "cosell.partner-center.client-secret", "s",
            "cosell.partner-center.refresh-token", "r");

    private static OutboundFixtures outbound;

    private final CallContext call = CallContext.unguarded("019a9d5e-7d2b-7c11-8a54-6f1d2c3b4a59", Priority.SWEEP);
    private final Deque<Supplier<HttpAnswer>> script = new ArrayDeque<>();
    private final List<HttpCall> sent = new ArrayList<>();
    private final List<Grant> forgotten = new ArrayList<>();
    private final PartnerCenterConnector connector = connect();

    @BeforeAll
    static void open() {
        outbound = new OutboundFixtures();
    }

    @AfterAll
    static void close() {
        outbound.close();
    }

    private PartnerCenterConnector connect() {
        OutboundClient client = asked -> {
            sent.add(asked);
            return Objects.requireNonNull(script.poll(), "no more calls are expected")
                    .get();
        };
        Tokens tokens = new Tokens() {
            @Override
            public AccessToken accessToken(Grant grant, Duration timeout, String correlationId) {
                return new AccessToken("token-" + forgotten.size(), Instant.MAX, "", "");
            }

            @Override
            public void forget(Grant grant) {
                forgotten.add(grant);
            }

            @Override
            public void forget(Grant grant, AccessToken refused) {
                forgotten.add(grant);
            }
        };
        PartnerCenterErrors errors = new PartnerCenterErrors(NOW);
        return new PartnerCenterConnector(
                new PartnerCenterClient(
                        client,
                        tokens,
                        outbound.permits(),
                        new Ids(NOW, new Random(1)),
                        errors,
                        new PartnerCenterSettings(Configuration.of(KEYS))),
                errors);
    }

    private void answers(int status, String body, String... header) {
        script.add(() -> answer(status, body, header));
    }

    private static HttpAnswer answer(int status, String body, String... header) {
        Map<String, List<String>> headers = header.length == 0 ? Map.of() : Map.of(header[0], List.of(header[1]));
        return new HttpAnswer(status, headers, body.getBytes(StandardCharsets.UTF_8));
    }

    private static String referral(String more) {
        return """
                {"id":"%s","eTag":"\\"84001c9d-0000\\"","updatedDateTime":"2026-11-19T17:27:47.8754901Z"%s}""".formatted(ID, more);
    }

    private static JsonObject json(String text) {
        try (var reader = Json.createReader(new StringReader(text))) {
            return reader.readObject();
        }
    }

    private static RemoteRecord read(String document) {
        return new RemoteRecord(
                new RecordRef(RecordRef.REFERRAL, ID), "\"84001c9d-0000\"", NOW.instant(), json(document));
    }

    private RemoteRecord update(Map<String, JsonValue> changes) {
        return connector.updateRecord(call, SHAPE, read("{\"status\":\"New\",\"substatus\":\"Pending\"}"), changes);
    }

    private String sentBody() {
        return new String(Objects.requireNonNull(sent.get(0).body()), StandardCharsets.UTF_8);
    }

    private <T extends Throwable> T failure(Class<T> type) {
        return catchThrowableOfType(type, () -> connector.findRecord(call, SHAPE, ID));
    }

    @Test
    void readsAReferralById() {
        answers(200, referral(",\"name\":\"Deal\""));

        RemoteRecord record = connector
                .findRecord(call, SHAPE, ID.toUpperCase(java.util.Locale.ROOT))
                .orElseThrow();

        assertThat(record.ref()).isEqualTo(new RecordRef("referral", ID));
        assertThat(record.version()).isEqualTo("\"84001c9d-0000\"");
        assertThat(record.modifiedAt()).isEqualTo(Instant.parse("2026-11-19T17:27:47.8754901Z"));
        assertThat(record.values().getString("name")).isEqualTo("Deal");
        HttpCall request = sent.get(0);
        assertThat(request.uri()).hasToString("https://api.partner.microsoft.com/v1.0/engagements/referrals/" + ID);
        assertThat(request.headers())
                .containsEntry("Authorization", "Bearer token-0")
                .containsEntry("Accept", "application/json")
                .containsKey("MS-RequestId");
        assertThat(request.system()).isEqualTo("partner-center");
        assertThat(request.rank()).isEqualTo(3);
        assertThat(request.repeatable()).isTrue();
    }

    @Test
    void asksNobodyForWhatIsNoReferralId() {
        assertThat(connector.findRecord(call, SHAPE, "../admin")).isEmpty();
        assertThat(sent).isEmpty();
    }

    @Test
    void putsKnownNamesRightAndMakesListsOfSingles() {
        answers(200, """
                {"ID":"%s","ETag":"e","Team":{"FirstName":"Ana"},"customerProfile":{"ids":{}},"Strange":1}""".formatted(ID));

        JsonObject values = connector.findRecord(call, SHAPE, ID).orElseThrow().values();

        assertThat(values).isEqualTo(json("""
                        {"id":"%s","eTag":"e","team":[{"firstName":"Ana"}],"customerProfile":{"ids":[]},"Strange":1}""".formatted(ID)));
    }

    @Test
    void takesTheVersionFromTheHeaderWhereTheBodyHasNone() {
        answers(200, "{\"id\":\"" + ID + "\"}", "ETag", "\"7\"");

        assertThat(connector.findRecord(call, SHAPE, ID))
                .map(RemoteRecord::version)
                .contains("\"7\"");
    }

    @Test
    void filtersByEngagementWithEverythingEncoded() {
        answers(200, "{\"value\":[" + referral(",\"engagementId\":\"it's & mine\"") + "]}");

        List<RemoteRecord> found =
                connector.listMatching(call, SHAPE, Map.of("engagementId", Json.createValue("it's & mine")), 10);

        assertThat(found).hasSize(1);
        assertThat(sent.get(0).uri().getRawQuery())
                .isEqualTo("$filter=engagementId%20eq%20%27it%27%27s%20%26%20mine%27&$top=10");
    }

    @Test
    void comparesItselfWhatTheListDoesNotFilterBy() {
        answers(
                200,
                "{\"value\":[" + referral(",\"status\":\"New\",\"externalReferenceId\":\"7\"") + ","
                        + referral(",\"status\":\"New\"") + "]}");

        assertThat(connector.listMatching(
                        call,
                        SHAPE,
                        Map.of("status", Json.createValue("New"), "externalReferenceId", Json.createValue("7")),
                        10))
                .hasSize(1);
        assertThat(sent.get(0).uri().getRawQuery()).isEqualTo("$filter=status%20eq%20%27New%27");
    }

    @Test
    void refusesToListByNothingThatFilters() {
        assertThatThrownBy(() ->
                        connector.listMatching(call, SHAPE, Map.of("externalReferenceId", Json.createValue("7")), 10))
                .isInstanceOf(RejectedException.class);
        assertThat(sent).isEmpty();
    }

    @Test
    void walksTheListNewestFirstWithoutEverFollowingALink() {
        answers(
                200,
                "{\"value\":[" + referral("")
                        + "],\"@odata.nextLink\":\"http://evil.example/v1.0/referrals?$skiptoken=a%2Bb c&code=1#x\"}");
        answers(
                200,
                "{\"value\":[{\"id\":\"" + ID + "\",\"updatedDateTime\":\"2026-11-01T00:00:00Z\"}],"
                        + "\"@odata.nextLink\":\"http://evil.example/?$skiptoken=more\"}");
        Instant since = Instant.parse("2026-11-10T00:00:00Z");

        Page<RemoteRecord> first = connector.listChangedSince(call, since, null);
        Page<RemoteRecord> second = connector.listChangedSince(call, since, first.next());

        assertThat(first.items()).hasSize(1);
        assertThat(second.items()).isEmpty();
        assertThat(second.next()).isNull();
        assertThat(sent)
                .extracting(request -> request.uri().toString())
                .containsExactly(
                        "https://api.partner.microsoft.com/v1.0/engagements/referrals?$orderby=updatedDateTime%20desc",
                        "https://api.partner.microsoft.com/v1.0/engagements/referrals?$skiptoken=a%2Bb%20c");
    }

    @Test
    void aRowWithoutAVersionSaysSo() {
        answers(200, "{\"value\":[{\"id\":\"" + ID + "\",\"updatedDateTime\":\"2026-11-20T00:00:00Z\"}]}");

        assertThat(connector.listChangedSince(call, Instant.EPOCH, null).items())
                .extracting(RemoteRecord::version)
                .containsExactly("");
    }

    @Test
    void patchesFieldsBeforeTheStatusInOneGuardedCall() {
        answers(200, referral(",\"status\":\"Closed\""));

        RemoteRecord after = update(Map.of(
                "substatus", Json.createValue("Lost"),
                "status", Json.createValue("Closed"),
                "statusReason", Json.createValue("Chose another"),
                "details.dealValue", Json.createValue(75000)));

        assertThat(after.values().getString("status")).isEqualTo("Closed");
        assertThat(sentBody())
                .isEqualTo("[{\"op\":\"replace\",\"path\":\"/details/dealValue\",\"value\":75000},"
                        + "{\"op\":\"replace\",\"path\":\"/status\",\"value\":\"Closed\"},"
                        + "{\"op\":\"replace\",\"path\":\"/substatus\",\"value\":\"Lost\"},"
                        + "{\"op\":\"replace\",\"path\":\"/statusReason\",\"value\":\"Chose another\"}]");
        HttpCall request = sent.get(0);
        assertThat(request.method()).isEqualTo("PATCH");
        assertThat(request.repeatable()).isFalse();
        assertThat(request.headers())
                .containsEntry("If-Match", "\"84001c9d-0000\"")
                .containsEntry("Prefer", "return=representation")
                .containsEntry("Content-Type", "application/json");
    }

    @Test
    void sendsAStatusAndItsSubstatusTogether() {
        answers(200, referral(""));

        update(Map.of("substatus", Json.createValue("Received")));

        assertThat(sentBody())
                .isEqualTo("[{\"op\":\"replace\",\"path\":\"/status\",\"value\":\"New\"},"
                        + "{\"op\":\"replace\",\"path\":\"/substatus\",\"value\":\"Received\"}]");
    }

    @Test
    void refusesEverythingWhenOnePathCannotBePatched() {
        assertThatThrownBy(() -> update(Map.of("name", Json.createValue("x"), "details.notes", Json.createValue("y"))))
                .isInstanceOf(RejectedException.class)
                .hasMessageContaining("name");
        assertThat(sent).isEmpty();
    }

    @Test
    void readsAgainWhenAWriteBringsNoDocument() {
        answers(204, "");
        answers(200, referral(",\"name\":\"read\""));

        assertThat(update(Map.of("details.notes", Json.createValue("y")))
                        .values()
                        .getString("name"))
                .isEqualTo("read");
    }

    @Test
    void createsFromPathsAndWholeMembers() {
        answers(201, referral(""));
        Map<String, JsonValue> values = Map.of(
                "name", Json.createValue("Deal"),
                "details", json("{\"currency\":\"USD\"}"),
                "details.dealValue", Json.createValue(5),
                "customerProfile.address.country", Json.createValue("US"),
                "details.notes", JsonValue.NULL);

        RemoteRecord created =
                connector.createRecord(call, SHAPE, null, null, values).orElseThrow();

        assertThat(created.ref().id()).isEqualTo(ID);
        assertThat(json(sentBody())).isEqualTo(json("""
                {"name":"Deal","details":{"currency":"USD","dealValue":5},"customerProfile":{"address":{"country":"US"}}}"""));
        assertThat(sent.get(0).method()).isEqualTo("POST");
        assertThat(sent.get(0).repeatable()).isFalse();
    }

    @Test
    void createsFromAWholeDocumentExactlyAsItIs() {
        answers(200, referral(""));
        JsonObject document = json("""
                {"name":"Deal","favorite":false,"target":[],
                 "customerProfile":{"name":"Northwind","team":[{"firstName":"Ana"},{}],"ids":[]},
                 "details":{"dealValue":5.50,"requirements":{"solutions":[{"id":"A","type":"Name"}],
                   "additionalRequirements":{"iot":{},"attributes":[{"type":"T","id":"I"}]}}}}""");

        connector.createRecord(call, SHAPE, null, null, document);

        assertThat(json(sentBody())).isEqualTo(document);
    }

    @Test
    void aRefusedCreateIsExplainedWithoutPersonalData() {
        answers(400, """
                {"error":{"code":"invalidRequest","target":"/customerProfile/team",
                "message":"Ana of Northwind (ana@northwind.example) lacks a phone number; Sam Seller has one.",
                "innerError":{"code":"missingRequiredField","message":"x"}}}""");
        JsonObject document = json("""
                {"name":"Deal","customerProfile":{"name":"Northwind","team":[{"firstName":"Ana"}]},
                 "team":[{"firstName":"Sam","lastName":"Seller"}]}""");

        RejectedException refused = catchThrowableOfType(
                RejectedException.class, () -> connector.createRecord(call, SHAPE, null, null, document));

        assertThat(refused)
                .hasMessageContaining("missingRequiredField /customerProfile/team")
                .hasMessageContaining("lacks a phone number");
        assertThat(refused.getMessage()).doesNotContain("Ana", "Northwind", "northwind", "Sam", "Seller");
    }

    @Test
    void aCreateOfWhichNobodyKnowsWhatBecameIsNeverRefused() {
        JsonObject document = json("{\"name\":\"Deal\"}");
        answers(500, "");
        answers(503, "");
        answers(504, "<html>");
        answers(200, "<html>");
        answers(204, "");
        script.add(() -> {
            throw new OutboundException.Unreachable("cut", null);
        });

        for (int i = 0; i < 6; i++) {
            assertThatThrownBy(() -> connector.createRecord(call, SHAPE, null, null, document))
                    .isInstanceOf(RetryableException.class);
        }
        assertThat(sent).hasSize(6);
    }

    @Test
    void aRefusedTokenIsForgottenAndTheCallMadeOnceMore() {
        answers(401, "");
        answers(200, referral(""));

        assertThat(connector.findRecord(call, SHAPE, ID)).isPresent();
        assertThat(forgotten).hasSize(1);
        assertThat(sent.get(1).headers()).containsEntry("Authorization", "Bearer token-1");
    }

    @Test
    void twoRefusedTokensAndADeniedAccessAreMattersOfTheSetUp() {
        answers(401, "");
        answers(401, "<html>");
        assertThat(failure(SetupException.class)).hasMessageContaining("401");

        answers(403, "<html>denied</html>");
        answers(403, "<html>denied</html>");
        assertThat(failure(SetupException.class)).hasMessageContaining("Referrals admin");
    }

    @Test
    void aReferralThatAloneIsDeniedIsHiddenAndNoMatterOfTheSetUp() {
        answers(403, "");
        answers(200, "{\"value\":[]}");
        assertThat(connector.findRecord(call, SHAPE, ID)).isEmpty();

        answers(403, "");
        answers(500, "");
        assertThat(failure(RetryableException.class).systemWide()).isFalse();
    }

    @Test
    void throttlingConcernsTheWholeSystemUntilTheTimeItNames() {
        answers(429, "", "Retry-After", "57");
        RetryableException throttled = failure(RetryableException.class);
        assertThat(throttled.systemWide()).isTrue();
        assertThat(throttled.notBefore()).contains(NOW.instant().plusSeconds(57));

        answers(503, "<html>");
        RetryableException away = failure(RetryableException.class);
        assertThat(away.systemWide()).isTrue();
        assertThat(away.notBefore()).isEmpty();
    }

    @Test
    void aBrokenAnswerIsRetryableForThisCall() {
        answers(500, "<html>oops</html>");
        assertThat(failure(RetryableException.class).systemWide()).isFalse();

        answers(200, "<html>sign in to the hotel network</html>");
        assertThat(failure(RetryableException.class).systemWide()).isFalse();
    }

    @Test
    void noAnswerConcernsTheWholeSystem() {
        script.add(() -> {
            throw new OutboundException.Unreachable("cut", null);
        });
        assertThat(failure(RetryableException.class).systemWide()).isTrue();

        script.add(() -> {
            throw new OutboundException.Refused("open", NOW.instant().plusSeconds(30));
        });
        assertThat(failure(RetryableException.class).notBefore())
                .contains(NOW.instant().plusSeconds(30));

        script.add(() -> {
            throw new OutboundException.SignInFailed("refused");
        });
        assertThat(failure(SetupException.class).system()).isEqualTo("partner-center");
    }

    @Test
    void aWriteKnowsStaleFromGone() {
        Map<String, JsonValue> change = Map.of("details.notes", Json.createValue("y"));
        answers(412, "");
        assertThatThrownBy(() -> update(change)).isInstanceOf(StalePreconditionException.class);
        answers(409, "{\"error\":{\"code\":\"ResourceModified\",\"message\":\"m\"}}");
        assertThatThrownBy(() -> update(change)).isInstanceOf(StalePreconditionException.class);
        answers(404, "");
        assertThatThrownBy(() -> update(change)).isInstanceOf(RecordGoneException.class);
    }

    @Test
    void aRefusedValueIsExplainedWithoutPersonalData() {
        answers(400, """
                {"error":{"code":"invalidRequest","target":"/customerProfile/team/0/phoneNumber",
                "message":"Ana Diaz <ana@northwind.example>: '+1 (206) 555-0100' is no phone number.",
                "innerError":{"code":"invalidValue","message":"x"}}}""");

        RejectedException refused = catchThrowableOfType(
                RejectedException.class,
                () -> update(Map.of(
                        "customerProfile.team",
                        Json.createArrayBuilder()
                                .add(json("{\"firstName\":\"Ana\",\"lastName\":\"Diaz\"}"))
                                .build())));

        assertThat(refused)
                .hasMessageContaining("invalidValue /customerProfile/team/0/phoneNumber")
                .hasMessageContaining("is no phone number");
        assertThat(refused.getMessage()).doesNotContain("Ana", "Diaz", "northwind", "206");
    }

    @Test
    void aLongReasonIsCut() {
        answers(400, "{\"error\":{\"code\":\"invalidRequest\",\"message\":\"" + "word ".repeat(300) + "\"}}");

        assertThat(failure(RejectedException.class).getMessage()).hasSizeLessThanOrEqualTo(300);
    }

    @Test
    void missingKeysAreFaults() {
        Configuration empty = Configuration.of(Map.of());
        new PartnerCenterSettings(empty);

        assertThat(empty.faults())
                .extracting(fault -> fault.replaceAll(" .*", ""))
                .containsExactly(
                        "cosell.partner-center.client-id",
                        "cosell.partner-center.client-secret",
                        "cosell.partner-center.refresh-token",
                        "cosell.partner-center.tenant-id");
    }
}
