package org.cosellbridge.webhook;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import jakarta.transaction.Transactional;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.cosellbridge.audit.AuditEntry;
import org.cosellbridge.audit.AuditKind;
import org.cosellbridge.audit.AuditTrail;
import org.cosellbridge.connector.Priority;
import org.cosellbridge.connector.RecordRef;
import org.cosellbridge.platform.Ids;
import org.cosellbridge.sync.ConnectionMappings;
import org.cosellbridge.sync.RecordWants;
import org.jspecify.annotations.Nullable;

/** Stores what a CRM pushed and states what follows from it. Thread-safe. */
@Singleton
class PushDeliveries {
    private final DeliveryRepository repository;
    private final ConnectionMappings mappings;
    private final RecordWants wants;
    private final AuditTrail trail;
    private final Ids ids;

    @Inject
    PushDeliveries(
            DeliveryRepository repository, ConnectionMappings mappings, RecordWants wants, AuditTrail trail, Ids ids) {
        this.repository = repository;
        this.mappings = mappings;
        this.wants = wants;
        this.trail = trail;
        this.ids = ids;
    }

    /**
     * Stores the deliveries of one request, the entry in the trail of each and the wish that its record be looked at, all in one
     * transaction. Of equal events only the first is stored, however many threads bring them; the others are counted. An echo of our own
     * write is not told apart here: it may have merged with a person's edit, so only the attempt, which reads the record, can.
     *
     * @return the ids of those that were stored; those whose event was stored before are left out
     */
    @Transactional
    public List<UUID> accept(List<? extends Push> pushes) {
        List<UUID> stored = new ArrayList<>();
        for (Push push : pushes) {
            List<RecordRef> records = records(push);
            UUID id = ids.next();
            String correlation = ids.next().toString();
            DeliveryState state = records.isEmpty() ? DeliveryState.IGNORED : DeliveryState.ACCEPTED;
            @Nullable String record = records.isEmpty() ? null : records.get(0).toString();
            String dedupeKey = push.dedupeKey();
            if (!repository.insert(id.toString(), correlation, state, record, dedupeKey, push)) {
                repository.countDuplicate(dedupeKey, push.receivedAt());
                continue;
            }
            trail.append(AuditEntry.of(AuditKind.DELIVERY_ACCEPTED)
                    .actor("crm:" + push.connection())
                    .connection(push.connection().value())
                    .record(record)
                    .correlation(correlation)
                    .delivery(id.toString())
                    .outcome(state.word())
                    .reason(push.reason())
                    .build());
            for (RecordRef wanted : records) {
                wants.want(push.connection(), wanted, Priority.EVENT, "record", correlation, id.toString());
            }
            stored.add(id);
        }
        return stored;
    }

    /** What to look at: nothing when the event is of no interest or the connection keeps no records in the table. */
    private List<RecordRef> records(Push push) {
        List<String> rows = push.rows();
        if (rows.isEmpty()) {
            return List.of();
        }
        return mappings.recordsOf(push.connection(), push.table()).stream()
                .flatMap(kind -> rows.stream().map(row -> new RecordRef(kind, row)))
                .toList();
    }
}
