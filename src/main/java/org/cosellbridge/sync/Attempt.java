package org.cosellbridge.sync;

import org.cosellbridge.connector.CallContext;
import org.cosellbridge.connector.RecordRef;
import org.jspecify.annotations.Nullable;

/**
 * One execution of a sync request, as the synchronisation sees it; the queue implements it. Everything an attempt stores goes
 * through {@link #store}, so that a late finisher, whose lease has passed to another, stores nothing.
 */
public interface Attempt {
    /** What to look at. */
    SyncSubject subject();

    /** The id of the sync request. */
    String requestId();

    /** Which attempt of this request since it last succeeded, from 1. */
    int number();

    /** The delivery that caused it, null when none did. */
    @Nullable
    String deliveryId();

    /** Whether everything that asked for this attempt came from the CRM, so that a record without news needs no look at the referral. */
    boolean isFromRecord();

    /** Correlation, priority and the guard that renews the lease before every remote call. */
    CallContext call();

    /**
     * Claims the record for this attempt, so that no other attempt works on it at the same time; held until the attempt ends.
     *
     * @return false when another attempt holds it: end with {@link SyncOutcome.NotNow}
     */
    boolean hold(RecordRef record);

    /**
     * Runs {@code work} in one transaction of its own that is valid only while the lease is ours. Throws {@link
     * org.cosellbridge.connector.LeaseLostException} and stores nothing when it is not.
     */
    void store(Runnable work);
}
