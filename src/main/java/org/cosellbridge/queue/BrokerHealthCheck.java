package org.cosellbridge.queue;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.cosellbridge.platform.StartState;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/**
 * Whether the broker can be reached, asked in another thread: a broker that is away may hold the caller for long. Without it sync
 * requests are stored and wait.
 */
@Readiness
@Singleton
class BrokerHealthCheck implements HealthCheck {
    private static final Logger LOG = Logger.getLogger(BrokerHealthCheck.class.getName());
    private static final long PATIENCE_SECONDS = 3;

    private final NudgeSender sender;
    private final StartState start;

    @Inject
    BrokerHealthCheck(NudgeSender sender, StartState start) {
        this.sender = sender;
        this.start = start;
    }

    @Override
    public HealthCheckResponse call() {
        if (reached()) {
            return HealthCheckResponse.up("broker");
        }
        return HealthCheckResponse.named("broker")
                .down()
                .withData(
                        "what-to-do",
                        "The message broker does not answer; sync requests are stored and wait. See cosell.broker.connection.")
                .build();
    }

    private boolean reached() {
        if (!start.isThrough()) {
            return false; // the EJB that asks is not there yet either
        }
        Future<Boolean> answer = sender.reachesBroker();
        try {
            return answer.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException away) {
            boolean ignored = answer.cancel(true);
            LOG.log(Level.FINE, "The message broker does not answer.", away);
            return false;
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
