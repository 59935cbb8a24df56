package org.cosellbridge.referral;

import jakarta.json.JsonArray;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import jakarta.json.spi.JsonProvider;
import java.util.List;

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
            JsonArrayBuilder all = Json.PROVIDER.createArrayBuilder();
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

    private static final class Json {
        // looked up once: finding the provider anew for every builder costs a service look-up each time
        private static final JsonProvider PROVIDER = JsonProvider.provider();
    }
}
