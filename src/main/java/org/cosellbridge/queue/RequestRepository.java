package org.cosellbridge.queue;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.cosellbridge.connector.ConnectionName;
import org.cosellbridge.connector.Priority;
import org.cosellbridge.connector.RecordRef;
import org.cosellbridge.platform.Ids;
import org.cosellbridge.referral.ReferralId;
import org.cosellbridge.sync.SyncSubject;
import org.cosellbridge.sync.Want;
import org.jspecify.annotations.Nullable;

/**
 * Keeps sync requests. Every method joins the caller's transaction; what an attempt changes is conditional on its fencing number
 * and its running lease, and the answer says whether it still had them.
 */
@Singleton
class RequestRepository {
    private static final String OURS = " where id = ? and fencing = ? and state = 'RUNNING' and lease_until > ?";

    private final Sql sql;
    private final Ids ids;

    @Inject
    RequestRepository(Sql sql, Ids ids) {
        this.sql = sql;
        this.ids = ids;
    }

    /** Notes a want: one statement for a subject that was wanted before, two for a new one. */
    void want(Want want, Instant now) {
        if (update(want, now) == 1 || insert(want, now) == 1) {
            return;
        }
        // Somebody else is just storing the same new subject. PostgreSQL waited for their commit; H2 does not, so the
        // row may show a
        // moment later, or never, if they roll back: then it is ours to insert.
        for (int tries = 0; tries < 200; tries++) {
            if (update(want, now) == 1 || insert(want, now) == 1) {
                return;
            }
            LockSupport.parkNanos(Duration.ofMillis(10).toNanos());
        }
        throw new IllegalStateException("A want could be neither stored nor added to a sync request.");
    }

    private int update(Want want, Instant now) {
        RecordRef ref = want.subject().record();
        int rank = Ranks.of(want.priority());
        return sql.update(
                "update sync_request set wanted_seq = wanted_seq + 1,"
                        + " priority = case when state in ('DONE', 'DEAD') or priority > ? then ? else priority end,"
                        + " cause = ?,"
                        // what the poll finds is often what a push has told already: that one's delivery stays its
                        // cause
                        + " correlation = case when ? and state = 'WAITING' and delivery is not null then correlation else ? end,"
                        + " delivery = case when ? and state = 'WAITING' and delivery is not null then delivery else ? end,"
                        // what another cause wants as well is never reduced to a look at the record
                        + " from_record = case when state in ('DONE', 'DEAD') then ? else from_record and ? end,"
                        + " record_kind = coalesce(?, record_kind), record_id = coalesce(?, record_id),"
                        + " wanted_at = case when state in ('DONE', 'DEAD') then ? else wanted_at end,"
                        + " rewanted_at = case when state = 'RUNNING' and rewanted_at is null then ? else rewanted_at end,"
                        + " failures = case when state = 'DEAD' then 0 else failures end,"
                        + " dead_since = null,"
                        + " due_at = case when state = 'RUNNING' then due_at"
                        + " when not_before is not null and not_before > ? then not_before"
                        + " when state = 'WAITING' and due_at < ? then due_at else ? end,"
                        + " state = case when state in ('DONE', 'DEAD') then 'WAITING' else state end"
                        + " where request_key = ?",
                rank,
                rank,
                want.cause(),
                want.isPolled(),
                want.correlationId(),
                want.isPolled(),
                want.deliveryId(),
                want.isFromRecord(),
                want.isFromRecord(),
                ref == null ? null : ref.kind(),
                ref == null ? null : ref.id(),
                now,
                now,
                now,
                now,
                now,
                want.subject().key());
    }

    private int insert(Want want, Instant now) {
        ReferralId referral = want.subject().referral();
        RecordRef ref = want.subject().record();
        return sql.update(
                "insert into sync_request (id, request_key, connection, referral_id, record_kind, record_id, priority,"
                        + " state, wanted_seq, claimed_seq, due_at, fencing, attempts, failures, cause, correlation,"
                        + " delivery, wanted_at, from_record)"
                        + " values (?, ?, ?, ?, ?, ?, ?, 'WAITING', 1, 0, ?, 0, 0, 0, ?, ?, ?, ?, ?)"
                        + " on conflict do nothing",
                ids.next().toString(),
                want.subject().key(),
                want.subject().connection().value(),
                referral == null ? null : referral.value(),
                ref == null ? null : ref.kind(),
                ref == null ? null : ref.id(),
                Ranks.of(want.priority()),
                now,
                want.cause(),
                want.correlationId(),
                want.deliveryId(),
                now,
                want.isFromRecord());
    }

