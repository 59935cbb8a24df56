package org.cosellbridge.connector.salesforce;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.net.URI;
import java.time.Clock;
import java.util.Locale;
import org.cosellbridge.connector.ConnectionSettings;
import org.cosellbridge.connector.Connector;
import org.cosellbridge.connector.ConnectorFactory;
import org.cosellbridge.http.Grant;
import org.cosellbridge.http.OutboundClient;
import org.cosellbridge.http.Pem;
import org.cosellbridge.http.Permits;
import org.cosellbridge.http.Tokens;
import org.cosellbridge.platform.Configuration;

/** Makes connectors of type {@code salesforce}: signed in by the client secret, or by JWT bearer when no secret is set. */
@Singleton
public class SalesforceConnectorFactory implements ConnectorFactory {
    private static final URI PRODUCTION = URI.create("https://login.salesforce.com");
    private static final URI SANDBOX = URI.create("https://test.salesforce.com");

    private final Configuration configuration;
    private final OutboundClient http;
    private final Tokens tokens;
    private final Permits permits;
    private final Clock clock;

    @Inject
    SalesforceConnectorFactory(
            Configuration configuration, OutboundClient http, Tokens tokens, Permits permits, Clock clock) {
        this.configuration = configuration;
        this.http = http;
        this.tokens = tokens;
        this.permits = permits;
        this.clock = clock;
    }

    @Override
    public String type() {
        return "salesforce";
    }

    @Override
    public Connector connect(ConnectionSettings settings) {
        return new SalesforceConnector(
                new SalesforceClient(settings, grant(settings), http, tokens, permits, clock), clock);
    }

    private Grant.Salesforce grant(ConnectionSettings settings) {
        if (!settings.clientSecret().isEmpty()) {
            return new Grant.SalesforceSecret(settings.authority(), settings.clientId(), settings.clientSecret());
        }
        if (!settings.privateKey().isEmpty()) {
            try {
                Pem.privateKey(settings.privateKey());
            } catch (IllegalArgumentException unreadable) {
                configuration.fault(
                        "cosell.crm." + settings.name() + ".private-key", "cannot be used. " + unreadable.getMessage());
            }
        }
        return new Grant.SalesforceKey(
                settings.authority(),
                audience(settings),
                settings.clientId(),
                settings.username(),
                settings.privateKey());
    }

    /** The assertion names the login host of production or of sandboxes, also where it is sent to a My Domain. */
    private static URI audience(ConnectionSettings settings) {
        String login = String.valueOf(settings.authority().getHost()).toLowerCase(Locale.ROOT);
        return login.equals(SANDBOX.getHost()) || login.endsWith(".sandbox.my.salesforce.com") ? SANDBOX : PRODUCTION;
    }
}
