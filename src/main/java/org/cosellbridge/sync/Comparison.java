package org.cosellbridge.sync;

import jakarta.json.JsonArray;
import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.cosellbridge.connector.RemoteRecord;
import org.cosellbridge.mapping.ConflictRule;
import org.cosellbridge.mapping.CrmField;
import org.cosellbridge.mapping.CrmType;
import org.cosellbridge.mapping.FieldMapping;
import org.cosellbridge.mapping.MappingDocument;
import org.cosellbridge.mapping.MappingException;
import org.cosellbridge.mapping.Occasion;
import org.cosellbridge.referral.Direction;
import org.cosellbridge.referral.Referral;
import org.cosellbridge.referral.ReferralPath;
import org.cosellbridge.referral.ReferralPaths;
import org.cosellbridge.referral.ReferralState;
import org.cosellbridge.referral.Status;
import org.cosellbridge.referral.Substatus;
import org.jspecify.annotations.Nullable;

/** A referral and its record held against each other, field by field, with the decision on each and both sides' deltas. */
final class Comparison {
    /** The path of the deal's value, which Partner Center takes only above zero. */
    private static final String DEAL_VALUE = "details.dealValue";

    /** The states in which an owner may end a referral. */
    private static final List<ReferralState> CLOSED = Stream.of(Substatus.DECLINED, Substatus.LOST, Substatus.WON)
            .map(substatus -> ReferralState.of(Status.CLOSED, substatus))
            .toList();

    private final MappingDocument document;
    private final Referral referral;
    private final RemoteRecord record;
    private final Optional<Baseline> baseline;
    private final Optional<Plan> plan;
    private final Map<String, Decided> decisions;
    private final boolean planArrived;
    private final boolean closingWithheld;
    private final ConflictRule adoption;
    private final boolean crmClosed;
    private final List<Field> fields = new ArrayList<>();
    private final Set<String> refusedDecisions = new HashSet<>();

    private Comparison(
            MappingDocument document,
            Referral referral,
            RemoteRecord record,
            Optional<Baseline> baseline,
            Optional<Plan> plan,
            ConflictRule adoption,
            Map<String, Decided> decisions) {
        this.document = document;
        this.referral = referral;
        this.record = record;
        this.baseline = baseline;
        this.plan = plan.filter(found -> found.kind() == Plan.Kind.UPDATE || found.kind() == Plan.Kind.UPDATE_REFERRAL);
        this.adoption = adoption;
        this.decisions = Map.copyOf(decisions);
        this.crmClosed = isClosed(document, record.values());
        this.closingWithheld = false;
        this.planArrived =
                this.plan.map(found -> found.written() || isArrived(found)).orElse(false);
        for (FieldMapping mapping : document.fields()) {
            if (mapping.related().isEmpty()) {
                fields.add(compare(mapping));
            }
        }
        if (closes()) {
            fields.replaceAll(this::beforeClosing);
        }
    }

    private Comparison(Comparison whole, List<Field> fields) {
        this.document = whole.document;
        this.referral = whole.referral;
        this.record = whole.record;
        this.baseline = whole.baseline;
        this.plan = whole.plan;
        this.adoption = whole.adoption;
        this.decisions = whole.decisions;
        this.crmClosed = whole.crmClosed;
        this.planArrived = whole.planArrived;
        this.fields.addAll(fields);
        this.refusedDecisions.addAll(whole.refusedDecisions);
        this.closingWithheld = true;
    }

    /**
     * Compares them.
     *
     * @param adoption decides where there is no baseline
     * @param decisions what persons decided, by the field's name; those that are out of date are ignored
     */
    static Comparison of(
            MappingDocument document,
            Referral referral,
            RemoteRecord record,
            Optional<Baseline> baseline,
            Optional<Plan> plan,
            ConflictRule adoption,
            Map<String, Decided> decisions) {
        return new Comparison(document, referral, record, baseline, plan, adoption, decisions);
    }

