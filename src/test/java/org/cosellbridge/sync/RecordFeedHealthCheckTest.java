package org.cosellbridge.sync;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.cosellbridge.connector.RetryableException;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.HealthCheckResponseBuilder;
import org.eclipse.microprofile.health.spi.HealthCheckResponseProvider;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RecordFeedHealthCheckTest {
    private final RecordFeedFixture fixture = new RecordFeedFixture();

    @BeforeEach
    void answer() {
        HealthCheckResponseProvider provider = Builder::new;
        HealthCheckResponse.setResponseProvider(provider);
    }

    @AfterEach
    void close() {
        HealthCheckResponse.setResponseProvider(null);
        fixture.close();
    }

    private Map<String, Object> data() {
        HealthCheckResponse response = new RecordFeedHealthCheck(fixture.states, fixture.clock).call();
        assertThat(response.getName()).isEqualTo("record-feed");
        assertThat(response.getStatus()).isEqualTo(HealthCheckResponse.Status.UP);
        return response.getData().orElseThrow();
    }

    @Test
    void showsEveryFeedAsItWasAtTheLastLook() {
        RecordFeed feed = fixture.node();
        assertThat(data()).isEmpty();

        feed.pollDue();
        fixture.clock.move(Duration.ofSeconds(30));
        feed.pollDue();

        assertThat(data())
                .isEqualTo(Map.of(
                        "crm/opportunity.last-walk", "2026-11-20T10:00:00Z", "crm/opportunity.token-age-seconds", 30L));
    }

    @Test
    void showsWhyAFeedIsNotHeardAndHowLongSince() {
        RecordFeed feed = fixture.node();
        feed.pollDue();
        fixture.clock.move(RecordFeedFixture.INTERVAL);
        fixture.crm.onCall(1, () -> {
            throw new RetryableException("crm", "The CRM does not answer.", true, null, null);
        });
        feed.pollDue();
        feed.pollDue();

        assertThat(data())
                .isEqualTo(Map.of(
                        "crm/opportunity.last-walk",
                        "2026-11-20T10:01:00Z",
                        "crm/opportunity.token-age-seconds",
                        60L,
                        "crm/opportunity.failure",
                        "The CRM does not answer."));
    }

    private static final class Builder extends HealthCheckResponseBuilder {
        private final Map<String, Object> data = new LinkedHashMap<>();
        private String name = "";
        private boolean up;

        @Override
        public HealthCheckResponseBuilder name(String value) {
            name = value;
            return this;
        }

        @Override
        public HealthCheckResponseBuilder withData(String key, String value) {
            data.put(key, value);
            return this;
        }

        @Override
        public HealthCheckResponseBuilder withData(String key, long value) {
            data.put(key, value);
            return this;
        }

        @Override
        public HealthCheckResponseBuilder withData(String key, boolean value) {
            data.put(key, value);
            return this;
        }

        @Override
        public HealthCheckResponseBuilder up() {
            return status(true);
        }

        @Override
        public HealthCheckResponseBuilder down() {
            return status(false);
        }

        @Override
        public HealthCheckResponseBuilder status(boolean value) {
            up = value;
            return this;
        }

        @Override
        public HealthCheckResponse build() {
            return new HealthCheckResponse(
                    name, up ? HealthCheckResponse.Status.UP : HealthCheckResponse.Status.DOWN, Optional.of(data));
        }
    }
}
