package org.cosellbridge.connector;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import org.cosellbridge.platform.Configuration;

/**
 * The keys {@code cosell.crm.<name>.*} of one connection. What is empty was not set.
 *
 * @param name its name
 * @param type {@code dynamics} or {@code salesforce}
 * @param url the environment URL or My Domain URL
 * @param authority where tokens come from: the Entra authority, or the login host of Salesforce
 * @param tenantId the Entra tenant; empty for Salesforce
 * @param clientId the application's client id (Salesforce: the consumer key)
 * @param clientSecret its secret, or empty when a certificate is used
 * @param privateKey PEM text or a path
 * @param certificate PEM text or a path; Salesforce holds it itself
 * @param username Salesforce with a private key: the integration user
 * @param apiVersion the pinned version of the remote API
 * @param records the kinds of record this connection keeps
 * @param mappingFolder the folder with mapping documents; empty: the built-in ones
 * @param when JSONata over the referral's wire JSON: which referrals belong here
 * @param maxConcurrent attempts that may run at the same time, over all nodes
 * @param pollInterval how long after one walk of a change feed the next one begins; a second to an hour
 */
public record ConnectionSettings(
        ConnectionName name,
        String type,
        URI url,
        URI authority,
        String tenantId,
        String clientId,
        String clientSecret,
        String privateKey,
        String certificate,
        String username,
        String apiVersion,
        List<String> records,
        String mappingFolder,
        String when,
        int maxConcurrent,
        Duration pollInterval) {
    private static final String DYNAMICS = "dynamics";
    private static final String SALESFORCE = "salesforce";
    private static final String SALESFORCE_VERSION = "v67.0";
    private static final Duration SHORTEST_POLL = Duration.ofSeconds(1);
    private static final Duration LONGEST_POLL = Duration.ofHours(1);

    public ConnectionSettings {
        records = List.copyOf(records);
    }

    /** Reads the keys of the connection with this name; faults go to the configuration. */
    public static ConnectionSettings read(Configuration configuration, ConnectionName name) {
        String prefix = "cosell.crm." + name + ".";
        String type = configuration.choice(prefix + "type", DYNAMICS, List.of(DYNAMICS, SALESFORCE));
        boolean salesforce = type.equals(SALESFORCE);
        String secret = configuration.text(prefix + "client-secret", "");
        String privateKey = configuration.text(prefix + "private-key", "");
        String certificate = configuration.text(prefix + "certificate", "");
        String username = configuration.text(prefix + "username", "");
        if (secret.isEmpty() && (privateKey.isEmpty() || (salesforce ? username : certificate).isEmpty())) {
            configuration.fault(
                    prefix + "client-secret",
                    "is missing. Set it, or both " + prefix + "private-key and " + prefix
                            + (salesforce ? "username." : "certificate."));
        }
        URI url = configuration.requiredUrl(
                prefix + "url",
                salesforce
                        ? "It is the My Domain URL, such as https://contoso.my.salesforce.com."
                        : "It is the environment URL, such as https://contoso.crm4.dynamics.com.");
        return new ConnectionSettings(
                name,
                type,
                url,
                configuration.remoteUrl(prefix + "authority", authority(salesforce, secret, url)),
                salesforce
                        ? ""
                        : configuration.requiredText(
                                prefix + "tenant-id", "It is the Entra tenant of the environment."),
                configuration.requiredText(
                        prefix + "client-id",
                        salesforce
                                ? "It is the consumer key of the External Client App."
                                : "It is the application (client) id of the app registration."),
                secret,
                privateKey,
                certificate,
                username,
                salesforce
                        ? salesforceVersion(configuration, prefix + "api-version")
                        : configuration.choice(prefix + "api-version", "v9.2", List.of("v9.0", "v9.1", "v9.2")),
                configuration.list(prefix + "records", "opportunity,lead"),
                configuration.findText(prefix + "mapping").orElse(""),
                configuration.text(prefix + "when", "true"),
                configuration.number(prefix + "max-concurrent", 4, 1, 64),
                pollInterval(configuration, prefix + "poll-interval"));
    }

    /** Where tokens come from unless said otherwise; Salesforce answers client credentials on the My Domain host only. */
    private static String authority(boolean salesforce, String secret, URI url) {
        if (!salesforce) {
            return "https://login.microsoftonline.com";
        }
        return secret.isEmpty() ? "https://login.salesforce.com" : url.toString();
    }

    /** Versions live for three years at least; what the connector needs is there since v60.0. */
    private static String salesforceVersion(Configuration configuration, String key) {
        String version = configuration.text(key, SALESFORCE_VERSION);
        if (!version.matches("v[6-9]\\d\\.0")) {
            configuration.fault(key, "is '" + version + "' but must be from v60.0 to v99.0.");
            return SALESFORCE_VERSION;
        }
        return version;
    }

    private static Duration pollInterval(Configuration configuration, String key) {
        Duration usual = Duration.ofMinutes(1);
        Duration interval = configuration.duration(key, usual);
        if (interval.compareTo(SHORTEST_POLL) < 0 || interval.compareTo(LONGEST_POLL) > 0) {
            configuration.fault(key, "is '" + interval + "' but must be from PT1S to PT1H.");
            return usual;
        }
        return interval;
    }
}
