package org.cosellbridge.platform;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.io.TempDir;

/** The embedded database keeps every commit when its process is killed. */
class DurabilityTest {
    @TempDir
    private Path dir;

    @RepeatedTest(3)
    void noCommitIsLostToAKill() throws IOException, InterruptedException, SQLException {
        String url = "jdbc:h2:file:" + dir.resolve("durable") + CosellDataSource.H2_OPTIONS;
        Process writer = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Writer.class.getName(),
                        url)
                .redirectErrorStream(true)
                .start();
        long acknowledged = 0;
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(writer.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                assertThat(line).matches("\\d+");
                acknowledged = Long.parseLong(line);
                if (acknowledged == 3_000) {
                    writer.toHandle().destroyForcibly(); // the process itself would close the stream that is read here
                }
            }
        }
        assertThat(writer.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(acknowledged).isGreaterThanOrEqualTo(3_000);

        try (Connection connection = DriverManager.getConnection(url, "sa", "");
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("select count(*), max(id) from kept")) {
            assertThat(rows.next()).isTrue();
            assertThat(rows.getLong(1)).as("rows after the kill").isGreaterThanOrEqualTo(acknowledged);
            assertThat(rows.getLong(2)).as("rows without a gap").isEqualTo(rows.getLong(1));
        }
    }

    /** Commits rows one by one and prints the number of each after its commit. */
    static final class Writer {
        private Writer() {}

        public static void main(String[] args) throws SQLException {
            try (Connection connection = DriverManager.getConnection(args[0], "sa", "");
                    Statement statement = connection.createStatement()) {
                statement.execute("create table kept (id bigint primary key, text varchar(600))");
                connection.setAutoCommit(false);
                try (PreparedStatement insert = connection.prepareStatement("insert into kept values (?, ?)")) {
                    for (long id = 1; id <= 1_000_000; id++) {
                        insert.setLong(1, id);
                        insert.setString(2, "x".repeat(600));
                        insert.executeUpdate();
                        connection.commit();
                        System.out.println(id);
                    }
                }
            }
        }
    }
}
