package org.cosellbridge.access;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** What a user may do; each role may all that the ones before it may. */
enum Role {
    /** Reads everything and changes nothing. */
    AUDITOR,
    /** Runs the product: looks again, redelivers, pauses, resolves. */
    OPERATOR,
    /** Changes how the product is set up, and erases. */
    ADMIN;

    /** The word in the configuration. */
    String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The role with this word. */
    static Optional<Role> find(String word) {
        return Arrays.stream(values()).filter(role -> role.word().equals(word)).findFirst();
    }

    /** Whether who has this role may do what the other may. */
    boolean includes(Role other) {
        return compareTo(other) >= 0;
    }
}
