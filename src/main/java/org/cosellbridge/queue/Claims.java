package org.cosellbridge.queue;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.cosellbridge.connector.ConnectionName;
import org.cosellbridge.connector.Connections;
import org.cosellbridge.connector.LeaseLostException;
import org.cosellbridge.connector.RecordRef;
import org.cosellbridge.sync.SyncSubject;

/**
 * Gives due requests to attempts and keeps them theirs. A claim takes a lease of {@link QueueSettings#LEASE} and raises the
 * request's fencing number; it holds referral and record. Every method is one short transaction of its own. Thread-safe.
 *
 * <p>Claims of one connection take turns at its {@link SystemState}, on all nodes, so that {@code max-concurrent} is never exceeded.
 */
@Singleton
class Claims {
    /** How many requests a claim looks at before it gives up because other attempts hold their referrals and records. */
    private static final int CANDIDATES = 50;

    private final RequestRepository requests;
    private final SystemRepository systems;
    private final Holds holds;
    private final Transactions transactions;
    private final Connections connections;
    private final NodeId node;
    private final Clock clock;

    @Inject
    Claims(
            RequestRepository requests,
            SystemRepository systems,
            Holds holds,
            Transactions transactions,
            Connections connections,
            NodeId node,
            Clock clock) {
        this.requests = requests;
        this.systems = systems;
        this.holds = holds;
        this.transactions = transactions;
        this.connections = connections;
        this.node = node;
        this.clock = clock;
    }

    /**
     * Claims the next due request of the connection, by priority, then age. Empty when nothing is due, as many run as may, the
     * connection or Partner Center is paused or waits, or all that is due concerns what other attempts hold.
     */
    Optional<ClaimedAttempt> claimNext(ConnectionName connection) {
        return transactions.inNew(() -> {
            Instant now = clock.instant();
            return requests.anyDue(connection, now) ? claimInTurn(connection) : Optional.empty();
        });
    }

    private Optional<ClaimedAttempt> claimInTurn(ConnectionName connection) {
        SystemState ours = systems.lock(connection.value());
        SystemState shared = systems.state(SystemState.PARTNER_CENTER);
        // read after the lock: the turn may have taken a while
        Instant now = clock.instant();
        long free = connections.settings(connection).maxConcurrent() - requests.countRunning(connection, now);
        if (free <= 0 || !ours.letsThrough(now) || !shared.letsThrough(now)) {
            return Optional.empty();
        }
        Set<String> probes = new LinkedHashSet<>();
        // Partner Center first: another connection may be faster there, ours is locked
        for (SystemState state : List.of(shared, ours)) {
            if (state.paused()) {
                if (!systems.takeProbe(state.system(), now, now.plus(QueueSettings.PROBE_INTERVAL))) {
                    return Optional.empty();
                }
                probes.add(state.system());
            }
        }
        Set<String> failing = new LinkedHashSet<>();
        for (SystemState state : List.of(ours, shared)) {
            if (state.failures() > 0) {
                failing.add(state.system());
            }
        }
        int lastRank = Math.min(ours.lastRank(now), shared.lastRank(now));
        // a probe is made by whoever was tried least: one that meets a broken set-up alone must not keep the others
        // waiting
        List<String> candidates = probes.isEmpty()
                ? requests.listClaimable(connection, lastRank, now, CANDIDATES)
                : requests.listLeastTried(connection, lastRank, now, CANDIDATES);
        boolean moreWaits = candidates.size() > 1 && free > 1 && probes.isEmpty();
        for (String candidate : candidates) {
            Optional<ClaimedAttempt> claimed = requests.lockClaimable(candidate, now)
                    .flatMap(request -> claim(request, probes, failing, moreWaits, now));
            if (claimed.isPresent()) {
                return claimed;
            }
        }
        return Optional.empty();
    }

    private Optional<ClaimedAttempt> claim(
            RequestRepository.Claimable request,
            Set<String> probes,
            Set<String> failing,
            boolean moreWaits,
            Instant now) {
        Claim claim = request.claimed(probes, failing, moreWaits);
        Instant leaseUntil = now.plus(QueueSettings.LEASE);
        holds.releaseAll(request.id());
        Set<String> subjects = subjects(claim.subject());
        for (String subject : subjects) {
            if (!holds.take(claim.connection(), subject, request.id(), claim.fencing(), now, leaseUntil)) {
                holds.releaseAll(request.id());
                return Optional.empty();
            }
        }
        requests.claim(request, node.value(), leaseUntil);
        return Optional.of(new ClaimedAttempt(claim, subjects, this));
    }

    private static Set<String> subjects(SyncSubject subject) {
        Set<String> subjects = new LinkedHashSet<>();
        subject.findReferral()
                .ifPresent(referral -> subjects.add(new RecordRef(RecordRef.REFERRAL, referral.value()).toString()));
        subject.findRecord().ifPresent(record -> subjects.add(record.toString()));
        return subjects;
    }

    /** Renews the lease to its full length. Throws {@link LeaseLostException} when it is no longer the attempt's. */
    void renew(ClaimedAttempt attempt) {
        transactions.runInNew(() -> renewInTransaction(attempt));
    }

    /** Makes the attempt hold a subject; false when another attempt has it. Throws {@link LeaseLostException}. */
    boolean hold(ClaimedAttempt attempt, String subject) {
        return transactions.inNew(() -> {
            Instant leaseUntil = renewInTransaction(attempt);
            Claim claim = attempt.claim();
            return holds.take(
                    claim.connection(), subject, claim.requestId(), claim.fencing(), clock.instant(), leaseUntil);
        });
    }

    /** Runs the work in a transaction that the attempt's lease covers. Throws {@link LeaseLostException} and stores nothing without it. */
    void store(ClaimedAttempt attempt, Runnable work) {
        transactions.runInNew(() -> {
            Instant ignored = renewInTransaction(attempt);
            work.run();
        });
    }

    /**
     * Renews in the caller's transaction. The request stays locked until that ends, so nobody claims it meanwhile, and so do the
     * holds, so nobody takes them over.
     */
    Instant renewInTransaction(ClaimedAttempt attempt) {
        Claim claim = attempt.claim();
        int held = attempt.held().size();
        Instant now = clock.instant();
        Instant leaseUntil = now.plus(QueueSettings.LEASE);
        if (!requests.renew(claim, now, leaseUntil)
                || holds.renew(claim.requestId(), claim.fencing(), leaseUntil) < held) {
            throw lost(claim);
        }
        return leaseUntil;
    }

    /** What a late finisher meets. */
    static LeaseLostException lost(Claim claim) {
        return new LeaseLostException(
                "The lease of sync request " + claim.requestId() + " ran out during attempt " + claim.number() + ".");
    }
}
