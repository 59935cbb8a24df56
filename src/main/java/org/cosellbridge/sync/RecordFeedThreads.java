package org.cosellbridge.sync;

import jakarta.annotation.Resource;
import jakarta.enterprise.concurrent.ManagedExecutorService;
import jakarta.enterprise.context.Dependent;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Qualifier;
import jakarta.inject.Singleton;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;

/** The server's threads in which change feeds are walked, so that a long walk holds no timer. */
@Singleton
class RecordFeedThreads {
    /** Marks the feeds' view of the server's executor; other rooms have one too. */
    @Qualifier
    @Retention(RetentionPolicy.RUNTIME)
    @interface OfRecordFeed {}

    @Produces
    @Dependent
    @OfRecordFeed
    @Resource(lookup = "java:comp/DefaultManagedExecutorService")
    @SuppressWarnings("UnusedVariable") // CDI reads the producer field
    private ManagedExecutorService executor;
}
