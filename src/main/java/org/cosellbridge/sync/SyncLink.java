package org.cosellbridge.sync;

import java.time.Instant;
import java.util.Optional;
import org.cosellbridge.connector.ConnectionName;
import org.cosellbridge.connector.RecordRef;
import org.cosellbridge.referral.ReferralId;
import org.jspecify.annotations.Nullable;

/**
 * A sync link: a referral and a record that belong together, on one connection. It is reserved, without a record, before the
 * record is created, so that a second creator meets the database's unique keys and not the CRM.
 *
 * @param identity what never changes about it
 * @param record the record; null while it is being created
 * @param previous the record the link pointed to before, still to be closed; null: none
 * @param standing in which state it is, and why
 * @param last how its last attempt ended
 */
record SyncLink(
        Identity identity,
        @Nullable RecordRef record,
        @Nullable RecordRef previous,
        Standing standing,
        Last last) {
    /**
     * What never changes about a link.
     *
     * @param organization whose referral it is; null: unknown
     */
    record Identity(
            String id,
            ConnectionName connection,
            ReferralId referral,
            @Nullable String engagement,
            @Nullable String organization,
            Instant created) {}

    /**
     * In which state a link is.
     *
     * @param reason a sentence for a person; null: there is nothing to say
     * @param pausedBy who paused it; null: it is not paused
     */
    record Standing(
            LinkState state,
            @Nullable String reason,
            @Nullable PausedBy pausedBy) {}

    /**
     * How the last attempt ended. Null members: there was none.
     *
     * @param syncedAt when an attempt last came to its end without a failure
     */
    record Last(
            @Nullable String outcome,
            @Nullable String reason,
            @Nullable Instant syncedAt) {}

    /** An active link that has no record yet. */
    static SyncLink reserved(Identity identity) {
        return new SyncLink(
                identity, null, null, new Standing(LinkState.ACTIVE, null, null), new Last(null, null, null));
    }

    String id() {
        return identity.id();
    }

    ConnectionName connection() {
        return identity.connection();
    }

    ReferralId referral() {
        return identity.referral();
    }

    @Nullable
    String engagement() {
        return identity.engagement();
    }

    @Nullable
    String organization() {
        return identity.organization();
    }

    Instant created() {
        return identity.created();
    }

    LinkState state() {
        return standing.state();
    }

    @Nullable
    String stateReason() {
        return standing.reason();
    }

    @Nullable
    PausedBy pausedBy() {
        return standing.pausedBy();
    }

    @Nullable
    String lastOutcome() {
        return last.outcome();
    }

    @Nullable
    String lastReason() {
        return last.reason();
    }

    @Nullable
    Instant lastSyncedAt() {
        return last.syncedAt();
    }

    Optional<RecordRef> findRecord() {
        return Optional.ofNullable(record);
    }

    Optional<RecordRef> findPrevious() {
        return Optional.ofNullable(previous);
    }

    SyncLink withRecord(RecordRef value) {
        return new SyncLink(identity, value, previous, standing, last);
    }

    SyncLink withPrevious(@Nullable RecordRef value) {
        return new SyncLink(identity, record, value, standing, last);
    }

    /** The link in another state; a pause is no state that an attempt gives a link: see {@link LinkRepository#pause}. */
    SyncLink withState(LinkState value, @Nullable String reason) {
        return new SyncLink(identity, record, previous, new Standing(value, reason, null), last);
    }

    SyncLink withOutcome(String outcome, @Nullable String reason, Instant at) {
        return new SyncLink(identity, record, previous, standing, new Last(outcome, reason, at));
    }

    /** The link after an attempt that failed; both sides count as compared when they last were. */
    SyncLink withFailure(String outcome, String reason) {
        return new SyncLink(identity, record, previous, standing, new Last(outcome, reason, last.syncedAt()));
    }
}
