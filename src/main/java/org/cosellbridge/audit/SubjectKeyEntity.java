package org.cosellbridge.audit;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** The key of one data subject. Rows are inserted and erased by statements, never through this mapping. */
@Entity
@Table(name = "subject_key")
class SubjectKeyEntity {
    @Id
    @Column(name = "id")
    private String id;

    @Column(name = "fingerprint")
    private @Nullable String fingerprint;

    @Column(name = "wrapped_key")
    private byte @Nullable [] wrappedKey;

    @Column(name = "created_at")
    private Instant createdAt;

    @Column(name = "erased_at")
    private @Nullable Instant erasedAt;

    @Column(name = "erase_reason")
    private @Nullable String eraseReason;

    protected SubjectKeyEntity() {
        // for the persistence provider
    }
}
