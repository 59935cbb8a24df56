package org.cosellbridge.connector.dynamics;

import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.regex.Pattern;
import org.cosellbridge.connector.CallContext;
import org.cosellbridge.connector.RejectedException;
import org.cosellbridge.connector.RemoteField;
import org.cosellbridge.connector.RemoteField.StateStep;
import org.cosellbridge.connector.RemoteTable;
import org.jspecify.annotations.Nullable;

/** Converts one field between the values of a remote record and Dataverse's columns, by the field's type. Thread-safe. */
final class DynamicsFields {
    private static final Pattern GUID = Pattern.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");
    private static final Pattern SHOWN_KEY = Pattern.compile("[A-Za-z0-9_-]{1,20}");

    private final DynamicsErrors errors;
    private final DynamicsLookups lookups;

    DynamicsFields(DynamicsErrors errors, DynamicsLookups lookups) {
        this.errors = errors;
        this.lookups = lookups;
    }

    /** Whether the text is a row's id as Dataverse writes it. */
    static boolean isId(String text) {
        return GUID.matcher(text).matches();
    }

    /** The column under which the field is selected and filtered. */
    static String column(RemoteField field) {
        return switch (field.type()) {
            case REFERENCE, LOOKUP -> "_" + field.name() + "_value";
            default -> field.name();
        };
    }

    /** The field's value in this row, as a remote record has it. */
    JsonValue read(CallContext call, RemoteField field, JsonObject row) {
        JsonValue value = row.getOrDefault(column(field), JsonValue.NULL);
        if (value.getValueType() == JsonValue.ValueType.NULL) {
            return JsonValue.NULL;
        }
        return switch (field.type()) {
            case TEXT, BOOLEAN -> value;
            case NUMBER, MONEY, CHOICE ->
                value instanceof JsonNumber number ? DynamicsJson.number(number.bigDecimalValue()) : value;
            case DATE -> findText(value).map(text -> readDate(text)).orElse(value);
            case DATETIME -> findText(value).map(text -> readInstant(text)).orElse(value);
            case REFERENCE -> findText(value).map(id -> DynamicsJson.text(id)).orElse(JsonValue.NULL);
            case LOOKUP ->
                findText(value)
                        .flatMap(id -> lookups.findKey(call, target(field), match(field), id))
                        .map(DynamicsJson::text)
                        .orElse(JsonValue.NULL);
            case STATE -> findText(value).map(DynamicsJson::text).orElse(JsonValue.NULL);
        };
    }

    /** Adds what writing this value means to a body. Not for states: how one is reached depends on the record. */
    void write(CallContext call, RemoteField field, JsonValue value, JsonObjectBuilder body) {
        switch (field.type()) {
            case REFERENCE, LOOKUP -> {
                String bind = bindName(field);
                if (isEmpty(value)) {
                    body.addNull(bind);
                } else {
                    body.add(bind, "/" + target(field).set() + "(" + id(call, field, value) + ")");
                }
            }
            case STATE -> throw new IllegalArgumentException("A state is reached by a step: " + field.name());
            default -> body.add(field.name(), isEmpty(value) ? JsonValue.NULL : plain(field, value));
        }
    }

    /** The filter that finds rows in which the field has this value; empty when no row can have it. */
    Optional<String> findFilter(CallContext call, RemoteField field, JsonValue value) {
        String column = column(field);
        if (isEmpty(value)) {
            return Optional.of(column + " eq null");
        }
        return switch (field.type()) {
            case TEXT -> Optional.of(column + " eq " + DynamicsClient.literal(text(field, value)));
            case REFERENCE -> Optional.of(column + " eq " + id(call, field, value));
            case LOOKUP ->
                lookups.findId(call, target(field), match(field), text(field, value))
                        .map(id -> column + " eq " + id);
            case STATE -> Optional.of(column + " eq " + stateNumber(field, text(field, value)));
            default -> {
                JsonValue plain = plain(field, value);
                yield Optional.of(
                        column + " eq " + (plain instanceof JsonString string ? string.getString() : plain.toString()));
            }
        };
    }

    /** The step that reaches this value of a state. */
    StateStep step(RemoteField field, JsonValue value) {
        String state = text(field, value);
        StateStep step = field.states().get(state);
        if (step == null) {
            throw wrong(field, "is none of the states the mapping knows");
        }
        return step;
    }

    /** The number that this state has in the field's own column. */
    int stateNumber(RemoteField field, String state) {
        StateStep step = field.states().get(state);
        Integer own = step == null ? null : step.fields().get(field.name());
        if (own != null) {
            return own;
        }
        try {
            return Integer.parseInt(state);
        } catch (NumberFormatException notANumber) {
            throw wrong(field, "is a state without a number");
        }
    }

