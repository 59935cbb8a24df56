package org.cosellbridge.access;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Slows down whoever guesses: after a few wrong logins the next one has to wait, and each further wrong one doubles the wait. One is
 * counted for a source and a name together, one for a source alone. It makes no difference between names that exist and names that
 * do not. Bounded memory: the pair that was seen least recently is forgotten first. Thread-safe.
 */
final class LoginBrake {
    static final int FREE_PER_PAIR = 5;
    static final int FREE_PER_SOURCE = 50;
    static final Duration LONGEST_WAIT = Duration.ofSeconds(60);

    /** After this quiet time the wrong logins of a pair are forgotten. */
    static final Duration FORGOTTEN = Duration.ofMinutes(15);

    static final int MOST_REMEMBERED = 10_000;

    private final Clock clock;
    private final Map<String, Failures> failures = new LinkedHashMap<>(64, 0.75f, true);

    LoginBrake(Clock clock) {
        this.clock = clock;
    }

    /** How long this source must wait before this name is checked again; empty when it need not. */
    synchronized Optional<Duration> findWait(String source, String name) {
        Instant now = clock.instant();
        Duration pair = waitOf(pair(source, name), FREE_PER_PAIR, now);
        Duration alone = waitOf(source, FREE_PER_SOURCE, now);
        Duration longer = pair.compareTo(alone) >= 0 ? pair : alone;
        return longer.isZero() ? Optional.empty() : Optional.of(longer);
    }

    /** The login of this name from this source was wrong. */
    synchronized void failed(String source, String name) {
        Instant now = clock.instant();
        count(pair(source, name), now);
        count(source, now);
    }

    /** The login was right: its pair starts afresh; the source does not, or a guesser with one login could wipe its trace. */
    synchronized void succeeded(String source, String name) {
        failures.remove(pair(source, name));
    }

    /** How many sources and pairs are remembered. */
    synchronized int remembered() {
        return failures.size();
    }

    private Duration waitOf(String key, int free, Instant now) {
        Failures seen = failures.get(key);
        if (seen == null || seen.count < free || now.isAfter(seen.last.plus(FORGOTTEN))) {
            return Duration.ZERO;
        }
        int doublings = Math.min(seen.count - free, 6);
        Duration wait = Duration.ofSeconds(Math.min(1L << doublings, LONGEST_WAIT.toSeconds()));
        Duration left = Duration.between(now, seen.last.plus(wait));
        return left.isNegative() ? Duration.ZERO : left;
    }

    private void count(String key, Instant now) {
        Failures seen = failures.get(key);
        int before = seen == null || now.isAfter(seen.last.plus(FORGOTTEN)) ? 0 : seen.count;
        failures.put(key, new Failures(before + 1, now));
        if (failures.size() > MOST_REMEMBERED) {
            failures.remove(failures.keySet().iterator().next());
        }
    }

    private static String pair(String source, String name) {
        String shortName = name.length() <= 100 ? name : name.substring(0, 100);
        return source + "\n" + shortName;
    }

    private record Failures(int count, Instant last) {}
}
