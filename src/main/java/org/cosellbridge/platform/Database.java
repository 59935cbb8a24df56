package org.cosellbridge.platform;

import jakarta.enterprise.context.Dependent;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import jakarta.persistence.EntityManager;
import jakarta.persistence.PersistenceContext;

/**
 * Lets repositories take the transaction's entity manager by constructor; the proxy is safe for all threads. It must be used inside a
 * transaction only, also for reading, so every repository is {@code @Transactional}: outside of one Payara keeps an entity manager
 * with the caller's invocation, which tasks of a managed executor share with their caller, and closes it for both when the task ends.
 */
@Singleton
class Database {
    @Produces
    @Dependent
    @PersistenceContext(unitName = "cosell")
    @SuppressWarnings("UnusedVariable") // CDI reads the producer field
    private EntityManager entityManager;
}
