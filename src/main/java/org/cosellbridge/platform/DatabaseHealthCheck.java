package org.cosellbridge.platform;

import jakarta.ejb.EJB;
import jakarta.enterprise.context.ApplicationScoped;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/** {@code /health/ready}: the database answers a query within five seconds. */
@Readiness
@ApplicationScoped
public class DatabaseHealthCheck implements HealthCheck {
    @EJB
    private Startup startup;

    @Override
    public HealthCheckResponse call() {
        return startup.isDatabaseReachable()
                ? HealthCheckResponse.up("database")
                : HealthCheckResponse.named("database")
                        .down()
                        .withData(
                                "what-to-do",
                                "The database does not answer. See cosell.datasource.url and the server's log.")
                        .build();
    }
}
