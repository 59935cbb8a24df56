package org.cosellbridge.referral;

import jakarta.json.JsonArray;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import jakarta.json.spi.JsonProvider;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import org.cosellbridge.referral.ReferralPath.Kind;

/** What the documents of referrals have in common: their values by kind and by path, and how solutions travel. */
final class ReferralJson {
    /** Looked up once: finding the provider anew for every builder costs a service look-up each time. */
    static final JsonProvider PROVIDER = JsonProvider.provider();

    /** The list of a deal's solutions. */
    static final String SOLUTIONS = "details.requirements.solutions";

    private ReferralJson() {}

    /** The value at this documented path, JSON null when there is none. */
    static JsonValue read(JsonObject document, String path) {
        return path(path).read(document);
    }

    /** The text at this documented path, empty when there is none. */
    static String text(JsonObject document, String path) {
        return read(document, path) instanceof JsonString text ? text.getString() : "";
    }

    /** The document with this value at this documented path. */
    static JsonObject with(JsonObject document, String path, JsonValue value) {
        return path(path).write(document, value);
    }

    /** The document with this text at this documented path. */
    static JsonObject with(JsonObject document, String path, String value) {
        return with(document, path, PROVIDER.createValue(value));
    }

    private static ReferralPath path(String text) {
        return ReferralPaths.find(text)
                .orElseThrow(() -> new IllegalArgumentException(text + " is no path of a referral."));
    }

    /** The value as it travels: numbers as numbers, truth as truth, also where the value is a text that says so. */
    static JsonValue typed(Kind kind, JsonValue value) {
        if (!(value instanceof JsonString text)) {
            return value;
        }
        return switch (kind) {
            case NUMBER -> number(text).<JsonValue>map(PROVIDER::createValue).orElse(value);
            case BOOLEAN ->
                switch (text.getString()) {
                    case "true" -> JsonValue.TRUE;
                    case "false" -> JsonValue.FALSE;
                    default -> value;
                };
            case TEXT, DATETIME, LIST, STRUCTURE, ANY -> value;
        };
    }

    /** Whether both are the same value of this kind, however each is written. */
    static boolean isSame(Kind kind, JsonValue one, JsonValue other) {
        return switch (kind) {
            case NUMBER -> {
                Optional<BigDecimal> first = number(one);
                Optional<BigDecimal> second = number(other);
                yield (first.isPresent() && second.isPresent())
                        ? (first.get().compareTo(second.get()) == 0)
                        : one.equals(other);
            }
            case DATETIME -> {
                Optional<Instant> first = time(one);
                yield first.isPresent() ? first.equals(time(other)) : one.equals(other);
            }
            case TEXT, BOOLEAN, LIST, STRUCTURE, ANY -> one.equals(other);
        };
    }

    /** A number, also where it is written as text. */
    static Optional<BigDecimal> number(JsonValue value) {
        if (value instanceof JsonNumber number) {
            return Optional.of(number.bigDecimalValue());
        }
        if (value instanceof JsonString text) {
            try {
                return Optional.of(new BigDecimal(text.getString().trim()));
            } catch (NumberFormatException noNumber) {
                return Optional.empty();
            }
        }
        return Optional.empty();
    }

    /** A point in time. */
    static Optional<Instant> time(JsonValue value) {
        if (value instanceof JsonString text) {
            try {
                return Optional.of(OffsetDateTime.parse(text.getString()).toInstant());
            } catch (DateTimeParseException notATime) {
                return Optional.empty();
            }
        }
        return Optional.empty();
    }

    /**
     * The solutions as they may be sent: one without a type is a solution by name ({@code "type": "Name"}), as in Partner Center's
     * documented create; those that Partner Center holds like that stay as they came.
     */
    static JsonArray typedSolutions(JsonArray solutions, JsonArray held) {
        JsonArrayBuilder typed = PROVIDER.createArrayBuilder();
        for (JsonValue solution : solutions) {
            boolean lacksType = solution instanceof JsonObject object
                    && object.getOrDefault("type", JsonValue.NULL) == JsonValue.NULL
                    && !held.contains(solution);
            typed.add(
                    lacksType
                            ? PROVIDER.createObjectBuilder(solution.asJsonObject())
                                    .add("type", "Name")
                                    .build()
                            : solution);
        }
        return typed.build();
    }
}
