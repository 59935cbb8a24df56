package org.cosellbridge.connector;

/** Makes the connectors of one kind of system. A bean; {@link Connections} finds it by its type. */
public interface ConnectorFactory {
    /** The value of {@code cosell.crm.<name>.type}. */
    String type();

    /** A connector for this connection. Calls nobody yet. */
    Connector connect(ConnectionSettings settings);
}
