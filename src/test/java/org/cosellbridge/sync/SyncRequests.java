package org.cosellbridge.sync;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.cosellbridge.connector.Priority;
import org.cosellbridge.connector.RecordRef;
import org.jspecify.annotations.Nullable;

/** Sync requests by the queue's rules, in memory: many wants of one subject are one request, and a want makes a dead letter due again. */
final class SyncRequests {
    /** After so many failures of its own a request is a dead letter. */
    private static final int MOST_ATTEMPTS = 12;

    private static final Duration LEASE = Duration.ofSeconds(31);
    private static final Duration COLLISION = Duration.ofSeconds(1);

    private final Map<String, Request> requests = new LinkedHashMap<>();

    private enum State {
        WAITING,
        RUNNING,
        DONE,
        DEAD
    }

    /** One request. */
    static final class Request {
        private SyncSubject subject;
        private boolean fromRecord;
        private Priority priority;
        private @Nullable String delivery;
        private State state = State.WAITING;
        private Instant due;
        private @Nullable Instant notBefore;
        private int failures;
        private boolean wantedAgain;
        private int fencing;
        private String reason = "";

        private Request(Want want, Instant now) {
            subject = want.subject();
            fromRecord = want.isFromRecord();
            priority = want.priority();
            delivery = want.deliveryId();
            due = now;
        }

        SyncFixture.Ask ask(int killAfter) {
            return new SyncFixture.Ask(subject, fromRecord, priority, delivery, killAfter);
        }

        List<RecordRef> subjects() {
            return Stream.concat(
                            subject
                                    .findReferral()
                                    .map(referral -> new RecordRef(RecordRef.REFERRAL, referral.value()))
                                    .stream(),
                            subject.findRecord().stream())
                    .toList();
        }

        @Override
        public String toString() {
            return subject.key() + (fromRecord ? " from record" : "") + ", " + priority;
        }
    }

    void want(Want want, Instant now) {
        Request request = requests.get(want.subject().key());
        if (request == null) {
            requests.put(want.subject().key(), new Request(want, now));
            return;
        }
        boolean ended = request.state == State.DONE || request.state == State.DEAD;
        request.priority =
                ended || want.priority().compareTo(request.priority) < 0 ? want.priority() : request.priority;
        request.fromRecord = want.isFromRecord() && (ended || request.fromRecord);
        request.delivery = want.deliveryId();
        RecordRef record = want.subject().record();
        request.subject = new SyncSubject(
                want.subject().connection(),
                request.subject.referral(),
                record == null ? request.subject.record() : record);
        if (request.state == State.RUNNING) {
            request.wantedAgain = true;
            return;
        }
        request.failures = request.state == State.DEAD ? 0 : request.failures;
        Instant notBefore = request.notBefore;
        request.due = notBefore != null && notBefore.isAfter(now)
                ? notBefore
                : request.state == State.WAITING && request.due.isBefore(now) ? request.due : now;
        request.state = State.WAITING;
    }

    /** The request that is due first and can be claimed, those whose lease ran out included. */
    Optional<Request> findDue(Instant now, Predicate<Request> free) {
        return requests.values().stream()
                .filter(request -> request.state == State.WAITING || request.state == State.RUNNING)
                .filter(request -> !request.due.isAfter(now))
                .filter(free)
                .min(Comparator.comparing((Request request) -> request.priority).thenComparing(request -> request.due));
    }

    /** When the next one is due; empty: none waits. */
    Optional<Instant> nextDue() {
        return requests.values().stream()
                .filter(request -> request.state == State.WAITING || request.state == State.RUNNING)
                .map(request -> request.due)
                .min(Comparator.naturalOrder());
    }

    /** An attempt takes the request; the number by which it ends it. */
    int claim(Request request, Instant now) {
        request.state = State.RUNNING;
        request.due = now.plus(LEASE);
        request.wantedAgain = false;
        return ++request.fencing;
    }

    /** The leases of all attempts under way ran out. */
    void loseLeases(Instant now) {
        requests.values().stream()
                .filter(request -> request.state == State.RUNNING)
                .forEach(request -> request.due = now);
    }

    /** Ends an attempt; one whose request was taken over ends nothing. */
    void end(Request request, int fencing, SyncOutcome outcome, boolean refusedHold, Instant now) {
        if (request.fencing != fencing || request.state != State.RUNNING) {
            return;
        }
        request.notBefore = null;
        request.reason = outcome.toString();
        if (outcome instanceof SyncOutcome.Done done) {
            request.failures = 0;
            if (!request.wantedAgain) {
                request.fromRecord = false;
            }
            if (!request.wantedAgain && done.again() == null) {
                request.state = State.DONE;
                return;
            }
            if (!request.wantedAgain) {
                request.priority = Objects.requireNonNull(done.again());
            }
            wait(request, now);
        } else if (outcome instanceof SyncOutcome.NotNow notNow) {
            Instant asked = notNow.notBefore();
            boolean counts = !notNow.systemWide() && !notNow.ownLimit() && !refusedHold;
            request.failures += counts ? 1 : 0;
            if (request.failures >= MOST_ATTEMPTS) {
                request.failures = 0;
                request.state = request.wantedAgain ? State.WAITING : State.DEAD;
                request.due = now;
                return;
            }
            request.notBefore = asked;
            Instant backedOff = now.plus(refusedHold ? COLLISION : Duration.ofSeconds(1L << request.failures));
            wait(request, asked != null && asked.isAfter(backedOff) ? asked : backedOff);
        } else if (outcome instanceof SyncOutcome.NotThisOne && !request.wantedAgain) {
            request.state = State.DEAD;
        } else {
            wait(request, now.plusSeconds(outcome instanceof SyncOutcome.NotThisOne ? 0 : 60));
        }
    }

    private static void wait(Request request, Instant due) {
        request.state = State.WAITING;
        request.due = due;
    }

    /** The subjects that nothing happens to any more without a person, with the reason. */
    List<String> listDead() {
        List<String> dead = new ArrayList<>();
        requests.forEach((key, request) -> {
            if (request.state == State.DEAD) {
                dead.add(key + ": " + request.reason);
            }
        });
        return dead;
    }
}
