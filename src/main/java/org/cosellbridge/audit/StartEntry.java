package org.cosellbridge.audit;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import jakarta.transaction.Transactional;
import java.util.List;
import org.cosellbridge.platform.ConfigurationFingerprint;

/** Tells the trail that the product started and what it was set up with, by fingerprints only. Thread-safe. */
@Singleton
public class StartEntry {
    private final AuditTrail trail;
    private final ConfigurationFingerprint configuration;

    @Inject
    StartEntry(AuditTrail trail, ConfigurationFingerprint configuration) {
        this.trail = trail;
        this.configuration = configuration;
    }

    /**
     * Appends the entry in a transaction of its own; throws when it cannot be stored.
     *
     * @param mappings each connection with its mapping documents and their fingerprints, such as
     *     {@code crm: dynamics/lead@0a1b2c}
     */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public void append(List<String> mappings) {
        trail.append(AuditEntry.of(AuditKind.PRODUCT_STARTED)
                .outcome("started")
                .reason("The product started with the configuration " + configuration.text() + " and the mappings "
                        + String.join("; ", mappings) + ".")
                .build());
    }
}
