package org.cosellbridge.connector.salesforce;

import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.cosellbridge.connector.CallContext;
import org.cosellbridge.connector.RecordShape;
import org.cosellbridge.connector.RejectedException;
import org.cosellbridge.connector.RemoteField;
import org.cosellbridge.connector.RemoteTable;
import org.jspecify.annotations.Nullable;

/**
 * Converts one field between the values of a remote record and Salesforce's fields, by the field's type. Thread-safe.
 *
 * <p>The name under which a reference is bound says where it is kept: nothing for a field of the record itself; the name of a child
 * list ({@code OpportunityContactRoles}) when it is read from there, primary first, and only set when the record is created; the name
 * of the other object when that one's field points here, as a converted lead's does: then it is only searched by.
 */
final class SalesforceFields {
    /** The field that only orgs with several currencies have. */
    static final String CURRENCY = "CurrencyIsoCode";

    private static final Pattern ID = Pattern.compile("[A-Za-z0-9]{15}([A-Z0-5]{3})?");
    private static final Pattern SHOWN_KEY = Pattern.compile("[A-Za-z0-9_-]{1,20}");
    private static final String SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
    private static final int ID_LENGTH = 15;
    private static final int GROUP = 5;

    private static final DateTimeFormatter TIME = new DateTimeFormatterBuilder()
            .append(DateTimeFormatter.ISO_LOCAL_DATE_TIME)
            .appendPattern("[XXX][XX][X]")
            .toFormatter(Locale.ROOT);

    private final SalesforceClient client;
    private final SalesforceErrors errors;
    private final SalesforceObjects objects;
    private final SalesforceStages stages;

    SalesforceFields(SalesforceClient client, SalesforceObjects objects, SalesforceStages stages) {
        this.client = client;
        this.errors = client.errors();
        this.objects = objects;
        this.stages = stages;
    }

    /** The id in its form of 18 characters; empty when the text is no id of Salesforce. */
    static Optional<String> findId(String text) {
        if (!ID.matcher(text).matches()) {
            return Optional.empty();
        }
        StringBuilder id = new StringBuilder(text.substring(0, ID_LENGTH));
        for (int group = 0; group < ID_LENGTH; group += GROUP) {
            int bits = 0;
            for (int i = 0; i < GROUP; i++) {
                char letter = text.charAt(group + i);
                bits |= letter >= 'A' && letter <= 'Z' ? 1 << i : 0;
            }
            id.append(SUFFIX.charAt(bits));
        }
        return Optional.of(id.toString()).filter(full -> full.startsWith(text));
    }

    /** A time of Salesforce, whose offsets have no colon. */
    static Instant instant(String text) {
        return OffsetDateTime.parse(text, TIME).toInstant();
    }

    /** What a query selects to read the shape's fields, each once, in the shape's order. */
    Set<String> columns(CallContext call, RecordShape shape) {
        Set<String> columns = new LinkedHashSet<>();
        for (RemoteField field : shape.fields()) {
            if (isThere(call, shape.table(), field) && !isKeptThere(field)) {
                columns.add(
                        isChild(field)
                                ? "(SELECT " + field.name() + ", IsPrimary FROM " + field.reference() + ")"
                                : column(field));
            }
        }
        return columns;
    }

    private static String column(RemoteField field) {
        return field.type() == RemoteField.Type.LOOKUP ? parent(field) + "." + field.match() : field.name();
    }

