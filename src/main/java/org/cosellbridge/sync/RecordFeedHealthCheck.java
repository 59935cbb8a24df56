package org.cosellbridge.sync;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.HealthCheckResponseBuilder;
import org.eclipse.microprofile.health.Readiness;

/**
 * Always up: whether a CRM can be heard is data, not a reason to take this node out of service.
 */
@Readiness
@Singleton
class RecordFeedHealthCheck implements HealthCheck {
    private final RecordFeedStates feeds;
    private final Clock clock;

    @Inject
    RecordFeedHealthCheck(RecordFeedStates feeds, Clock clock) {
        this.feeds = feeds;
        this.clock = clock;
    }

    @Override
    public HealthCheckResponse call() {
        HealthCheckResponseBuilder response =
                HealthCheckResponse.named("record-feed").up();
        Instant now = clock.instant();
        for (SyncTokenRepository.State state : feeds.list()) {
            Instant ended = state.endedAt();
            Instant given = state.givenAt();
            response.withData(state.feed() + ".last-walk", ended == null ? "never" : ended.toString());
            if (given != null) {
                response.withData(
                        state.feed() + ".token-age-seconds",
                        Duration.between(given, now).toSeconds());
            }
            if (!state.failure().isEmpty()) {
                response.withData(state.feed() + ".failure", state.failure());
            }
        }
        return response.build();
    }
}
