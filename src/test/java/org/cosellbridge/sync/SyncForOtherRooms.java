package org.cosellbridge.sync;

import jakarta.persistence.EntityManager;
import java.util.List;
import org.cosellbridge.connector.ConnectionName;
import org.cosellbridge.connector.Connections;
import org.cosellbridge.mapping.MappingDocument;
import org.cosellbridge.mapping.ReferralCondition;
import org.cosellbridge.platform.Configuration;

/** Builds what this room offers to others, for their tests. */
public final class SyncForOtherRooms {
    private SyncForOtherRooms() {}

    /** Finds links in this database and states wants to this port. */
    public static RecordWants recordWants(EntityManager database, WantsSync wants) {
        return new RecordWants(new LinkRepository(database), wants);
    }

    /** The mapping documents of just this connection. */
    public static ConnectionMappings mappings(ConnectionName connection, List<MappingDocument> documents) {
        return new ConnectionMappings(connection, documents, ReferralCondition.compile("true"));
    }

    /** The mapping documents of this configuration. */
    public static ConnectionMappings mappings(Configuration configuration) {
        return new ConnectionMappings(new Connections(configuration, List.of()), configuration);
    }
}
