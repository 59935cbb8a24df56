package org.cosellbridge.queue;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.cosellbridge.audit.AuditEntry;
import org.cosellbridge.audit.AuditKind;
import org.cosellbridge.audit.AuditTrail;
import org.cosellbridge.connector.ConnectionName;
import org.cosellbridge.connector.Priority;
import org.cosellbridge.platform.Page;
import org.jspecify.annotations.Nullable;

/** Lists dead letters, newest first, and lets a person redeliver or discard them; each such act leaves an entry. Thread-safe. */
@Singleton
class DeadLetters {
    private static final String SELECT = "select id, connection, referral_id, record_kind, record_id, last_reason,"
            + " dead_since, attempts, cause, correlation, delivery, wanted_at from sync_request where state = 'DEAD'";
    private static final int BATCH = 200;

    private final Sql sql;
    private final Transactions transactions;
    private final AuditTrail trail;
    private final Nudges nudges;
    private final Clock clock;

    @Inject
    DeadLetters(Sql sql, Transactions transactions, AuditTrail trail, Nudges nudges, Clock clock) {
        this.sql = sql;
        this.transactions = transactions;
        this.trail = trail;
        this.nudges = nudges;
        this.clock = clock;
    }

    /** One page of the dead letters that match. Throws {@link IllegalArgumentException} for a cursor that no page gave. */
    Page<DeadLetter> list(DeadLetterFilter filter, int limit, @Nullable String cursor) {
        List<Object> arguments = new ArrayList<>();
        StringBuilder statement = new StringBuilder(SELECT).append(filter.conditions(arguments));
        if (cursor != null) {
            Cursor after = Cursor.parse(cursor);
            statement.append(" and (dead_since < ? or (dead_since = ? and id < ?))");
            arguments.add(after.deadSince());
            arguments.add(after.deadSince());
            arguments.add(after.id());
        }
        statement.append(" order by dead_since desc, id desc limit ?");
        arguments.add(limit + 1);
        List<DeadLetter> found = transactions.inNew(() -> sql.list(statement.toString(), arguments.toArray()).stream()
                .map(DeadLetters::read)
                .toList());
        boolean more = found.size() > limit;
        List<DeadLetter> items = more ? found.subList(0, limit) : found;
        return new Page<>(items, more ? Cursor.after(items.get(limit - 1)).toString() : null);
    }

    /** The dead letter with this id. */
    Optional<DeadLetter> find(String id) {
        return transactions.inNew(() -> findInTransaction(id));
    }

    private Optional<DeadLetter> findInTransaction(String id) {
        return sql.findFirst(SELECT + " and id = ?", id).map(DeadLetters::read);
    }

    /** Makes the dead letter due again, with all its attempts before it; false when it is none. */
    boolean redeliver(String id, String actor) {
        return transactions.inNew(() -> findInTransaction(id)
                .map(letter -> redeliverInTransaction(letter, actor))
                .orElse(false));
    }

    /** Makes every dead letter that matches due again and answers how many those were. */
    int redeliverAll(DeadLetterFilter filter, String actor) {
        // what dies again while this runs is not meant
        Instant now = clock.instant();
        List<Object> matching = new ArrayList<>();
        String conditions = filter.conditions(matching);
        int redelivered = 0;
        while (true) {
            List<Object> arguments = new ArrayList<>(matching);
            arguments.add(now);
            arguments.add(BATCH);
            int[] batch = transactions.inNew(() -> {
                List<DeadLetter> letters = sql
                        .list(SELECT + conditions + " and dead_since <= ? order by id limit ?", arguments.toArray())
                        .stream()
                        .map(DeadLetters::read)
                        .toList();
                int done = (int) letters.stream()
                        .filter(letter -> redeliverInTransaction(letter, actor))
                        .count();
                return new int[] {letters.size(), done};
            });
            redelivered += batch[1];
            if (batch[0] < BATCH) {
                return redelivered;
            }
        }
    }

    private boolean redeliverInTransaction(DeadLetter letter, String actor) {
        Instant now = clock.instant();
        boolean dead = sql.update(
                        "update sync_request set state = 'WAITING', wanted_seq = wanted_seq + 1, due_at = ?, failures = 0,"
                                + " priority = ?, dead_since = null where id = ? and state = 'DEAD'",
                        now,
                        Ranks.of(Priority.PERSON),
                        letter.id())
                == 1;
        if (dead) {
            trail.append(entry(letter, AuditKind.DEAD_LETTER_REDELIVERED, actor).build());
            nudges.afterCommit(new ConnectionName(letter.connection()));
        }
        return dead;
    }

    /** Gives the dead letter up, for this reason; false when it is none. A later want makes the same request due again. */
    boolean discard(String id, String reason, String actor) {
        return transactions.inNew(() -> findInTransaction(id)
                .map(letter -> discardInTransaction(letter, reason, actor))
                .orElse(false));
    }

    private boolean discardInTransaction(DeadLetter letter, String reason, String actor) {
        boolean dead = sql.update(
                        "update sync_request set state = 'DONE', attempts = 0, failures = 0, dead_since = null,"
                                + " last_outcome = 'discarded', last_reason = null, last_finished_at = ?"
                                + " where id = ? and state = 'DEAD'",
                        clock.instant(),
                        letter.id())
                == 1;
        if (dead) {
            trail.append(entry(letter, AuditKind.DEAD_LETTER_DISCARDED, actor)
                    .outcome("discarded")
                    .reason(reason)
                    .build());
        }
        return dead;
    }

    private static AuditEntry.Builder entry(DeadLetter letter, AuditKind kind, String actor) {
        return AuditEntry.of(kind)
                .actor(actor)
                .connection(letter.connection())
                .referral(letter.referral())
                .record(letter.record())
                .correlation(letter.correlation())
                .delivery(letter.delivery())
                .request(letter.id(), letter.attempts());
    }

    private static DeadLetter read(Sql.Row row) {
        return new DeadLetter(
                row.text(0),
                row.text(1),
                row.textOrNull(2),
                row.findText(3).map(kind -> kind + "/" + row.text(4)).orElse(null),
                row.textOrNull(5),
                row.time(6),
                (int) row.number(7),
                row.text(8),
                row.text(9),
                row.textOrNull(10),
                row.time(11));
    }

    /**
     * Where a page ends.
     *
     * @param deadSince of its last item
     * @param id of its last item
     */
    private record Cursor(Instant deadSince, String id) {
        static Cursor after(DeadLetter letter) {
            return new Cursor(letter.deadSince(), letter.id());
        }

        static Cursor parse(String text) {
            int gap = text.indexOf('_');
            try {
                if (gap > 0) {
                    return new Cursor(Instant.parse(text.substring(0, gap)), text.substring(gap + 1));
                }
            } catch (DateTimeParseException notATime) {
                // falls through to the one problem both cases share
            }
            throw new IllegalArgumentException("cursor must be the 'next' of the page before.");
        }

        @Override
        public String toString() {
            return deadSince + "_" + id;
        }
    }
}
