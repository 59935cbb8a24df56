package org.cosellbridge.simulator;

import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * One event on its way to the registered URL, as it stood when asked.
 *
 * @param event what is told
 * @param to where to
 * @param state how far it is
 * @param attempts the tries so far, oldest first
 */
public record Delivery(WebhookEvent event, URI to, State state, List<Attempt> attempts) {
    public Delivery {
        attempts = List.copyOf(attempts);
    }

    /** How far a delivery is. */
    public enum State {
        /** It waits for its first or next attempt. */
        WAITING,
        /** It was answered with 2xx. */
        DELIVERED,
        /** Every attempt failed; it is lost. */
        GIVEN_UP,
        /** It was lost on purpose and never sent. */
        DROPPED
    }

    /**
     * One try.
     *
     * @param time when it was sent
     * @param status the answer's status, 0 when there was none
     * @param problem why there was no answer, else empty
     * @param took until the answer or the end of the wait
     */
    public record Attempt(Instant time, int status, String problem, Duration took) {
        /** Whether the receiver took it. */
        public boolean isAccepted() {
            return status >= 200 && status < 300;
        }
    }
}
