package org.cosellbridge.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import jakarta.persistence.PersistenceException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.random.RandomGenerator;
import org.cosellbridge.audit.AuditKind;
import org.cosellbridge.audit.MovingClock;
import org.cosellbridge.audit.RefusalCounts;
import org.cosellbridge.connector.Priority;
import org.cosellbridge.platform.Configuration;
import org.cosellbridge.platform.Ids;
import org.cosellbridge.simulator.TestAuthority;
import org.cosellbridge.sync.SyncForOtherRooms;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a Salesforce may send, and every way in which a request is not one of its. */
class SalesforceReceiverTest {
    private static final String OLD_SECRET = "the-old-secret-0123456789";
    private static final String NEW_SECRET = "the.new_secret~0123456789";
    private static final String OTHER_SECRET = "another-secret-0123456789";
    private static final String REFERRAL = "0d1b2c3d-1111-4222-8333-444455556666";
    private static final String RECORD = SalesforceEnvelope.record(1);
    private static final TestAuthority AUTHORITY = new TestAuthority("Contoso");

    private final MovingClock clock = MovingClock.startingNow();
    private final DeliveryDatabase database = new DeliveryDatabase();
    private final Ledger ledger = new Ledger(database);
    private final RefusalCounts refusals = RefusalCounts.of(ledger, clock);
    private final Configuration configuration = Configuration.of(Map.ofEntries(
            Map.entry("cosell.connections", "sf,other,silent,mutual,dyn"),
            Map.entry("cosell.crm.sf.type", "salesforce"),
            Map.entry("cosell.crm.sf.webhook-secret", OLD_SECRET + " , " + NEW_SECRET),
            Map.entry("cosell.crm.sf.organization-id", "00D5g000004XyZ1"),
            Map.entry("cosell.crm.other.type", "salesforce"),
            Map.entry("cosell.crm.other.webhook-secret", OTHER_SECRET),
            Map.entry("cosell.crm.other.organization-id", SalesforceEnvelope.ORGANIZATION),
            Map.entry("cosell.crm.silent.type", "salesforce"),
            Map.entry("cosell.crm.mutual.type", "salesforce"),
            Map.entry("cosell.crm.mutual.webhook-secret", OTHER_SECRET),
            Map.entry("cosell.crm.mutual.organization-id", SalesforceEnvelope.ORGANIZATION),
            Map.entry("cosell.crm.mutual.webhook-client-subject", "CN=outbound.example.com, O=Contoso"),
            Map.entry("cosell.crm.dyn.webhook-secret", OTHER_SECRET)));
    private final DeliveryRepository repository = new DeliveryRepository(database.entityManager());
    private final TransactionalDeliveries deliveries = new TransactionalDeliveries();
    private final SalesforceReceiver receiver =
            new SalesforceReceiver(new SalesforceWebhookSettings(configuration), deliveries, refusals, clock);

    @AfterEach
    void closeAll() {
        database.close();
    }

    // --- requests

    private static Map<String, List<String>> headers(byte[] body) {
        Map<String, List<String>> headers = new HashMap<>();
        headers.put("Content-Type", List.of("text/xml; charset=utf-8"));
        headers.put("Content-Length", List.of(String.valueOf(body.length)));
        headers.put("SOAPAction", List.of("\"\""));
        return headers;
    }

    private Answer receive(String connection, String secret, byte[] body) {
        return receiver.receive(
                connection,
                secret,
                null,
                new WebhookRequest("192.0.2.1", headers(body), new ByteArrayInputStream(body)));
    }

    private Answer receive(SalesforceEnvelope envelope) {
        return receive("sf", OLD_SECRET, envelope.bytes());
    }

    private static SalesforceEnvelope change() {
        return SalesforceEnvelope.of("Opportunity");
    }

