package org.cosellbridge.sync;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;

/** A row of {@code sync_plan}; {@link PlanRepository} writes and reads its JSON. */
@Entity
@Table(name = "sync_plan")
@SuppressWarnings("NullAway.Init") // JPA fills the columns
class PlanEntity {
    @Id
    @Column(name = "link_id", length = 36)
    private String linkId;

    @Column(name = "request_id")
    private String requestId;

    private String kind;
    private String mapping;

    @Column(name = "record_kind")
    private String recordKind;

    @Column(name = "record_id")
    private String recordId;

    @Column(name = "record_version")
    private String recordVersion;

    private Instant created;
    private boolean written;

    @Column(columnDefinition = "text")
    private String fields;

    protected PlanEntity() {}

    PlanEntity(String linkId) {
        this.linkId = linkId;
    }

    void become(Plan plan, String fieldsJson) {
        requestId = plan.requestId();
        kind = plan.kind().name();
        mapping = plan.mapping();
        recordKind = plan.target().kind();
        recordId = plan.target().id();
        recordVersion = plan.recordVersion();
        created = plan.created();
        written = plan.written();
        fields = fieldsJson;
    }

    String requestId() {
        return requestId;
    }

    Plan.Kind kind() {
        return Plan.Kind.valueOf(kind);
    }

    String mapping() {
        return mapping;
    }

    String recordKind() {
        return recordKind;
    }

    String recordId() {
        return recordId;
    }

    String recordVersion() {
        return recordVersion;
    }

    Instant created() {
        return created;
    }

    boolean isWritten() {
        return written;
    }

    String fields() {
        return fields;
    }
}
