package org.cosellbridge.schedule;

import jakarta.annotation.PreDestroy;
import jakarta.ejb.DependsOn;
import jakarta.ejb.Schedule;
import jakarta.ejb.Singleton;
import jakarta.ejb.Startup;
import jakarta.ejb.TransactionManagement;
import jakarta.ejb.TransactionManagementType;
import jakarta.inject.Inject;
import org.cosellbridge.audit.RefusalCounts;

/**
 * Has counted refusals appended to the trail. The last ones are appended when the product stops: here rather than in the counts
 * themselves, because the container ends its EJBs while database and transactions still work.
 */
@Singleton
@Startup
@DependsOn("Startup")
@TransactionManagement(TransactionManagementType.BEAN)
public class RefusalTimer {
    private final Watched watched = new Watched("Storing counted refusals");

    @Inject
    private RefusalCounts refusals;

    /** Every five seconds: the minutes that are over. */
    @Schedule(hour = "*", minute = "*", second = "*/5", persistent = false)
    public void flush() {
        watched.run(refusals::flush);
    }

    @PreDestroy
    void flushAll() {
        watched.run(refusals::flushAll);
    }
}
