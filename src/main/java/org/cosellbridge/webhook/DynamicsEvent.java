package org.cosellbridge.webhook;

import jakarta.json.Json;
import jakarta.json.JsonArray;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import jakarta.json.stream.JsonParser;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What Dataverse says happened to a row (its RemoteExecutionContext). Nothing of it is used but which row to look at; the row itself is
 * read from Dataverse. So a payload that was cut because it is over 256 KB is as good as a whole one, and who the user was does not
 * matter.
 *
 * @param message such as {@code Update}
 * @param table the logical name of the row's table
 * @param rows the ids of the rows to look at, in lower case: one; after a merge two; none when the payload names none
 * @param organization the environment's organisation id, in lower case; null when it is missing or no GUID
 * @param correlation the id by which Dataverse follows one cause, in lower case; null when it is missing or no GUID
 * @param operationTime when it happened; null when that cannot be read
 * @param operationTimeText the same as it was sent; empty when it is missing or too long for a time
 */
record DynamicsEvent(
        String message,
        String table,
        List<String> rows,
        @Nullable String organization,
        @Nullable String correlation,
        @Nullable Instant operationTime,
        String operationTimeText) {
    /** The messages after which a row is looked at. */
    private static final Set<String> ABOUT_ROWS = Set.of(
            "Create",
            "Update",
            "Delete",
            "Restore",
            "Merge",
            "Assign",
            "SetState",
            "SetStateDynamicEntity",
            "WinOpportunity",
            "LoseOpportunity",
            "QualifyLead");

    /** Deeper than any real payload: a context within a context eight times over, each with its parameters. */
    private static final int DEEPEST = 200;

    private static final int LONGEST_TIME = 64;
    private static final String NO_ROW = "00000000-0000-0000-0000-000000000000";
    private static final Pattern GUID = Pattern.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}");
    private static final Pattern MESSAGE = Pattern.compile("[A-Za-z0-9_]{1,200}");
    private static final Pattern TABLE = Pattern.compile("[A-Za-z0-9_]{1,128}");
    /** The offset only tells where the clock hung; it does not move the instant. */
    private static final Pattern TIME = Pattern.compile("/Date\\((-?\\d{1,15})(?:[+-]\\d{4})?\\)/");

    private static final Instant FIRST_TIME = Instant.parse("1970-01-01T00:00:00Z");
    private static final Instant LAST_TIME = Instant.parse("9999-12-31T00:00:00Z");

    DynamicsEvent {
        rows = List.copyOf(rows);
    }

    /**
     * Reads a payload: message, table and row must be there, members that are not known are ignored, whatever they hold. A member that
     * stands twice in the outermost object is refused, because it cannot be told which of the two was meant.
     */
    static DynamicsEvent parse(byte[] body) throws RefusedException {
        JsonObject json = object(body);
        String message = text(json, "MessageName")
                .filter(value -> MESSAGE.matcher(value).matches())
                .orElseThrow(DynamicsEvent::malformed);
        String table = text(json, "PrimaryEntityName")
                .filter(value -> TABLE.matcher(value).matches())
                .orElseThrow(DynamicsEvent::malformed);
        String primary = guid(json.get("PrimaryEntityId")).orElseThrow(DynamicsEvent::malformed);
        String time = text(json, "OperationCreatedOn")
                .filter(value -> value.length() <= LONGEST_TIME && value.chars().allMatch(c -> c >= ' ' && c < 127))
                .orElse("");
        return new DynamicsEvent(
                message,
                table,
                rows(json, message, primary),
                guid(json.get("OrganizationId")).orElse(null),
                guid(json.get("CorrelationId")).orElse(null),
                time(time),
                time);
    }

    /** Whether its message is one after which a row is looked at. */
    boolean isAboutRows() {
        return ABOUT_ROWS.contains(message);
    }

    private static List<String> rows(JsonObject json, String message, String primary) {
        Optional<String> row = primary.equals(NO_ROW) ? parameterRow(json, message) : Optional.of(primary);
        Optional<String> merged = message.equals("Merge")
                ? parameter(json, "SubordinateId").flatMap(DynamicsEvent::guid)
                : Optional.empty();
        return Stream.concat(row.stream(), merged.stream())
                .filter(id -> !id.equals(NO_ROW))
                .distinct()
                .toList();
    }

    /** Where an action that is not about its primary row names the row it is about: in a parameter of its own. */
    private static Optional<String> parameterRow(JsonObject json, String message) {
        return switch (message) {
            case "WinOpportunity", "LoseOpportunity" ->
                parameter(json, "OpportunityClose")
                        .flatMap(close -> pair(member(close, "Attributes"), "opportunityid"))
                        .flatMap(DynamicsEvent::reference);
            case "QualifyLead" -> parameter(json, "LeadId").flatMap(DynamicsEvent::reference);
            case "SetState", "SetStateDynamicEntity" ->
                parameter(json, "EntityMoniker").flatMap(DynamicsEvent::reference);
            default -> parameter(json, "Target").flatMap(DynamicsEvent::reference);
        };
    }

    private static Optional<JsonValue> parameter(JsonObject json, String key) {
        return pair(json.get("InputParameters"), key);
    }

    /** The value of a key in one of Dataverse's collections: an array of objects with {@code key} and {@code value}. */
    private static Optional<JsonValue> pair(@Nullable JsonValue collection, String key) {
        if (!(collection instanceof JsonArray pairs)) {
            return Optional.empty();
        }
        return pairs.stream()
                .filter(JsonObject.class::isInstance)
                .map(JsonValue::asJsonObject)
                .filter(pair -> text(pair, "key").filter(key::equals).isPresent())
                .flatMap(pair -> Optional.ofNullable(pair.get("value")).stream())
                .findFirst();
    }

    private static Optional<String> reference(JsonValue value) {
        return guid(member(value, "Id"));
    }

    private static @Nullable JsonValue member(JsonValue value, String name) {
        return value instanceof JsonObject object ? object.get(name) : null;
    }

    private static Optional<String> text(JsonObject json, String name) {
        return json.get(name) instanceof JsonString text ? Optional.of(text.getString()) : Optional.empty();
    }

    private static Optional<String> guid(@Nullable JsonValue value) {
        return value instanceof JsonString text ? guid(text.getString()) : Optional.empty();
    }

    /** A GUID in lower case; empty when it is none. */
    static Optional<String> guid(String text) {
        return Optional.of(text.toLowerCase(Locale.ROOT))
                .filter(lower -> GUID.matcher(lower).matches());
    }

    private static @Nullable Instant time(String text) {
        Matcher matcher = TIME.matcher(text);
        if (!matcher.matches()) {
            return null;
        }
        Instant time = Instant.ofEpochMilli(Long.parseLong(matcher.group(1)));
        return time.isBefore(FIRST_TIME) || time.isAfter(LAST_TIME) ? null : time;
    }

    private static JsonObject object(byte[] body) throws RefusedException {
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder() // reports what is no UTF-8 instead of replacing it
                    .decode(ByteBuffer.wrap(body))
                    .toString();
            String plain = text.startsWith("\uFEFF") ? text.substring(1) : text;
            if (!isPlainEnough(plain)) {
                throw malformed();
            }
            try (JsonReader reader = Json.createReader(new StringReader(plain))) {
                return reader.readObject();
            }
        } catch (CharacterCodingException | RuntimeException notAnObject) {
            throw malformed(); // what is odd enough is no JsonException everywhere
        }
    }

    /** Whether nothing is nested too deeply and no member of the outermost object stands twice; looked at before any tree is built. */
    private static boolean isPlainEnough(String text) {
        Set<String> outermost = new HashSet<>();
        int depth = 0;
        try (JsonParser parser = Json.createParser(new StringReader(text))) {
            while (parser.hasNext()) {
                switch (parser.next()) {
                    case START_OBJECT, START_ARRAY -> depth++;
                    case END_OBJECT, END_ARRAY -> depth--;
                    case KEY_NAME -> {
                        if (depth == 1 && !outermost.add(parser.getString())) {
                            return false;
                        }
                    }
                    default -> {
                        // a value of no interest
                    }
                }
                if (depth > DEEPEST) {
                    return false;
                }
            }
        }
        return true;
    }

    private static RefusedException malformed() {
        return new RefusedException(Refusal.EVENT_MALFORMED);
    }
}
