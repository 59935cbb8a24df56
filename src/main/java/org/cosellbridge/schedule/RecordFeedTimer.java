package org.cosellbridge.schedule;

import jakarta.annotation.PreDestroy;
import jakarta.ejb.DependsOn;
import jakarta.ejb.Schedule;
import jakarta.ejb.Singleton;
import jakarta.ejb.TransactionManagement;
import jakarta.ejb.TransactionManagementType;
import jakarta.inject.Inject;
import org.cosellbridge.sync.RecordFeed;

/** Has the CRMs' change feeds walked when they are due. */
@Singleton
@DependsOn("Startup")
@TransactionManagement(TransactionManagementType.BEAN)
public class RecordFeedTimer {
    private final Watched watched = new Watched("Polling the CRMs' change feeds");

    @Inject
    private RecordFeed feed;

    /** Called by the container every second. */
    @Schedule(hour = "*", minute = "*", second = "*", persistent = false)
    public void poll() {
        watched.run(feed::pollDue);
    }

    @PreDestroy
    void stop() {
        watched.run(feed::stop);
    }
}