    private List<StoredDelivery> stored() {
        return database.inTransaction(() -> repository.list(DeliveryFilter.of(DeliverySender.SALESFORCE), 500, null));
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

    @Test
    void storesWhatHappenedAndWantsTheRecord() {
        assertThat(receive(change())).isEqualTo(new Answer.Acknowledged());

        StoredDelivery delivery = onlyDelivery();
        assertThat(delivery.sender()).isEqualTo("salesforce");
        assertThat(delivery.eventName()).isEqualTo("OutboundMessage");
        assertThat(delivery.connection()).isEqualTo("sf");
        assertThat(delivery.table()).isEqualTo("Opportunity");
        assertThat(delivery.record()).isEqualTo("opportunity/" + RECORD);
        assertThat(delivery.senderCorrelation()).isEqualTo(SalesforceEnvelope.notification(1));
        assertThat(delivery.organization()).isEqualTo(SalesforceEnvelope.ORGANIZATION);
        assertThat(delivery.resourceChange()).isEqualTo(Instant.parse(SalesforceEnvelope.MODIFIED));
        assertThat(delivery.receivedAt()).isEqualTo(clock.instant());
        assertThat(delivery.source()).isEqualTo("192.0.2.1");
        assertThat(delivery.bodySize()).isEqualTo(change().bytes().length);
        assertThat(delivery.bodySha256()).matches("[0-9a-f]{64}");
        assertThat(delivery.body()).isNull();
        assertThat(delivery.state()).isEqualTo("accepted");
        assertThat(delivery.verdict()).isEqualTo("Carried a shared secret of connection sf and its organisation id.");
        assertThat(ledger.wants()).singleElement().satisfies(want -> {
            assertThat(want.subject().key()).isEqualTo("sf/opportunity/" + RECORD);
            assertThat(want.subject().findReferral()).isEmpty();
            assertThat(want.priority()).isEqualTo(Priority.EVENT);
            assertThat(want.cause()).isEqualTo("record");
            assertThat(want.correlationId()).isEqualTo(delivery.correlation());
            assertThat(want.deliveryId()).isEqualTo(delivery.id());
        });
        assertThat(ledger.entries()).singleElement().satisfies(entry -> {
            assertThat(entry.kind()).isEqualTo(AuditKind.DELIVERY_ACCEPTED);
            assertThat(entry.actor()).isEqualTo("crm:sf");
            assertThat(entry.connection()).isEqualTo("sf");
            assertThat(entry.record()).isEqualTo("opportunity/" + RECORD);
            assertThat(entry.delivery()).isEqualTo(delivery.id());
            assertThat(entry.correlation()).isEqualTo(delivery.correlation());
            assertThat(entry.outcome()).isEqualTo("accepted");
        });
    }

    @Test
    void acknowledgesWithExactlyTheDocumentedMessage() {
        var response = receive(change()).response();

        assertThat(response.getStatus()).isEqualTo(200);
        assertThat(response.getMediaType()).hasToString("text/xml");
        assertThat(response.getEntity()).isEqualTo("""
                        <soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>
                        <notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse>
                        </soapenv:Body></soapenv:Envelope>""".stripIndent());
    }

    @Test
    void everyNotificationIsADeliveryAndAWantOfItsOwn() {
        assertThat(receive(SalesforceEnvelope.of("Lead", 100))).isEqualTo(new Answer.Acknowledged());

        assertThat(stored()).hasSize(100);
        assertThat(stored()).extracting(StoredDelivery::correlation).doesNotHaveDuplicates();
        assertThat(ledger.wants()).hasSize(100);
        assertThat(ledger.wants())
                .extracting(want -> want.subject().key())
                .contains("sf/lead/" + SalesforceEnvelope.record(1), "sf/lead/" + SalesforceEnvelope.record(100));
        assertThat(ledger.entries()).hasSize(100);
    }

    @Test
    void aLinkedRecordIsWantedByItsReferral() {
        database.execute("insert into sync_link (id, connection, referral_id, record_kind, record_id, state, created,"
                + " version) values ('l', 'sf', '" + REFERRAL + "', 'opportunity', '" + RECORD
                + "', 'active', current_timestamp, 0)");

        receive(change());
        receive(change().with(SalesforceEnvelope.notification(1), SalesforceEnvelope.notification(2))
                .with(RECORD, RECORD.substring(0, 15)));

        assertThat(ledger.wants())
                .as("the short form of its id is the same record")
                .extracting(
                        want -> want.subject().key(),
                        want -> want.subject().findRecord().isPresent())
                .containsExactly(tuple("sf/referral/" + REFERRAL, true), tuple("sf/referral/" + REFERRAL, true));
    }

    @Test
    void oldAndNewSecretAreValidWhileTheyAreExchanged() {
        assertThat(receive("sf", OLD_SECRET, change().bytes())).isEqualTo(new Answer.Acknowledged());
        assertThat(receive("sf", NEW_SECRET, change().bytes())).isEqualTo(new Answer.Acknowledged());
    }

    @Test
    void anObjectWithoutMappingIsSuccessAndIgnored() {
        assertThat(receive(SalesforceEnvelope.of("Account"))).isEqualTo(new Answer.Acknowledged());
        assertThat(receive("other", OTHER_SECRET, change().bytes()))
                .as("a connection without mapping documents")
                .isEqualTo(new Answer.Acknowledged());

        assertThat(stored()).hasSize(2).allSatisfy(delivery -> {
            assertThat(delivery.state()).isEqualTo("ignored");
            assertThat(delivery.record()).isNull();
        });
        assertThat(ledger.wants()).isEmpty();
    }

    @Test
    void aRepeatIsSuccessAndOnlyCounted() {
        receive(SalesforceEnvelope.of("Opportunity", 3));
        clock.move(Duration.ofMinutes(3));

        assertThat(receive(SalesforceEnvelope.of("Opportunity", 3))).isEqualTo(new Answer.Acknowledged());
        assertThat(receive(change().with(SalesforceEnvelope.SECRET_NAME, "another name")))
                .as("one of them, in another batch")
                .isEqualTo(new Answer.Acknowledged());

        assertThat(stored()).extracting(StoredDelivery::duplicates).containsExactlyInAnyOrder(2L, 1L, 1L);
        assertThat(stored()).extracting(StoredDelivery::lastDuplicateAt).containsOnly(clock.instant());
        assertThat(ledger.wants()).hasSize(3);
        assertThat(ledger.entries()).hasSize(3);
    }

    @Test
    void aBatchOfOldAndNewStoresTheNew() {
        receive(change());

        assertThat(receive(SalesforceEnvelope.of("Opportunity", 2))).isEqualTo(new Answer.Acknowledged());

        assertThat(stored()).extracting(StoredDelivery::duplicates).containsExactlyInAnyOrder(1L, 0L);
        assertThat(ledger.wants()).hasSize(2);
    }

    @Test
    void theSameNotificationTwiceInOneMessageIsOne() {
        SalesforceEnvelope twice = SalesforceEnvelope.of("Opportunity", 2)
                .with(SalesforceEnvelope.notification(2), SalesforceEnvelope.notification(1))
                .with(SalesforceEnvelope.record(2), RECORD);

        assertThat(receive(twice)).isEqualTo(new Answer.Acknowledged());

        assertThat(onlyDelivery().duplicates()).isEqualTo(1);
    }

    @Test
    void aRepeatThatCarriesAnotherVersionOfTheRecordIsNews() {
        receive(change());
        receive(change().with(SalesforceEnvelope.MODIFIED, "2026-11-20T07:41:00.000Z"));

        assertThat(ledger.wants()).hasSize(2);
    }

    @Test
    void whatDiffersInAnythingThatMattersIsNoRepeat() {
        receive(change());
        receive(change().with(SalesforceEnvelope.notification(1), SalesforceEnvelope.notification(2)));
        receive("other", OTHER_SECRET, change().bytes());

        assertThat(stored()).hasSize(3);
    }

    @Test
    void theSameMessageFromManyThreadsIsStoredOnceAndSuccessForAll() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            CountDownLatch start = new CountDownLatch(1);
            List<Future<Answer>> answers = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                answers.add(threads.submit(() -> {
                    start.await();
                    return receive(SalesforceEnvelope.of("Opportunity", 5));
                }));
            }
            start.countDown();
            for (Future<Answer> answer : answers) {
                assertThat(answer.get()).isEqualTo(new Answer.Acknowledged());
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(stored()).hasSize(5).extracting(StoredDelivery::duplicates).containsOnly(7L);
        assertThat(ledger.wants()).hasSize(5);
    }

