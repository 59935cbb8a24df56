package org.cosellbridge.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import jakarta.json.Json;
import jakarta.json.JsonValue;
import jakarta.persistence.PersistenceException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import org.cosellbridge.audit.AuditKind;
import org.cosellbridge.audit.MovingClock;
import org.cosellbridge.audit.RefusalCounts;
import org.cosellbridge.connector.Connections;
import org.cosellbridge.connector.Priority;
import org.cosellbridge.platform.Configuration;
import org.cosellbridge.platform.Ids;
import org.cosellbridge.platform.Page;
import org.cosellbridge.simulator.TestAuthority;
import org.cosellbridge.sync.SyncForOtherRooms;
import org.cosellbridge.sync.Want;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a Dataverse may post, and every way in which a request is not one of its. */
class DynamicsReceiverTest {
    private static final String OLD_SECRET = "the-old-secret-0123456789";
    private static final String NEW_SECRET = "the-new-secret-0123456789+/=";
    private static final String PINNED_SECRET = "another-secret-0123456789";
    private static final String REFERRAL = "0d1b2c3d-1111-4222-8333-444455556666";
    private static final String CORRELATION = "d9000000-0000-4000-8000-000000000009";
    private static final TestAuthority MICROSOFT = new TestAuthority("Microsoft Corporation");
    private static final String ROW = DynamicsPayload.ROW;

    private final MovingClock clock = MovingClock.startingNow();
    private final DeliveryDatabase database = new DeliveryDatabase();
    private final Ledger ledger = new Ledger(database);
    private final RefusalCounts refusals = RefusalCounts.of(ledger, clock);
    private final Configuration configuration = Configuration.of(Map.of(
            "cosell.connections",
            "crm,pinned,silent",
            "cosell.crm.crm.webhook-secret",
            OLD_SECRET + " , " + NEW_SECRET,
            "cosell.crm.pinned.webhook-secret",
            PINNED_SECRET,
            "cosell.crm.pinned.organization-id",
            DynamicsPayload.ORGANIZATION.toUpperCase(Locale.ROOT),
            "cosell.webhook.trust-bundle",
            TestAuthority.pem(MICROSOFT.root())));
    private final DynamicsWebhookSettings settings = new DynamicsWebhookSettings(configuration);
    private final WebhookSettings common = new WebhookSettings(configuration, clock);
    private final DeliveryRepository repository = new DeliveryRepository(database.entityManager());
    private final Ids ids = new Ids(clock, RandomGenerator.getDefault());
    private final TransactionalDeliveries deliveries = new TransactionalDeliveries();
    private final DynamicsReceiver receiver = new DynamicsReceiver(settings, common, deliveries, refusals, clock);

    @AfterEach
    void closeAll() {
        database.close();
    }

    // --- requests ----------------------------------------------------------------------------------------------------

    private static Map<String, List<String>> headers(byte[] body, String secret) {
        Map<String, List<String>> headers = new HashMap<>();
        headers.put("Content-Type", List.of("application/json"));
        headers.put("Content-Length", List.of(String.valueOf(body.length)));
        headers.put("x-ms-dynamics-organization", List.of("contoso.crm4.dynamics.com"));
        headers.put("x-ms-correlation-request-id", List.of(CORRELATION));
        headers.put("X-Cosell-Webhook-Secret", List.of(secret));
        return headers;
    }

    private Answer receive(String connection, String query, Map<String, List<String>> headers, byte[] body) {
        return receiver.receive(
                connection, new WebhookRequest("192.0.2.1", query, headers, new ByteArrayInputStream(body)));
    }

    private Answer receive(DynamicsPayload payload) {
        return receive("crm", "", headers(payload.bytes(), OLD_SECRET), payload.bytes());
    }

    private Answer receive(byte[] body) {
        return receive("crm", "", headers(body, OLD_SECRET), body);
    }

    private static DynamicsPayload update() {
        return DynamicsPayload.update("opportunity");
    }

    private List<StoredDelivery> stored() {
        return database.inTransaction(() -> repository.list(DeliveryFilter.of(DeliverySender.DYNAMICS), 100, null));
    }