    /**
     * One field, compared.
     *
     * @param base what the CRM held when both last agreed; null: no baseline
     * @param inCrm what the CRM field should have; null: it does not travel there or cannot be expressed
     * @param problem why it cannot be expressed in the CRM; null: it can
     * @param inPartnerCenter what the referral should have; null: it does not travel there or cannot be expressed
     * @param next what of it the referral gets now: the next state on the way, everything else at once
     * @param planned its part of an unfinished plan; null: none
     * @param decider who decided what is to be written, what a side refuses, or what the confirmed plan has written; null: the
     *     rules did
     */
    record Field(
            FieldMapping mapping,
            JsonValue partnerCenter,
            JsonValue crm,
            @Nullable JsonValue base,
            @Nullable JsonValue inCrm,
            @Nullable MappingException problem,
            @Nullable JsonValue inPartnerCenter,
            @Nullable JsonValue next,
            Plan.@Nullable PlannedField planned,
            Instant partnerCenterMovedAt,
            Instant crmMovedAt,
            Merge.Decision decision,
            @Nullable String decider) {
        String name() {
            return mapping.name();
        }

        Merge.Action action() {
            return decision.action();
        }

        private Field withheld() {
            return with(
                    inCrm,
                    new Merge.Decision(
                            Merge.Action.NOTHING,
                            "withheld",
                            decision.confirmed(),
                            false,
                            decision.crmBase() == null ? null : JsonValue.NULL,
                            decision.crmBase(),
                            decision.typed(),
                            null));
        }

        private Field toldBeforeClosing(JsonValue value) {
            return with(
                    value,
                    new Merge.Decision(
                            Merge.Action.TO_CRM,
                            "closing",
                            decision.confirmed(),
                            false,
                            decision.partnerCenterBase(),
                            decision.crmBase(),
                            null,
                            Direction.TO_CRM));
        }

        private Field with(@Nullable JsonValue wanted, Merge.Decision decided) {
            return new Field(
                    mapping,
                    partnerCenter,
                    crm,
                    base,
                    wanted,
                    problem,
                    inPartnerCenter,
                    next,
                    planned,
                    partnerCenterMovedAt,
                    crmMovedAt,
                    decided,
                    decider);
        }

        /** The value for the CRM; throws {@link MappingException} when it cannot be expressed there. */
        JsonValue valueForCrm() {
            if (problem != null) {
                throw problem;
            }
            return Objects.requireNonNullElse(inCrm, JsonValue.NULL);
        }

        /** The value for the referral, or for the question to Microsoft; a state may be a step on the way to the one it should have. */
        JsonValue valueForPartnerCenter() {
            return Objects.requireNonNullElse(next, JsonValue.NULL);
        }

        /** Where the value stands in the referral. */
        private String path() {
            return mapping.path().orElseThrow(() -> new IllegalStateException(mapping + " has no path"));
        }

        /** Whether the value that travels is neither side's own. */
        private boolean isTyped() {
            return decision.typed() != null;
        }
    }

    /** Whether the record is closed, and takes no edits. */
    static boolean isClosed(MappingDocument document, JsonObject values) {
        return document.fields().stream()
                .filter(mapping -> mapping.crm().type() == CrmType.STATE)
                .anyMatch(
                        mapping -> mapping.fromRecord(values) instanceof JsonString state && isClosing(mapping, state));
    }

    /** Whether this state of the field is reached by closing the record. */
    static boolean isClosing(FieldMapping mapping, JsonValue state) {
        if (mapping.crm().type() != CrmType.STATE || !(state instanceof JsonString text)) {
            return false;
        }
        CrmField.StateStep step = mapping.crm().states().get(text.getString());
        return step != null && step.step() != CrmField.Step.SET;
    }

    /** Whether the CRM takes a record from the state it has to the one it should have. */
    static boolean isReachable(FieldMapping mapping, JsonValue held, JsonValue wanted) {
        return mapping.crm().type() != CrmType.STATE
                || !(held instanceof JsonString from)
                || !(wanted instanceof JsonString to)
                || mapping.crm().isReachable(from.getString(), to.getString());
    }

    /**
     * One write carries the whole plan, so what its fields hold tells of all of it: nobody else types the very text or number that was
     * planned. One of a few values a person may well have chosen, too, so it proves nothing where another field holds what it held.
     */
    private boolean isArrived(Plan found) {
        Direction direction = direction(found);
        String version = direction == Direction.TO_CRM ? record.version() : referral.eTag();
        if (version.equals(found.recordVersion())) {
            return false;
        }
        int arrived = 0;
        int missing = 0;
        for (Map.Entry<String, Plan.PlannedField> entry : found.fields().entrySet()) {
            Optional<FieldMapping> mapping = document.findField(entry.getKey());
            if (mapping.isPresent()) {
                Plan.PlannedField planned = entry.getValue();
                JsonValue before = direction == Direction.TO_CRM ? planned.before() : planned.partnerCenter();
                boolean holdsPlanned = holds(mapping.orElseThrow(), direction, planned.value());
                boolean holdsBefore = holds(mapping.orElseThrow(), direction, before);
                if (holdsPlanned && !holdsBefore && !isOneOfAFew(mapping.orElseThrow())) {
                    return true;
                }
                arrived += holdsPlanned && !holdsBefore ? 1 : 0;
                missing += holdsBefore && !holdsPlanned ? 1 : 0;
            }
        }
        return arrived > missing;
    }

