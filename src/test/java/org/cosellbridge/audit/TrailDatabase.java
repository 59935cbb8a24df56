package org.cosellbridge.audit;

import jakarta.persistence.EntityManager;
import jakarta.persistence.EntityManagerFactory;
import jakarta.persistence.Persistence;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.function.Supplier;
import org.cosellbridge.platform.Configuration;
import org.cosellbridge.platform.Ids;
import org.cosellbridge.platform.ProductVersion;
import org.cosellbridge.platform.SecretBox;
import org.flywaydb.core.Flyway;
import org.h2.jdbcx.JdbcDataSource;

/** The trail on an H2 in memory: the migrations, the product's own mapping, and transactions that nest as REQUIRES_NEW does. */
final class TrailDatabase implements AutoCloseable {
    static final String SECRET_KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

    private final EntityManagerFactory factory;
    private final ThreadLocal<Deque<EntityManager>> open = ThreadLocal.withInitial(ArrayDeque::new);
    private final EntityManager current;

    TrailDatabase() {
        JdbcDataSource source = new JdbcDataSource();
        source.setURL(
                "jdbc:h2:mem:" + UUID.randomUUID()
                        + ";MODE=PostgreSQL;DATABASE_TO_LOWER=TRUE;DEFAULT_NULL_ORDERING=HIGH;DB_CLOSE_DELAY=-1;LOCK_TIMEOUT=10000");
        source.setUser("sa");
        source.setPassword("");
        Flyway.configure()
                .dataSource(source)
                .locations("classpath:db/migration")
                .load()
                .migrate();
        factory = Persistence.createEntityManagerFactory(
                "cosell",
                Map.of(
                        "jakarta.persistence.transactionType",
                        "RESOURCE_LOCAL",
                        "jakarta.persistence.jtaDataSource",
                        "",
                        "jakarta.persistence.nonJtaDataSource",
                        source,
                        "eclipselink.weaving",
                        "false",
                        "eclipselink.logging.level",
                        "WARNING"));
        current = (EntityManager) Proxy.newProxyInstance(
                TrailDatabase.class.getClassLoader(), new Class<?>[] {EntityManager.class}, (proxy, method, args) -> {
                    Deque<EntityManager> mine = open.get();
                    EntityManager target = mine.isEmpty() ? factory.createEntityManager() : mine.getFirst();
                    try {
                        return method.invoke(target, args);
                    } catch (InvocationTargetException thrown) {
                        throw thrown.getCause();
                    }
                });
    }

    /** Takes out everything that a test before put in. */
    void clear() {
        run(() -> List.of("audit_entry", "audit_change", "subject_key")
                .forEach(table ->
                        current.createNativeQuery("delete from " + table).executeUpdate()));
    }

    /** What beans get injected. */
    EntityManager entityManager() {
        return current;
    }

    /** Runs the work in a transaction of its own and commits it, or rolls it back when it throws. */
    <T> T inTransaction(Supplier<T> work) {
        EntityManager mine = factory.createEntityManager();
        open.get().push(mine);
        try {
            mine.getTransaction().begin();
            T result = work.get();
            mine.getTransaction().commit();
            return result;
        } finally {
            if (mine.getTransaction().isActive()) {
                mine.getTransaction().rollback();
            }
            open.get().pop();
            mine.close();
        }
    }

    void run(Runnable work) {
        inTransaction(() -> {
            work.run();
            return true;
        });
    }

    @SuppressWarnings("unchecked")
    List<Object[]> rows(String sql) {
        return inTransaction(
                () -> (List<Object[]>) current.createNativeQuery(sql).getResultList());
    }

    long count(String table) {
        return inTransaction(() -> ((Number) current.createNativeQuery("select count(*) from " + table)
                        .getSingleResult())
                .longValue());
    }

    /** Keys whose storing is a transaction of its own, as the container makes it. */
    SubjectKeys keys(Clock clock) {
        return keys(clock, SECRET_KEY);
    }

    SubjectKeys keys(Clock clock, String secretKey) {
        SubjectKeyRepository repository = new SubjectKeyRepository(current) {
            @Override
            public StoredKey getOrInsert(String fingerprint, String proposedId, byte[] proposedKey, Instant now) {
                return inTransaction(() -> super.getOrInsert(fingerprint, proposedId, proposedKey, now));
            }
        };
        return new SubjectKeys(
                repository,
                SecretBox.of(Configuration.of(Map.of(SecretBox.KEY, secretKey))),
                new Ids(clock, new Random(1)),
                clock);
    }

    JpaAuditTrail trail(Clock clock, PersonalValues personal) {
        return new JpaAuditTrail(current, new Ids(clock, new Random(2)), clock, personal, ProductVersion.of("1.2.3"));
    }

    @Override
    public void close() {
        factory.close();
    }
}
