package org.cosellbridge.queue;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.regex.Pattern;
import org.cosellbridge.audit.AuditEntry;
import org.cosellbridge.audit.AuditKind;
import org.cosellbridge.audit.AuditTrail;
import org.cosellbridge.connector.ConnectionName;
import org.cosellbridge.connector.Connections;
import org.cosellbridge.connector.Priority;
import org.cosellbridge.sync.SyncOutcome;
import org.cosellbridge.sync.SyncSubject;
import org.cosellbridge.sync.Want;
import org.jspecify.annotations.Nullable;

/**
 * Ends attempts: what the outcome stores, the request's next state, the system's state and the entries are one transaction,
 * conditional on the lease. Thread-safe.
 */
@Singleton
class Endings {
    private static final Pattern VARYING = Pattern.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9]+");
    private static final int LONGEST_REASON = 2000;

    private final Claims claims;
    private final RequestRepository requests;
    private final SystemRepository systems;
    private final Holds holds;
    private final Transactions transactions;
    private final Backoff backoff;
    private final QueueSettings settings;
    private final AuditTrail trail;
    private final Nudges nudges;
    private final Connections connections;
    private final Clock clock;

    @Inject
    Endings(
            Claims claims,
            RequestRepository requests,
            SystemRepository systems,
            Holds holds,
            Transactions transactions,
            Backoff backoff,
            QueueSettings settings,
            AuditTrail trail,
            Nudges nudges,
            Connections connections,
            Clock clock) {
        this.claims = claims;
        this.requests = requests;
        this.systems = systems;
        this.holds = holds;
        this.transactions = transactions;
        this.backoff = backoff;
        this.settings = settings;
        this.trail = trail;
        this.nudges = nudges;
        this.connections = connections;
        this.clock = clock;
    }

    /**
     * Ends the attempt with its outcome. Throws {@link org.cosellbridge.connector.LeaseLostException} and stores nothing when its
     * lease is no longer its own; throws what {@link SyncOutcome.Done#store} throws, and stores nothing then either.
     */
    void end(ClaimedAttempt attempt, SyncOutcome outcome) {
        transactions.runInNew(() -> {
            if (outcome instanceof SyncOutcome.Done done) {
                done(attempt, done);
            } else if (outcome instanceof SyncOutcome.NotNow notNow && notNow.ownLimit()) {
                noCallLeft(attempt, notNow);
            } else if (outcome instanceof SyncOutcome.NotNow notNow && notNow.systemWide()) {
                notNowForAll(attempt, notNow);
            } else if (outcome instanceof SyncOutcome.NotNow notNow) {
                notNow(attempt, notNow);
            } else if (outcome instanceof SyncOutcome.NotWithThisSetup broken) {
                notWithThisSetup(attempt, broken);
            } else if (outcome instanceof SyncOutcome.NotThisOne refused) {
                notThisOne(attempt, refused);
            }
        });
    }

    /** Wants the subject looked at again, for a late finisher that stored nothing. */
    void lookAgain(ClaimedAttempt attempt) {
        Claim claim = attempt.claim();
        transactions.runInNew(() -> {
            requests.want(
                    new Want(claim.subject(), claim.priority(), "late", claim.correlation(), claim.delivery()),
                    clock.instant());
            nudges.afterCommit(claim.connection());
        });
    }

    private void done(ClaimedAttempt attempt, SyncOutcome.Done done) {
        Claim claim = attempt.claim();
        Instant now = clock.instant();
        for (String system : List.of(claim.connection().value(), SystemState.PARTNER_CENTER)) {
            // a skipped referral says nothing about the CRM: nobody called it
            boolean called =
                    system.equals(SystemState.PARTNER_CENTER) || !done.word().equals("skipped");
            if (called && claim.failing().contains(system)) {
                systems.answered(system);
            }
            if (called && claim.probes().contains(system) && systems.resumeAfterProbe(system)) {
                resumed(claim, system);
            }
            if (!called && claim.probes().contains(system)) {
                systems.probeAgain(system, now);
            }
        }
        int held = attempt.held().size();
        if (!requests.done(claim, done.word(), done.again(), now)
                || holds.release(claim.requestId(), claim.fencing()) < held) {
            throw Claims.lost(claim);
        }
        done.store().run();
        if (done.again() != null) {
            nudges.afterCommit(claim.connection());
        }
    }

    private void resumed(Claim claim, String system) {
        trail.append(entry(claim, AuditKind.CONNECTION_RESUMED)
                .connection(system)
                .reason("The set-up works again: a request that tried it went through.")
                .build());
        for (ConnectionName connection : connections.names()) {
            nudges.afterCommit(connection);
        }
    }

    /** Nothing failed, so nothing is told and nothing counts; only those wait for whom no call is left. */
    private void noCallLeft(ClaimedAttempt attempt, SyncOutcome.NotNow outcome) {
        Claim claim = attempt.claim();
        Instant now = clock.instant();
        SystemState state = systems.lock(concerned(claim, outcome.system()));
        Instant asked = outcome.notBefore();
        Instant until = asked != null && asked.isAfter(now) ? asked : now.plus(settings.retryBase());
        if (claim.priority() == Priority.PERSON || claim.priority() == Priority.EVENT) {
            systems.full(state.system(), until);
        } else {
            systems.full(state.system(), Ranks.of(claim.priority()), until, now);
        }
        again(attempt, outcome.word(), outcome.reason(), claim.failures(), now, null, now);
    }

    private void notNowForAll(ClaimedAttempt attempt, SyncOutcome.NotNow outcome) {
        Claim claim = attempt.claim();
        Instant now = clock.instant();
        SystemState state = systems.lock(concerned(claim, outcome.system()));
        Instant asked = outcome.notBefore();
        systems.failed(
                state.system(),
                asked != null && asked.isAfter(now)
                        ? asked
                        : now.plus(backoff.afterSystemFailures(state.failures() + 1)));
        // the system's pause keeps it from running; its own due time stays, so that age and order stay
        again(attempt, outcome.word(), outcome.reason(), claim.failures(), now, null, now);
        tellFailure(claim, outcome.word(), outcome.reason());
    }

    private void notNow(ClaimedAttempt attempt, SyncOutcome.NotNow outcome) {
        Claim claim = attempt.claim();
        Instant now = clock.instant();
        Instant asked = outcome.notBefore();
        if (attempt.holdRefused()) {
            Instant due = now.plus(QueueSettings.COLLISION_DELAY);
            again(attempt, outcome.word(), outcome.reason(), claim.failures(), due, null, now);
            return;
        }
        Instant ignored = claims.renewInTransaction(attempt);
        int failures = claim.failures() + 1;
        boolean exhausted = failures >= settings.maxAttempts();
        boolean wantedAgain = requests.wasWantedAgain(claim);
        if (exhausted && !wantedAgain) {
            String reason = "It failed " + failures + " times, the last time so: " + outcome.reason();
            dead(attempt, outcome.word(), reason, failures, now);
            return;
        }
        // a want makes it due at once, whether it came during the attempt or after it
        Instant due = wantedAgain ? now : now.plus(backoff.afterFailures(failures));
        again(
                attempt,
                outcome.word(),
                outcome.reason(),
                // a want that came meanwhile makes a dead letter due again, with all its attempts before it
                exhausted ? 0 : failures,
                asked != null && asked.isAfter(due) ? asked : due,
                asked,
                now);
        tellFailure(claim, outcome.word(), outcome.reason());
    }

    private void notWithThisSetup(ClaimedAttempt attempt, SyncOutcome.NotWithThisSetup outcome) {
        Claim claim = attempt.claim();
        Instant now = clock.instant();
        SystemState state = systems.lock(concerned(claim, outcome.system()));
        boolean first = systems.pauseForSetup(
                state.system(), cut(outcome.reason()), now, now.plus(QueueSettings.PROBE_INTERVAL));
        again(attempt, outcome.word(), outcome.reason(), claim.failures(), now, null, now);
        if (first) {
            trail.append(entry(claim, AuditKind.CONNECTION_PAUSED)
                    .connection(state.system())
                    .outcome(outcome.word())
                    .reason(cut(outcome.reason()))
                    .build());
        }
    }

    private void notThisOne(ClaimedAttempt attempt, SyncOutcome.NotThisOne outcome) {
        Claim claim = attempt.claim();
        Instant now = clock.instant();
        Instant ignored = claims.renewInTransaction(attempt);
        if (requests.wasWantedAgain(claim)) {
            again(attempt, outcome.word(), outcome.reason(), 0, now, null, now);
            tellFailure(claim, outcome.word(), outcome.reason());
        } else {
            dead(attempt, outcome.word(), outcome.reason(), claim.failures() + 1, now);
        }
    }

    private void again(
            ClaimedAttempt attempt,
            String outcome,
            String reason,
            int failures,
            Instant due,
            @Nullable Instant notBefore,
            Instant now) {
        Claim claim = attempt.claim();
        int held = attempt.held().size();
        if (!requests.waitsAgain(claim, outcome, cut(reason), failures, due, notBefore, now)
                || holds.release(claim.requestId(), claim.fencing()) < held) {
            throw Claims.lost(claim);
        }
    }

    private void dead(ClaimedAttempt attempt, String outcome, String reason, int failures, Instant now) {
        Claim claim = attempt.claim();
        int held = attempt.held().size();
        if (!requests.dead(claim, outcome, cut(reason), failures, now)
                || holds.release(claim.requestId(), claim.fencing()) < held) {
            throw Claims.lost(claim);
        }
        trail.append(entry(claim, AuditKind.DEAD_LETTER_CREATED)
                .outcome(outcome)
                .reason(cut(reason))
                .build());
    }

    /**
     * Tells of a failure when it is the first since the last success, or another than before. Numbers and ids do not make it
     * another, so an outage leaves one entry for each request, not one for each attempt.
     */
    private void tellFailure(Claim claim, String outcome, String reason) {
        boolean told = outcome.equals(claim.lastOutcome())
                && claim.lastReason() != null
                && withoutVarying(cut(reason)).equals(withoutVarying(claim.lastReason()));
        if (!told) {
            trail.append(entry(claim, AuditKind.ATTEMPT_FAILED)
                    .outcome(outcome)
                    .reason(cut(reason))
                    .build());
        }
    }

    private static String withoutVarying(String reason) {
        return VARYING.matcher(reason).replaceAll("#");
    }

    private static AuditEntry.Builder entry(Claim claim, AuditKind kind) {
        SyncSubject subject = claim.subject();
        return AuditEntry.of(kind)
                .connection(claim.connection().value())
                .referral(subject.findReferral().map(Object::toString).orElse(null))
                .record(subject.findRecord().map(Object::toString).orElse(null))
                .correlation(claim.correlation())
                .delivery(claim.delivery())
                .request(claim.requestId(), claim.number());
    }

    /** Whichever name an outcome gives the CRM's side, there are only two systems an attempt can fail on. */
    private static String concerned(Claim claim, String system) {
        return system.equals(SystemState.PARTNER_CENTER)
                ? system
                : claim.connection().value();
    }

    private static String cut(String reason) {
        return reason.length() <= LONGEST_REASON ? reason : reason.substring(0, LONGEST_REASON - 1) + "…";
    }
}
