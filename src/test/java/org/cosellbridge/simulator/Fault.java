package org.cosellbridge.simulator;

import java.time.Duration;

/** One way in which a remote system can fail a call. */
public sealed interface Fault {
    /** The call is answered as usual, but only after this long. */
    static Fault delay(Duration howLong) {
        return new Delay(howLong);
    }

    /** The call is refused with 429 and a {@code Retry-After} of this many seconds. A call before that breaks a rule. */
    static Fault throttled(int retryAfterSeconds) {
        return new Status(429, retryAfterSeconds);
    }

    /** The call is refused with this status and nothing happens. */
    static Fault status(int status) {
        return new Status(status, 0);
    }

    /** The call is refused with this status and a {@code Retry-After} of this many seconds. */
    static Fault status(int status, int retryAfterSeconds) {
        return new Status(status, retryAfterSeconds);
    }

    /** The connection is closed before anything happens. */
    static Fault cut() {
        return new Cut();
    }

    /** The call has its whole effect, but the connection is closed instead of the answer. */
    static Fault loseAnswer() {
        return new LoseAnswer();
    }

    /**
     * See {@link #delay}.
     *
     * @param howLong the time before the call is handled
     */
    record Delay(Duration howLong) implements Fault {}

    /**
     * See {@link #status(int, int)}.
     *
     * @param status the HTTP status
     * @param retryAfterSeconds 0 for no such header
     */
    record Status(int status, int retryAfterSeconds) implements Fault {}

    /** See {@link #cut}. */
    record Cut() implements Fault {}

    /** See {@link #loseAnswer}. */
    record LoseAnswer() implements Fault {}
}
