package org.cosellbridge.sync;

import jakarta.json.JsonArray;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
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
import org.jspecify.annotations.Nullable;

/** A referral and its record held against each other, field by field, with the decision on each. */
final class Comparison {
    private final MappingDocument document;
    private final Referral referral;
    private final RemoteRecord record;
    private final Optional<Baseline> baseline;
    private final Optional<Plan> plan;
    private final boolean planArrived;
    private final boolean closingWithheld;
    private final ConflictRule adoption;
    private final boolean crmClosed;
    private final List<Field> fields = new ArrayList<>();

    private Comparison(
            MappingDocument document,
            Referral referral,
            RemoteRecord record,
            Optional<Baseline> baseline,
            Optional<Plan> plan,
            ConflictRule adoption) {
        this.document = document;
        this.referral = referral;
        this.record = record;
        this.baseline = baseline;
        this.plan = plan.filter(found -> found.kind() == Plan.Kind.UPDATE);
        this.adoption = adoption;
        this.crmClosed = isClosed(document, record.values());
        this.closingWithheld = false;
        this.planArrived =
                this.plan.map(found -> found.written() || holdsPlanned(found)).orElse(false);
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
        this.crmClosed = whole.crmClosed;
        this.planArrived = whole.planArrived;
        this.fields.addAll(fields);
        this.closingWithheld = true;
    }

    /** Compares them. {@code adoption} decides where there is no baseline. */
    static Comparison of(
            MappingDocument document,
            Referral referral,
            RemoteRecord record,
            Optional<Baseline> baseline,
            Optional<Plan> plan,
            ConflictRule adoption) {
        return new Comparison(document, referral, record, baseline, plan, adoption);
    }

