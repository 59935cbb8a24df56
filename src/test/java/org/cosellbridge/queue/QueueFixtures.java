package org.cosellbridge.queue;

import jakarta.persistence.EntityManager;
import jakarta.persistence.EntityManagerFactory;
import jakarta.persistence.Persistence;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.function.Supplier;
import org.cosellbridge.audit.AuditEntry;
import org.cosellbridge.audit.AuditKind;
import org.cosellbridge.audit.AuditTrail;
import org.cosellbridge.connector.ConnectionName;
import org.cosellbridge.connector.Connections;
import org.cosellbridge.connector.Priority;
import org.cosellbridge.connector.RecordRef;
import org.cosellbridge.platform.Configuration;
import org.cosellbridge.platform.Ids;
import org.cosellbridge.platform.TestDatabase;
import org.cosellbridge.referral.ReferralId;
import org.cosellbridge.sync.Attempt;
import org.cosellbridge.sync.RunsAttempts;
import org.cosellbridge.sync.SyncOutcome;
import org.cosellbridge.sync.SyncSubject;
import org.cosellbridge.sync.Want;
import org.jspecify.annotations.Nullable;

/** A queue with its own database in memory, a clock that stands still unless moved, and nodes that share both. */
final class QueueFixtures implements AutoCloseable {
    static final ConnectionName CRM = new ConnectionName("crm");
    static final ConnectionName OTHER = new ConnectionName("other");

    final MovableClock clock = new MovableClock();
    final TestTransactions transactions;
    final Sql sql;
    final RecordingTrail trail = new RecordingTrail();
    final RecordingNudges nudges = new RecordingNudges();
    final Connections connections;
    final QueueSettings settings;
    final Backoff backoff;
    final RequestRepository requests;
    final SystemRepository systems;
    final Holds holds;
    final SyncQueue queue;
    final QueueHealth health;
    final DeadLetters deadLetters;
    final ConnectionPauses pauses;
    private final EntityManagerFactory factory;

    QueueFixtures(int maxConcurrent) {
        this(maxConcurrent, Map.of());
    }

    QueueFixtures(int maxConcurrent, Map<String, String> more) {
        Map<String, String> keys = new HashMap<>(more);
        keys.put("cosell.connections", "crm,other");
        keys.put("cosell.crm.crm.max-concurrent", Integer.toString(maxConcurrent));
        Configuration configuration = Configuration.of(keys);
        connections = new Connections(configuration, List.of());
        settings = new QueueSettings(configuration);
        Map<String, String> jpa = new HashMap<>(TestDatabase.fresh().jpa());
        jpa.putAll(Map.of(
                "jakarta.persistence.provider",
                "org.eclipse.persistence.jpa.PersistenceProvider",
                "jakarta.persistence.transactionType",
                "RESOURCE_LOCAL",
                "jakarta.persistence.jtaDataSource",
                "",
                "eclipselink.connection-pool.default.max",
                "40",
                "eclipselink.session-name",
                UUID.randomUUID().toString(),
                "eclipselink.logging.level",
                "OFF"));
        factory = Persistence.createEntityManagerFactory("cosell", jpa);
        transactions = new TestTransactions(factory);
        sql = new Sql(transactions.entityManager());
        migrate();
        Ids ids = new Ids(clock, new Random(7));
        requests = new RequestRepository(sql, ids);
        systems = new SystemRepository(sql);
        holds = new Holds(sql);
        backoff = new Backoff(settings, new Random(7));
        queue = new SyncQueue(requests, systems, transactions, nudges, connections, clock);
        health = new QueueHealth(sql, transactions, clock);
        deadLetters = new DeadLetters(sql, transactions, trail, nudges, clock);
        pauses = new ConnectionPauses(systems, health, transactions, connections, trail, nudges, clock);
    }

    private void migrate() {
        migrate("V202611200904__queue_requests.sql");
        migrate("V202611200910__queue_request_from_record.sql");
    }

    private void migrate(String name) {
        String script;
        try (InputStream stream =
                Objects.requireNonNull(QueueFixtures.class.getResourceAsStream("/db/migration/" + name))) {
            script = new String(stream.readAllBytes(), StandardCharsets.UTF_8).replaceAll("(?m)^\\s*--.*$", "");
        } catch (IOException unreadable) {
            throw new IllegalStateException(unreadable);
        }
        transactions.runInNew(() -> {
            for (String statement : script.split(";", -1)) {
                if (!statement.isBlank()) {
                    int ignored = sql.update(statement);
                }
            }
        });
    }

    /** A node that runs attempts this way. */
    Node node(Function<Attempt, SyncOutcome> run) {
        Claims claims = new Claims(
                requests,
                systems,
                holds,
                transactions,
                connections,
                new NodeId(UUID.randomUUID().toString()),
                clock);
        Endings endings = new Endings(
                claims, requests, systems, holds, transactions, backoff, settings, trail, nudges, connections, clock);
        RunsAttempts runs = run::apply;
        return new Node(claims, endings, new Worker(claims, endings, runs, nudges, connections, clock));
    }

    /** A node whose attempts all end well. */
    Node node() {
        return node(attempt -> done());
    }

    void want(SyncSubject subject) {
        want(subject, Priority.EVENT);
    }

    void want(SyncSubject subject, Priority priority) {
        want(new Want(subject, priority, "event", "c-1", null));
    }

    void want(Want want) {
        transactions.runInNew(() -> queue.want(want));
    }

