package org.cosellbridge.sync;

import jakarta.json.JsonValue;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A field whose two sides stay apart, and why: a difference (one side cannot take the value) or a conflict (a person decides).
 *
 * @param id null before it is stored
 * @param kind {@link #DIFFERENCE} or {@link #CONFLICT}
 * @param reason one word
 * @param sentence for a person, without values
 * @param partnerCenter what Partner Center holds, raw
 * @param crm what the CRM holds, raw
 * @param opened null before it is stored
 */
record Finding(
        @Nullable String id,
        String kind,
        String linkId,
        String field,
        String recordField,
        String reason,
        String sentence,
        JsonValue partnerCenter,
        JsonValue crm,
        @Nullable Instant opened) {
    static final String DIFFERENCE = "difference";
    static final String CONFLICT = "conflict";
}
