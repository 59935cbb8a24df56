package org.cosellbridge.platform;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class IdsTest {
    private static final Instant NOW = Instant.parse("2026-11-20T08:30:00.123456Z");

    @Test
    void idIsOfVersionSevenAndHoldsTheTimeInMilliseconds() {
        UUID id = new Ids(Clock.fixed(NOW, ZoneOffset.UTC), new Random(1)).next();
        assertThat(id.version()).isEqualTo(7);
        assertThat(id.variant()).isEqualTo(2);
        assertThat(id.getMostSignificantBits() >>> 16).isEqualTo(NOW.toEpochMilli());
    }

    @Test
    void laterIdsSortLaterAsTextEvenWhenTheClockStandsStillOrGoesBack() {
        SteppingClock clock = new SteppingClock();
        Ids ids = new Ids(clock, new Random(1));
        List<String> made = new ArrayList<>();
        for (int i = 0; i < 10_000; i++) {
            if (i % 1000 == 0) {
                clock.now = clock.now.plusNanos((i % 3000 == 0 ? -1 : 1) * 5_000_000L);
            }
            made.add(ids.next().toString());
        }
        assertThat(made).isSorted().doesNotHaveDuplicates();
    }

    @Test
    void microsecondsAreToldApart() {
        SteppingClock clock = new SteppingClock();
        UUID first = new Ids(clock, new Random(1)).next();
        clock.now = clock.now.plusNanos(1_000);
        UUID second = new Ids(clock, new Random(1)).next();
        assertThat(second.toString()).isGreaterThan(first.toString());
    }

    @Test
    void manyThreadsNeverGetTheSameIdAndEachSeesItsOwnRise() throws Exception {
        Ids ids = new Ids(Clock.systemUTC());
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            List<Future<List<String>>> made = new ArrayList<>();
            for (int thread = 0; thread < 8; thread++) {
                made.add(threads.submit(() -> {
                    List<String> mine = new ArrayList<>();
                    for (int i = 0; i < 5_000; i++) {
                        mine.add(ids.next().toString());
                    }
                    return mine;
                }));
            }
            Set<String> all = new HashSet<>();
            for (Future<List<String>> mine : made) {
                assertThat(mine.get()).isSorted();
                all.addAll(mine.get());
            }
            assertThat(all).hasSize(40_000);
        } finally {
            threads.shutdownNow();
        }
    }

    private static final class SteppingClock extends Clock {
        private Instant now = NOW;

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }

        @Override
        public Instant instant() {
            return now;
        }
    }
}
