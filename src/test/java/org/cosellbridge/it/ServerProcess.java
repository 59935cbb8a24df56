package org.cosellbridge.it;

import java.io.File;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.cosellbridge.simulator.Landscape;
import org.jspecify.annotations.Nullable;

/**
 * The product in a process of its own, to be killed and started again: the runnable server on Payara Micro, an unpacked WildFly with
 * the WAR in its deployments folder. Which one, the build says.
 */
final class ServerProcess implements AutoCloseable {
    private static final Duration START = Duration.ofMinutes(3);
    private final boolean wildfly = "wildfly".equals(System.getProperty("cosell.server"));
    private final Path build = Path.of(System.getProperty("project.build.directory", "target"));
    private final Path dir;
    private final Map<String, String> keys;
    private final int port = freePort();
    private final int managementPort = freePort();
    private @Nullable Process process;
    private int starts;

    /** A product with this configuration; logs and unpacked files go below {@code dir}. */
    ServerProcess(Path dir, Map<String, String> keys) {
        this.dir = dir;
        this.keys = Map.copyOf(keys);
    }

    URI url() {
        return URI.create("http://127.0.0.1:" + port);
    }

    /** Starts the process and waits until it is ready. */
    void start() {
        launch();
        Awaitility.await("the product is ready; its log: " + log())
                .atMost(START)
                .pollInterval(Duration.ofMillis(250))
                .until(() -> {
                    if (!isAlive()) {
                        throw new IllegalStateException("The server ended before it was ready. Its log: " + log());
                    }
                    return isReady();
                });
    }

    /** Starts the process without waiting for anything. */
    void launch() {
        try {
            Files.createDirectories(dir);
            starts++;
            ProcessBuilder builder = new ProcessBuilder(wildfly ? wildflyCommand() : payaraCommand());
            keys.forEach((key, value) -> builder.environment().put(Landscape.variable(key), value));
            builder.environment().remove("MAVEN_OPTS");
            process = builder.directory(dir.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(log().toFile())
                    .start();
        } catch (IOException failed) {
            throw new IllegalStateException("The server cannot be started.", failed);
        }
    }

    private List<String> payaraCommand() {
        return List.of(
                java(),
                "-Xmx1g",
                "-jar",
                build.resolve("cosell-bridge-server.jar").toAbsolutePath().toString(),
                "--port",
                Integer.toString(port),
                "--nocluster");
    }

    private List<String> wildflyCommand() throws IOException {
        Path home = build.resolve("wildfly-" + System.getProperty("wildfly.version"))
                .toAbsolutePath();
        Path standalone = dir.resolve("standalone").toAbsolutePath();
        if (!Files.exists(standalone)) {
            copy(home.resolve("standalone/configuration"), standalone.resolve("configuration"));
            Files.createDirectories(standalone.resolve("deployments"));
            Files.copy(
                    build.resolve("cosell-bridge.war"),
                    standalone.resolve("deployments/cosell-bridge.war"),
                    StandardCopyOption.REPLACE_EXISTING);
        }
        // a killed server leaves its marker file; without it the scanner deploys again
        try (Stream<Path> markers = Files.list(standalone.resolve("deployments"))) {
            for (Path marker :
                    markers.filter(path -> !path.toString().endsWith(".war")).toList()) {
                Files.delete(marker);
            }
        }
        List<String> command = new ArrayList<>(List.of(
                java(),
                "-Xmx1g",
                "--add-exports=java.desktop/sun.awt=ALL-UNNAMED",
                "--add-exports=java.naming/com.sun.jndi.ldap=ALL-UNNAMED",
                "--add-exports=java.naming/com.sun.jndi.url.ldap=ALL-UNNAMED",
                "--add-exports=java.naming/com.sun.jndi.url.ldaps=ALL-UNNAMED",
                "--add-exports=jdk.naming.dns/com.sun.jndi.dns=ALL-UNNAMED",
                "--add-opens=java.base/java.lang=ALL-UNNAMED",
                "--add-opens=java.base/java.lang.invoke=ALL-UNNAMED",
                "--add-opens=java.base/java.lang.reflect=ALL-UNNAMED",
                "--add-opens=java.base/java.io=ALL-UNNAMED",
                "--add-opens=java.base/java.net=ALL-UNNAMED",
                "--add-opens=java.base/java.security=ALL-UNNAMED",
                "--add-opens=java.base/java.util=ALL-UNNAMED",
                "--add-opens=java.base/java.util.concurrent=ALL-UNNAMED",
                "--add-opens=java.management/javax.management=ALL-UNNAMED",
                "--add-opens=java.naming/javax.naming=ALL-UNNAMED",
                "-Dorg.jboss.boot.log.file=" + standalone.resolve("log/server.log"),
                "-Dlogging.configuration=file:" + standalone.resolve("configuration/logging.properties"),
                "-jar",
                home.resolve("jboss-modules.jar").toString(),
                "-mp",
                home.resolve("modules").toString(),
                "org.jboss.as.standalone",
                "-Djboss.home.dir=" + home,
                "-Djboss.server.base.dir=" + standalone,
                "-Djboss.http.port=" + port,
                "-Djboss.https.port=" + freePort(),
                "-Djboss.management.http.port=" + managementPort,
                "-c",
                "standalone-full.xml"));
        return command;
    }

    private static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Path target = to.resolve(from.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(file, target, StandardCopyOption.REPLACE_EXISTING);
                }
            }
        }
    }

    /** SIGKILL: no shutdown hook runs, nothing is flushed by us. */
    void kill() {
        Process running = process;
        if (running != null) {
            running.destroyForcibly();
            awaitEnd(Duration.ofSeconds(30));
        }
    }

    /** Waits until the process has ended by itself and answers its exit status. */
    int awaitEnd(Duration longest) {
        Process running = process;
        if (running == null) {
            throw new IllegalStateException("The server was not started.");
        }
        try {
            if (!running.waitFor(longest.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new IllegalStateException("The server still runs after " + longest + ". Its log: " + log());
            }
            return running.exitValue();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(interrupted);
        }
    }

    boolean isAlive() {
        return process != null && process.isAlive();
    }

    private boolean isReady() {
        try {
            URI health = URI.create("http://127.0.0.1:" + (wildfly ? managementPort : port) + "/health/ready");
            HttpResponse<String> answer = HttpClient.newHttpClient()
                    .send(
                            HttpRequest.newBuilder(health)
                                    .timeout(Duration.ofSeconds(5))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString());
            return answer.statusCode() == 200
                    && answer.body().contains("\"database\"")
                    && answer.body().contains("\"UP\"");
        } catch (IOException notYet) {
            return false;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(interrupted);
        }
    }

    /** The log of the newest start. */
    Path log() {
        return dir.resolve("server-" + starts + ".log").toAbsolutePath();
    }

    /** The text of the newest start's log. */
    String logText() {
        try {
            return new String(Files.readAllBytes(log()), java.nio.charset.StandardCharsets.UTF_8);
        } catch (IOException failed) {
            throw new IllegalStateException(failed);
        }
    }

    /** A port nobody listens on. */
    static int freePort() {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        } catch (IOException failed) {
            throw new IllegalStateException(failed);
        }
    }

    /** Deletes a folder and everything in it. */
    static void delete(Path folder) {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            files.map(Path::toFile).sorted((a, b) -> b.compareTo(a)).forEach(File::delete);
        } catch (IOException failed) {
            throw new IllegalStateException(failed);
        }
    }

    @Override
    public void close() {
        kill();
    }
}
