package org.cosellbridge.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RefusalCountsTest {
    private final MovingClock clock = new MovingClock("2026-11-20T08:30:10Z");
    private final List<AuditEntry> stored = new ArrayList<>();
    private boolean away;
    private final RefusalCounts counts = RefusalCounts.of(
            entry -> {
                if (away) {
                    throw new IllegalStateException("the database is away");
                }
                stored.add(entry);
                return UUID.randomUUID();
            },
            clock);

    @Test
    void writesOneEntryForAReasonASourceAndAMinute() {
        refuse(3, "signature", "192.0.2.1");
        refuse(2, "signature", "192.0.2.2");
        refuse(1, "size", "192.0.2.1");
        clock.move(Duration.ofMinutes(1));
        refuse(4, "signature", "192.0.2.1");
        clock.move(Duration.ofMinutes(1));

        counts.flush();
        counts.flush();

        assertThat(told())
                .containsExactlyInAnyOrder(
                        "3 signature 192.0.2.1 2026-11-20T08:30:00Z",
                        "2 signature 192.0.2.2 2026-11-20T08:30:00Z",
                        "1 size 192.0.2.1 2026-11-20T08:30:00Z",
                        "4 signature 192.0.2.1 2026-11-20T08:31:00Z");
        assertThat(stored).allSatisfy(entry -> {
            assertThat(entry.kind()).isEqualTo(AuditKind.DELIVERY_REFUSED);
            assertThat(entry.outcome()).isEqualTo("refused");
        });
    }

    @Test
    void waitsUntilTheMinuteIsOverUnlessTheProductEnds() {
        refuse(1, "signature", "192.0.2.1");

        counts.flush();
        assertThat(stored).isEmpty();

        counts.flushAll();
        assertThat(told()).containsExactly("1 signature 192.0.2.1 2026-11-20T08:30:00Z");
    }

    @Test
    void tellsKindsApart() {
        counts.refused(AuditKind.DELIVERY_REFUSED, "path", "192.0.2.1");
        counts.refused(AuditKind.ACCESS_REFUSED, "path", "192.0.2.1");

        counts.flushAll();

        assertThat(stored)
                .extracting(AuditEntry::kind)
                .containsExactlyInAnyOrder(AuditKind.DELIVERY_REFUSED, AuditKind.ACCESS_REFUSED);
    }

    @Test
    void aFloodFromEverywhereIsAFewEntriesAndNoneIsUncounted() {
        IntStream.range(0, 100_000).forEach(i -> refuse(1, "signature", "source-" + i));
        IntStream.range(0, 1000).forEach(i -> refuse(1, "reason-" + i, "192.0.2.1"));

        counts.flushAll();

        assertThat(stored).hasSizeLessThanOrEqualTo(RefusalCounts.MOST_KEYS + RefusalCounts.MOST_REASONS_BEYOND + 1);
        assertThat(stored.stream()
                        .mapToLong(entry -> entry.count() == null ? 0 : entry.count())
                        .sum())
                .isEqualTo(101_000);
        assertThat(told()).contains("99800 signature other 2026-11-20T08:30:00Z");
    }

    @Test
    void keepsWhatCannotBeStored() {
        refuse(2, "signature", "192.0.2.1");
        clock.move(Duration.ofMinutes(1));
        away = true;

        assertThatThrownBy(counts::flush).hasMessage("the database is away");

        away = false;
        counts.flush();
        assertThat(told()).containsExactly("2 signature 192.0.2.1 2026-11-20T08:30:00Z");
    }

    @Test
    void forgetsSourcesWhenTheDatabaseIsAwayForLong() {
        away = true;
        refuse(2, "signature", "192.0.2.1");
        refuse(3, "signature", "192.0.2.2");
        clock.move(RefusalCounts.SOURCES_KEPT.plusMinutes(2));
        assertThatThrownBy(counts::flush).hasMessage("the database is away");

        away = false;
        counts.flush();

        assertThat(told()).containsExactly("5 signature other 2026-11-20T08:30:00Z");
    }

    @Test
    void aSourceCannotPutAnythingIntoTheTrailButPlainText() {
        refuse(1, "signature", "bad\u0000\nsource");
        refuse(1, "signature", "x".repeat(5000));
        refuse(1, "signature", " ");

        counts.flushAll();

        assertThat(stored)
                .extracting(AuditEntry::source)
                .containsExactlyInAnyOrder("bad??source", "x".repeat(100), "unknown");
    }

    private void refuse(int times, String reason, String source) {
        IntStream.range(0, times).forEach(i -> counts.refused(AuditKind.DELIVERY_REFUSED, reason, source));
    }

    private List<String> told() {
        return stored.stream()
                .map(entry -> {
                    Instant since = entry.since();
                    return entry.count() + " " + entry.reason() + " " + entry.source() + " " + since;
                })
                .collect(Collectors.toList());
    }
}