    private static boolean isOneOfAFew(FieldMapping mapping) {
        return switch (mapping.crm().type()) {
            case BOOLEAN, CHOICE, STATE, LOOKUP -> true;
            case TEXT, NUMBER, MONEY, DATE, DATETIME, REFERENCE -> false;
        };
    }

    private static Direction direction(Plan plan) {
        return plan.kind() == Plan.Kind.UPDATE ? Direction.TO_CRM : Direction.TO_PARTNER_CENTER;
    }

    /** Whether the side that the direction leads to holds this value. */
    private boolean holds(FieldMapping mapping, Direction direction, JsonValue value) {
        return direction == Direction.TO_CRM
                ? mapping.sameInCrm(mapping.fromRecord(record.values()), value)
                : mapping.sameInPartnerCenter(mapping.fromReferral(referral.view()), value);
    }

    private Field compare(FieldMapping mapping) {
        JsonValue partnerCenter = mapping.fromReferral(referral.view());
        JsonValue crm = mapping.fromRecord(record.values());
        Baseline.FieldBaseline base =
                baseline.map(found -> found.fields().get(mapping.name())).orElse(null);
        JsonValue partnerCenterBase = base == null ? null : base.partnerCenter();
        JsonValue crmBase = base == null ? null : base.crm();
        JsonValue inCrm = null;
        MappingException problem = null;
        if (travels(mapping, Direction.TO_CRM)) {
            try {
                inCrm = mapping.toCrm(referral.view());
            } catch (MappingException cannot) {
                problem = cannot;
            }
        }
        JsonValue inPartnerCenter =
                travels(mapping, Direction.TO_PARTNER_CENTER) ? inPartnerCenter(mapping, record.values()) : null;
        Instant partnerCenterMovedAt = movedAt(
                base == null ? null : base.partnerCenterMove(),
                value -> mapping.sameInPartnerCenter(value, partnerCenter),
                referral.updatedDateTime().orElse(record.modifiedAt()));
        Instant crmMovedAt = movedAt(
                base == null ? null : base.crmMove(), value -> mapping.sameInCrm(value, crm), record.modifiedAt());
        Plan.PlannedField planned =
                plan.map(found -> found.fields().get(mapping.name())).orElse(null);
        Decided decided = inForce(mapping, partnerCenter, crm, inPartnerCenter);
        Merge.Decision decision = Merge.decide(
                new Merge.Field(
                        partnerCenter,
                        crm,
                        partnerCenterBase,
                        crmBase,
                        inCrm,
                        inPartnerCenter,
                        partnerCenterMovedAt,
                        crmMovedAt,
                        planned == null ? null : planned(mapping, direction(plan.orElseThrow()), planned, crmBase),
                        decided == null
                                ? null
                                : new Merge.Choice(decided.side(), decided.value(), valueInCrm(mapping, decided))),
                new Merge.Terms(
                        mapping.conflictRule(), adoption, terms(mapping, base, partnerCenter, inCrm, inPartnerCenter)),
                sides(mapping));
        JsonValue typed = decision.typed();
        if (decided != null && decision.action() == Merge.Action.DIFFERENCE) {
            refusedDecisions.add(mapping.name());
        }
        boolean typedForCrm = typed != null && decision.action() == Merge.Action.TO_CRM;
        JsonValue wanted = typed != null && !typedForCrm ? typed : inPartnerCenter;
        return new Field(
                mapping,
                partnerCenter,
                crm,
                crmBase,
                typedForCrm ? typed : inCrm,
                typedForCrm ? null : problem,
                wanted,
                isState(mapping) && wanted != null
                        ? step(mapping, referral.state(), wanted).orElse(wanted)
                        : wanted,
                planned,
                partnerCenterMovedAt,
                crmMovedAt,
                decision,
                decider(mapping, decision, planned, decided != null));
    }

    /** Who decided what is to be written, what a side refuses, or what an unfinished plan was to write; null: the rules did. */
    private @Nullable String decider(
            FieldMapping mapping, Merge.Decision decision, Plan.@Nullable PlannedField planned, boolean inForce) {
        Decided decided = decisions.get(mapping.name());
        boolean counts = (inForce && decision.action() == Merge.Action.DIFFERENCE)
                || decision.rule().equals(Merge.DECIDED)
                || (decision.confirmed() && planned != null && planned.rule().equals(Merge.DECIDED));
        return counts && decided != null ? decided.decider() : null;
    }

