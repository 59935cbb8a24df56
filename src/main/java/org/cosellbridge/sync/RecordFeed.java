package org.cosellbridge.sync;

import jakarta.enterprise.concurrent.ManagedExecutorService;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import org.cosellbridge.audit.AuditTrail;
import org.cosellbridge.connector.ConnectionName;
import org.cosellbridge.connector.Connections;
import org.cosellbridge.connector.DetectsChanges;
import org.cosellbridge.mapping.MappingDocument;
import org.cosellbridge.platform.Ids;

/**
 * Hears the CRMs: walks the change feed of every kind of record a connection keeps, and wants looked at what changed. A feed is
 * walked by one node at a time, in a thread of the server; its sync token moves on only when every want of the walk is stored, so a
 * walk that breaks off is repeated and nothing is missed. Threads may share it.
 */
@Singleton
public class RecordFeed {
    /** How long a walk may be silent before another node begins one; renewed before every remote call and with every store. */
    static final Duration LEASE = Duration.ofSeconds(30);

    /** Walks at the same time on one node. A server's pool may be as small as its processors, and attempts need threads of it. */
    static final int MOST_WALKS = 2;

    final RecordWants wants;
    final SeenVersions seen;
    final LinkRepository links;
    final SyncTokenRepository tokens;
    final RecordFeedTransactions transactions;
    final AuditTrail trail;
    final Ids ids;
    final Clock clock;
    private final Connections connections;
    private final ConnectionMappings mappings;
    private final RecordFeedStates states;
    private final Executor executor;
    private final Instant started;
    private final Set<RecordFeedName> walking = ConcurrentHashMap.newKeySet();
    private final Map<RecordFeedName, String> complaints = new ConcurrentHashMap<>();
    private volatile boolean stopped;

    @Inject
    @SuppressWarnings("TooManyParameters") // it meets what the room keeps
    RecordFeed(
            Connections connections,
            ConnectionMappings mappings,
            RecordWants wants,
            SeenVersions seen,
            LinkRepository links,
            SyncTokenRepository tokens,
            RecordFeedTransactions transactions,
            RecordFeedStates states,
            AuditTrail trail,
            @RecordFeedThreads.OfRecordFeed ManagedExecutorService executor,
            Ids ids,
            Clock clock) {
        this(
                connections,
                mappings,
                wants,
                seen,
                links,
                tokens,
                transactions,
                states,
                trail,
                (Executor) executor,
                ids,
                clock);
    }

    /** A feed that walks in this executor; for tests. */
    @SuppressWarnings("TooManyParameters")
    RecordFeed(
            Connections connections,
            ConnectionMappings mappings,
            RecordWants wants,
            SeenVersions seen,
            LinkRepository links,
            SyncTokenRepository tokens,
            RecordFeedTransactions transactions,
            RecordFeedStates states,
            AuditTrail trail,
            Executor executor,
            Ids ids,
            Clock clock) {
        this.connections = connections;
        this.mappings = mappings;
        this.wants = wants;
        this.seen = seen;
        this.links = links;
        this.tokens = tokens;
        this.transactions = transactions;
        this.states = states;
        this.trail = trail;
        this.executor = executor;
        this.ids = ids;
        this.clock = clock;
        this.started = clock.instant();
    }

    /**
     * Begins a walk of every feed that is due: {@code cosell.crm.<name>.poll-interval} has passed since its last walk ended on any
     * node, or none has ended since this node started. Called every second on every node; answers at once, since walks run in
     * threads of their own. Throws when the database does not answer or the server has no thread.
     */
    public void pollDue() {
        List<SyncTokenRepository.State> stored = tokens.listStates();
        List<SyncTokenRepository.State> heard = new ArrayList<>();
        Instant now = clock.instant();
        List<RecordFeedWalk> due = new ArrayList<>();
        for (ConnectionName connection : connections.names()) {
            if (connections.connector(connection) instanceof DetectsChanges system) {
                Duration interval = connections.settings(connection).pollInterval();
                for (MappingDocument document : mappings.list(connection)) {
                    SyncTokenRepository.State state = state(stored, new RecordFeedName(connection, document.record()));
                    heard.add(state);
                    if (state.isDue(now, interval, started)) {
                        due.add(new RecordFeedWalk(this, system, document.label(), shape(connection, document), state));
                    }
                }
            }
        }
        states.look(heard);
        // who waits longest comes first, so that walks which take long leave nobody out
        due.sort(Comparator.comparing(RecordFeedWalk::lastEnded));
        due.forEach(this::begin);
    }

    private static SyncTokenRepository.State state(List<SyncTokenRepository.State> states, RecordFeedName feed) {
        return states.stream()
                .filter(state -> state.feed().equals(feed))
                .findFirst()
                .orElseGet(() -> SyncTokenRepository.State.fresh(feed));
    }

    private RecordFeedShape shape(ConnectionName connection, MappingDocument document) {
        return RecordFeedShape.of(
                document,
                mappings.list(connection),
                connections.settings(connection).url());
    }

    private void begin(RecordFeedWalk walk) {
        if (stopped || walking.size() >= MOST_WALKS || !walking.add(walk.feed())) {
            return;
        }
        try {
            executor.execute(() -> {
                try {
                    walk.run();
                } finally {
                    walking.remove(walk.feed());
                }
            });
        } catch (RuntimeException noThread) {
            walking.remove(walk.feed());
            throw noThread;
        }
    }

    /** No walk begins any more, and those under way break off before their next page; the next start repeats them. */
    public void stop() {
        stopped = true;
    }

    boolean isStopped() {
        return stopped;
    }

    /** Whether the walk of this feed did not fail in the same way before; so an outage is logged once. */
    boolean isNews(RecordFeedName feed, Throwable failure) {
        String how = failure.getClass().getName();
        return !how.equals(complaints.put(feed, how));
    }

    /** Notes that the feed was walked to its end; whether it failed before. */
    boolean worksAgain(RecordFeedName feed) {
        return complaints.remove(feed) != null;
    }
}
