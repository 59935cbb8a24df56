package org.cosellbridge.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.assertj.core.groups.Tuple;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PermitsTest {
    private static final int EVENT = 1;
    private static final int WRITE_BACK = 2;
    private static final int SWEEP = 3;

    private final OutboundFixtures outbound = new OutboundFixtures();
    private final Permits permits = outbound.permits();

    @AfterEach
    void close() {
        outbound.close();
    }

    private void take(int rank) {
        permits.take("crm", rank, Deadline.in(Duration.ofSeconds(20)));
    }

    private OutboundException.Refused refusal(int rank) {
        return catchThrowableOfType(OutboundException.Refused.class, () -> take(rank));
    }

    @Test
    void refusesACallOverTheLimitAndSaysWhenOneIsFree() {
        permits.limit("crm", 3, Duration.ofSeconds(60));
        Instant before = Instant.now();
        IntStream.range(0, 3).forEach(call -> take(EVENT));

        OutboundException.Refused refused = refusal(EVENT);

        assertThat(refused.notBefore())
                .isBetween(before.plusSeconds(60), Instant.now().plusSeconds(63));
    }

    @Test
    void keepsPermitsBackFromThoseWhoCanWait() {
        permits.limit("crm", 10, Duration.ofSeconds(60));
        IntStream.range(0, 5).forEach(call -> take(SWEEP));
        assertThat(refusal(SWEEP)).isNotNull();
        IntStream.range(0, 4).forEach(call -> take(WRITE_BACK));
        assertThat(refusal(WRITE_BACK)).isNotNull();
        take(EVENT);
        assertThat(refusal(EVENT)).isNotNull();
    }

    @Test
    void givesEachSystemItsOwnWindow() {
        permits.limit("crm", 1, Duration.ofSeconds(60));
        permits.limit("other", 1, Duration.ofSeconds(60));
        take(EVENT);

        assertThatCode(() -> permits.take("other", EVENT, Deadline.in(Duration.ofSeconds(20))))
                .doesNotThrowAnyException();
    }

    @Test
    void givesAPermitAgainOnceTheWindowHasPassed() {
        permits.limit("crm", 1, Duration.ofSeconds(1));
        take(EVENT);
        long startedAt = System.nanoTime();

        Awaitility.await().pollInterval(Duration.ofMillis(50)).until(() -> refusal(EVENT) == null);

        assertThat(Duration.ofNanos(System.nanoTime() - startedAt))
                .isBetween(Duration.ofSeconds(1), Duration.ofSeconds(4));
    }

    @Test
    void neverGivesMoreThanTheLimitInAnyWindowToSixteenThreads() throws Exception {
        int calls = 40;
        Duration window = Duration.ofSeconds(2);
        permits.limit("crm", calls, window);
        ConcurrentLinkedQueue<Instant> given = new ConcurrentLinkedQueue<>();
        Instant end = Instant.now().plusSeconds(9);
        ExecutorService threads = Executors.newFixedThreadPool(16);
        try {
            List<Callable<Boolean>> work = new ArrayList<>();
            for (int thread = 0; thread < 16; thread++) {
                work.add(() -> {
                    while (Instant.now().isBefore(end)) {
                        if (outbound.brakes().take("crm", new BrakeRepository.Limit(calls, window), EVENT)
                                instanceof BrakeRepository.Granted) {
                            given.add(Instant.now());
                        }
                    }
                    return true;
                });
            }
            for (Future<Boolean> done : threads.invokeAll(work)) {
                assertThat(done.get()).isTrue();
            }
        } finally {
            threads.shutdownNow();
        }
        List<Instant> sorted = given.stream().sorted().toList();
        for (int first = 0; first + calls < sorted.size(); first++) {
            assertThat(Duration.between(sorted.get(first), sorted.get(first + calls)))
                    .as("time that call %d to call %d took", first, first + calls)
                    .isGreaterThan(window);
        }
        assertThat(sorted).hasSizeGreaterThanOrEqualTo(2 * calls);
    }

    @Test
    void aPauseHoldsEveryRankAndIsNeverShortened() {
        permits.limit("crm", 10, Duration.ofSeconds(60));
        Instant before = Instant.now();
        permits.pause("crm", Duration.ofSeconds(40));
        permits.pause("crm", Duration.ofSeconds(5));

        assertThat(refusal(0).notBefore())
                .isBetween(before.plusSeconds(39), Instant.now().plusSeconds(41));
    }

    @Test
    void aPauseSetByAnotherNodeHoldsASystemWithoutLimitToo() {
        Permits otherNode = new Permits(outbound.brakes(), Clock.systemUTC());
        otherNode.pause("entra", Duration.ofSeconds(40));

        assertThatThrownBy(() -> permits.take("entra", 0, Deadline.in(Duration.ofSeconds(20))))
                .isInstanceOf(OutboundException.Refused.class);
    }

    @Test
    void aPauseThatIsOverHoldsNobody() {
        permits.pause("crm", Duration.ofNanos(1));

        assertThatCode(() -> take(EVENT)).doesNotThrowAnyException();
    }

    @Test
    void showsWhatIsLeft() {
        permits.limit("crm", 10, Duration.ofSeconds(60));
        take(EVENT);
        permits.pause("entra", Duration.ofSeconds(40));

        assertThat(outbound.systems().list())
                .extracting(RemoteSystem::system, RemoteSystem::limit, RemoteSystem::permitsLeft)
                .containsExactly(Tuple.tuple("crm", 10, 9), Tuple.tuple("entra", 0, 0));
        assertThat(outbound.systems().of("entra").pausedUntil()).isAfter(Instant.now());
        assertThat(outbound.systems().of("crm").pausedUntil()).isNull();
    }
}
