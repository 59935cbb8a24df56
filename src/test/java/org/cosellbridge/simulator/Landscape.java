package org.cosellbridge.simulator;

import at.favre.lib.crypto.bcrypt.BCrypt;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;

/**
 * Entra, Partner Center and Dataverse side by side, with the credentials that Cosell Bridge signs in with, and the configuration keys
 * that point it at them.
 */
public final class Landscape implements AutoCloseable {
    /** The name of the one connection. */
    public static final String CONNECTION = "crm";

    /** The application that reads and writes referrals. */
    public static final String PARTNER_CENTER_CLIENT = "11111111-aaaa-4bbb-8ccc-000000000001";

    /** The application that reads and writes the CRM. */
    public static final String CRM_CLIENT = "11111111-aaaa-4bbb-8ccc-000000000002";

    /** The header in which Dataverse hands over the shared secret. */
    public static final String SECRET_HEADER = "x-cosell-webhook-secret";

    /** By table the columns whose change Dataverse pushes: what a seller edits, none that only the product writes. */
    public static final Map<String, List<String>> WATCHED_COLUMNS = Map.of(
            "opportunity",
            List.of(
                    "name",
                    "description",
                    "estimatedvalue",
                    "isrevenuesystemcalculated",
                    "transactioncurrencyid",
                    "estimatedclosedate",
                    "statecode",
                    "statuscode",
                    "ownerid",
                    "parentaccountid",
                    "customerid",
                    "parentcontactid",
                    "originatingleadid",
                    "cosell_syncwithpartnercenter",
                    "cosell_howcanmicrosofthelp",
                    "cosell_products",
                    "cosell_visibletomicrosoft"),
            "lead",
            List.of(
                    "subject",
                    "description",
                    "estimatedamount",
                    "transactioncurrencyid",
                    "estimatedclosedate",
                    "statecode",
                    "statuscode",
                    "ownerid",
                    "companyname",
                    "firstname",
                    "lastname",
                    "jobtitle",
                    "emailaddress1",
                    "telephone1",
                    "address1_line1",
                    "address1_line2",
                    "address1_city",
                    "address1_stateorprovince",
                    "address1_postalcode",
                    "address1_country",
                    "cosell_syncwithpartnercenter",
                    "cosell_howcanmicrosofthelp",
                    "cosell_products",
                    "cosell_visibletomicrosoft"));

    private static final Map<String, List<String>> WATCHED_MESSAGES = Map.of(
            "opportunity", List.of("Create", "Update", "Delete", "WinOpportunity", "LoseOpportunity"),
            "lead", List.of("Create", "Update", "Delete"));

    private static final String TENANT = "22222222-aaaa-4bbb-8ccc-000000000001";
    private final EntraSimulator entra;
    private final PartnerCenterSimulator partnerCenter;
    private final DataverseSimulator dataverse;
    private final Path trustBundle;
    private final String secretKey;
    private final String password;
    private final String crmSecret = UUID.randomUUID().toString();

    /**
     * Starts all three.
     *
     * @param entraPort where the authority listens, 0 for any free port; likewise the others
     * @param dir where the trust bundle is written
     * @param password of the users admin, operator and auditor
     */
    public Landscape(int entraPort, int partnerCenterPort, int dataversePort, Path dir, String password) {
        this.password = password;
        entra = new EntraSimulator(entraPort, TENANT).start();
        partnerCenter = new PartnerCenterSimulator(partnerCenterPort, entra).start();
        dataverse = new DataverseSimulator(dataversePort, entra).start();
        entra.app(PARTNER_CENTER_CLIENT)
                .secret("partner-center-secret")
                .audience(PartnerCenterSimulator.REFERRALS_AUDIENCE)
                .audience(PartnerCenterSimulator.WEBHOOKS_AUDIENCE)
                .refreshToken("first-refresh-token", "referral-admin@ourco.example");
        entra.app(CRM_CLIENT).secret("crm-secret").audience(dataverse.url().toString());
        dataverse.applicationUser(CRM_CLIENT);
        byte[] key = new byte[32];
        new SecureRandom().nextBytes(key);
        secretKey = Base64.getEncoder().encodeToString(key);
        try {
            Files.createDirectories(dir);
            trustBundle = Files.writeString(
                    dir.resolve("trust-bundle.pem"),
                    TestAuthority.pem(partnerCenter.authority().root()));
        } catch (IOException failed) {
            throw new IllegalStateException("The trust bundle cannot be written below " + dir, failed);
        }
    }

    /** The authority. */
    public EntraSimulator entra() {
        return entra;
    }

    /** Partner Center. */
    public PartnerCenterSimulator partnerCenter() {
        return partnerCenter;
    }

    /** The CRM. */
    public DataverseSimulator dataverse() {
        return dataverse;
    }

    /** The password of the users admin, operator and auditor. */
    public String password() {
        return password;
    }

    /** Where Partner Center posts its webhook events when the product answers at this address. */
    public static URI webhook(URI product) {
        return product.resolve("/cosell/api/webhooks/partner-center");
    }