    private Set<Merge.Term> terms(
            FieldMapping mapping,
            Baseline.@Nullable FieldBaseline base,
            JsonValue partnerCenter,
            @Nullable JsonValue inCrm,
            @Nullable JsonValue inPartnerCenter) {
        JsonValue partnerCenterBase = base == null ? null : base.partnerCenter();
        JsonValue crmBase = base == null ? null : base.crm();
        Set<Merge.Term> terms = EnumSet.noneOf(Merge.Term.class);
        boolean asks = asks(mapping);
        boolean toCrm = mapping.travels(Direction.TO_CRM, Occasion.UPDATE);
        boolean toPartnerCenter = !asks && isPatched(mapping);
        boolean fillsCrm = mapping.travels(Direction.TO_CRM, Occasion.CREATE);
        set(terms, Merge.Term.TO_CRM, toCrm);
        set(terms, Merge.Term.TO_PARTNER_CENTER, toPartnerCenter);
        set(terms, Merge.Term.ASKS, asks);
        set(terms, Merge.Term.FILLS_CRM, fillsCrm);
        set(
                terms,
                Merge.Term.CREATE_ONLY,
                fillsCrm && travels(mapping, Direction.TO_PARTNER_CENTER) && !toCrm && !toPartnerCenter && !asks);
        set(
                terms,
                Merge.Term.SWITCH,
                fillsCrm && mapping.crm().name().equals(document.section().sync()));
        set(terms, Merge.Term.ONE_WAY, mapping.oneWay());
        set(terms, Merge.Term.MAY_ERASE, mapping.mayErase());
        set(
                terms,
                Merge.Term.CUT,
                (partnerCenterBase == null || crmBase == null)
                        // without a baseline the shorter of the two could be what was left of the longer
                        ? isCut(mapping, partnerCenter, inCrm) && isLonger(partnerCenter, inPartnerCenter)
                        : isCut(mapping, partnerCenterBase, crmBase));
        set(
                terms,
                Merge.Term.REMAPPED,
                baseline.map(found -> !found.mapping().equals(document.label())).orElse(false));
        set(terms, Merge.Term.PARTNER_CENTER_HOLDS, !mapping.sameInPartnerCenter(partnerCenter, JsonValue.NULL));
        set(terms, Merge.Term.CRM_HOLDS, !mapping.sameInCrm(mapping.fromRecord(record.values()), JsonValue.NULL));
        set(terms, Merge.Term.NOT_EXPLICIT, isDefaulted(mapping, record.values()));
        set(
                terms,
                Merge.Term.CRM_LOCKED,
                mapping.lockedBy()
                        .map(lock -> JsonValue.TRUE.equals(record.values().get(lock)))
                        .orElse(false));
        set(terms, Merge.Term.CRM_CLOSED, crmClosed);
        set(terms, Merge.Term.PARTNER_CENTER_ENDED, referral.isTerminal());
        return terms;
    }

    private static void set(Set<Merge.Term> terms, Merge.Term term, boolean holds) {
        if (holds) {
            terms.add(term);
        }
    }

    private static boolean travels(FieldMapping mapping, Direction direction) {
        return mapping.travels(direction, Occasion.CREATE) || mapping.travels(direction, Occasion.UPDATE);
    }

    /** Whether an edit in the CRM reaches Partner Center, by whichever call. */
    static boolean reachesPartnerCenter(FieldMapping mapping) {
        return asks(mapping) || isPatched(mapping);
    }

    /** Whether the field asks Microsoft for help: that travels by a call of its own, which no patch says. */
    private static boolean asks(FieldMapping mapping) {
        return mapping.path().filter(ReferralPaths.HELP::equals).isPresent()
                && travels(mapping, Direction.TO_PARTNER_CENTER);
    }

    private static boolean isPatched(FieldMapping mapping) {
        return mapping.travels(Direction.TO_PARTNER_CENTER, Occasion.UPDATE)
                && mapping.path()
                        .flatMap(ReferralPaths::find)
                        .filter(ReferralPath::patchable)
                        .isPresent();
    }

    private static boolean isDefaulted(FieldMapping mapping, JsonObject values) {
        try {
            return travels(mapping, Direction.TO_PARTNER_CENTER)
                    && mapping.isDefaulted(Direction.TO_PARTNER_CENTER, values);
        } catch (MappingException cannotBeExpressed) {
            return false; // then there is no value at all, and the merge says so where it matters
        }
    }

    /** Whether the field is the referral's state. */
    static boolean isState(FieldMapping mapping) {
        return mapping.path().filter(ReferralPaths.STATE::equals).isPresent();
    }