    private StoredDelivery onlyDelivery() {
        assertThat(stored()).hasSize(1);
        return stored().get(0);
    }

    private void assertRefused(Answer answer, Refusal refusal) {
        assertThat(answer).isEqualTo(new Answer.Refused(refusal));
        assertThat(database.count("delivery")).isZero();
        assertThat(ledger.wants()).isEmpty();
        refusals.flushAll();
        assertThat(ledger.entries()).isNotEmpty().allSatisfy(entry -> {
            assertThat(entry.kind()).isEqualTo(AuditKind.DELIVERY_REFUSED);
            assertThat(entry.reason()).isEqualTo(refusal.word());
            assertThat(entry.source()).isEqualTo("192.0.2.1");
        });
    }

    // --- what is taken
    // -------------------------------------------------------------------------------------------------

    @Test
    void storesWhatHappenedAndWantsTheRecord() {
        assertThat(receive(update())).isEqualTo(new Answer.Taken());

        StoredDelivery delivery = onlyDelivery();
        assertThat(delivery.sender()).isEqualTo("dynamics");
        assertThat(delivery.eventName()).isEqualTo("Update");
        assertThat(delivery.connection()).isEqualTo("crm");
        assertThat(delivery.table()).isEqualTo("opportunity");
        assertThat(delivery.record()).isEqualTo("opportunity/" + ROW);
        assertThat(delivery.senderCorrelation()).isEqualTo(CORRELATION);
        assertThat(delivery.organization()).isEqualTo(DynamicsPayload.ORGANIZATION);
        assertThat(delivery.resourceChange()).isEqualTo(Instant.ofEpochMilli(1_795_160_401_000L));
        assertThat(delivery.receivedAt()).isEqualTo(clock.instant());
        assertThat(delivery.source()).isEqualTo("192.0.2.1");
        assertThat(delivery.bodySize()).isEqualTo(update().bytes().length);
        assertThat(delivery.bodySha256()).matches("[0-9a-f]{64}");
        assertThat(delivery.state()).isEqualTo("accepted");
        assertThat(delivery.verdict()).isEqualTo("Carried a shared secret of connection crm.");
        assertThat(ledger.wants()).singleElement().satisfies(want -> {
            assertThat(want.subject().key()).isEqualTo("crm/opportunity/" + ROW);
            assertThat(want.subject().findReferral()).isEmpty();
            assertThat(want.priority()).isEqualTo(Priority.EVENT);
            assertThat(want.cause()).isEqualTo("record");
            assertThat(want.correlationId()).isEqualTo(delivery.correlation());
            assertThat(want.deliveryId()).isEqualTo(delivery.id());
        });
        assertThat(ledger.entries()).singleElement().satisfies(entry -> {
            assertThat(entry.kind()).isEqualTo(AuditKind.DELIVERY_ACCEPTED);
            assertThat(entry.actor()).isEqualTo("crm:crm");
            assertThat(entry.connection()).isEqualTo("crm");
            assertThat(entry.record()).isEqualTo("opportunity/" + ROW);
            assertThat(entry.delivery()).isEqualTo(delivery.id());
            assertThat(entry.correlation()).isEqualTo(delivery.correlation());
            assertThat(entry.outcome()).isEqualTo("accepted");
        });
    }

    @Test
    void aLinkedRecordIsWantedByItsReferral() {
        database.execute("insert into sync_link (id, connection, referral_id, record_kind, record_id, state, created,"
                + " version) values ('l', 'crm', '" + REFERRAL + "', 'opportunity', '" + ROW
                + "', 'active', current_timestamp, 0)");

        receive(update());
        receive("pinned", "", headers(update().bytes(), PINNED_SECRET), update().bytes());

        assertThat(ledger.wants())
                .extracting(
                        want -> want.subject().key(),
                        want -> want.subject().findRecord().isPresent())
                .as("and the record goes with it; the link of another connection is none")
                .containsExactly(tuple("crm/referral/" + REFERRAL, true), tuple("pinned/opportunity/" + ROW, true));
    }

