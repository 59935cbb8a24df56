package org.cosellbridge.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.cosellbridge.queue.QueueFixtures.done;
import static org.cosellbridge.queue.QueueFixtures.notNow;
import static org.cosellbridge.queue.QueueFixtures.record;
import static org.cosellbridge.queue.QueueFixtures.ref;
import static org.cosellbridge.queue.QueueFixtures.referral;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.cosellbridge.connector.LeaseLostException;
import org.cosellbridge.connector.Priority;
import org.cosellbridge.connector.RecordRef;
import org.cosellbridge.sync.SyncOutcome;
import org.cosellbridge.sync.SyncSubject;
import org.cosellbridge.sync.Want;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ClaimsTest {
    private final QueueFixtures fixtures = new QueueFixtures(3);

    @AfterEach
    void close() {
        fixtures.close();
    }

    @Test
    void neverRunsMoreAttemptsThanTheConnectionAllows() {
        for (int i = 0; i < 5; i++) {
            fixtures.want(referral(i));
        }
        QueueFixtures.Node one = fixtures.node();
        QueueFixtures.Node two = fixtures.node();
        ClaimedAttempt first = one.mustClaim();
        assertThat(first.claim().moreWaits()).isTrue();
        two.mustClaim();
        assertThat(two.mustClaim().claim().moreWaits()).isFalse();
        assertThat(one.claim()).isEmpty();
        one.endings().end(first, done());
        assertThat(two.claim()).isPresent();
    }

    @Test
    void eightThreadsRunEveryRequestOnceAndKeepToTheLimit() throws Exception {
        int subjects = 60;
        for (int i = 0; i < subjects; i++) {
            fixtures.want(referral(i));
        }
        AtomicInteger running = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        Map<String, AtomicInteger> runs = new ConcurrentHashMap<>();
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            List<Future<?>> workers = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                QueueFixtures.Node node = fixtures.node(attempt -> {
                    most.accumulateAndGet(running.incrementAndGet(), Math::max);
                    runs.computeIfAbsent(attempt.subject().key(), key -> new AtomicInteger())
                            .incrementAndGet();
                    attempt.call().guard().beforeCall();
                    running.decrementAndGet();
                    return done();
                });
                workers.add(threads.submit(() -> {
                    while (fixtures.health.counts().waiting() > 0) {
                        node.drain();
                    }
                }));
            }
            for (Future<?> worker : workers) {
                worker.get();
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(runs)
                .hasSize(subjects)
                .allSatisfy((key, count) -> assertThat(count).hasValue(1));
        assertThat(most.get()).isBetween(1, 3);
        assertThat(fixtures.holdsLeft()).isZero();
        assertThat(fixtures.trail.entries).isEmpty();
    }

    @Test
    void lateFinisherStoresNothingAndWantsItLookedAtAgain() {
        fixtures.want(referral(1));
        QueueFixtures.Node late = fixtures.node();
        ClaimedAttempt abandoned = late.mustClaim();
        fixtures.clock.advance(QueueSettings.LEASE.plus(QueueSettings.GRACE));
        QueueFixtures.Node next = fixtures.node();
        ClaimedAttempt taken = next.mustClaim();
        assertThat(taken.claim().fencing()).isGreaterThan(abandoned.claim().fencing());
        assertThat(taken.number()).isEqualTo(2);

        boolean[] stored = {false};
        assertThatThrownBy(() -> late.endings().end(abandoned, new SyncOutcome.Done("updated", () -> stored[0] = true)))
                .isInstanceOf(LeaseLostException.class);
        assertThatThrownBy(() -> abandoned.store(() -> stored[0] = true)).isInstanceOf(LeaseLostException.class);
        assertThatThrownBy(() -> abandoned.call().guard().beforeCall()).isInstanceOf(LeaseLostException.class);
        assertThatThrownBy(() -> abandoned.hold(ref(1))).isInstanceOf(LeaseLostException.class);
        assertThatThrownBy(() -> late.endings().end(abandoned, notNow("Late."))).isInstanceOf(LeaseLostException.class);
        assertThatThrownBy(() -> late.endings().end(abandoned, new SyncOutcome.NotThisOne("Late.")))
                .isInstanceOf(LeaseLostException.class);
        assertThat(stored[0]).isFalse();
        assertThat(fixtures.trail.entries).isEmpty();

        late.endings().lookAgain(abandoned);
        next.endings().end(taken, done());
        assertThat(fixtures.state(referral(1))).isEqualTo("WAITING");
    }

    @Test
    void workerThatIsLateWantsItLookedAtAgain() {
        fixtures.want(referral(1));
        int[] runs = {0};
        fixtures.node(attempt -> {
                    if (runs[0]++ == 0) {
                        fixtures.clock.advance(QueueSettings.LEASE.plusSeconds(2));
                    }
                    return done();
                })
                .drain();
        assertThat(fixtures.state(referral(1))).isEqualTo("RUNNING");
        assertThat(fixtures.column(referral(1), "wanted_seq")).isEqualTo("2");
        fixtures.node(attempt -> {
                    runs[0]++;
                    return done();
                })
                .drain();
        assertThat(runs[0]).isEqualTo(2);
        assertThat(fixtures.state(referral(1))).isEqualTo("DONE");
    }

    @Test
    void leaseThatRanOutIsNotRenewedEvenWhenNobodyTookTheRequest() {
        fixtures.want(referral(1));
        ClaimedAttempt attempt = fixtures.node().mustClaim();
        fixtures.clock.advance(QueueSettings.LEASE);
        assertThatThrownBy(() -> attempt.call().guard().beforeCall()).isInstanceOf(LeaseLostException.class);
        assertThat(fixtures.node().claim()).isEmpty();
    }

    @Test
    void renewedLeaseKeepsTheRequest() {
        fixtures.want(referral(1));
        ClaimedAttempt attempt = fixtures.node().mustClaim();
        for (int i = 0; i < 5; i++) {
            fixtures.clock.advance(Duration.ofSeconds(25));
            assertThat(attempt.call().guard().beforeCall()).isLessThan(QueueSettings.LEASE);
            assertThat(fixtures.node().claim()).isEmpty();
        }
    }

    @Test
    void storesOnlyTogether() {
        fixtures.want(referral(1));
        QueueFixtures.Node node = fixtures.node();
        ClaimedAttempt attempt = node.mustClaim();
        assertThatThrownBy(() -> attempt.store(() -> {
                    fixtures.queue.want(new Want(referral(2), Priority.EVENT, "event", "c", null));
                    throw new IllegalStateException("no");
                }))
                .hasMessage("no");
        assertThat(fixtures.health.counts().waiting()).isZero();
        node.endings().end(attempt, done());
    }

    @Test
    void twoRequestsNeverWorkOnOneRecordAtTheSameTime() {
        fixtures.want(referral(1));
        fixtures.want(record(7));
        QueueFixtures.Node node = fixtures.node();
        ClaimedAttempt byReferral = node.mustClaim();
        assertThat(byReferral.subject()).isEqualTo(referral(1));
        assertThat(byReferral.hold(ref(7))).isTrue();
        assertThat(byReferral.hold(ref(7))).isTrue();
        assertThat(node.claim()).isEmpty();
        node.endings().end(byReferral, done());
        assertThat(node.mustClaim().subject()).isEqualTo(record(7));
    }

    @Test
    void attemptThatMeetsAHeldRecordIsRepeatedSoonAndDoesNotCount() {
        fixtures.want(record(7));
        QueueFixtures.Node node = fixtures.node();
        ClaimedAttempt byRecord = node.mustClaim();
        fixtures.want(referral(1));
        ClaimedAttempt byReferral = node.mustClaim();
        assertThat(byReferral.hold(ref(7))).isFalse();
        node.endings().end(byReferral, notNow("Another attempt works on the record."));
        assertThat(fixtures.column(referral(1), "failures")).isEqualTo("0");
        assertThat(fixtures.time(referral(1), "due_at"))
                .isEqualTo(fixtures.clock.instant().plusSeconds(1));
        assertThat(fixtures.trail.entries).isEmpty();
        node.endings().end(byRecord, done());
        fixtures.clock.advance(Duration.ofSeconds(1));
        assertThat(node.mustClaim().hold(ref(7))).isTrue();
    }

    @Test
    void holdsTheReferralARecordTurnsOutToBelongTo() {
        fixtures.want(record(7));
        QueueFixtures.Node node = fixtures.node();
        ClaimedAttempt byRecord = node.mustClaim();
        assertThat(byRecord.hold(new RecordRef(
                        RecordRef.REFERRAL,
                        referral(1).findReferral().orElseThrow().value())))
                .isTrue();
        fixtures.want(referral(1));
        assertThat(node.claim()).isEmpty();
    }

    @Test
    void holdOfADeadNodeIsTakenOverAndItsOwnerStoresNothing() {
        fixtures.want(record(7));
        QueueFixtures.Node dead = fixtures.node();
        ClaimedAttempt abandoned = dead.mustClaim();
        fixtures.clock.advance(QueueSettings.LEASE.plus(QueueSettings.GRACE));
        fixtures.want(
                new SyncSubject(QueueFixtures.CRM, referral(1).findReferral().orElseThrow(), ref(7)), Priority.PERSON);
        QueueFixtures.Node next = fixtures.node();
        ClaimedAttempt taken = next.mustClaim();
        assertThat(taken.subject().findReferral()).isPresent();
        assertThat(next.claim()).isEmpty();
        assertThatThrownBy(() -> dead.endings().end(abandoned, done())).isInstanceOf(LeaseLostException.class);
        next.endings().end(taken, done());
        assertThat(next.mustClaim().subject()).isEqualTo(record(7));
    }

    @Test
    void threadsThatMeetOnReferralsAndRecordsNeverWorkOnOneAtTheSameTime() throws Exception {
        int pairs = 5;
        fixtures.clock.run();
        CountDownLatch stated = new CountDownLatch(2);
        Map<String, AtomicInteger> working = new ConcurrentHashMap<>();
        AtomicInteger collisions = new AtomicInteger();
        AtomicInteger answers = new AtomicInteger();
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            List<Future<?>> workers = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                QueueFixtures.Node node = fixtures.node(attempt -> {
                    int number = number(attempt.subject());
                    RecordRef counterpart = attempt.subject().findRecord().isPresent()
                            ? new RecordRef(
                                    RecordRef.REFERRAL,
                                    referral(number)
                                            .findReferral()
                                            .orElseThrow()
                                            .value())
                            : ref(number);
                    if (!attempt.hold(counterpart)) {
                        return notNow("Another attempt works on it.");
                    }
                    AtomicInteger busy = working.computeIfAbsent("pair " + number, key -> new AtomicInteger());
                    if (busy.incrementAndGet() != 1) {
                        collisions.incrementAndGet();
                    }
                    attempt.store(() -> fixtures.sql.count("select count(*) from request_hold"));
                    busy.decrementAndGet();
                    return new SyncOutcome.Done("updated", answers::incrementAndGet);
                });
                workers.add(threads.submit(() -> {
                    while (!stated.await(0, TimeUnit.SECONDS)
                            || !fixtures.health.counts().equals(QueueCounts.NONE)) {
                        node.drain();
                    }
                    return null;
                }));
            }
            for (int i = 0; i < 2; i++) {
                workers.add(threads.submit(() -> {
                    for (int n = 0; n < 60; n++) {
                        fixtures.want(n % 2 == 0 ? referral(n % pairs) : record(n % pairs));
                    }
                    stated.countDown();
                }));
            }
            for (Future<?> worker : workers) {
                worker.get(60, TimeUnit.SECONDS);
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(collisions).hasValue(0);
        assertThat(answers).hasValueGreaterThanOrEqualTo(2 * pairs);
        assertThat(fixtures.holdsLeft()).isZero();
        assertThat(fixtures.trail.entries).isEmpty();
    }

    private static int number(SyncSubject subject) {
        String key = subject.key();
        return Integer.parseInt(key.substring(key.length() - 1));
    }

    @Test
    void pausedConnectionRunsNothing() {
        fixtures.want(referral(1));
        fixtures.pauses.pause("crm", "Maintenance.", "user:anna");
        assertThat(fixtures.node().claim()).isEmpty();
        fixtures.clock.advance(Duration.ofHours(1));
        assertThat(fixtures.node().claim()).isEmpty();
        fixtures.pauses.resume("crm", "user:anna");
        assertThat(fixtures.node().claim()).isPresent();
    }
}
