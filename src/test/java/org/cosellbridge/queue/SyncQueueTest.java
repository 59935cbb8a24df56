package org.cosellbridge.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.cosellbridge.queue.QueueFixtures.CRM;
import static org.cosellbridge.queue.QueueFixtures.OTHER;
import static org.cosellbridge.queue.QueueFixtures.done;
import static org.cosellbridge.queue.QueueFixtures.notNow;
import static org.cosellbridge.queue.QueueFixtures.record;
import static org.cosellbridge.queue.QueueFixtures.referral;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.cosellbridge.connector.Priority;
import org.cosellbridge.sync.SyncOutcome;
import org.cosellbridge.sync.SyncSubject;
import org.cosellbridge.sync.Want;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SyncQueueTest {
    private final QueueFixtures fixtures = new QueueFixtures(4);

    @AfterEach
    void close() {
        fixtures.close();
    }

    @Test
    void manyWantsAreOneAttempt() {
        for (int i = 0; i < 50; i++) {
            fixtures.want(referral(1));
        }
        List<SyncSubject> run = new ArrayList<>();
        fixtures.node(attempt -> {
                    run.add(attempt.subject());
                    return done();
                })
                .drain();
        assertThat(run).containsExactly(referral(1));
        assertThat(fixtures.state(referral(1))).isEqualTo("DONE");
        assertThat(fixtures.holdsLeft()).isZero();
    }

    @Test
    void wantsFromManyThreadsAreOneRequest() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            List<Future<?>> wants = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                int number = i % 4;
                wants.add(threads.submit(() -> fixtures.want(referral(number))));
            }
            for (Future<?> want : wants) {
                want.get();
            }
        } finally {
            threads.shutdownNow();
        }
        for (int number = 0; number < 4; number++) {
            assertThat(fixtures.column(referral(number), "wanted_seq")).isEqualTo("50");
        }
    }

    @Test
    void nudgesAfterTheCommitOnly() {
        fixtures.want(referral(1));
        assertThat(fixtures.nudges.sent).containsExactly(CRM);
        try {
            fixtures.transactions.runInNew(() -> {
                fixtures.queue.want(new Want(referral(2), Priority.EVENT, "event", "c", null));
                throw new IllegalStateException("rolled back");
            });
        } catch (IllegalStateException expected) {
            assertThat(expected).hasMessage("rolled back");
        }
        assertThat(fixtures.nudges.sent).containsExactly(CRM);
        assertThat(fixtures.health.counts().waiting()).isEqualTo(1);
    }

    @Test
    void keepsTheNewestCauseAndTheOldestTimeAndTheHighestPriority() {
        Instant first = fixtures.clock.instant();
        fixtures.want(new Want(referral(1), Priority.SWEEP, "sweep", "c-old", null));
        fixtures.clock.advance(Duration.ofSeconds(5));
        fixtures.want(new Want(referral(1), Priority.PERSON, "person", "c-new", "d-1"));
        fixtures.clock.advance(Duration.ofSeconds(5));
        fixtures.want(new Want(referral(1), Priority.SWEEP, "sweep", "c-newest", null));
        assertThat(fixtures.time(referral(1), "wanted_at")).isEqualTo(first);
        ClaimedAttempt attempt = fixtures.node().mustClaim();
        assertThat(attempt.call().priority()).isEqualTo(Priority.PERSON);
        assertThat(attempt.call().correlationId()).isEqualTo("c-newest");
        assertThat(attempt.deliveryId()).isNull();
        assertThat(attempt.number()).isEqualTo(1);
    }

    @Test
    void wantDuringAnAttemptMakesItRunExactlyOnceMore() {
        fixtures.want(referral(1));
        int[] runs = {0};
        QueueFixtures.Node node = fixtures.node(attempt -> {
            if (runs[0]++ == 0) {
                fixtures.want(referral(1));
                fixtures.want(referral(1));
                fixtures.want(referral(1));
            }
            return done();
        });
        node.drain();
        node.drain();
        assertThat(runs[0]).isEqualTo(2);
        assertThat(fixtures.state(referral(1))).isEqualTo("DONE");
    }

    @Test
    void wantInTheEndingTransactionMakesItRunOnceMore() {
        fixtures.want(referral(1));
        int[] runs = {0};
        fixtures.node(attempt -> new SyncOutcome.Done("updated", () -> {
                    if (runs[0]++ == 0) {
                        fixtures.queue.want(new Want(attempt.subject(), Priority.WRITE_BACK, "related", "c-2", null));
                    }
                }))
                .drain();
        assertThat(runs[0]).isEqualTo(2);
    }

    @Test
    void whatCanWaitIsLookedAtOnceMoreWithItsOwnPriority() {
        fixtures.want(referral(1));
        List<Priority> priorities = new ArrayList<>();
        QueueFixtures.Node node = fixtures.node(attempt -> {
            priorities.add(attempt.call().priority());
            return new SyncOutcome.Done(
                    "updated", () -> {}, attempt.call().priority() == Priority.EVENT ? Priority.WRITE_BACK : null);
        });
        node.drain();
        assertThat(priorities).containsExactly(Priority.EVENT, Priority.WRITE_BACK);
        assertThat(fixtures.state(referral(1))).isEqualTo("DONE");
        fixtures.want(referral(1));
        node.drain();
        assertThat(priorities).hasSize(4);
    }

    @Test
    void whatCanWaitNeverLowersAWantThatCameMeanwhile() {
        fixtures.want(referral(1));
        List<Priority> priorities = new ArrayList<>();
        fixtures.node(attempt -> {
                    priorities.add(attempt.call().priority());
                    if (priorities.size() == 1) {
                        fixtures.want(referral(1), Priority.PERSON);
                    }
                    return new SyncOutcome.Done(
                            "updated", () -> {}, priorities.size() < 3 ? Priority.WRITE_BACK : null);
                })
                .drain();
        assertThat(priorities).containsExactly(Priority.EVENT, Priority.PERSON, Priority.WRITE_BACK);
    }

    @Test
    void anAttemptKnowsThatOnlyTheCrmAskedForIt() {
        List<Boolean> seen = new ArrayList<>();
        QueueFixtures.Node node = fixtures.node(attempt -> {
            seen.add(attempt.isFromRecord());
            return done();
        });
        fixtures.want(new Want(referral(1), Priority.EVENT, "poll", "c-1", null));
        fixtures.want(new Want(referral(1), Priority.EVENT, "record", "c-2", null));
        node.drain();
        fixtures.want(new Want(referral(1), Priority.EVENT, "event", "c-3", null));
        fixtures.want(new Want(referral(1), Priority.EVENT, "poll", "c-4", null));
        node.drain();
        fixtures.want(new Want(referral(1), Priority.EVENT, "poll", "c-5", null));
        fixtures.want(new Want(referral(1), Priority.EVENT, "event", "c-6", null));
        node.drain();
        fixtures.want(new Want(referral(1), Priority.EVENT, "record", "c-7", null));
        node.drain();
        assertThat(seen).containsExactly(true, false, false, true);
    }

    @Test
    void aFailedAttemptStillOwesWhatTheEventAskedFor() {
        List<Boolean> seen = new ArrayList<>();
        QueueFixtures.Node node = fixtures.node(attempt -> {
            seen.add(attempt.isFromRecord());
            return seen.size() == 1 ? notNow("Failed.") : done();
        });
        fixtures.want(new Want(referral(1), Priority.EVENT, "event", "c-1", null));
        node.drain();
        fixtures.want(new Want(referral(1), Priority.EVENT, "poll", "c-2", null));
        node.drain();
        assertThat(seen).containsExactly(false, false);
    }

    @Test
    void wantNeverShortensAPauseTheSystemAskedFor() {
        fixtures.want(referral(1));
        Instant asked = fixtures.clock.instant().plusSeconds(90);
        fixtures.node(attempt -> new SyncOutcome.NotNow("crm", false, asked, "Locked."))
                .drain();
        fixtures.want(referral(1), Priority.PERSON);
        assertThat(fixtures.time(referral(1), "due_at")).isEqualTo(asked);
        fixtures.clock.advance(Duration.ofSeconds(89));
        assertThat(fixtures.node().claim()).isEmpty();
        fixtures.clock.advance(Duration.ofSeconds(1));
        assertThat(fixtures.node().claim()).isPresent();
    }

    @Test
    void wantEndsABackoffNobodyAskedFor() {
        fixtures.want(referral(1));
        fixtures.node(attempt -> notNow("Failed.")).drain();
        assertThat(fixtures.node().claim()).isEmpty();
        fixtures.want(referral(1));
        assertThat(fixtures.node().claim()).isPresent();
    }

    @Test
    void runsByPriorityThenByAge() {
        fixtures.want(referral(1), Priority.SWEEP);
        fixtures.clock.advance(Duration.ofSeconds(1));
        fixtures.want(referral(2), Priority.EVENT);
        fixtures.clock.advance(Duration.ofSeconds(1));
        fixtures.want(referral(3), Priority.EVENT);
        fixtures.clock.advance(Duration.ofSeconds(1));
        fixtures.want(referral(4), Priority.PERSON);
        fixtures.want(record(9), Priority.WRITE_BACK);
        List<SyncSubject> order = new ArrayList<>();
        fixtures.node(attempt -> {
                    order.add(attempt.subject());
                    return done();
                })
                .drain();
        assertThat(order).containsExactly(referral(4), referral(2), referral(3), record(9), referral(1));
    }

    @Test
    void nudgesWhatIsDueAndNothingElse() {
        fixtures.want(referral(1));
        fixtures.want(SyncSubject.of(OTHER, QueueFixtures.ref(1)));
        fixtures.pauses.pause("other", "Maintenance.", "user:anna");
        fixtures.nudges.sent.clear();
        fixtures.queue.nudgeDue();
        assertThat(fixtures.nudges.sent).containsExactly(CRM);

        fixtures.nudges.sent.clear();
        fixtures.node().drain();
        fixtures.queue.nudgeDue();
        assertThat(fixtures.nudges.sent).isEmpty();
    }

    @Test
    void nudgesWhatADeadNodeLeftBehind() {
        fixtures.want(referral(1));
        ClaimedAttempt abandoned = fixtures.node().mustClaim();
        fixtures.nudges.sent.clear();
        fixtures.queue.nudgeDue();
        assertThat(fixtures.nudges.sent).isEmpty();
        fixtures.clock.advance(QueueSettings.LEASE.plus(QueueSettings.GRACE));
        fixtures.queue.nudgeDue();
        assertThat(fixtures.nudges.sent).containsExactly(CRM);
        assertThat(fixtures.node().mustClaim().requestId()).isEqualTo(abandoned.requestId());
    }
}
