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
 * @param record the record; null while it is being created
 * @param previous the record the link pointed to before, still to be closed; null: none
 */
record SyncLink(
        String id,
        ConnectionName connection,
        ReferralId referral,
        @Nullable String engagement,
        @Nullable String organization,
        @Nullable RecordRef record,
        @Nullable RecordRef previous,
        LinkState state,
        @Nullable String stateReason,
        @Nullable String lastOutcome,
        @Nullable String lastReason,
        @Nullable Instant lastSyncedAt,
        Instant created) {
    Optional<RecordRef> findRecord() {
        return Optional.ofNullable(record);
    }

    Optional<RecordRef> findPrevious() {
        return Optional.ofNullable(previous);
    }

    SyncLink withRecord(RecordRef value) {
        return new SyncLink(
                id,
                connection,
                referral,
                engagement,
                organization,
                value,
                previous,
                state,
                stateReason,
                lastOutcome,
                lastReason,
                lastSyncedAt,
                created);
    }

    SyncLink withPrevious(@Nullable RecordRef value) {
        return new SyncLink(
                id,
                connection,
                referral,
                engagement,
                organization,
                record,
                value,
                state,
                stateReason,
                lastOutcome,
                lastReason,
                lastSyncedAt,
                created);
    }

    SyncLink withState(LinkState value, @Nullable String reason) {
        return new SyncLink(
                id,
                connection,
                referral,
                engagement,
                organization,
                record,
                previous,
                value,
                reason,
                lastOutcome,
                lastReason,
                lastSyncedAt,
                created);
    }

    SyncLink withOutcome(String outcome, @Nullable String reason, Instant at) {
        return new SyncLink(
                id,
                connection,
                referral,
                engagement,
                organization,
                record,
                previous,
                state,
                stateReason,
                outcome,
                reason,
                at,
                created);
    }
}
