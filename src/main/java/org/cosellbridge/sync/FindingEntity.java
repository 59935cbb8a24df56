package org.cosellbridge.sync;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** A row of {@code sync_finding}. */
@Entity
@Table(name = "sync_finding")
@SuppressWarnings("NullAway.Init") // JPA fills the columns
class FindingEntity {
    @Id
    @Column(length = 36)
    private String id;

    private String kind;

    @Column(name = "link_id", length = 36)
    private String linkId;

    private String field;

    @Column(name = "record_field")
    private String recordField;

    private String reason;
    private String sentence;

    @Column(name = "partner_center", columnDefinition = "text")
    private String partnerCenter;

    @Column(columnDefinition = "text")
    private String crm;

    @Column(columnDefinition = "text")
    private @Nullable String subject;

    private Instant opened;

    private @Nullable Instant closed;

    protected FindingEntity() {}

    FindingEntity(String id, Finding finding, Instant now) {
        this.id = id;
        kind = finding.kind();
        linkId = finding.linkId();
        field = finding.field();
        recordField = finding.recordField();
        opened = now;
    }

    /** The same field, for a new reason or with new values, all as they are to be stored. */
    void become(Finding finding, String partnerCenterJson, String crmJson, @Nullable String subjectJson) {
        reason = finding.reason();
        sentence = finding.sentence();
        partnerCenter = partnerCenterJson;
        crm = crmJson;
        subject = subjectJson;
    }

    void close(Instant now) {
        closed = now;
    }

    String id() {
        return id;
    }

    String kind() {
        return kind;
    }

    String linkId() {
        return linkId;
    }

    String field() {
        return field;
    }

    String recordField() {
        return recordField;
    }

    String reason() {
        return reason;
    }

    String sentence() {
        return sentence;
    }

    String partnerCenter() {
        return partnerCenter;
    }

    String crm() {
        return crm;
    }

    @Nullable
    String subject() {
        return subject;
    }

    boolean isOpen() {
        return closed == null;
    }

    Instant opened() {
        return opened;
    }
}
