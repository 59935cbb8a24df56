package org.cosellbridge.webhook;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.LinkedHashMap;
import java.util.Map;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.HealthCheckResponseBuilder;
import org.eclipse.microprofile.health.Readiness;

/**
 * {@code /health/ready}: which connections take outbound messages of their Salesforce, and which key is missing where they do not.
 * Always up: without them changes are found by polling.
 */
@Readiness
@Singleton
class SalesforceWebhookHealthCheck implements HealthCheck {
    private final SalesforceWebhookSettings settings;

    @Inject
    SalesforceWebhookHealthCheck(SalesforceWebhookSettings settings) {
        this.settings = settings;
    }

    @Override
    public HealthCheckResponse call() {
        HealthCheckResponseBuilder response = HealthCheckResponse.named("salesforce-webhook");
        receivers().forEach(response::withData);
        return response.up().build();
    }

    /** By connection: {@code on}, or why it is off. */
    Map<String, String> receivers() {
        Map<String, String> receivers = new LinkedHashMap<>();
        settings.list()
                .forEach(sender -> receivers.put(
                        sender.connection().value(),
                        sender.secrets().isSet() ? "on" : "off: " + sender.secretKey() + " is not set"));
        return receivers;
    }
}