    /** The field's value in this row, as a remote record has it. */
    JsonValue read(CallContext call, RemoteTable table, RemoteField field, JsonObject row) {
        if (field.type() == RemoteField.Type.LOOKUP) {
            return row.get(parent(field)) instanceof JsonObject other
                    ? findText(other.getOrDefault(String.valueOf(field.match()), JsonValue.NULL))
                            .map(SalesforceJson::text)
                            .orElse(JsonValue.NULL)
                    : JsonValue.NULL;
        }
        JsonValue value = isChild(field) ? firstChild(field, row) : row.getOrDefault(field.name(), JsonValue.NULL);
        if (isEmpty(value)) {
            return JsonValue.NULL;
        }
        return switch (field.type()) {
            case NUMBER, MONEY ->
                value instanceof JsonNumber number ? SalesforceJson.number(number.bigDecimalValue()) : value;
            case DATE -> findText(value).map(SalesforceFields::readDate).orElse(value);
            case DATETIME -> findText(value).map(SalesforceFields::readInstant).orElse(value);
            case STATE ->
                findText(value)
                        .map(stage -> SalesforceJson.text(stages.read(call, table.name(), field, stage)))
                        .orElse(JsonValue.NULL);
            default -> value;
        };
    }

    /** The customer contact of a deal: the primary role, else the first. */
    private static JsonValue firstChild(RemoteField field, JsonObject row) {
        if (!(row.get(String.valueOf(field.reference())) instanceof JsonObject children)) {
            return JsonValue.NULL;
        }
        List<JsonObject> rows = SalesforceJson.objects(children.get("records"));
        return rows.stream()
                .filter(child -> SalesforceJson.isTrue(child, "IsPrimary"))
                .findFirst()
                .or(() -> rows.stream().findFirst())
                .map(child -> child.getOrDefault(field.name(), JsonValue.NULL))
                .orElse(JsonValue.NULL);
    }

    /** Adds what writing this value means to a body; nothing where the org has no such field. */
    void write(CallContext call, RemoteTable table, RemoteField field, JsonValue value, JsonObjectBuilder body) {
        if (isKeptThere(field) || !isThere(call, table, field)) {
            return;
        }
        if (isEmpty(value)) {
            // a checkbox is never empty
            body.add(field.name(), field.type() == RemoteField.Type.BOOLEAN ? JsonValue.FALSE : JsonValue.NULL);
        } else if (field.type() == RemoteField.Type.STATE) {
            body.add(field.name(), stages.write(call, table.name(), field, text(field, value)));
        } else {
            if (field.name().equals(CURRENCY)) {
                requireActive(call, table, text(field, value));
            }
            body.add(field.name(), plain(call, field, value));
        }
    }

    /** The condition that finds records in which the field has this value. */
    String filter(CallContext call, RemoteTable table, RemoteField field, JsonValue value) {
        if (isChild(field) || isKeptThere(field)) {
            throw new IllegalArgumentException("Records cannot be searched by " + field.name() + ".");
        }
        if (!isThere(call, table, field)) {
            throw errors.rejected("Records cannot be searched by " + field.name() + ": this org has no such field.");
        }
        String column = column(field);
        if (isEmpty(value)) {
            return column + " = " + (field.type() == RemoteField.Type.BOOLEAN ? "false" : "null");
        }
        return switch (field.type()) {
            case LOOKUP -> column + " = " + SalesforceClient.literal(text(field, value));
            case STATE ->
                column + " IN ("
                        + stages.listIn(call, table.name(), field, text(field, value)).stream()
                                .map(SalesforceClient::literal)
                                .collect(Collectors.joining(","))
                        + ")";
            case DATE, DATETIME, NUMBER, MONEY, BOOLEAN -> column + " = " + bare(plain(call, field, value));
            default -> column + " = " + SalesforceClient.literal(bare(plain(call, field, value)));
        };
    }

    private static String bare(JsonValue value) {
        return value instanceof JsonString text ? text.getString() : value.toString();
    }

    /** Whether the field is a list's below the record: read from there, and set only when the record is created. */
    private static boolean isChild(RemoteField field) {
        return field.type() == RemoteField.Type.REFERENCE && field.reference() != null && !isKeptThere(field);
    }

    /** Whether the other object's field of this name points here. */
    static boolean isKeptThere(RemoteField field) {
        RemoteTable target = field.target();
        return field.type() == RemoteField.Type.REFERENCE
                && target != null
                && target.name().equals(field.reference());
    }

