package org.cosellbridge.sync;

import jakarta.json.JsonValue;
import java.time.Instant;
import java.util.Map;
import org.cosellbridge.connector.RecordRef;
import org.jspecify.annotations.Nullable;

/**
 * The delta an attempt is about to write, stored before it is written. Whoever finds one finds work that was cut short: a side that
 * holds a planned value has not moved.
 *
 * @param requestId the sync request that planned it
 * @param kind what is written
 * @param mapping the mapping document's label
 * @param target the record; for a create the kind and the intended id
 * @param recordVersion the version of what is written when it was planned: the record's, or the referral's eTag; empty for a create
 * @param created when
 * @param written whether the remote side is known to have taken it
 * @param fields by the field's name in the mapping document
 */
record Plan(
        String requestId,
        Kind kind,
        String mapping,
        RecordRef target,
        String recordVersion,
        Instant created,
        boolean written,
        Map<String, PlannedField> fields) {
    Plan {
        fields = Map.copyOf(fields);
    }

    /** The same plan, known to be written; {@code fields} hold what the remote side answered. */
    Plan writtenWith(Map<String, PlannedField> answered) {
        return new Plan(requestId, kind, mapping, target, recordVersion, created, true, answered);
    }

    /** What a plan does. */
    enum Kind {
        /** Creates the record. */
        CREATE,
        /** Writes fields of the link's record. */
        UPDATE,
        /** Writes fields of the link's referral. */
        UPDATE_REFERRAL,
        /** Closes the record the link pointed to before. */
        CLOSE_PREVIOUS
    }

    /**
     * One field of a plan. Of the two sides' values one is the source of the planned value and the other what it replaces.
     *
     * @param base what the CRM held when both last agreed; null: no baseline
     * @param partnerCenter what Partner Center held when it was planned, raw
     * @param before what the CRM held then, raw
     * @param value the planned raw value of the side that is written; once written, what that side answered
     * @param rule why
     */
    record PlannedField(
            @Nullable JsonValue base, JsonValue partnerCenter, JsonValue before, JsonValue value, String rule) {}
}
