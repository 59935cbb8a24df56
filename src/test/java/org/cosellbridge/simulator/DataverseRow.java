package org.cosellbridge.simulator;

import jakarta.json.JsonNumber;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * One row at one version. Immutable.
 *
 * @param table the table's logical name
 * @param id its id
 * @param version the row version, its eTag
 * @param values by the property under which they are read; what is absent is null
 * @param lookups of lookup properties: the table the value belongs to
 */
record DataverseRow(String table, String id, long version, Map<String, JsonValue> values, Map<String, String> lookups) {
    DataverseRow {
        values = Collections.unmodifiableMap(new TreeMap<>(values));
        lookups = Map.copyOf(lookups);
    }

    String etag() {
        return "W/\"" + version + "\"";
    }

    JsonValue value(String property) {
        return values.getOrDefault(property, JsonValue.NULL);
    }

    Optional<String> text(String property) {
        return value(property) instanceof JsonString text ? Optional.of(text.getString()) : Optional.empty();
    }

    int number(String property) {
        return value(property) instanceof JsonNumber number ? number.intValue() : 0;
    }

    boolean flag(String property) {
        return value(property).getValueType() == JsonValue.ValueType.TRUE;
    }

    /** Whether two values mean the same: numbers by value. */
    static boolean same(JsonValue one, JsonValue other) {
        return (one instanceof JsonNumber a && other instanceof JsonNumber b)
                ? a.bigDecimalValue().compareTo(b.bigDecimalValue()) == 0
                : one.equals(other);
    }
}
