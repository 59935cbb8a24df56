package org.cosellbridge.sync;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.List;

/**
 * How far every change feed was when this node last looked, a second ago, for health data. It needs neither database nor thread: a
 * server may ask for health from outside the application, where it has none. Thread-safe.
 */
@Singleton
class RecordFeedStates {
    private volatile List<SyncTokenRepository.State> states = List.of();

    @Inject
    RecordFeedStates() {}

    void look(List<SyncTokenRepository.State> seen) {
        states = List.copyOf(seen);
    }

    List<SyncTokenRepository.State> list() {
        return states;
    }
}
