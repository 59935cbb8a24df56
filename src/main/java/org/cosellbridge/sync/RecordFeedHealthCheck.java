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
 * Always up: whether a CRM can be heard is data, not a reason to take this node out of service. It asks no database, since a
 * server may call it from outside the application; it tells what this node saw at its last look, a second ago.
 */
@Readiness
@Singleton
class RecordFeedHealthCheck implements HealthCheck {
    private final RecordFeed feed;
    private final Clock clock;

    @Inject
    RecordFeedHealthCheck(RecordFeed feed, Clock clock) {
        this.feed = feed;
        this.clock = clock;
    }

    @Override
    public HealthCheckResponse call() {
        HealthCheckResponseBuilder response =
                HealthCheckResponse.named("record-feed").up();
        Instant now = clock.instant();
        for (SyncTokenRepository.State state : feed.listStates()) {
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
