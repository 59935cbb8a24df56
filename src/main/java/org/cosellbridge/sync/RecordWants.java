package org.cosellbridge.sync;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import org.cosellbridge.connector.ConnectionName;
import org.cosellbridge.connector.Priority;
import org.cosellbridge.connector.RecordRef;
import org.jspecify.annotations.Nullable;

/**
 * Wants a record looked at, of which the CRM said that something happened to it. It knows the referral the record belongs to, so
 * that both sides' news of one link are one sync request. Threads may share it.
 */
@Singleton
public class RecordWants {
    private final LinkRepository links;
    private final WantsSync wants;

    @Inject
    RecordWants(LinkRepository links, WantsSync wants) {
        this.links = links;
        this.wants = wants;
    }

    /**
     * Notes the wish in the caller's transaction (one is required). The subject of a linked record is its referral and the record;
     * of a record that a link pointed to before it moved it is the referral alone, whose record is another one now; of any other
     * record it is the record.
     *
     * @param connection the connection
     * @param record the record that was created, changed or deleted
     * @param priority who waits for it
     * @param cause in one word what it came from, as {@link Want#cause}
     * @param correlationId of the cause
     * @param deliveryId the delivery that caused it, null when none did
     */
    public void want(
            ConnectionName connection,
            RecordRef record,
            Priority priority,
            String cause,
            String correlationId,
            @Nullable String deliveryId) {
        wants.want(new Want(subject(connection, record), priority, cause, correlationId, deliveryId));
    }

    private SyncSubject subject(ConnectionName connection, RecordRef record) {
        return links.findByRecord(connection, record)
                .map(link -> new SyncSubject(connection, link.referral(), record))
                .or(() -> links.findByPrevious(connection, record)
                        .map(link -> SyncSubject.of(connection, link.referral())))
                .orElseGet(() -> SyncSubject.of(connection, record));
    }
}
