package org.cosellbridge.webhook;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.UUID;
import org.cosellbridge.platform.Problem;
import org.cosellbridge.referral.ReferralId;
import org.jspecify.annotations.Nullable;

/**
 * Which deliveries a list shows. What is null does not narrow it.
 *
 * @param referral the referral's id
 * @param correlation the correlation id
 * @param delivery the delivery's id
 * @param from received at this time or later
 * @param to received before this time
 * @param state the word of a state
 */
record DeliveryFilter(
        @Nullable String referral,
        @Nullable String correlation,
        @Nullable String delivery,
        @Nullable Instant from,
        @Nullable Instant to,
        @Nullable String state) {
    private static final Instant EARLIEST = Instant.parse("1900-01-01T00:00:00Z");
    private static final Instant LATEST = Instant.parse("9999-01-01T00:00:00Z");

    /** The filter of a call's parameters; answers 400 when one cannot be read. */
    static DeliveryFilter of(
            @Nullable String referral,
            @Nullable String correlation,
            @Nullable String delivery,
            @Nullable String from,
            @Nullable String to,
            @Nullable String state) {
        if (state != null && DeliveryState.find(state).isEmpty()) {
            throw Problem.badRequest("state must be accepted or ignored.");
        }
        if (correlation != null && correlation.indexOf(0) >= 0) {
            throw Problem.badRequest("correlation holds a character that no id has.");
        }
        return new DeliveryFilter(
                referral == null
                        ? null
                        : ReferralId.parse(referral)
                                .map(ReferralId::value)
                                .orElseThrow(() -> Problem.badRequest("referral must be a GUID.")),
                correlation,
                delivery == null ? null : id("delivery", delivery),
                time("from", from),
                time("to", to),
                state);
    }

    /** The id in its canonical form; answers 400 when it is none. */
    static String id(String parameter, String text) {
        try {
            return UUID.fromString(text).toString();
        } catch (IllegalArgumentException notAnId) {
            throw Problem.badRequest(parameter + " must be an id as lists answer it.");
        }
    }

    private static @Nullable Instant time(String parameter, @Nullable String text) {
        try {
            @Nullable
            Instant time = text == null ? null : OffsetDateTime.parse(text).toInstant();
            if (time == null || (time.isAfter(EARLIEST) && time.isBefore(LATEST))) {
                return time;
            }
        } catch (DateTimeException notATime) {
            // falls through to the one answer both cases share
        }
        throw Problem.badRequest(parameter + " must be an ISO-8601 time such as 2026-11-20T09:30:00Z.");
    }
}
