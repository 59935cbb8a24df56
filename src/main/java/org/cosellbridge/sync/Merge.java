package org.cosellbridge.sync;

import jakarta.json.JsonArray;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.time.Duration;
import java.time.Instant;
import org.cosellbridge.mapping.ConflictRule;
import org.jspecify.annotations.Nullable;

/**
 * Decides for one field which way its value goes. Pure: it calls nobody and keeps nothing, so every combination can be tried.
 *
 * <p>Each side is compared with its own baseline, so a value that one side cannot hold exactly (cut, rounded, renamed) is not a
 * move. What an unfinished plan wanted to write is ours, not a person's.
 */
final class Merge {
    /** Two moves within this time count as simultaneous; Partner Center then wins. */
    static final Duration SAME_MOMENT = Duration.ofSeconds(2);

    private Merge() {}

    /** What is to be done about a field. */
    enum Action {
        /** Nothing. */
        NOTHING,
        /** The CRM gets Partner Center's value. */
        TO_CRM,
        /** Partner Center gets the CRM's value. */
        TO_PARTNER_CENTER,
        /** Both sides stay as they are until a person decides. */
        CONFLICT,
        /** One side cannot take the other's value: told, not retried. */
        DIFFERENCE
    }

    /** Normalised comparison of raw values, each in the terms of one side. */
    interface Sameness {
        /** Whether the CRM would hold them alike. */
        boolean inCrm(JsonValue one, JsonValue other);

        /** Whether Partner Center would hold them alike. */
        boolean inPartnerCenter(JsonValue one, JsonValue other);
    }

    /**
     * What an unfinished plan wanted to write into the CRM field.
     *
     * @param partnerCenter what Partner Center held when it was planned, raw
     * @param value the planned value; once the write is known to have happened, what the CRM answered
     * @param written whether the write is known to have happened
     */
    record Planned(JsonValue partnerCenter, JsonValue value, boolean written) {}

    /**
     * One field as both sides hold it.
     *
     * @param partnerCenter raw value at Partner Center
     * @param crm raw value in the CRM
     * @param partnerCenterBase what Partner Center held when the two last agreed; null: no baseline
     * @param crmBase what the CRM held then; null: no baseline
     * @param inCrm Partner Center's value in the CRM's terms; null: it cannot be expressed there
     * @param inPartnerCenter the CRM's value in Partner Center's terms; null: it cannot be expressed there
     * @param partnerCenterMovedAt when a move at Partner Center was observed
     * @param crmMovedAt when a move in the CRM was observed, our own writes excluded
     * @param planned the unfinished plan; null: none
     */
    record Field(
            JsonValue partnerCenter,
            JsonValue crm,
            @Nullable JsonValue partnerCenterBase,
            @Nullable JsonValue crmBase,
            @Nullable JsonValue inCrm,
            @Nullable JsonValue inPartnerCenter,
            Instant partnerCenterMovedAt,
            Instant crmMovedAt,
            @Nullable Planned planned) {}

    /**
     * What holds for the field beside its values.
     *
     * @param rule who wins when both moved apart
     * @param adoption who wins where there is no baseline
     * @param toCrm whether it travels to the CRM
     * @param toPartnerCenter whether it travels to Partner Center
     * @param mayErase whether an empty value may erase
     * @param cut the CRM holds a cut form of Partner Center's text: what is written there must not come back
     * @param remapped the mapping changed since the baseline: two unmoved sides may differ now
     * @param crmLocked the CRM does not let this field be written (a total that the products determine)
     * @param crmClosed the record is closed and takes no edits
     * @param partnerCenterEnded the referral has a terminal status and takes no edits
     */
    record Terms(
            ConflictRule rule,
            ConflictRule adoption,
            boolean toCrm,
            boolean toPartnerCenter,
            boolean mayErase,
            boolean cut,
            boolean remapped,
            boolean crmLocked,
            boolean crmClosed,
            boolean partnerCenterEnded) {}