    /**
     * One field, compared.
     *
     * @param inCrm what the CRM field should have; null: it does not travel there or cannot be expressed
     * @param problem why it cannot be expressed in the CRM; null: it can
     * @param base what the CRM held when both last agreed; null: no baseline
     * @param planned its part of an unfinished plan; null: none
     */
    record Field(
            FieldMapping mapping,
            JsonValue partnerCenter,
            JsonValue crm,
            @Nullable JsonValue base,
            @Nullable JsonValue inCrm,
            @Nullable MappingException problem,
            Plan.@Nullable PlannedField planned,
            Instant partnerCenterMovedAt,
            Instant crmMovedAt,
            Merge.Decision decision) {
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
                            decision.crmBase()));
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
                            decision.crmBase()));
        }

        private Field with(@Nullable JsonValue wanted, Merge.Decision decided) {
            return new Field(
                    mapping,
                    partnerCenter,
                    crm,
                    base,
                    wanted,
                    problem,
                    planned,
                    partnerCenterMovedAt,
                    crmMovedAt,
                    decided);
        }

        /** The value for the CRM; throws {@link MappingException} when it cannot be expressed there. */
        JsonValue valueForCrm() {
            if (problem != null) {
                throw problem;
            }
            return Objects.requireNonNullElse(inCrm, JsonValue.NULL);
        }
    }

    private static boolean isClosed(MappingDocument document, JsonObject values) {
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

    /** One write carries the whole plan: a field that holds its planned value proves that all of it arrived. */
    private boolean holdsPlanned(Plan found) {
        return found.fields().entrySet().stream()
                .anyMatch(entry -> document.findField(entry.getKey())
                        .filter(mapping -> mapping.sameInCrm(
                                mapping.fromRecord(record.values()),
                                entry.getValue().value()))
                        .isPresent());
    }

    private Field compare(FieldMapping mapping) {
        JsonValue partnerCenter = mapping.fromReferral(referral.view());
        JsonValue crm = mapping.fromRecord(record.values());
        Baseline.FieldBaseline base =
                baseline.map(found -> found.fields().get(mapping.name())).orElse(null);
        boolean toCrm = mapping.travels(Direction.TO_CRM, Occasion.UPDATE)
                || (base == null && takesReferralKey(mapping, partnerCenter, crm));
        boolean toPartnerCenter = mapping.travels(Direction.TO_PARTNER_CENTER, Occasion.UPDATE);
        JsonValue inCrm = null;
        MappingException problem = null;
        if (toCrm) {
            try {
                inCrm = mapping.toCrm(referral.view());
            } catch (MappingException cannot) {
                problem = cannot;
            }
        }
        JsonValue inPartnerCenter = toPartnerCenter ? inPartnerCenter(mapping, record.values()) : null;
        JsonValue partnerCenterBase = base == null ? null : base.partnerCenter();
        JsonValue crmBase = base == null ? null : base.crm();
        Instant partnerCenterMovedAt = movedAt(
                base == null ? null : base.partnerCenterMove(),
                value -> mapping.sameInPartnerCenter(value, partnerCenter),
                referral.updatedDateTime().orElse(record.modifiedAt()));
        Instant crmMovedAt = movedAt(
                base == null ? null : base.crmMove(), value -> mapping.sameInCrm(value, crm), record.modifiedAt());
        Plan.PlannedField planned =
                plan.map(found -> found.fields().get(mapping.name())).orElse(null);
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
                        planned == null
                                ? null
                                // a field that holds neither the value before nor the planned one was moved by a person
                                // after we planned: whether our write arrived or not, the person's value is the later
                                // one
                                : new Merge.Planned(
                                        planned.partnerCenter(),
                                        planned.value(),
                                        planArrived || !mapping.sameInCrm(crm, planned.before()))),
                new Merge.Terms(
                        mapping.conflictRule(),
                        adoption,
                        toCrm,
                        toPartnerCenter,
                        mapping.mayErase(),
                        isCut(mapping, partnerCenterBase, crmBase),
                        baseline.map(found -> !found.mapping().equals(document.label()))
                                .orElse(false),
                        mapping.lockedBy()
                                .map(lock ->
                                        JsonValue.TRUE.equals(record.values().get(lock)))
                                .orElse(false),
                        crmClosed,
                        referral.isTerminal()),
                sameness(mapping));
        if (decision.action() == Merge.Action.TO_CRM && inCrm != null && !isReachable(mapping, crm, inCrm)) {
            decision = new Merge.Decision(
                    Merge.Action.DIFFERENCE,
                    "unreachable",
                    decision.confirmed(),
                    false,
                    decision.partnerCenterBase(),
                    decision.crmBase());
        }
        return new Field(
                mapping,
                partnerCenter,
                crm,
                crmBase,
                inCrm,
                problem,
                planned,
                partnerCenterMovedAt,
                crmMovedAt,
                decision);
    }

    /** What the record is told only when it is about to be closed. */
    private Field beforeClosing(Field field) {
        FieldMapping mapping = field.mapping();
        if (field.action() == Merge.Action.TO_CRM || !mapping.travels(Direction.TO_CRM, Occasion.CLOSE)) {
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

    /** A record that exists and is adopted gets the referral's id; one that carries another's is never overwritten. */
    private boolean takesReferralKey(FieldMapping mapping, JsonValue id, JsonValue held) {
        return mapping.crm().name().equals(document.referralKey())
                && mapping.travels(Direction.TO_CRM, Occasion.CREATE)
                && (Merge.isEmpty(held) || mapping.sameInCrm(held, id));
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

    static Merge.Sameness sameness(FieldMapping mapping) {
        return new Merge.Sameness() {
            @Override
            public boolean inCrm(JsonValue one, JsonValue other) {
                return mapping.sameInCrm(one, other);
            }

            @Override
            public boolean inPartnerCenter(JsonValue one, JsonValue other) {
                return mapping.sameInPartnerCenter(one, other);
            }
        };
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

    /** The fields of an unfinished plan that were written, or were overtaken by a person. */
    List<Field> confirmed() {
        return fields.stream().filter(field -> field.decision().confirmed()).toList();
    }

    /** Whether the remote side is known to have taken the unfinished plan. */
    boolean isPlanCertain() {
        return planArrived;
    }

    /** Whether what is to be written stems from a changed mapping or from missing baselines, not from a person's change. */
    boolean stemsFromUs() {
        return with(Merge.Action.TO_CRM).stream()
                .anyMatch(field -> switch (field.decision().rule()) {
                    case "mapping-changed", "filled", "adoption" ->
                        field.base() == null || field.decision().rule().equals("mapping-changed");
                    default -> false;
                });
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

    /** What a plan for the delta holds. */
    Map<String, Plan.PlannedField> planned() {
        Map<String, Plan.PlannedField> planned = new LinkedHashMap<>();
        with(Merge.Action.TO_CRM)
                .forEach(field -> planned.put(
                        field.name(),
                        new Plan.PlannedField(
                                field.base(),
                                field.partnerCenter(),
                                field.crm(),
                                field.valueForCrm(),
                                field.decision().rule())));
        return planned;
    }

    /** The baseline after this comparison; {@code written} is the record after the write, empty when nothing was written. */
    Baseline next(Optional<RemoteRecord> written, Instant now) {
        Map<String, Baseline.FieldBaseline> next = new LinkedHashMap<>();
        for (Field field : fields) {
            boolean wrote = written.isPresent() && field.action() == Merge.Action.TO_CRM;
            JsonValue partnerCenter =
                    wrote ? field.partnerCenter() : field.decision().partnerCenterBase();
            JsonValue crm = wrote
                    ? field.mapping().fromRecord(written.orElseThrow().values())
                    : field.decision().crmBase();
            if (partnerCenter != null && crm != null) {
                next.put(
                        field.name(),
                        new Baseline.FieldBaseline(
                                partnerCenter,
                                crm,
                                field.mapping().sameInPartnerCenter(partnerCenter, field.partnerCenter())
                                        ? null
                                        : new Baseline.Move(field.partnerCenter(), field.partnerCenterMovedAt()),
                                wrote || field.mapping().sameInCrm(crm, field.crm())
                                        ? null
                                        : new Baseline.Move(field.crm(), field.crmMovedAt())));
            }
        }
        return new Baseline(
                document.label(),
                referral.eTag(),
                written.map(RemoteRecord::version).orElse(record.version()),
                now,
                next);
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
