package org.cosellbridge.sync;

import java.sql.Timestamp;
import java.time.Instant;
import java.time.OffsetDateTime;

/** Times out of native queries, for which every driver has its own class. */
final class Timestamps {
    private Timestamps() {}

    static Instant instant(Object column) {
        if (column instanceof OffsetDateTime time) {
            return time.toInstant();
        }
        if (column instanceof Timestamp time) {
            return time.toInstant();
        }
        return (Instant) column;
    }
}
