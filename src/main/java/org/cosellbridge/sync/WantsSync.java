package org.cosellbridge.sync;

/** The port through which a wish to look at something is stated; the queue implements it. */
public interface WantsSync {
    /**
     * Notes the wish in the caller's transaction (one is required) and nudges a worker after its commit. Many wishes for one
     * subject are one attempt; a wish that arrives during an attempt makes it run once more; a dead letter becomes due again; a
     * pause that a remote system asked for is never shortened.
     */
    void want(Want want);
}
