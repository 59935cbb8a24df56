package org.cosellbridge.connector.partnercenter;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.net.URI;
import java.util.Optional;
import org.cosellbridge.http.Grant;
import org.cosellbridge.platform.Configuration;
import org.cosellbridge.platform.StartCheck;
import org.cosellbridge.referral.OrganizationId;
import org.jspecify.annotations.Nullable;

/** The keys {@code cosell.partner-center.*} that reading and writing referrals needs. */
@Singleton
public class PartnerCenterSettings implements StartCheck {
    private static final String PREFIX = "cosell.partner-center.";
    // The audience is Microsoft's, wherever the referrals URL points to.
    private static final String SCOPE = "https://api.partner.microsoft.com/.default";

    private final URI referralsUrl;
    private final Grant grant;
    private final int requestsPerMinute;
    private final @Nullable OrganizationId organization;

    @Inject
    PartnerCenterSettings(Configuration configuration) {
        this.referralsUrl = configuration.remoteUrl(PREFIX + "referrals-url", "https://api.partner.microsoft.com");
        this.grant = new Grant.RefreshToken(
                configuration.remoteUrl(PREFIX + "authority", "https://login.microsoftonline.com"),
                configuration.requiredText(
                        PREFIX + "tenant-id", "It is the Entra tenant of the Partner Center account."),
                configuration.requiredText(
                        PREFIX + "client-id", "It is the application (client) id of the app registration."),
                configuration.requiredText(
                        PREFIX + "client-secret", "It is the value of a client secret of the app registration."),
                configuration.requiredText(
                        PREFIX + "refresh-token",
                        "It comes from a sign-in, with multi-factor authentication, of an account with the Referrals admin role."),
                SCOPE);
        this.requestsPerMinute = configuration.number(PREFIX + "requests-per-minute", 60, 1, 6000);
        this.organization = configuration
                .findText(PREFIX + "organization-id")
                .map(OrganizationId::new)
                .orElse(null);
    }

    @Override
    public void check(Configuration configuration) {
        // the constructor noted every fault
    }

    /** Where the referrals API is, without a slash at its end. */
    URI referralsUrl() {
        return referralsUrl;
    }

    /** The credentials, for the audience of the referrals API. */
    Grant grant() {
        return grant;
    }

    /** The most calls within 60 seconds, over all nodes. */
    int requestsPerMinute() {
        return requestsPerMinute;
    }

    /** Our organisation, if the configuration names it. */
    public Optional<OrganizationId> findOrganization() {
        return Optional.ofNullable(organization);
    }
}