    // --- what is refused

    @Test
    void aWrongSecretLeavesOnlyACount() {
        for (String wrong : List.of(OLD_SECRET + "x", OLD_SECRET.substring(1), OTHER_SECRET, "x", "null")) {
            assertThat(receive("sf", wrong, change().bytes())).isEqualTo(new Answer.Refused(Refusal.SECRET_WRONG));
        }
        assertRefused(receive("sf", OLD_SECRET + "," + NEW_SECRET, change().bytes()), Refusal.SECRET_WRONG);
        assertThat(ledger.entries())
                .singleElement()
                .satisfies(entry -> assertThat(entry.count()).isEqualTo(6));
    }

    @Test
    void strangersCannotTellAnUnknownConnectionFromAWrongSecret() {
        byte[] body = change().bytes();
        Answer unknown = receive("nobody", OLD_SECRET, body);
        Answer dynamics = receive("dyn", OTHER_SECRET, body);
        Answer wrong = receive("sf", "wrong", body);
        Answer unset = receive("silent", OLD_SECRET, body);
        Answer uncertified = receive("mutual", OTHER_SECRET, body);
        Answer forged = receive(
                "sf",
                OLD_SECRET,
                change().with("00D5g000004XyZ1EAK", "00D5g000004XyZ2EAK").bytes());

        assertThat(unknown).isEqualTo(new Answer.Refused(Refusal.CONNECTION_UNKNOWN));
        assertThat(dynamics).isEqualTo(new Answer.Refused(Refusal.CONNECTION_UNKNOWN));
        assertThat(unset).isEqualTo(new Answer.Refused(Refusal.SECRET_NOT_SET));
        for (Answer other : List.of(dynamics, wrong, unset, uncertified, forged)) {
            assertThat(other.response().getStatus()).isEqualTo(401);
            assertThat(other.response().getEntity())
                    .isEqualTo(unknown.response().getEntity());
            assertThat(other.response().getHeaders())
                    .isEqualTo(unknown.response().getHeaders());
        }
    }

