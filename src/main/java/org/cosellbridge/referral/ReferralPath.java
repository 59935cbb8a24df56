package org.cosellbridge.referral;

import jakarta.json.JsonArray;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Where a value stands in a referral, such as {@code customerProfile.team[0].email}. An index in brackets takes one element of a
 * list; empty brackets ({@code details.requirements.solutions[].id}) take the member of every element as a list.
 *
 * @param text the path as written
 * @param steps member names and, in brackets, indexes
 * @param kind what stands there
 * @param readOnly whether Partner Center alone sets it
 * @param patchable whether Partner Center's documented PATCH takes this path or a list that contains it
 */
public record ReferralPath(String text, List<String> steps, Kind kind, boolean readOnly, boolean patchable) {
    public ReferralPath {
        steps = List.copyOf(steps);
    }

    /** What stands at a path. */
    public enum Kind {
        /** Text. */
        TEXT,
        /** A number; text with a number in it is read as one. */
        NUMBER,
        /** True or false. */
        BOOLEAN,
        /** A UTC date-time. */
        DATETIME,
        /** A list of texts or numbers: the path has empty brackets. */
        LIST,
        /** A list of objects or an object. */
        STRUCTURE,
        /** Below a container whose members Partner Center may change at any time. */
        ANY
    }

    /** The value in this view of a referral; JSON null when anything on the way is absent. */
    public JsonValue read(JsonObject view) {
        return read(view, 0);
    }

    private JsonValue read(JsonValue from, int step) {
        if (step == steps.size()) {
            return from;
        }
        String name = steps.get(step);
        if (name.equals("[]")) {
            JsonArrayBuilder all = ReferralJson.PROVIDER.createArrayBuilder();
            if (from instanceof JsonArray list) {
                for (JsonValue element : list) {
                    JsonValue found = read(element, step + 1);
                    if (found != JsonValue.NULL) {
                        all.add(found);
                    }
                }
            }
            return all.build();
        }
        if (name.startsWith("[")) {
            int index = Integer.parseInt(name.substring(1, name.length() - 1));
            return from instanceof JsonArray list && index < list.size()
                    ? read(list.get(index), step + 1)
                    : JsonValue.NULL;
        }
        JsonValue member = from instanceof JsonObject object ? object.get(name) : null;
        return member == null ? JsonValue.NULL : read(member, step + 1);
    }

    /**
     * The document with this value at this path; what is missing on the way is made. An index beyond the end of a list lengthens it
     * with empty objects.
     *
     * <p>Empty brackets take a list, one element for each of its values and in its order: an element of the document that holds the
     * value is kept whole, each at most once, and a value that no element holds makes a new one with just this member. JSON null
     * stands for an empty list there.
     *
     * <p>JSON null makes nothing that is missing: where nothing stands, the document stays as it is. The synthetic path
     * {@code state} sets status and substatus as well.
     *
     * @param document in Partner Center's documented spelling, a view or a document to send; left as it is
     * @throws IllegalArgumentException if the path has empty brackets and the value is no list
     */
    public JsonObject write(JsonObject document, JsonValue value) {
        if (text.equals(ReferralPaths.STATE) && value instanceof JsonString state) {
            ReferralState parsed = ReferralState.parse(state.getString());
            return ReferralJson.PROVIDER
                    .createObjectBuilder(document)
                    .add(ReferralPaths.STATE, value)
                    .add("status", word(parsed.text(), 0))
                    .add("substatus", word(parsed.text(), 1))
                    .build();
        }
        return write(document, 0, value).asJsonObject();
    }

    private static String word(String state, int index) {
        return state.split("/", 2)[index];
    }

    private JsonValue write(JsonValue into, int step, JsonValue value) {
        if (step == steps.size()) {
            return value;
        }
        String name = steps.get(step);
        if (name.equals("[]")) {
            return written(into, step + 1, value);
        }
        if (value == JsonValue.NULL && read(into, step) == JsonValue.NULL) {
            return into;
        }
        if (name.startsWith("[")) {
            int index = Integer.parseInt(name.substring(1, name.length() - 1));
            List<JsonValue> elements = new ArrayList<>(elements(into));
            while (elements.size() <= index) {
                elements.add(JsonValue.EMPTY_JSON_OBJECT);
            }
            elements.set(index, write(elements.get(index), step + 1, value));
            return ReferralJson.PROVIDER.createArrayBuilder(elements).build();
        }
        JsonObject object = into instanceof JsonObject there ? there : JsonValue.EMPTY_JSON_OBJECT;
        JsonValue member = write(object.getOrDefault(name, JsonValue.NULL), step + 1, value);
        return member == JsonValue.NULL && !object.containsKey(name)
                ? object
                : ReferralJson.PROVIDER
                        .createObjectBuilder(object)
                        .add(name, member)
                        .build();
    }

    private JsonValue written(JsonValue into, int step, JsonValue value) {
        if (value == JsonValue.NULL && !(into instanceof JsonArray)) {
            return into;
        }
        if (value != JsonValue.NULL && !(value instanceof JsonArray)) {
            throw new IllegalArgumentException(text + " takes a list.");
        }
        if (step == steps.size()) {
            return value == JsonValue.NULL ? JsonValue.EMPTY_JSON_ARRAY : value;
        }
        List<JsonValue> held = new ArrayList<>(elements(into));
        JsonArrayBuilder list = ReferralJson.PROVIDER.createArrayBuilder();
        for (JsonValue wanted : elements(value)) {
            Optional<JsonValue> kept = held.stream()
                    .filter(element -> read(element, step).equals(wanted))
                    .findFirst();
            kept.ifPresent(held::remove);
            list.add(kept.orElseGet(() -> write(JsonValue.EMPTY_JSON_OBJECT, step, wanted)));
        }
        return list.build();
    }

    private static List<JsonValue> elements(JsonValue value) {
        return value instanceof JsonArray list ? list : List.of();
    }

    /** The JSON pointer of the path; for a path with empty brackets that of the list. */
    public String pointer() {
        StringBuilder pointer = new StringBuilder();
        for (String step : steps) {
            if (step.equals("[]")) {
                break;
            }
            pointer.append('/').append(step.startsWith("[") ? step.substring(1, step.length() - 1) : step);
        }
        return pointer.toString();
    }

    @Override
    public String toString() {
        return text;
    }
}
