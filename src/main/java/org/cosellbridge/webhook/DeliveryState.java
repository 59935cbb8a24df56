package org.cosellbridge.webhook;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** What followed from a delivery. */
enum DeliveryState {
    /** Its referral is wanted on every connection, since the same transaction that stored it. */
    ACCEPTED,
    /** Nothing follows: a test, or an event that is not about a referral. */
    IGNORED;

    /** The word in answers, in the database and in filters. */
    String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The state with this word. */
    static Optional<DeliveryState> find(String word) {
        return Arrays.stream(values())
                .filter(state -> state.word().equals(word))
                .findFirst();
    }
}
