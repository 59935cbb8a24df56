package org.cosellbridge.platform;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.UUID;
import java.util.random.RandomGenerator;

/**
 * Hands out time-ordered ids (UUID version 7, RFC 9562): ids made later on one node sort later, so that an id is also the order of
 * a list and the cursor of its pages. Thread-safe.
 */
@Singleton
public class Ids {
    private final Clock clock;
    private final RandomGenerator random;
    private long lastStamp;

    @Inject
    Ids(Clock clock) {
        this(clock, new SecureRandom());
    }

    /** Ids from this clock and randomness; for tests. */
    public Ids(Clock clock, RandomGenerator random) {
        this.clock = clock;
        this.random = random;
    }

    /** A new id, later than every id this object gave before. */
    public UUID next() {
        // 48 bits of milliseconds and 12 bits of their fraction count as one stamp; a stamp is never given twice, so
        // ids made
        // within one tick of the clock still sort in the order in which they were made.
        long stamp = nextStamp();
        long high = ((stamp >>> 12) << 16) | 0x7000L | (stamp & 0xFFFL);
        long low = (random.nextLong() & 0x3FFF_FFFF_FFFF_FFFFL) | 0x8000_0000_0000_0000L;
        return new UUID(high, low);
    }

    private synchronized long nextStamp() {
        long micros = ChronoUnit.MICROS.between(Instant.EPOCH, clock.instant());
        long stamp = ((micros / 1000) << 12) | ((micros % 1000) * 4096 / 1000);
        lastStamp = Math.max(stamp, lastStamp + 1);
        return lastStamp;
    }
}
