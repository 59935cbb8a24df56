package org.cosellbridge.simulator;

import jakarta.json.JsonNumber;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A {@code $filter}: eq, ne, gt, ge, lt, le, and, or, not, brackets, contains, startswith and endswith over columns of the row and
 * of a row it refers to. Text is compared without regard to case.
 */
final class DataverseFilter {
    private static final Pattern TOKEN = Pattern.compile("\\s*(?:('(?:[^']|'')*')|([(),])|([^\\s(),']+))");
    private static final Pattern GUID = Pattern.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");

    private final List<String> tokens = new ArrayList<>();
    private final Columns columns;
    private int next;

    private DataverseFilter(String text, Columns columns) {
        this.columns = columns;
        Matcher matcher = TOKEN.matcher(text);
        int end = 0;
        while (matcher.lookingAt()) {
            tokens.add(matcher.group().trim());
            end = matcher.end();
            matcher.region(end, text.length());
        }
        if (!text.substring(end).isBlank()) {
            throw new MalformedException("There is an unterminated literal or an unknown character in: " + text);
        }
    }

    /** How values are found. */
    interface Columns {
        /** Checks that the path names a column; refuses otherwise. */
        void check(String path);

        /** The row's value under this path. */
        JsonValue value(DataverseRow row, String path);
    }

    /** The filter cannot be understood. */
    static final class MalformedException extends RuntimeException {
        MalformedException(String message) {
            super(message);
        }
    }

    static Predicate<DataverseRow> parse(String text, Columns columns) {
        DataverseFilter filter = new DataverseFilter(text, columns);
        Predicate<DataverseRow> whole = filter.or();
        if (filter.next < filter.tokens.size()) {
            throw new MalformedException("Syntax error at '" + filter.tokens.get(filter.next) + "' in: " + text);
        }
        return whole;
    }

    private Predicate<DataverseRow> or() {
        Predicate<DataverseRow> left = and();
        while (isNext("or")) {
            next++;
            left = left.or(and());
        }
        return left;
    }

    private Predicate<DataverseRow> and() {
        Predicate<DataverseRow> left = not();
        while (isNext("and")) {
            next++;
            left = left.and(not());
        }
        return left;
    }

    private Predicate<DataverseRow> not() {
        if (isNext("not")) {
            next++;
            return not().negate();
        }
        if (isNext("(")) {
            next++;
            Predicate<DataverseRow> inner = or();
            expect(")");
            return inner;
        }
        String first = take();
        if (isNext("(")) {
            return function(first);
        }
        columns.check(first);
        String operator = take();
        Optional<Object> literal = literal(take());
        return row -> compare(columns.value(row, first), operator, literal.orElse(null));
    }

    private Predicate<DataverseRow> function(String name) {
        expect("(");
        String path = take();
        columns.check(path);
        expect(",");
        String part = string(take()).toLowerCase(Locale.ROOT);
        expect(")");
        return switch (name) {
            case "contains" -> row -> text(columns.value(row, path)).contains(part);
            case "startswith" -> row -> text(columns.value(row, path)).startsWith(part);
            case "endswith" -> row -> text(columns.value(row, path)).endsWith(part);
            default -> throw new MalformedException("An unknown function with name '" + name + "' was found.");
        };
    }

    private static String text(JsonValue value) {
        return value instanceof JsonString text ? text.getString().toLowerCase(Locale.ROOT) : "";
    }

    private static boolean compare(JsonValue held, String operator, @Nullable Object literal) {
        boolean isNull = held.getValueType() == JsonValue.ValueType.NULL;
        if (literal == null || isNull) {
            boolean equal = literal == null && isNull;
            return switch (operator) {
                case "eq" -> equal;
                case "ne" -> !equal;
                case "gt", "ge", "lt", "le" -> false;
                default -> throw new MalformedException("Unknown operator " + operator);
            };
        }
        int order = order(held, literal);
        return switch (operator) {
            case "eq" -> order == 0;
            case "ne" -> order != 0;
            case "gt" -> order > 0;
            case "ge" -> order >= 0;
            case "lt" -> order < 0;
            case "le" -> order <= 0;
            default -> throw new MalformedException("Unknown operator " + operator);
        };
    }

    private static int order(JsonValue held, Object literal) {
        if (held instanceof JsonNumber number && literal instanceof BigDecimal other) {
            return number.bigDecimalValue().compareTo(other);
        }
        if (literal instanceof Boolean flag) {
            return Boolean.compare(held.getValueType() == JsonValue.ValueType.TRUE, flag);
        }
        if (held instanceof JsonString text) {
            if (literal instanceof Instant instant) {
                return text.getString().length() == 10
                        ? text.getString().compareTo(instant.toString().substring(0, 10))
                        : OffsetDateTime.parse(text.getString()).toInstant().compareTo(instant);
            }
            return text.getString().compareToIgnoreCase(literal.toString());
        }
        throw new MalformedException("A binary operator with incompatible types was detected.");
    }

    private static Optional<Object> literal(String token) {
        if (token.equals("null")) {
            return Optional.empty();
        }
        if (token.startsWith("'")) {
            return Optional.of(string(token));
        }
        if (token.equals("true") || token.equals("false")) {
            return Optional.of(Boolean.valueOf(token));
        }
        if (GUID.matcher(token).matches() || token.matches("\\d{4}-\\d\\d-\\d\\d")) {
            return Optional.of(token);
        }
        if (token.matches("\\d{4}-\\d\\d-\\d\\dT.*")) {
            return Optional.of(OffsetDateTime.parse(token).toInstant());
        }
        try {
            return Optional.of(new BigDecimal(token));
        } catch (NumberFormatException notANumber) {
            throw new MalformedException("Unknown literal " + token);
        }
    }

    private static String string(String token) {
        if (!token.startsWith("'")) {
            throw new MalformedException("A string literal is expected at " + token);
        }
        return token.substring(1, token.length() - 1).replace("''", "'");
    }

    private boolean isNext(String token) {
        return next < tokens.size() && tokens.get(next).equals(token);
    }

    private String take() {
        if (next >= tokens.size()) {
            throw new MalformedException("The filter ends too early.");
        }
        return tokens.get(next++);
    }

    private void expect(String token) {
        if (!take().equals(token)) {
            throw new MalformedException("'" + token + "' is expected.");
        }
    }
}
