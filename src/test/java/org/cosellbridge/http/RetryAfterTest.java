package org.cosellbridge.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RetryAfterTest {
    private static final Clock NOW = Clock.fixed(Instant.parse("2026-11-20T08:00:00Z"), ZoneOffset.UTC);

    private static Optional<Duration> delay(String... header) {
        Map<String, List<String>> headers = header.length == 1
                ? Map.of("Retry-After", List.of(header[0]))
                : Map.of("Retry-After", List.of(header[0]), "date", List.of(header[1]));
        return RetryAfter.delay(new HttpAnswer(429, headers, new byte[0]), NOW);
    }

    @Test
    void readsSeconds() {
        assertThat(delay("57")).contains(Duration.ofSeconds(57));
        assertThat(delay(" 1200 ")).contains(Duration.ofMinutes(20));
        assertThat(delay("1.5")).contains(Duration.ofSeconds(2));
    }

    @Test
    void readsADateFromTheServersOwnClock() {
        assertThat(delay("Fri, 20 Nov 2026 08:02:00 GMT")).contains(Duration.ofMinutes(2));
        assertThat(delay("Fri, 20 Nov 2026 08:02:00 GMT", "Fri, 20 Nov 2026 08:01:00 GMT"))
                .contains(Duration.ofMinutes(1));
    }

    @Test
    void waitsAtLeastASecond() {
        assertThat(delay("0")).contains(Duration.ofSeconds(1));
        assertThat(delay("Fri, 20 Nov 2026 07:00:00 GMT")).contains(Duration.ofSeconds(1));
    }

    @Test
    void cutsWhatIsAbsurdOnly() {
        assertThat(delay("86400")).contains(Duration.ofDays(1));
        assertThat(delay("999999999999")).contains(Duration.ofDays(1));
    }

    @Test
    void ignoresWhatCannotBeRead() {
        assertThat(delay("soon")).isEmpty();
        assertThat(delay("-5")).isEmpty();
    }
}
