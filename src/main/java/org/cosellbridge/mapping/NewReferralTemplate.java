package org.cosellbridge.mapping;

import jakarta.json.JsonArray;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import org.cosellbridge.referral.ReferralPath;
import org.cosellbridge.referral.ReferralPath.Kind;
import org.cosellbridge.referral.ReferralPaths;

/**
 * What every referral has that is created from a record, before the record's own values are put on top. The one element under
 * {@code details.requirements.solutions} is no solution but what every solution has beside its id. Immutable.
 */
final class NewReferralTemplate {
    /** The members that are decided for each referral anew; neither a template nor a record's value sets them. */
    static final Set<String> DECIDED = Set.of(
            ReferralPaths.STATE,
            ReferralPaths.LINK,
            "engagementId",
            "externalReferenceId",
            "registrations",
            "status",
            "statusReason",
            "substatus",
            "target",
            "type");

    private static final String PLACE = "/newReferral";
    private static final String INVITE = "inviteContext";
    private static final String SOLUTIONS = "details.requirements.solutions";
    /** Below the top level, Partner Center fills these itself. */
    private static final Set<String> SERVER_OWNED =
            Set.of("emailValidationStatus", "incentiveLevel", "isMatchingComplete", "phoneValidationStatus");

    private final JsonObject text;
    private final JsonObject start;
    private final JsonObject solution;

    NewReferralTemplate(JsonObject text) {
        this.text = text;
        ReferralPath solutions = ReferralPaths.find(SOLUTIONS).orElseThrow();
        JsonValue listed = solutions.read(text);
        this.start = listed == JsonValue.NULL
                ? text
                : Values.JSON.createPointer(solutions.pointer()).remove(text);
        this.solution = listed instanceof JsonArray list && !list.isEmpty()
                ? list.getJsonObject(0)
                : JsonValue.EMPTY_JSON_OBJECT;
    }

    /** The template as the document has it. */
    JsonObject text() {
        return text;
    }

    /** What a draft begins with. */
    JsonObject start() {
        return start;
    }

    /** Whether this path may get a value of the record when a referral is created. */
    static boolean isOpen(ReferralPath path) {
        return !DECIDED.contains(path.steps().get(0));
    }

    /** Whether what stands at this path asks for a step at Partner Center that nobody takes back. */
    static boolean isIrreversible(ReferralPath path) {
        return path.text().equals(ReferralPaths.CONSENT) || path.text().equals(ReferralPaths.HELP);
    }

    /** The draft with what every solution has, and without the elements of lists that got no value. */
    JsonObject finish(JsonObject draft) {
        return finished(draft, "").asJsonObject();
    }

    private JsonValue finished(JsonValue value, String path) {
        if (value instanceof JsonObject object) {
            JsonObjectBuilder members = Values.JSON.createObjectBuilder();
            object.forEach(
                    (name, member) -> members.add(name, finished(member, path.isEmpty() ? name : path + "." + name)));
            return members.build();
        }
        if (value instanceof JsonArray array) {
            JsonArrayBuilder elements = Values.JSON.createArrayBuilder();
            for (JsonValue element : array) {
                if (element instanceof JsonObject object && path.equals(SOLUTIONS)) {
                    elements.add(Values.JSON
                            .createObjectBuilder(solution)
                            .addAll(Values.JSON.createObjectBuilder(object))
                            .build());
                } else if (!element.equals(JsonValue.EMPTY_JSON_OBJECT)) {
                    elements.add(finished(element, path + "[]"));
                }
            }
            return elements.build();
        }
        return value;
    }

    /** Tells the place and the reason of everything in this template that could not be sent as it stands. */
    static void check(JsonObject template, BiConsumer<String, String> faults) {
        new Check(faults).members("", PLACE, template);
    }

    private record Check(BiConsumer<String, String> faults) {
        void members(String parent, String place, JsonObject object) {
            object.forEach((name, value) -> {
                String path = parent.isEmpty() ? name : parent + "." + name;
                String here = place + "/" + name.replace("~", "~0").replace("/", "~1");
                // a name with a dot or a bracket would be read as a way through several members
                Optional<ReferralPath> found = name.matches("[^.\\[]*") ? ReferralPaths.find(path) : Optional.empty();
                if (found.isEmpty()) {
                    faults.accept(here, DocumentReader.unknownPath(path));
                } else if (found.orElseThrow().readOnly() || SERVER_OWNED.contains(name)) {
                    faults.accept(here, "Partner Center alone sets '" + path + "'. Take it out.");
                } else if (path.equals(INVITE) || !isOpen(found.orElseThrow())) {
                    faults.accept(here, "'" + path + "' is decided for each referral anew. Take it out.");
                } else if (path.equals(ReferralPaths.CONSENT) && value.getValueType() == JsonValue.ValueType.TRUE) {
                    faults.accept(
                            here,
                            "Sharing with Microsoft cannot be taken back: only a field of the record says so. Map one to '"
                                    + ReferralPaths.CONSENT + "'.");
                } else {
                    value(found.orElseThrow(), here, value);
                }
            });
        }

        private void value(ReferralPath path, String place, JsonValue value) {
            if (value.getValueType() == JsonValue.ValueType.NULL) {
                return;
            }
            switch (path.kind()) {
                case TEXT -> require(value instanceof JsonString, place, "a text");
                case NUMBER -> require(value instanceof JsonNumber, place, "a number");
                case BOOLEAN ->
                    require(
                            Values.findBoolean(value).isPresent()
                                    && !(value instanceof JsonString)
                                    && !(value instanceof JsonNumber),
                            place,
                            "true or false");
                case DATETIME -> require(Values.findInstant(value).isPresent(), place, "a date-time of ISO 8601");
                case STRUCTURE -> structure(path.text(), place, value);
                case LIST, ANY -> {
                    // Partner Center changes what stands there at any time
                }
            }
        }

        private void structure(String path, String place, JsonValue value) {
            boolean isList = ReferralPaths.find(path + "[]")
                    .map(ReferralPath::kind)
                    .filter(Kind.STRUCTURE::equals)
                    .isPresent();
            if (!isList) {
                if (require(value instanceof JsonObject, place, "an object")) {
                    members(path, place, value.asJsonObject());
                }
                return;
            }
            if (!require(value instanceof JsonArray, place, "a list")) {
                return;
            }
            JsonArray list = value.asJsonArray();
            if (path.equals(SOLUTIONS)) {
                solutions(list, place);
            }
            for (int i = 0; i < list.size(); i++) {
                if (require(list.get(i) instanceof JsonObject, place + "/" + i, "an object")) {
                    members(path + "[" + i + "]", place + "/" + i, list.getJsonObject(i));
                }
            }
        }

        private void solutions(JsonArray list, String place) {
            if (list.size() > 1) {
                faults.accept(place, "One element says what every solution has beside its id. Take the others out.");
            }
            for (int i = 0; i < list.size(); i++) {
                if (list.get(i) instanceof JsonObject element && element.containsKey("id")) {
                    faults.accept(
                            place + "/" + i + "/id",
                            "Which solutions a referral has says a field of the record. For a solution that every record has, give"
                                    + " that field a default.");
                }
            }
        }

        private boolean require(boolean fits, String place, String wanted) {
            if (!fits) {
                faults.accept(place, "Partner Center takes " + wanted + " here.");
            }
            return fits;
        }
    }
}