    /** Whether anything of this connection can be claimed. */
    boolean anyDue(ConnectionName connection, Instant now) {
        return !sql.list(
                        "select id from sync_request where connection = ? and state in ('WAITING', 'RUNNING')"
                                + " and due_at <= ? limit 1",
                        connection.value(),
                        now)
                .isEmpty();
    }

    /** How many attempts of this connection run, on all nodes; one whose lease has surely run out does not. */
    long countRunning(ConnectionName connection, Instant now) {
        return sql.count(
                "select count(*) from sync_request where connection = ? and state = 'RUNNING' and due_at > ?",
                connection.value(),
                now);
    }

    /** The ids of requests that can be claimed, by priority, then age; not locked. */
    List<String> listClaimable(ConnectionName connection, int lastRank, Instant now, int limit) {
        List<Sql.Row> rows = new ArrayList<>();
        for (String state : List.of("WAITING", "RUNNING")) {
            // ordered by all columns of the index, so that both databases read just its beginning
            rows.addAll(sql.list(
                    "select id, priority, wanted_at from sync_request where connection = ? and state = ?"
                            + " and priority <= ? and due_at <= ? order by connection, state, priority, wanted_at limit ?",
                    connection.value(),
                    state,
                    lastRank,
                    now,
                    limit));
        }
        rows.sort(Comparator.comparingLong((Sql.Row row) -> row.number(1)).thenComparing(row -> row.time(2)));
        return rows.stream().limit(limit).map(row -> row.text(0)).toList();
    }

    /** The ids of requests that can be claimed, those with the fewest attempts first; not locked. */
    List<String> listLeastTried(ConnectionName connection, int lastRank, Instant now, int limit) {
        return sql
                .list(
                        "select id from sync_request where connection = ? and state in ('WAITING', 'RUNNING')"
                                + " and priority <= ? and due_at <= ? order by attempts, priority, wanted_at limit ?",
                        connection.value(),
                        lastRank,
                        now,
                        limit)
                .stream()
                .map(row -> row.text(0))
                .toList();
    }

    /** Locks a request that can still be claimed; empty when it cannot, or when another transaction works on it. */
    Optional<Claimable> lockClaimable(String id, Instant now) {
        return sql.findFirst(
                        "select fencing, connection, referral_id, record_kind, record_id, priority, attempts, failures,"
                                + " correlation, delivery, last_outcome, last_reason, from_record from sync_request"
                                + " where id = ? and state in ('WAITING', 'RUNNING') and due_at <= ?"
                                + " for update skip locked",
                        id,
                        now)
                .map(row -> new Claimable(id, row));
    }

    /** Gives a locked request to an attempt of this node. */
    void claim(Claimable request, String owner, Instant leaseUntil) {
        int ignored = sql.update(
                "update sync_request set state = 'RUNNING', claimed_seq = wanted_seq, rewanted_at = null,"
                        + " lease_until = ?, due_at = ?, lease_owner = ?, fencing = ?, attempts = attempts + 1 where id = ?",
                leaseUntil,
                leaseUntil.plus(QueueSettings.GRACE),
                owner,
                request.nextFencing(),
                request.id());
    }

    /** Prolongs the lease; false when it is no longer ours. The request stays locked until the transaction ends. */
    boolean renew(Claim claim, Instant now, Instant leaseUntil) {
        return sql.update(
                        "update sync_request set lease_until = ?, due_at = ?" + OURS,
                        leaseUntil,
                        leaseUntil.plus(QueueSettings.GRACE),
                        claim.requestId(),
                        claim.fencing(),
                        now)
                == 1;
    }

