package org.cosellbridge.sync;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import org.cosellbridge.audit.AuditEntry;
import org.cosellbridge.audit.AuditKind;
import org.cosellbridge.connector.CallContext;
import org.cosellbridge.connector.Changes;
import org.cosellbridge.connector.ConnectorException;
import org.cosellbridge.connector.DetectsChanges;
import org.cosellbridge.connector.LeaseLostException;
import org.cosellbridge.connector.Priority;
import org.cosellbridge.connector.RecordChange;
import org.cosellbridge.connector.RecordRef;
import org.cosellbridge.connector.RetryableException;
import org.cosellbridge.connector.SyncTokenExpiredException;
import org.cosellbridge.platform.BareTrace;
import org.jspecify.annotations.Nullable;

/** One walk of one change feed, from its lease to its token. Used once, by one thread. */
final class RecordFeedWalk {
    /** Changes that are stored together. A larger page is stored in several transactions, so that none holds its locks for long. */
    static final int SLICE = 500;

    private static final String CAUSE = "poll";
    private static final Logger LOG = Logger.getLogger(RecordFeedWalk.class.getName());

    private final RecordFeed rooms;
    private final DetectsChanges system;
    private final String mapping;
    private final RecordFeedShape shape;
    private final SyncTokenRepository.State state;
    private final RecordFeedName feed;
    private final String correlation;
    private SyncTokenRepository.@Nullable Lease lease;
    private long listed;
    private long wanted;

    /** {@code mapping} is the label of the mapping document; {@code state} is what made the feed due. */
    RecordFeedWalk(
            RecordFeed rooms,
            DetectsChanges system,
            String mapping,
            RecordFeedShape shape,
            SyncTokenRepository.State state) {
        this.rooms = rooms;
        this.system = system;
        this.mapping = mapping;
        this.shape = shape;
        this.state = state;
        this.feed = state.feed();
        this.correlation = rooms.ids.next().toString();
    }

    RecordFeedName feed() {
        return feed;
    }

    /** When the walk before ended. */
    Instant lastEnded() {
        Instant ended = state.endedAt();
        return ended == null ? Instant.EPOCH : ended;
    }

    /** Walks, unless another node took the lease. Failures end here; an error is none and leaves the lease to run out. */
    void run() {
        try {
            lease = rooms.transactions
                    .inNew(() -> rooms.tokens.claim(state, rooms.clock.instant(), RecordFeed.LEASE))
                    .orElse(null);
            if (lease != null) {
                walk();
                tellEnd();
            }
        } catch (LeaseLostException late) {
            LOG.info(() ->
                    "The walk of the feed " + feed + " came too late and stores nothing more. " + late.getMessage());
        } catch (CancellationException stopping) {
            LOG.log(Level.FINE, stopping, () -> "The walk of the feed " + feed + " breaks off.");
            end(held -> rooms.tokens.release(held));
        } catch (ConnectorException failed) {
            failed(failed);
        } catch (RuntimeException unexpected) {
            if (rooms.isNews(feed, unexpected)) {
                LOG.log(
                        Level.SEVERE,
                        BareTrace.of(unexpected),
                        () -> "The walk of the feed " + feed + " failed (" + correlation + "); it is repeated.");
            }
            fail("It failed unexpectedly; the log tells where, under " + correlation + ".", null);
        }
    }

    private void walk() {
        Optional<SyncTokenRepository.Token> kept = rooms.tokens.findToken(feed);
        if (kept.isEmpty()) {
            fromBeginning(null);
        } else if (!kept.orElseThrow().givenFor().equals(shape.givenFor())) {
            fromBeginning("The sync token was given for another environment, table or list of fields.");
        } else {
            try {
                pages(kept.orElseThrow().value(), false);
            } catch (SyncTokenExpiredException expired) {
                fromBeginning(String.valueOf(expired.getMessage()));
            }
        }
    }

    /** Lists everything once. {@code why} says what became of the token; null: there never was one. */
    private void fromBeginning(@Nullable String why) {
        store(() -> {
            rooms.tokens.begin(lease());
            if (why != null) {
                rooms.trail.append(AuditEntry.of(AuditKind.FEED_RESTARTED)
                        .connection(feed.connection().value())
                        .correlation(correlation)
                        .outcome("restarted")
                        .reason(why + " Every record of the kind " + feed.kind() + " is compared once.")
                        .mapping(mapping)
                        .build());
            }
        });
        missed(pages(null, true));
        LOG.info(() -> "The feed " + feed + " was walked from the beginning: " + listed + " records, " + wanted
                + " of them wanted.");
    }

    /** Walks all pages and answers the token; a walk that goes on from a token keeps it together with the last changes. */
    private String pages(@Nullable String from, boolean full) {
        CallContext call = new CallContext(correlation, full ? Priority.SWEEP : Priority.EVENT, this::leaveForOneCall);
        String cursor = from;
        while (true) {
            if (rooms.isStopped()) {
                throw new CancellationException("The server stops.");
            }
            Changes page = system.listChanges(call, shape.shape(), cursor);
            String next = page.next();
            String token = next == null ? Objects.requireNonNull(page.token(), "the last page has a token") : null;
            listed += page.items().size();
            List<RecordChange> left = page.items();
            while (left.size() > SLICE) {
                List<RecordChange> slice = left.subList(0, SLICE);
                store(() -> want(slice, full));
                left = left.subList(SLICE, left.size());
            }
            List<RecordChange> last = left;
            store(() -> {
                want(last, full);
                if (token != null && !full) {
                    keep(token);
                }
            });
            if (token != null) {
                return token;
            }
            if (Objects.equals(next, cursor)) {
                throw new IllegalStateException("The feed leads from a page to the same page.");
            }
            cursor = next;
        }
    }

