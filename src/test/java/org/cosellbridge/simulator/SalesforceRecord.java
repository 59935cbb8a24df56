package org.cosellbridge.simulator;

import static org.cosellbridge.simulator.JsonTree.JSON;

import jakarta.json.JsonNumber;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.cosellbridge.simulator.SalesforceSchema.Entity;

/** One record. Fields without a value are null. */
final class SalesforceRecord {
    private final Entity entity;
    private final String id;
    private final Map<String, JsonValue> values;

    SalesforceRecord(Entity entity, String id, Map<String, JsonValue> values) {
        this.entity = entity;
        this.id = id;
        this.values = new HashMap<>(values);
    }

    Entity entity() {
        return entity;
    }

    String id() {
        return id;
    }

    SalesforceRecord copy() {
        return new SalesforceRecord(entity, id, values);
    }

    Map<String, JsonValue> values() {
        return Map.copyOf(values);
    }

    JsonValue value(String field) {
        return field.equals("Id") ? JSON.createValue(id) : values.getOrDefault(field, JsonValue.NULL);
    }

    void set(String field, JsonValue value) {
        values.put(field, value);
    }

    Optional<String> text(String field) {
        return value(field) instanceof JsonString text ? Optional.of(text.getString()) : Optional.empty();
    }

    boolean flag(String field) {
        return value(field) == JsonValue.TRUE;
    }

    boolean isDeleted() {
        return flag("IsDeleted");
    }

    /** Whether two values are the same to Salesforce: numbers whatever their scale. */
    static boolean same(JsonValue one, JsonValue other) {
        if (one instanceof JsonNumber a && other instanceof JsonNumber b) {
            return a.bigDecimalValue().compareTo(b.bigDecimalValue()) == 0;
        }
        return one.equals(other);
    }
}