    /**
     * The next state that the referral's owner may move it to on the way there. Where the way is closed or leads over another state, a
     * state that means the same in the CRM comes first: what was never accepted is declined, not accepted and lost.
     */
    private static Optional<JsonValue> step(FieldMapping mapping, ReferralState from, JsonValue wanted) {
        if (!(wanted instanceof JsonString text)) {
            return Optional.empty();
        }
        ReferralState goal = ReferralState.parse(text.getString());
        return Stream.concat(
                        Stream.of(goal),
                        CLOSED.stream().filter(state -> mapping.sameInPartnerCenter(word(state), word(goal))))
                .filter(from::mayBeMovedTo)
                .findFirst()
                .or(() -> from.stepTowards(goal))
                .map(Comparison::word);
    }

    private static JsonValue word(ReferralState state) {
        return StoredJson.JSON.createValue(state.text());
    }

    /** The decision on this field, as long as both sides hold what the person saw, or what came of the decision's first half. */
    private @Nullable Decided inForce(
            FieldMapping mapping, JsonValue partnerCenter, JsonValue crm, @Nullable JsonValue inPartnerCenter) {
        Decided decided = decisions.get(mapping.name());
        if (decided == null || !mapping.sameInCrm(crm, decided.crm())) {
            return null;
        }
        JsonValue wanted = decided.side() == Decided.Side.VALUE ? decided.value() : inPartnerCenter;
        boolean inForce = mapping.sameInPartnerCenter(partnerCenter, decided.partnerCenter())
                || (decided.side() == Decided.Side.VALUE
                        && wanted != null
                        && mapping.sameInPartnerCenter(partnerCenter, wanted))
                || (decided.side() != Decided.Side.PARTNER_CENTER
                        && wanted != null
                        && isOnTheWay(mapping, decided.partnerCenter(), wanted, partnerCenter));
        return inForce ? decided : null;
    }

    /** Whether a referral that should go from one state to another has got to this one in between. */
    private static boolean isOnTheWay(FieldMapping mapping, JsonValue from, JsonValue wanted, JsonValue now) {
        return isState(mapping)
                && from instanceof JsonString text
                && step(mapping, ReferralState.parse(text.getString()), wanted)
                        .filter(next -> mapping.sameInPartnerCenter(next, now))
                        .isPresent();
    }

    private @Nullable JsonValue valueInCrm(FieldMapping mapping, Decided decided) {
        JsonValue value = decided.value();
        return value == null || !travels(mapping, Direction.TO_CRM) ? null : inCrm(mapping, value);
    }

    private @Nullable JsonValue inCrm(FieldMapping mapping, JsonValue partnerCenter) {
        try {
            return mapping.toCrm(referral.view(), partnerCenter);
        } catch (MappingException cannotBeExpressed) {
            return null; // the merge says so where it matters: when this value should travel
        }
    }

    /** A field's part of the unfinished plan, as the merge sees it. */
    private Merge.Planned planned(
            FieldMapping mapping, Direction direction, Plan.PlannedField planned, @Nullable JsonValue crmBase) {
        // a side that holds neither the value before nor the planned one was moved by a person after we planned:
        // whether our
        // write arrived or not, the person's value is the later one
        boolean written = planArrived
                || !holds(
                        mapping, direction, direction == Direction.TO_CRM ? planned.before() : planned.partnerCenter());
        if (direction == Direction.TO_CRM) {
            return new Merge.Planned(direction, planned.partnerCenter(), planned.value(), written);
        }
        JsonObject then = StoredJson.JSON
                .createObjectBuilder(record.values())
                .add(mapping.crm().name(), planned.before())
                .build();
        JsonValue own = inPartnerCenter(mapping, then);
        if (own != null && mapping.sameInPartnerCenter(own, planned.value())) {
            return new Merge.Planned(direction, planned.before(), planned.value(), written);
        }
        boolean step = own != null && isOnTheWay(mapping, planned.partnerCenter(), own, planned.value());
        return step || !planned.rule().equals(Merge.DECIDED)
                ? new Merge.Planned(direction, agreedInCrm(mapping, planned.value(), crmBase), planned.value(), written)
                : new Merge.Planned(direction, planned.before(), planned.value(), written, planned.partnerCenter());
    }

    /**
     * What the CRM is taken to have agreed on when Partner Center got a step on the way to the CRM's value: what it would hold if it
     * had followed. So its value still counts as moved, and a seller who takes it back is heard.
     */
    private JsonValue agreedInCrm(FieldMapping mapping, JsonValue step, @Nullable JsonValue crmBase) {
        JsonValue followed = travels(mapping, Direction.TO_CRM) ? inCrm(mapping, step) : null;
        return followed != null && !Merge.isEmpty(followed)
                ? followed
                : Objects.requireNonNullElse(crmBase, JsonValue.NULL);
    }

