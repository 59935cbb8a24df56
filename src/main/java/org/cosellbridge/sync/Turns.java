package org.cosellbridge.sync;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import jakarta.persistence.EntityManager;
import jakarta.transaction.Transactional;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.cosellbridge.referral.Direction;

/**
 * Remembers which way each field of a link was written, so that two sides that keep overwriting each other with successful writes
 * are noticed; {@link TurnHistory} says when that is so. What a person decided or asked for is no turn: whoever writes it does not
 * call {@link #note}. Every method joins a transaction; an attempt is the only one at work on its link.
 */
@Singleton
@Transactional
class Turns {
    private final EntityManager entities;

    @Inject
    Turns(EntityManager entities) {
        this.entities = entities;
    }

    /**
     * Notes a successful write of these fields, in the transaction that stores its result. Told twice of one write, after a restart,
     * it counts it once.
     *
     * @param fields by their names in the mapping document
     * @return the first of these fields whose two sides keep overwriting each other; empty: none
     */
    Optional<String> note(String linkId, Direction direction, Collection<String> fields, Instant now) {
        forgetBefore(linkId, now.minus(TurnHistory.SLOW_WINDOW));
        Map<String, TurnHistory> known = find(linkId);
        Optional<String> loop = Optional.empty();
        for (String field : new LinkedHashSet<>(fields)) {
            TurnHistory before = known.get(field);
            TurnHistory after = before == null ? TurnHistory.of(direction) : before.after(direction, now);
            save(linkId, field, after, now, before == null);
            if (loop.isEmpty() && after.isLoop(now)) {
                loop = Optional.of(field);
            }
        }
        return loop;
    }

    private Map<String, TurnHistory> find(String linkId) {
        List<?> rows = entities.createNativeQuery("select field, direction, turned from sync_turn where link_id = ?1")
                .setParameter(1, linkId)
                .getResultList();
        Map<String, TurnHistory> known = new LinkedHashMap<>();
        for (Object row : rows) {
            Object[] columns = (Object[]) row;
            known.put((String) columns[0], TurnHistory.parse((String) columns[1], (String) columns[2]));
        }
        return known;
    }

    private void save(String linkId, String field, TurnHistory history, Instant now, boolean isNew) {
        entities.createNativeQuery(
                        isNew
                                ? "insert into sync_turn (direction, turned, written_at, link_id, field) values (?1, ?2, ?3, ?4, ?5)"
                                : "update sync_turn set direction = ?1, turned = ?2, written_at = ?3 where link_id = ?4 and field = ?5")
                .setParameter(1, history.direction().name())
                .setParameter(2, history.text())
                .setParameter(3, OffsetDateTime.ofInstant(now, ZoneOffset.UTC))
                .setParameter(4, linkId)
                .setParameter(5, field)
                .executeUpdate();
    }

    /** A field that nobody wrote for the longest window has no turn in it, and the next write begins anew. */
    private void forgetBefore(String linkId, Instant start) {
        entities.createNativeQuery("delete from sync_turn where link_id = ?1 and written_at < ?2")
                .setParameter(1, linkId)
                .setParameter(2, OffsetDateTime.ofInstant(start, ZoneOffset.UTC))
                .executeUpdate();
    }

    /** A person lets the link go on: what was counted so far counts no more. */
    void forget(String linkId) {
        entities.createNativeQuery("delete from sync_turn where link_id = ?1")
                .setParameter(1, linkId)
                .executeUpdate();
    }
}
