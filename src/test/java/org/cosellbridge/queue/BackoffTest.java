package org.cosellbridge.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Map;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.cosellbridge.platform.Configuration;
import org.junit.jupiter.api.Test;

class BackoffTest {
    private static final Duration BASE = Duration.ofSeconds(1);
    private final QueueSettings settings = new QueueSettings(Configuration.of(Map.of()));

    @Test
    void staysBetweenTheBaseAndADoublingLimit() {
        Random random = new Random(3);
        Backoff backoff = new Backoff(settings, random);
        for (int failures = 1; failures <= 60; failures++) {
            Duration limit = failures < 12 ? BASE.multipliedBy(1L << failures) : QueueSettings.LONGEST_RETRY;
            for (int i = 0; i < 50; i++) {
                assertThat(backoff.afterFailures(failures)).isBetween(BASE, limit);
                assertThat(backoff.afterSystemFailures(failures)).isBetween(BASE, QueueSettings.PROBE_INTERVAL);
            }
        }
    }

    @Test
    void usesTheWholeRange() {
        RandomGenerator highest = () -> -1L;
        RandomGenerator lowest = () -> 0L;
        assertThat(new Backoff(settings, highest).afterFailures(12)).isGreaterThan(Duration.ofMinutes(59));
        assertThat(new Backoff(settings, lowest).afterFailures(12)).isEqualTo(BASE);
    }

    @Test
    void refusesSettingsThatCannotWork() {
        Configuration configuration =
                Configuration.of(Map.of("cosell.queue.max-attempts", "0", "cosell.queue.retry-base", "PT2H"));
        QueueSettings wrong = new QueueSettings(configuration);
        assertThat(configuration.faults()).hasSize(2);
        assertThat(wrong.maxAttempts()).isEqualTo(12);
    }
}
