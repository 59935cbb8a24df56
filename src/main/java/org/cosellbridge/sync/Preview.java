package org.cosellbridge.sync;

import jakarta.json.JsonValue;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What an attempt would do, and nothing of it done.
 *
 * @param toCrm what the record would get
 * @param toPartnerCenter what the referral would get
 * @param conflicts what a person would have to decide
 * @param differences what one side could not take
 * @param note why nothing would be done at all; null: something was compared
 */
public record Preview(
        List<Change> toCrm,
        List<Change> toPartnerCenter,
        List<Change> conflicts,
        List<Change> differences,
        @Nullable String note) {
    public Preview {
        toCrm = List.copyOf(toCrm);
        toPartnerCenter = List.copyOf(toPartnerCenter);
        conflicts = List.copyOf(conflicts);
        differences = List.copyOf(differences);
    }

    static Preview nothing(String note) {
        return new Preview(List.of(), List.of(), List.of(), List.of(), note);
    }

    /**
     * One field.
     *
     * @param field its name in the mapping document
     * @param recordField the CRM field
     * @param base what the CRM held when both last agreed; null: no baseline
     * @param partnerCenter what Partner Center holds
     * @param crm what the CRM holds
     * @param value what would be written; null: nothing
     * @param rule why
     */
    public record Change(
            String field,
            String recordField,
            @Nullable JsonValue base,
            JsonValue partnerCenter,
            JsonValue crm,
            @Nullable JsonValue value,
            String rule) {}
}
