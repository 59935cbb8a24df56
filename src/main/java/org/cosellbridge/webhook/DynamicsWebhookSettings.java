package org.cosellbridge.webhook;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.logging.Logger;
import org.cosellbridge.connector.ConnectionName;
import org.cosellbridge.platform.Configuration;
import org.cosellbridge.platform.StartCheck;
import org.jspecify.annotations.Nullable;

/** The keys {@code cosell.crm.<name>.webhook-secret} and {@code organization-id} of the connections to a Dynamics 365. */
@Singleton
class DynamicsWebhookSettings implements StartCheck {
    /**
     * The fewest bytes that the limit of a body may be: Dataverse cuts what is over 256 KB, which it counts by itself, so there is
     * room for another count. {@code cosell.webhook.max-body} can only raise it.
     */
    static final int LARGEST_BODY = 320 * 1024;

    private static final Logger LOG = Logger.getLogger(DynamicsWebhookSettings.class.getName());
    private static final String GUID = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}";

    private final Map<String, Sender> senders = new LinkedHashMap<>();

    @Inject
    DynamicsWebhookSettings(Configuration configuration) {
        for (String text : configuration.list("cosell.connections", "")) {
            String prefix = "cosell.crm." + text + ".";
            if (isName(text) && configuration.text(prefix + "type", "dynamics").equals("dynamics")) {
                senders.put(
                        text,
                        new Sender(
                                new ConnectionName(text),
                                SharedSecrets.read(configuration, prefix + "webhook-secret"),
                                organization(configuration, prefix + "organization-id")));
            }
        }
    }

    /**
     * Who may post for one connection.
     *
     * @param connection its name
     * @param secrets of which a request must carry one
     * @param organization which a body must name, in lower case; null: any
     */
    record Sender(
            ConnectionName connection,
            SharedSecrets secrets,
            @Nullable String organization) {
        /** The key that is missing while there is no secret. */
        String secretKey() {
            return "cosell.crm." + connection + ".webhook-secret";
        }
    }

    /** Names that cannot be used are noted where the connections are read. */
    private static boolean isName(String text) {
        return text.matches("[A-Za-z0-9_-]{1,60}");
    }

    private static @Nullable String organization(Configuration configuration, String key) {
        Optional<String> id = configuration.findText(key);
        if (id.isPresent() && !id.get().matches(GUID)) {
            configuration.fault(key, "must be a GUID: the OrganizationId that the environment's WhoAmI answers.");
        }
        return id.map(text -> text.toLowerCase(Locale.ROOT)).orElse(null);
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

    /** Who may post for the connection with this name; empty when there is no such connection to a Dynamics 365. */
    Optional<Sender> find(String connection) {
        return Optional.ofNullable(senders.get(connection));
    }

    /** Every connection to a Dynamics 365, in the order of the configuration. */
    List<Sender> list() {
        return new ArrayList<>(senders.values());
    }
}
