package org.cosellbridge.http;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.HealthCheckResponseBuilder;
import org.eclipse.microprofile.health.Readiness;

/** Always up: whether a remote system can be reached is data, not a reason to take this node out of service. */
@Readiness
@Singleton
class CircuitsHealthCheck implements HealthCheck {
    private final Circuits circuits;

    @Inject
    CircuitsHealthCheck(Circuits circuits) {
        this.circuits = circuits;
    }

    @Override
    public HealthCheckResponse call() {
        HealthCheckResponseBuilder response =
                HealthCheckResponse.named("remote-systems").up();
        circuits.list().forEach(state -> response.withData(state.system(), state.open() ? "circuit open" : "ok"));
        return response.build();
    }
}
