package org.cosellbridge.queue;

import jakarta.enterprise.concurrent.ManagedExecutorService;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
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
    private static final long PATIENCE_SECONDS = 3;

    private final NudgeSender sender;
    private final ExecutorService executor;

    @Inject
    BrokerHealthCheck(NudgeSender sender, @QueueThreads.OfQueue ManagedExecutorService executor) {
        this.sender = sender;
        this.executor = executor;
    }

    @Override
    public HealthCheckResponse call() {
        return HealthCheckResponse.named("broker").status(reached()).build();
    }

    private boolean reached() {
        Future<?> answer;
        try {
            answer = executor.submit(sender::reachBroker);
        } catch (RejectedExecutionException noThread) {
            return false;
        }
        try {
            answer.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            return true;
        } catch (ExecutionException | TimeoutException away) {
            boolean ignored = answer.cancel(true);
            return false;
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
