package org.cosellbridge.queue;

import jakarta.json.JsonObject;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Which dead letters are meant; what is null does not matter.
 *
 * @param connection of this connection
 * @param referral of the referral with this id
 * @param record of this record, {@code kind/id}
 * @param from dead since this time or later
 * @param to dead since before this time
 */
record DeadLetterFilter(
        @Nullable String connection,
        @Nullable String referral,
        @Nullable String record,
        @Nullable Instant from,
        @Nullable Instant to) {
    /** The filter in a request body; an empty object means every dead letter. Throws as {@link #of} does, also for an unknown filter. */
    static DeadLetterFilter parse(JsonObject body) {
        for (String name : body.keySet()) {
            if (!List.of("connection", "referral", "record", "from", "to").contains(name)) {
                throw new IllegalArgumentException(
                        "There is no filter '" + name.replaceAll("[^A-Za-z0-9_-]", "?") + "'.");
            }
        }
        return of(
                body.getString("connection", null),
                body.getString("referral", null),
                body.getString("record", null),
                body.getString("from", null),
                body.getString("to", null));
    }

    /** The filter of these texts. Throws {@link IllegalArgumentException} for a time that is none and a record without a kind. */
    static DeadLetterFilter of(
            @Nullable String connection,
            @Nullable String referral,
            @Nullable String record,
            @Nullable String from,
            @Nullable String to) {
        if (record != null && record.indexOf('/') < 1) {
            throw new IllegalArgumentException("record must be its kind, '/' and its id.");
        }
        return new DeadLetterFilter(
                connection,
                referral == null ? null : referral.toLowerCase(Locale.ROOT),
                record,
                time("from", from),
                time("to", to));
    }

    private static @Nullable Instant time(String name, @Nullable String text) {
        try {
            return text == null ? null : Instant.parse(text);
        } catch (DateTimeParseException notATime) {
            throw new IllegalArgumentException(name + " must be a UTC time such as 2026-11-20T09:30:00Z.");
        }
    }

    /** Adds the conditions to a statement that ends in its first condition, and their arguments. */
    String conditions(List<Object> arguments) {
        List<String> conditions = new ArrayList<>();
        if (connection != null) {
            conditions.add("connection = ?");
            arguments.add(connection);
        }
        if (referral != null) {
            conditions.add("referral_id = ?");
            arguments.add(referral);
        }
        if (record != null) {
            int slash = record.indexOf('/');
            conditions.add("record_kind = ?");
            arguments.add(record.substring(0, slash));
            conditions.add("record_id = ?");
            arguments.add(record.substring(slash + 1));
        }
        if (from != null) {
            conditions.add("dead_since >= ?");
            arguments.add(from);
        }
        if (to != null) {
            conditions.add("dead_since < ?");
            arguments.add(to);
        }
        StringBuilder text = new StringBuilder();
        conditions.forEach(condition -> text.append(" and ").append(condition));
        return text.toString();
    }
}