    /** Wants the links whose record was not listed: it was deleted while nobody listened. Then keeps the token. */
    private void missed(String token) {
        String after = "";
        while (true) {
            String from = after;
            List<SyncTokenRepository.Missed> missed = new ArrayList<>();
            store(() -> {
                missed.addAll(rooms.tokens.listMissed(feed, from, SLICE));
                missed.forEach(one -> want(one.record(), Priority.SWEEP));
                if (missed.size() < SLICE) {
                    keep(token);
                }
            });
            if (missed.size() < SLICE) {
                return;
            }
            after = missed.get(missed.size() - 1).link();
        }
    }

    private void want(List<RecordChange> changes, boolean full) {
        Set<String> ids = changes.stream().map(change -> change.ref().id()).collect(Collectors.toUnmodifiableSet());
        Set<String> linked = rooms.links.listLinked(feed.connection(), feed.kind(), ids);
        Set<RecordRef> origins = linkedOrigins(changes);
        Map<String, String> seen = full ? Map.of() : rooms.seen.listVersions(feed.connection(), feed.kind(), ids);
        for (RecordChange change : changes) {
            boolean known = linked.contains(change.ref().id());
            boolean concerned = known
                    || (!change.deleted()
                            && (shape.saysSo(change.values())
                                    || shape.origins(change.values()).stream().anyMatch(origins::contains)));
            boolean echo = !change.deleted()
                    && !change.version().isEmpty()
                    && change.version().equals(seen.get(change.ref().id()));
            if (concerned && !echo) {
                want(change.ref(), full ? Priority.SWEEP : Priority.EVENT);
            }
        }
        if (full) {
            rooms.tokens.meet(feed, linked);
        }
    }

    private Set<RecordRef> linkedOrigins(List<RecordChange> changes) {
        Map<String, Set<String>> byKind = changes.stream()
                .filter(change -> !change.deleted())
                .map(change -> shape.origins(change.values()))
                .flatMap(Collection::stream)
                .collect(Collectors.groupingBy(
                        RecordRef::kind, Collectors.mapping(RecordRef::id, Collectors.toUnmodifiableSet())));
        Set<RecordRef> linked = new HashSet<>();
        byKind.forEach((kind, ids) -> rooms.links
                .listLinked(feed.connection(), kind, ids)
                .forEach(id -> linked.add(new RecordRef(kind, id))));
        return linked;
    }

    private void want(RecordRef record, Priority priority) {
        wanted++;
        rooms.wants.want(
                feed.connection(), record, priority, CAUSE, rooms.ids.next().toString(), null);
    }

    private void keep(String token) {
        rooms.tokens.keep(lease(), new SyncTokenRepository.Token(token, shape.givenFor()), rooms.clock.instant());
    }

    private SyncTokenRepository.Lease lease() {
        return Objects.requireNonNull(lease, "only who has the lease walks");
    }

    /** One transaction that is valid only while the lease is ours. */
    private void store(Runnable work) {
        Boolean ignored = rooms.transactions.inNew(() -> {
            if (!rooms.tokens.renew(lease(), rooms.clock.instant(), RecordFeed.LEASE)) {
                throw new LeaseLostException("The lease on the feed " + feed + " is lost.");
            }
            work.run();
            return true;
        });
    }

    private Duration leaveForOneCall() {
        store(() -> {});
        return CallContext.LONGEST_CALL;
    }

    private void tellEnd() {
        LOG.fine(() -> "The feed " + feed + " was walked: " + listed + " changes, " + wanted + " wanted.");
        if (rooms.worksAgain(feed)) {
            LOG.info(() -> "The feed " + feed + " can be walked again.");
        }
    }

    private void failed(ConnectorException failure) {
        String sentence = String.valueOf(failure.getMessage());
        boolean passes = failure instanceof RetryableException;
        if (rooms.isNews(feed, failure)) {
            LOG.log(
                    passes ? Level.INFO : Level.WARNING,
                    () -> "The feed " + feed + " cannot be walked now and is tried again. " + sentence);
        }
        fail(
                sentence,
                failure instanceof RetryableException retryable
                        ? retryable.notBefore().orElse(null)
                        : null);
    }

    private void fail(String sentence, @Nullable Instant notBefore) {
        end(held -> rooms.tokens.fail(held, sentence, notBefore, rooms.clock.instant()));
    }

    private void end(Consumer<SyncTokenRepository.Lease> how) {
        SyncTokenRepository.Lease held = lease;
        if (held == null) {
            return;
        }
        try {
            Boolean ignored = rooms.transactions.inNew(() -> {
                how.accept(held);
                return true;
            });
        } catch (RuntimeException databaseAway) {
            LOG.log(
                    Level.WARNING,
                    BareTrace.of(databaseAway),
                    () -> "The end of the walk of the feed " + feed
                            + " could not be stored; its lease runs out by itself.");
        }
    }
}
