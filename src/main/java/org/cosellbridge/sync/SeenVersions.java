package org.cosellbridge.sync;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import jakarta.persistence.EntityManager;
import jakarta.persistence.Query;
import jakarta.transaction.Transactional;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.cosellbridge.connector.ConnectionName;
import org.cosellbridge.connector.RecordRef;

/**
 * The last version of each record that needs no look any more: our own write made it, or an attempt has seen it. So a change that
 * the CRM tells with this very version is an echo. Versions are opaque: another one, older or newer, always deserves a look.
 */
@Singleton
@Transactional
class SeenVersions {
    /** How often a note is tried while another transaction stores the same new row, and how long it waits between two tries. */
    private static final int TRIES = 200;

    private static final Duration BETWEEN_TRIES = Duration.ofMillis(10);

    private final EntityManager entities;

    @Inject
    SeenVersions(EntityManager entities) {
        this.entities = entities;
    }

    /** Notes that this version of the record needs no look; it replaces the one noted before. Joins a transaction. */
    void note(ConnectionName connection, RecordRef record, String version) {
        // Somebody else may just be storing the first note of the same record. PostgreSQL waits for their commit. H2
        // does not: their row may show a moment later, or never, if they roll back.
        for (int tries = 0; tries < TRIES; tries++) {
            if (update(connection, record, version) || insert(connection, record, version)) {
                return;
            }
            LockSupport.parkNanos(BETWEEN_TRIES.toNanos());
        }
        throw new IllegalStateException("The version of " + record + " could not be noted.");
    }

    private boolean update(ConnectionName connection, RecordRef record, String version) {
        return entities.createNativeQuery(
                                "update sync_seen set version = ?1 where connection = ?2 and record_kind = ?3 and record_id = ?4")
                        .setParameter(1, version)
                        .setParameter(2, connection.value())
                        .setParameter(3, record.kind())
                        .setParameter(4, record.id())
                        .executeUpdate()
                == 1;
    }

    private boolean insert(ConnectionName connection, RecordRef record, String version) {
        return entities.createNativeQuery(
                                "insert into sync_seen (connection, record_kind, record_id, version) values (?1, ?2, ?3, ?4) on conflict do nothing")
                        .setParameter(1, connection.value())
                        .setParameter(2, record.kind())
                        .setParameter(3, record.id())
                        .setParameter(4, version)
                        .executeUpdate()
                == 1;
    }

    /** Whether this very version of the record is the one noted last; never for an empty version. */
    boolean isSeen(ConnectionName connection, RecordRef record, String version) {
        return !version.isEmpty()
                && version.equals(listVersions(connection, record.kind(), List.of(record.id()))
                        .get(record.id()));
    }

    /** Whether any version of this record was ever noted. */
    boolean isKnown(ConnectionName connection, RecordRef record) {
        return listVersions(connection, record.kind(), List.of(record.id())).containsKey(record.id());
    }

    /** The noted versions of these records of one kind, by id; one that was never noted is left out. */
    Map<String, String> listVersions(ConnectionName connection, String kind, Collection<String> ids) {
        if (ids.isEmpty()) {
            return Map.of();
        }
        List<String> asked = List.copyOf(ids);
        Query query = entities.createNativeQuery(
                        "select record_id, version from sync_seen where connection = ?1 and record_kind = ?2 and record_id in "
                                + marks(3, asked.size()))
                .setParameter(1, connection.value())
                .setParameter(2, kind);
        for (int i = 0; i < asked.size(); i++) {
            query.setParameter(i + 3, asked.get(i));
        }
        List<?> rows = query.getResultList();
        Map<String, String> versions = new HashMap<>();
        rows.forEach(row -> versions.put((String) ((Object[]) row)[0], (String) ((Object[]) row)[1]));
        return versions;
    }

    /** A list of numbered marks in brackets, for the {@code in} of a native statement. */
    static String marks(int first, int count) {
        return IntStream.range(first, first + count).mapToObj(i -> "?" + i).collect(Collectors.joining(", ", "(", ")"));
    }
}
