package org.cosellbridge.schedule;

import jakarta.annotation.PreDestroy;
import jakarta.ejb.DependsOn;
import jakarta.ejb.Schedule;
import jakarta.ejb.Singleton;
import jakarta.ejb.Startup;
import jakarta.ejb.TransactionManagement;
import jakarta.ejb.TransactionManagementType;
import jakarta.inject.Inject;
import java.util.logging.Level;
import java.util.logging.Logger;
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
    private static final Logger LOG = Logger.getLogger(RefusalTimer.class.getName());

    @Inject
    private RefusalCounts refusals;

    /** Every five seconds: the minutes that are over. */
    @Schedule(hour = "*", minute = "*", second = "*/5", persistent = false)
    public void flush() {
        attempt(refusals::flush);
    }

    @PreDestroy
    void flushAll() {
        attempt(refusals::flushAll);
    }

    private static void attempt(Runnable work) {
        try {
            work.run();
        } catch (RuntimeException failed) {
            LOG.log(Level.WARNING, "Counted refusals could not be stored; they are kept and tried again.", failed);
        }
    }
}
