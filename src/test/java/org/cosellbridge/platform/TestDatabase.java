package org.cosellbridge.platform;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.UUID;

/**
 * A fresh, empty database for a test without a container: H2 in memory, or with {@code -Dcosell.test.database=<JDBC URL>} a new
 * database of that PostgreSQL, such as {@code jdbc:postgresql://localhost:5432/postgres?user=postgres}.
 *
 * @param url its JDBC URL
 * @param user who logs in; empty: the URL says
 */
public record TestDatabase(String url, String user) {
    private static final String POSTGRESQL = System.getProperty("cosell.test.database", "");

    /** A fresh database. */
    public static TestDatabase fresh() {
        String name = "t" + UUID.randomUUID().toString().replace("-", "");
        if (POSTGRESQL.isEmpty()) {
            return new TestDatabase(
                    "jdbc:h2:mem:" + name + CosellDataSource.H2_OPTIONS.replace(";WRITE_DELAY=0", "")
                            + ";DB_CLOSE_DELAY=-1",
                    "sa");
        }
        try (Connection connection = DriverManager.getConnection(POSTGRESQL);
                Statement statement = connection.createStatement()) {
            statement.execute("create database " + name);
        } catch (SQLException failed) {
            throw new IllegalStateException(failed);
        }
        return new TestDatabase(POSTGRESQL.replaceFirst("/[^/?]+\\?", "/" + name + "?"), "");
    }

    /** Whether it is a PostgreSQL. */
    public boolean isPostgresql() {
        return user.isEmpty();
    }

    /** A connection of its own. */
    public Connection connect() throws SQLException {
        return isPostgresql() ? DriverManager.getConnection(url) : DriverManager.getConnection(url, user, "");
    }

    /** What makes a persistence provider use it without a container. */
    public Map<String, String> jpa() {
        return isPostgresql()
                ? Map.of(
                        "jakarta.persistence.jdbc.driver", "org.postgresql.Driver", "jakarta.persistence.jdbc.url", url)
                : Map.of(
                        "jakarta.persistence.jdbc.driver",
                        "org.h2.Driver",
                        "jakarta.persistence.jdbc.url",
                        url,
                        "jakarta.persistence.jdbc.user",
                        user,
                        "jakarta.persistence.jdbc.password",
                        "");
    }
}
