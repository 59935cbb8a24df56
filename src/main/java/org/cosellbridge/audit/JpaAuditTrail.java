package org.cosellbridge.audit;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import jakarta.json.JsonArray;
import jakarta.json.JsonObject;
import jakarta.persistence.EntityManager;
import jakarta.transaction.Transactional;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.UUID;
import org.cosellbridge.platform.Ids;
import org.cosellbridge.platform.ProductVersion;

/**
 * The trail in the database. It only inserts.
 *
 * <p>Entries become visible with their transaction, so one with an older time may appear after one with a newer time. Whoever
 * works through the trail, such as sealing, must therefore not remember a position in it but which entries it has seen.
 */
@Singleton
class JpaAuditTrail implements AuditTrail {
    private final EntityManager database;
    private final Ids ids;
    private final Clock clock;
    private final PersonalValues personal;
    private final ProductVersion version;

    @Inject
    JpaAuditTrail(EntityManager database, Ids ids, Clock clock, PersonalValues personal, ProductVersion version) {
        this.database = database;
        this.ids = ids;
        this.clock = clock;
        this.personal = personal;
        this.version = version;
    }

    @Override
    @Transactional(Transactional.TxType.MANDATORY)
    public UUID append(AuditEntry entry) {
        UUID id = ids.next();
        JsonObject json = CanonicalForm.entry(
                id, clock.instant().truncatedTo(ChronoUnit.MICROS), version.text(), entry, personal);
        database.persist(new AuditEntryEntity(json, CanonicalForm.write(json)));
        JsonArray changes = json.getJsonArray("changes");
        for (int position = 0; position < changes.size(); position++) {
            JsonObject change = changes.getJsonObject(position);
            database.persist(new AuditChangeEntity(
                    id.toString(), position, change.getString("field"), change.getString("recordField")));
        }
        return id;
    }
}
