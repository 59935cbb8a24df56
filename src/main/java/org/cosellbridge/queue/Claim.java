package org.cosellbridge.queue;

import java.util.Set;
import org.cosellbridge.connector.ConnectionName;
import org.cosellbridge.connector.Priority;
import org.cosellbridge.sync.SyncSubject;
import org.jspecify.annotations.Nullable;

/**
 * A sync request as it was when an attempt claimed it.
 *
 * @param requestId the request
 * @param fencing the number this claim raised; whoever comes with a lower one is late
 * @param subject what to look at
 * @param priority who waits
 * @param number which attempt since the last success, from 1
 * @param failures how many of those before count towards a dead letter
 * @param correlation of the newest want
 * @param delivery of the newest want, or null
 * @param lastOutcome how the attempt before ended; null after a success
 * @param lastReason why; null after a success
 * @param fromRecord whether all wants since the last success came from the CRM
 * @param probes the systems whose broken set-up this attempt tries
 * @param failing the systems that were unreachable or throttled when it was claimed
 * @param moreWaits whether another request is due that another worker could run at the same time
 */
record Claim(
        String requestId,
        long fencing,
        SyncSubject subject,
        Priority priority,
        int number,
        int failures,
        String correlation,
        @Nullable String delivery,
        @Nullable String lastOutcome,
        @Nullable String lastReason,
        boolean fromRecord,
        Set<String> probes,
        Set<String> failing,
        boolean moreWaits) {
    Claim {
        probes = Set.copyOf(probes);
        failing = Set.copyOf(failing);
    }

    ConnectionName connection() {
        return subject.connection();
    }
}
