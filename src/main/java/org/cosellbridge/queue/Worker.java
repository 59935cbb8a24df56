package org.cosellbridge.queue;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.cosellbridge.connector.ConnectionName;
import org.cosellbridge.connector.Connections;
import org.cosellbridge.connector.LeaseLostException;
import org.cosellbridge.platform.BareTrace;
import org.cosellbridge.sync.RunsAttempts;
import org.cosellbridge.sync.SyncOutcome;

/**
 * Runs what is due, one attempt after the other, in the thread that calls it and outside any transaction. Whatever happens, the
 * request stays in its table: at worst its lease runs out and another worker takes it over. Thread-safe.
 */
@Singleton
class Worker {
    private static final Logger LOG = Logger.getLogger(Worker.class.getName());

    /** After so many attempts, or so long a time, a worker gives its thread back and nudges. */
    private static final int MOST_ATTEMPTS = 200;

    private static final Duration LONGEST_RUN = Duration.ofSeconds(30);

    private final Claims claims;
    private final Endings endings;
    private final RunsAttempts runs;
    private final Nudges nudges;
    private final Connections connections;
    private final Clock clock;

    @Inject
    Worker(Claims claims, Endings endings, RunsAttempts runs, Nudges nudges, Connections connections, Clock clock) {
        this.claims = claims;
        this.endings = endings;
        this.runs = runs;
        this.nudges = nudges;
        this.connections = connections;
        this.clock = clock;
    }

    /** Runs what is due on the connection until nothing can be claimed, or enough was done for one thread. */
    void drain(ConnectionName connection) {
        if (!connections.names().contains(connection)) {
            LOG.warning(() -> "A nudge names " + connection + ", which is not configured; its requests wait.");
            return;
        }
        Instant end = clock.instant().plus(LONGEST_RUN);
        for (int done = 0; done < MOST_ATTEMPTS && clock.instant().isBefore(end); done++) {
            Optional<ClaimedAttempt> attempt = claims.claimNext(connection);
            if (attempt.isEmpty()) {
                return;
            }
            if (attempt.get().claim().moreWaits()) {
                // one worker wakes the next, until as many run as may
                nudges.now(connection);
            }
            perform(attempt.get());
        }
        nudges.now(connection);
    }

    private void perform(ClaimedAttempt attempt) {
        Instant start = clock.instant();
        try {
            SyncOutcome outcome = outcome(attempt);
            endings.end(attempt, outcome);
            tell(attempt, outcome, start);
        } catch (LeaseLostException lost) {
            LOG.info(() -> lost.getMessage() + " Nothing was stored, it will be looked at again.");
            lookAgain(attempt);
        } catch (RuntimeException | Error notStored) {
            endUnexpected(attempt, notStored);
        }
    }

    private SyncOutcome outcome(ClaimedAttempt attempt) {
        try {
            return runs.run(attempt);
        } catch (LeaseLostException lost) {
            throw lost;
        } catch (RuntimeException | Error unexpected) {
            return unexpected(attempt, unexpected);
        }
    }

    private void endUnexpected(ClaimedAttempt attempt, Throwable failure) {
        try {
            SyncOutcome outcome = unexpected(attempt, failure);
            Instant start = clock.instant();
            endings.end(attempt, outcome);
            tell(attempt, outcome, start);
        } catch (LeaseLostException lost) {
            lookAgain(attempt);
        } catch (RuntimeException | Error databaseAway) {
            log(attempt, "could not be ended; its lease runs out and it is run again", databaseAway);
        }
    }

    private void lookAgain(ClaimedAttempt attempt) {
        try {
            endings.lookAgain(attempt);
        } catch (RuntimeException | Error databaseAway) {
            log(
                    attempt,
                    "lost its lease and could not say so; whoever has it, or takes it over, runs it",
                    databaseAway);
        }
    }

    private static SyncOutcome unexpected(ClaimedAttempt attempt, Throwable failure) {
        log(attempt, "failed unexpectedly", failure);
        return new SyncOutcome.NotNow(
                attempt.claim().connection().value(),
                false,
                null,
                "The attempt failed unexpectedly (" + failure.getClass().getSimpleName()
                        + "). The log tells more under its correlation id.");
    }

    /** One line for each attempt, for whoever watches the product: ids and the outcome, never a value or a reason. */
    private void tell(ClaimedAttempt attempt, SyncOutcome outcome, Instant start) {
        Claim claim = attempt.claim();
        LOG.info(() -> "Attempt " + claim.number() + " of sync request " + claim.requestId() + ": connection "
                + claim.connection()
                + claim.subject()
                        .findReferral()
                        .map(referral -> ", referral " + referral)
                        .orElse("")
                + claim.subject().findRecord().map(record -> ", " + record).orElse("") + ", outcome "
                + outcome.word() + ", "
                + Duration.between(start, clock.instant()).toMillis() + " ms. Correlation "
                + claim.correlation() + ".");
    }

    private static void log(ClaimedAttempt attempt, String what, Throwable failure) {
        Claim claim = attempt.claim();
        LOG.log(
                Level.SEVERE,
                BareTrace.of(failure),
                () -> "Attempt " + claim.number() + " of sync request " + claim.requestId() + " " + what
                        + ". Correlation " + claim.correlation() + ".");
    }
}