    /** What the record is told only when it is about to be closed. */
    private Field beforeClosing(Field field) {
        FieldMapping mapping = field.mapping();
        if (field.action() == Merge.Action.TO_CRM
                // what a person decided against is not written because the record is closed
                || isDecisionRefused(field)
                || !mapping.travels(Direction.TO_CRM, Occasion.CLOSE)) {
            return field;
        }
        JsonValue inCrm;
        try {
            inCrm = mapping.toCrm(referral.view());
        } catch (MappingException cannotBeExpressed) {
            return field; // the record is closed without it, as it would be were the value empty
        }
        return Merge.isEmpty(inCrm) || mapping.sameInCrm(inCrm, field.crm()) ? field : field.toldBeforeClosing(inCrm);
    }

    private static @Nullable JsonValue inPartnerCenter(FieldMapping mapping, JsonObject values) {
        try {
            return mapping.toPartnerCenter(values);
        } catch (MappingException cannotBeExpressed) {
            return null; // the merge says so where it matters: when this value should travel
        }
    }

    private static Instant movedAt(
            Baseline.@Nullable Move observed, java.util.function.Predicate<JsonValue> still, Instant otherwise) {
        return observed != null && still.test(observed.value()) ? observed.at() : otherwise;
    }

    /** Whether the CRM holds less than Partner Center: its text, taken back, would not be the text or list that stood there. */
    private boolean isCut(FieldMapping mapping, @Nullable JsonValue partnerCenterBase, @Nullable JsonValue crmBase) {
        if (!mapping.lossy()
                || !mapping.travels(Direction.TO_PARTNER_CENTER, Occasion.UPDATE)
                || !(partnerCenterBase instanceof JsonString || partnerCenterBase instanceof JsonArray)
                || !(crmBase instanceof JsonString)) {
            return false;
        }
        JsonObject then = StoredJson.JSON
                .createObjectBuilder(record.values())
                .add(mapping.crm().name(), crmBase)
                .build();
        JsonValue back = inPartnerCenter(mapping, then);
        return back == null || !mapping.sameInPartnerCenter(back, partnerCenterBase);
    }

    private static boolean isLonger(JsonValue one, @Nullable JsonValue other) {
        return one instanceof JsonArray list
                ? !(other instanceof JsonArray rest) || list.size() > rest.size()
                : one instanceof JsonString text
                        && (!(other instanceof JsonString rest)
                                || text.getString().length() > rest.getString().length());
    }

    private Merge.Sides sides(FieldMapping mapping) {
        return new Merge.Sides() {
            @Override
            public boolean inCrm(JsonValue one, JsonValue other) {
                return mapping.sameInCrm(one, other)
                        || areNo(mapping.normalizedInCrm(one), mapping.normalizedInCrm(other));
            }

            @Override
            public boolean inPartnerCenter(JsonValue one, JsonValue other) {
                return mapping.sameInPartnerCenter(one, other)
                        || areNo(mapping.normalizedInPartnerCenter(one), mapping.normalizedInPartnerCenter(other));
            }

            private boolean areNo(JsonValue one, JsonValue other) {
                return mapping.oneWay() && Merge.isNo(one) && Merge.isNo(other);
            }

            @Override
            public @Nullable String crmRefuses(JsonValue value) {
                return isReachable(mapping, mapping.fromRecord(record.values()), value) ? null : "unreachable";
            }

            @Override
            public @Nullable String partnerCenterRefuses(JsonValue value) {
                return refusal(mapping, referral.state(), value);
            }

            @Override
            public boolean isForGood(JsonValue value) {
                return mapping.oneWay()
                        || (isState(mapping)
                                && value instanceof JsonString text
                                && ReferralState.parse(text.getString()).isTerminal());
            }
        };
    }

    /** The word for why Partner Center does not take this value of the field in this state of the referral; null: it does. */
    static @Nullable String refusal(FieldMapping mapping, ReferralState now, JsonValue value) {
        if (isState(mapping)) {
            return step(mapping, now, value).isPresent() ? null : "transition";
        }
        return mapping.path().filter(DEAL_VALUE::equals).isPresent() && !isAboveZero(value) ? "above-zero" : null;
    }

    private static boolean isAboveZero(JsonValue value) {
        return value instanceof JsonNumber number && number.bigDecimalValue().signum() > 0;
    }

    MappingDocument document() {
        return document;
    }

    Referral referral() {
        return referral;
    }

    RemoteRecord record() {
        return record;
    }

    List<Field> fields() {
        return fields;
    }

    List<Field> with(Merge.Action action) {
        return fields.stream().filter(field -> field.action() == action).toList();
    }

    /** What a person decided about the field, as it was read before the comparison, also when it is out of date; null: nothing. */
    @Nullable
    Decided decided(String field) {
        return decisions.get(field);
    }

