package org.cosellbridge.audit;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * Counts refused calls, so that a flood of them becomes a handful of entries: one for a kind, reason, source and minute, appended
 * when the minute is over. The memory it takes is bounded whatever arrives: from the {@value #MOST_KEYS}th pair of reason and
 * source of a minute on, new sources are counted as {@value #OTHER}.
 *
 * <p>{@code schedule} calls {@link #flush} every few seconds and {@link #flushAll} at the end. Counts that cannot be stored are kept
 * for the next call. A killed process loses the counts of the running minute, and nothing else. Thread-safe.
 */
@Singleton
public class RefusalCounts {
    /** The outcome of a counted entry. */
    public static final String REFUSED = "refused";

    static final int MOST_KEYS = 200;
    static final int MOST_REASONS_BEYOND = 50;
    static final String OTHER = "other";

    /** After this time unstored counts (the database is away) are no longer told apart by source. */
    static final Duration SOURCES_KEPT = Duration.ofHours(1);

    private static final int ENTRIES_AT_ONCE = 500;
    private static final int LONGEST_SOURCE = 100;

    private final RefusalEntries entries;
    private final Clock clock;
    private final NavigableMap<Instant, Map<Key, Long>> minutes = new TreeMap<>();

    @Inject
    RefusalCounts(RefusalEntries entries, Clock clock) {
        this.entries = entries;
        this.clock = clock;
    }

    /** Counts that append to this trail within whatever transaction the caller of {@link #flush} has; for tests. */
    public static RefusalCounts of(AuditTrail trail, Clock clock) {
        return new RefusalCounts(new RefusalEntries(trail), clock);
    }

    /**
     * Counts one refused call. Cheap; touches no database.
     *
     * @param kind {@link AuditKind#DELIVERY_REFUSED} or {@link AuditKind#ACCESS_REFUSED}
     * @param reason one of a few fixed words; never a text from the call
     * @param source where the call came from: the address of the peer
     */
    public void refused(AuditKind kind, String reason, String source) {
        Instant minute = clock.instant().truncatedTo(ChronoUnit.MINUTES);
        synchronized (minutes) {
            count(minutes.computeIfAbsent(minute, any -> new HashMap<>()), new Key(kind, reason, plain(source)), 1);
        }
    }

    /** Appends the entries of every minute that is over. Throws when the database does not take them; nothing is lost then. */
    public void flush() {
        append(clock.instant().truncatedTo(ChronoUnit.MINUTES));
    }

    /** Appends everything, the running minute too; for the end of the product. */
    public void flushAll() {
        append(Instant.MAX);
    }

    private void append(Instant before) {
        NavigableMap<Instant, Map<Key, Long>> due;
        synchronized (minutes) {
            NavigableMap<Instant, Map<Key, Long>> over = minutes.headMap(before, false);
            due = new TreeMap<>(over);
            over.clear();
        }
        List<Counted> waiting = new ArrayList<>();
        due.forEach((minute, counts) -> counts.forEach((key, count) -> waiting.add(new Counted(minute, key, count))));
        int stored = 0;
        try {
            while (stored < waiting.size()) {
                List<Counted> some = waiting.subList(stored, Math.min(stored + ENTRIES_AT_ONCE, waiting.size()));
                entries.append(some.stream().map(Counted::entry).toList());
                stored += some.size();
            }
        } finally {
            keep(waiting.subList(stored, waiting.size()));
        }
    }

    private void keep(List<Counted> unstored) {
        Instant sourcesFrom = clock.instant().minus(SOURCES_KEPT);
        synchronized (minutes) {
            for (Counted counted : unstored) {
                Key key = counted.minute.isBefore(sourcesFrom) ? counted.key.from(OTHER) : counted.key;
                count(minutes.computeIfAbsent(counted.minute, any -> new HashMap<>()), key, counted.count);
            }
        }
    }

    private static void count(Map<Key, Long> counts, Key key, long occurrences) {
        Key counted = key;
        if (!counts.containsKey(counted) && counts.size() >= MOST_KEYS) {
            counted = key.from(OTHER);
            if (!counts.containsKey(counted) && counts.size() >= MOST_KEYS + MOST_REASONS_BEYOND) {
                counted = new Key(key.kind, OTHER, OTHER);
            }
        }
        counts.merge(counted, occurrences, Long::sum);
    }

    private static String plain(String source) {
        String plain = source.replaceAll("[^\\x20-\\x7E]", "?").strip();
        if (plain.isEmpty()) {
            return "unknown";
        }
        return plain.length() <= LONGEST_SOURCE ? plain : plain.substring(0, LONGEST_SOURCE);
    }

    private record Key(AuditKind kind, String reason, String source) {
        Key from(String otherSource) {
            return new Key(kind, reason, otherSource);
        }
    }

    private record Counted(Instant minute, Key key, long count) {
        AuditEntry entry() {
            return AuditEntry.of(key.kind)
                    .outcome(REFUSED)
                    .reason(key.reason)
                    .counted(count, key.source, minute)
                    .build();
        }
    }
}
