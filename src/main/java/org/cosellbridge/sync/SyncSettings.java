package org.cosellbridge.sync;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.cosellbridge.mapping.ConflictRule;
import org.cosellbridge.platform.Configuration;
import org.cosellbridge.platform.StartCheck;
import org.cosellbridge.referral.OrganizationId;

/** The keys of this room. */
@Singleton
class SyncSettings implements StartCheck {
    private final boolean shadow;
    private final ConflictRule adoption;
    private final int blastLimit;
    private final Duration createTimeout;
    private final String organizationId;

    @Inject
    SyncSettings(Configuration configuration) {
        // live: write; shadow: do everything but write, and audit what would have been written
        shadow = configuration
                .choice("cosell.mode", "live", List.of("live", "shadow"))
                .equals("shadow");
        // who wins where two adopted sides differ and no baseline tells who moved
        adoption = switch (configuration.choice(
                "cosell.sync.adoption", "review", List.of("review", "partner-center", "crm"))) {
            case "partner-center" -> ConflictRule.PARTNER_CENTER;
            case "crm" -> ConflictRule.CRM;
            default -> ConflictRule.REVIEW;
        };
        // how many links one mapping change or restore writes to before the rest waits for a person
        blastLimit = configuration.number("cosell.sync.blast-limit", 500, 0, 1_000_000);
        // how long Partner Center may go on with a create whose answer was lost; after that it is looked for once more
        createTimeout = configuration.duration("cosell.partner-center.create-timeout", Duration.ofMinutes(4));
        // our organisation; unset: that of the first referral read which is not Microsoft's
        organizationId =
                configuration.findText("cosell.partner-center.organization-id").orElse("");
    }

    @Override
    public void check(Configuration configuration) {
        // the constructor noted every fault
    }

    boolean isShadow() {
        return shadow;
    }

    ConflictRule adoption() {
        return adoption;
    }

    int blastLimit() {
        return blastLimit;
    }

    Duration createTimeout() {
        return createTimeout;
    }

    Optional<OrganizationId> findOrganizationId() {
        return organizationId.isEmpty() ? Optional.empty() : Optional.of(new OrganizationId(organizationId));
    }
}
