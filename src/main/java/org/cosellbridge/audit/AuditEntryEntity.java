package org.cosellbridge.audit;

import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One row of the trail: inserted once, then only read. The columns are taken from the canonical form, so that they cannot say
 * anything else; only they are filtered, only the bytes are answered.
 */
@Entity
@Table(name = "audit_entry")
class AuditEntryEntity {
    @Id
    @Column(name = "id", updatable = false)
    private String id;

    @Column(name = "entry_time", updatable = false)
    private Instant entryTime;

    @Column(name = "kind", updatable = false)
    private String kind;

    @Column(name = "actor", updatable = false)
    private String actor;

    @Column(name = "on_behalf_of", updatable = false)
    private @Nullable String onBehalfOf;

    @Column(name = "connection", updatable = false)
    private @Nullable String connection;

    @Column(name = "referral", updatable = false)
    private @Nullable String referral;

    @Column(name = "engagement", updatable = false)
    private @Nullable String engagement;

    @Column(name = "record", updatable = false)
    private @Nullable String record;

    @Column(name = "correlation", updatable = false)
    private @Nullable String correlation;

    @Column(name = "delivery", updatable = false)
    private @Nullable String delivery;

    @Column(name = "request", updatable = false)
    private @Nullable String request;

    @Column(name = "attempt", updatable = false)
    private @Nullable Integer attempt;

    @Column(name = "outcome", updatable = false)
    private @Nullable String outcome;

    @Column(name = "reason", updatable = false)
    private @Nullable String reason;

    @Column(name = "mapping", updatable = false)
    private @Nullable String mapping;

    @Column(name = "product_version", updatable = false)
    private String productVersion;

    @Column(name = "occurrences", updatable = false)
    private @Nullable Long occurrences;

    @Column(name = "source", updatable = false)
    private @Nullable String source;

    @Column(name = "since", updatable = false)
    private @Nullable Instant since;

    @Column(name = "canonical", updatable = false)
    private byte[] canonical;

    protected AuditEntryEntity() {
        // for the persistence provider
    }

    /** The row of an entry and its canonical bytes. */
    AuditEntryEntity(JsonObject entry, byte[] canonical) {
        this.id = entry.getString("id");
        this.entryTime = Instant.parse(entry.getString("time"));
        this.kind = entry.getString("kind");
        this.actor = entry.getString("actor");
        this.onBehalfOf = text(entry, "onBehalfOf");
        this.connection = text(entry, "connection");
        this.referral = text(entry, "referral");
        this.engagement = text(entry, "engagement");
        this.record = text(entry, "record");
        this.correlation = text(entry, "correlation");
        this.delivery = text(entry, "delivery");
        this.request = text(entry, "request");
        JsonNumber attemptNumber = entry.getJsonNumber("attempt");
        this.attempt = attemptNumber == null ? null : attemptNumber.intValue();
        this.outcome = text(entry, "outcome");
        this.reason = text(entry, "reason");
        this.mapping = text(entry, "mapping");
        this.productVersion = entry.getString("productVersion");
        JsonNumber count = entry.getJsonNumber("count");
        this.occurrences = count == null ? null : count.longValue();
        this.source = text(entry, "source");
        String began = text(entry, "since");
        this.since = began == null ? null : Instant.parse(began);
        this.canonical = canonical.clone();
    }

    private static @Nullable String text(JsonObject entry, String member) {
        return entry.containsKey(member) ? entry.getString(member) : null;
    }
}
