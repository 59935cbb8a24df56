package org.cosellbridge.mapping;

import jakarta.json.JsonArray;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.cosellbridge.referral.Direction;
import org.cosellbridge.referral.ReferralPath;
import org.cosellbridge.referral.ReferralPath.Kind;
import org.jspecify.annotations.Nullable;

/**
 * How one value of a referral and one field of a record belong together. Referrals are handed in as {@link
 * org.cosellbridge.referral.Referral#view()}, records as the connector read them. JSON null is an empty value. A value that cannot
 * be expressed on the other side throws {@link MappingException}. Immutable, thread-safe.
 */
public final class FieldMapping {
    private final Definition is;

    /** What the document says of a field, checked. */
    record Definition(
            String document,
            String place,
            String name,
            @Nullable ReferralPath path,
            @Nullable JsonValue constant,
            @Nullable String related,
            CrmField crm,
            @Nullable String label,
            Map<Direction, Set<Occasion>> occasions,
            ConflictRule conflictRule,
            boolean mayErase,
            boolean lossy,
            boolean oneWay,
            @Nullable String lockedBy,
            Map<Direction, Expression> transforms,
            @Nullable ValueTable values,
            Map<Direction, JsonValue> defaults,
            @Nullable String separator,
            boolean marks,
            int maxLength,
            int scale,
            @Nullable Subject subject) {
        Definition {
            occasions = Map.copyOf(occasions);
            transforms = Map.copyOf(transforms);
            defaults = Map.copyOf(defaults);
        }
    }

    FieldMapping(Definition definition) {
        this.is = definition;
    }

    /** Its name in the document. */
    public String name() {
        return is.name;
    }

    /** Where the value stands in the referral; empty for constants, computed values and related records. */
    public Optional<String> path() {
        return Optional.ofNullable(is.path).map(ReferralPath::text);
    }

    /** The name of the related record whose id this field gets; empty for every other field. */
    public Optional<String> related() {
        return Optional.ofNullable(is.related);
    }

    /** The CRM field. */
    public CrmField crm() {
        return is.crm;
    }

    /** What people call the field in the CRM; its name there where the document does not say. */
    public String label() {
        return is.label == null ? is.crm.name() : is.label;
    }

    /** Whether the value travels that way on that occasion. */
    public boolean travels(Direction direction, Occasion occasion) {
        return is.occasions.getOrDefault(direction, Set.of()).contains(occasion);
    }

    /** Who wins when both sides moved apart. */
    public ConflictRule conflictRule() {
        return is.conflictRule;
    }

    /** Whether an empty value may erase the other side's. */
    public boolean mayErase() {
        return is.mayErase;
    }

    /** Whether something is lost on the way, so that an unchanged value must not travel back. */
    public boolean lossy() {
        return is.lossy;
    }

    /** Whether a true never goes back to false: Partner Center takes a true for good. */
    public boolean oneWay() {
        return is.oneWay;
    }

    /** The CRM field that, while it is true, forbids writing this one. */
    public Optional<String> lockedBy() {
        return Optional.ofNullable(is.lockedBy);
    }

    /** Whether its values are personal data. */
    public boolean personal() {
        return is.subject != null;
    }

    /** A text that names the person whose values these are in this referral; empty when the field is not personal. */
    public Optional<String> subject(JsonObject referral) {
        return Optional.ofNullable(is.subject).map(subject -> subject.of(referral));
    }

    /** The value on Partner Center's side as it stands there. */
    public JsonValue fromReferral(JsonObject referral) {
        if (is.related != null) {
            return JsonValue.NULL;
        }
        if (is.constant != null) {
            return is.constant;
        }
        return Values.orNull(
                is.path != null ? is.path.read(referral) : transformed(Direction.TO_CRM, referral, JsonValue.NULL));
    }

    /** The value on the CRM's side as it stands there. */
    public JsonValue fromRecord(JsonObject recordValues) {
        return Values.orNull(recordValues.getOrDefault(is.crm.name(), JsonValue.NULL));
    }

    /** The value the CRM field should have, given this referral. A field of a related record's id has none here. */
    public JsonValue toCrm(JsonObject referral) {
        JsonValue raw = fromReferral(referral);
        JsonValue value = is.path == null ? raw : transformed(Direction.TO_CRM, referral, raw);
        return mapped(Direction.TO_CRM, value);
    }

    /** The value Partner Center should have, given this record. */
    public JsonValue toPartnerCenter(JsonObject recordValues) {
        JsonValue value = transformed(Direction.TO_PARTNER_CENTER, recordValues, fromRecord(recordValues));
        return mapped(Direction.TO_PARTNER_CENTER, value);
    }

