package org.cosellbridge.sync;

import jakarta.json.JsonValue;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What each side held, raw, when the two last agreed, with the mapping version that compared them.
 *
 * @param mapping the mapping document's label; of an adoption a word that is none
 * @param partnerCenterVersion the referral's version then
 * @param crmVersion the record's version then
 * @param at when it was stored
 * @param fields by the field's name in the mapping document
 */
record Baseline(
        String mapping, String partnerCenterVersion, String crmVersion, Instant at, Map<String, FieldBaseline> fields) {
    /** Stands for the mapping document's label as long as the sides were not compared. */
    private static final String ADOPTED = "adopted";

    Baseline {
        fields = Map.copyOf(new TreeMap<>(fields));
    }

    /** What is known of a record that was just linked and is not compared yet: these fields alone. */
    static Baseline ofAdoption(
            String partnerCenterVersion, String crmVersion, Instant at, Map<String, FieldBaseline> fields) {
        return new Baseline(ADOPTED, partnerCenterVersion, crmVersion, at, fields);
    }

    /** Whether the two sides were compared when it was stored. */
    boolean isCompared() {
        return !mapping.equals(ADOPTED);
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
