package org.cosellbridge.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.cosellbridge.queue.QueueFixtures.record;
import static org.cosellbridge.queue.QueueFixtures.ref;
import static org.cosellbridge.queue.QueueFixtures.referral;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.cosellbridge.connector.LeaseLostException;
import org.cosellbridge.connector.RecordRef;
import org.cosellbridge.sync.SyncOutcome;
import org.cosellbridge.sync.SyncSubject;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whatever the order of wants, claims, ends, crashes and lapses: two attempts of one referral or record never run at once, what a
 * late one brings is never stored, and in the end every want has an answer that was begun after it was stated.
 */
class InterleavingTest {
    private static final int REFERRALS = 4;
    private static final int STEPS = 400;

    /** An attempt as the test knows it: until when its lease runs and what it had seen. */
    private static final class Open {
        final ClaimedAttempt attempt;
        final QueueFixtures.Node node;
        final int seen;
        final Set<String> works = new HashSet<>();
        Instant leaseUntil;

        Open(ClaimedAttempt attempt, QueueFixtures.Node node, int seen, Instant leaseUntil) {
            this.attempt = attempt;
            this.node = node;
            this.seen = seen;
            this.leaseUntil = leaseUntil;
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
    void keepsItsPromises(long seed) {
        try (QueueFixtures fixtures = new QueueFixtures(3)) {
            Random random = new Random(seed);
            List<QueueFixtures.Node> nodes = List.of(fixtures.node(), fixtures.node());
            Map<String, Integer> wanted = new HashMap<>();
            Map<String, Integer> answered = new HashMap<>();
            List<Open> open = new ArrayList<>();
            for (int step = 0; step < STEPS; step++) {
                switch (random.nextInt(10)) {
                    case 0, 1, 2 -> {
                        int number = random.nextInt(REFERRALS);
                        SyncSubject subject = random.nextInt(3) == 0 ? record(number) : referral(number);
                        fixtures.want(subject, Ranks.parse(1 + random.nextInt(4)));
                        wanted.merge(subject.key(), 1, Integer::sum);
                    }
                    case 3, 4, 5 -> {
                        QueueFixtures.Node node = nodes.get(random.nextInt(2));
                        Optional<ClaimedAttempt> claimed = node.claim();
                        if (claimed.isPresent()) {
                            String key = claimed.get().subject().key();
                            Open next = new Open(
                                    claimed.get(),
                                    node,
                                    wanted.getOrDefault(key, 0),
                                    fixtures.clock.instant().plus(QueueSettings.LEASE));
                            open.add(next);
                            works(fixtures, open, next, claimed.get().held());
                            RecordRef counterpart = counterpart(claimed.get().subject());
                            if (random.nextBoolean() && claimed.get().hold(counterpart)) {
                                works(fixtures, open, next, Set.of(counterpart.toString()));
                            }
                            assertThat(open.stream().filter(one -> live(fixtures, one)))
                                    .hasSizeLessThanOrEqualTo(3);
                        }
                    }
                    case 6, 7, 8 -> {
                        if (!open.isEmpty()) {
                            end(fixtures, open.remove(random.nextInt(open.size())), random, answered);
                        }
                    }
                    default -> {
                        fixtures.clock.advance(Duration.ofSeconds(random.nextInt(20)));
                        if (!open.isEmpty() && random.nextBoolean()) {
                            renew(fixtures, open.get(random.nextInt(open.size())));
                        }
                    }
                }
            }
            // everybody who still runs dies; then the world is quiet and all goes well
            fixtures.clock.advance(Duration.ofHours(2));
            for (int round = 0; round < 200; round++) {
                Optional<ClaimedAttempt> claimed = nodes.get(0).claim();
                if (claimed.isEmpty()) {
                    break;
                }
                Open last = new Open(
                        claimed.get(),
                        nodes.get(0),
                        wanted.getOrDefault(claimed.get().subject().key(), 0),
                        fixtures.clock.instant());
                answer(last, answered);
            }
            assertThat(answered).isEqualTo(wanted);
            assertThat(fixtures.health.counts()).isEqualTo(QueueCounts.NONE);
            assertThat(fixtures.holdsLeft()).isZero();
        }
    }

    /** The record of a referral and the referral of a record with the same number. */
    private static RecordRef counterpart(SyncSubject subject) {
        for (int number = 0; number < REFERRALS; number++) {
            if (subject.equals(referral(number))) {
                return ref(number);
            }
            if (subject.equals(record(number))) {
                return new RecordRef(
                        RecordRef.REFERRAL,
                        referral(number).findReferral().orElseThrow().value());
            }
        }
        throw new AssertionError(subject);
    }

    private static boolean live(QueueFixtures fixtures, Open one) {
        return one.leaseUntil.isAfter(fixtures.clock.instant());
    }

    private static void works(QueueFixtures fixtures, List<Open> open, Open next, Set<String> subjects) {
        for (Open other : open) {
            if (other != next && live(fixtures, other)) {
                assertThat(other.works).doesNotContainAnyElementsOf(subjects);
            }
        }
        next.works.addAll(subjects);
    }

    private static void renew(QueueFixtures fixtures, Open one) {
        boolean live = live(fixtures, one);
        try {
            Duration ignored = one.attempt.call().guard().beforeCall();
            assertThat(live).isTrue();
            one.leaseUntil = fixtures.clock.instant().plus(QueueSettings.LEASE);
        } catch (LeaseLostException lost) {
            assertThat(live).isFalse();
        }
    }

    private static void end(QueueFixtures fixtures, Open one, Random random, Map<String, Integer> answered) {
        boolean live = live(fixtures, one);
        try {
            switch (random.nextInt(5)) {
                case 0 -> one.node.endings().end(one.attempt, QueueFixtures.notNow("Failed."));
                case 1 -> one.node.endings().end(one.attempt, new SyncOutcome.NotNow("crm", true, null, "Away."));
                case 2 -> {
                    // a crash: nothing is ever heard of it again
                    return;
                }
                default -> answer(one, answered);
            }
            assertThat(live).isTrue();
        } catch (LeaseLostException lost) {
            assertThat(live).isFalse();
            one.node.endings().lookAgain(one.attempt);
        }
    }

    private static void answer(Open one, Map<String, Integer> answered) {
        one.node.endings().end(one.attempt, new SyncOutcome.Done("updated", () -> {
            Integer ignored = answered.merge(one.attempt.subject().key(), one.seen, Math::max);
        }));
    }
}
