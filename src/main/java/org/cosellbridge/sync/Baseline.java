package org.cosellbridge.sync;

import jakarta.json.JsonValue;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What each side held, raw, when the two last agreed, with the mapping version that compared them.
 *
 * @param mapping the mapping document's label
 * @param partnerCenterVersion the referral's version then
 * @param crmVersion the record's version then
 * @param at when it was stored
 * @param fields by the field's name in the mapping document
 */
record Baseline(
        String mapping, String partnerCenterVersion, String crmVersion, Instant at, Map<String, FieldBaseline> fields) {
    Baseline {
        fields = Map.copyOf(new TreeMap<>(fields));
    }

    /**
     * One field.
     *
     * @param partnerCenter raw; null: no baseline yet
     * @param crm raw; null: no baseline yet
     * @param partnerCenterMove a move that was observed but has not travelled yet
     * @param crmMove a move that was observed but has not travelled yet
     */
    record FieldBaseline(
            @Nullable JsonValue partnerCenter,
            @Nullable JsonValue crm,
            @Nullable Move partnerCenterMove,
            @Nullable Move crmMove) {}

    /** A value one side moved to, and when that was observed first. */
    record Move(JsonValue value, Instant at) {}
}