    /** The value as text when it is a text or a number. */
    static Optional<String> findText(JsonValue value) {
        if (value instanceof JsonString string) {
            return Optional.of(string.getString());
        }
        return value instanceof JsonNumber number
                ? Optional.of(number.bigDecimalValue().stripTrailingZeros().toPlainString())
                : Optional.empty();
    }

    private String id(CallContext call, RemoteField field, JsonValue value) {
        String text = text(field, value);
        if (field.type() == RemoteField.Type.REFERENCE) {
            if (!isId(text)) {
                throw wrong(field, "must be the id of a row");
            }
            return text;
        }
        return lookups.findId(call, target(field), match(field), text)
                .orElseThrow(() ->
                        errors.rejected("There is no active " + target(field).name() + " whose " + match(field)
                                + " is " + shown(text)
                                + ". Add it in Dynamics 365 (for a currency: Settings, Currencies) or change"
                                + " the value at its origin."));
    }

    private JsonValue plain(RemoteField field, JsonValue value) {
        return switch (field.type()) {
            case NUMBER, MONEY -> {
                if (!(value instanceof JsonNumber number)) {
                    throw wrong(field, "must be a number");
                }
                yield DynamicsJson.number(number.bigDecimalValue());
            }
            case CHOICE -> DynamicsJson.number(choice(field, value));
            case BOOLEAN -> {
                if (value != JsonValue.TRUE && value != JsonValue.FALSE && !isFlag(value)) {
                    throw wrong(field, "must be true or false");
                }
                yield DynamicsJson.flag(value.getValueType() == JsonValue.ValueType.TRUE);
            }
            case DATE -> DynamicsJson.text(date(field, text(field, value)));
            case DATETIME -> DynamicsJson.text(instant(field, text(field, value)));
            default -> DynamicsJson.text(text(field, value));
        };
    }

    private static boolean isFlag(JsonValue value) {
        return value.getValueType() == JsonValue.ValueType.TRUE || value.getValueType() == JsonValue.ValueType.FALSE;
    }

    private BigDecimal choice(RemoteField field, JsonValue value) {
        try {
            return new BigDecimal(new BigDecimal(findText(value).orElse("")).intValueExact());
        } catch (ArithmeticException | NumberFormatException notWhole) {
            throw wrong(field, "must be the whole number of a choice");
        }
    }

    private String date(RemoteField field, String text) {
        try {
            return LocalDate.parse(text).toString();
        } catch (DateTimeException notADay) {
            throw wrong(field, "must be a day, yyyy-MM-dd");
        }
    }

    private String instant(RemoteField field, String text) {
        try {
            return seconds(text);
        } catch (DateTimeException notAnInstant) {
            throw wrong(field, "must be an instant, yyyy-MM-ddTHH:mm:ssZ");
        }
    }

    private static JsonValue readDate(String text) {
        // a column that a customer switched to date and time comes with a time
        return DynamicsJson.text(text.length() > 10 ? text.substring(0, 10) : text);
    }

    private static JsonValue readInstant(String text) {
        try {
            return DynamicsJson.text(seconds(text));
        } catch (DateTimeException anotherForm) {
            return DynamicsJson.text(text);
        }
    }

    private static String seconds(String text) {
        Instant instant = OffsetDateTime.parse(text).toInstant();
        return instant.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    private String text(RemoteField field, JsonValue value) {
        boolean numbered = field.type() == RemoteField.Type.STATE;
        if (value instanceof JsonString string) {
            return string.getString();
        }
        return Optional.of(value)
                .filter(number -> numbered)
                .flatMap(DynamicsFields::findText)
                .orElseThrow(() -> wrong(field, "must be text"));
    }

    /** Dataverse keeps no empty text: it stores null. */
    static boolean isEmpty(@Nullable JsonValue value) {
        return value == null
                || value.getValueType() == JsonValue.ValueType.NULL
                || (value instanceof JsonString string && string.getString().isEmpty());
    }

    private static String bindName(RemoteField field) {
        String reference = field.reference();
        return (reference == null ? field.name() : reference) + "@odata.bind";
    }

    private static RemoteTable target(RemoteField field) {
        RemoteTable target = field.target();
        if (target == null) {
            throw new IllegalArgumentException("The field " + field.name() + " names no target table.");
        }
        return target;
    }

    private static String match(RemoteField field) {
        String match = field.match();
        if (match == null) {
            throw new IllegalArgumentException("The field " + field.name() + " names no natural key.");
        }
        return match;
    }

    /** A natural key may be a person's address; only what looks like a code is shown. */
    private static String shown(String key) {
        return SHOWN_KEY.matcher(key).matches() ? "'" + key + "'" : "the given one";
    }

    private RejectedException wrong(RemoteField field, String sentence) {
        return errors.rejected(
                "The value for " + field.name() + " " + sentence + ". Correct the mapping or the value.");
    }
}