    /** One column of the request of this subject, as text; null when it is null. */
    @Nullable
    String column(SyncSubject subject, String column) {
        return transactions.inNew(
                () -> sql.findFirst("select " + column + " from sync_request where request_key = ?", subject.key())
                        .orElseThrow()
                        .textOrNull(0));
    }

    String state(SyncSubject subject) {
        return Objects.requireNonNull(column(subject, "state"));
    }

    Instant time(SyncSubject subject, String column) {
        return transactions.inNew(
                () -> sql.findFirst("select " + column + " from sync_request where request_key = ?", subject.key())
                        .orElseThrow()
                        .time(0));
    }

    SystemState system(String system) {
        return transactions.inNew(() -> systems.state(system));
    }

    long holdsLeft() {
        return transactions.inNew(() -> sql.count("select count(*) from request_hold"));
    }

    @Override
    public void close() {
        factory.close();
    }

    static SyncOutcome done() {
        return new SyncOutcome.Done("updated", () -> {});
    }

    static SyncOutcome notNow(String reason) {
        return new SyncOutcome.NotNow("crm", false, null, reason);
    }

    static SyncSubject referral(int number) {
        return SyncSubject.of(CRM, new ReferralId(String.format("00000000-0000-4000-8000-%012d", number)));
    }

    static RecordRef ref(int number) {
        return new RecordRef("opportunity", "o-" + number);
    }

    static SyncSubject record(int number) {
        return SyncSubject.of(CRM, ref(number));
    }

    /**
     * One node of the cluster.
     *
     * @param claims its claims
     * @param endings its endings
     * @param worker its worker
     */
    record Node(Claims claims, Endings endings, Worker worker) {
        Optional<ClaimedAttempt> claim() {
            return claims.claimNext(CRM);
        }

        ClaimedAttempt mustClaim() {
            return claim().orElseThrow(() -> new AssertionError("nothing could be claimed"));
        }

        void drain() {
            worker.drain(CRM);
        }
    }

    /** A clock that is moved by hand, or runs from where it stands once it was told to. Thread-safe. */
    static final class MovableClock extends Clock {
        private long runsSince;
        private Instant now = Instant.parse("2026-11-20T09:00:00Z");

        synchronized void advance(Duration by) {
            now = now.plus(by);
        }

        synchronized void run() {
            runsSince = System.nanoTime();
        }

        @Override
        public synchronized Instant instant() {
            return runsSince == 0 ? now : now.plusNanos((System.nanoTime() - runsSince) / 1000 * 1000);
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }

    /** Transactions of a plain entity manager, one for each thread; what is to happen after a commit happens then. */
    static final class TestTransactions implements Transactions {
        private final EntityManagerFactory factory;
        private static final ThreadLocal<@Nullable EntityManager> CURRENT = new ThreadLocal<>();
        private static final ThreadLocal<@Nullable List<Runnable>> AFTER = new ThreadLocal<>();

        TestTransactions(EntityManagerFactory factory) {
            this.factory = factory;
        }

        @Override
        public <T> T inNew(Supplier<T> work) {
            EntityManager outer = CURRENT.get();
            List<Runnable> outerAfter = AFTER.get();
            EntityManager own = factory.createEntityManager();
            List<Runnable> after = new ArrayList<>();
            CURRENT.set(own);
            AFTER.set(after);
            T answer;
            try {
                own.getTransaction().begin();
                answer = work.get();
                own.getTransaction().commit();
            } finally {
                if (own.getTransaction().isActive()) {
                    own.getTransaction().rollback();
                }
                own.close();
                CURRENT.set(outer);
                AFTER.set(outerAfter);
            }
            after.forEach(Runnable::run);
            return answer;
        }

        static void afterCommit(Runnable action) {
            List<Runnable> after = AFTER.get();
            if (after == null) {
                action.run();
            } else {
                after.add(action);
            }
        }

        /** What the container injects: the entity manager of whichever transaction the calling thread is in. */
        EntityManager entityManager() {
            return (EntityManager) Proxy.newProxyInstance(
                    QueueFixtures.class.getClassLoader(),
                    new Class<?>[] {EntityManager.class},
                    (proxy, method, args) -> {
                        EntityManager target = CURRENT.get();
                        if (target == null) {
                            throw new IllegalStateException("No transaction is active.");
                        }
                        try {
                            return method.invoke(target, args);
                        } catch (InvocationTargetException thrown) {
                            throw Objects.requireNonNull(thrown.getCause());
                        }
                    });
        }
    }

    /** Keeps what was appended by transactions that committed. */
    static final class RecordingTrail implements AuditTrail {
        final List<AuditEntry> entries = new CopyOnWriteArrayList<>();

        @Override
        public UUID append(AuditEntry entry) {
            TestTransactions.afterCommit(() -> entries.add(entry));
            return UUID.randomUUID();
        }

        long count(AuditKind kind) {
            return entries.stream().filter(entry -> entry.kind() == kind).count();
        }

        AuditEntry only(AuditKind kind) {
            List<AuditEntry> found =
                    entries.stream().filter(entry -> entry.kind() == kind).toList();
            if (found.size() != 1) {
                throw new AssertionError("Not one but " + found.size() + " entries of " + kind);
            }
            return found.get(0);
        }
    }

    /** Keeps the nudges. */
    static final class RecordingNudges implements Nudges {
        final List<ConnectionName> sent = new CopyOnWriteArrayList<>();

        @Override
        public void afterCommit(ConnectionName connection) {
            TestTransactions.afterCommit(() -> now(connection));
        }

        @Override
        public void now(ConnectionName connection) {
            sent.add(connection);
        }
    }
}
