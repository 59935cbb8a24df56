package org.cosellbridge.sync;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.Map;
import org.cosellbridge.connector.ConnectionName;
import org.cosellbridge.connector.RecordRef;
import org.jspecify.annotations.Nullable;

/** A row of {@code sync_intent}; {@link IntentRepository} writes and reads its JSON. */
@Entity
@Table(name = "sync_intent")
@SuppressWarnings("NullAway.Init") // JPA fills the columns
class IntentEntity {
    @Id
    @Column(length = 36)
    private String id;

    private String connection;

    @Column(name = "record_kind")
    private String recordKind;

    @Column(name = "record_id")
    private String recordId;

    private String step;
    private String mapping;

    @Column(name = "help_code")
    private @Nullable String helpCode;

    @Column(name = "posted_at")
    private @Nullable Instant postedAt;

    @Column(name = "missed_at")
    private @Nullable Instant missedAt;

    @SuppressWarnings("UnusedVariable") // for whoever looks into the table
    private Instant created;

    @Column(columnDefinition = "text")
    private String fields;

    protected IntentEntity() {}

    IntentEntity(String id, Intent intent, Instant now) {
        this.id = id;
        connection = intent.connection().value();
        recordKind = intent.record().kind();
        recordId = intent.record().id();
        created = now;
    }

    void become(Intent intent, String fieldsJson) {
        step = intent.step().name();
        mapping = intent.mapping();
        helpCode = intent.helpCode();
        postedAt = intent.postedAt();
        missedAt = intent.missedAt();
        fields = fieldsJson;
    }

    String fields() {
        return fields;
    }

    Intent intent(Map<String, Intent.Sent> opened) {
        return new Intent(
                new ConnectionName(connection),
                new RecordRef(recordKind, recordId),
                Intent.Step.valueOf(step),
                mapping,
                helpCode,
                postedAt,
                missedAt,
                opened);
    }
}