    @Test
    void keepsNoValueOfTheRow() {
        receive(update());

        assertThat(everyColumn())
                .isNotEmpty()
                .noneMatch(column -> column.contains(DynamicsPayload.SECRET_NAME))
                .noneMatch(column -> column.contains(OLD_SECRET));
        assertThat(ledger.entries())
                .allSatisfy(entry -> assertThat(entry.toString())
                        .doesNotContain(DynamicsPayload.SECRET_NAME)
                        .doesNotContain(OLD_SECRET));
        assertThat(onlyDelivery().body()).isNull();
    }

    private List<String> everyColumn() {
        return database.inTransaction(() -> {
            List<?> rows = database.entityManager()
                    .createNativeQuery("select * from delivery")
                    .getResultList();
            return rows.stream()
                    .flatMap(row -> Arrays.stream((Object[]) row))
                    .map(String::valueOf)
                    .toList();
        });
    }

    @Test
    void theReceiptOfAPushSaysWhatItSaidAndNothingAboutASignature() {
        receive(update());

        DeliveryReceipt receipt = deliveryList().find(onlyDelivery().id()).orElseThrow();
        assertThat(receipt.sender()).isEqualTo("dynamics");
        assertThat(receipt.algorithm()).isEqualTo("shared-secret");
        assertThat(receipt.organization()).isEqualTo(DynamicsPayload.ORGANIZATION);
        assertThat(receipt.senderCorrelation()).isEqualTo(CORRELATION);
        assertThat(receipt.size()).isEqualTo(update().bytes().length);
        assertThat(receipt.body()).isNull();
        assertThat(receipt.verified()).isNull();
        assertThat(receipt.verification()).isNull();
        assertThat(receipt.chain()).isEmpty();
    }

    @Test
    void aPushDoesNotHideTheCertificateOfTheLastSignedDelivery() {
        database.execute("insert into delivery (id, received_at, source, event_name, resource_change,"
                + " resource_change_text, dedupe_key, body, headers, algorithm, chain, verdict, correlation, state,"
                + " duplicates) values ('00000000-0000-7000-8000-000000000000', current_timestamp, 's',"
                + " 'test-created', current_timestamp, 't', 'k', X'7B7D',"
                + " '{\"x-ms-certificate-url\":\"https://certificates.example/cert\"}', 'rsa-sha256', '', 'v', 'c',"
                + " 'ignored', 0)");

        receive(update());

        assertThat(deliveryList().findLastCertificateUrl()).contains("https://certificates.example/cert");
        assertThat(list(null, null, null))
                .as("what was stored before there were senders is Partner Center's")
                .extracting(DeliveryItem::sender)
                .containsExactly("dynamics", "partner-center");
    }

    @Test
    void listsBySenderConnectionAndRecord() {
        receive(update());
        receive(DynamicsPayload.of("Delete", "lead"));
        receive("pinned", "", headers(update().bytes(), PINNED_SECRET), update().bytes());

        assertThat(list("dynamics", null, null)).hasSize(3);
        assertThat(list("partner-center", null, null)).isEmpty();
        assertThat(list(null, "pinned", null))
                .extracting(DeliveryItem::connection)
                .containsExactly("pinned");
        assertThat(list(null, null, "lead/" + ROW))
                .extracting(DeliveryItem::event)
                .containsExactly("Delete");
    }

    private List<DeliveryItem> list(@Nullable String sender, @Nullable String connection, @Nullable String record) {
        return deliveryList()
                .list(DeliveryFilter.of(sender, null, connection, record, null, null, null, null, null), 10, null)
                .items();
    }

