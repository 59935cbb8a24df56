package org.cosellbridge.http;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/** What holds the calls to each remote system: for lists and checks. Permits and pauses are those of all nodes. */
@Singleton
public class RemoteSystems {
    private final BrakeRepository brakes;
    private final Permits permits;
    private final Circuits circuits;
    private final Clock clock;

    @Inject
    RemoteSystems(BrakeRepository brakes, Permits permits, Circuits circuits, Clock clock) {
        this.brakes = brakes;
        this.permits = permits;
        this.circuits = circuits;
        this.clock = clock;
    }

    /** Every system that was ever called or has a limit, sorted by name. */
    public List<RemoteSystem> list() {
        TreeSet<String> names = new TreeSet<>(brakes.listSystems());
        names.addAll(permits.limitedSystems());
        circuits.list().forEach(circuit -> names.add(circuit.system()));
        return names.stream().map(this::of).toList();
    }

    /** One system; a name that was never called is a system that nothing holds. */
    public RemoteSystem of(String system) {
        Optional<BrakeRepository.Limit> limit = permits.findLimit(system);
        Instant pausedUntil =
                brakes.findPause(system).map(clock.instant()::plus).orElse(null);
        Optional<Circuits.State> circuit = circuits.find(system);
        return new RemoteSystem(
                system,
                limit.map(BrakeRepository.Limit::calls).orElse(0),
                limit.map(BrakeRepository.Limit::seconds).orElse(0L),
                limit.map(known -> Math.max(0, known.calls() - brakes.used(system, known)))
                        .orElse(0),
                pausedUntil,
                circuit.map(Circuits.State::open).orElse(false),
                circuit.map(Circuits.State::since).orElse(null),
                circuit.map(Circuits.State::notBefore).orElse(null));
    }
}
