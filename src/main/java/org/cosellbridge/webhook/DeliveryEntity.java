package org.cosellbridge.webhook;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** A row of the table {@code delivery}, for reading; rows are written by {@link DeliveryRepository} alone. */
@Entity
@Table(name = "delivery")
class DeliveryEntity {
    @Id
    @Column(name = "id")
    private String id;

    @Column(name = "received_at")
    private Instant receivedAt;

    @Column(name = "sender")
    private String sender;

    @Column(name = "source")
    private String source;

    @Column(name = "event_name")
    private String eventName;

    @Column(name = "referral")
    private @Nullable String referral;

    @Column(name = "resource_change")
    private @Nullable Instant resourceChange;

    @Column(name = "resource_change_text")
    private String resourceChangeText;

    @Column(name = "body")
    private byte @Nullable [] body;

    @Column(name = "headers")
    private String headers;

    @Column(name = "algorithm")
    private String algorithm;

    @Column(name = "chain")
    private String chain;

    @Column(name = "verdict")
    private String verdict;

    @Column(name = "correlation")
    private String correlation;

    @Column(name = "state")
    private String state;

    @Column(name = "connection")
    private @Nullable String connection;

    @Column(name = "record_table")
    private @Nullable String recordTable;

    @Column(name = "record")
    private @Nullable String record;

    @Column(name = "sender_correlation")
    private @Nullable String senderCorrelation;

    @Column(name = "organization")
    private @Nullable String organization;

    @Column(name = "body_size")
    private @Nullable Long bodySize;

    @Column(name = "body_sha256")
    private @Nullable String bodySha256;

    @Column(name = "duplicates")
    private long duplicates;

    @Column(name = "last_duplicate_at")
    private @Nullable Instant lastDuplicateAt;

    /** For the persistence provider. */
    DeliveryEntity() {}

    StoredDelivery toStored() {
        return new StoredDelivery(
                id,
                receivedAt,
                sender,
                source,
                eventName,
                referral,
                connection,
                recordTable,
                record,
                senderCorrelation,
                organization,
                resourceChange,
                resourceChangeText,
                body,
                bodySize,
                bodySha256,
                headers,
                algorithm,
                chain,
                verdict,
                correlation,
                state,
                duplicates,
                lastDuplicateAt);
    }
}