    private boolean isThere(CallContext call, RemoteTable table, RemoteField field) {
        return !field.name().equals(CURRENCY)
                || objects.fields(call, table.name()).containsKey(CURRENCY);
    }

    private void requireActive(CallContext call, RemoteTable table, String currency) {
        if (!isActive(objects.fields(call, table.name()), currency)
                && !isActive(objects.ask(call, table.name()), currency)) {
            throw errors.rejected(
                    "The currency " + shown(currency) + " is not active in Salesforce. Activate it (Setup,"
                            + " Manage Currencies) or change the value at its origin.");
        }
    }

    private static boolean isActive(Map<String, SalesforceObjects.Field> fields, String currency) {
        SalesforceObjects.Field field = fields.get(CURRENCY);
        return field != null && field.values().contains(currency);
    }

    private JsonValue plain(CallContext call, RemoteField field, JsonValue value) {
        return switch (field.type()) {
            case NUMBER, MONEY -> {
                if (!(value instanceof JsonNumber number)) {
                    throw wrong(field, "must be a number");
                }
                yield SalesforceJson.number(number.bigDecimalValue());
            }
            case BOOLEAN -> {
                if (value.getValueType() != JsonValue.ValueType.TRUE
                        && value.getValueType() != JsonValue.ValueType.FALSE) {
                    throw wrong(field, "must be true or false");
                }
                yield value;
            }
            case DATE -> SalesforceJson.text(date(field, text(field, value)));
            case DATETIME -> SalesforceJson.text(instant(field, text(field, value)));
            case REFERENCE ->
                SalesforceJson.text(
                        findId(text(field, value)).orElseThrow(() -> wrong(field, "must be the id of a record")));
            case LOOKUP -> SalesforceJson.text(idOf(call, field, text(field, value)));
            default -> SalesforceJson.text(text(field, value));
        };
    }

    /** The id of the one record with this natural key. */
    private String idOf(CallContext call, RemoteField field, String key) {
        RemoteTable target = target(field);
        List<JsonObject> rows = SalesforceJson.objects(client.query(
                        call,
                        "SELECT Id FROM " + target.name() + " WHERE " + field.match() + " = "
                                + SalesforceClient.literal(key) + " LIMIT 2")
                .get("records"));
        if (rows.size() > 1) {
            throw errors.rejected("Several records of " + target.name() + " have the same " + field.match()
                    + "; leave one of them in Salesforce.");
        }
        return rows.stream()
                .findFirst()
                .map(row -> SalesforceJson.text(row, "Id"))
                .orElseThrow(() -> errors.rejected("There is no " + target.name() + " whose " + field.match() + " is "
                        + shown(key) + ". Add it in Salesforce or change the value at its origin."));
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
        return SalesforceJson.text(text.length() > 10 ? text.substring(0, 10) : text);
    }

    private static JsonValue readInstant(String text) {
        try {
            return SalesforceJson.text(seconds(text));
        } catch (DateTimeException anotherForm) {
            return SalesforceJson.text(text);
        }
    }

    private static String seconds(String text) {
        return instant(text).truncatedTo(ChronoUnit.SECONDS).toString();
    }

    private String text(RemoteField field, JsonValue value) {
        return findText(value).orElseThrow(() -> wrong(field, "must be text"));
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

    /** Salesforce keeps no empty text: it stores null. */
    static boolean isEmpty(@Nullable JsonValue value) {
        return value == null
                || value.getValueType() == JsonValue.ValueType.NULL
                || (value instanceof JsonString string && string.getString().isEmpty());
    }

    /** The name under which a query reaches the other record. */
    private static String parent(RemoteField field) {
        String reference = field.reference();
        if (reference != null) {
            return reference;
        }
        return field.name().endsWith("__c")
                ? field.name().replaceFirst("__c$", "__r")
                : field.name().replaceFirst("Id$", "");
    }

    private static RemoteTable target(RemoteField field) {
        RemoteTable target = field.target();
        if (target == null) {
            throw new IllegalArgumentException("The field " + field.name() + " names no target table.");
        }
        return target;
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
