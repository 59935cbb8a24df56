package org.cosellbridge.connector;

import org.jspecify.annotations.Nullable;

/**
 * A connector that tells which records of a kind changed since a sync token was given out: what is new, edited, closed or deleted. A
 * change says no more than "look at this record"; several changes of one record are one.
 */
public interface DetectsChanges {
    /**
     * One page of changes. Without a cursor the walk starts from the beginning and lists every record there is: the full comparison
     * with which a feed starts, and starts again when its token has expired.
     *
     * @param shape the kind of record and the fields each change shall carry; a token is good for one list of fields only
     * @param cursor null to start, else {@link Changes#next} of the page before or a kept {@link Changes#token}
     * @throws SyncTokenExpiredException when the system no longer knows the token: start again without one
     */
    Changes listChanges(CallContext call, RecordShape shape, @Nullable String cursor);
}
