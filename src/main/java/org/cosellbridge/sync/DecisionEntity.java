package org.cosellbridge.sync;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** A row of {@code sync_decision}; {@link Decisions} writes and reads its JSON. */
@Entity
@Table(name = "sync_decision")
@SuppressWarnings("NullAway.Init") // JPA fills the columns
class DecisionEntity {
    @Id
    @Column(name = "finding_id", length = 36)
    private String findingId;

    @Column(name = "link_id", length = 36)
    private String linkId;

    private String field;
    private String side;

    @Column(columnDefinition = "text")
    private @Nullable String decided;

    @Column(name = "partner_center", columnDefinition = "text")
    private String partnerCenter;

    @Column(columnDefinition = "text")
    private String crm;

    private String decider;

    @Column(name = "decided_at")
    private Instant decidedAt;

    protected DecisionEntity() {}

    DecisionEntity(Finding conflict) {
        findingId = String.valueOf(conflict.id());
        linkId = conflict.linkId();
        field = conflict.field();
    }

    /** Takes what was decided, with the values as they are to be stored. */
    void become(Decided decision, @Nullable String decidedJson, String partnerCenterJson, String crmJson, Instant now) {
        side = decision.side().name();
        decided = decidedJson;
        partnerCenter = partnerCenterJson;
        crm = crmJson;
        decider = decision.decider();
        decidedAt = now;
    }

    String field() {
        return field;
    }

    String side() {
        return side;
    }

    @Nullable
    String decided() {
        return decided;
    }

    String partnerCenter() {
        return partnerCenter;
    }

    String crm() {
        return crm;
    }

    String decider() {
        return decider;
    }

    Instant decidedAt() {
        return decidedAt;
    }
}
