package org.cosellbridge.audit;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import jakarta.transaction.Transactional;
import java.util.List;

/** Stores counted refusals, all or none, in a transaction of their own. */
@Singleton
class RefusalEntries {
    private final AuditTrail trail;

    @Inject
    RefusalEntries(AuditTrail trail) {
        this.trail = trail;
    }

    /** Appends the entries. Throws, and has stored none, when one cannot be stored. */
    @Transactional(Transactional.TxType.REQUIRES_NEW)
    public void append(List<AuditEntry> entries) {
        entries.forEach(trail::append);
    }
}
