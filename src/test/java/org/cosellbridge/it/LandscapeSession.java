package org.cosellbridge.it;

import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.cosellbridge.simulator.Landscape;
import org.jspecify.annotations.Nullable;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.LauncherSessionListener;

/**
 * Starts the landscape before Arquillian starts a server: the server's configuration names its addresses and its trust bundle. Does
 * nothing in runs without a server.
 */
public final class LandscapeSession implements LauncherSessionListener {
    private static final int CALLS_A_MINUTE = 6_000;
    private static @Nullable Landscape landscape;

    @Override
    public void launcherSessionOpened(LauncherSession session) {
        if (System.getProperty("cosell.it.port") == null) {
            return;
        }
        awaitFree(Integer.getInteger("cosell.it.port"));
        Path dir = Path.of(System.getProperty("project.build.directory"), "it");
        ServerProcess.delete(dir);
        Landscape started = new Landscape(
                Integer.getInteger("cosell.it.entra-port"),
                Integer.getInteger("cosell.it.partner-center-port"),
                Integer.getInteger("cosell.it.crm-port"),
                dir,
                Landscape.madeUpPassword());
        landscape = started;
        started.partnerCenter().requestsPerMinute(CALLS_A_MINUTE);
        Map<String, String> keys = started.keys(dir.resolve("data"), CALLS_A_MINUTE);
        // seldom enough that what is heard at once was pushed
        keys.put("cosell.crm." + Landscape.CONNECTION + ".poll-interval", "PT10S");
        System.setProperty(
                "cosell.it.options",
                "-Xmx1g "
                        + keys.entrySet().stream()
                                .map(entry -> "-D" + entry.getKey() + "=" + entry.getValue())
                                .collect(Collectors.joining(" ")));
    }

    /**
     * Payara Micro binds its port without SO_REUSEADDR: a connection that the server of the class before closed itself, as it does after a
     * body that is too large, keeps the port for the minute of its TIME_WAIT.
     */
    private static void awaitFree(int port) {
        Awaitility.await("port " + port)
                .atMost(Duration.ofMinutes(2))
                .pollInterval(Duration.ofMillis(500))
                .ignoreException(BindException.class)
                .until(() -> {
                    try (ServerSocket socket = new ServerSocket()) {
                        socket.setReuseAddress(false);
                        socket.bind(new InetSocketAddress(port));
                        return true;
                    }
                });
    }

    @Override
    public void launcherSessionClosed(LauncherSession session) {
        Landscape running = landscape;
        if (running != null) {
            running.close();
        }
    }

    /** The landscape of this run. */
    static Landscape landscape() {
        if (landscape == null) {
            throw new IllegalStateException("Integration tests run by mvn verify, which hands them their ports.");
        }
        return landscape;
    }
}
