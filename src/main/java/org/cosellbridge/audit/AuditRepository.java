package org.cosellbridge.audit;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import jakarta.json.JsonObject;
import jakarta.persistence.EntityManager;
import jakarta.persistence.TypedQuery;
import jakarta.transaction.Transactional;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.cosellbridge.platform.Page;

/**
 * Reads the trail. A page goes on behind the last entry of the page before, so that entries that were written in between shift
 * nothing: none is answered twice and none that was there is left out.
 */
@Singleton
@Transactional
class AuditRepository {
    private final EntityManager database;

    @Inject
    AuditRepository(EntityManager database) {
        this.database = database;
    }

    /** One page of the entries that match, as their canonical forms say, personal values still sealed. */
    Page<JsonObject> find(AuditQuery query) {
        Map<String, Object> values = new LinkedHashMap<>(query.equal());
        StringBuilder where = new StringBuilder("1 = 1");
        query.equal().keySet().forEach(name -> where.append(" and e.%1$s = :%1$s".formatted(name)));
        if (query.field() != null) {
            where.append(" and exists (select 1 from AuditChangeEntity c where c.entryId = e.id"
                    + " and (c.field = :fieldName or c.recordField = :fieldName))");
            values.put("fieldName", query.field());
        }
        if (query.from() != null) {
            where.append(" and e.entryTime >= :fromTime");
            values.put("fromTime", query.from());
        }
        if (query.to() != null) {
            where.append(" and e.entryTime < :toTime");
            values.put("toTime", query.to());
        }
        String direction = query.newestFirst() ? "desc" : "asc";
        if (query.after() != null) {
            String beyond = query.newestFirst() ? "<" : ">";
            where.append(" and e.entryTime %1$s= :lastTime and (e.entryTime %1$s :lastTime or e.id %1$s :lastId)"
                    .formatted(beyond));
            values.put("lastTime", query.after().time());
            values.put("lastId", query.after().id());
        }
        TypedQuery<byte[]> select = database.createQuery(
                "select e.canonical from AuditEntryEntity e where %1$s order by e.entryTime %2$s, e.id %2$s"
                        .formatted(where, direction),
                byte[].class);
        values.forEach(select::setParameter);
        List<JsonObject> found = select.setMaxResults(query.limit() + 1).getResultList().stream()
                .map(CanonicalForm::read)
                .toList();
        if (found.size() <= query.limit()) {
            return new Page<>(found, null);
        }
        List<JsonObject> items = found.subList(0, query.limit());
        JsonObject last = items.get(items.size() - 1);
        AuditQuery.Position position =
                new AuditQuery.Position(Instant.parse(last.getString("time")), last.getString("id"));
        return new Page<>(items, position.cursor(query.newestFirst()));
    }
}
