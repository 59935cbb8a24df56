package org.cosellbridge.queue;

import org.cosellbridge.connector.Priority;

/** How a priority stands in the database: a number that sorts, independent of the order in which the constants are declared. */
final class Ranks {
    private Ranks() {}

    static int of(Priority priority) {
        return switch (priority) {
            case PERSON -> 1;
            case EVENT -> 2;
            case WRITE_BACK -> 3;
            case SWEEP -> 4;
        };
    }

    static Priority parse(long rank) {
        for (Priority priority : Priority.values()) {
            if (of(priority) == rank) {
                return priority;
            }
        }
        throw new IllegalArgumentException("There is no priority with rank " + rank + ".");
    }
}