    @Test
    void oldAndNewSecretAreValidWhileTheyAreExchanged() {
        byte[] body = update().bytes();

        assertThat(receive("crm", "", headers(body, OLD_SECRET), body)).isEqualTo(new Answer.Taken());
        assertThat(receive("crm", "", headers(body, NEW_SECRET), body)).isEqualTo(new Answer.Taken());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "code=" + OLD_SECRET,
                "x=y&code=" + OLD_SECRET + "&z",
                "code=the%2Dold%2Dsecret-0123456789",
                "code=" + NEW_SECRET,
                "code=the-new-secret-0123456789%2B%2F%3D"
            })
    void theSecretMayComeAsTheCodeThatDataverseAppends(String query) {
        byte[] body = update().bytes();
        Map<String, List<String>> headers = headers(body, "unused");
        headers.remove("X-Cosell-Webhook-Secret");

        assertThat(receive("crm", query, headers, body)).isEqualTo(new Answer.Taken());
    }

    @Test
    void aTableWithoutMappingAndAnUnknownMessageAreSuccessAndIgnored() {
        assertThat(receive(DynamicsPayload.update("account"))).isEqualTo(new Answer.Taken());
        assertThat(receive(DynamicsPayload.of("new_MyAction", "opportunity"))).isEqualTo(new Answer.Taken());
        assertThat(receive(DynamicsPayload.of("WinOpportunity", "opportunity")
                        .with("PrimaryEntityId", DynamicsPayload.NO_ROW)))
                .isEqualTo(new Answer.Taken());

        assertThat(stored()).extracting(StoredDelivery::state).containsOnly("ignored");
        assertThat(stored()).extracting(StoredDelivery::record).containsOnlyNulls();
        assertThat(stored())
                .extracting(StoredDelivery::table)
                .containsExactlyInAnyOrder("account", "opportunity", "opportunity");
        assertThat(ledger.wants()).isEmpty();
        assertThat(ledger.entries())
                .extracting(
                        entry -> String.valueOf(entry.outcome()),
                        entry -> String.valueOf(entry.reason()).contains("Warning: it names no row"))
                .containsExactly(tuple("ignored", false), tuple("ignored", false), tuple("ignored", true));
    }

    @Test
    void aMergeWantsBothRecords() {
        String other = "b1b2c3d4-0000-4000-8000-000000000002";
        receive(DynamicsPayload.of("Merge", "lead")
                .with(
                        "InputParameters",
                        DynamicsPayload.parameters(DynamicsPayload.pair("SubordinateId", Json.createValue(other)))));

        assertThat(ledger.wants())
                .extracting(want -> want.subject().key())
                .containsExactly("crm/lead/" + ROW, "crm/lead/" + other);
    }

    @Test
    void anEchoIsWantedLikeEverythingElse() {
        receive(update().with(
                        "SharedVariables",
                        DynamicsPayload.parameters(DynamicsPayload.pair("tag", Json.createValue("pcsync-1")))));

        assertThat(ledger.wants()).hasSize(1);
    }

    @Test
    void aDuplicateIsSuccessAndOnlyCounted() {
        receive(update());
        clock.move(Duration.ofMinutes(3));

        assertThat(receive(update())).isEqualTo(new Answer.Taken());
        assertThat(receive(update().cut())).as("the same, cut").isEqualTo(new Answer.Taken());

        assertThat(onlyDelivery().duplicates()).isEqualTo(2);
        assertThat(onlyDelivery().lastDuplicateAt()).isEqualTo(clock.instant());
        assertThat(ledger.wants()).hasSize(1);
        assertThat(ledger.entries()).hasSize(1);
    }

    @Test
    void whatDiffersInAnythingThatMattersIsNoDuplicate() {
        byte[] body = update().bytes();
        Map<String, List<String>> otherCause = headers(body, OLD_SECRET);
        otherCause.put("x-ms-correlation-request-id", List.of(UUID.randomUUID().toString()));

        receive(update());
        receive(update().with("OperationCreatedOn", "/Date(1795160401001-0800)/"));
        receive(update().with("PrimaryEntityId", REFERRAL));
        receive(DynamicsPayload.update("lead"));
        receive(DynamicsPayload.of("Delete", "opportunity"));
        receive("crm", "", otherCause, body);
        receive("pinned", "", headers(body, PINNED_SECRET), body);

        assertThat(database.count("delivery")).isEqualTo(7);
        assertThat(ledger.wants()).hasSize(7);
    }

    @Test
    void withoutTimeOrCorrelationNothingIsTakenForADuplicate() {
        for (int i = 0; i < 2; i++) {
            receive(update().without("OperationCreatedOn"));
            DynamicsPayload anonymous = update().without("CorrelationId");
            Map<String, List<String>> headers = headers(anonymous.bytes(), OLD_SECRET);
            headers.remove("x-ms-correlation-request-id");
            receive("crm", "", headers, anonymous.bytes());
        }

        assertThat(ledger.wants()).hasSize(4);
    }

    @Test
    void theCorrelationOfTheBodyStandsInForAMissingHeader() {
        Map<String, List<String>> headers = headers(update().bytes(), OLD_SECRET);
        headers.put("x-ms-correlation-request-id", List.of("not a guid"));
        receive("crm", "", headers, update().bytes());

        assertThat(onlyDelivery().senderCorrelation()).isEqualTo("f1000000-0000-4000-8000-000000000001");
    }

    @Test
    void theSameEventFromManyThreadsIsOneDeliveryAndSuccessForAll() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            CountDownLatch start = new CountDownLatch(1);
            List<Future<Answer>> answers = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                answers.add(threads.submit(() -> {
                    start.await();
                    return receive(update());
                }));
            }
            start.countDown();
            for (Future<Answer> answer : answers) {
                assertThat(answer.get()).isEqualTo(new Answer.Taken());
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(onlyDelivery().duplicates()).isEqualTo(7);
        assertThat(ledger.wants()).hasSize(1);
    }

    // --- what is refused
    // -----------------------------------------------------------------------------------------------

    @Test
    void aWrongSecretLeavesOnlyACount() {
        byte[] body = update().bytes();
        for (int i = 0; i < 3; i++) {
            assertThat(receive("crm", "", headers(body, OLD_SECRET + "x"), body))
                    .isEqualTo(new Answer.Refused(Refusal.SECRET_WRONG));
        }
        assertThat(receive("crm", "", headers(body, PINNED_SECRET), body))
                .as("that of another connection")
                .isEqualTo(new Answer.Refused(Refusal.SECRET_WRONG));
        assertRefused(receive("crm", "", headers(body, OLD_SECRET + "," + NEW_SECRET), body), Refusal.SECRET_WRONG);
        assertThat(ledger.entries())
                .singleElement()
                .satisfies(entry -> assertThat(entry.count()).isEqualTo(5));
    }

    @Test
    void severalSecretsAtOnceAreRefused() {
        byte[] body = update().bytes();
        Map<String, List<String>> twice = headers(body, OLD_SECRET);
        twice.put("x-cosell-webhook-secret", List.of(OLD_SECRET, OLD_SECRET));
        twice.remove("X-Cosell-Webhook-Secret");

        assertRefused(receive("crm", "", twice, body), Refusal.SECRET_WRONG);
    }

    @Test
    void aWrongHeaderIsNotMadeGoodByTheQuery() {
        byte[] body = update().bytes();

        assertRefused(receive("crm", "code=" + OLD_SECRET, headers(body, "wrong"), body), Refusal.SECRET_WRONG);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "code", "code=", "Code=" + OLD_SECRET, "xcode=" + OLD_SECRET})
    void aRequestWithoutSecretIsRefused(String query) {
        byte[] body = update().bytes();
        Map<String, List<String>> headers = headers(body, "");

        assertRefused(receive("crm", query, headers, body), Refusal.SECRET_MISSING);
    }

    @Test
    void aCodeThatIsNotEncodedRightIsAWrongSecret() {
        byte[] body = update().bytes();

        assertRefused(receive("crm", "code=%zz", headers(body, ""), body), Refusal.SECRET_WRONG);
    }

    @Test
    void strangersCannotTellAnUnknownConnectionFromAWrongSecret() {
        byte[] body = update().bytes();
        Answer unknown = receive("nobody", "", headers(body, OLD_SECRET), body);
        Answer wrong = receive("crm", "", headers(body, "wrong"), body);
        Answer unset = receive("silent", "", headers(body, OLD_SECRET), body);
        Answer missing = receive("crm", "", headers(body, ""), body);

        assertThat(unknown).isEqualTo(new Answer.Refused(Refusal.CONNECTION_UNKNOWN));
        assertThat(unset).isEqualTo(new Answer.Refused(Refusal.SECRET_NOT_SET));
        for (Answer other : List.of(wrong, unset, missing)) {
            assertThat(other.response().getStatus()).isEqualTo(401);
            assertThat(other.response().getEntity())
                    .isEqualTo(unknown.response().getEntity());
            assertThat(other.response().getHeaders())
                    .isEqualTo(unknown.response().getHeaders());
        }
    }

    @Test
    void aConnectionWithoutSecretRefusesEverything() {
        byte[] body = update().bytes();
        for (String sent : List.of("", "null", OLD_SECRET)) {
            assertRefused(receive("silent", "code=", headers(body, sent), body), Refusal.SECRET_NOT_SET);
        }
    }

    @Test
    void anOrganizationThatIsPinnedMustBeTheOneInTheBody() {
        String other = UUID.randomUUID().toString();
        for (DynamicsPayload wrong : List.of(
                update().with("OrganizationId", other),
                update().without("OrganizationId"),
                update().with("OrganizationId", JsonValue.NULL))) {
            assertRefused(
                    receive("pinned", "", headers(wrong.bytes(), PINNED_SECRET), wrong.bytes()),
                    Refusal.ORGANIZATION_WRONG);
        }
        byte[] right = update().cut().bytes();
        assertThat(receive("pinned", "", headers(right, PINNED_SECRET), right)).isEqualTo(new Answer.Taken());
        assertThat(receive(update().with("OrganizationId", other)))
                .as("elsewhere it does not matter")
                .isEqualTo(new Answer.Taken());
        assertThat(stored())
                .extracting(StoredDelivery::verdict)
                .contains("Carried a shared secret of connection pinned and its organisation id.");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "text/plain", "application/jsonx", "application/x-www-form-urlencoded", "text/json"})
    void refusesOtherTypes(String type) {
        byte[] body = update().bytes();
        Map<String, List<String>> headers = headers(body, OLD_SECRET);
        headers.put("Content-Type", List.of(type));

        assertRefused(receive("crm", "", headers, body), Refusal.WRONG_TYPE);
    }

    @Test
    void takesWhatDataverseSendsAtMostAndRefusesMore() {
        DynamicsPayload large = update().with("OrganizationName", "x".repeat(262_144));
        assertThat(receive(large)).isEqualTo(new Answer.Taken());
        database.execute("delete from delivery");
        ledger.wants().clear();
        ledger.entries().clear();
        byte[] huge = new byte[DynamicsWebhookSettings.LARGEST_BODY + 1];
        Map<String, List<String>> chunked = headers(huge, OLD_SECRET);
        chunked.remove("Content-Length");

        assertRefused(receive("crm", "", chunked, huge), Refusal.TOO_LARGE);
        assertRefused(receive(huge), Refusal.TOO_LARGE);
    }

    @Test
    void aHigherMaxBodyHoldsHereToo() {
        Configuration raised = Configuration.of(Map.of(
                "cosell.webhook.max-body",
                "1000000",
                "cosell.webhook.trust-bundle",
                TestAuthority.pem(MICROSOFT.root())));
        DynamicsReceiver generous =
                new DynamicsReceiver(settings, new WebhookSettings(raised, clock), deliveries, refusals, clock);
        byte[] body = update().with("OrganizationName", "x".repeat(900_000)).bytes();

        assertThat(generous.receive(
                        "crm",
                        new WebhookRequest("192.0.2.1", headers(body, OLD_SECRET), new ByteArrayInputStream(body))))
                .isEqualTo(new Answer.Taken());
    }

    @Test
    void aStrangersBodyIsNotReadAtAll() {
        InputStream untouchable = new FailingBody(() -> {
            throw new AssertionError("The body was read.");
        });

        assertRefused(
                receiver.receive("crm", new WebhookRequest("192.0.2.1", headers(new byte[10], "wrong"), untouchable)),
                Refusal.SECRET_WRONG);
    }

    @Test
    void aBodyThatBreaksOffIsIncomplete() {
        InputStream broken = new FailingBody(() -> {
            throw new IOException("reset");
        });

        assertRefused(
                receiver.receive("crm", new WebhookRequest("192.0.2.1", headers(new byte[10], OLD_SECRET), broken)),
                Refusal.BODY_INCOMPLETE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "garbage", "[]", "{}", "{\"MessageName\":\"Update\"}"})
    void aBodyThatIsNoEventIsRefused(String json) {
        assertRefused(receive(json.getBytes(StandardCharsets.UTF_8)), Refusal.EVENT_MALFORMED);
    }

    @Test
    void aFloodFromManyPlacesIsAHandfulOfEntries() {
        byte[] body = update().bytes();
        for (int i = 0; i < 5_000; i++) {
            receiver.receive(
                    i % 2 == 0 ? "crm" : "no" + i,
                    new WebhookRequest(
                            "198.51.100." + i % 250 + "-" + i, headers(body, "w" + i), new ByteArrayInputStream(body)));
        }
        refusals.flushAll();

        assertThat(ledger.entries()).hasSizeLessThan(300);
        assertThat(ledger.entries().stream()
                        .mapToLong(entry -> entry.count() == null ? 0 : entry.count())
                        .sum())
                .isEqualTo(5_000);
        assertThat(database.count("delivery")).isZero();
    }

    // --- when something is away
    // ----------------------------------------------------------------------------------------

    @Test
    void asksForRepetitionWhenTheDatabaseIsAwayAndTakesItThen() {
        deliveries.failures.set(1);
        deliveries.failure = new PersistenceException("away", new SQLException("away", "08006"));

        Answer away = receive(update());
        assertThat(away).isEqualTo(new Answer.NotStored());
        assertThat(away.response().getStatus()).isEqualTo(503);
        assertThat(receive(update())).isEqualTo(new Answer.Taken());
        assertThat(onlyDelivery().duplicates()).isZero();
    }

    @Test
    void triesAgainWhenAnotherTransactionWasInTheWay() {
        deliveries.failure = new PersistenceException("deadlock", new SQLException("deadlock", "40001"));
        deliveries.failures.set(2);
        assertThat(receive(update())).isEqualTo(new Answer.Taken());
        deliveries.failures.set(3);
        assertThat(receive(DynamicsPayload.update("lead"))).isEqualTo(new Answer.NotStored());
    }

    @Test
    void storesNothingWhenTheQueueDoesNotTakeTheWant() {
        ledger.refuseWants(true);
        assertThat(receive(update())).isEqualTo(new Answer.NotStored());
        assertThat(database.count("delivery")).isZero();
        ledger.refuseWants(false);
        assertThat(receive(update())).isEqualTo(new Answer.Taken());
        assertThat(ledger.wants()).extracting(Want::cause).containsExactly("record");
    }

    private Deliveries deliveryList() {
        return new Deliveries(
                repository,
                new SignatureVerifier(
                        common,
                        new CertificatePaths(common, new CertificateFetcher(Duration.ofSeconds(1)), clock),
                        new CertificateFetcher(Duration.ofSeconds(1)),
                        clock),
                new Connections(configuration, List.of()),
                ledger,
                ledger,
                ids) {
            @Override
            public Page<DeliveryItem> list(DeliveryFilter filter, int limit, @Nullable String cursor) {
                return database.inTransaction(() -> super.list(filter, limit, cursor));
            }

            @Override
            public Optional<DeliveryReceipt> find(String id) {
                return database.inTransaction(() -> super.find(id));
            }

            @Override
            public Optional<String> findLastCertificateUrl() {
                return database.inTransaction(super::findLastCertificateUrl);
            }
        };
    }

    /** Deliveries with the transaction a container would give them. */
    private final class TransactionalDeliveries extends PushDeliveries {
        private final AtomicInteger failures = new AtomicInteger();
        private RuntimeException failure = new IllegalStateException("unused");

        TransactionalDeliveries() {
            super(
                    repository,
                    SyncForOtherRooms.mappings(configuration),
                    SyncForOtherRooms.recordWants(database.entityManager(), ledger),
                    ledger,
                    ids);
        }

        @Override
        public List<UUID> accept(List<? extends Push> pushes) {
            if (failures.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
                throw failure;
            }
            return ledger.keepIfCommitted(() -> database.inTransaction(() -> super.accept(pushes)));
        }
    }
}
