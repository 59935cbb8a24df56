package org.cosellbridge.sync;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import org.cosellbridge.connector.Connections;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.HealthCheckResponseBuilder;
import org.eclipse.microprofile.health.Readiness;

/** {@code /health/ready}: every connection has the mapping documents it keeps records by; the data names their versions. */
@Readiness
@Singleton
class MappingHealthCheck implements HealthCheck {
    private final Connections connections;
    private final ConnectionMappings mappings;

    @Inject
    MappingHealthCheck(Connections connections, ConnectionMappings mappings) {
        this.connections = connections;
        this.mappings = mappings;
    }

    @Override
    public HealthCheckResponse call() {
        HealthCheckResponseBuilder response = HealthCheckResponse.named("mapping");
        boolean complete = true;
        for (var name : connections.names()) {
            for (String record : connections.settings(name).records()) {
                var document = mappings.find(name, record);
                complete &= document.isPresent();
                response.withData(
                        name + "/" + record,
                        document.map(found -> found.version()).orElse("missing"));
            }
        }
        return response.status(complete).build();
    }
}