    /** Whether a person decided about this field, and a side does not take it. */
    boolean isDecisionRefused(Field field) {
        return refusedDecisions.contains(field.name());
    }

    /** The fields of an unfinished plan that were written, or were overtaken by a person. */
    List<Field> confirmed() {
        return fields.stream().filter(field -> field.decision().confirmed()).toList();
    }

    /** Which way an unfinished plan went. */
    Direction planDirection() {
        return plan.map(Comparison::direction).orElse(Direction.TO_CRM);
    }

    /** Whether the remote side is known to have taken the unfinished plan. */
    boolean isPlanCertain() {
        return planArrived;
    }

    /** Whether what is to be written to either side stems from a changed mapping or from missing baselines, not from a person's change. */
    boolean stemsFromUs() {
        // a link that was just made fills what its create could not send: that is the work of its seller
        boolean compared = baseline.filter(found -> found.mapping().equals(document.label()))
                .isPresent();
        return fields.stream()
                .filter(field -> switch (field.action()) {
                    case TO_CRM, TO_PARTNER_CENTER, ASK_MICROSOFT -> true;
                    case NOTHING, CONFLICT, DIFFERENCE -> false;
                })
                .anyMatch(field -> switch (field.decision().rule()) {
                    case Merge.MAPPING_CHANGED -> true;
                    case Merge.FILLED, Merge.ADOPTION, Merge.SWITCHED_ON -> field.base() == null && !compared;
                    default -> false;
                });
    }

    /** Whether the referral is to be closed. */
    boolean closesReferral() {
        return with(Merge.Action.TO_PARTNER_CENTER).stream()
                .filter(field -> isState(field.mapping()))
                .anyMatch(field -> field.valueForPartnerCenter() instanceof JsonString text
                        && ReferralState.parse(text.getString()).isTerminal());
    }

    /** Whether the record is to be closed. */
    boolean closes() {
        return fields.stream().anyMatch(Comparison::isClosing);
    }

    private static boolean isClosing(Field field) {
        return field.action() == Merge.Action.TO_CRM
                && field.problem() == null
                && isClosing(field.mapping(), field.valueForCrm());
    }

    /** The same but for the closing, which is a step of its own: the referral counts as moved until it is made. */
    Comparison withoutClosing() {
        return new Comparison(
                this,
                fields.stream()
                        .map(field -> isClosing(field) ? field.withheld() : field)
                        .toList());
    }

    /** Whether the record is still to be closed after this. */
    boolean isClosingWithheld() {
        return closingWithheld;
    }

    /** The delta of the record, by CRM field. */
    Map<String, JsonValue> changes() {
        Map<String, JsonValue> changes = new LinkedHashMap<>();
        with(Merge.Action.TO_CRM)
                .forEach(field -> changes.put(field.mapping().crm().name(), field.valueForCrm()));
        return changes;
    }

    /** The delta of the referral, by the path of the field in it; raw values. */
    Map<String, JsonValue> changesForPartnerCenter() {
        Map<String, JsonValue> changes = new LinkedHashMap<>();
        with(Merge.Action.TO_PARTNER_CENTER).forEach(field -> changes.put(field.path(), field.valueForPartnerCenter()));
        return changes;
    }

    /** What a plan for the record's delta holds. */
    Map<String, Plan.PlannedField> planned() {
        return planned(Merge.Action.TO_CRM, Field::valueForCrm);
    }

    /** What a plan for the referral's delta holds. */
    Map<String, Plan.PlannedField> plannedForPartnerCenter() {
        return planned(Merge.Action.TO_PARTNER_CENTER, Field::valueForPartnerCenter);
    }

    private Map<String, Plan.PlannedField> planned(Merge.Action action, Function<Field, JsonValue> value) {
        Map<String, Plan.PlannedField> planned = new LinkedHashMap<>();
        with(action)
                .forEach(field -> planned.put(
                        field.name(),
                        new Plan.PlannedField(
                                field.base(),
                                field.partnerCenter(),
                                field.crm(),
                                value.apply(field),
                                field.decision().rule())));
        return planned;
    }

