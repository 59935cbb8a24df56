package org.cosellbridge.platform;

import jakarta.ejb.EJB;
import jakarta.enterprise.context.ApplicationScoped;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Startup;

/** {@code /health/started}: configuration and mapping documents were checked and the database was migrated. */
@Startup
@ApplicationScoped
public class StartedHealthCheck implements HealthCheck {
    @EJB
    private org.cosellbridge.platform.Startup startup;

    @Override
    public HealthCheckResponse call() {
        return HealthCheckResponse.named("start").status(startup.isThrough()).build();
    }
}