    /** The value the CRM field would have, given this referral, if this raw value stood at the field's path there. */
    public JsonValue toCrm(JsonObject referral, JsonValue raw) {
        if (is.path == null) {
            return toCrm(referral);
        }
        JsonValue there = is.path.kind() == Kind.LIST && !(raw instanceof JsonArray) ? forPartnerCenter(raw) : raw;
        return mapped(
                Direction.TO_CRM, transformed(Direction.TO_CRM, is.path.write(referral, there), Values.orNull(there)));
    }

    /**
     * Whether the value that would travel stems from the document and not from the field: the field is empty, or holds what the value
     * table does not list, and a default (or a row for empty) stands in. A default of null counts: it leaves the other side alone.
     *
     * @param input the referral on the way to the CRM, the record on the way to Partner Center
     * @throws MappingException if the value cannot be expressed on the other side
     */
    public boolean isDefaulted(Direction direction, JsonObject input) {
        boolean toCrm = direction == Direction.TO_CRM;
        JsonValue raw = toCrm ? fromReferral(input) : fromRecord(input);
        JsonValue value = toCrm && is.path == null ? raw : transformed(direction, input, raw);
        boolean stated = value != JsonValue.NULL
                // on the way to Partner Center a transform without a value of the field only makes one up
                && (toCrm || raw != JsonValue.NULL)
                && (is.values == null || listed(direction, value).isPresent());
        return !stated && (is.defaults.containsKey(direction) || mapped(direction, value) != JsonValue.NULL);
    }

    /**
     * A name as the CRM holds it, with this mark in front instead of any it has. Empty when there is no name, or when the CRM field
     * takes no text of that length: a mark never costs a part of the name.
     */
    public Optional<JsonValue> marked(String mark, JsonValue held) {
        return Values.findText(held)
                .map(Values::withoutMarks)
                .filter(bare -> !bare.isBlank())
                .map(bare -> mark + " " + bare)
                .filter(text -> is.maxLength == 0 || text.length() <= is.maxLength)
                .map(Values::text);
    }

    /** Whether the field holds the referral's name, without the marks that may stand before it. */
    boolean isMarkedName() {
        return is.marks && is.path != null && is.path.text().equals("name");
    }

    /** Whether this field and that one write the same place at Partner Center on the same occasion, in whole or in part. */
    boolean writesOver(FieldMapping other) {
        if (is.path == null
                || other.is.path == null
                || Collections.disjoint(
                        is.occasions.getOrDefault(Direction.TO_PARTNER_CENTER, Set.of()),
                        other.is.occasions.getOrDefault(Direction.TO_PARTNER_CENTER, Set.of()))) {
            return false;
        }
        // what is written through empty brackets is the whole list
        String one = is.path.pointer() + "/";
        String two = other.is.path.pointer() + "/";
        return one.startsWith(two) || two.startsWith(one);
    }

    /** The draft of a new referral with this record's value; an empty value leaves it as it is. */
    JsonObject drafted(JsonObject draft, JsonObject recordValues) {
        if (is.path == null
                || !travels(Direction.TO_PARTNER_CENTER, Occasion.CREATE)
                || !NewReferralTemplate.isOpen(is.path)
                || (NewReferralTemplate.isIrreversible(is.path)
                        && isDefaulted(Direction.TO_PARTNER_CENTER, recordValues))) {
            return draft;
        }
        JsonValue value = toPartnerCenter(recordValues);
        return value == JsonValue.NULL ? draft : is.path.write(draft, value);
    }

    /** Whether two values mean the same in the CRM field. */
    public boolean sameInCrm(JsonValue one, JsonValue other) {
        return normalizedInCrm(one).equals(normalizedInCrm(other));
    }

    /** Whether two values mean the same at Partner Center. */
    public boolean sameInPartnerCenter(JsonValue one, JsonValue other) {
        return normalizedInPartnerCenter(one).equals(normalizedInPartnerCenter(other));
    }

    /** The form in which all ways to write a value of the CRM field are equal. */
    public JsonValue normalizedInCrm(JsonValue value) {
        JsonValue same = is.values == null ? value : is.values.sameInCrm(value);
        return Values.isEmpty(same) ? JsonValue.NULL : normalizedFor(is.crm.type(), same);
    }

