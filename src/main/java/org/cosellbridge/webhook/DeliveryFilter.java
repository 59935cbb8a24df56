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
 * @param sender the word of a {@link DeliverySender}
 * @param referral the referral's id
 * @param connection the name of the connection whose CRM sent it
 * @param record the record that is looked at, as {@code kind/id}
 * @param correlation the correlation id
 * @param delivery the delivery's id
 * @param from received at this time or later
 * @param to received before this time
 * @param state the word of a state
 */
record DeliveryFilter(
        @Nullable String sender,
        @Nullable String referral,
        @Nullable String connection,
        @Nullable String record,
        @Nullable String correlation,
        @Nullable String delivery,
        @Nullable Instant from,
        @Nullable Instant to,
        @Nullable String state) {
    private static final Instant EARLIEST = Instant.parse("1900-01-01T00:00:00Z");
    private static final Instant LATEST = Instant.parse("9999-01-01T00:00:00Z");

    /** Everything from one kind of sender. */
    static DeliveryFilter of(DeliverySender sender) {
        return new DeliveryFilter(sender.word(), null, null, null, null, null, null, null, null);
    }

    /** The filter of a call's parameters; answers 400 when one cannot be read. */
    static DeliveryFilter of(
            @Nullable String sender,
            @Nullable String referral,
            @Nullable String connection,
            @Nullable String record,
            @Nullable String correlation,
            @Nullable String delivery,
            @Nullable String from,
            @Nullable String to,
            @Nullable String state) {
        if (state != null && DeliveryState.find(state).isEmpty()) {
            throw Problem.badRequest("state must be accepted or ignored.");
        }
        if (sender != null && DeliverySender.find(sender).isEmpty()) {
            throw Problem.badRequest("sender must be partner-center, dynamics or salesforce.");
        }
        return new DeliveryFilter(
                sender,
                referral == null
                        ? null
                        : ReferralId.parse(referral)
                                .map(ReferralId::value)
                                .orElseThrow(() -> Problem.badRequest("referral must be a GUID.")),
                plain("connection", connection),
                plain("record", record),
                plain("correlation", correlation),
                delivery == null ? null : id("delivery", delivery),
                time("from", from),
                time("to", to),
                state);
    }

    private static @Nullable String plain(String parameter, @Nullable String text) {
        if (text != null && text.indexOf(0) >= 0) {
            throw Problem.badRequest(parameter + " holds a character that no id has.");
        }
        return text;
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
