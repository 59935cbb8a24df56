package org.cosellbridge.sync;

import java.util.Optional;
import org.cosellbridge.connector.ConnectionName;
import org.cosellbridge.connector.RecordRef;
import org.cosellbridge.referral.ReferralId;
import org.jspecify.annotations.Nullable;

/**
 * What a sync request looks at: on one connection, a referral or (when only that is known) a record.
 *
 * @param connection the connection
 * @param referral the referral; null when only the record is known
 * @param record the record; null when only the referral is known
 */
public record SyncSubject(
        ConnectionName connection,
        @Nullable ReferralId referral,
        @Nullable RecordRef record) {
    public SyncSubject {
        if (referral == null && record == null) {
            throw new IllegalArgumentException("A sync subject names a referral or a record.");
        }
    }

    /** A referral on a connection. */
    public static SyncSubject of(ConnectionName connection, ReferralId referral) {
        return new SyncSubject(connection, referral, null);
    }

    /** A record on a connection. */
    public static SyncSubject of(ConnectionName connection, RecordRef record) {
        return new SyncSubject(connection, null, record);
    }

    /** The key of its sync request: the referral where it is known, else the record. Unique over all connections. */
    public String key() {
        return referral != null ? connection + "/referral/" + referral : connection + "/" + record;
    }

    /** The referral, if known. */
    public Optional<ReferralId> findReferral() {
        return Optional.ofNullable(referral);
    }

    /** The record, if known. */
    public Optional<RecordRef> findRecord() {
        return Optional.ofNullable(record);
    }
}
