package org.cosellbridge.webhook;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.util.Optional;
import java.util.logging.Logger;
import org.cosellbridge.platform.Configuration;
import org.cosellbridge.platform.StartCheck;

/** The keys {@code cosell.webhook.*} of the Partner Center receiver. */
@Singleton
class WebhookSettings implements StartCheck {
    private static final Logger LOG = Logger.getLogger(WebhookSettings.class.getName());
    private static final String ANY_SUBJECT = "*";
    private static final String TRUST_BUNDLE = "cosell.webhook.trust-bundle";

    private final AllowedHosts certificateHosts;
    private final TrustBundle trustBundle;
    private final AllowedHosts issuerHosts;
    private final String certificateSubject;
    private final int maxBody;
    private final Clock clock;

    @Inject
    WebhookSettings(Configuration configuration, Clock clock) {
        this(configuration, clock, TrustBundle.read(configuration, TRUST_BUNDLE, clock.instant()));
    }

    /** Settings with another bundle than the configured one; for tests. */
    WebhookSettings(Configuration configuration, Clock clock, TrustBundle trustBundle) {
        this.clock = clock;
        certificateHosts = AllowedHosts.read(
                configuration, "cosell.webhook.certificate-hosts", "3psostorageacct.blob.core.windows.net", false);
        if (certificateHosts.isEmpty()) {
            configuration.fault("cosell.webhook.certificate-hosts", "lists no host, so nothing could be verified.");
        }
        this.trustBundle = trustBundle;
        issuerHosts = AllowedHosts.read(
                configuration, "cosell.webhook.aia-hosts", "www.microsoft.com,caissuers.microsoft.com", true);
        certificateSubject =
                configuration.text("cosell.webhook.certificate-subject", "pcnotifications-dispatch.microsoft.com");
        maxBody = configuration.number("cosell.webhook.max-body", 65_536, 1_024, 1_048_576);
    }

    /** The constructor noted every fault; this tells what a start survives but a person should know. */
    @Override
    public void check(Configuration configuration) {
        if (!trustBundle.fetchesIssuers()) {
            trustBundle
                    .notValidAt(clock.instant())
                    .forEach(certificate ->
                            LOG.warning(() -> TRUST_BUNDLE + " holds a certificate that is not valid today: "
                                    + certificate.getSubjectX500Principal().getName() + "."));
        }
    }

    /** Where a sender's certificate may be. */
    AllowedHosts certificateHosts() {
        return certificateHosts;
    }

    /** Whom we trust to have issued it. */
    TrustBundle trustBundle() {
        return trustBundle;
    }

    /** Where certificates of issuers may be. */
    AllowedHosts issuerHosts() {
        return issuerHosts;
    }

    /** The common name the certificate must carry; empty when any will do ({@code *}). */
    Optional<String> findCertificateSubject() {
        return Optional.of(certificateSubject).filter(subject -> !subject.equals(ANY_SUBJECT));
    }

    /** The most bytes a body may have. */
    int maxBody() {
        return maxBody;
    }
}
