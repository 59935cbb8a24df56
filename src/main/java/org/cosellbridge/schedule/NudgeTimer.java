package org.cosellbridge.schedule;

import jakarta.ejb.DependsOn;
import jakarta.ejb.Schedule;
import jakarta.ejb.Singleton;
import jakarta.ejb.TransactionManagement;
import jakarta.ejb.TransactionManagementType;
import jakarta.inject.Inject;
import org.cosellbridge.queue.SyncQueue;

/** Nudges, every second, what is due and what a lost message or a dead node left behind. */
@Singleton
@DependsOn("Startup")
@TransactionManagement(TransactionManagementType.BEAN)
public class NudgeTimer {
    private final Watched watched = new Watched("Nudging what is due");

    @Inject
    private SyncQueue queue;

    /** Called by the container every second. */
    @Schedule(hour = "*", minute = "*", second = "*", persistent = false)
    public void nudge() {
        watched.run(queue::nudgeDue);
    }
}
