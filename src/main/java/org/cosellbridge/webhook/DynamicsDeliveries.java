package org.cosellbridge.webhook;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import jakarta.transaction.Transactional;
import java.util.List;
import java.util.Optional;
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

/** Stores what Dataverse pushed and states what follows from it. Thread-safe. */
@Singleton
class DynamicsDeliveries {
    private final DeliveryRepository repository;
    private final ConnectionMappings mappings;
    private final RecordWants wants;
    private final AuditTrail trail;
    private final Ids ids;

    @Inject
    DynamicsDeliveries(
            DeliveryRepository repository, ConnectionMappings mappings, RecordWants wants, AuditTrail trail, Ids ids) {
        this.repository = repository;
        this.mappings = mappings;
        this.wants = wants;
        this.trail = trail;
        this.ids = ids;
    }

    /**
     * Stores a delivery, its entry in the trail and the wish that its record be looked at, all in one transaction. Of equal events only
     * the first is stored, however many threads bring them; the others are counted. An echo of our own write is not told apart here: it
     * may have merged with a person's edit, so only the attempt, which reads the record, can.
     *
     * @return the delivery's id; empty when its event was stored before
     */
    @Transactional
    public Optional<UUID> accept(DynamicsDelivery delivery) {
        List<RecordRef> records = records(delivery);
        UUID id = ids.next();
        String correlation = ids.next().toString();
        DeliveryState state = records.isEmpty() ? DeliveryState.IGNORED : DeliveryState.ACCEPTED;
        @Nullable String record = records.isEmpty() ? null : records.get(0).toString();
        String dedupeKey = delivery.dedupeKey();
        if (!repository.insert(id.toString(), correlation, state, record, dedupeKey, delivery)) {
            repository.countDuplicate(dedupeKey, delivery.receivedAt());
            return Optional.empty();
        }
        trail.append(AuditEntry.of(AuditKind.DELIVERY_ACCEPTED)
                .actor("crm:" + delivery.connection())
                .connection(delivery.connection().value())
                .record(record)
                .correlation(correlation)
                .delivery(id.toString())
                .outcome(state.word())
                .reason(reason(delivery.event()))
                .build());
        for (RecordRef wanted : records) {
            wants.want(delivery.connection(), wanted, Priority.EVENT, "record", correlation, id.toString());
        }
        return Optional.of(id);
    }

    private static String reason(DynamicsEvent event) {
        String warning = event.isAboutRows() && event.rows().isEmpty()
                ? " Warning: it names no row, so only the change feed finds what changed."
                : "";
        return "Message " + event.message() + " of table " + event.table()
                + " carried the shared secret and was stored." + warning;
    }

    /** What to look at: nothing when the message is of no interest or the connection keeps no records in the table. */
    private List<RecordRef> records(DynamicsDelivery delivery) {
        DynamicsEvent event = delivery.event();
        if (!event.isAboutRows()) {
            return List.of();
        }
        return mappings.recordsOf(delivery.connection(), event.table()).stream()
                .flatMap(kind -> event.rows().stream().map(row -> new RecordRef(kind, row)))
                .toList();
    }
}
