package org.cosellbridge.schedule;

import jakarta.annotation.PostConstruct;
import jakarta.ejb.DependsOn;
import jakarta.ejb.Singleton;
import jakarta.ejb.Startup;
import jakarta.ejb.TransactionManagement;
import jakarta.ejb.TransactionManagementType;
import jakarta.inject.Inject;
import org.cosellbridge.audit.StartEntry;
import org.cosellbridge.connector.Connections;
import org.cosellbridge.sync.ConnectionMappings;

/** Has every start told in the trail, once it is through. A start that cannot be told is none: the deployment fails. */
@Singleton
@Startup
@DependsOn("Startup")
@TransactionManagement(TransactionManagementType.BEAN)
public class ProductStart {
    @Inject
    private StartEntry entry;

    @Inject
    private Connections connections;

    @Inject
    private ConnectionMappings mappings;

    @PostConstruct
    void tell() {
        entry.append(connections.names().stream().map(mappings::describe).toList());
    }
}