    /** Whether a want arrived since the claim. The request must be locked. */
    boolean wasWantedAgain(Claim claim) {
        return sql.count(
                        "select count(*) from sync_request where id = ? and wanted_seq > claimed_seq",
                        claim.requestId())
                > 0;
    }

    /**
     * Ends the attempt with success; false when the lease is no longer ours. Wanted in the meantime, it is due again; else it is due
     * again with the priority {@code again}, if that is given.
     */
    boolean done(Claim claim, String outcome, @Nullable Priority again, Instant now) {
        int againRank = again == null ? -1 : Ranks.of(again);
        return sql.update(
                        "update sync_request set"
                                + " state = case when wanted_seq > claimed_seq or ? >= 0 then 'WAITING' else 'DONE' end,"
                                + " due_at = case when wanted_seq > claimed_seq or ? >= 0 then ? else null end,"
                                + " priority = case when wanted_seq > claimed_seq or ? < 0 then priority else ? end,"
                                + " from_record = case when wanted_seq > claimed_seq then from_record else false end,"
                                + " wanted_at = case when wanted_seq > claimed_seq then coalesce(rewanted_at, ?)"
                                + " when ? >= 0 then ? else wanted_at end,"
                                + " rewanted_at = null, not_before = null, lease_until = null, lease_owner = null,"
                                + " attempts = 0, failures = 0, last_outcome = ?, last_reason = null,"
                                + " last_finished_at = ?" + OURS,
                        againRank,
                        againRank,
                        now,
                        againRank,
                        againRank,
                        now,
                        againRank,
                        now,
                        outcome,
                        now,
                        claim.requestId(),
                        claim.fencing(),
                        now)
                == 1;
    }

    /** Ends the attempt without success: it will be repeated. False when the lease is no longer ours. */
    boolean waitsAgain(
            Claim claim,
            String outcome,
            String reason,
            int failures,
            Instant due,
            @Nullable Instant notBefore,
            Instant now) {
        return sql.update(
                        "update sync_request set state = 'WAITING', due_at = ?, not_before = ?, failures = ?,"
                                + " rewanted_at = null, lease_until = null, lease_owner = null, last_outcome = ?,"
                                + " last_reason = ?, last_finished_at = ?" + OURS,
                        due,
                        notBefore,
                        failures,
                        outcome,
                        reason,
                        now,
                        claim.requestId(),
                        claim.fencing(),
                        now)
                == 1;
    }

    /** Ends the attempt with a dead letter. False when the lease is no longer ours. */
    boolean dead(Claim claim, String outcome, String reason, int failures, Instant now) {
        return sql.update(
                        "update sync_request set state = 'DEAD', due_at = null, not_before = null, failures = ?,"
                                + " rewanted_at = null, lease_until = null, lease_owner = null, last_outcome = ?,"
                                + " last_reason = ?, last_finished_at = ?, dead_since = ?" + OURS,
                        failures,
                        outcome,
                        reason,
                        now,
                        now,
                        claim.requestId(),
                        claim.fencing(),
                        now)
                == 1;
    }

    /**
     * A request that is locked and can be claimed.
     *
     * @param id its id
     * @param row its columns, in the order {@link #lockClaimable} reads them
     */
    record Claimable(String id, Sql.Row row) {
        long nextFencing() {
            return row.number(0) + 1;
        }

        SyncSubject subject() {
            return new SyncSubject(
                    new ConnectionName(row.text(1)),
                    row.findText(2).map(ReferralId::new).orElse(null),
                    row.findText(3)
                            .map(kind -> new RecordRef(kind, row.text(4)))
                            .orElse(null));
        }

        /** The claim that {@link #claim} makes of it. */
        Claim claimed(Set<String> probes, Set<String> failing, boolean moreWaits) {
            return new Claim(
                    id,
                    nextFencing(),
                    subject(),
                    Ranks.parse(row.number(5)),
                    (int) row.number(6) + 1,
                    (int) row.number(7),
                    row.text(8),
                    row.textOrNull(9),
                    row.textOrNull(10),
                    row.textOrNull(11),
                    row.flag(12),
                    probes,
                    failing,
                    moreWaits);
        }
    }
}