    /**
     * The decision.
     *
     * @param action what is to be done
     * @param rule the word that says why
     * @param confirmed an unfinished plan turned out to be written
     * @param equal whether both sides hold the same now
     * @param partnerCenterBase Partner Center's next baseline when nothing is written; null: none
     * @param crmBase the CRM's next baseline when nothing is written; null: none
     */
    record Decision(
            Action action,
            String rule,
            boolean confirmed,
            boolean equal,
            @Nullable JsonValue partnerCenterBase,
            @Nullable JsonValue crmBase) {}

    /** Whether a value is empty: null, blank text, an empty list or object. */
    static boolean isEmpty(JsonValue value) {
        if (value instanceof JsonString text) {
            return text.getString().isBlank();
        }
        if (value instanceof JsonArray list) {
            return list.isEmpty();
        }
        if (value instanceof JsonObject object) {
            return object.isEmpty();
        }
        return value.getValueType() == JsonValue.ValueType.NULL;
    }

    /** The decision for one field. */
    static Decision decide(Field field, Terms terms, Sameness same) {
        return new Merge.Case(field, terms, same).decide();
    }

    /** One field under decision, with the baseline that counts after a look at the unfinished plan. */
    private static final class Case {
        private final Field field;
        private final Terms terms;
        private final Sameness same;
        private final boolean confirmed;
        private final @Nullable JsonValue partnerCenterBase;
        private final @Nullable JsonValue crmBase;

        Case(Field field, Terms terms, Sameness same) {
            this.field = field;
            this.terms = terms;
            this.same = same;
            Planned planned = field.planned();
            boolean holds = planned != null && same.inCrm(field.crm(), planned.value());
            if (planned != null && (holds || planned.written())) {
                confirmed = true;
                partnerCenterBase = planned.partnerCenter();
                crmBase = holds ? field.crm() : planned.value();
            } else {
                confirmed = false;
                partnerCenterBase = field.partnerCenterBase();
                crmBase = field.crmBase();
            }
        }

        Decision decide() {
            if (equal()) {
                return new Decision(
                        Action.NOTHING,
                        confirmed ? "confirmed-after-restart" : "equal",
                        confirmed,
                        true,
                        field.partnerCenter(),
                        field.crm());
            }
            if (!terms.toCrm() && !terms.toPartnerCenter()) {
                return keep(Action.NOTHING, "does-not-travel");
            }
            if (partnerCenterBase == null || crmBase == null) {
                return adopt();
            }
            boolean partnerCenterMoved = !same.inPartnerCenter(field.partnerCenter(), partnerCenterBase);
            boolean crmMoved = !same.inCrm(field.crm(), crmBase);
            if (partnerCenterMoved && crmMoved) {
                return bothMoved();
            }
            if (partnerCenterMoved) {
                return toCrm("only-moved");
            }
            if (crmMoved) {
                return toPartnerCenter("only-moved");
            }
            if (terms.remapped()) {
                return terms.toCrm() ? toCrm("mapping-changed") : toPartnerCenter("mapping-changed");
            }
            return keep(Action.NOTHING, "unmoved");
        }

        private boolean equal() {
            JsonValue inCrm = field.inCrm();
            JsonValue inPartnerCenter = field.inPartnerCenter();
            return (inCrm != null && same.inCrm(inCrm, field.crm()))
                    || (inPartnerCenter != null && same.inPartnerCenter(inPartnerCenter, field.partnerCenter()));
        }

