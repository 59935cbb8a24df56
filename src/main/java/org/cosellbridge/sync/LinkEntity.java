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

    @Column(name = "paused_by")
    private @Nullable String pausedBy;

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
        point(link);
        stand(link.standing());
        note(link.last());
    }

    /**
     * Takes what an attempt made of the link. People act on it while the attempt runs, and what they did stays: only {@link #pause}
     * and {@link #resume} lead into a pause and out of it, and a link whose record a person gave up does not get it back as a lost
     * one.
     */
    void become(SyncLink link) {
        boolean givenUp = recordId == null && link.state() == LinkState.RECORD_GONE;
        if (!givenUp) {
            point(link);
        }
        // what the seller paused can be lost; a person's and the breaker's pause stays until a person ends it
        boolean pauseStays = isPaused() && !(pauser() == PausedBy.SELLER && link.state() == LinkState.RECORD_GONE);
        if (!givenUp && !pauseStays && link.state() != LinkState.PAUSED) {
            stand(link.standing());
        }
        note(link.last());
    }

    private void point(SyncLink link) {
        engagementId = link.engagement();
        organization = link.organization();
        RecordRef record = link.record();
        recordKind = record == null ? null : record.kind();
        recordId = record == null ? null : record.id();
        RecordRef previous = link.previous();
        previousKind = previous == null ? null : previous.kind();
        previousId = previous == null ? null : previous.id();
    }

    private void stand(SyncLink.Standing standing) {
        state = standing.state().word();
        stateReason = shortened(standing.reason());
        PausedBy by = standing.pausedBy();
        pausedBy = by == null ? null : by.word();
    }

    private void note(SyncLink.Last last) {
        lastOutcome = last.outcome();
        lastReason = shortened(last.reason());
        lastSyncedAt = last.syncedAt();
    }

    private boolean isPaused() {
        return is(LinkState.PAUSED);
    }

    private boolean is(LinkState other) {
        return other.word().equals(state);
    }

    /** Whether the link was active, or paused by one whose pause yields, and is now paused by {@code by}. */
    boolean pause(PausedBy by, String reason) {
        boolean allowed = isPaused()
                ? pauser().yieldsTo(by)
                // a record that comes back switched off is its seller's decision, whatever kept the link from it before
                : is(LinkState.ACTIVE) || (by == PausedBy.SELLER && !is(LinkState.ENDED));
        if (allowed) {
            stand(new SyncLink.Standing(LinkState.PAUSED, reason, by));
        }
        return allowed;
    }

    /** Whether the link was paused by one whose pause {@code by} may end, and is active now. */
    boolean resume(PausedBy by) {
        boolean allowed = isPaused() && pauser().endsBy(by);
        if (allowed) {
            stand(new SyncLink.Standing(LinkState.ACTIVE, null, null));
        }
        return allowed;
    }

    /** A paused row without a name is of a time when only people paused. */
    private PausedBy pauser() {
        return pausedBy == null ? PausedBy.PERSON : PausedBy.of(pausedBy);
    }

    /** Whether the link's record was gone and the link has none any more. */
    boolean giveUpRecord() {
        boolean allowed = is(LinkState.RECORD_GONE);
        if (allowed) {
            recordKind = null;
            recordId = null;
            previousKind = null;
            previousId = null;
            stand(new SyncLink.Standing(LinkState.ACTIVE, null, null));
        }
        return allowed;
    }

    SyncLink link() {
        return new SyncLink(
                new SyncLink.Identity(
                        id,
                        new ConnectionName(connection),
                        new ReferralId(referralId),
                        engagementId,
                        organization,
                        created),
                recordKind == null || recordId == null ? null : new RecordRef(recordKind, recordId),
                previousKind == null || previousId == null ? null : new RecordRef(previousKind, previousId),
                new SyncLink.Standing(LinkState.of(state), stateReason, isPaused() ? pauser() : null),
                new SyncLink.Last(lastOutcome, lastReason, lastSyncedAt));
    }

    private static @Nullable String shortened(@Nullable String text) {
        return text == null || text.length() <= 1000 ? text : text.substring(0, 999) + "…";
    }
}
