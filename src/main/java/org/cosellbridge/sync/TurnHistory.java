package org.cosellbridge.sync;

import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.cosellbridge.referral.Direction;

/**
 * Which way one field of a link was written last, and when the way turned. A <em>turn</em> is a write in the direction opposite to
 * the one before. Writes in one direction, however many, are a person at work on one side; turns are two sides that answer each
 * other.
 *
 * <p>Two systems that overwrite each other do so as often as the link is looked at: within seconds where both tell of changes, every
 * quarter of an hour where only the sweep sees them, and without an end. Two people take turns at a field a few times on a busy
 * day, and read what the other wrote before they answer. So two measures stand between them, one for the fast loop and one for the
 * slow one:
 *
 * <ul>
 *   <li>{@link #FAST} turns within {@link #FAST_WINDOW}: each side would have answered the other's edit of the same field three
 *       times at less than two minutes a time, after seeing it arrive. Six, since two people who correct a mistake together on the
 *       telephone make two to four.
 *   <li>{@link #SLOW} turns within {@link #SLOW_WINDOW}: ten edits by each side in strict alternation in a day, more than people make
 *       of one field. A loop that only the sweep drives turns up to 96 times a day and is caught in five hours, one that turns once
 *       an hour within a day. What turns more rarely costs little and is in the trail like every write.
 * </ul>
 *
 * <p>Both windows slide: turns of last week never add up to a stop. Immutable.
 *
 * @param direction which way it was written last
 * @param turned when the way turned, oldest first; at most {@link #SLOW}, since no more are ever asked for
 */
record TurnHistory(Direction direction, List<Instant> turned) {
    /** So many turns within {@link #FAST_WINDOW} are a loop. */
    static final int FAST = 6;

    /** The window for a loop that both sides' news drive. */
    static final Duration FAST_WINDOW = Duration.ofMinutes(10);

    /** So many turns within {@link #SLOW_WINDOW} are a loop. */
    static final int SLOW = 20;

    /** The window for a loop that only the sweep drives. */
    static final Duration SLOW_WINDOW = Duration.ofHours(24);

    TurnHistory {
        turned = List.copyOf(turned);
    }

    /** A field that is written for the first time. */
    static TurnHistory of(Direction direction) {
        return new TurnHistory(direction, List.of());
    }

    /** The history after one more write. */
    TurnHistory after(Direction next, Instant now) {
        if (next == direction) {
            return this;
        }
        List<Instant> all = Stream.concat(turned.stream(), Stream.of(now)).toList();
        return new TurnHistory(next, all.subList(Math.max(0, all.size() - SLOW), all.size()));
    }

    /** Whether the two sides keep overwriting each other. */
    boolean isLoop(Instant now) {
        return since(now.minus(FAST_WINDOW)) >= FAST || since(now.minus(SLOW_WINDOW)) >= SLOW;
    }

    private long since(Instant start) {
        return turned.stream().filter(turn -> turn.isAfter(start)).count();
    }

    /** The turns as they are stored: milliseconds since 1970, separated by blanks. */
    String text() {
        return turned.stream().map(turn -> String.valueOf(turn.toEpochMilli())).collect(Collectors.joining(" "));
    }

    /** The history in what is stored. */
    static TurnHistory parse(String direction, String text) {
        return new TurnHistory(
                Direction.valueOf(direction),
                Arrays.stream(text.split(" "))
                        .filter(turn -> !turn.isEmpty())
                        .map(turn -> Instant.ofEpochMilli(Long.parseLong(turn)))
                        .toList());
    }
}
