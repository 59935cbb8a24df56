package org.cosellbridge.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.persistence.PersistenceException;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import org.assertj.core.api.Assertions;
import org.cosellbridge.audit.AuditKind;
import org.cosellbridge.audit.MovingClock;
import org.cosellbridge.audit.RefusalCounts;
import org.cosellbridge.connector.Connections;
import org.cosellbridge.platform.Configuration;
import org.cosellbridge.platform.Ids;
import org.cosellbridge.platform.Page;
import org.cosellbridge.simulator.TestAuthority;
import org.cosellbridge.sync.Want;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReceiverTest {
    private static final String REFERRAL = "0d1b2c3d-1111-4222-8333-444455556666";
    private static final TestAuthority MICROSOFT = new TestAuthority("Microsoft Corporation");
    private static final TestAuthority.Signer DISPATCHER = MICROSOFT.issueDispatcher();

    private final MovingClock clock = MovingClock.startingNow();
    private final CertificateHost host = new CertificateHost();
    private final DeliveryDatabase database = new DeliveryDatabase();
    private final Ledger ledger = new Ledger(database);
    private final RefusalCounts refusals = RefusalCounts.of(ledger, clock);
    private final String certificateUrl = host.holdDer("/cert.cer", DISPATCHER.certificate());
    private final Configuration configuration = Configuration.of(Map.of(
            "cosell.connections", "crm,other",
            "cosell.webhook.certificate-hosts", host.place(),
            "cosell.webhook.trust-bundle", TestAuthority.pem(MICROSOFT.root())));
    private final WebhookSettings settings = new WebhookSettings(configuration, clock);
    private final CertificateFetcher fetcher = new CertificateFetcher(Duration.ofSeconds(2));
    private final SignatureVerifier verifier =
            new SignatureVerifier(settings, new CertificatePaths(settings, fetcher, clock), fetcher, clock);
    private final TransactionalDeliveries deliveries = new TransactionalDeliveries();
    private final Receiver receiver = new Receiver(settings, verifier, deliveries, refusals, clock);

    @AfterEach
    void closeAll() {
        host.close();
        database.close();
    }

    private static String event(String name, String date) {
        return "{\"EventName\":\"" + name
                + "\",\"ResourceUri\":\"https://api.partnercenter.microsoft.com/engagements/v1/referrals/" + REFERRAL
                + "\",\"ResourceName\":\"referral\",\"AuditUri\":null,\"ResourceChangeUtcDate\":\"" + date + "\"}";
    }

    private static final String DATE = "2024-05-17T09:05:39.5485487+00:00";

    private Map<String, List<String>> headers(byte[] body) {
        Map<String, List<String>> headers = new HashMap<>();
        headers.put("Content-Type", List.of("application/json; charset=utf-8"));
        headers.put("Content-Length", List.of(String.valueOf(body.length)));
        headers.put("User-Agent", List.of("Dispatcher/1"));
        headers.put("Authorization", List.of("Signature " + DISPATCHER.sign(body, "SHA256withRSA")));
        headers.put("X-MS-Certificate-Url", List.of(certificateUrl));
        headers.put("X-MS-Signature-Algorithm", List.of("rsa-sha256"));
        return headers;
    }

    private Answer receive(byte[] body, Map<String, List<String>> headers) {
        return receiver.receive(new WebhookRequest("192.0.2.1", headers, new ByteArrayInputStream(body)));
    }

    private Answer receive(String json) {
        byte[] body = json.getBytes(StandardCharsets.UTF_8);
        return receive(body, headers(body));
    }

    private void assertNothingFollowed() {
        assertThat(database.count("delivery")).isZero();
        assertThat(ledger.wants()).isEmpty();
    }

    private DeliveryItem onlyDelivery() {
        Page<DeliveryItem> page = deliveries.list(noFilter(), 10, null);
        assertThat(page.items()).hasSize(1);
        return page.items().get(0);
    }

    private static DeliveryFilter noFilter() {
        return DeliveryFilter.of(null, null, null, null, null, null, null, null, null);
    }

    private List<String> refusedReasons() {
        refusals.flushAll();
        return ledger.entries().stream()
                .filter(entry -> entry.kind() == AuditKind.DELIVERY_REFUSED)
                .map(entry -> String.valueOf(entry.reason()))
                .toList();
    }

    @Test
    void floodRightAfterAStartDoesNotStopTheSenderOfTheLastDelivery() {
        assertThat(receive(event("referral-created", DATE))).isEqualTo(new Answer.Taken());
        SignatureVerifier fresh =
                new SignatureVerifier(settings, new CertificatePaths(settings, fetcher, clock), fetcher, clock);
        Receiver started = new Receiver(settings, fresh, deliveries, refusals, clock);
        byte[] body = event("referral-updated", DATE).getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < CertificateCache.FETCHES_PER_MINUTE + 10; i++) {
            Map<String, List<String>> strangers = headers(body);
            strangers.put("X-MS-Certificate-Url", List.of(certificateUrl + "?flood=" + i));
            strangers.put("Authorization", List.of("Signature AAAA"));
            assertThat(started.receive(new WebhookRequest("192.0.2.1", strangers, new ByteArrayInputStream(body))))
                    .isInstanceOf(Answer.Refused.class);
        }
        assertThat(started.receive(new WebhookRequest("192.0.2.1", headers(body), new ByteArrayInputStream(body))))
                .isEqualTo(new Answer.Taken());
    }

    @Test
    void storesDeliveryAndWantsItsReferralOnEveryConnection() {
        assertThat(receive(event("referral-updated", DATE))).isEqualTo(new Answer.Taken());
        DeliveryItem item = onlyDelivery();
        assertThat(item.event()).isEqualTo("referral-updated");
        assertThat(item.referral()).isEqualTo(REFERRAL);
        assertThat(item.source()).isEqualTo("192.0.2.1");
        assertThat(item.time()).isEqualTo(clock.instant());
        assertThat(item.state()).isEqualTo("accepted");
        assertThat(item.duplicates()).isZero();
        assertThat(item.lastDuplicate()).isNull();
        assertThat(ledger.wants())
                .extracting(want -> want.subject().key(), Want::cause, Want::correlationId, Want::deliveryId)
                .containsExactly(
                        Assertions.tuple("crm/referral/" + REFERRAL, "event", item.correlation(), item.id()),
                        Assertions.tuple("other/referral/" + REFERRAL, "event", item.correlation(), item.id()));
        assertThat(ledger.entries()).singleElement().satisfies(entry -> {
            assertThat(entry.kind()).isEqualTo(AuditKind.DELIVERY_ACCEPTED);
            assertThat(entry.actor()).isEqualTo("partner-center");
            assertThat(entry.referral()).isEqualTo(REFERRAL);
            assertThat(entry.delivery()).isEqualTo(item.id());
            assertThat(entry.correlation()).isEqualTo(item.correlation());
            assertThat(entry.reason()).doesNotContain("Warning");
        });
    }

    @Test
    void relatedReferralIsWantedAsRelated() {
        receive(event("related-referral-updated", DATE));
        assertThat(ledger.wants())
                .hasSize(2)
                .allSatisfy(want -> assertThat(want.cause()).isEqualTo("related"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"test-created", "invoice-ready", "something-new"})
    void storesTestAndUnknownEventsAndWantsNothing(String name) {
        assertThat(receive(event(name, DATE))).isEqualTo(new Answer.Taken());
        assertThat(onlyDelivery().state()).isEqualTo("ignored");
        assertThat(ledger.wants()).isEmpty();
        assertThat(ledger.entries())
                .singleElement()
                .satisfies(entry -> assertThat(entry.outcome()).isEqualTo("ignored"));
    }

    @Test
    void acceptsEventFromTheFutureWithWarning() {
        receive(event("referral-updated", clock.instant().plusSeconds(3_600).toString()));
        assertThat(ledger.wants()).hasSize(2);
        assertThat(ledger.entries())
                .singleElement()
                .satisfies(entry -> assertThat(entry.reason()).contains("Warning: the event is dated in the future"));
    }

    @Test
    void duplicateIsSuccessAndOnlyCounted() {
        receive(event("referral-updated", DATE));
        clock.move(Duration.ofMinutes(3));
        assertThat(receive(event("referral-updated", DATE))).isEqualTo(new Answer.Taken());
        assertThat(receive(event("referral-updated", DATE) + " ")).isEqualTo(new Answer.Taken());
        assertThat(onlyDelivery().duplicates()).isEqualTo(2);
        assertThat(onlyDelivery().lastDuplicate()).isEqualTo(clock.instant());
        assertThat(ledger.wants()).hasSize(2);
        assertThat(ledger.entries()).hasSize(1);
        assertThat(database.count("delivery_certificate")).isEqualTo(2);
    }

    @Test
    void sameEventFromManyThreadsIsOneDeliveryAndSuccessForAll() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            for (int round = 1; round <= 5; round++) {
                String json = event("referral-updated", "2024-05-17T09:05:39.000000" + round + "+00:00");
                CountDownLatch start = new CountDownLatch(1);
                List<Future<Answer>> answers = new ArrayList<>();
                for (int i = 0; i < 8; i++) {
                    answers.add(threads.submit(() -> {
                        start.await();
                        return receive(json);
                    }));
                }
                start.countDown();
                for (Future<Answer> answer : answers) {
                    assertThat(answer.get()).isEqualTo(new Answer.Taken());
                }
                assertThat(database.count("delivery")).isEqualTo(round);
                assertThat(deliveries.list(noFilter(), 1, null).items().get(0).duplicates())
                        .isEqualTo(7);
                assertThat(ledger.wants()).hasSize(2 * round);
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void differentEventsFromManyThreadsAreAllStored() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            List<Future<Answer>> answers = new ArrayList<>();
            for (int i = 10; i < 90; i++) {
                String json = event("referral-updated", "2024-05-17T09:05:39.00000" + i + "+00:00");
                answers.add(threads.submit(() -> receive(json)));
            }
            for (Future<Answer> answer : answers) {
                assertThat(answer.get()).isEqualTo(new Answer.Taken());
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(database.count("delivery")).isEqualTo(80);
        assertThat(database.count("delivery_certificate")).isEqualTo(2);
    }

    @Test
    void refusesTamperedDeliveryAndLeavesOnlyACount() {
        byte[] signed = event("referral-updated", DATE).getBytes(StandardCharsets.UTF_8);
        byte[] sent = event("referral-created", DATE).getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < 3; i++) {
            assertThat(receive(sent, headers(signed))).isEqualTo(new Answer.Refused(Refusal.SIGNATURE_WRONG));
        }
        assertNothingFollowed();
        assertThat(refusedReasons()).containsExactly("signature-wrong");
        assertThat(ledger.entries()).singleElement().satisfies(entry -> {
            assertThat(entry.count()).isEqualTo(3);
            assertThat(entry.source()).isEqualTo("192.0.2.1");
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "text/plain", "application/jsonx", "application/x-www-form-urlencoded", "text/json"})
    void refusesOtherTypes(String type) {
        byte[] body = event("referral-updated", DATE).getBytes(StandardCharsets.UTF_8);
        Map<String, List<String>> headers = headers(body);
        headers.put("Content-Type", List.of(type));
        assertThat(receive(body, headers)).isEqualTo(new Answer.Refused(Refusal.WRONG_TYPE));
        assertNothingFollowed();
    }

    @Test
    void refusesTooLargeBodyBeforeFetchingAnything() {
        byte[] body = new byte[65_537];
        assertThat(receive(body, headers(body))).isEqualTo(new Answer.Refused(Refusal.TOO_LARGE));
        Map<String, List<String>> chunked = headers(body);
        chunked.remove("Content-Length");
        assertThat(receive(body, chunked)).isEqualTo(new Answer.Refused(Refusal.TOO_LARGE));
        assertThat(host.calls()).isZero();
        assertNothingFollowed();
    }

    @Test
    void refusesSignedBodyThatIsNoEvent() {
        assertThat(receive("{\"EventName\":\"referral-created\"}"))
                .isEqualTo(new Answer.Refused(Refusal.EVENT_MALFORMED));
        assertNothingFollowed();
        assertThat(refusedReasons()).containsExactly("event-malformed");
    }

    @Test
    void asksForRepetitionWhenTheDatabaseIsAwayAndTakesItThen() {
        deliveries.failures.set(1);
        deliveries.failure = new PersistenceException("away", new SQLException("away", "08006"));
        assertThat(receive(event("referral-updated", DATE))).isEqualTo(new Answer.NotStored());
        assertThat(receive(event("referral-updated", DATE))).isEqualTo(new Answer.Taken());
        assertThat(onlyDelivery().duplicates()).isZero();
    }

    @Test
    void triesAgainWhenAnotherTransactionWasInTheWay() {
        deliveries.failures.set(2);
        deliveries.failure = new PersistenceException("deadlock", new SQLException("deadlock", "40001"));
        assertThat(receive(event("referral-updated", DATE))).isEqualTo(new Answer.Taken());
        deliveries.failures.set(3);
        assertThat(receive(event("referral-created", DATE))).isEqualTo(new Answer.NotStored());
    }

    @Test
    void storesNothingWhenTheQueueDoesNotTakeTheWant() {
        ledger.refuseWants(true);
        assertThat(receive(event("referral-updated", DATE))).isEqualTo(new Answer.NotStored());
        assertThat(database.count("delivery")).isZero();
        assertThat(database.count("delivery_certificate")).isZero();
        ledger.refuseWants(false);
        assertThat(receive(event("referral-updated", DATE))).isEqualTo(new Answer.Taken());
    }

    @Test
    void receiptHoldsTheRawBytesAndVerifiesAgainYearsLater() throws Exception {
        String json = "\uFEFF" + event("referral-updated", DATE);
        receive(json);
        clock.move(Duration.ofDays(2_000));
        DeliveryReceipt receipt = deliveries.find(onlyDelivery().id()).orElseThrow();
        assertThat(Base64.getDecoder().decode(receipt.body())).isEqualTo(json.getBytes(StandardCharsets.UTF_8));
        assertThat(receipt.headers())
                .containsOnlyKeys(
                        "authorization",
                        "content-type",
                        "user-agent",
                        "x-ms-certificate-url",
                        "x-ms-signature-algorithm");
        assertThat(receipt.algorithm()).isEqualTo("rsa-sha256");
        assertThat(receipt.chain())
                .containsExactly(
                        Base64.getEncoder()
                                .encodeToString(DISPATCHER.certificate().getEncoded()),
                        Base64.getEncoder().encodeToString(MICROSOFT.root().getEncoded()));
        assertThat(receipt.verification()).isEqualTo(new Verification(true, true, true));
        assertThat(receipt.verified()).isTrue();
    }

    @Test
    void receiptTellsWhenStoredBytesWereAltered() {
        receive(event("referral-updated", DATE));
        String id = onlyDelivery().id();
        database.execute("update delivery set body = X'7B7D'");
        assertThat(deliveries.find(id).orElseThrow().verification()).isEqualTo(new Verification(false, true, true));
        database.execute("update delivery set chain = chain || ',' || chain");
        assertThat(deliveries.find(id).orElseThrow().verified()).isFalse();
        database.execute("update delivery_certificate set der = X'00'");
        assertThat(deliveries.find(id).orElseThrow().verified()).isFalse();
        database.execute("delete from delivery_certificate");
        assertThat(deliveries.find(id).orElseThrow().chain()).isEmpty();
        assertThat(deliveries.find(id).orElseThrow().verified()).isFalse();
        database.execute("update delivery set headers = 'nothing'");
        assertThat(deliveries.find(id).orElseThrow().headers()).isEmpty();
    }

    @Test
    void listsNewestFirstPageByPageAndFilters() {
        for (int i = 1; i <= 5; i++) {
            receive(event(i == 3 ? "test-created" : "referral-updated", "2024-05-17T09:05:39.000000" + i + "+00:00"));
            clock.move(Duration.ofSeconds(1));
        }
        Page<DeliveryItem> first = deliveries.list(noFilter(), 3, null);
        Page<DeliveryItem> second = deliveries.list(noFilter(), 3, first.next());
        assertThat(first.items()).hasSize(3);
        assertThat(second.items()).hasSize(2);
        assertThat(second.next()).isNull();
        List<String> ids = new ArrayList<>();
        first.items().forEach(item -> ids.add(item.id()));
        second.items().forEach(item -> ids.add(item.id()));
        assertThat(ids).isSortedAccordingTo((a, b) -> b.compareTo(a)).doesNotHaveDuplicates();
        DeliveryItem third = first.items().get(2);
        assertThat(list(null, null, third.id(), null, null, null)).containsExactly(third);
        assertThat(list(null, third.correlation(), null, null, null, null)).containsExactly(third);
        assertThat(list(null, null, null, null, null, "ignored")).containsExactly(third);
        assertThat(list(REFERRAL, null, null, null, null, null)).hasSize(4);
        assertThat(list(null, null, null, third.time().toString(), null, null)).hasSize(3);
        assertThat(list(null, null, null, null, third.time().toString(), null)).hasSize(2);
        assertThat(list(null, null, null, null, null, "accepted")).hasSize(4);
    }

    private List<DeliveryItem> list(
            @Nullable String referral,
            @Nullable String correlation,
            @Nullable String delivery,
            @Nullable String from,
            @Nullable String to,
            @Nullable String state) {
        return deliveries
                .list(DeliveryFilter.of(null, referral, null, null, correlation, delivery, from, to, state), 10, null)
                .items();
    }

    @Test
    void findsNoDeliveryThatIsNotThere() {
        assertThat(deliveries.find(UUID.randomUUID().toString())).isEmpty();
    }

    /** Deliveries with the transaction a container would give them. */
    private final class TransactionalDeliveries extends Deliveries {
        private final AtomicInteger failures = new AtomicInteger();
        private RuntimeException failure = new IllegalStateException("unused");

        TransactionalDeliveries() {
            super(
                    new DeliveryRepository(database.entityManager()),
                    verifier,
                    new Connections(configuration, List.of()),
                    ledger,
                    ledger,
                    new Ids(clock, RandomGenerator.getDefault()));
        }

        @Override
        public Optional<UUID> accept(VerifiedDelivery delivery) {
            if (failures.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
                throw failure;
            }
            return ledger.keepIfCommitted(() -> database.inTransaction(() -> super.accept(delivery)));
        }

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
    }
}
