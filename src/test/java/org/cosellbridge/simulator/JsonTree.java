package org.cosellbridge.simulator;

import jakarta.json.Json;
import jakarta.json.JsonArray;
import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.math.BigDecimal;
import java.util.List;
import java.util.Optional;

/** Reads and changes JSON objects by paths such as {@code /details/dealValue}. A JSON null counts as absent when read. */
final class JsonTree {
    private JsonTree() {}

    /** The value at the path, if there is one and it is not null. */
    static Optional<JsonValue> at(JsonObject tree, String path) {
        JsonValue value = tree;
        for (String step : path.substring(1).split("/", -1)) {
            if (!(value instanceof JsonObject object)) {
                return Optional.empty();
            }
            value = object.get(step);
            if (value == null || value == JsonValue.NULL) {
                return Optional.empty();
            }
        }
        return Optional.of(value);
    }

    /** The text at the path, if there is one. */
    static Optional<String> text(JsonObject tree, String path) {
        return at(tree, path).filter(JsonString.class::isInstance).map(value -> ((JsonString) value).getString());
    }

    /** Whether the value at the path is true. */
    static boolean isTrue(JsonObject tree, String path) {
        return at(tree, path).filter(JsonValue.TRUE::equals).isPresent();
    }

    /** The array at the path, empty if there is none. */
    static JsonArray array(JsonObject tree, String path) {
        return at(tree, path)
                .filter(JsonArray.class::isInstance)
                .map(JsonValue::asJsonArray)
                .orElse(JsonValue.EMPTY_JSON_ARRAY);
    }

    /** The objects in the array at the path. */
    static List<JsonObject> objects(JsonObject tree, String path) {
        return array(tree, path).stream()
                .filter(JsonObject.class::isInstance)
                .map(JsonValue::asJsonObject)
                .toList();
    }

    /** A number, written as a JSON number or as text. */
    static Optional<BigDecimal> number(JsonValue value) {
        if (value instanceof JsonNumber number) {
            return Optional.of(number.bigDecimalValue());
        }
        if (value instanceof JsonString text) {
            try {
                return Optional.of(new BigDecimal(text.getString()));
            } catch (NumberFormatException noNumber) {
                return Optional.empty();
            }
        }
        return Optional.empty();
    }

    /** The same tree with this value at the path; missing objects on the way are made. */
    static JsonObject with(JsonObject tree, String path, JsonValue value) {
        int slash = path.indexOf('/', 1);
        String step = path.substring(1, slash < 0 ? path.length() : slash);
        if (slash < 0) {
            return Json.createObjectBuilder(tree).add(step, value).build();
        }
        JsonObject child = tree.get(step) instanceof JsonObject object ? object : JsonValue.EMPTY_JSON_OBJECT;
        return Json.createObjectBuilder(tree)
                .add(step, with(child, path.substring(slash), value))
                .build();
    }

    /** The same tree with this text at the path. */
    static JsonObject with(JsonObject tree, String path, String value) {
        return with(tree, path, Json.createValue(value));
    }

    /** The same tree without these members at its top. */
    static JsonObject without(JsonObject tree, String... members) {
        var rest = Json.createObjectBuilder(tree);
        for (String member : members) {
            rest.remove(member);
        }
        return rest.build();
    }

    /** The second object's members laid over the first's. */
    static JsonObject overlay(JsonObject under, JsonObject over) {
        var both = Json.createObjectBuilder(under);
        over.forEach(both::add);
        return both.build();
    }
}
