package org.cosellbridge.connector;

import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;

/** What a system says of a refusal, made fit for people and the trail: it may quote what was sent, and that may be personal. */
public final class ServerText {
    private static final int LONGEST = 300;

    /** Shorter values (a country, a state) would strike out parts of ordinary words. */
    private static final int LEAST_MASKED = 3;

    private static final String HIDDEN = "…";
    private static final Pattern EMAIL = Pattern.compile("[\\w.%+'-]+@[\\w.-]+\\w");
    private static final Pattern PHONE =
            Pattern.compile("(?<![0-9A-Za-z-])\\+?\\(?\\d[\\d ()/.-]{5,}\\d(?![0-9A-Za-z-])");

    private ServerText() {}

    /** The text on one line without the values that were sent, addresses and numbers of phones, at most 300 characters. */
    public static String shown(String message, Collection<JsonValue> sent) {
        String oneLine = masked(message, sent).replaceAll("\\s+", " ").trim();
        return oneLine.length() <= LONGEST ? oneLine : oneLine.substring(0, LONGEST - 1) + HIDDEN;
    }

    private static String masked(String message, Collection<JsonValue> sent) {
        List<String> values = sent.stream()
                .filter(JsonString.class::isInstance)
                .map(value -> ((JsonString) value).getString())
                .filter(value -> value.length() >= LEAST_MASKED)
                .sorted(Comparator.comparing(String::length).reversed())
                .toList();
        String masked = message;
        for (String value : values) {
            masked = masked.replace(value, HIDDEN);
        }
        return PHONE.matcher(EMAIL.matcher(masked).replaceAll(HIDDEN)).replaceAll(HIDDEN);
    }
}