    @Test
    void aConnectionWithoutSecretRefusesEverything() {
        for (String sent : List.of("", "null", OLD_SECRET)) {
            assertRefused(receive("silent", sent, change().bytes()), Refusal.SECRET_NOT_SET);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "00D5g000004XyZ2",
                "00D5g000004XyZ2EAK",
                "00d5g000004XyZ1",
                "00D5G000004XyZ1",
                "00D000000000001EAA",
                "00D000000000001AAA",
                "contoso",
                ""
            })
    void aForgedOrganizationIsRefused(String organization) {
        assertRefused(
                receive(change().with(SalesforceEnvelope.ORGANIZATION, organization)), Refusal.ORGANIZATION_WRONG);
    }

    @Test
    void theOrganizationMayComeInItsShortForm() {
        SalesforceEnvelope shortened = change().with(SalesforceEnvelope.ORGANIZATION + "<", "00D5g000004XyZ1<");

        assertThat(receive("sf", OLD_SECRET, shortened.bytes())).isEqualTo(new Answer.Acknowledged());
        assertThat(receive("other", OTHER_SECRET, shortened.bytes())).isEqualTo(new Answer.Acknowledged());
        assertThat(stored()).extracting(StoredDelivery::organization).containsOnly(SalesforceEnvelope.ORGANIZATION);
    }

    @Test
    void whereAClientCertificateIsExpectedItsSubjectIsChecked() {
        X509Certificate right = certificate("O=contoso,CN=outbound.example.com");
        X509Certificate turned = certificate("CN=outbound.example.com,O=Contoso");
        X509Certificate wrong = certificate("CN=outbound.example.com.evil.example,O=Contoso");
        assertRefused(mutual(null), Refusal.CLIENT_CERTIFICATE_WRONG);
        assertRefused(mutual(wrong), Refusal.CLIENT_CERTIFICATE_WRONG);

        // certificates list the attributes from the most general one, the text of a name from the most special one
        assertThat(mutual(right)).isEqualTo(new Answer.Acknowledged());
        assertThat(mutual(turned)).isEqualTo(new Answer.Refused(Refusal.CLIENT_CERTIFICATE_WRONG));
        assertThat(onlyDelivery().verdict())
                .isEqualTo(
                        "Carried a shared secret of connection mutual and its organisation id, over a connection with"
                                + " its client certificate.");
    }

