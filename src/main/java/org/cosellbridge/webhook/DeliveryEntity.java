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

    @Column(name = "source")
    private String source;

    @Column(name = "event_name")
    private String eventName;

    @Column(name = "referral")
    private @Nullable String referral;

    @Column(name = "resource_change")
    private Instant resourceChange;

    @Column(name = "resource_change_text")
    private String resourceChangeText;

    @Column(name = "body")
    private byte[] body;

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
                source,
                eventName,
                referral,
                resourceChange,
                resourceChangeText,
                body,
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