    /**
     * The baseline after this comparison.
     *
     * @param writtenRecord the record after the write of its delta; empty when it was not written
     * @param writtenReferral the referral after the write of its delta; empty when it was not written
     */
    Baseline next(Optional<RemoteRecord> writtenRecord, Optional<Referral> writtenReferral, Instant now) {
        Map<String, Baseline.FieldBaseline> next = new LinkedHashMap<>();
        for (Field field : fields) {
            Baseline.FieldBaseline agreed;
            if (field.action() == Merge.Action.TO_CRM && writtenRecord.isPresent()) {
                agreed = afterRecord(field, writtenRecord.orElseThrow(), now);
            } else if (field.action() == Merge.Action.TO_PARTNER_CENTER && writtenReferral.isPresent()) {
                agreed = afterReferral(field, writtenReferral.orElseThrow(), now);
            } else {
                agreed = agreed(
                        field,
                        field.decision().partnerCenterBase(),
                        field.decision().crmBase());
            }
            if (agreed.partnerCenter() != null && agreed.crm() != null) {
                next.put(field.name(), agreed);
            }
        }
        return new Baseline(
                document.label(),
                writtenReferral.map(Referral::eTag).orElse(referral.eTag()),
                writtenRecord.map(RemoteRecord::version).orElse(record.version()),
                now,
                next);
    }

    /** An automation of the CRM that answers our write with a value of its own counts as a move of the CRM. */
    private static Baseline.FieldBaseline afterRecord(Field field, RemoteRecord written, Instant now) {
        JsonValue answered = field.mapping().fromRecord(written.values());
        return isTaken(field, written)
                ? new Baseline.FieldBaseline(field.partnerCenter(), answered, null, null)
                : new Baseline.FieldBaseline(
                        field.partnerCenter(), field.valueForCrm(), null, new Baseline.Move(answered, now));
    }

    private static boolean isTaken(Field field, RemoteRecord written) {
        return field.mapping().sameInCrm(field.valueForCrm(), field.mapping().fromRecord(written.values()));
    }

    /** Whether the record holds what it held but for its delta; when that was written, whether it holds the delta as it was given. */
    boolean isOtherwiseUnchanged(RemoteRecord latest, boolean written) {
        // by field of the record: another mapping may only read what this one writes
        Set<String> delta = changes().keySet();
        return fields.stream()
                .allMatch(field -> delta.contains(field.mapping().crm().name())
                        ? !written || field.action() != Merge.Action.TO_CRM || isTaken(field, latest)
                        : field.mapping().sameInCrm(field.crm(), field.mapping().fromRecord(latest.values())));
    }

    private Baseline.FieldBaseline afterReferral(Field field, Referral written, Instant now) {
        FieldMapping mapping = field.mapping();
        JsonValue answered = mapping.fromReferral(written.view());
        if (field.isTyped()) {
            // neither side had the value: Partner Center counts as moved to it, so the CRM gets it, too
            return new Baseline.FieldBaseline(
                    field.partnerCenter(), field.crm(), new Baseline.Move(answered, now), null);
        }
        if (!mapping.sameInPartnerCenter(field.valueForPartnerCenter(), answered)) {
            // an automation of Partner Center answered our write with a value of its own: that is its move
            return new Baseline.FieldBaseline(
                    field.valueForPartnerCenter(), field.crm(), new Baseline.Move(answered, now), null);
        }
        JsonValue wanted = Objects.requireNonNullElse(field.inPartnerCenter(), JsonValue.NULL);
        return mapping.sameInPartnerCenter(wanted, field.valueForPartnerCenter())
                ? new Baseline.FieldBaseline(answered, field.crm(), null, null)
                : new Baseline.FieldBaseline(
                        answered,
                        agreedInCrm(mapping, field.valueForPartnerCenter(), field.base()),
                        null,
                        new Baseline.Move(field.crm(), field.crmMovedAt()));
    }

    /** A baseline with the moves that have not travelled yet. */
    private static Baseline.FieldBaseline agreed(
            Field field, @Nullable JsonValue partnerCenter, @Nullable JsonValue crm) {
        FieldMapping mapping = field.mapping();
        return new Baseline.FieldBaseline(
                partnerCenter,
                crm,
                partnerCenter == null || mapping.sameInPartnerCenter(partnerCenter, field.partnerCenter())
                        ? null
                        : new Baseline.Move(field.partnerCenter(), field.partnerCenterMovedAt()),
                crm == null || mapping.sameInCrm(crm, field.crm())
                        ? null
                        : new Baseline.Move(field.crm(), field.crmMovedAt()));
    }

    /** Whose personal values a field holds; null: nobody's. */
    Function<String, @Nullable String> subjects() {
        return subjects(document, referral);
    }

    static Function<String, @Nullable String> subjects(MappingDocument document, Referral referral) {
        return name -> document.findField(name)
                .map(mapping -> subject(mapping, referral))
                .orElse(null);
    }

    static @Nullable String subject(FieldMapping mapping, Referral referral) {
        // a personal value whose person the referral does not name belongs to the referral's own unknown person
        return mapping.personal()
                ? mapping.subject(referral.view())
                        .filter(text -> !text.isBlank())
                        .orElse("referral " + referral.id())
                : null;
    }
}
