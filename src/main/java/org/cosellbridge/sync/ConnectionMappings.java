package org.cosellbridge.sync;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.logging.Logger;
import org.cosellbridge.connector.ConnectionName;
import org.cosellbridge.connector.ConnectionSettings;
import org.cosellbridge.connector.Connections;
import org.cosellbridge.mapping.MappingDocument;
import org.cosellbridge.mapping.MappingException;
import org.cosellbridge.mapping.MappingLibrary;
import org.cosellbridge.mapping.ReferralCondition;
import org.cosellbridge.platform.Configuration;
import org.cosellbridge.platform.StartCheck;

/** The mapping documents of every connection and its condition on referrals, read and compiled at the start. */
@Singleton
public class ConnectionMappings implements StartCheck {
    private static final Logger LOG = Logger.getLogger(ConnectionMappings.class.getName());
    private final Map<ConnectionName, Map<String, MappingDocument>> documents = new HashMap<>();
    private final Map<ConnectionName, ReferralCondition> conditions = new HashMap<>();

    @Inject
    ConnectionMappings(Connections connections, Configuration configuration) {
        for (ConnectionName name : connections.names()) {
            ConnectionSettings settings = connections.settings(name);
            load(settings, configuration);
            try {
                conditions.put(name, ReferralCondition.compile(settings.when()));
            } catch (MappingException wrong) {
                configuration.fault("cosell.crm." + name + ".when", "cannot be used. " + wrong.getMessage());
            }
        }
    }

    /** Mappings of just this connection; for tests. */
    ConnectionMappings(ConnectionName name, List<MappingDocument> documents, ReferralCondition condition) {
        put(name, documents);
        conditions.put(name, condition);
    }

    private void load(ConnectionSettings settings, Configuration configuration) {
        String key = "cosell.crm." + settings.name() + (settings.mappingFolder().isEmpty() ? ".records" : ".mapping");
        try {
            put(
                    settings.name(),
                    settings.mappingFolder().isEmpty()
                            ? MappingLibrary.builtIn(settings.type(), settings.records())
                            : MappingLibrary.load(
                                    Path.of(settings.mappingFolder()), settings.type(), settings.records()));
        } catch (MappingException wrong) {
            wrong.faults().forEach(fault -> configuration.fault(key, "leads to a fault: " + fault));
        }
    }

    private void put(ConnectionName name, List<MappingDocument> found) {
        Map<String, MappingDocument> byRecord = new LinkedHashMap<>();
        found.forEach(document -> byRecord.put(document.record(), document));
        documents.put(name, byRecord);
    }

    @Override
    public void check(Configuration configuration) {
        documents
                .keySet()
                .forEach(name -> LOG.info(() -> "The mapping documents of connection " + describe(name) + "."));
    }

    /** A connection and its mapping documents with their fingerprints, such as {@code crm: dynamics/lead@0a1b2c}. */
    public String describe(ConnectionName connection) {
        return connection + ": "
                + String.join(
                        ", ",
                        list(connection).stream().map(MappingDocument::label).toList());
    }

    /** The mapping document of one kind of record, if the connection keeps that kind. */
    public Optional<MappingDocument> find(ConnectionName connection, String record) {
        return Optional.ofNullable(documents.getOrDefault(connection, Map.of()).get(record));
    }

    /** Every mapping document of a connection. */
    public List<MappingDocument> list(ConnectionName connection) {
        return List.copyOf(documents.getOrDefault(connection, Map.of()).values());
    }

    /** The kinds of record the connection keeps in the CRM's table of this name; empty when it keeps none there. */
    public List<String> recordsOf(ConnectionName connection, String table) {
        return list(connection).stream()
                .filter(document -> document.table().name().equals(table))
                .map(MappingDocument::record)
                .toList();
    }

    /** Which referrals belong to the connection. */
    ReferralCondition condition(ConnectionName connection) {
        return Optional.ofNullable(conditions.get(connection))
                .orElseThrow(() -> new IllegalArgumentException("There is no connection named " + connection + "."));
    }
}
