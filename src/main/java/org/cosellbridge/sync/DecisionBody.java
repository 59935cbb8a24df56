package org.cosellbridge.sync;

import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a person asks for a conflict: {@code {"side":"partner-center"}}, {@code {"side":"crm"}} or {@code {"value":…}}.
 *
 * @param side whose value both sides shall have
 * @param value for {@link Decided.Side#VALUE}: the typed value, JSON null for an empty one; null otherwise
 */
record DecisionBody(Decided.Side side, @Nullable JsonValue value) {
    /** More than any field of either system holds. */
    private static final int LONGEST_VALUE = 100_000;

    /** The wish in the body. Throws {@link IllegalArgumentException} with a sentence when it is none. */
    static DecisionBody parse(@Nullable JsonObject body) {
        if (body == null || body.size() != 1 || !Set.of("side", "value").containsAll(body.keySet())) {
            throw new IllegalArgumentException(
                    "The body must be {\"side\":\"partner-center\"}, {\"side\":\"crm\"} or {\"value\":…}, and nothing else.");
        }
        JsonValue value = body.get("value");
        if (value == null) {
            return new DecisionBody(side(body.get("side")), null);
        }
        if (value.toString().length() > LONGEST_VALUE) {
            throw new IllegalArgumentException("The value is longer than " + LONGEST_VALUE + " characters.");
        }
        return new DecisionBody(Decided.Side.VALUE, value);
    }

    private static Decided.Side side(@Nullable JsonValue written) {
        String word = written instanceof JsonString text ? text.getString() : "";
        return switch (word) {
            case "partner-center" -> Decided.Side.PARTNER_CENTER;
            case "crm" -> Decided.Side.CRM;
            default -> throw new IllegalArgumentException("side must be \"partner-center\" or \"crm\".");
        };
    }

    /** The word for a side, as the API and the trail write it. */
    static String word(Decided.Side side) {
        return switch (side) {
            case PARTNER_CENTER -> "partner-center";
            case CRM -> "crm";
            case VALUE -> "value";
        };
    }
}