    /** Where Dataverse pushes what happened to its rows when the product answers at this address. */
    public static URI crmWebhook(URI product) {
        return product.resolve("/cosell/api/webhooks/dynamics/" + CONNECTION);
    }

    /** The secret that the product and Dataverse share. */
    public String crmSecret() {
        return crmSecret;
    }

    /**
     * An admin registers the product's receiver at Dataverse: a service endpoint and a step for each table and message, as the page on
     * webhooks says. What was registered before is taken away.
     */
    public void registerCrmWebhook(URI product) {
        unregisterCrmWebhook();
        String endpoint = dataverse.create(
                "serviceendpoints",
                Map.of(
                        "name",
                        "Cosell Bridge",
                        "url",
                        crmWebhook(product).toString(),
                        "contract",
                        8,
                        "authtype",
                        5,
                        "messageformat",
                        2,
                        "authvalue",
                        "<settings><setting name=\"" + SECRET_HEADER + "\" value=\"" + crmSecret + "\" /></settings>"));
        WATCHED_MESSAGES.forEach((table, messages) -> messages.forEach(message -> {
            JsonObject filter = dataverse.rows("sdkmessagefilters").stream()
                    .filter(row -> row.getString("name").equals(message + " " + table))
                    .findFirst()
                    .orElseThrow();
            Map<String, Object> step = new LinkedHashMap<>();
            step.put("name", "Cosell Bridge: " + table + " " + message);
            step.put("mode", 1);
            step.put("stage", 40);
            step.put("rank", 1);
            step.put("supporteddeployment", 0);
            step.put("asyncautodelete", true);
            step.put("eventhandler_serviceendpoint@odata.bind", "/serviceendpoints(" + endpoint + ")");
            step.put("sdkmessageid@odata.bind", "/sdkmessages(" + filter.getString("_sdkmessageid_value") + ")");
            step.put(
                    "sdkmessagefilterid@odata.bind",
                    "/sdkmessagefilters(" + filter.getString("sdkmessagefilterid") + ")");
            if (message.equals("Update")) {
                step.put("filteringattributes", String.join(",", WATCHED_COLUMNS.getOrDefault(table, List.of())));
            }
            dataverse.create("sdkmessageprocessingsteps", step);
        }));
    }

    /** Dataverse pushes nothing any more. */
    public void unregisterCrmWebhook() {
        for (String set : List.of("sdkmessageprocessingsteps", "serviceendpoints")) {
            String key = set.substring(0, set.length() - 1) + "id";
            dataverse.rows(set).forEach(row -> dataverse.delete(set, row.getString(key)));
        }
    }

    /** The configuration of a product that works with this landscape and keeps its files below {@code dataDir}. */
    public Map<String, String> keys(Path dataDir, int requestsPerMinute) {
        Map<String, String> keys = new LinkedHashMap<>();
        keys.put("cosell.data-dir", dataDir.toString());
        keys.put("cosell.secret-key", secretKey);
        keys.put("cosell.partner-center.referrals-url", partnerCenter.url().toString());
        keys.put("cosell.partner-center.webhooks-url", partnerCenter.url().toString());
        keys.put("cosell.partner-center.authority", entra.url().toString());
        keys.put("cosell.partner-center.tenant-id", TENANT);
        keys.put("cosell.partner-center.client-id", PARTNER_CENTER_CLIENT);
        keys.put("cosell.partner-center.client-secret", "partner-center-secret");
        keys.put("cosell.partner-center.refresh-token", "first-refresh-token");
        keys.put("cosell.partner-center.requests-per-minute", Integer.toString(requestsPerMinute));
        keys.put("cosell.webhook.certificate-hosts", partnerCenter.url().getAuthority());
        keys.put("cosell.webhook.trust-bundle", trustBundle.toString());
        keys.put("cosell.connections", CONNECTION);
        String crm = "cosell.crm." + CONNECTION + ".";
        keys.put(crm + "type", "dynamics");
        keys.put(crm + "url", dataverse.url().toString());
        keys.put(crm + "authority", entra.url().toString());
        keys.put(crm + "tenant-id", TENANT);
        keys.put(crm + "client-id", CRM_CLIENT);
        keys.put(crm + "client-secret", "crm-secret");
        keys.put(crm + "webhook-secret", crmSecret);
        keys.put(crm + "organization-id", dataverse.organizationId());
        String hash = BCrypt.withDefaults().hashToString(10, password.toCharArray());
        keys.put(
                "cosell.access.users",
                "admin:admin:" + hash + ",operator:operator:" + hash + ",auditor:auditor:" + hash);
        return keys;
    }

    /** The key as a variable of the environment. */
    public static String variable(String key) {
        return key.toUpperCase(Locale.ROOT).replaceAll("[^A-Z0-9]", "_");
    }

    /** A password nobody can guess. */
    public static String madeUpPassword() {
        return UUID.randomUUID().toString().substring(0, 18);
    }

    @Override
    public void close() {
        partnerCenter.close();
        dataverse.close();
        entra.close();
    }
}
