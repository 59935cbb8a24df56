package org.cosellbridge.connector;

/**
 * The one connector to Partner Center, whose records are referrals. A bean of its own, unlike the connectors of the configured
 * connections, which {@link Connections} keeps.
 */
public interface PartnerCenter extends Connector, ReadsRecords, WritesRecords {
    /** What {@link #system} answers. */
    String SYSTEM = "partner-center";
}
