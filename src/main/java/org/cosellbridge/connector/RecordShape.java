package org.cosellbridge.connector;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What is read and written of one kind of record: its table and exactly the fields a mapping document names.
 *
 * @param kind the kind as the mapping documents name it, such as {@code opportunity}
 * @param table where its records live
 * @param referralKey the unique field that holds the Referral Identifier; null for kinds that have none (accounts, contacts)
 * @param fields every field to read; only these may be written
 */
public record RecordShape(
        String kind, RemoteTable table, @Nullable String referralKey, List<RemoteField> fields) {
    public RecordShape {
        fields = List.copyOf(fields);
    }

    /** The shape of a referral at Partner Center: read as a whole document, written by path. */
    public static RecordShape referral() {
        return new RecordShape(
                RecordRef.REFERRAL, new RemoteTable(RecordRef.REFERRAL, "referrals", "id"), null, List.of());
    }

    /** The field with this name. */
    public Optional<RemoteField> findField(String name) {
        return fields.stream().filter(field -> field.name().equals(name)).findFirst();
    }
}
