package org.cosellbridge.queue;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import org.cosellbridge.platform.Ids;

/** Tells the nodes of a cluster apart in leases. It is new with every start; only people compare it, the fencing number decides. */
@Singleton
class NodeId {
    private final String value;

    @Inject
    NodeId(Ids ids) {
        this(ids.next().toString());
    }

    NodeId(String value) {
        this.value = value;
    }

    /** The id of this node. */
    String value() {
        return value;
    }
}
