package org.cosellbridge.sync;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;

/** A row of {@code sync_baseline}; {@link BaselineRepository} writes and reads its JSON. */
@Entity
@Table(name = "sync_baseline")
@SuppressWarnings("NullAway.Init") // JPA fills the columns
class BaselineEntity {
    @Id
    @Column(name = "link_id", length = 36)
    private String linkId;

    private String mapping;

    @Column(name = "partner_center_version")
    private String partnerCenterVersion;

    @Column(name = "crm_version")
    private String crmVersion;

    @Column(name = "stored_at")
    private Instant storedAt;

    @Column(columnDefinition = "text")
    private String fields;

    protected BaselineEntity() {}

    BaselineEntity(String linkId) {
        this.linkId = linkId;
    }

    void become(Baseline baseline, String fieldsJson) {
        mapping = baseline.mapping();
        partnerCenterVersion = baseline.partnerCenterVersion();
        crmVersion = baseline.crmVersion();
        storedAt = baseline.at();
        fields = fieldsJson;
    }

    String mapping() {
        return mapping;
    }

    String partnerCenterVersion() {
        return partnerCenterVersion;
    }

    String crmVersion() {
        return crmVersion;
    }

    Instant storedAt() {
        return storedAt;
    }

    String fields() {
        return fields;
    }
}
