package org.cosellbridge.queue;

import jakarta.annotation.Resource;
import jakarta.enterprise.concurrent.ManagedExecutorService;
import jakarta.enterprise.context.Dependent;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Qualifier;
import jakarta.inject.Singleton;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;

/** The server's threads for what must not happen in the thread of a caller: sending nudges, asking the broker for a sign of life. */
@Singleton
class QueueThreads {
    /** Marks the queue's view of the server's executor, so that other rooms may have one too. */
    @Qualifier
    @Retention(RetentionPolicy.RUNTIME)
    @interface OfQueue {}

    @Produces
    @Dependent
    @OfQueue
    @Resource(lookup = "java:comp/DefaultManagedExecutorService")
    @SuppressWarnings("UnusedVariable") // CDI reads the producer field
    private ManagedExecutorService executor;
}
