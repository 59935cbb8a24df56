package org.cosellbridge.queue;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/** What the queue has to do, for health data, metrics and lists. Thread-safe. */
@Singleton
public class QueueHealth {
    private final Sql sql;
    private final Transactions transactions;
    private final Clock clock;

    @Inject
    QueueHealth(Sql sql, Transactions transactions, Clock clock) {
        this.sql = sql;
        this.transactions = transactions;
        this.clock = clock;
    }

    /** The counts of all connections together. */
    public QueueCounts counts() {
        return countsByConnection().values().stream().reduce(QueueCounts.NONE, QueueCounts::plus);
    }

    /** The counts of each connection that has anything to do or any dead letter, by its name. */
    public Map<String, QueueCounts> countsByConnection() {
        Instant now = clock.instant();
        Map<String, QueueCounts> counts = new HashMap<>();
        transactions.runInNew(() -> sql.list(
                        "select connection, state, count(*) as n, sum(case when due_at <= ? then 1 else 0 end) as due,"
                                + " min(case when due_at <= ? then wanted_at else null end) as oldest from sync_request"
                                + " where state in ('WAITING', 'RUNNING', 'DEAD') group by connection, state",
                        now,
                        now)
                .forEach(row -> counts.merge(row.text(0), read(row), QueueCounts::plus)));
        return counts;
    }

    private static QueueCounts read(Sql.Row row) {
        long all = row.number(2);
        long due = row.number(3);
        return switch (row.text(1)) {
            case "WAITING" -> new QueueCounts(all, due, 0, 0, row.timeOrNull(4));
            // a running one that is due was abandoned: it waits for the next claim
            case "RUNNING" -> new QueueCounts(due, due, all - due, 0, row.timeOrNull(4));
            default -> new QueueCounts(0, 0, 0, all, null);
        };
    }
}
