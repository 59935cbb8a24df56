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
     * The call hangs and is then cut before anything has happened. A caller that is killed meanwhile leaves no trace at the remote
     * side.
     *
     * @param howLong from the call's arrival to the cut
     */
    static Fault hang(Duration howLong) {
        return new Hang(howLong, false);
    }

    /**
     * The call has its whole effect at once, but instead of the answer the connection hangs and is then cut.
     *
     * @param howLong from the effect to the cut
     */
    static Fault hangAfterEffect(Duration howLong) {
        return new Hang(howLong, true);
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

    /**
     * See {@link #hang} and {@link #hangAfterEffect}.
     *
     * @param howLong how long the caller waits in vain
     * @param afterEffect whether the call has its effect before that
     */
    record Hang(Duration howLong, boolean afterEffect) implements Fault {}
}
