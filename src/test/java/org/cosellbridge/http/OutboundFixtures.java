package org.cosellbridge.http;

import jakarta.persistence.EntityManager;
import jakarta.persistence.EntityManagerFactory;
import jakarta.persistence.Persistence;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import org.cosellbridge.platform.Configuration;
import org.cosellbridge.platform.SecretBox;
import org.cosellbridge.platform.TestDatabase;
import org.flywaydb.core.Flyway;
import org.jspecify.annotations.Nullable;

/**
 * The real outbound client and the real tokens over H2 in memory, without a container: for the tests of connectors. Repetition
 * after a cut connection is the container's part and does not happen here.
 */
public final class OutboundFixtures implements AutoCloseable {
    private static final String SECRET_KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

    private static final ThreadLocal<@Nullable EntityManager> CURRENT = new ThreadLocal<>();

    private final TestDatabase database = TestDatabase.fresh();
    private final EntityManagerFactory factory;
    private final Clock clock;
    private final BrakeRepository brakes;
    private final Permits permits;
    private final Circuits circuits;
    private final OutboundClient client;
    private final SecretBox box = SecretBox.of(Configuration.of(Map.of(SecretBox.KEY, SECRET_KEY)));

    /** A client of its own database, with the system's clock. */
    public OutboundFixtures() {
        this(Clock.systemUTC(), Duration.ofSeconds(30));
    }

    OutboundFixtures(Clock clock, Duration probeInterval) {
        this.clock = clock;
        Flyway.configure()
                .dataSource(
                        database.url(),
                        database.isPostgresql() ? null : database.user(),
                        database.isPostgresql() ? null : "")
                .locations("classpath:db/migration")
                .load()
                .migrate();
        Map<String, String> jpa = new HashMap<>(database.jpa());
        jpa.putAll(Map.of(
                "jakarta.persistence.transactionType", "RESOURCE_LOCAL",
                "jakarta.persistence.jtaDataSource", "",
                "jakarta.persistence.nonJtaDataSource", "",
                "eclipselink.session-name", database.url(),
                "eclipselink.connection-pool.default.max", "32",
                "eclipselink.weaving", "false",
                "eclipselink.logging.level", "WARNING"));
        this.factory = Persistence.createEntityManagerFactory("cosell", jpa);
        this.brakes = new TransactionalBrakes();
        this.permits = new Permits(brakes, clock);
        this.circuits = new Circuits(clock, probeInterval);
        this.client = new HttpOutboundClient(new Wire(circuits, permits, clock), clock);
    }

    /** The one way out. */
    public OutboundClient client() {
        return client;
    }

    /** Tokens with an empty cache. */
    public Tokens tokens() {
        return new CachedTokens(client, refreshTokens(), box, clock);
    }

    /** The permits of {@link #client}. */
    public Permits permits() {
        return permits;
    }

    /** What holds the calls of {@link #client}. */
    public RemoteSystems systems() {
        return new RemoteSystems(brakes, permits, circuits, clock);
    }

    BrakeRepository brakes() {
        return brakes;
    }

    Circuits circuits() {
        return circuits;
    }

    SecretBox box() {
        return box;
    }

    RefreshTokenRepository refreshTokens() {
        return new TransactionalRefreshTokens();
    }

    @Override
    public void close() {
        factory.close();
        if (database.isPostgresql()) {
            return;
        }
        try (Connection connection = database.connect();
                Statement statement = connection.createStatement()) {
            statement.execute("shutdown");
        } catch (SQLException failed) {
            throw new IllegalStateException(failed);
        }
    }

    /** Runs work in a transaction of its own, as the container's interceptor does. */
    <T> T inTransaction(Supplier<T> work) {
        EntityManager outer = CURRENT.get();
        EntityManager mine = factory.createEntityManager();
        CURRENT.set(mine);
        mine.getTransaction().begin();
        try {
            T result = work.get();
            mine.getTransaction().commit();
            return result;
        } finally {
            if (mine.getTransaction().isActive()) {
                mine.getTransaction().rollback();
            }
            mine.close();
            CURRENT.set(outer);
        }
    }

    /** The entity manager of the transaction that runs on the calling thread, as the container's proxy is. */
    EntityManager entityManager() {
        return (EntityManager) Proxy.newProxyInstance(
                EntityManager.class.getClassLoader(),
                new Class<?>[] {EntityManager.class},
                (proxy, method, arguments) -> {
                    try {
                        return method.invoke(Objects.requireNonNull(CURRENT.get()), arguments);
                    } catch (InvocationTargetException thrown) {
                        throw Objects.requireNonNullElse(thrown.getCause(), thrown);
                    }
                });
    }

    private final class TransactionalBrakes extends BrakeRepository {
        TransactionalBrakes() {
            super(entityManager());
        }

        @Override
        public Verdict take(String system, @Nullable Limit limit, int rank) {
            return inTransaction(() -> super.take(system, limit, rank));
        }

        @Override
        public void pause(String system, Duration delay) {
            inTransaction(() -> {
                super.pause(system, delay);
                return system;
            });
        }

        @Override
        public Optional<Duration> findPause(String system) {
            return inTransaction(() -> super.findPause(system));
        }

        @Override
        public int used(String system, Limit limit) {
            return inTransaction(() -> super.used(system, limit));
        }

        @Override
        public List<String> listSystems() {
            return inTransaction(super::listSystems);
        }
    }

    private final class TransactionalRefreshTokens extends RefreshTokenRepository {
        TransactionalRefreshTokens() {
            super(entityManager(), clock);
        }

        @Override
        public Optional<Stored> find(String credential) {
            return inTransaction(() -> super.find(credential));
        }

        @Override
        public void store(String credential, String configuredFingerprint, byte[] closedToken, long generation) {
            inTransaction(() -> {
                super.store(credential, configuredFingerprint, closedToken, generation);
                return credential;
            });
        }
    }
}
