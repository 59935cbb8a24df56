package org.cosellbridge.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.awaitility.Awaitility;
import org.cosellbridge.simulator.Landscape;
import org.junit.jupiter.api.Test;

/** A product that cannot work says so at once, with every reason in one message. */
class StartIT {
    private final Path dir = Path.of(System.getProperty("project.build.directory"), "it-start");

    @Test
    void aBrokenMappingAndMissingKeysStopTheStartWithAllReasonsInOneMessage() throws IOException {
        ServerProcess.delete(dir);
        Path mappings = Files.createDirectories(dir.resolve("mappings")).toAbsolutePath();
        Files.writeString(mappings.resolve("opportunity.json"), """
                {"connector": "dynamics", "record": "opportunity",
                 "table": {"name": "opportunity", "set": "opportunities", "key": "opportunityid"},
                 "referralKey": "cosell_referralidentifier",
                 "fields": [{"name": "x", "path": "details.noSuchMember", "field": "description", "type": "text", "direction": "to-crm"}]}
                """);
        try (Landscape landscape = new Landscape(0, 0, 0, dir, Landscape.madeUpPassword())) {
            Map<String, String> keys = landscape.keys(dir.resolve("data").toAbsolutePath(), 60);
            keys.put("cosell.crm.crm.mapping", mappings.toString());
            keys.remove("cosell.secret-key");
            keys.remove("cosell.partner-center.client-id");
            keys.put("cosell.queue.max-attempts", "many");
            try (ServerProcess server = new ServerProcess(dir, keys)) {
                server.launch();
                Awaitility.await("the message")
                        .atMost(Duration.ofMinutes(2))
                        .until(() -> server.logText().contains("does not start"));
                String log = server.logText();
                String message = log.substring(log.indexOf("Cosell Bridge does not start"));
                message = message.substring(0, Math.min(message.length(), 4_000));
                assertThat(message)
                        .contains("cosell.secret-key is missing")
                        .contains("cosell.partner-center.client-id is missing")
                        .contains("cosell.queue.max-attempts is 'many'")
                        .contains("noSuchMember")
                        .contains("opportunity.json");
                if (!"wildfly".equals(System.getProperty("cosell.server"))) {
                    assertThat(server.awaitEnd(Duration.ofMinutes(1)))
                            .as("the runnable server ends, so that a supervisor notices")
                            .isEqualTo(78);
                }
            }
        }
    }
}
