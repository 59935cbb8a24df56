package org.cosellbridge.connector.dynamics;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.time.Duration;
import java.util.function.Consumer;
import org.cosellbridge.connector.ConnectionSettings;
import org.cosellbridge.connector.Connector;
import org.cosellbridge.connector.ConnectorFactory;
import org.cosellbridge.http.Grant;
import org.cosellbridge.http.OutboundClient;
import org.cosellbridge.http.Pem;
import org.cosellbridge.http.Permits;
import org.cosellbridge.http.Tokens;
import org.cosellbridge.platform.Configuration;

/** Makes connectors of type {@code dynamics}: signed in by the client secret, or by the certificate when no secret is set. */
@Singleton
public class DynamicsConnectorFactory implements ConnectorFactory {
    /** Dataverse refuses the 6001st call of a user within this time; a little is left for clocks and calls under way. */
    private static final Duration WINDOW = Duration.ofMinutes(5);

    private static final int CALLS_PER_WINDOW = 5_700;

    private final Configuration configuration;
    private final OutboundClient http;
    private final Tokens tokens;
    private final Permits permits;
    private final Clock clock;

    @Inject
    DynamicsConnectorFactory(
            Configuration configuration, OutboundClient http, Tokens tokens, Permits permits, Clock clock) {
        this.configuration = configuration;
        this.http = http;
        this.tokens = tokens;
        this.permits = permits;
        this.clock = clock;
    }

    @Override
    public String type() {
        return "dynamics";
    }

    @Override
    public Connector connect(ConnectionSettings settings) {
        permits.limit(settings.name().value(), CALLS_PER_WINDOW, WINDOW);
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
                readable(settings, "private-key", settings.privateKey(), Pem::privateKey),
                readable(settings, "certificate", settings.certificate(), Pem::certificate),
                scope);
    }

    private String readable(ConnectionSettings settings, String key, String pemOrPath, Consumer<String> reading) {
        if (!pemOrPath.isEmpty()) {
            try {
                reading.accept(pemOrPath);
            } catch (IllegalArgumentException unreadable) {
                configuration.fault(
                        "cosell.crm." + settings.name() + "." + key, "cannot be used. " + unreadable.getMessage());
            }
        }
        return pemOrPath;
    }
}
