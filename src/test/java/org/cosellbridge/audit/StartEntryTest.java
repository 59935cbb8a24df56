package org.cosellbridge.audit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.cosellbridge.platform.Configuration;
import org.cosellbridge.platform.ConfigurationFingerprint;
import org.cosellbridge.platform.SecretBox;
import org.junit.jupiter.api.Test;

class StartEntryTest {
    private final List<AuditEntry> entries = new ArrayList<>();

    @Test
    void tellsTheStartByFingerprintsOnly() {
        Configuration configuration = Configuration.of(Map.of(
                SecretBox.KEY, Base64.getEncoder().encodeToString(new byte[32]), "cosell.data-dir", "/a/secret/place"));
        AuditTrail trail = entry -> {
            entries.add(entry);
            return UUID.randomUUID();
        };
        new StartEntry(trail, ConfigurationFingerprint.of(configuration))
                .append(List.of("crm: dynamics/lead@0a1b", "other: dynamics/lead@2c3d"));
        assertThat(entries).singleElement().satisfies(entry -> {
            assertThat(entry.kind()).isEqualTo(AuditKind.PRODUCT_STARTED);
            assertThat(entry.actor()).isEqualTo(AuditEntry.SYSTEM);
            assertThat(entry.outcome()).isEqualTo("started");
            assertThat(entry.reason())
                    .matches("The product started with the configuration [0-9a-f]{64} and the mappings"
                            + " crm: dynamics/lead@0a1b; other: dynamics/lead@2c3d\\.")
                    .doesNotContain("secret");
        });
    }
}
