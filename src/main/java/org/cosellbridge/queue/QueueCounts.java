package org.cosellbridge.queue;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How many sync requests are in which state, of one connection or of all.
 *
 * @param waiting that will run by themselves, now or later
 * @param due of these, that could run now
 * @param running whose attempt runs
 * @param deadLetters that wait for a person
 * @param oldestDue since when the oldest due one has been wanted; null when none is due
 */
public record QueueCounts(
        long waiting,
        long due,
        long running,
        long deadLetters,
        @Nullable Instant oldestDue) {
    /** Nothing anywhere. */
    static final QueueCounts NONE = new QueueCounts(0, 0, 0, 0, null);

    /** The sum of both. */
    QueueCounts plus(QueueCounts other) {
        Instant oldest = oldestDue == null || (other.oldestDue != null && other.oldestDue.isBefore(oldestDue))
                ? other.oldestDue
                : oldestDue;
        return new QueueCounts(
                waiting + other.waiting,
                due + other.due,
                running + other.running,
                deadLetters + other.deadLetters,
                oldest);
    }
}
