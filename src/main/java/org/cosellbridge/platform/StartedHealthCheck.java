package org.cosellbridge.platform;

import jakarta.enterprise.context.ApplicationScoped;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Startup;

/** {@code /health/started}: configuration and mapping documents were checked and the database was migrated. */
@Startup
@ApplicationScoped
public class StartedHealthCheck implements HealthCheck {
    @Override
    public HealthCheckResponse call() {
        return HealthCheckResponse.named("start").status(isThrough()).build();
    }

    /** Whether the start is through. */
    public boolean isThrough() {
        return "through".equals(System.getProperty(org.cosellbridge.platform.Startup.START));
    }
}
