package org.cosellbridge.platform;

import jakarta.annotation.PostConstruct;
import jakarta.annotation.Resource;
import jakarta.annotation.sql.DataSourceDefinition;
import jakarta.ejb.ConcurrencyManagement;
import jakarta.ejb.ConcurrencyManagementType;
import jakarta.ejb.Singleton;
import jakarta.ejb.TransactionManagement;
import jakarta.ejb.TransactionManagementType;
import jakarta.enterprise.inject.Instance;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;

/**
 * The start: every check of every room, then the migrations. When anything is wrong the deployment fails with one message that
 * names all faults. Timers and listeners depend on this bean and so never run before it is through.
 */
@DataSourceDefinition(
        name = "java:app/jdbc/cosell",
        className = "org.cosellbridge.platform.CosellDataSource",
        properties = {"purpose=application"},
        minPoolSize = 2,
        initialPoolSize = 2,
        maxPoolSize = 48)
@Singleton(name = "Startup")
@jakarta.ejb.Startup
@TransactionManagement(TransactionManagementType.BEAN)
@ConcurrencyManagement(ConcurrencyManagementType.BEAN)
public class Startup {
    /** Tells the runnable server, which ends when its only application could not start, how the start went. */
    static final String START = "cosell.start";

    private static final Logger LOG = Logger.getLogger(Startup.class.getName());

    @Inject
    private Configuration configuration;

    @Inject
    private Instance<StartCheck> checks;

    @Resource(lookup = "java:app/jdbc/cosell")
    private DataSource dataSource;

    @PostConstruct
    void start() {
        System.setProperty(START, "starting");
        try {
            checkAndMigrate();
            System.setProperty(START, "through");
        } catch (RuntimeException failed) {
            System.setProperty(START, "failed");
            throw failed;
        }
    }

    private void checkAndMigrate() {
        checks.forEach(check -> check.check(configuration));
        refuseFaults(configuration.faults());
        int applied = Flyway.configure(Startup.class.getClassLoader())
                .dataSource(dataSource)
                .locations("classpath:db/migration")
                .load()
                .migrate()
                .migrationsExecuted;
        LOG.info(() -> "Cosell Bridge starts; " + applied + " database migrations were applied.");
    }

    /** Whether the database answers within five seconds. */
    public boolean isDatabaseReachable() {
        try (Connection connection = dataSource.getConnection()) {
            return connection.isValid(5);
        } catch (SQLException unreachable) {
            LOG.log(Level.WARNING, "The database does not answer.", BareTrace.of(unreachable));
            return false;
        }
    }

    static void refuseFaults(List<String> faults) {
        if (faults.isEmpty()) {
            return;
        }
        String message = "Cosell Bridge does not start: " + faults.size() + (faults.size() == 1 ? " fault" : " faults")
                + " in the configuration.\n  - " + String.join("\n  - ", faults);
        LOG.severe(message);
        throw new IllegalStateException(message);
    }
}
