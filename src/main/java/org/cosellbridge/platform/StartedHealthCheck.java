package org.cosellbridge.platform;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Startup;

/** {@code /health/started}: configuration and mapping documents were checked and the database was migrated. */
@Startup
@ApplicationScoped
public class StartedHealthCheck implements HealthCheck {
    @Inject
    private StartState start;

    @Override
    public HealthCheckResponse call() {
        return HealthCheckResponse.named("start").status(start.isThrough()).build();
    }
}
