package org.cosellbridge.queue;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A sync request that will not be retried by itself.
 *
 * @param id the id of the sync request
 * @param connection the connection
 * @param referral the referral's id; null when only the record is known
 * @param record the record, {@code kind/id}; null when only the referral is known
 * @param reason a sentence a person can act on
 * @param deadSince when it became one
 * @param attempts attempts since the last success
 * @param cause what it came from, in one word
 * @param correlation of that cause
 * @param delivery the delivery that caused it, or null
 * @param wantedAt the oldest want that has no answer
 */
public record DeadLetter(
        String id,
        String connection,
        @Nullable String referral,
        @Nullable String record,
        @Nullable String reason,
        Instant deadSince,
        int attempts,
        String cause,
        String correlation,
        @Nullable String delivery,
        Instant wantedAt) {}
