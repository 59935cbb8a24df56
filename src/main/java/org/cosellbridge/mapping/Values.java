package org.cosellbridge.mapping;

import jakarta.json.JsonArray;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import jakarta.json.spi.JsonProvider;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.text.Normalizer;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Brings values to the one form in which both systems' ways of writing them are equal. Every method is idempotent. */
final class Values {
    // looked up once: finding the provider anew for every value costs a service look-up each time
    static final JsonProvider JSON = JsonProvider.provider();

    private static final Pattern GUID =
            Pattern.compile("\\{?([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12})}?");
    private static final Pattern ENTITY =
            Pattern.compile("&(?:(amp|lt|gt|quot|apos|nbsp)|#([0-9]{1,7})|#[xX]([0-9a-fA-F]{1,6}));");
    private static final Map<String, String> NAMED =
            Map.of("amp", "&", "lt", "<", "gt", ">", "quot", "\"", "apos", "'", "nbsp", "\u00a0");
    private static final Pattern MARKS = Pattern.compile("^\\s*(?:[\u2713\u2714\u2716\u2717\u2718\u274c]\ufe0f?\\s*)+");
    private static final Pattern NUMBER =
            Pattern.compile("[+-]?(?:\\d{1,30}(?:\\.\\d{0,30})?|\\.\\d{1,30})(?:[eE][+-]?\\d{1,2})?");

