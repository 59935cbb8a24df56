package org.cosellbridge.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.cosellbridge.queue.QueueFixtures.CRM;
import static org.cosellbridge.queue.QueueFixtures.done;
import static org.cosellbridge.queue.QueueFixtures.notNow;
import static org.cosellbridge.queue.QueueFixtures.referral;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.cosellbridge.audit.AuditEntry;
import org.cosellbridge.audit.AuditKind;
import org.cosellbridge.connector.ConnectionName;
import org.cosellbridge.connector.Priority;
import org.cosellbridge.sync.SyncOutcome;
import org.cosellbridge.sync.SyncSubject;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class WorkerTest {
    private static final SyncOutcome REVOKED =
            new SyncOutcome.NotWithThisSetup("crm", "The client secret of crm was refused.");

    private final QueueFixtures fixtures = new QueueFixtures(3);

    @AfterEach
    void close() {
        fixtures.close();
    }

    @Test
    void failsUntilItIsADeadLetter() {
        fixtures.want(referral(1));
        int[] runs = {0};
        QueueFixtures.Node node = fixtures.node(attempt -> {
            runs[0]++;
            assertThat(attempt.number()).isEqualTo(runs[0]);
            return notNow("The system answered 500 with request " + runs[0] + ".");
        });
        for (int i = 0; i < 12; i++) {
            node.drain();
            assertThat(runs[0]).isEqualTo(i + 1);
            fixtures.clock.advance(QueueSettings.LONGEST_RETRY);
        }
        node.drain();
        assertThat(runs[0]).isEqualTo(12);
        assertThat(fixtures.state(referral(1))).isEqualTo("DEAD");
        assertThat(fixtures.trail.count(AuditKind.ATTEMPT_FAILED)).isEqualTo(1);
        assertThat(fixtures.trail.only(AuditKind.DEAD_LETTER_CREATED).reason())
                .isEqualTo("It failed 12 times, the last time so: The system answered 500 with request 12.");
        assertThat(fixtures.holdsLeft()).isZero();
    }

    @Test
    void tellsAFailureAgainWhenItIsAnother() {
        fixtures.want(referral(1));
        List<String> reasons = List.of("Answered 500.", "Answered 502.", "Cut.", "Cut.", "Answered 500.");
        int[] runs = {0};
        QueueFixtures.Node node = fixtures.node(attempt -> notNow(reasons.get(runs[0]++)));
        for (int i = 0; i < reasons.size(); i++) {
            node.drain();
            fixtures.clock.advance(QueueSettings.LONGEST_RETRY);
        }
        assertThat(fixtures.trail.entries)
                .extracting(entry -> entry.reason())
                .containsExactly("Answered 500.", "Cut.", "Answered 500.");
    }

    @Test
    void successForgetsFailures() {
        fixtures.want(referral(1));
        fixtures.node(attempt -> notNow("Cut.")).drain();
        fixtures.clock.advance(QueueSettings.LONGEST_RETRY);
        fixtures.node().drain();
        assertThat(fixtures.column(referral(1), "failures")).isEqualTo("0");
        assertThat(fixtures.column(referral(1), "attempts")).isEqualTo("0");
        assertThat(fixtures.column(referral(1), "last_outcome")).isEqualTo("updated");
        assertThat(fixtures.column(referral(1), "last_reason")).isNull();
    }

    @Test
    void refusedValueIsADeadLetterAtOnceAndAWantMakesItDueAgain() {
        fixtures.want(referral(1));
        fixtures.node(attempt -> new SyncOutcome.NotThisOne("The topic is too long for the CRM."))
                .drain();
        assertThat(fixtures.state(referral(1))).isEqualTo("DEAD");
        assertThat(fixtures.trail.only(AuditKind.DEAD_LETTER_CREATED).reason())
                .isEqualTo("The topic is too long for the CRM.");
        assertThat(fixtures.node().claim()).isEmpty();

        fixtures.want(referral(1));
        assertThat(fixtures.state(referral(1))).isEqualTo("WAITING");
        assertThat(fixtures.health.counts().deadLetters()).isZero();
        fixtures.node().drain();
        assertThat(fixtures.state(referral(1))).isEqualTo("DONE");
    }

    @Test
    void refusedValueThatWasWantedAgainIsRunOnceMoreBeforeItIsADeadLetter() {
        fixtures.want(referral(1));
        int[] runs = {0};
        fixtures.node(attempt -> {
                    if (runs[0]++ == 0) {
                        fixtures.want(referral(1));
                    }
                    return new SyncOutcome.NotThisOne("Too long.");
                })
                .drain();
        assertThat(runs[0]).isEqualTo(2);
        assertThat(fixtures.trail.count(AuditKind.DEAD_LETTER_CREATED)).isEqualTo(1);
    }

    @Test
    void throttledSystemIsLeftAloneAndDoesNotCount() {
        fixtures.want(referral(1));
        fixtures.want(referral(2));
        Instant asked = fixtures.clock.instant().plusSeconds(300);
        int[] runs = {0};
        QueueFixtures.Node node = fixtures.node(attempt -> {
            runs[0]++;
            return new SyncOutcome.NotNow("crm", true, asked, "Throttled.");
        });
        node.drain();
        assertThat(runs[0]).isEqualTo(1);
        assertThat(fixtures.column(referral(1), "failures")).isEqualTo("0");
        fixtures.want(referral(3));
        fixtures.clock.advance(Duration.ofSeconds(299));
        node.drain();
        assertThat(runs[0]).isEqualTo(1);
        fixtures.clock.advance(Duration.ofSeconds(1));
        fixtures.node().drain();
        assertThat(fixtures.health.counts()).isEqualTo(QueueCounts.NONE);
        assertThat(fixtures.system("crm").failures()).isZero();
    }

    @Test
    void unreachablePartnerCenterStopsEveryConnectionForAtMostHalfAMinuteAtATime() {
        fixtures.want(referral(1));
        QueueFixtures.Node node =
                fixtures.node(attempt -> new SyncOutcome.NotNow("partner-center", true, null, "Unreachable."));
        for (int i = 0; i < 100; i++) {
            node.drain();
            fixtures.clock.advance(QueueSettings.PROBE_INTERVAL);
        }
        assertThat(fixtures.state(referral(1))).isEqualTo("WAITING");
        assertThat(fixtures.column(referral(1), "attempts")).isEqualTo("100");
        assertThat(fixtures.trail.count(AuditKind.ATTEMPT_FAILED)).isEqualTo(1);
        node.drain();
        assertThat(fixtures.system("partner-center").waits(fixtures.clock.instant()))
                .isTrue();
        fixtures.want(SyncSubject.of(QueueFixtures.OTHER, QueueFixtures.ref(1)));
        // "other" has no worker of its own here: what counts is that it may not claim
        assertThat(fixtures.node().claims().claimNext(QueueFixtures.OTHER)).isEmpty();
    }

    @Test
    void brokenSetupPausesOnceAndResumesByItself() {
        for (int i = 0; i < 20; i++) {
            fixtures.want(referral(i));
        }
        int[] runs = {0};
        boolean[] mended = {false};
        QueueFixtures.Node node = fixtures.node(attempt -> {
            runs[0]++;
            return mended[0] ? done() : REVOKED;
        });
        // three attempts are under way when the credentials are revoked
        ClaimedAttempt one = node.mustClaim();
        ClaimedAttempt two = node.mustClaim();
        node.endings().end(one, REVOKED);
        node.endings().end(two, REVOKED);
        for (int i = 0; i < 120; i++) {
            node.drain();
            fixtures.clock.advance(Duration.ofSeconds(30));
        }
        assertThat(runs[0]).isBetween(119, 120);
        assertThat(fixtures.trail.only(AuditKind.CONNECTION_PAUSED).reason())
                .isEqualTo("The client secret of crm was refused.");
        assertThat(fixtures.trail.entries).hasSize(1);
        assertThat(fixtures.health.counts().deadLetters()).isZero();
        assertThat(fixtures.health.counts().waiting()).isEqualTo(20);

        mended[0] = true;
        node.drain();
        assertThat(fixtures.trail.count(AuditKind.CONNECTION_RESUMED)).isEqualTo(1);
        assertThat(fixtures.health.counts()).isEqualTo(QueueCounts.NONE);
    }

    @Test
    void oneRequestAtATimeTriesABrokenSetup() {
        fixtures.want(referral(1));
        fixtures.want(referral(2));
        fixtures.node(attempt -> REVOKED).drain();
        QueueFixtures.Node node = fixtures.node();
        assertThat(node.claim()).isEmpty();
        fixtures.clock.advance(QueueSettings.PROBE_INTERVAL);
        ClaimedAttempt probe = node.mustClaim();
        assertThat(node.claim()).isEmpty();
        node.endings().end(probe, done());
        assertThat(node.claim()).isPresent();
    }

    @Test
    void probeDoesNotResumeWhatAPersonPaused() {
        fixtures.want(referral(1));
        fixtures.node(attempt -> REVOKED).drain();
        fixtures.clock.advance(QueueSettings.PROBE_INTERVAL);
        QueueFixtures.Node node = fixtures.node();
        ClaimedAttempt probe = node.mustClaim();
        fixtures.pauses.pause("crm", "We look into it.", "user:anna");
        node.endings().end(probe, done());
        assertThat(fixtures.system("crm").paused()).isTrue();
        assertThat(fixtures.system("crm").pausedBy()).isEqualTo("user:anna");
    }

    @Test
    void unexpectedFailureCountsAndTellsNoMoreThanItsName() {
        fixtures.want(referral(1));
        fixtures.node(attempt -> {
                    throw new IllegalStateException("Anna Miller, anna@example.com");
                })
                .drain();
        assertThat(fixtures.column(referral(1), "failures")).isEqualTo("1");
        assertThat(fixtures.column(referral(1), "last_reason"))
                .contains("IllegalStateException")
                .doesNotContain("Anna");
        assertThat(fixtures.trail.count(AuditKind.ATTEMPT_FAILED)).isEqualTo(1);
    }

    @Test
    void endThatCannotBeStoredIsAFailure() {
        fixtures.want(referral(1));
        fixtures.node(attempt -> new SyncOutcome.Done("updated", () -> {
                    fixtures.trail.append(
                            AuditEntry.of(AuditKind.RECORD_UPDATED).build());
                    throw new IllegalArgumentException("constraint");
                }))
                .drain();
        assertThat(fixtures.state(referral(1))).isEqualTo("WAITING");
        assertThat(fixtures.column(referral(1), "failures")).isEqualTo("1");
        assertThat(fixtures.trail.count(AuditKind.RECORD_UPDATED)).isZero();
    }

    @Test
    void wakesAnotherWorkerWhileMoreWaits() {
        fixtures.want(referral(1));
        fixtures.want(referral(2));
        fixtures.nudges.sent.clear();
        fixtures.node().drain();
        assertThat(fixtures.nudges.sent).containsExactly(CRM);
    }

    @Test
    void givesItsThreadBackAndNudgesWhenThereIsNoEnd() {
        fixtures.want(referral(1));
        List<Integer> runs = new ArrayList<>();
        QueueFixtures.Node node = fixtures.node(attempt -> {
            runs.add(attempt.number());
            fixtures.want(referral(1));
            return done();
        });
        node.drain();
        assertThat(runs).hasSize(200);
        assertThat(fixtures.nudges.sent).endsWith(CRM);
        assertThat(fixtures.state(referral(1))).isEqualTo("WAITING");
    }

    @Test
    void aSweepWithoutAPermitHoldsNoEventBackAndIsNoFailure() {
        fixtures.want(referral(1), Priority.SWEEP);
        fixtures.want(referral(2), Priority.SWEEP);
        Instant free = fixtures.clock.instant().plusSeconds(40);
        List<String> runs = new ArrayList<>();
        QueueFixtures.Node node = fixtures.node(attempt -> {
            runs.add(attempt.subject().key());
            return attempt.call().priority() == Priority.SWEEP
                            && fixtures.clock.instant().isBefore(free)
                    ? new SyncOutcome.NotNow(SystemState.PARTNER_CENTER, true, free, "No call is left.", true)
                    : done();
        });
        node.drain();
        assertThat(runs).hasSize(1);
        fixtures.want(referral(3), Priority.EVENT);
        node.drain();
        assertThat(runs).hasSize(2).endsWith(referral(3).key());
        fixtures.want(referral(1), Priority.EVENT);
        node.drain();
        assertThat(fixtures.state(referral(1))).isEqualTo("DONE");
        fixtures.clock.advance(Duration.ofSeconds(41));
        node.drain();
        assertThat(fixtures.state(referral(2))).isEqualTo("DONE");
        assertThat(fixtures.trail.entries).isEmpty();
    }

    @Test
    void anEventWithoutAPermitWaitsAndCountsNothing() {
        for (int i = 0; i < 5; i++) {
            fixtures.want(referral(i));
        }
        int[] runs = {0};
        for (int minute = 0; minute < 20; minute++) {
            Instant free = fixtures.clock.instant().plusSeconds(60);
            fixtures.node(attempt -> {
                        runs[0]++;
                        return new SyncOutcome.NotNow(SystemState.PARTNER_CENTER, true, free, "No call is left.", true);
                    })
                    .drain();
            fixtures.clock.advance(Duration.ofSeconds(60));
        }
        assertThat(runs[0]).isEqualTo(20);
        assertThat(fixtures.trail.entries).isEmpty();
        fixtures.node().drain();
        assertThat(fixtures.health.counts()).isEqualTo(QueueCounts.NONE);
    }

    @Test
    void aRequestThatAloneMeetsABrokenSetUpDoesNotKeepTheOthersFromTrying() {
        fixtures.want(referral(1));
        QueueFixtures.Node node = fixtures.node(attempt -> attempt.subject().equals(referral(1)) ? REVOKED : done());
        node.drain();
        fixtures.want(referral(2));
        fixtures.clock.advance(QueueSettings.PROBE_INTERVAL);
        node.drain();
        assertThat(fixtures.state(referral(2))).isEqualTo("DONE");
    }

    @Test
    void aProbeThatDidNotCallTheCrmLetsTheNextOneTryAtOnce() {
        for (int i = 0; i < 30; i++) {
            fixtures.want(referral(i));
        }
        fixtures.node(attempt -> REVOKED).drain();
        fixtures.clock.advance(QueueSettings.PROBE_INTERVAL);
        fixtures.node(attempt ->
                        attempt.subject().equals(referral(29)) ? done() : new SyncOutcome.Done("skipped", () -> {}))
                .drain();
        assertThat(fixtures.health.counts()).isEqualTo(QueueCounts.NONE);
        assertThat(fixtures.system("crm").paused()).isFalse();
    }

    @Test
    void aWantDuringAnAttemptThatFailsMakesItDueAtOnce() {
        fixtures.want(referral(1));
        int[] runs = {0};
        fixtures.node(attempt -> {
                    if (runs[0]++ == 0) {
                        fixtures.want(referral(1));
                        return notNow("Cut.");
                    }
                    return done();
                })
                .drain();
        assertThat(runs[0]).isEqualTo(2);
        assertThat(fixtures.state(referral(1))).isEqualTo("DONE");
    }

    @Test
    void ignoresAConnectionThatIsNotConfigured() {
        fixtures.node().worker().drain(new ConnectionName("gone"));
        assertThat(fixtures.nudges.sent).isEmpty();
    }
}