    /** The form in which all ways to write a value of Partner Center's side are equal. */
    public JsonValue normalizedInPartnerCenter(JsonValue value) {
        JsonValue same = is.values == null ? value : is.values.sameInPartnerCenter(value);
        if (Values.isEmpty(same)) {
            return JsonValue.NULL;
        }
        Kind kind = is.path == null ? Kind.ANY : is.path.kind();
        boolean converted = is.values == null && is.transforms.isEmpty() && is.crm.type() != CrmType.TEXT;
        return switch (kind) {
            case LIST -> list(same);
            case STRUCTURE, ANY -> Values.canonical(same);
            case TEXT -> normalizedFor(converted ? is.crm.type() : CrmType.TEXT, same);
            case NUMBER -> normalizedFor(converted ? is.crm.type() : CrmType.NUMBER, same);
            case BOOLEAN -> normalizedFor(CrmType.BOOLEAN, same);
            case DATETIME -> normalizedFor(converted ? is.crm.type() : CrmType.DATETIME, same);
        };
    }

    /** The JSON pointer of the field in its document. */
    String place() {
        return is.place;
    }

    /** What becomes of one referral's value, for previews. */
    Explained explain(JsonObject referral, Occasion occasion) {
        if (is.related != null && !is.occasions.isEmpty()) {
            return new Explained(
                    is.name, is.crm.name(), JsonValue.NULL, JsonValue.NULL, "gets the id of " + is.related);
        }
        try {
            JsonValue raw = fromReferral(referral);
            JsonValue value = toCrm(referral);
            return new Explained(is.name, is.crm.name(), raw, value, reason(raw, value, occasion));
        } catch (MappingException failed) {
            return new Explained(
                    is.name, is.crm.name(), JsonValue.NULL, JsonValue.NULL, String.valueOf(failed.getMessage()));
        }
    }

    private String reason(JsonValue raw, JsonValue value, Occasion occasion) {
        if (!travels(Direction.TO_CRM, occasion)) {
            return "does not travel to the CRM on " + occasion.name().toLowerCase(Locale.ROOT);
        } else if (is.constant != null) {
            return "constant";
        } else if (raw == JsonValue.NULL) {
            return value == JsonValue.NULL ? "empty at Partner Center" : "empty at Partner Center: default";
        } else if (is.transforms.containsKey(Direction.TO_CRM)) {
            return "transformed";
        } else if (is.values != null) {
            return is.values.toCrm(raw).isPresent()
                    ? "by the value table"
                    : value == JsonValue.NULL
                            ? "not in the value table: left alone"
                            : "not in the value table: default";
        }
        return is.maxLength > 0 && value.toString().endsWith("\u2026\"") ? "cut" : "copied";
    }

    private JsonValue transformed(Direction direction, JsonObject input, JsonValue raw) {
        Expression expression = is.transforms.get(direction);
        if (expression == null) {
            return raw;
        }
        try {
            return Values.orNull(expression.evaluate(input, raw));
        } catch (Expression.Refused refused) {
            throw failure(refused.getMessage() + " Correct the transform.");
        }
    }

    private JsonValue mapped(Direction direction, JsonValue value) {
        JsonValue byDefault = is.defaults.getOrDefault(direction, JsonValue.NULL);
        // a default that is null is one, too: what the table does not list then leaves the other side alone
        boolean hasDefault = is.defaults.containsKey(direction);
        if (is.values == null) {
            return expressed(direction, value == JsonValue.NULL ? byDefault : value);
        }
        Optional<JsonValue> found = listed(direction, value);
        if (found.isEmpty() && !hasDefault) {
            throw failure("The value " + (direction == Direction.TO_CRM ? "at Partner Center" : "in the CRM")
                    + " is not in the value table. Add a row for it, or a default.");
        }
        return expressed(direction, found.orElse(byDefault));
    }

    private Optional<JsonValue> listed(Direction direction, JsonValue value) {
        ValueTable values = Objects.requireNonNull(is.values);
        return direction == Direction.TO_CRM ? values.toCrm(value) : values.toPartnerCenter(value);
    }

    /** The value in the form the other side takes. */
    JsonValue expressed(Direction direction, JsonValue value) {
        if (Values.isEmpty(value) || isUnsetTime(direction, value)) {
            return JsonValue.NULL;
        }
        return Values.orNull(direction == Direction.TO_CRM ? forCrm(value) : forPartnerCenter(value));
    }

    private boolean isUnsetTime(Direction direction, JsonValue value) {
        boolean time = direction == Direction.TO_CRM
                ? is.crm.type() == CrmType.DATE || is.crm.type() == CrmType.DATETIME
                : is.path != null && is.path.kind() == Kind.DATETIME;
        return time && Values.isUnsetTime(value);
    }

    private JsonValue forCrm(JsonValue value) {
        return switch (is.crm.type()) {
            case TEXT ->
                Values.text(
                        is.separator != null && value instanceof JsonArray
                                ? Values.join(elements(value), is.separator, is.maxLength)
                                : Values.cut(text(value), is.maxLength));
            case NUMBER, MONEY -> number(value);
            case BOOLEAN -> truth(value);
            case DATE -> Values.date(instant(value));
            case DATETIME -> Values.dateTime(instant(value));
            case CHOICE -> value instanceof JsonNumber ? number(value) : Values.text(text(value));
            case REFERENCE, LOOKUP -> Values.text(text(value));
            case STATE -> {
                String state = text(value);
                if (!is.crm.states().containsKey(state)) {
                    throw failure("The value is none of the states of the document. Add a value table row for it.");
                }
                yield Values.text(state);
            }
        };
    }