        private Decision bothMoved() {
            ConflictRule rule = terms.rule();
            if (rule == ConflictRule.REVIEW) {
                return keep(Action.CONFLICT, "review");
            }
            boolean crmWins = rule == ConflictRule.CRM
                    || (rule == ConflictRule.NEWEST
                            && field.crmMovedAt()
                                    .isAfter(field.partnerCenterMovedAt().plus(SAME_MOMENT)));
            // an empty winner never erases: the other side's value fills it
            if (!terms.mayErase()) {
                if (crmWins && terms.toCrm() && isEmpty(field.crm())) {
                    return toCrm("filled");
                }
                if (!crmWins && terms.toPartnerCenter() && partnerCenterIsEmpty()) {
                    return toPartnerCenter("filled");
                }
            }
            String word = word(rule);
            return crmWins ? toPartnerCenter(word) : toCrm(word);
        }

        private Decision adopt() {
            boolean partnerCenterEmpty = partnerCenterIsEmpty();
            boolean crmEmpty = isEmpty(field.crm());
            if (crmEmpty || partnerCenterEmpty) {
                if (crmEmpty && !partnerCenterEmpty && terms.toCrm()) {
                    return toCrm("filled");
                }
                if (partnerCenterEmpty && !crmEmpty && terms.toPartnerCenter()) {
                    return toPartnerCenter("filled");
                }
                return startHere("nothing-to-fill");
            }
            return switch (terms.adoption()) {
                case PARTNER_CENTER -> terms.toCrm() ? toCrm("adoption") : startHere("adoption");
                case CRM -> terms.toPartnerCenter() ? toPartnerCenter("adoption") : startHere("adoption");
                case NEWEST, REVIEW -> keep(Action.CONFLICT, "adoption");
            };
        }

        private boolean partnerCenterIsEmpty() {
            JsonValue inCrm = field.inCrm();
            return inCrm == null ? isEmpty(field.partnerCenter()) : isEmpty(inCrm);
        }

        private Decision toCrm(String rule) {
            JsonValue value = field.inCrm();
            if (!terms.toCrm()) {
                return keep(Action.DIFFERENCE, "one-way");
            }
            if (terms.crmClosed()) {
                return keep(Action.DIFFERENCE, "closed");
            }
            if (terms.crmLocked()) {
                return keep(Action.DIFFERENCE, "locked");
            }
            if (value != null && isEmpty(value) && !terms.mayErase()) {
                return keep(
                        Action.DIFFERENCE, isEmpty(field.partnerCenter()) ? "empty-never-erases" : "no-counterpart");
            }
            return keep(Action.TO_CRM, rule);
        }

        private Decision toPartnerCenter(String rule) {
            JsonValue value = field.inPartnerCenter();
            if (!terms.toPartnerCenter()) {
                return keep(Action.DIFFERENCE, "one-way");
            }
            if (terms.partnerCenterEnded()) {
                return keep(Action.DIFFERENCE, "ended");
            }
            if (value == null) {
                return keep(Action.DIFFERENCE, "not-expressible");
            }
            if (isEmpty(value) && !terms.mayErase()) {
                return keep(Action.DIFFERENCE, isEmpty(field.crm()) ? "empty-never-erases" : "not-expressible");
            }
            if (terms.cut()) {
                return keep(Action.DIFFERENCE, "cut");
            }
            // without a baseline the CRM counts as moved away from what Partner Center holds, until the value has
            // travelled
            return partnerCenterBase == null || crmBase == null
                    ? new Decision(
                            Action.TO_PARTNER_CENTER, rule, confirmed, false, field.partnerCenter(), field.inCrm())
                    : keep(Action.TO_PARTNER_CENTER, rule);
        }

        private Decision keep(Action action, String rule) {
            return new Decision(action, rule, confirmed, false, partnerCenterBase, crmBase);
        }

        private Decision startHere(String rule) {
            return new Decision(Action.NOTHING, rule, confirmed, false, field.partnerCenter(), field.crm());
        }

        private static String word(ConflictRule rule) {
            return switch (rule) {
                case PARTNER_CENTER -> "partner-center";
                case CRM -> "crm";
                case NEWEST -> "newest";
                case REVIEW -> "review";
            };
        }
    }
}
