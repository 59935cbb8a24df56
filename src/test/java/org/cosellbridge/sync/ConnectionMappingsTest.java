package org.cosellbridge.sync;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.cosellbridge.connector.ConnectionName;
import org.cosellbridge.connector.Connections;
import org.cosellbridge.mapping.MappingDocument;
import org.cosellbridge.platform.Configuration;
import org.junit.jupiter.api.Test;

class ConnectionMappingsTest {
    private final Map<String, String> keys = new HashMap<>(Map.of(
            "cosell.connections", "crm",
            "cosell.crm.crm.url", "https://crm.example",
            "cosell.crm.crm.tenant-id", "t",
            "cosell.crm.crm.client-id", "c",
            "cosell.crm.crm.client-secret", "s"));

    private ConnectionMappings read(Configuration configuration) {
        return new ConnectionMappings(new Connections(configuration, List.of()), configuration);
    }

    @Test
    void readsTheBuiltInDocuments() {
        Configuration configuration = Configuration.of(keys);

        assertThat(read(configuration).list(new ConnectionName("crm")))
                .extracting(MappingDocument::record)
                .containsExactly("opportunity", "lead");
        assertThat(configuration.faults()).noneMatch(fault -> fault.contains("mapping") || fault.contains("when"));
    }

    @Test
    void notesEveryFaultTogether() {
        keys.put("cosell.crm.crm.when", "((");
        keys.put("cosell.crm.crm.mapping", "/no/such/folder");
        Configuration configuration = Configuration.of(keys);

        read(configuration);

        assertThat(configuration.faults())
                .anyMatch(fault -> fault.startsWith("cosell.crm.crm.when "))
                .anyMatch(fault -> fault.startsWith("cosell.crm.crm.mapping "));
    }
}
