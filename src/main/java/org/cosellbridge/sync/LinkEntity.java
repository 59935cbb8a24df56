package org.cosellbridge.sync;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import jakarta.persistence.Version;
import java.time.Instant;
import org.cosellbridge.connector.ConnectionName;
import org.cosellbridge.connector.RecordRef;
import org.cosellbridge.referral.ReferralId;
import org.jspecify.annotations.Nullable;

/** A row of {@code sync_link}. */
@Entity
@Table(name = "sync_link")
@SuppressWarnings("NullAway.Init") // JPA fills the columns
class LinkEntity {
    @Id
    @Column(length = 36)
    private String id;

    private String connection;

    @Column(name = "referral_id")
    private String referralId;

    @Column(name = "engagement_id")
    private @Nullable String engagementId;

    private @Nullable String organization;

    @Column(name = "record_kind")
    private @Nullable String recordKind;

    @Column(name = "record_id")
    private @Nullable String recordId;

    @Column(name = "previous_kind")
    private @Nullable String previousKind;

    @Column(name = "previous_id")
    private @Nullable String previousId;

    private String state;

    @Column(name = "state_reason")
    private @Nullable String stateReason;

    @Column(name = "last_outcome")
    private @Nullable String lastOutcome;

    @Column(name = "last_reason")
    private @Nullable String lastReason;

    @Column(name = "last_synced_at")
    private @Nullable Instant lastSyncedAt;

    private Instant created;

    @Version
    private long version;

    protected LinkEntity() {}

    LinkEntity(SyncLink link) {
        id = link.id();
        connection = link.connection().value();
        referralId = link.referral().value();
        created = link.created();
        become(link);
    }

    /** Takes what may change of a link. */
    void become(SyncLink link) {
        engagementId = link.engagement();
        organization = link.organization();
        RecordRef record = link.record();
        recordKind = record == null ? null : record.kind();
        recordId = record == null ? null : record.id();
        RecordRef previous = link.previous();
        previousKind = previous == null ? null : previous.kind();
        previousId = previous == null ? null : previous.id();
        if (!isPaused()) { // a person may have paused the link while the attempt that now ends was running
            state = link.state().word();
            stateReason = shortened(link.stateReason());
        }
        lastOutcome = link.lastOutcome();
        lastReason = shortened(link.lastReason());
        lastSyncedAt = link.lastSyncedAt();
    }

    boolean isPaused() {
        return LinkState.PAUSED.word().equals(state);
    }

    /** Whether the link was active and is paused now. */
    boolean pause(String reason) {
        if (!LinkState.ACTIVE.word().equals(state)) {
            return false;
        }
        state = LinkState.PAUSED.word();
        stateReason = shortened(reason);
        return true;
    }

    /** Whether the link was paused and is active now. */
    boolean resume() {
        if (!isPaused()) {
            return false;
        }
        state = LinkState.ACTIVE.word();
        stateReason = null;
        return true;
    }

    SyncLink link() {
        return new SyncLink(
                id,
                new ConnectionName(connection),
                new ReferralId(referralId),
                engagementId,
                organization,
                recordKind == null || recordId == null ? null : new RecordRef(recordKind, recordId),
                previousKind == null || previousId == null ? null : new RecordRef(previousKind, previousId),
                LinkState.of(state),
                stateReason,
                lastOutcome,
                lastReason,
                lastSyncedAt,
                created);
    }

    private static @Nullable String shortened(@Nullable String text) {
        return text == null || text.length() <= 1000 ? text : text.substring(0, 999) + "…";
    }
}
