package org.cosellbridge.queue;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.cosellbridge.audit.AuditEntry;
import org.cosellbridge.audit.AuditKind;
import org.cosellbridge.audit.AuditTrail;
import org.cosellbridge.connector.ConnectionName;
import org.cosellbridge.connector.Connections;

/** Tells how the connections are doing and lets a person pause and resume one, or Partner Center as a whole. Thread-safe. */
@Singleton
class ConnectionPauses {
    private final SystemRepository systems;
    private final QueueHealth health;
    private final Transactions transactions;
    private final Connections connections;
    private final AuditTrail trail;
    private final Nudges nudges;
    private final Clock clock;

    @Inject
    ConnectionPauses(
            SystemRepository systems,
            QueueHealth health,
            Transactions transactions,
            Connections connections,
            AuditTrail trail,
            Nudges nudges,
            Clock clock) {
        this.systems = systems;
        this.health = health;
        this.transactions = transactions;
        this.connections = connections;
        this.trail = trail;
        this.nudges = nudges;
        this.clock = clock;
    }

    /** Every configured connection, in the order of the configuration. */
    List<ConnectionStatus> list() {
        Map<String, QueueCounts> counts = health.countsByConnection();
        List<SystemState> states = transactions.inNew(systems::listStates);
        SystemState shared = SystemRepository.in(states, SystemState.PARTNER_CENTER);
        List<ConnectionStatus> list = new ArrayList<>();
        for (ConnectionName name : connections.names()) {
            list.add(status(
                    name,
                    SystemRepository.in(states, name.value()),
                    shared,
                    counts.getOrDefault(name.value(), QueueCounts.NONE)));
        }
        return list;
    }

    private ConnectionStatus status(ConnectionName name, SystemState ours, SystemState shared, QueueCounts counts) {
        Instant now = clock.instant();
        String state = "running";
        SystemState because = null;
        if (ours.paused() || shared.paused()) {
            state = "paused";
            because = ours.paused() ? ours : shared;
        } else if (ours.waits(now) || shared.waits(now)) {
            state = "waiting";
            because = ours.waits(now) ? ours : shared;
        }
        Instant oldest = counts.oldestDue();
        return new ConnectionStatus(
                name.value(),
                name.value(),
                connections.settings(name).type(),
                state,
                because == null ? null : because.system(),
                because == null ? null : because.pausedReason(),
                because == null ? null : because.pausedBy(),
                because == null ? null : because.pausedAt(),
                because == null || !because.waits(now) ? null : because.notBefore(),
                counts.waiting(),
                counts.due(),
                counts.running(),
                counts.deadLetters(),
                oldest,
                oldest == null ? null : Duration.between(oldest, now).toSeconds());
    }

    /** Pauses a connection, or {@code partner-center}: attempts that run end, no other begins. Only a person resumes it. False: there is no such connection. */
    boolean pause(String name, String reason, String actor) {
        if (!isKnown(name)) {
            return false;
        }
        transactions.runInNew(() -> {
            SystemState ignored = systems.lock(name);
            systems.pauseForPerson(name, actor, reason, clock.instant());
            trail.append(AuditEntry.of(AuditKind.CONNECTION_PAUSED)
                    .actor(actor)
                    .connection(name)
                    .reason(reason)
                    .build());
        });
        return true;
    }

    /** Ends a pause, a person's or one of a broken set-up; one that runs goes on running and leaves no entry. False: there is no such connection. */
    boolean resume(String name, String actor) {
        if (!isKnown(name)) {
            return false;
        }
        transactions.runInNew(() -> {
            if (systems.resume(name)) {
                trail.append(AuditEntry.of(AuditKind.CONNECTION_RESUMED)
                        .actor(actor)
                        .connection(name)
                        .build());
            }
            connections.names().forEach(nudges::afterCommit);
        });
        return true;
    }

    private boolean isKnown(String name) {
        return name.equals(SystemState.PARTNER_CENTER)
                || connections.names().stream().anyMatch(known -> known.value().equals(name));
    }
}
