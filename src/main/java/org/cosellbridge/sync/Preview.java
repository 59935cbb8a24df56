package org.cosellbridge.sync;

import jakarta.json.JsonValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.cosellbridge.audit.FieldChange;
import org.cosellbridge.referral.Direction;
import org.jspecify.annotations.Nullable;

/**
 * What an attempt would do, and nothing of it done.
 *
 * @param toCrm what the record would get
 * @param toPartnerCenter what the referral would get, and what Microsoft would be asked for
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

    /** What the merge of two sides decided. */
    static Preview of(Comparison comparison) {
        List<Change> toCrm = new ArrayList<>();
        List<Change> toPartnerCenter = new ArrayList<>();
        List<Change> conflicts = new ArrayList<>();
        List<Change> differences = new ArrayList<>();
        for (Comparison.Field field : comparison.fields()) {
            String rule = field.decision().rule();
            switch (field.action()) {
                case NOTHING -> {}
                case CONFLICT -> conflicts.add(Change.of(field, null, Sentences.of(Finding.CONFLICT, rule)));
                case DIFFERENCE -> differences.add(Change.of(field, null, Sentences.of(Finding.DIFFERENCE, rule)));
                case TO_CRM ->
                    toCrm.add(Change.of(field, field.valueForCrm(), RuleSentences.of(Direction.TO_CRM, rule)));
                case TO_PARTNER_CENTER, ASK_MICROSOFT ->
                    toPartnerCenter.add(Change.of(
                            field, field.valueForPartnerCenter(), RuleSentences.of(Direction.TO_PARTNER_CENTER, rule)));
            }
        }
        return new Preview(toCrm, toPartnerCenter, conflicts, differences, null);
    }

    /** A record or referral that would be created with these values. */
    static Preview created(List<FieldChange> changes) {
        return new Preview(
                created(changes, Direction.TO_CRM),
                created(changes, Direction.TO_PARTNER_CENTER),
                List.of(),
                List.of(),
                null);
    }

    private static List<Change> created(List<FieldChange> changes, Direction direction) {
        return changes.stream()
                .filter(change -> change.direction() == direction)
                .map(Change::of)
                .toList();
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
     * @param rule why, in one word
     * @param reason why, in a sentence for a person
     */
    public record Change(
            String field,
            String recordField,
            @Nullable JsonValue base,
            JsonValue partnerCenter,
            JsonValue crm,
            @Nullable JsonValue value,
            String rule,
            String reason) {
        private static Change of(Comparison.Field field, @Nullable JsonValue value, String reason) {
            return new Change(
                    field.name(),
                    field.mapping().crm().name(),
                    field.base(),
                    field.partnerCenter(),
                    field.crm(),
                    value,
                    field.decision().rule(),
                    reason);
        }

        private static Change of(FieldChange change) {
            return new Change(
                    change.field(),
                    change.recordField(),
                    change.base(),
                    Objects.requireNonNullElse(change.partnerCenter(), JsonValue.NULL),
                    Objects.requireNonNullElse(change.crm(), JsonValue.NULL),
                    change.written(),
                    change.rule(),
                    RuleSentences.of(change.direction(), change.rule()));
        }
    }
}
