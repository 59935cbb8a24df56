package org.cosellbridge.sync;

import org.cosellbridge.connector.ConnectionName;

/**
 * Names the change feed of one kind of record on one connection.
 *
 * @param connection the connection
 * @param kind the kind of record, such as {@code opportunity}
 */
record RecordFeedName(ConnectionName connection, String kind) {
    @Override
    public String toString() {
        return connection + "/" + kind;
    }
}
