package org.cosellbridge.simulator;

import at.favre.lib.crypto.bcrypt.BCrypt;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;

/**
 * Entra, Partner Center and a CRM side by side, with the credentials that Cosell Bridge signs in with, and the configuration keys that
 * point it at them. Which CRM, the system property {@code cosell.it.crm} says: {@code dynamics}, which is the default, or {@code
 * salesforce}.
 */
public final class Landscape implements AutoCloseable {
    /** The name of the one connection. */
    public static final String CONNECTION = "crm";

    /** The application that reads and writes referrals. */
    public static final String PARTNER_CENTER_CLIENT = "11111111-aaaa-4bbb-8ccc-000000000001";

    private static final String TENANT = "22222222-aaaa-4bbb-8ccc-000000000001";
    private final EntraSimulator entra;
    private final PartnerCenterSimulator partnerCenter;
    private final CrmSystem crm;
    private final Path trustBundle;
    private final String secretKey;
    private final String password;

    /**
     * Starts all three.
     *
     * @param entraPort where the authority listens, 0 for any free port; likewise the others
     * @param dir where the trust bundle is written
     * @param password of the users admin, operator and auditor
     */
    public Landscape(int entraPort, int partnerCenterPort, int crmPort, Path dir, String password) {
        this.password = password;
        entra = new EntraSimulator(entraPort, TENANT).start();
        partnerCenter = new PartnerCenterSimulator(partnerCenterPort, entra).start();
        crm = crm(System.getProperty("cosell.it.crm", "dynamics"), crmPort, entra, dir);
        entra.app(PARTNER_CENTER_CLIENT)
                .secret("partner-center-secret")
                .audience(PartnerCenterSimulator.REFERRALS_AUDIENCE)
                .audience(PartnerCenterSimulator.WEBHOOKS_AUDIENCE)
                .refreshToken("first-refresh-token", "referral-admin@ourco.example");
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

    private static CrmSystem crm(String type, int port, EntraSimulator entra, Path dir) {
        return switch (type) {
            case "dynamics" -> new DataverseCrm(port, entra, CONNECTION);
            case "salesforce" -> new SalesforceCrm(port, CONNECTION, dir.resolve("mapping"));
            default ->
                throw new IllegalArgumentException(
                        "cosell.it.crm is '" + type + "'; it may be dynamics or salesforce.");
        };
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
    public CrmSystem crm() {
        return crm;
    }

    /**
     * The CRM as what it is, for tests that are about Dynamics 365 alone.
     *
     * @throws IllegalStateException when the CRM is another
     */
    public DataverseCrm dynamics() {
        if (crm instanceof DataverseCrm dynamics) {
            return dynamics;
        }
        throw new IllegalStateException("The CRM of this run is " + crm.title() + ".");
    }

    /**
     * The same for tests that are about Salesforce alone.
     *
     * @throws IllegalStateException when the CRM is another
     */
    public SalesforceCrm salesforce() {
        if (crm instanceof SalesforceCrm salesforce) {
            return salesforce;
        }
        throw new IllegalStateException("The CRM of this run is " + crm.title() + ".");
    }

    /** The password of the users admin, operator and auditor. */
    public String password() {
        return password;
    }

    /** Where Partner Center posts its webhook events when the product answers at this address. */
    public static URI webhook(URI product) {
        return product.resolve("/cosell/api/webhooks/partner-center");
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
        crm.keys().forEach((key, value) -> keys.put("cosell.crm." + CONNECTION + "." + key, value));
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
        crm.close();
        entra.close();
    }
}
