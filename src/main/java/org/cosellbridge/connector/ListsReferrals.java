package org.cosellbridge.connector;

import java.time.Instant;
import org.cosellbridge.platform.Page;
import org.jspecify.annotations.Nullable;

/**
 * A connector that lists referrals by the time of their last change: for sweeps and for reading many at once. A row is the whole
 * referral with its version; a row without a version ({@link RemoteRecord#version} empty) must be read by its id before it is used.
 *
 * <p>A referral that changes while its list is read moves to the front, where this walk does not see it any more. Its change is
 * later than the start of the walk: whoever keeps a time to resume from keeps that start, with an overlap.
 */
public interface ListsReferrals {
    /**
     * One page of the referrals that changed at this time or later, the newest change first. Throws a {@link ConnectorException}
     * when the system does not answer as it should.
     *
     * @param since how far back to go
     * @param cursor {@link Page#next} of the page before, null for the first page
     * @return the page; its {@code next} is null when nothing older is of interest
     */
    Page<RemoteRecord> listChangedSince(CallContext call, Instant since, @Nullable String cursor);
}
