package org.cosellbridge.sync;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import jakarta.json.JsonValue;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.cosellbridge.audit.AuditEntry;
import org.cosellbridge.audit.AuditKind;
import org.cosellbridge.audit.AuditTrail;
import org.cosellbridge.audit.FieldChange;
import org.cosellbridge.connector.ConnectionName;
import org.cosellbridge.connector.ConnectorException;
import org.cosellbridge.connector.LeaseLostException;
import org.cosellbridge.connector.ReadsRecords;
import org.cosellbridge.connector.RecordShape;
import org.cosellbridge.connector.RemoteRecord;
import org.cosellbridge.connector.RetryableException;
import org.cosellbridge.connector.WritesRecords;
import org.cosellbridge.mapping.FieldMapping;
import org.cosellbridge.mapping.MappingDocument;
import org.cosellbridge.mapping.Occasion;
import org.cosellbridge.mapping.RelatedMapping;
import org.cosellbridge.platform.SecretBox;
import org.cosellbridge.referral.Direction;
import org.cosellbridge.referral.Referral;

/**
 * Finds or creates the accounts and contacts a new record points to, each under its own lock, so that two referrals of one new
 * customer make one. What exists is never changed: Partner Center rewrites customer names after matching.
 */
@Singleton
class RelatedRecords {
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final Duration PAUSE = Duration.ofMillis(50);
    private static final String PURPOSE = "match key";
    private final MatchLocks locks;
    private final AuditTrail trail;
    private final SecretBox box;

    @Inject
    RelatedRecords(MatchLocks locks, AuditTrail trail, SecretBox box) {
        this.locks = locks;
        this.trail = trail;
        this.box = box;
    }

    /** One search: what it needs to know of the attempt. */
    record Search(
            ConnectionName connection,
            Attempt attempt,
            Referral referral,
            ReadsRecords reads,
            WritesRecords writes,
            Function<AuditKind, AuditEntry.Builder> entries,
            String label) {}

    /** The ids for the reference fields of the document's records, by CRM field. */
    Map<String, JsonValue> references(MappingDocument document, Search search) {
        Map<String, String> ids = new LinkedHashMap<>();
        Map<String, JsonValue> references = new LinkedHashMap<>();
        for (RelatedMapping related : document.related()) {
            if (related.isReadOnly()) {
                continue;
            }
            Optional<String> id = findOrCreate(related, ids, search);
            if (id.isEmpty() && related.required()) {
                throw new AttemptEndedException(new SyncOutcome.NotThisOne("A new " + document.record()
                        + " needs the " + related.name() + " of the referral, but the referral does not name one."
                        + " Complete it at Partner Center, or make it optional in " + document.label() + "."));
            }
            id.ifPresent(value -> {
                ids.put(related.name(), value);
                related.references()
                        .forEach(field -> document.findField(field)
                                .filter(mapping -> mapping.travels(Direction.TO_CRM, Occasion.CREATE))
                                .ifPresent(mapping ->
                                        references.put(mapping.crm().name(), StoredJson.JSON.createValue(value))));
            });
        }
        return references;
    }

    private Optional<String> findOrCreate(RelatedMapping related, Map<String, String> ids, Search search) {
        Optional<String> matchKey = related.matchKey(search.referral().view());
        if (matchKey.isEmpty()) {
            return Optional.empty();
        }
        Map<String, JsonValue> parents = new LinkedHashMap<>();
        related.parents().forEach((field, parent) -> {
            String id = ids.get(parent);
            if (id != null) {
                related.findField(field)
                        .ifPresent(mapping -> parents.put(mapping.crm().name(), StoredJson.JSON.createValue(id)));
            }
        });
        MatchLocks.Key key = new MatchLocks.Key(
                search.connection(),
                related.name(),
                HexFormat.of().formatHex(box.fingerprint(PURPOSE, matchKey.orElseThrow() + new TreeMap<>(parents))));
        String holder = search.attempt().requestId();
        MatchLocks.Lock lock = take(key, holder, search);
        boolean released = false;
        try {
            Found found = findOrCreate(related, parents, key, lock, search);
            search.attempt().store(() -> {
                locks.release(key, holder, found.id());
                if (found.entry()) {
                    trail.append(entry(related, parents, found, search));
                }
            });
            released = true;
            return Optional.of(found.id());
        } catch (RuntimeException failed) {
            // others wait for the lock; after a lost lease nothing may be stored and the lock runs out by itself
            if (!released && !(failed instanceof LeaseLostException)) {
                search.attempt().store(() -> locks.release(key, holder));
            }
            throw failed;
        }
    }

