package org.cosellbridge.simulator;

import static org.cosellbridge.simulator.JsonTree.JSON;

import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.cosellbridge.simulator.SalesforceSchema.Entity;
import org.cosellbridge.simulator.SalesforceSchema.Field;
import org.cosellbridge.simulator.SalesforceSchema.Kind;
import org.cosellbridge.simulator.SalesforceSchema.Trait;
import org.cosellbridge.simulator.SalesforceStore.Author;

/** Reads the body of a write: which fields it may name and what JSON each of them takes. */
final class SalesforceValues {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern(
                    "uuuu-MM-dd'T'HH:mm:ss.SSS'+0000'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);
    private static final DateTimeFormatter TIME_IN = new DateTimeFormatterBuilder()
            .append(DateTimeFormatter.ISO_LOCAL_DATE_TIME)
            .optionalStart()
            .appendOffset("+HH:MM", "Z")
            .optionalEnd()
            .optionalStart()
            .appendOffset("+HHMM", "Z")
            .optionalEnd()
            .toFormatter(Locale.ROOT);
    private static final Pattern EMAIL = Pattern.compile("[^@\\s]+@[^@\\s.]+(?:\\.[^@\\s.]+)+");
    private static final int CURRENCY_DIGITS = 16;
    private static final int PERCENT_MOST = 100;

    private final SalesforceStore store;

    SalesforceValues(SalesforceStore store) {
        this.store = store;
    }

    /** The time as Salesforce writes it, with {@code +0000}. */
    static JsonString time(Instant instant) {
        return JSON.createValue(TIME.format(instant));
    }

    static Instant time(String written) {
        return OffsetDateTime.parse(written, TIME_IN).toInstant();
    }

    static JsonNumber number(BigDecimal value) {
        BigDecimal plain = value.stripTrailingZeros();
        return JSON.createValue(plain.scale() < 1 ? plain.setScale(1, RoundingMode.UNNECESSARY) : plain);
    }

    /** The fields of a body by their right names. */
    Map<String, JsonValue> read(Entity entity, JsonObject body, Author author, boolean creating) {
        Map<String, JsonValue> values = new LinkedHashMap<>();
        body.forEach((name, value) -> {
            if (name.equals("attributes")) {
                checkAttributes(entity, value);
                return;
            }
            Optional<Field> relation = entity.relation(name).filter(field -> value instanceof JsonObject);
            Field field = relation.isPresent() ? relation.get() : visible(entity, name, author);
            checkWritable(entity, field, author, creating);
            JsonValue read =
                    relation.isPresent() ? byExternalId(field, value.asJsonObject()) : convert(entity, field, value);
            if (values.put(field.name(), read) != null) {
                throw SalesforceRefusal.bad(
                        "JSON_PARSER_ERROR", "Duplicate field: " + field.name() + " at [line:1, column:1]");
            }
        });
        return values;
    }

    private static void checkAttributes(Entity entity, JsonValue attributes) {
        if (!(attributes instanceof JsonObject object)
                || !object.getString("type", "").equals(entity.name())) {
            throw SalesforceRefusal.bad("INVALID_TYPE", "attributes do not name " + entity.name());
        }
    }

    private Field visible(Entity entity, String name, Author author) {
        Optional<Field> field =
                author.person() ? entity.find(name) : store.schema().visible(entity, name);
        return field.orElseThrow(() -> SalesforceRefusal.bad(
                "INVALID_FIELD", "No such column '" + name + "' on sobject of type " + entity.name()));
    }

    private void checkWritable(Entity entity, Field field, Author author, boolean creating) {
        boolean writable = author.person()
                ? field.is(creating ? Trait.CREATE : Trait.UPDATE)
                : store.schema().isWritable(entity, field, creating);
        if (!writable) {
            throw SalesforceRefusal.bad(
                    "INVALID_FIELD_FOR_INSERT_UPDATE",
                    "Unable to create/update fields: " + field.name()
                            + ". Please check the security settings of this field and verify that it is read/write"
                            + " for your profile or permission set.",
                    field.name());
        }
    }

    /** A reference by an external id of the other record, such as {@code "Account":{"ERP_Id__c":"A-17"}}. */
    private JsonValue byExternalId(Field reference, JsonObject key) {
        Entity target = store.schema().entity(reference.target());
        if (key.size() != 1) {
            throw SalesforceRefusal.bad("INVALID_FIELD", "Exactly one external id is needed for " + reference.name());
        }
        String name = key.keySet().iterator().next();
        Field field = store.schema()
                .visible(target, name)
                .filter(found -> found.is(Trait.EXTERNAL_ID))
                .orElseThrow(() -> SalesforceRefusal.bad(
                        "INVALID_FIELD",
                        "Field name provided, " + name + " is not an External ID or indexed field for "
                                + target.name()));
        var matches = store.byExternalId(target, field, key.getString(name, ""));
        if (matches.size() != 1) {
            throw SalesforceRefusal.bad(
                    matches.isEmpty() ? "INVALID_FIELD" : "DUPLICATE_EXTERNAL_ID",
                    "Foreign key external ID: " + field.name() + " not found once for field " + name + " in entity "
                            + target.name());
        }
        return JSON.createValue(matches.get(0).id());
    }

    private JsonValue convert(Entity entity, Field field, JsonValue value) {
        if (value.getValueType() == JsonValue.ValueType.NULL) {
            if (field.kind() == Kind.BOOLEAN) {
                throw SalesforceRefusal.bad(
                        "INVALID_TYPE_ON_FIELD_IN_RECORD",
                        field.name() + ": value not of required type: null",
                        field.name());
            }
            return JsonValue.NULL;
        }
        return switch (field.kind()) {
            case BOOLEAN -> {
                if (value != JsonValue.TRUE && value != JsonValue.FALSE) {
                    throw wrongType(field, value);
                }
                yield value;
            }
            case CURRENCY, PERCENT, DOUBLE, INT -> number(field, value);
            case DATE -> date(field, text(field, value));
            case DATETIME -> dateTime(field, text(field, value));
            case REFERENCE, ID -> reference(entity, field, text(field, value));
            default -> checkedText(field, text(field, value));
        };
    }

    private static SalesforceRefusal wrongType(Field field, JsonValue value) {
        return SalesforceRefusal.bad(
                "JSON_PARSER_ERROR",
                "Cannot deserialize instance of " + field.kind().type() + " from VALUE_" + value.getValueType()
                        + " value or request may be missing a required field at [line:1, column:1]");
    }

    private static String text(Field field, JsonValue value) {
        if (value instanceof JsonString text) {
            return text.getString();
        }
        throw wrongType(field, value);
    }

    private static JsonValue number(Field field, JsonValue value) {
        if (!(value instanceof JsonNumber json)) {
            throw wrongType(field, value);
        }
        BigDecimal number = json.bigDecimalValue();
        boolean percent = field.kind() == Kind.PERCENT;
        boolean tooLarge = number.precision() - number.scale() > CURRENCY_DIGITS
                || (percent && (number.signum() < 0 || number.compareTo(BigDecimal.valueOf(PERCENT_MOST)) > 0));
        if (tooLarge) {
            throw SalesforceRefusal.bad(
                    "NUMBER_OUTSIDE_VALID_RANGE",
                    field.label() + ": value outside of valid range on numeric field: " + number,
                    field.name());
        }
        if (field.kind() == Kind.INT) {
            if (number.stripTrailingZeros().scale() > 0) {
                throw wrongType(field, value);
            }
            return JSON.createValue(number.longValueExact());
        }
        return number(field.kind() == Kind.CURRENCY ? number.setScale(2, RoundingMode.HALF_UP) : number);
    }

    private static JsonValue date(Field field, String text) {
        try {
            return JSON.createValue(LocalDate.parse(text).toString());
        } catch (DateTimeException noDate) {
            throw SalesforceRefusal.bad(
                    "JSON_PARSER_ERROR",
                    "Cannot deserialize instance of date from VALUE_STRING value " + text + " for " + field.name()
                            + " at [line:1, column:1]");
        }
    }

    private static JsonValue dateTime(Field field, String text) {
        try {
            return time(time(text));
        } catch (DateTimeException noTime) {
            throw SalesforceRefusal.bad(
                    "JSON_PARSER_ERROR",
                    "Cannot deserialize instance of datetime from VALUE_STRING value " + text + " for " + field.name()
                            + " at [line:1, column:1]");
        }
    }

    private JsonValue reference(Entity entity, Field field, String text) {
        SalesforceRefusal malformed = SalesforceRefusal.bad(
                "MALFORMED_ID", field.label() + ": id value of incorrect type: " + text, field.name());
        String id = SalesforceId.parse(text).orElseThrow(() -> malformed);
        Entity target = store.schema().targets(entity, field).stream()
                .filter(candidate -> id.startsWith(candidate.prefix()))
                .findFirst()
                .orElseThrow(() -> malformed);
        Optional<SalesforceRecord> other = store.find(target, id).filter(record -> !record.isDeleted());
        if (other.isEmpty()) {
            throw SalesforceRefusal.bad("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", field.name());
        }
        if (target.name().equals("User") && !other.get().flag("IsActive")) {
            throw SalesforceRefusal.bad(
                    "INACTIVE_OWNER_OR_USER", "operation performed with inactive user [" + id + "]", field.name());
        }
        return JSON.createValue(id);
    }

    private static JsonValue checkedText(Field field, String text) {
        if (text.isEmpty()) {
            return JsonValue.NULL;
        }
        if (text.length() > field.length()) {
            throw SalesforceRefusal.bad(
                    "STRING_TOO_LONG",
                    field.label() + ": data value too large: " + text + " (max length=" + field.length() + ")",
                    field.name());
        }
        if (field.kind() == Kind.EMAIL && !EMAIL.matcher(text).matches()) {
            throw SalesforceRefusal.bad(
                    "INVALID_EMAIL_ADDRESS", field.label() + ": invalid email address: " + text, field.name());
        }
        return JSON.createValue(text);
    }
}
