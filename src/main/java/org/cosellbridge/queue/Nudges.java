package org.cosellbridge.queue;

import org.cosellbridge.connector.ConnectionName;

/** Tells workers, on any node, that a connection has something due. A lost nudge costs time, never work. */
interface Nudges {
    /** Nudges after the caller's transaction committed, at once when there is none; never when it rolled back. */
    void afterCommit(ConnectionName connection);

    /** Nudges now. */
    void now(ConnectionName connection);
}
