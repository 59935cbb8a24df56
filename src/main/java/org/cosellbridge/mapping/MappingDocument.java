package org.cosellbridge.mapping;

import jakarta.json.JsonObject;
import java.util.List;
import java.util.Optional;

/**
 * A mapping document, checked and compiled: how the referrals of a connection and its records of one kind belong together.
 * Immutable, thread-safe.
 */
public final class MappingDocument {
    private final String connector;
    private final String record;
    private final String version;
    private final CrmTable table;
    private final String referralKey;
    private final List<FieldMapping> fields;
    private final List<RelatedMapping> related;
    private final String json;

    MappingDocument(
            String connector,
            String record,
            String version,
            CrmTable table,
            String referralKey,
            List<FieldMapping> fields,
            List<RelatedMapping> related,
            String json) {
        this.connector = connector;
        this.record = record;
        this.version = version;
        this.table = table;
        this.referralKey = referralKey;
        this.fields = List.copyOf(fields);
        this.related = List.copyOf(related);
        this.json = json;
    }

    /** The type of CRM it is for, such as {@code dynamics}. */
    public String connector() {
        return connector;
    }

    /** The kind of record it is for, such as {@code opportunity}. */
    public String record() {
        return record;
    }

    /** Twelve hexadecimal digits that change with every change of the document, not with its layout. */
    public String version() {
        return version;
    }

    /** Connector, record and version, {@code dynamics/opportunity@0123456789ab}, as entries of the trail name it. */
    public String label() {
        return connector + "/" + record + "@" + version;
    }

    /** Where the records live. */
    public CrmTable table() {
        return table;
    }

    /** The unique CRM field that holds the referral's id. */
    public String referralKey() {
        return referralKey;
    }

    /** Every field, in the document's order. */
    public List<FieldMapping> fields() {
        return fields;
    }

    /** The field with this name. */
    public Optional<FieldMapping> findField(String name) {
        return fields.stream().filter(field -> field.name().equals(name)).findFirst();
    }

    /** The records beside the main one, parents before those that need them. */
    public List<RelatedMapping> related() {
        return related;
    }

    /** The document's own text. */
    public String json() {
        return json;
    }

    /** What becomes of every field of this referral (as {@link org.cosellbridge.referral.Referral#view()}), for previews. */
    public List<Explained> explain(JsonObject referral, Occasion occasion) {
        return fields.stream().map(field -> field.explain(referral, occasion)).toList();
    }

    @Override
    public String toString() {
        return label();
    }
}
