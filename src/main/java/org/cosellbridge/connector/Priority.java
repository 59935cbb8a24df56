package org.cosellbridge.connector;

/** Who waits for a call; where permits are short the first goes first. The order of the constants is the order of need. */
public enum Priority {
    /** A person waits for the answer. */
    PERSON,
    /** A remote side said something happened. */
    EVENT,
    /** We note something of ours on the other side. */
    WRITE_BACK,
    /** The scheduled comparison. */
    SWEEP
}
