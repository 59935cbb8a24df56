package org.cosellbridge.connector.dynamics;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Clock;
import org.cosellbridge.connector.ConnectionSettings;
import org.cosellbridge.connector.Connector;
import org.cosellbridge.connector.ConnectorFactory;
import org.cosellbridge.http.Grant;
import org.cosellbridge.http.OutboundClient;
import org.cosellbridge.http.Tokens;
import org.cosellbridge.platform.Configuration;

/** Makes connectors of type {@code dynamics}: signed in by the client secret, or by the certificate when no secret is set. */
@Singleton
public class DynamicsConnectorFactory implements ConnectorFactory {
    private final Configuration configuration;
    private final OutboundClient http;
    private final Tokens tokens;
    private final Clock clock;

    @Inject
    DynamicsConnectorFactory(Configuration configuration, OutboundClient http, Tokens tokens, Clock clock) {
        this.configuration = configuration;
        this.http = http;
        this.tokens = tokens;
        this.clock = clock;
    }

    @Override
    public String type() {
        return "dynamics";
    }

    @Override
    public Connector connect(ConnectionSettings settings) {
        return new DynamicsConnector(new DynamicsClient(settings, grant(settings), http, tokens, clock), clock);
    }

    private Grant grant(ConnectionSettings settings) {
        String scope = settings.url() + "/.default";
        if (!settings.clientSecret().isEmpty()) {
            return new Grant.ClientSecret(
                    settings.authority(), settings.tenantId(), settings.clientId(), settings.clientSecret(), scope);
        }
        return new Grant.ClientCertificate(
                settings.authority(),
                settings.tenantId(),
                settings.clientId(),
                pem(settings, "private-key", settings.privateKey()),
                pem(settings, "certificate", settings.certificate()),
                scope);
    }

    /** PEM text as it is; anything else is the path of a file that holds it. */
    private String pem(ConnectionSettings settings, String key, String textOrPath) {
        if (textOrPath.isEmpty() || textOrPath.startsWith("-----BEGIN")) {
            return textOrPath;
        }
        try {
            return Files.readString(Path.of(textOrPath));
        } catch (IOException | InvalidPathException unreadable) {
            configuration.fault(
                    "cosell.crm." + settings.name() + "." + key,
                    "names a file that cannot be read. It must be PEM text or the path of a PEM file.");
            return "";
        }
    }
}
