package org.cosellbridge.connector;

import jakarta.enterprise.inject.Instance;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.cosellbridge.platform.Configuration;
import org.cosellbridge.platform.StartCheck;

/** The configured connections and their connectors. */
@Singleton
public class Connections implements StartCheck {
    private final Map<ConnectionName, ConnectionSettings> settings = new LinkedHashMap<>();
    private final Map<ConnectionName, Connector> connectors = new LinkedHashMap<>();

    @Inject
    Connections(Configuration configuration, Instance<ConnectorFactory> factories) {
        this(configuration, factories.stream().toList());
    }

    /** Connections with these factories; for tests. */
    public Connections(Configuration configuration, List<ConnectorFactory> factories) {
        for (String text : configuration.list("cosell.connections", "")) {
            try {
                ConnectionName name = new ConnectionName(text);
                ConnectionSettings read = ConnectionSettings.read(configuration, name);
                settings.put(name, read);
                factories.stream()
                        .filter(factory -> factory.type().equals(read.type()))
                        .findFirst()
                        .ifPresentOrElse(
                                factory -> connectors.put(name, factory.connect(read)),
                                () -> configuration.fault(
                                        "cosell.crm." + name + ".type", "names no connector: " + read.type()));
            } catch (IllegalArgumentException wrongName) {
                configuration.fault("cosell.connections", "holds '" + text + "'. " + wrongName.getMessage());
            }
        }
        if (settings.isEmpty()) {
            configuration.fault(
                    "cosell.connections", "is missing. It lists the names of the CRM connections, such as: crm");
        }
    }

    @Override
    public void check(Configuration configuration) {
        // the constructor noted every fault
    }

    /** The names in the order of the configuration. */
    public List<ConnectionName> names() {
        return new ArrayList<>(settings.keySet());
    }

    /** The settings of this connection; it must be configured. */
    public ConnectionSettings settings(ConnectionName name) {
        return Optional.ofNullable(settings.get(name)).orElseThrow(() -> unknown(name));
    }

    /** The connector of this connection; it must be configured. */
    public Connector connector(ConnectionName name) {
        return Optional.ofNullable(connectors.get(name)).orElseThrow(() -> unknown(name));
    }

    private static IllegalArgumentException unknown(ConnectionName name) {
        return new IllegalArgumentException("There is no connection named " + name + ".");
    }
}
