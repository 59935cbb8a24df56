package org.cosellbridge.webhook;

import jakarta.persistence.EntityManager;
import jakarta.persistence.EntityManagerFactory;
import jakarta.persistence.EntityTransaction;
import jakarta.persistence.Persistence;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Map;
import java.util.UUID;
import java.util.function.Supplier;
import org.flywaydb.core.Flyway;
import org.h2.jdbcx.JdbcConnectionPool;

/** An H2 database in memory with the migration of this room, its transactions tied to the thread as in a container. */
final class DeliveryDatabase implements AutoCloseable {
    private static final String OPTIONS =
            ";MODE=PostgreSQL;DATABASE_TO_LOWER=TRUE;DEFAULT_NULL_ORDERING=HIGH;DB_CLOSE_DELAY=-1;LOCK_TIMEOUT=10000";
    private final JdbcConnectionPool pool =
            JdbcConnectionPool.create("jdbc:h2:mem:" + UUID.randomUUID() + OPTIONS, "sa", "");
    private final EntityManagerFactory factory;

    @SuppressWarnings("ThreadLocalUsage") // each test has a database of its own
    private final ThreadLocal<EntityManager> current = new ThreadLocal<>();

    private final EntityManager proxy;

    DeliveryDatabase() {
        pool.setMaxConnections(20);
        Flyway.configure()
                .dataSource(pool)
                .locations("classpath:db/migration")
                .load()
                .migrate();
        factory = Persistence.createEntityManagerFactory(
                "cosell",
                Map.of(
                        "jakarta.persistence.transactionType", "RESOURCE_LOCAL",
                        "jakarta.persistence.nonJtaDataSource", pool,
                        "eclipselink.logging.level", "OFF",
                        "eclipselink.weaving", "false",
                        "eclipselink.target-server", "None"));
        proxy = (EntityManager) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {EntityManager.class}, (self, method, arguments) -> {
                    EntityManager manager = current.get();
                    if (manager == null) {
                        throw new IllegalStateException("No transaction is active.");
                    }
                    try {
                        return method.invoke(manager, arguments);
                    } catch (InvocationTargetException thrown) {
                        throw thrown.getCause();
                    }
                });
    }

    /** Works only within {@link #inTransaction}. */
    EntityManager entityManager() {
        return proxy;
    }

    <T> T inTransaction(Supplier<T> work) {
        EntityManager manager = factory.createEntityManager();
        current.set(manager);
        EntityTransaction transaction = manager.getTransaction();
        transaction.begin();
        try {
            T result = work.get();
            transaction.commit();
            return result;
        } finally {
            if (transaction.isActive()) {
                transaction.rollback();
            }
            current.remove();
            manager.close();
        }
    }

    boolean isInTransaction() {
        return current.get() != null;
    }

    long count(String table) {
        return inTransaction(() -> ((Number)
                        proxy.createNativeQuery("select count(*) from " + table).getSingleResult())
                .longValue());
    }

    void execute(String sql) {
        inTransaction(() -> proxy.createNativeQuery(sql).executeUpdate());
    }

    @Override
    public void close() {
        factory.close();
        pool.dispose();
    }
}
