package org.cosellbridge.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.cosellbridge.audit.MovingClock;
import org.cosellbridge.platform.Configuration;
import org.cosellbridge.simulator.TestAuthority;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WebhookSettingsTest {
    private static final String BUNDLE = "cosell.webhook.trust-bundle";
    private static final TestAuthority AUTHORITY = new TestAuthority("Microsoft Corporation");
    private final MovingClock clock = MovingClock.startingNow();

    @TempDir
    private Path folder;

    private List<String> faults(Map<String, String> keys) {
        Configuration configuration = Configuration.of(keys);
        new WebhookSettings(configuration, clock).check(configuration);
        return configuration.faults();
    }

    private List<String> faultsOfBundle(String text) throws IOException {
        Path file = Files.writeString(folder.resolve("bundle.pem"), text);
        return faults(Map.of(BUNDLE, file.toString()));
    }

    @Test
    void startsWithoutAnyKey() {
        assertThat(faults(Map.of())).isEmpty();
    }

    @Test
    void readsBundleFromFile() throws IOException {
        assertThat(faultsOfBundle("a comment\n" + TestAuthority.pem(AUTHORITY.root())))
                .isEmpty();
    }

    @Test
    void namesBundleThatCannotBeRead() {
        assertThat(faults(Map.of(BUNDLE, folder.resolve("none.pem").toString())))
                .singleElement()
                .asString()
                .startsWith(BUNDLE + " names a file that cannot be read");
    }

    @Test
    void namesBundleWithoutCertificates() throws IOException {
        assertThat(faultsOfBundle("hello")).containsExactly(BUNDLE + " holds no certificates in PEM form.");
        assertThat(faultsOfBundle("")).containsExactly(BUNDLE + " holds no certificates in PEM form.");
        assertThat(faultsOfBundle("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"))
                .containsExactly(BUNDLE + " holds no certificates in PEM form.");
    }

    @Test
    void namesBundleWithoutRoot() throws IOException {
        assertThat(faultsOfBundle(TestAuthority.pem(new Hierarchy().middle())))
                .containsExactly(BUNDLE + " holds no root: no certificate in it is self-signed.");
    }

    @Test
    void namesCertificateThatIsNoAuthority() throws IOException {
        assertThat(faultsOfBundle(TestAuthority.pem(AUTHORITY.root())
                        + TestAuthority.pem(AUTHORITY.issueDispatcher().certificate())))
                .singleElement()
                .asString()
                .contains("is no authority: ", "CN=pcnotifications-dispatch.microsoft.com");
    }

    @Test
    void namesBundleWhoseRootsHaveAllEnded() throws IOException {
        clock.move(Duration.ofDays(11));
        assertThat(faultsOfBundle(TestAuthority.pem(AUTHORITY.root())))
                .containsExactly(BUNDLE + " holds no root that is valid today.");
    }

    @Test
    void namesEveryFaultAtOnce() {
        assertThat(faults(Map.of(
                        "cosell.webhook.max-body", "1",
                        "cosell.webhook.certificate-hosts", "10.0.0.1",
                        "cosell.webhook.aia-hosts", "a/b")))
                .hasSize(4);
    }
}
