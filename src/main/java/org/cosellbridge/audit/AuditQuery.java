package org.cosellbridge.audit;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import org.cosellbridge.platform.Page;
import org.cosellbridge.platform.Problem;
import org.cosellbridge.referral.ReferralId;
import org.jspecify.annotations.Nullable;

/**
 * What a caller wants to see of the trail.
 *
 * @param equal the members that must have these values, by name
 * @param field the field that must be among the changes, by its name in the mapping or in the CRM; null: any
 * @param from the earliest time, included; null: from the first entry
 * @param to the end of the time span, not included; null: up to the newest entry
 * @param newestFirst the order
 * @param limit how many entries, from 1
 * @param after the last entry the caller has seen; null: none
 */
record AuditQuery(
        Map<String, String> equal,
        @Nullable String field,
        @Nullable Instant from,
        @Nullable Instant to,
        boolean newestFirst,
        int limit,
        @Nullable Position after) {
    /** The members that can be asked for by value. */
    static final List<String> EQUAL = List.of(
            "referral", "record", "connection", "engagement", "kind", "outcome", "actor", "correlation", "delivery");

    /** Every parameter there is. */
    static final List<String> PARAMETERS = List.of(
            "referral",
            "record",
            "connection",
            "engagement",
            "kind",
            "outcome",
            "actor",
            "field",
            "correlation",
            "delivery",
            "from",
            "to",
            "order",
            "limit",
            "cursor");

    private static final Instant EARLIEST = Instant.parse("1900-01-01T00:00:00Z");
    private static final Instant LATEST = Instant.parse("9999-01-01T00:00:00Z");

    AuditQuery {
        equal = Map.copyOf(equal);
    }

    /** The query that these parameters state; answers 400 with what is right when they state none. */
    static AuditQuery parse(Map<String, List<String>> parameters) {
        Map<String, String> given = single(parameters);
        Map<String, String> equal = new LinkedHashMap<>();
        EQUAL.stream().filter(given::containsKey).forEach(name -> equal.put(name, given.get(name)));
        equal.computeIfPresent(
                "kind",
                (name, word) -> AuditKind.find(word)
                        .map(AuditKind::word)
                        .orElseThrow(() -> Problem.badRequest("There is no such kind. The kinds are: "
                                + Arrays.stream(AuditKind.values())
                                        .map(AuditKind::word)
                                        .collect(Collectors.joining(", "))
                                + ".")));
        equal.computeIfPresent(
                "referral",
                (name, id) -> ReferralId.parse(id)
                        .map(ReferralId::value)
                        .orElseThrow(
                                () -> Problem.badRequest(
                                        "referral must be the id of a referral, such as 2b7d3d0e-5c7b-4a4e-9f43-0c2f1d6c1a11.")));
        Instant from = instant("from", given.get("from"));
        Instant to = instant("to", given.get("to"));
        if (from != null && to != null && !from.isBefore(to)) {
            throw Problem.badRequest("from must be before to. from is included, to is not.");
        }
        String order = given.getOrDefault("order", "desc");
        if (!order.equals("desc") && !order.equals("asc")) {
            throw Problem.badRequest("order must be desc (newest first) or asc (oldest first).");
        }
        boolean newestFirst = order.equals("desc");
        String cursor = given.get("cursor");
        return new AuditQuery(
                equal,
                given.get("field"),
                from,
                to,
                newestFirst,
                Page.limit(number(given.get("limit"))),
                cursor == null ? null : Position.parse(cursor, newestFirst));
    }

    private static Map<String, String> single(Map<String, List<String>> parameters) {
        parameters.forEach((name, values) -> {
            if (!PARAMETERS.contains(name)) {
                throw Problem.badRequest("There is a parameter that this list does not know. It knows: "
                        + String.join(", ", PARAMETERS) + ".");
            }
            if (values.size() != 1 || values.get(0).isBlank()) {
                throw Problem.badRequest(name + " must be given once, with a value.");
            }
            if (values.get(0).indexOf(0) >= 0) {
                throw Problem.badRequest(name + " holds a character that no value has.");
            }
        });
        return parameters.entrySet().stream()
                .collect(Collectors.toMap(
                        Map.Entry::getKey, entry -> entry.getValue().get(0)));
    }

    private static @Nullable Integer number(@Nullable String text) {
        if (text == null) {
            return null;
        }
        try {
            return Integer.valueOf(text);
        } catch (NumberFormatException notANumber) {
            return 0; // outside the limits, which the answer then names
        }
    }

    private static @Nullable Instant instant(String name, @Nullable String text) {
        if (text == null) {
            return null;
        }
        try {
            Instant instant = Instant.parse(text);
            if (instant.isAfter(EARLIEST) && instant.isBefore(LATEST)) {
                return instant;
            }
        } catch (DateTimeParseException notAnInstant) {
            // falls through to the one answer both cases share
        }
        throw Problem.badRequest(name + " must be a time in UTC, such as 2026-11-20T08:30:00Z.");
    }

    /**
     * An entry's place in the order of the trail: by time, then by id.
     *
     * @param time the entry's time
     * @param id its id
     */
    record Position(Instant time, String id) {
        /** The text a caller hands back to get the next page; it holds for one order only. */
        String cursor(boolean newestFirst) {
            String text = (newestFirst ? "d" : "a") + time + "/" + id;
            return Base64.getUrlEncoder().withoutPadding().encodeToString(text.getBytes(StandardCharsets.UTF_8));
        }

        /** The position of a cursor; answers 400 when it is none of ours or belongs to the other order. */
        static Position parse(String cursor, boolean newestFirst) {
            return find(cursor, newestFirst)
                    .orElseThrow(() -> Problem.badRequest(
                            "cursor must be the next of an earlier answer, with the same order as there."));
        }

        private static Optional<Position> find(String cursor, boolean newestFirst) {
            try {
                String text = new String(Base64.getUrlDecoder().decode(cursor), StandardCharsets.UTF_8);
                int slash = text.indexOf('/');
                if (slash > 0 && text.charAt(0) == (newestFirst ? 'd' : 'a')) {
                    Instant time = Instant.parse(text.substring(1, slash));
                    return Optional.of(new Position(
                            time, UUID.fromString(text.substring(slash + 1)).toString()));
                }
                return Optional.empty();
            } catch (IllegalArgumentException | DateTimeParseException notOurs) {
                return Optional.empty();
            }
        }
    }
}
