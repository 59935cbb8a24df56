package org.cosellbridge.mapping;

import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.cosellbridge.referral.Direction;
import org.jspecify.annotations.Nullable;

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
    private final Section section;
    private final @Nullable NewReferralTemplate newReferral;
    private final String json;

    MappingDocument(
            String connector,
            String record,
            String version,
            CrmTable table,
            String referralKey,
            List<FieldMapping> fields,
            List<RelatedMapping> related,
            Section section,
            @Nullable NewReferralTemplate newReferral,
            String json) {
        this.connector = connector;
        this.record = record;
        this.version = version;
        this.table = table;
        this.referralKey = referralKey;
        this.fields = List.copyOf(fields);
        this.related = List.copyOf(related);
        this.section = section;
        this.newReferral = newReferral;
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

    /** The CRM's Partner Center section on these records; one without any field where the document names none. */
    public Section section() {
        return section;
    }

    /** The field with the referral's name, if marks in front of a name are ignored there and may therefore be set. */
    public Optional<FieldMapping> nameField() {
        return fields.stream().filter(FieldMapping::isMarkedName).findFirst();
    }

    /** What every referral has that is created from such a record; empty: records of this kind never create one. */
    public Optional<JsonObject> newReferral() {
        return Optional.ofNullable(newReferral).map(NewReferralTemplate::text);
    }

    /**
     * The document to create a referral with, in Partner Center's spelling: what {@link #newReferral()} says and, on top, every
     * value that travels to Partner Center on create. Empty values are left out, and so are the ways to share the deal or to ask for
     * help that the record itself does not state. What Partner Center sets, and what is decided for each referral anew (such as
     * its type, its target and its status), is no part of it.
     *
     * @param recordValues the record as the connector read it
     * @param relatedValues its related records in the same form, by {@link RelatedMapping#name()}; those that are not there are left
     *     out
     * @throws MappingException if a value cannot be expressed at Partner Center
     * @throws IllegalStateException if records of this kind never create a referral
     */
    public JsonObject draft(JsonObject recordValues, Map<String, JsonObject> relatedValues) {
        if (newReferral == null) {
            throw new IllegalStateException(label() + " creates no referrals.");
        }
        JsonObject draft = newReferral.start();
        for (RelatedMapping record : related) {
            JsonObject values = relatedValues.getOrDefault(record.name(), JsonValue.EMPTY_JSON_OBJECT);
            if (record.travels(Direction.TO_PARTNER_CENTER) && !values.isEmpty()) {
                draft = drafted(draft, record.fields(), values);
            }
        }
        return newReferral.finish(drafted(draft, fields, recordValues));
    }

    private static JsonObject drafted(JsonObject draft, List<FieldMapping> fields, JsonObject values) {
        JsonObject filled = draft;
        for (FieldMapping field : fields) {
            filled = field.drafted(filled, values);
        }
        return filled;
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
