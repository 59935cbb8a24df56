package org.cosellbridge.platform;

import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.util.Optional;
import java.util.logging.Logger;
import javax.sql.DataSource;
import org.eclipse.microprofile.config.ConfigProvider;
import org.h2.jdbcx.JdbcDataSource;
import org.jspecify.annotations.Nullable;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * The product's database: H2 in a file below {@code cosell.data-dir} unless {@code cosell.datasource.url} names a PostgreSQL. The
 * server pools what this hands out. It is deliberately not an XA source: the work is kept in tables, a message is only a nudge.
 *
 * <p>H2 runs with {@code WRITE_DELAY=0}: with its default a killed process loses the commits of the last half second. The mode
 * gives H2 PostgreSQL's {@code ON CONFLICT DO NOTHING}.
 */
public class CosellDataSource implements DataSource {
    /** What makes H2 keep a commit when the process is killed, and speak the SQL the product uses. */
    static final String H2_OPTIONS =
            ";WRITE_DELAY=0;MODE=PostgreSQL;DATABASE_TO_LOWER=TRUE;DEFAULT_NULL_ORDERING=HIGH;DB_CLOSE_ON_EXIT=FALSE;LOCK_TIMEOUT=10000";

    private @Nullable DataSource target;
    private String purpose = "application";

    /** What the pool is for; servers set it from the data source definition, which must have a property of its own. */
    public void setPurpose(String purpose) {
        this.purpose = purpose;
    }

    /** What the pool is for. */
    public String getPurpose() {
        return purpose;
    }

    private synchronized DataSource target() {
        if (target == null) {
            String url = configured("cosell.datasource.url")
                    .orElseGet(() -> "jdbc:h2:file:"
                            + absolute(configured("cosell.data-dir").orElse("./cosell-data")) + "/h2/cosell"
                            + H2_OPTIONS);
            target = url.startsWith("jdbc:postgresql:") ? postgresql(url) : h2(url);
        }
        return target;
    }

    private static String absolute(String dir) {
        return java.nio.file.Path.of(dir).toAbsolutePath().normalize().toString();
    }

    private static DataSource postgresql(String url) {
        PGSimpleDataSource source = new PGSimpleDataSource();
        source.setUrl(url);
        source.setUser(configured("cosell.datasource.user").orElse("cosell"));
        source.setPassword(configured("cosell.datasource.password").orElse(""));
        source.setApplicationName("cosell-bridge");
        return source;
    }

    private static DataSource h2(String url) {
        JdbcDataSource source = new JdbcDataSource();
        source.setURL(url);
        source.setUser(configured("cosell.datasource.user").orElse("sa"));
        source.setPassword(configured("cosell.datasource.password").orElse(""));
        return source;
    }

    private static Optional<String> configured(String key) {
        return ConfigProvider.getConfig(CosellDataSource.class.getClassLoader())
                .getOptionalValue(key, String.class)
                .map(String::trim)
                .filter(value -> !value.isEmpty());
    }

    @Override
    public Connection getConnection() throws SQLException {
        return target().getConnection();
    }

    @Override
    public Connection getConnection(String user, String password) throws SQLException {
        return target().getConnection();
    }

    @Override
    public @Nullable PrintWriter getLogWriter() {
        return null;
    }

    @Override
    public void setLogWriter(PrintWriter out) {
        // the drivers log through java.util.logging
    }

    @Override
    public void setLoginTimeout(int seconds) {
        // the URL carries the driver's own time-outs
    }

    @Override
    public int getLoginTimeout() {
        return 0;
    }

    @Override
    public Logger getParentLogger() throws SQLFeatureNotSupportedException {
        throw new SQLFeatureNotSupportedException();
    }

    @Override
    public <T> T unwrap(Class<T> type) throws SQLException {
        return target().unwrap(type);
    }

    @Override
    public boolean isWrapperFor(Class<?> type) throws SQLException {
        return target().isWrapperFor(type);
    }
}
