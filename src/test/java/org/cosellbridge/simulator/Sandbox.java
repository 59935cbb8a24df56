package org.cosellbridge.simulator;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * The product with its remote systems simulated beside it, for people who have no credentials at hand: starts the simulators, makes up a
 * login, runs the packaged server as an operator would, and lets a scenario player create and edit referrals.
 *
 * <p>Arguments: the server file, the folder for its files, the port (8080), how many referrals to play (12). Ends with Ctrl-C.
 */
public final class Sandbox {
    private Sandbox() {}

    /** See {@link Sandbox}. */
    public static void main(String[] args) throws IOException, InterruptedException {
        Path serverFile = Path.of(args[0]).toAbsolutePath();
        Path dir = Path.of(args[1]).toAbsolutePath();
        int port = args.length > 2 ? Integer.parseInt(args[2]) : 8080;
        int referrals = args.length > 3 ? Integer.parseInt(args[3]) : 12;
        run(serverFile, dir, port, referrals, System.out);
    }

    private static void run(Path serverFile, Path dir, int port, int referrals, PrintStream out)
            throws IOException, InterruptedException {
        Files.createDirectories(dir);
        // the simulators begin empty every time, and so must the product, or it would look for records that are no more
        Path run = Files.createTempDirectory(dir, "run-");
        URI product = URI.create("http://127.0.0.1:" + port);
        try (Landscape landscape = new Landscape(0, 0, 0, run, Landscape.madeUpPassword())) {
            out.println("Sandbox: the simulators answer.");
            out.println("  Entra           " + landscape.entra().url());
            out.println("  Partner Center  " + landscape.partnerCenter().url() + "   (state: /_admin/state)");
            CrmSystem crm = landscape.crm();
            out.printf(
                    Locale.ROOT,
                    "  %-15s %s   (state: /_admin/state)%n",
                    crm.title(),
                    crm.server().url());
            out.println("Sandbox: Cosell Bridge starts; its log is " + run.resolve("server.log"));
            Process server = launch(serverFile, run, port, landscape);
            Runtime.getRuntime().addShutdownHook(new Thread(server::destroy, "sandbox-stop"));
            pump(server, run.resolve("server.log"), out);
            if (!awaitReady(server, product)) {
                out.println("Sandbox: Cosell Bridge did not start. The reason stands in " + run.resolve("server.log"));
                server.destroy();
                server.waitFor(10, TimeUnit.SECONDS);
                System.exit(1);
            }
            landscape.partnerCenter().register(Landscape.webhook(product), false);
            crm.register(product);
            out.println();
            out.println("Sandbox: Cosell Bridge is ready.");
            out.println("  links   curl -u auditor:" + landscape.password() + " " + product + "/cosell/api/links");
            out.println("  audit   curl -u auditor:" + landscape.password() + " " + product + "/cosell/api/audit");
            out.println("  health  " + product + "/health");
            out.println("  login   admin, operator or auditor with the password " + landscape.password());
            out.println("  stop    Ctrl-C");
            out.println();
            try (ScenarioPlayer player =
                            new ScenarioPlayer(landscape.partnerCenter(), Duration.ofSeconds(5), referrals, out);
                    SellerPlayer seller = new SellerPlayer(crm, Duration.ofSeconds(12), referrals, out)) {
                player.start();
                seller.start();
                showCrm(crm, server, out);
            }
        }
    }

    private static Process launch(Path serverFile, Path run, int port, Landscape landscape) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx1g",
                "-jar",
                serverFile.toString(),
                "--port",
                Integer.toString(port),
                "--nocluster");
        landscape
                .keys(run.resolve("cosell-data"), 60)
                .forEach((key, value) -> builder.environment().put(Landscape.variable(key), value));
        return builder.directory(run.toFile()).redirectErrorStream(true).start();
    }

    /** Writes the server's output to its log, and shows the lines the product itself wrote. */
    private static void pump(Process server, Path log, PrintStream out) {
        Thread thread = new Thread(
                () -> {
                    try (BufferedReader lines = new BufferedReader(
                                    new InputStreamReader(server.getInputStream(), StandardCharsets.UTF_8));
                            PrintStream file =
                                    new PrintStream(Files.newOutputStream(log), true, StandardCharsets.UTF_8)) {
                        boolean ours = false;
                        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                            file.println(line);
                            String plain = line.replaceAll("\u001B\\[[0-9;]*m", "");
                            if (plain.startsWith("[20")) {
                                ours = plain.contains("[org.cosellbridge.");
                                plain = plain.replaceAll("^\\[.*\\[levelValue: \\d+\\] (\\[\\[)?", "");
                            }
                            plain = plain.replaceAll("\\]\\]$", "").strip();
                            if (ours && !plain.isEmpty()) {
                                out.println("Cosell Bridge:  " + plain);
                            }
                        }
                    } catch (IOException ended) {
                        out.println("Sandbox: the server's output ended: " + ended.getMessage());
                    }
                },
                "sandbox-log");
        thread.setDaemon(true);
        thread.start();
    }

    private static boolean awaitReady(Process server, URI product) throws InterruptedException {
        HttpClient http =
                HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();
        HttpRequest request = HttpRequest.newBuilder(product.resolve("/health/ready"))
                .timeout(Duration.ofSeconds(30))
                .build();
        for (int tries = 0; tries < 240 && server.isAlive(); tries++) {
            try {
                HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
                if (answer.statusCode() == 200 && answer.body().contains("\"database\"")) {
                    return true;
                }
            } catch (IOException notYet) {
                // nobody listens yet; the loop is bounded
            }
            Thread.sleep(500);
        }
        return false;
    }

    /** Shows each write that reaches the CRM until the server ends. */
    private static void showCrm(CrmSystem crm, Process server, PrintStream out) throws InterruptedException {
        int shown = crm.writes().size();
        while (server.isAlive()) {
            var writes = crm.writes();
            for (; shown < writes.size(); shown++) {
                CrmWrite write = writes.get(shown);
                String name = crm.nameOf(write);
                out.printf(
                        Locale.ROOT,
                        "%-15s %s %s %s %s%n",
                        crm.title() + ":",
                        write.collection(),
                        write.id(),
                        name.isEmpty() ? "" : "'" + name + "'",
                        write.fields());
            }
            Thread.sleep(250);
        }
    }
}