    /** Waits a moment for whoever creates it: they are quick. */
    private MatchLocks.Lock take(MatchLocks.Key key, String holder, Search search) {
        String intended = UUID.nameUUIDFromBytes(
                        (key.connection() + "/" + key.kind() + "/" + key.hash()).getBytes(StandardCharsets.UTF_8))
                .toString();
        long until = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            MatchLocks.Lock[] taken = new MatchLocks.Lock[1];
            search.attempt().store(() -> locks.take(key, holder, intended).ifPresent(lock -> taken[0] = lock));
            if (taken[0] != null) {
                return taken[0];
            }
            if (System.nanoTime() > until || Thread.currentThread().isInterrupted()) {
                throw new AttemptEndedException(new SyncOutcome.NotNow(
                        search.connection().value(),
                        false,
                        null,
                        "Another attempt is just looking for the same " + key.kind() + "."));
            }
            LockSupport.parkNanos(PAUSE.toNanos());
        }
    }

    private Found findOrCreate(
            RelatedMapping related,
            Map<String, JsonValue> parents,
            MatchLocks.Key key,
            MatchLocks.Lock lock,
            Search search) {
        RecordShape shape = Shapes.of(related);
        Map<String, JsonValue> match = new LinkedHashMap<>(parents);
        related.match(search.referral().view())
                .forEach(name -> related.findField(name)
                        .ifPresent(mapping -> match.put(
                                mapping.crm().name(),
                                mapping.toCrm(search.referral().view()))));
        List<RemoteRecord> hits = search.reads().listMatching(search.attempt().call(), shape, match, 2);
        if (hits.size() > 1) {
            throw new AttemptEndedException(new SyncOutcome.NotThisOne("Two records match the " + related.name()
                    + " of the referral: " + hits.get(0).ref() + " and "
                    + hits.get(1).ref() + ". Merge them, or change one so that only the right one matches."));
        }
        Map<String, JsonValue> values = new LinkedHashMap<>(parents);
        for (FieldMapping mapping : related.fields()) {
            if (mapping.related().isEmpty() && mapping.travels(Direction.TO_CRM, Occasion.CREATE)) {
                JsonValue value = mapping.toCrm(search.referral().view());
                if (!Merge.isEmpty(value)) {
                    values.put(mapping.crm().name(), value);
                }
            }
        }
        boolean takesIds = search.writes().takesIds();
        // where the CRM chooses the ids: nothing matched when an attempt before began to create it, and no answer came
        boolean begun = !takesIds && lock.recordId().equals(lock.intendedId());
        if (hits.size() == 1) {
            RemoteRecord hit = hits.get(0);
            // ours from an attempt that ended before it could say so
            boolean ours = takesIds
                    ? lock.recordId().isEmpty() && hit.ref().id().equalsIgnoreCase(lock.intendedId())
                    : begun && holds(related, hit, values);
            return new Found(hit.ref().id(), ours, Merge.CONFIRMED);
        }
        if (!lock.recordId().isEmpty()
                && !begun
                && search.reads()
                        .findRecord(search.attempt().call(), shape, lock.recordId())
                        .isPresent()) {
            return new Found(lock.recordId(), false, "");
        }
        return create(shape, values, key, lock, search)
                .map(created -> new Found(created.ref().id(), true, "created"))
                // the id exists: an earlier answer was lost, and the match fields were changed since
                .orElseGet(() -> new Found(lock.intendedId(), lock.recordId().isEmpty(), Merge.CONFIRMED));
    }

    private Optional<RemoteRecord> create(
            RecordShape shape, Map<String, JsonValue> values, MatchLocks.Key key, MatchLocks.Lock lock, Search search) {
        Attempt attempt = search.attempt();
        boolean takesIds = search.writes().takesIds();
        if (!takesIds) {
            attempt.store(() -> locks.note(key, attempt.requestId(), lock.intendedId()));
        }
        try {
            return search.writes().createRecord(attempt.call(), shape, null, lock.intendedId(), values);
        } catch (ConnectorException failed) {
            boolean perhaps = failed instanceof RetryableException lost && !lost.isOwnLimit();
            if (!takesIds && !perhaps) {
                attempt.store(() -> locks.note(key, attempt.requestId(), ""));
            }
            throw failed;
        }
    }

    /** Whether the record holds all that a new one gets. */
    private static boolean holds(RelatedMapping related, RemoteRecord record, Map<String, JsonValue> values) {
        return related.fields().stream().allMatch(mapping -> {
            JsonValue value = values.get(mapping.crm().name());
            return value == null || mapping.sameInCrm(mapping.fromRecord(record.values()), value);
        });
    }

    private static AuditEntry entry(
            RelatedMapping related, Map<String, JsonValue> parents, Found found, Search search) {
        AuditEntry.Builder entry = search.entries()
                .apply(AuditKind.RELATED_CREATED)
                .record(related.name() + "/" + found.id())
                .outcome("created")
                .mapping(search.label());
        if (found.rule().equals(Merge.CONFIRMED)) {
            entry.reason("It was created before a restart or a lost answer and is found again.");
        }
        for (FieldMapping mapping : related.fields()) {
            JsonValue reference = parents.get(mapping.crm().name());
            JsonValue value = reference != null
                    ? reference
                    : mapping.related().isPresent() || !mapping.travels(Direction.TO_CRM, Occasion.CREATE)
                            ? JsonValue.NULL
                            : mapping.toCrm(search.referral().view());
            if (!Merge.isEmpty(value)) {
                entry.change(new FieldChange(
                        mapping.name(),
                        mapping.crm().name(),
                        Direction.TO_CRM,
                        null,
                        reference != null
                                ? null
                                : mapping.fromReferral(search.referral().view()),
                        JsonValue.NULL,
                        value,
                        found.rule(),
                        null,
                        Comparison.subject(mapping, search.referral())));
            }
        }
        return entry.build();
    }

    /** The related record; {@code entry}: its creation is still to be told. */
    private record Found(String id, boolean entry, String rule) {}
}