    private JsonValue forPartnerCenter(JsonValue value) {
        return switch (is.path == null ? Kind.ANY : is.path.kind()) {
            case TEXT -> Values.text(text(value));
            case NUMBER -> number(value);
            case BOOLEAN -> truth(value);
            case DATETIME -> Values.dateTime(instant(value));
            case LIST -> {
                JsonArrayBuilder list = Values.JSON.createArrayBuilder();
                elements(value).stream().distinct().forEach(list::add);
                yield list.build();
            }
            case STRUCTURE, ANY -> value;
        };
    }

    private String text(JsonValue value) {
        return Values.findText(value)
                .map(text -> Values.cleanText(text, is.marks))
                .orElseThrow(
                        () -> failure("The value is a list or an object where a text is needed. Use a transform."));
    }

    private JsonNumber number(JsonValue value) {
        return Values.number(rounded(Values.findNumber(value)
                .orElseThrow(() -> failure("The value is not a number. Correct it, or use a transform."))));
    }

    private JsonValue truth(JsonValue value) {
        return Values.findBoolean(value)
                        .orElseThrow(() -> failure("The value is not true or false. Use a value table."))
                ? JsonValue.TRUE
                : JsonValue.FALSE;
    }

    private Instant instant(JsonValue value) {
        return Values.findInstant(value)
                .orElseThrow(() -> failure("The value is not a date or date-time of ISO 8601. Use a transform."));
    }

    private BigDecimal rounded(BigDecimal number) {
        return Values.rounded(number, is.scale);
    }

    private MappingException failure(String reason) {
        return new MappingException(
                new MappingFault(is.document, is.place, "Field '" + is.name + "' (" + is.crm.name() + "): " + reason));
    }

    private List<String> elements(JsonValue value) {
        Stream<String> texts = value instanceof JsonArray array
                ? array.stream().flatMap(element -> Values.findText(element).stream())
                // composed first: a character that becomes a semicolon only then would join what comes back apart
                : Arrays.stream(
                        Values.composed(Values.findText(value).orElse("")).split("[;,\r\n]", -1));
        return texts.map(this::element).filter(text -> !text.isEmpty()).toList();
    }

    private String element(String text) {
        String before;
        String now = text;
        do {
            before = now;
            now = Values.cleanText(now.strip(), is.marks).strip();
        } while (!now.equals(before));
        return now;
    }

    /** The elements sorted and each once: neither side keeps an order that means anything. */
    private JsonValue list(JsonValue value) {
        JsonArrayBuilder sorted = Values.JSON.createArrayBuilder();
        new TreeSet<>(elements(value)).forEach(sorted::add);
        return Values.orNull(sorted.build());
    }

    private JsonValue normalizedFor(CrmType type, JsonValue value) {
        JsonValue fallback = Values.canonical(value);
        return Values.orNull(
                switch (type) {
                    case TEXT -> is.separator != null ? list(value) : cleaned(value, fallback);
                    case NUMBER, MONEY ->
                        Values.findNumber(value)
                                .<JsonValue>map(number -> Values.number(rounded(number)))
                                .orElse(fallback);
                    case BOOLEAN ->
                        Values.findBoolean(value)
                                .map(truth -> truth ? JsonValue.TRUE : JsonValue.FALSE)
                                .orElse(fallback);
                    case DATE ->
                        Values.isUnsetTime(value)
                                ? JsonValue.NULL
                                : Values.findInstant(value)
                                        .<JsonValue>map(Values::date)
                                        .orElse(fallback);
                    case DATETIME ->
                        Values.isUnsetTime(value)
                                ? JsonValue.NULL
                                : Values.findInstant(value)
                                        .<JsonValue>map(Values::dateTime)
                                        .orElse(fallback);
                    case CHOICE, LOOKUP, STATE, REFERENCE ->
                        cleaned(value, fallback) instanceof JsonString text
                                ? Values.text(text.getString().strip().toLowerCase(Locale.ROOT))
                                : fallback;
                });
    }

    private JsonValue cleaned(JsonValue value, JsonValue fallback) {
        return Values.findText(value)
                .<JsonValue>map(text -> Values.text(Values.cleanText(text, is.marks)))
                .orElse(fallback);
    }

    @Override
    public String toString() {
        return is.name;
    }
}
