package org.cosellbridge.mapping;

import com.dashjoin.jsonata.JException;
import com.dashjoin.jsonata.Jsonata;
import jakarta.json.JsonArray;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A JSONata expression over a referral or a record, with {@code $value} bound. It sees nothing else, and its time and depth are
 * bounded. What depends on the moment or on chance is refused, since a mapping must give the same answer twice. Thread-safe: the
 * library keeps state in an expression object and in the thread it was made on, so every evaluation makes its own.
 */
final class Expression {
    private static final long MILLIS = 1000;
    private static final int DEPTH = 200;
    private static final Pattern TEXT =
            Pattern.compile("\"(?:[^\"\\\\]|\\\\.)*\"|'(?:[^'\\\\]|\\\\.)*'|/\\*.*?\\*/", Pattern.DOTALL);
    private static final Pattern REFUSED = Pattern.compile("\\$(now|millis|random|shuffle|eval)\\b");

    private final String text;

    private Expression(String text) {
        this.text = text;
    }

    /** Compiles it. Throws {@link Refused} with the reason when that fails. */
    static Expression compile(String text) {
        Matcher refused = REFUSED.matcher(TEXT.matcher(text).replaceAll("\"\""));
        if (refused.find()) {
            throw new Refused("The JSONata function " + refused.group()
                    + " is not available: a mapping must give the same answer for the same values.");
        }
        try {
            Jsonata.jsonata(text);
        } catch (JException wrong) {
            throw new Refused("The JSONata does not compile: " + wrong.getMessage());
        } catch (RuntimeException wrong) {
            throw new Refused("The JSONata does not compile.");
        }
        return new Expression(text);
    }

    /** The result, JSON null when there is none. Throws {@link Refused}, without any value in its message, when it fails. */
    JsonValue evaluate(JsonObject input, JsonValue value) {
        return json(run(input, value));
    }

    /** Whether the result is what JSONata takes for true. */
    boolean holds(JsonObject input) {
        return Jsonata.boolize(run(input, JsonValue.NULL));
    }

    private @Nullable Object run(JsonObject input, JsonValue value) {
        try {
            Jsonata jsonata = Jsonata.jsonata(text);
            Jsonata.Frame frame = jsonata.createFrame();
            frame.setRuntimeBounds(MILLIS, DEPTH);
            Object bound = plain(value);
            if (bound != null) {
                frame.bind("value", bound);
            }
            return jsonata.evaluate(plain(input), frame);
        } catch (JException failed) {
            throw new Refused("The JSONata failed ("
                    + failed.getError().replaceAll("[^A-Z0-9]", " ").trim() + ").");
        } catch (RuntimeException | StackOverflowError failed) {
            throw new Refused("The JSONata failed.");
        } finally {
            // the library remembers the thread's last expression with its input; this one has none
            Jsonata.jsonata("null");
        }
    }

    private static @Nullable Object plain(JsonValue value) {
        return switch (value.getValueType()) {
            case OBJECT -> {
                Map<String, Object> map = new LinkedHashMap<>();
                value.asJsonObject().forEach((name, member) -> {
                    Object plain = plain(member);
                    if (plain != null) {
                        map.put(name, plain);
                    }
                });
                yield map;
            }
            case ARRAY -> {
                List<Object> list = new ArrayList<>();
                for (JsonValue element : value.asJsonArray()) {
                    Object plain = plain(element);
                    if (plain != null) {
                        list.add(plain);
                    }
                }
                yield list;
            }
            case STRING -> ((JsonString) value).getString();
            case NUMBER -> number((JsonNumber) value);
            case TRUE -> true;
            case FALSE -> false;
            case NULL -> null;
        };
    }

    private static Number number(JsonNumber number) {
        BigDecimal exact = number.bigDecimalValue();
        try {
            return exact.intValueExact();
        } catch (ArithmeticException notAnInt) {
            return exact.doubleValue();
        }
    }

    private static JsonValue json(@Nullable Object result) {
        if (result == null) {
            return JsonValue.NULL;
        } else if (result instanceof String text) {
            return Values.text(text);
        } else if (result instanceof Boolean truth) {
            return truth ? JsonValue.TRUE : JsonValue.FALSE;
        } else if (result instanceof Double number) {
            if (number.isNaN() || number.isInfinite()) {
                throw new Refused("The JSONata gave something that is not a number.");
            }
            return Values.number(BigDecimal.valueOf(number));
        } else if (result instanceof Number number) {
            return Values.number(new BigDecimal(number.toString()));
        } else if (result instanceof Map<?, ?> map) {
            JsonObjectBuilder object = Values.JSON.createObjectBuilder();
            map.forEach((name, member) -> object.add(String.valueOf(name), json(member)));
            return object.build();
        } else if (result instanceof List<?> list) {
            JsonArrayBuilder array = Values.JSON.createArrayBuilder();
            list.forEach(element -> array.add(json(element)));
            JsonArray built = array.build();
            return built.isEmpty() ? JsonValue.NULL : built;
        }
        throw new Refused("The JSONata gave a function, not a value.");
    }

    /** The expression cannot be used, or gave nothing that can be used; the message holds no value. */
    static final class Refused extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Refused(String message) {
            super(message);
        }
    }
}