    /** What no CRM stores: control characters, half a surrogate pair, what Unicode calls no character. */
    private static final Pattern UNSTORABLE =
            Pattern.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\p{Cs}\\ufffe\\uffff]");

    private static final Pattern ZONE_WITHOUT_COLON = Pattern.compile("(.*T.*[+-]\\d{2})(\\d{2})");
    private static final int MOST_DIGITS = 100;
    private static final int DAY_LENGTH = 10;
    /** Systems that know no empty time send the first moment of the year one instead. */
    private static final Instant YEAR_TWO = Instant.parse("0002-01-01T00:00:00Z");

    private Values() {}

    static JsonString text(String text) {
        return JSON.createValue(text);
    }

    /** The number without trailing zeros and, unless it is out of all reason, without an exponent. */
    static JsonNumber number(BigDecimal number) {
        BigDecimal stripped = number.signum() == 0 ? BigDecimal.ZERO : number.stripTrailingZeros();
        return JSON.createValue(stripped.scale() < 0 && isReasonable(stripped) ? stripped.setScale(0) : stripped);
    }

    /** Whether the number can be written out: a few bytes can name one whose digits fill the memory. */
    private static boolean isReasonable(BigDecimal number) {
        return Math.abs((long) number.scale()) <= MOST_DIGITS && number.precision() <= MOST_DIGITS;
    }

    /** Whether there is nothing in it: JSON null, blank text, an empty list or object. */
    static boolean isEmpty(JsonValue value) {
        return switch (value.getValueType()) {
            case NULL -> true;
            case STRING -> isBlank(((JsonString) value).getString());
            case ARRAY -> value.asJsonArray().stream().allMatch(Values::isEmpty);
            case OBJECT -> value.asJsonObject().values().stream().allMatch(Values::isEmpty);
            case NUMBER, TRUE, FALSE -> false;
        };
    }

    private static boolean isBlank(String text) {
        return text.isBlank()
                || (text.indexOf('&') >= 0 && cleanText(text, false).isEmpty());
    }

    /** The value, or JSON null when it is empty. */
    static JsonValue orNull(JsonValue value) {
        return isEmpty(value) ? JsonValue.NULL : value;
    }

    /** A simple value as text; empty for null, lists and objects. */
    static Optional<String> findText(JsonValue value) {
        return switch (value.getValueType()) {
            case STRING -> Optional.of(((JsonString) value).getString());
            case NUMBER ->
                Optional.of(number(((JsonNumber) value).bigDecimalValue()).toString());
            case TRUE -> Optional.of("true");
            case FALSE -> Optional.of("false");
            case NULL, ARRAY, OBJECT -> Optional.empty();
        };
    }

    /**
     * Text with HTML entities resolved, line feeds only, in Unicode's composed form, without trailing blanks and without characters
     * that cannot be stored; where marks are declared, without the marks that Microsoft's flows put before names. A GUID is in
     * lower case.
     */
    static String cleanText(String text, boolean marks) {
        // one pass can uncover what the next must clean ("&amp;amp;"), so it runs until nothing changes; every pass
        // that
        // changes anything shortens the text or leaves it in a form that the next leaves alone
        String before;
        String now = text;
        do {
            before = now;
            now = composed(entities(now)).replace("\r\n", "\n").replace('\r', '\n');
            now = UNSTORABLE.matcher(now).replaceAll("").stripTrailing();
            if (marks) {
                now = withoutMarks(now);
            }
        } while (!now.equals(before));
        Matcher guid = GUID.matcher(now);
        return guid.matches() ? guid.group(1).toLowerCase(Locale.ROOT) : now;
    }

    /** The text without the marks in front of it, and without the blanks around those. */
    static String withoutMarks(String text) {
        return MARKS.matcher(text).replaceFirst("");
    }

    /** The text in Unicode's composed form. */
    static String composed(String text) {
        return Normalizer.normalize(text, Normalizer.Form.NFC);
    }

    private static String entities(String text) {
        if (text.indexOf('&') < 0) {
            return text;
        }
        return ENTITY.matcher(text).replaceAll(entity -> {
            if (entity.group(1) != null) {
                return Matcher.quoteReplacement(NAMED.getOrDefault(entity.group(1), ""));
            }
            int point =
                    entity.group(2) != null ? Integer.parseInt(entity.group(2)) : Integer.parseInt(entity.group(3), 16);
            boolean real = Character.isValidCodePoint(point)
                    && point != 0
                    && (point < Character.MIN_SURROGATE || point > Character.MAX_SURROGATE);
            return Matcher.quoteReplacement(real ? Character.toString(point) : entity.group());
        });
    }

    /** The number in a JSON number or in text. */
    static Optional<BigDecimal> findNumber(JsonValue value) {
        if (value instanceof JsonNumber number) {
            return Optional.of(number.bigDecimalValue()).filter(Values::isReasonable);
        }
        if (value instanceof JsonString text) {
            String trimmed = text.getString().strip();
            if (NUMBER.matcher(trimmed).matches()) {
                return Optional.of(new BigDecimal(trimmed));
            }
        }
        return Optional.empty();
    }

    /** Rounded to so many decimals; a negative scale leaves it alone. */
    static BigDecimal rounded(BigDecimal number, int scale) {
        return scale < 0 || number.scale() <= scale ? number : number.setScale(scale, RoundingMode.HALF_UP);
    }

    /** True or false, also as text or as 1 and 0. */
    static Optional<Boolean> findBoolean(JsonValue value) {
        return findText(value).flatMap(text -> switch (text.strip().toLowerCase(Locale.ROOT)) {
            case "true", "1", "yes" -> Optional.of(true);
            case "false", "0", "no" -> Optional.of(false);
            default -> Optional.empty();
        });
    }

    /** The instant of a date-time, or UTC midnight of a date. */
    static Optional<Instant> findInstant(JsonValue value) {
        if (!(value instanceof JsonString string)) {
            return Optional.empty();
        }
        String text = string.getString().strip();
        if (text.length() > DAY_LENGTH && text.charAt(DAY_LENGTH) == ' ') {
            text = text.substring(0, DAY_LENGTH) + "T" + text.substring(DAY_LENGTH + 1);
        }
        text = ZONE_WITHOUT_COLON.matcher(text).replaceFirst("$1:$2");
        try {
            if (text.length() == DAY_LENGTH) {
                return Optional.of(
                        LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant());
            }
            boolean zoned = text.endsWith("Z") || text.endsWith("z") || text.matches(".*[+-]\\d{2}:?\\d{2}");
            return Optional.of(
                    OffsetDateTime.parse(zoned ? text : text + "Z").toInstant().truncatedTo(ChronoUnit.SECONDS));
        } catch (DateTimeParseException notATime) {
            return Optional.empty();
        }
    }

    /** Whether it is a time of the year one or before, with which some systems say that there is none. */
    static boolean isUnsetTime(JsonValue value) {
        return findInstant(value).filter(instant -> instant.isBefore(YEAR_TWO)).isPresent();
    }

    static JsonString date(Instant instant) {
        return text(LocalDate.ofInstant(instant, ZoneOffset.UTC).toString());
    }

    static JsonString dateTime(Instant instant) {
        return text(DateTimeFormatter.ISO_INSTANT.format(instant.truncatedTo(ChronoUnit.SECONDS)));
    }

    /** UTC midnight of the instant's day. */
    static Instant midnight(Instant instant) {
        return instant.atOffset(ZoneOffset.UTC).truncatedTo(ChronoUnit.DAYS).toInstant();
    }

    /** Any value with its texts cleaned, its numbers without trailing zeros, its members sorted and the empty ones left out. */
    static JsonValue canonical(JsonValue value) {
        if (isEmpty(value)) {
            return JsonValue.NULL;
        }
        return switch (value.getValueType()) {
            case STRING -> text(cleanText(((JsonString) value).getString(), false));
            case NUMBER -> number(((JsonNumber) value).bigDecimalValue());
            case ARRAY -> {
                JsonArrayBuilder array = JSON.createArrayBuilder();
                for (JsonValue element : (JsonArray) value) {
                    array.add(canonical(element));
                }
                yield array.build();
            }
            case OBJECT -> {
                JsonObjectBuilder object = JSON.createObjectBuilder();
                new TreeMap<>((JsonObject) value).forEach((name, member) -> {
                    JsonValue canonical = canonical(member);
                    if (canonical != JsonValue.NULL) {
                        object.add(name, canonical);
                    }
                });
                yield object.build();
            }
            case TRUE, FALSE, NULL -> value;
        };
    }

    /** As many of the elements, joined, as fit into so many characters; all when the length is 0. */
    static String join(List<String> elements, String separator, int length) {
        StringBuilder joined = new StringBuilder();
        for (String element : elements) {
            int more = (joined.isEmpty() ? 0 : separator.length()) + element.length();
            if (length > 0 && joined.length() + more > length) {
                break;
            }
            joined.append(joined.isEmpty() ? "" : separator).append(element);
        }
        return joined.toString();
    }

    /** Cut to at most so many characters, the last one an ellipsis that shows the cut; never within a surrogate pair. */
    static String cut(String text, int length) {
        if (length <= 0 || text.length() <= length) {
            return text;
        }
        int end = length - 1;
        if (end > 0 && Character.isHighSurrogate(text.charAt(end - 1))) {
            end--;
        }
        return text.substring(0, end).stripTrailing() + "\u2026";
    }
}
