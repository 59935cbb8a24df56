package org.cosellbridge.referral;

import jakarta.json.JsonArray;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Turns values at the paths that mappings name into the values that Partner Center's PATCH takes. It replaces lists as wholes, takes
 * a status only with its substatus, and changes nothing but {@link ReferralPaths#patchable}.
 */
public final class ReferralPatch {
    // a list by its values comes before single elements of it, and a container before what is in it
    private static final Comparator<ReferralPath> ORDER = Comparator.<ReferralPath>comparingInt(
                    path -> path.steps().stream().anyMatch(step -> step.matches("\\[\\d+]")) ? 1 : 0)
            .thenComparing(ReferralPath::text);

    private ReferralPatch() {}

    /**
     * What to send so that the referral holds these values. Elements and members of a list that the values do not name are kept; a
     * new solution gets the type {@code Name}, which Partner Center wants; numbers are numbers. What the referral holds already is
     * left out, so that the result may be empty.
     *
     * @param document the referral as it was last read
     * @param values by mapping path, such as {@code customerProfile.team[0].email} or {@code state}; JSON null empties
     * @return by patchable path, in the order in which they are to be sent
     * @throws IllegalArgumentException naming the first path that Partner Center does not patch, or a state that is none
     */
    public static Map<String, JsonValue> of(JsonObject document, Map<String, JsonValue> values) {
        JsonObject before = ReferralPaths.spelled(document);
        JsonObject after = before;
        Set<String> touched = new TreeSet<>();
        for (ReferralPath path : paths(values.keySet())) {
            JsonValue value = ReferralJson.typed(path.kind(), values.getOrDefault(path.text(), JsonValue.NULL));
            if (path.text().equals(ReferralPaths.STATE)) {
                checkState(value);
            }
            after = path.write(after, value);
            ReferralPaths.findPatchable(path.steps())
                    .ifPresentOrElse(touched::add, () -> touched.addAll(List.of("status", "substatus")));
        }
        Map<String, JsonValue> changes = new TreeMap<>();
        for (String path : touched) {
            JsonValue wanted = wanted(path, before, after);
            if (!isHeld(path, before, wanted)) {
                changes.put(path, wanted);
            }
        }
        // a status travels with its substatus, even where only one of the two moves
        if (changes.containsKey("status") || changes.containsKey("substatus")) {
            changes.put("status", wanted("status", before, after));
            changes.put("substatus", wanted("substatus", before, after));
        }
        Map<String, JsonValue> patch = new LinkedHashMap<>();
        for (String path : ReferralPaths.patchable()) {
            JsonValue change = changes.get(path);
            if (change != null) {
                patch.put(path, change);
            }
        }
        return Collections.unmodifiableMap(patch);
    }

    private static List<ReferralPath> paths(Set<String> texts) {
        List<ReferralPath> paths = new ArrayList<>();
        for (String text : new TreeSet<>(texts)) {
            paths.add(ReferralPaths.find(text)
                    .filter(ReferralPath::patchable)
                    .orElseThrow(() -> new IllegalArgumentException(
                            "Partner Center does not let " + text + " of a referral be changed.")));
        }
        paths.sort(ORDER);
        return paths;
    }

    private static void checkState(JsonValue value) {
        if (!(value instanceof JsonString state)
                || !ReferralState.parse(state.getString()).isConsistent()) {
            throw new IllegalArgumentException("A referral's state is a status with one of its substatuses.");
        }
    }

    private static JsonValue wanted(String path, JsonObject before, JsonObject after) {
        JsonValue wanted = ReferralJson.read(after, path);
        if (!isList(path)) {
            return wanted;
        }
        return path.equals(ReferralJson.SOLUTIONS)
                ? ReferralJson.typedSolutions(list(wanted), list(ReferralJson.read(before, path)))
                : list(wanted);
    }

    private static boolean isHeld(String path, JsonObject before, JsonValue wanted) {
        JsonValue held = ReferralJson.read(before, path);
        ReferralPath.Kind kind = ReferralPaths.find(path).orElseThrow().kind();
        return ReferralJson.isSame(kind, isList(path) ? list(held) : held, wanted);
    }

    private static boolean isList(String path) {
        return ReferralPaths.find(path).orElseThrow().kind() == ReferralPath.Kind.STRUCTURE;
    }

    private static JsonArray list(JsonValue value) {
        return value instanceof JsonArray list ? list : JsonValue.EMPTY_JSON_ARRAY;
    }
}
