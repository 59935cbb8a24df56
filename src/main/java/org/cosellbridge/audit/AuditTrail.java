package org.cosellbridge.audit;

import java.util.UUID;

/** The append-only trail, as the other rooms write to it. */
public interface AuditTrail {
    /**
     * Appends an entry in the caller's transaction, so that the entry and the change it tells of are stored together or not at all.
     * Personal values are encrypted before they are stored. Throws when no transaction is active.
     *
     * @return the id of the entry
     */
    UUID append(AuditEntry entry);
}
