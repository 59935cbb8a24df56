package org.cosellbridge.sync;

import jakarta.json.JsonArray;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import org.cosellbridge.mapping.ConflictRule;
import org.cosellbridge.referral.Direction;
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

    static final String ONLY_MOVED = "only-moved";
    static final String FILLED = "filled";
    static final String ADOPTION = "adoption";
    static final String MAPPING_CHANGED = "mapping-changed";
    static final String SWITCHED_ON = "switched-on";
    static final String DECIDED = "decided";
    /** What an attempt before a restart or a lost answer turned out to have written. */
    static final String CONFIRMED = "confirmed-after-restart";
    /** What it may have written: a later edit hides it. */
    static final String UNCONFIRMED = "unconfirmed-after-restart";

    private Merge() {}

    /** What is to be done about a field. */
    enum Action {
        /** Nothing. */
        NOTHING,
        /** The CRM gets Partner Center's value. */
        TO_CRM,
        /** Partner Center gets the CRM's value. */
        TO_PARTNER_CENTER,
        /** Microsoft is asked for the help that the CRM names: no write of the referral can say it. */
        ASK_MICROSOFT,
        /** Both sides stay as they are until a person decides. */
        CONFLICT,
        /** One side cannot take the other's value: told, not retried. */
        DIFFERENCE
    }

    /** What the two sides make of the field's raw values, each in the terms of one side. */
    interface Sides {
        /** Whether the CRM would hold them alike. */
        boolean inCrm(JsonValue one, JsonValue other);

        /** Whether Partner Center would hold them alike. */
        boolean inPartnerCenter(JsonValue one, JsonValue other);

        /** The word for why the CRM does not take this value now; null: it does. */
        default @Nullable String crmRefuses(JsonValue value) {
            return null;
        }

        /** The word for why Partner Center does not take this value now; null: it does. */
        default @Nullable String partnerCenterRefuses(JsonValue value) {
            return null;
        }

        /** Whether Partner Center never gives this value back once it has it. */
        default boolean isForGood(JsonValue value) {
            return false;
        }
    }

    /**
     * What an unfinished plan wanted to write into the field on one side.
     *
     * @param direction which side it wanted to write to
     * @param source what the other side is taken to have agreed on, raw: the value that was carried over
     * @param value the planned value; once the write is known to have happened, what the side answered
     * @param written whether the write is known to have happened
     * @param targetBase what the written side is taken to have agreed on; null: the planned value itself. Something else stands
     *     here when the value came from neither side: then the written side counts as moved and the other gets it, too.
     */
    record Planned(
            Direction direction,
            JsonValue source,
            JsonValue value,
            boolean written,
            @Nullable JsonValue targetBase) {
        Planned(Direction direction, JsonValue source, JsonValue value, boolean written) {
            this(direction, source, value, written, null);
        }
    }

    /**
     * What a person decided about the field, still in force.
     *
     * @param side whose value both shall have
     * @param value for {@link Decided.Side#VALUE}: the value in Partner Center's terms; null otherwise
     * @param inCrm the same in the CRM's terms; null: it cannot be expressed there
     */
    record Choice(
            Decided.Side side,
            @Nullable JsonValue value,
            @Nullable JsonValue inCrm) {}

    /**
     * One field as both sides hold it.
     *
     * @param partnerCenter raw value at Partner Center
     * @param crm raw value in the CRM
     * @param partnerCenterBase what Partner Center held when the two last agreed; null: no baseline
     * @param crmBase what the CRM held then; null: no baseline
     * @param inCrm Partner Center's value in the CRM's terms; null: it cannot be expressed there
     * @param inPartnerCenter the CRM's value in Partner Center's terms; null: it cannot be expressed there
     * @param partnerCenterMovedAt when a move at Partner Center was observed, our own writes excluded
     * @param crmMovedAt when a move in the CRM was observed, our own writes excluded
     * @param planned the unfinished plan; null: none
     * @param choice what a person decided; null: nothing
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
            @Nullable Planned planned,
            @Nullable Choice choice) {}

    /** What can hold for a field beside its values. */
    enum Term {
        /** It travels to the CRM. */
        TO_CRM,
        /** It travels to Partner Center. */
        TO_PARTNER_CENTER,
        /** It travels to the CRM when a record is created: what is empty there is filled as long as there is no baseline. */
        FILLS_CRM,
        /** It travels both ways, and both ways only when the other side is created. */
        CREATE_ONLY,
        /** It is the CRM's switch: as long as there is no baseline it is switched on. */
        SWITCH,
        /** Partner Center takes a yes for good; a no is as good as nothing. */
        ONE_WAY,
        /** It names the help that Microsoft is asked for: Partner Center takes it once and never changes it. */
        ASKS,
        /** An empty value may erase. */
        MAY_ERASE,
        /** The CRM holds a cut form of Partner Center's text: what is written there must not come back. */
        CUT,
        /** The mapping changed since the baseline: two unmoved sides may differ now. */
        REMAPPED,
        /** Partner Center holds something by its own terms: what is empty in the CRM's then has no counterpart there. */
        PARTNER_CENTER_HOLDS,
        /** The CRM holds something by its own terms: what is empty in Partner Center's then has no counterpart there. */
        CRM_HOLDS,
        /** What would go to Partner Center is the mapping's default, not the CRM's own value. */
        NOT_EXPLICIT,
        /** The CRM does not let this field be written (a total that the products determine). */
        CRM_LOCKED,
        /** The record is closed and takes no edits. */
        CRM_CLOSED,
        /** The referral has a terminal status and takes no edits. */
        PARTNER_CENTER_ENDED
    }

    /**
     * What holds for the field beside its values.
     *
     * @param rule who wins when both moved apart
     * @param adoption who wins where there is no baseline
     */
    record Terms(ConflictRule rule, ConflictRule adoption, Set<Term> terms) {
        Terms {
            terms = Set.copyOf(terms);
        }

        boolean has(Term term) {
            return terms.contains(term);
        }
    }

    /**
     * The decision.
     *
     * @param action what is to be done
     * @param rule the word that says why
     * @param confirmed an unfinished plan turned out to be written
     * @param equal whether both sides hold the same now
     * @param partnerCenterBase Partner Center's next baseline when nothing is written; null: none
     * @param crmBase the CRM's next baseline when nothing is written; null: none
     * @param typed what is to be written where it is neither side's value, in the terms of the side that gets it; null: the other
     *     side's value
     * @param direction which way the value goes, or would go if that side took it; null: neither way
     */
    record Decision(
            Action action,
            String rule,
            boolean confirmed,
            boolean equal,
            @Nullable JsonValue partnerCenterBase,
            @Nullable JsonValue crmBase,
            @Nullable JsonValue typed,
            @Nullable Direction direction) {}

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

    /** Whether a value is empty or a no. */
    static boolean isNo(JsonValue value) {
        return isEmpty(value) || value.getValueType() == JsonValue.ValueType.FALSE;
    }

    /** The decision for one field. */
    static Decision decide(Field field, Terms terms, Sides sides) {
        return new Merge.Case(field, terms, sides).decide();
    }

    /** One field under decision, with the baseline that counts after a look at the unfinished plan. */
    private static final class Case {
        private final Field field;
        private final Terms terms;
        private final Sides sides;
        private final boolean confirmed;
        private final @Nullable JsonValue partnerCenterBase;
        private final @Nullable JsonValue crmBase;

        Case(Field field, Terms terms, Sides sides) {
            this.field = field;
            this.terms = terms;
            this.sides = sides;
            Planned planned = field.planned();
            if (planned != null && (planned.written() || holds(planned))) {
                JsonValue there = planned.direction() == Direction.TO_CRM ? field.crm() : field.partnerCenter();
                JsonValue agreed = planned.targetBase();
                JsonValue target = agreed != null ? agreed : holds(planned) ? there : planned.value();
                confirmed = true;
                partnerCenterBase = planned.direction() == Direction.TO_CRM ? planned.source() : target;
                crmBase = planned.direction() == Direction.TO_CRM ? target : planned.source();
            } else {
                confirmed = false;
                partnerCenterBase = field.partnerCenterBase();
                crmBase = field.crmBase();
            }
        }

        private boolean holds(Planned planned) {
            return planned.direction() == Direction.TO_CRM
                    ? sides.inCrm(field.crm(), planned.value())
                    : sides.inPartnerCenter(field.partnerCenter(), planned.value());
        }

        private boolean has(Term term) {
            return terms.has(term);
        }

        Decision decide() {
            if (equal() && !isTypedUnderWay()) {
                return new Decision(
                        Action.NOTHING,
                        confirmed ? CONFIRMED : "equal",
                        confirmed,
                        true,
                        field.partnerCenter(),
                        field.crm(),
                        null,
                        null);
            }
            Choice choice = field.choice();
            if (choice != null) {
                return decided(choice);
            }
            JsonValue partnerCenterThen = partnerCenterBase;
            JsonValue crmThen = crmBase;
            if (partnerCenterThen == null || crmThen == null) {
                return adopt();
            }
            boolean travels = travels();
            if (!travels && !has(Term.CREATE_ONLY)) {
                return keep(Action.NOTHING, "does-not-travel");
            }
            boolean partnerCenterMoved = !sides.inPartnerCenter(field.partnerCenter(), partnerCenterThen);
            boolean crmMoved = !sides.inCrm(field.crm(), crmThen);
            if (!travels) {
                return partnerCenterMoved || crmMoved
                        ? different(partnerCenterMoved ? Direction.TO_CRM : Direction.TO_PARTNER_CENTER, "create-only")
                        : keep(Action.NOTHING, "unmoved");
            }
            if (partnerCenterMoved && crmMoved) {
                return bothMoved();
            }
            if (partnerCenterMoved) {
                return toCrm(ONLY_MOVED);
            }
            if (crmMoved) {
                return toPartnerCenter(ONLY_MOVED);
            }
            if (has(Term.REMAPPED)) {
                return has(Term.TO_CRM) ? toCrm(MAPPING_CHANGED) : toPartnerCenter(MAPPING_CHANGED);
            }
            return keep(Action.NOTHING, "unmoved");
        }

        private boolean travels() {
            return has(Term.TO_CRM) || has(Term.TO_PARTNER_CENTER) || has(Term.ASKS);
        }

        private boolean reachesPartnerCenter() {
            return has(Term.TO_PARTNER_CENTER) || has(Term.ASKS);
        }

        private boolean equal() {
            JsonValue inCrm = field.inCrm();
            JsonValue inPartnerCenter = field.inPartnerCenter();
            return (inCrm != null && sides.inCrm(inCrm, field.crm()))
                    || (inPartnerCenter != null && sides.inPartnerCenter(inPartnerCenter, field.partnerCenter()));
        }

        /** Whether Partner Center has yet to get what a person typed: on its way both sides may be equal for a step. */
        private boolean isTypedUnderWay() {
            Choice choice = field.choice();
            JsonValue value = choice == null ? null : choice.value();
            return value != null && reachesPartnerCenter() && !sides.inPartnerCenter(field.partnerCenter(), value);
        }

        /** A person said whose value both sides shall have. */
        private Decision decided(Choice choice) {
            JsonValue value = choice.value();
            if (choice.side() == Decided.Side.PARTNER_CENTER) {
                return orPartnerCenterMoved(toCrm(DECIDED));
            }
            if (choice.side() == Decided.Side.CRM || value == null) {
                return orCrmMoved(toPartnerCenter(DECIDED));
            }
            if (isTypedUnderWay()) {
                return orStartHere(toPartnerCenter(DECIDED, value, value));
            }
            JsonValue inCrm = choice.inCrm();
            if (inCrm == null || (isEmpty(inCrm) && !isEmpty(value))) {
                return orStartHere(different(Direction.TO_CRM, has(Term.TO_CRM) ? "no-counterpart" : cannotReachCrm()));
            }
            // the person wants what the CRM has already, and Partner Center does not take the field
            return sides.inCrm(field.crm(), inCrm)
                    ? startHere(DECIDED)
                    : orPartnerCenterMoved(toCrm(DECIDED, inCrm, inCrm, has(Term.TO_CRM)));
        }

        /**
         * The decision; where the CRM does not take it, a difference after which Partner Center alone counts as moved. So nobody is asked
         * again, and the value travels once nothing stands in its way.
         */
        private Decision orPartnerCenterMoved(Decision decision) {
            return orTold(decision, orNull(field.inPartnerCenter()), field.crm());
        }

        /** The same for what Partner Center does not take: the CRM alone counts as moved. */
        private Decision orCrmMoved(Decision decision) {
            return orTold(decision, field.partnerCenter(), orNull(field.inCrm()));
        }

        /** The same for a value that neither side holds: both stay as they are. */
        private Decision orStartHere(Decision decision) {
            return orTold(decision, field.partnerCenter(), field.crm());
        }

        private static Decision orTold(Decision decision, JsonValue partnerCenterThen, JsonValue crmThen) {
            return decision.action() == Action.DIFFERENCE
                    ? new Decision(
                            Action.DIFFERENCE,
                            decision.rule(),
                            decision.confirmed(),
                            false,
                            partnerCenterThen,
                            crmThen,
                            null,
                            decision.direction())
                    : decision;
        }

        private static JsonValue orNull(@Nullable JsonValue value) {
            return value == null ? JsonValue.NULL : value;
        }

        private Decision bothMoved() {
            ConflictRule rule = terms.rule();
            if (isAskedForGood()) {
                return different(Direction.TO_PARTNER_CENTER, "irreversible");
            }
            if (rule == ConflictRule.REVIEW) {
                return keep(Action.CONFLICT, "review");
            }
            boolean crmWins = rule == ConflictRule.CRM
                    || (rule == ConflictRule.NEWEST
                            && field.crmMovedAt()
                                    .isAfter(field.partnerCenterMovedAt().plus(SAME_MOMENT)));
            // an empty winner never erases: the other side's value fills it
            if (!has(Term.MAY_ERASE)) {
                if (crmWins && has(Term.TO_CRM) && isEmpty(field.crm())) {
                    return toCrm(FILLED);
                }
                if (!crmWins && reachesPartnerCenter() && partnerCenterIsEmpty()) {
                    return toPartnerCenter(FILLED);
                }
            }
            String word = word(rule);
            return crmWins ? toPartnerCenter(word) : toCrm(word);
        }

        /** There is no baseline, so nobody can tell who moved: empties are filled, and real differences follow the adoption rule. */
        private Decision adopt() {
            boolean crmEmpty = crmIsEmpty();
            boolean partnerCenterEmpty = partnerCenterIsEmpty() || isNoAtPartnerCenter();
            if (has(Term.SWITCH) && isNo(field.crm())) {
                return toCrm(SWITCHED_ON, field.inCrm(), null, true);
            }
            if (crmEmpty && !partnerCenterEmpty && (has(Term.TO_CRM) || has(Term.FILLS_CRM))) {
                return toCrm(FILLED, field.inCrm(), null, true);
            }
            if (!travels()) {
                return has(Term.CREATE_ONLY) && !crmEmpty && !partnerCenterEmpty
                        ? different(Direction.TO_CRM, "create-only")
                        : keep(Action.NOTHING, "does-not-travel");
            }
            if (partnerCenterEmpty && !crmEmpty && reachesPartnerCenter() && !has(Term.ONE_WAY)) {
                return toPartnerCenter(FILLED);
            }
            if (crmEmpty || (partnerCenterEmpty && !has(Term.ONE_WAY))) {
                return startHere("nothing-to-fill");
            }
            if (isAskedForGood()) {
                return different(Direction.TO_PARTNER_CENTER, "irreversible");
            }
            return switch (terms.adoption()) {
                case PARTNER_CENTER -> has(Term.TO_CRM) ? toCrm(ADOPTION) : startHere(ADOPTION);
                case CRM -> reachesPartnerCenter() ? toPartnerCenter(ADOPTION) : startHere(ADOPTION);
                case NEWEST, REVIEW -> keep(Action.CONFLICT, ADOPTION);
            };
        }

        private boolean partnerCenterIsEmpty() {
            JsonValue inCrm = field.inCrm();
            return inCrm == null ? isEmpty(field.partnerCenter()) : isEmpty(inCrm) && !has(Term.PARTNER_CENTER_HOLDS);
        }

        private boolean isNoAtPartnerCenter() {
            return has(Term.ONE_WAY) && isNo(field.partnerCenter());
        }

        private boolean crmIsEmpty() {
            JsonValue inPartnerCenter = field.inPartnerCenter();
            return isEmpty(field.crm())
                    || (has(Term.ONE_WAY) && isNo(inPartnerCenter == null ? field.crm() : inPartnerCenter));
        }

        private Decision toCrm(String rule) {
            return toCrm(rule, field.inCrm(), null, has(Term.TO_CRM));
        }

        private Decision toCrm(String rule, @Nullable JsonValue value, @Nullable JsonValue typed, boolean travels) {
            if (!travels) {
                return different(Direction.TO_CRM, cannotReachCrm());
            }
            if (has(Term.CRM_CLOSED)) {
                return different(Direction.TO_CRM, "closed");
            }
            if (has(Term.CRM_LOCKED)) {
                return different(Direction.TO_CRM, "locked");
            }
            if (value != null && isEmpty(value) && !has(Term.MAY_ERASE)) {
                if (typed == null && has(Term.PARTNER_CENTER_HOLDS)) {
                    return different(Direction.TO_CRM, "no-counterpart");
                }
                if (!rule.equals(DECIDED)) {
                    return different(Direction.TO_CRM, "empty-never-erases");
                }
            }
            String refused = value == null ? null : sides.crmRefuses(value);
            return refused == null ? keep(Action.TO_CRM, rule, typed) : different(Direction.TO_CRM, refused);
        }

        private String cannotReachCrm() {
            return has(Term.CREATE_ONLY) || has(Term.ASKS) ? "create-only" : "one-way";
        }

        private Decision toPartnerCenter(String rule) {
            return toPartnerCenter(rule, field.inPartnerCenter(), null);
        }

        private Decision toPartnerCenter(String rule, @Nullable JsonValue value, @Nullable JsonValue typed) {
            String refused = refusal(rule, value, typed);
            if (refused != null) {
                return different(Direction.TO_PARTNER_CENTER, refused);
            }
            Action action = has(Term.ASKS) ? Action.ASK_MICROSOFT : Action.TO_PARTNER_CENTER;
            // without a baseline the CRM counts as moved away from what Partner Center holds, until the value has
            // travelled
            return partnerCenterBase == null || crmBase == null
                    ? new Decision(
                            action,
                            rule,
                            confirmed,
                            false,
                            field.partnerCenter(),
                            field.inCrm(),
                            typed,
                            Direction.TO_PARTNER_CENTER)
                    : keep(action, rule, typed);
        }

        /** Why the value does not go to Partner Center; null: it does. */
        private @Nullable String refusal(String rule, @Nullable JsonValue value, @Nullable JsonValue typed) {
            if (!reachesPartnerCenter()) {
                return has(Term.CREATE_ONLY) ? "create-only" : "one-way";
            }
            if (has(Term.PARTNER_CENTER_ENDED)) {
                return "ended";
            }
            if (isIrreversible(value)) {
                return "irreversible";
            }
            if (value == null) {
                return "not-expressible";
            }
            if (isEmpty(value) && !has(Term.MAY_ERASE)) {
                if (typed == null && has(Term.CRM_HOLDS)) {
                    return "not-expressible";
                }
                if (!rule.equals(DECIDED)) {
                    return "empty-never-erases";
                }
            }
            if (typed == null
                    && (has(Term.NOT_EXPLICIT) || isEmpty(field.crm()))
                    && (has(Term.ASKS) || sides.isForGood(value))) {
                return "not-explicit";
            }
            if (has(Term.CUT) && !rule.equals(DECIDED)) {
                return "cut";
            }
            return sides.partnerCenterRefuses(value);
        }

        /** Whether Partner Center holds for good what the value would take back. */
        private boolean isIrreversible(@Nullable JsonValue value) {
            if (has(Term.ASKS)) {
                return !partnerCenterIsEmpty();
            }
            return has(Term.ONE_WAY) && !isNo(field.partnerCenter()) && (value == null || isNo(value));
        }

        /** Whether another help was asked for and the CRM does not take it: nobody could decide anything. */
        private boolean isAskedForGood() {
            return has(Term.ASKS) && !has(Term.TO_CRM) && !partnerCenterIsEmpty();
        }

        private Decision keep(Action action, String rule) {
            return keep(action, rule, null);
        }

        private Decision keep(Action action, String rule, @Nullable JsonValue typed) {
            Direction direction = switch (action) {
                case TO_CRM -> Direction.TO_CRM;
                case TO_PARTNER_CENTER, ASK_MICROSOFT -> Direction.TO_PARTNER_CENTER;
                case NOTHING, CONFLICT, DIFFERENCE -> null;
            };
            return new Decision(action, rule, confirmed, false, partnerCenterBase, crmBase, typed, direction);
        }

        private Decision different(Direction direction, String rule) {
            return new Decision(Action.DIFFERENCE, rule, confirmed, false, partnerCenterBase, crmBase, null, direction);
        }

        private Decision startHere(String rule) {
            return new Decision(Action.NOTHING, rule, confirmed, false, field.partnerCenter(), field.crm(), null, null);
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
