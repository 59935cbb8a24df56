package org.cosellbridge.webhook;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.logging.Logger;
import javax.security.auth.x500.X500Principal;
import org.cosellbridge.connector.ConnectionName;
import org.cosellbridge.platform.Configuration;
import org.cosellbridge.platform.StartCheck;
import org.jspecify.annotations.Nullable;

/**
 * The keys {@code cosell.crm.<name>.webhook-secret}, {@code organization-id} and {@code webhook-client-subject} of the connections to a
 * Salesforce.
 */
@Singleton
class SalesforceWebhookSettings implements StartCheck {
    private static final Logger LOG = Logger.getLogger(SalesforceWebhookSettings.class.getName());

    private final Map<String, Sender> senders = new LinkedHashMap<>();

    @Inject
    SalesforceWebhookSettings(Configuration configuration) {
        for (String text : configuration.list("cosell.connections", "")) {
            String prefix = "cosell.crm." + text + ".";
            if (isName(text) && configuration.text(prefix + "type", "dynamics").equals("salesforce")) {
                senders.put(text, sender(configuration, text, prefix));
            }
        }
    }

    /**
     * Who may post for one connection.
     *
     * @param connection its name
     * @param secrets of which the address must hold one
     * @param organization which a message must name; null only while there is no secret
     * @param clientSubject of the client certificate that must be shown; null: none need be
     */
    record Sender(
            ConnectionName connection,
            SharedSecrets secrets,
            @Nullable SalesforceId organization,
            @Nullable X500Principal clientSubject) {
        /** The key that is missing while there is no secret. */
        String secretKey() {
            return "cosell.crm." + connection + ".webhook-secret";
        }
    }

    /** Names that cannot be used are noted where the connections are read. */
    private static boolean isName(String text) {
        return text.matches("[A-Za-z0-9_-]{1,60}");
    }

    private static Sender sender(Configuration configuration, String name, String prefix) {
        SharedSecrets secrets = SharedSecrets.readForPath(configuration, prefix + "webhook-secret");
        return new Sender(
                new ConnectionName(name),
                secrets,
                organization(configuration, prefix + "organization-id", secrets.isSet()),
                clientSubject(configuration, prefix + "webhook-client-subject"));
    }

    private static @Nullable SalesforceId organization(Configuration configuration, String key, boolean required) {
        Optional<String> text = configuration.findText(key);
        Optional<SalesforceId> id =
                text.flatMap(SalesforceId::parse).filter(found -> found.value().startsWith("00D"));
        if (text.isPresent() ? id.isEmpty() : required) {
            configuration.fault(
                    key,
                    (text.isPresent() ? "must be" : "is missing. It is")
                            + " the organisation's id of 15 or 18 characters, which begins with 00D (Setup, Company"
                            + " Information).");
        }
        return id.orElse(null);
    }

    private static @Nullable X500Principal clientSubject(Configuration configuration, String key) {
        Optional<String> text = configuration.findText(key);
        try {
            return text.map(X500Principal::new).orElse(null);
        } catch (IllegalArgumentException notAName) {
            configuration.fault(key, "must be a distinguished name such as CN=outbound.example.com,O=Contoso,C=DE.");
            return null;
        }
    }

    /** The constructor noted every fault; this tells whose receiver refuses everything. */
    @Override
    public void check(Configuration configuration) {
        senders.values().stream()
                .filter(sender -> !sender.secrets().isSet())
                .forEach(sender -> LOG.info(
                        () -> "The webhook receiver of connection " + sender.connection() + " refuses everything until "
                                + sender.secretKey() + " is set; changes are found by polling."));
    }

    /** Who may post for the connection with this name; empty when there is no such connection to a Salesforce. */
    Optional<Sender> find(String connection) {
        return Optional.ofNullable(senders.get(connection));
    }

    /** Every connection to a Salesforce, in the order of the configuration. */
    List<Sender> list() {
        return new ArrayList<>(senders.values());
    }
}
