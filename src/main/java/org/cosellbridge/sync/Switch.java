package org.cosellbridge.sync;

import jakarta.json.JsonValue;
import org.cosellbridge.connector.RemoteRecord;
import org.cosellbridge.mapping.MappingDocument;

/** A record's switch "Sync with Partner Center". */
enum Switch {
    /** The seller wants the record kept in step. */
    ON,
    /** The seller does not. */
    OFF,
    /** The mapping document names no such field: what is linked is kept in step, and nothing is sent by itself. */
    NONE;

    static Switch of(MappingDocument document, RemoteRecord record) {
        String field = document.section().sync();
        if (field == null) {
            return NONE;
        }
        JsonValue value = record.values().getOrDefault(field, JsonValue.NULL);
        return JsonValue.TRUE.equals(value) ? ON : OFF;
    }

    boolean isOn() {
        return this == ON;
    }

    boolean isOff() {
        return this == OFF;
    }
}
