package org.cosellbridge.connector;

import jakarta.json.JsonValue;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A connector that reads records. Every method throws a {@link ConnectorException} when the system does not answer as it should. */
public interface ReadsRecords {
    /** The record; empty when it does not exist or the connection's user may not see it. */
    Optional<RemoteRecord> findRecord(CallContext call, RecordShape shape, String id);

    /** The record whose {@link RecordShape#referralKey} holds this value; two of them are a {@link RejectedException} that names both. */
    Optional<RemoteRecord> findByReferralKey(CallContext call, RecordShape shape, String referralId);

    /**
     * Records in which every named field equals the value, at most {@code limit}. An empty (JSON null) value matches an empty
     * field.
     */
    List<RemoteRecord> listMatching(CallContext call, RecordShape shape, Map<String, JsonValue> match, int limit);
}
