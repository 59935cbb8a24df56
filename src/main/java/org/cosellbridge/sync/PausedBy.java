package org.cosellbridge.sync;

import java.util.Arrays;

/** Who paused a sync link. It decides who can let it go on. */
enum PausedBy {
    /** The seller, with the CRM's Sync switch; the switch alone ends it. */
    SELLER("seller"),
    /** An operator; an operator ends it. */
    PERSON("person"),
    /** We ourselves, because the two sides kept overwriting each other; an operator ends it. */
    BREAKER("breaker");

    private final String word;

    PausedBy(String word) {
        this.word = word;
    }

    String word() {
        return word;
    }

    static PausedBy of(String word) {
        return Arrays.stream(values())
                .filter(by -> by.word.equals(word))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("Nobody named " + word + " pauses links."));
    }

    /** Whether a pause of {@code pausing} may take the place of this one: a person's outlasts what the seller does. */
    boolean yieldsTo(PausedBy pausing) {
        return this == SELLER && pausing == PERSON;
    }

    /** Whether {@code resuming} may end this pause. */
    boolean endsBy(PausedBy resuming) {
        return (this == SELLER) == (resuming == SELLER);
    }
}