    private static X509Certificate certificate(String subject) {
        return AUTHORITY
                .issue(subject, Instant.now().minusSeconds(60), Instant.now().plusSeconds(600), 2048)
                .certificate();
    }

    private Answer mutual(@Nullable X509Certificate certificate) {
        byte[] body = change().bytes();
        return receiver.receive(
                "mutual",
                OTHER_SECRET,
                certificate,
                new WebhookRequest("192.0.2.1", headers(body), new ByteArrayInputStream(body)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "application/xml", "text/xmlx", "application/soap+xml", "application/json", "text/plain"})
    void refusesOtherTypes(String type) {
        byte[] body = change().bytes();
        Map<String, List<String>> headers = headers(body);
        headers.put("Content-Type", List.of(type));

        assertRefused(
                receiver.receive(
                        "sf",
                        OLD_SECRET,
                        null,
                        new WebhookRequest("192.0.2.1", headers, new ByteArrayInputStream(body))),
                Refusal.WRONG_TYPE);
    }

    @Test
    void takesAMegabyteAndRefusesMore() {
        int room = SalesforceReceiver.LARGEST_BODY - change().bytes().length;
        SalesforceEnvelope large = change().with("<sf:Name>", "<sf:Name>" + "x".repeat(room));
        assertThat(large.bytes()).hasSize(SalesforceReceiver.LARGEST_BODY);
        assertThat(receive(large)).isEqualTo(new Answer.Acknowledged());
        database.execute("delete from delivery");
        ledger.wants().clear();
        ledger.entries().clear();

        byte[] huge = new byte[SalesforceReceiver.LARGEST_BODY + 1];
        Map<String, List<String>> chunked = headers(huge);
        chunked.remove("Content-Length");
        assertRefused(
                receiver.receive(
                        "sf",
                        OLD_SECRET,
                        null,
                        new WebhookRequest("192.0.2.1", chunked, new ByteArrayInputStream(huge))),
                Refusal.TOO_LARGE);
        assertRefused(receive("sf", OLD_SECRET, huge), Refusal.TOO_LARGE);
    }

    @Test
    void aStrangersBodyIsNotReadAtAll() {
        InputStream untouchable = new FailingBody(() -> {
            throw new AssertionError("The body was read.");
        });

        assertRefused(
                receiver.receive(
                        "sf", "wrong", null, new WebhookRequest("192.0.2.1", headers(new byte[10]), untouchable)),
                Refusal.SECRET_WRONG);
    }

    @Test
    void aBodyThatBreaksOffIsIncomplete() {
        InputStream broken = new FailingBody(() -> {
            throw new IOException("reset");
        });

        assertRefused(
                receiver.receive(
                        "sf", OLD_SECRET, null, new WebhookRequest("192.0.2.1", headers(new byte[10]), broken)),
                Refusal.BODY_INCOMPLETE);
    }

    @Test
    void aMessageThatIsNoneIsRefusedAsAWhole() {
        assertRefused(receive(SalesforceEnvelope.of("Opportunity", 101)), Refusal.EVENT_MALFORMED);
        assertRefused(
                receive(SalesforceEnvelope.of("Opportunity", 2).withFirst("sf:Opportunity", "sf:Lead")),
                Refusal.EVENT_MALFORMED);
        assertRefused(
                receive(change().with("<soapenv:Envelope ", "<!DOCTYPE x><soapenv:Envelope ")),
                Refusal.EVENT_MALFORMED);
        assertRefused(receive("sf", OLD_SECRET, "{}".getBytes(StandardCharsets.UTF_8)), Refusal.EVENT_MALFORMED);
        assertThat(new Answer.Refused(Refusal.EVENT_MALFORMED).response().getStatus())
                .isEqualTo(400);
    }

    // --- when something is away

    @Test
    void asksForRepetitionWhenTheDatabaseIsAwayAndTakesItThen() {
        deliveries.failures.set(1);
        deliveries.failure = new PersistenceException("away", new SQLException("away", "08006"));

        Answer away = receive(change());
        assertThat(away).isEqualTo(new Answer.NotStored());
        assertThat(away.response().getStatus()).isEqualTo(503);
        assertThat(receive(change())).isEqualTo(new Answer.Acknowledged());
        assertThat(onlyDelivery().duplicates()).isZero();
    }

    @Test
    void triesAgainWhenAnotherTransactionWasInTheWay() {
        deliveries.failure = new PersistenceException("deadlock", new SQLException("deadlock", "40001"));
        deliveries.failures.set(2);
        assertThat(receive(change())).isEqualTo(new Answer.Acknowledged());
    }

    @Test
    void storesAllOfAMessageOrNothing() {
        ledger.refuseWants(true);
        assertThat(receive(SalesforceEnvelope.of("Opportunity", 3))).isEqualTo(new Answer.NotStored());
        assertThat(database.count("delivery")).isZero();
        ledger.refuseWants(false);
        assertThat(receive(SalesforceEnvelope.of("Opportunity", 3))).isEqualTo(new Answer.Acknowledged());
        assertThat(ledger.wants()).hasSize(3);
    }

    // --- what leaks nowhere

    @Test
    void neitherSecretNorSessionNorValueIsKeptOrLogged() {
        List<String> lines = new CopyOnWriteArrayList<>();
        Handler everything = new Handler() {
            @Override
            public void publish(LogRecord line) {
                lines.add(line.getMessage() + Arrays.toString(line.getParameters()) + line.getThrown());
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        Logger root = Logger.getLogger("");
        Logger ours = Logger.getLogger("org.cosellbridge");
        Level level = ours.getLevel();
        everything.setLevel(Level.ALL);
        root.addHandler(everything);
        ours.setLevel(Level.ALL);
        List<Answer> answers = new ArrayList<>();
        try {
            answers.add(receive(change()));
            answers.add(receive("silent", OLD_SECRET, change().bytes()));
            answers.add(receive("nobody", OLD_SECRET, change().bytes()));
            answers.add(receive("sf", OTHER_SECRET, change().bytes()));
            answers.add(receive(change().with("</soapenv:Envelope>", "")));
            answers.add(receive(change().with("XyZ1EAK", "XyZ2EAK")));
            deliveries.failures.set(1);
            deliveries.failure = new PersistenceException("away", new SQLException("away", "08006"));
            answers.add(receive(change()));
        } finally {
            root.removeHandler(everything);
            ours.setLevel(level);
        }
        refusals.flushAll();

        assertThat(lines)
                .as("the lines about the connection without secret and about the database")
                .hasSize(2);
        assertThat(everyColumn()).isNotEmpty();
        assertThat(ledger.entries()).hasSizeGreaterThan(3);
        List<String> told = new ArrayList<>(lines);
        told.addAll(everyColumn());
        ledger.entries().forEach(entry -> told.add(entry.toString()));
        ledger.wants().forEach(want -> told.add(want.toString()));
        answers.forEach(answer -> told.add(
                answer + " " + answer.response().getEntity() + answer.response().getHeaders()));
        for (String hidden : List.of(
                OLD_SECRET, OTHER_SECRET, SalesforceEnvelope.SESSION, "AQ0AQsession", SalesforceEnvelope.SECRET_NAME)) {
            assertThat(told).noneMatch(text -> text.contains(hidden));
        }
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

    /** Deliveries with the transaction a container would give them. */
    private final class TransactionalDeliveries extends PushDeliveries {
        private final AtomicInteger failures = new AtomicInteger();
        private RuntimeException failure = new IllegalStateException("unused");

        TransactionalDeliveries() {
            super(
                    repository,
                    SalesforceEnvelope.mappings("sf"),
                    SyncForOtherRooms.recordWants(database.entityManager(), ledger),
                    ledger,
                    new Ids(clock, RandomGenerator.getDefault()));
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
