package org.cosellbridge.queue;

import jakarta.enterprise.concurrent.ManagedExecutorService;
import jakarta.enterprise.event.Event;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.event.TransactionPhase;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.cosellbridge.connector.ConnectionName;
import org.jspecify.annotations.Nullable;

/**
 * Nudges by JMS. What is called after a commit may use neither transaction nor resource on every server, and a broker that is away
 * may hold a sender for a long time: so a thread of the server's executor sends. While one nudge for a connection waits to be sent,
 * further ones are the same nudge.
 */
@Singleton
class JmsNudges implements Nudges {
    private static final Logger LOG = Logger.getLogger(JmsNudges.class.getName());
    private static final Duration BETWEEN_COMPLAINTS = Duration.ofMinutes(1);

    private final Event<Nudge> events;
    private final NudgeSender sender;
    private final Executor executor;
    private final Clock clock;
    private final Set<ConnectionName> waiting = ConcurrentHashMap.newKeySet();
    private int lost;
    private @Nullable Instant lastComplaint;

    @Inject
    JmsNudges(
            Event<Nudge> events,
            NudgeSender sender,
            @QueueThreads.OfQueue ManagedExecutorService executor,
            Clock clock) {
        this.events = events;
        this.sender = sender;
        this.executor = executor;
        this.clock = clock;
    }

    @Override
    public void afterCommit(ConnectionName connection) {
        events.fire(new Nudge(connection));
    }

    /** Called by the container when a transaction in which {@link #afterCommit} was called has committed. */
    void committed(@Observes(during = TransactionPhase.AFTER_SUCCESS) Nudge nudge) {
        now(nudge.connection());
    }

    @Override
    public void now(ConnectionName connection) {
        if (!waiting.add(connection)) {
            return;
        }
        try {
            executor.execute(() -> send(connection));
        } catch (RuntimeException noThread) {
            boolean ignored = waiting.remove(connection);
            complain(noThread);
        }
    }

    private void send(ConnectionName connection) {
        try {
            // removed first: a want that commits while this one is being sent deserves its own
            boolean ignored = waiting.remove(connection);
            sender.send(new Nudge(connection).toJson());
        } catch (RuntimeException brokerAway) {
            complain(brokerAway);
        }
    }

    private synchronized void complain(RuntimeException failure) {
        lost++;
        Instant now = clock.instant();
        if (lastComplaint == null || !now.isBefore(lastComplaint.plus(BETWEEN_COMPLAINTS))) {
            LOG.log(
                    Level.WARNING,
                    failure,
                    () -> "The broker cannot be reached: " + lost
                            + " nudges were not sent since the last message like this. What is due waits and is nudged again.");
            lastComplaint = now;
            lost = 0;
        }
    }
}
