package org.cosellbridge.platform;

import jakarta.enterprise.context.Dependent;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import jakarta.persistence.EntityManager;
import jakarta.persistence.PersistenceContext;

/** Lets repositories take the transaction's entity manager by constructor; the proxy is safe for all threads. */
@Singleton
class Database {
    @Produces
    @Dependent
    @PersistenceContext(unitName = "cosell")
    @SuppressWarnings("UnusedVariable") // CDI reads the producer field
    private EntityManager entityManager;
}
