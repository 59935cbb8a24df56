package org.cosellbridge.http;

import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.temporal.TemporalAccessor;
import java.util.Optional;

/** The {@code Retry-After} of an answer: when the system wants to be called again. */
public final class RetryAfter {
    private static final Duration LEAST = Duration.ofSeconds(1);
    private static final Duration MOST = Duration.ofDays(1);

    private RetryAfter() {}

    /**
     * How long to wait: at least one second, and never less than asked unless more than a day was asked, which is taken for a
     * mistake and cut to a day. Empty when the answer does not say, or not in a form that can be read.
     */
    public static Optional<Duration> delay(HttpAnswer answer, Clock clock) {
        return answer.header("Retry-After").map(String::trim).flatMap(text -> parse(text, answer, clock));
    }

    /** The same as a point in time of this clock. */
    public static Optional<Instant> notBefore(HttpAnswer answer, Clock clock) {
        return delay(answer, clock).map(delay -> clock.instant().plus(delay));
    }

    private static Optional<Duration> parse(String text, HttpAnswer answer, Clock clock) {
        if (text.matches("\\d{1,18}(\\.\\d+)?")) {
            long seconds = Long.parseLong(text.replaceAll("\\..*", ""));
            return Optional.of(within(Duration.ofSeconds(text.indexOf('.') < 0 ? seconds : seconds + 1)));
        }
        // A date counts from the server's own Date, so that a clock that is wrong here or there does not matter.
        return date(text)
                .map(until -> within(Duration.between(
                        answer.header("Date").flatMap(RetryAfter::date).orElse(clock.instant()), until)));
    }

    private static Optional<Instant> date(String text) {
        try {
            TemporalAccessor date = DateTimeFormatter.RFC_1123_DATE_TIME.parse(text.trim());
            return Optional.of(Instant.from(date));
        } catch (DateTimeException notADate) {
            return Optional.empty();
        }
    }

    private static Duration within(Duration wait) {
        if (wait.compareTo(LEAST) < 0) {
            return LEAST;
        }
        return wait.compareTo(MOST) > 0 ? MOST : wait;
    }
}
