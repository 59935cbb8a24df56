package org.cosellbridge.connector;

import jakarta.json.JsonValue;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A connector that writes records. A write is never repeated by the connector itself once it may have reached the system: whoever
 * asked reads first. Every method throws a {@link ConnectorException} when the system does not answer as it should.
 */
public interface WritesRecords {
    /**
     * Whether a new record gets the id that {@link #createRecord} is given, so that after a lost answer it is found by that id. Otherwise
     * the system chooses every id itself.
     */
    default boolean takesIds() {
        return false;
    }

    /**
     * Creates a record, and only ever creates.
     *
     * @param referralId the value of the shape's unique {@link RecordShape#referralKey}; null for kinds that have none
     * @param id the id the record shall get where the system {@linkplain #takesIds lets the caller choose it}; a second create with
     *     it is then refused by the system. Null: the system chooses.
     * @param values by field name, as {@link RemoteRecord#values} describes them; empty ones are not sent
     * @return the record as created; empty when a record with this referral id or id exists already (nothing was written)
     */
    Optional<RemoteRecord> createRecord(
            CallContext call,
            RecordShape shape,
            @Nullable String referralId,
            @Nullable String id,
            Map<String, JsonValue> values);

    /**
     * Writes just these fields, guarded by the version that was read. Field changes go before a closing state.
     *
     * @param changes by field name; JSON null empties a field
     * @return the record after the write
     */
    RemoteRecord updateRecord(CallContext call, RecordShape shape, RemoteRecord read, Map<String, JsonValue> changes);
}
