package org.cosellbridge.audit;

import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonReader;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import jakarta.json.spi.JsonProvider;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import org.erdtman.jcs.JsonCanonicalizer;
import org.erdtman.jcs.NumberToJSON;
import org.jspecify.annotations.Nullable;

/**
 * The canonical form of an entry, version 1: the bytes that are stored, answered, hashed and exported. It is RFC 8785: sorted keys,
 * no white space, numbers as ECMAScript writes them, UTF-8. What the form adds is described in {@code audit.md}; it never changes
 * for entries that exist. A new form gets a new number in {@code v}.
 */
final class CanonicalForm {
    /** The number of this form. */
    static final int VERSION = 1;

    private static final JsonProvider JSON = JsonProvider.provider();
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern(
                    "uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    private CanonicalForm() {}

    /** The entry as JSON, before it is written; personal values are sealed on the way. */
    static JsonObject entry(UUID id, Instant time, String productVersion, AuditEntry entry, PersonalValues personal) {
        JsonObjectBuilder json = JSON.createObjectBuilder();
        json.add("v", VERSION);
        json.add("id", id.toString());
        json.add("time", time(time));
        json.add("kind", entry.kind().word());
        add(json, "actor", entry.actor(), 200);
        add(json, "onBehalfOf", entry.onBehalfOf(), 200);
        add(json, "connection", entry.connection(), 60);
        add(json, "referral", entry.referral(), 100);
        add(json, "engagement", entry.engagement(), 200);
        add(json, "record", entry.record(), 300);
        add(json, "correlation", entry.correlation(), 100);
        add(json, "delivery", entry.delivery(), 100);
        add(json, "request", entry.request(), 100);
        if (entry.attempt() != null) {
            json.add("attempt", entry.attempt());
        }
        add(json, "outcome", entry.outcome(), 60);
        add(json, "reason", entry.reason(), 4000);
        add(json, "mapping", entry.mapping(), 300);
        add(json, "productVersion", productVersion, 60);
        if (entry.count() != null) {
            json.add("count", number(BigDecimal.valueOf(entry.count())));
        }
        add(json, "source", entry.source(), 200);
        if (entry.since() != null) {
            json.add("since", time(entry.since()));
        }
        JsonArrayBuilder changes = JSON.createArrayBuilder();
        entry.changes().forEach(change -> changes.add(change(change, personal)));
        return json.add("changes", changes).build();
    }

    private static JsonObject change(FieldChange change, PersonalValues personal) {
        JsonObjectBuilder json = JSON.createObjectBuilder();
        add(json, "field", change.field(), 300);
        add(json, "recordField", change.recordField(), 300);
        json.add("direction", change.direction().name());
        addValue(json, "base", change.base(), change.subject(), personal);
        addValue(json, "partnerCenter", change.partnerCenter(), change.subject(), personal);
        addValue(json, "crm", change.crm(), change.subject(), personal);
        addValue(json, "written", change.written(), change.subject(), personal);
        add(json, "rule", change.rule(), 100);
        add(json, "decider", change.decider(), 200);
        return json.build();
    }

    private static void addValue(
            JsonObjectBuilder json,
            String name,
            @Nullable JsonValue value,
            @Nullable String subject,
            PersonalValues personal) {
        if (value != null) {
            json.add(name, subject == null ? normalised(value) : personal.seal(subject, normalised(value)));
        }
    }

    private static void add(JsonObjectBuilder json, String name, @Nullable String text, int longest) {
        if (text != null) {
            json.add(name, cut(clean(text), longest));
        }
    }

    /** The canonical bytes. */
    static byte[] write(JsonObject entry) {
        try {
            return new JsonCanonicalizer(entry.toString()).getEncodedUTF8();
        } catch (IOException notJson) {
            throw new IllegalStateException("An audit entry has no canonical form.", notJson);
        }
    }

    /** The entry that these bytes hold. */
    static JsonObject read(byte[] canonical) {
        try (JsonReader reader = JSON.createReader(new ByteArrayInputStream(canonical))) {
            return reader.readObject();
        }
    }

    /** The one form of a time: UTC, microseconds. */
    static String time(Instant time) {
        return TIME.format(time);
    }

    /** The value with only such texts and numbers as every reader of JSON reads alike (RFC 7493). */
    static JsonValue normalised(JsonValue value) {
        return switch (value.getValueType()) {
            case STRING -> JSON.createValue(clean(((JsonString) value).getString()));
            case NUMBER -> number(((JsonNumber) value).bigDecimalValue());
            case ARRAY -> {
                JsonArrayBuilder array = JSON.createArrayBuilder();
                value.asJsonArray().forEach(item -> array.add(normalised(item)));
                yield array.build();
            }
            case OBJECT -> {
                JsonObjectBuilder object = JSON.createObjectBuilder();
                for (Map.Entry<String, JsonValue> member : value.asJsonObject().entrySet()) {
                    object.add(clean(member.getKey()), normalised(member.getValue()));
                }
                yield object.build();
            }
            case TRUE, FALSE, NULL -> value;
        };
    }

    /**
     * A number, or its digits as text when a double would lose some of them: the trail never rounds. It is held against the digits
     * that the canonical form writes and not against those of {@code Double.toString}, which differ between Java 17 and 19.
     */
    private static JsonValue number(BigDecimal number) {
        double rounded = number.doubleValue();
        boolean kept = Double.isFinite(rounded) && new BigDecimal(written(rounded)).compareTo(number) == 0;
        return kept ? JSON.createValue(number) : JSON.createValue(number.toString());
    }

    private static String written(double number) {
        try {
            return NumberToJSON.serializeNumber(number);
        } catch (IOException notFinite) {
            throw new IllegalStateException("A finite number has no canonical form.", notFinite);
        }
    }

    /** Half a surrogate pair has no UTF-8, and PostgreSQL's text has no place for U+0000: both become U+FFFD. */
    private static String clean(String text) {
        StringBuilder clean = new StringBuilder(text.length());
        text.codePoints()
                .map(point -> point == 0 || (point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE)
                        ? 0xFFFD
                        : point)
                .forEach(clean::appendCodePoint);
        return clean.toString();
    }

    private static String cut(String text, int longest) {
        if (text.length() <= longest) {
            return text;
        }
        int end = longest - 1;
        return text.substring(0, Character.isHighSurrogate(text.charAt(end - 1)) ? end - 1 : end) + "…";
    }
}
