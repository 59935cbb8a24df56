package org.cosellbridge.connector.salesforce;

import jakarta.json.JsonException;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A place in the changes of one kind of record; handed out as a text.
 *
 * @param scope what it was given out for
 * @param isFull whether the walk began without a token
 * @param next where the next page is; null at the beginning of a walk and in a token
 * @param from the oldest stamp that the walk lists; null: every record
 * @param told what was told of the time in which a transaction may still commit
 * @param deletionsUntil until when deletions are known; null: the walk has not begun
 */
record SalesforceCursor(
        String scope,
        boolean isFull,
        @Nullable String next,
        @Nullable Instant from,
        Told told,
        @Nullable Instant deletionsUntil) {
    /** A transaction that runs for long commits later than the stamps of its records. */
    static final Duration OVERLAP = Duration.ofMinutes(5);

    /** More would not fit into a token. What is left out is told twice, which is harmless. */
    private static final int MOST_TOLD = 10_000;

    /** What was told: versions by id. */
    static final class Told {
        private final Map<String, String> versions;

        Told(Map<String, String> versions) {
            this.versions = new HashMap<>(versions);
        }

        /** Notes the version; false when this very one was told before. */
        boolean isNew(String id, String version) {
            return !version.equals(versions.put(id, version));
        }

        /** The latest stamp; null when nothing was told. */
        @Nullable
        Instant latest() {
            return versions.values().stream()
                    .map(SalesforceRows::stamp)
                    .max(Comparator.naturalOrder())
                    .orElse(null);
        }

        private Told since(Instant oldest) {
            Map<String, String> kept = new HashMap<>();
            versions.entrySet().stream()
                    .filter(entry -> !SalesforceRows.stamp(entry.getValue()).isBefore(oldest))
                    .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
                    .limit(MOST_TOLD)
                    .forEach(entry -> kept.put(entry.getKey(), entry.getValue()));
            return new Told(kept);
        }

        private Instant oldest(Instant byDefault) {
            return versions.size() < MOST_TOLD
                    ? byDefault
                    : versions.values().stream()
                            .map(SalesforceRows::stamp)
                            .min(Comparator.naturalOrder())
                            .orElse(byDefault);
        }
    }

    /** The beginning of a walk over everything. */
    static SalesforceCursor start(String scope) {
        return new SalesforceCursor(scope, true, null, null, new Told(Map.of()), null);
    }

    /** With what was told so far, as far as it counts. */
    SalesforceCursor withTold(Told all) {
        Instant latest = all.latest();
        return new SalesforceCursor(
                scope, isFull, next, from, latest == null ? all : all.since(latest.minus(OVERLAP)), deletionsUntil);
    }

    SalesforceCursor withNext(String page) {
        return new SalesforceCursor(scope, isFull, page, from, told, deletionsUntil);
    }

    SalesforceCursor withDeletionsUntil(Instant until) {
        return new SalesforceCursor(scope, isFull, next, from, told, until);
    }

    /** Where the next walk begins when this one has ended. */
    SalesforceCursor asToken() {
        return new SalesforceCursor(scope, false, null, reached(), told, deletionsUntil);
    }

    /** The oldest stamp from which on everything is either told or still to come. */
    @Nullable
    Instant reached() {
        Instant latest = told.latest();
        return latest == null ? from : told.oldest(latest.minus(OVERLAP));
    }

    String text() {
        JsonObjectBuilder text = SalesforceJson.object().add("scope", scope).add("full", isFull);
        if (next != null) {
            text.add("next", next);
        }
        if (from != null) {
            text.add("from", from.toString());
        }
        if (deletionsUntil != null) {
            text.add("deletions", deletionsUntil.toString());
        }
        JsonObjectBuilder versions = SalesforceJson.object();
        told.versions.forEach(versions::add);
        return text.add("told", versions).build().toString();
    }

    /** The cursor that a text was made of; empty when it is none. */
    static Optional<SalesforceCursor> parse(String text) {
        try {
            if (!(SalesforceJson.parse(text.getBytes(StandardCharsets.UTF_8)) instanceof JsonObject cursor)
                    || !(cursor.get("told") instanceof JsonObject versions)) {
                return Optional.empty();
            }
            Map<String, String> told = new HashMap<>();
            for (String id : versions.keySet()) {
                String version = versions.getString(id);
                SalesforceRows.stamp(version);
                told.put(id, version);
            }
            return Optional.of(new SalesforceCursor(
                    cursor.getString("scope"),
                    cursor.getBoolean("full"),
                    cursor.getString("next", null),
                    findTime(cursor, "from"),
                    new Told(told),
                    findTime(cursor, "deletions")));
        } catch (JsonException
                | NullPointerException
                | ClassCastException
                | IndexOutOfBoundsException
                | DateTimeException notOurs) {
            return Optional.empty();
        }
    }

    private static @Nullable Instant findTime(JsonObject cursor, String member) {
        String text = cursor.getString(member, null);
        return text == null ? null : Instant.parse(text);
    }
}
