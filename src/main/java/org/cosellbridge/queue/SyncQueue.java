package org.cosellbridge.queue;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import jakarta.transaction.Transactional;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import org.cosellbridge.connector.ConnectionName;
import org.cosellbridge.connector.Connections;
import org.cosellbridge.sync.Want;
import org.cosellbridge.sync.WantsSync;

/**
 * Where wishes to look at something arrive. They become sync requests, one for each subject; workers on any node run them. Threads
 * may share it.
 */
@Singleton
public class SyncQueue implements WantsSync {
    private final RequestRepository requests;
    private final SystemRepository systems;
    private final Transactions transactions;
    private final Nudges nudges;
    private final Connections connections;
    private final Clock clock;

    @Inject
    SyncQueue(
            RequestRepository requests,
            SystemRepository systems,
            Transactions transactions,
            Nudges nudges,
            Connections connections,
            Clock clock) {
        this.requests = requests;
        this.systems = systems;
        this.transactions = transactions;
        this.nudges = nudges;
        this.connections = connections;
        this.clock = clock;
    }

    @Override
    @Transactional(Transactional.TxType.MANDATORY)
    public void want(Want want) {
        requests.want(want, clock.instant());
        nudges.afterCommit(want.subject().connection());
    }

    /**
     * Nudges every connection that has something due and is neither paused nor waiting: new requests whose message was lost, waits
     * that are over, requests of a node that died. Called every second on every node; cheap when nothing is due.
     */
    public void nudgeDue() {
        Instant now = clock.instant();
        List<ConnectionName> due = transactions.inNew(() -> {
            List<SystemState> states = systems.listStates();
            if (!SystemRepository.in(states, SystemState.PARTNER_CENTER).letsThrough(now)) {
                return List.of();
            }
            return connections.names().stream()
                    .filter(name -> SystemRepository.in(states, name.value()).letsThrough(now))
                    .filter(name -> requests.anyDue(name, now))
                    .toList();
        });
        due.forEach(nudges::now);
    }
}
