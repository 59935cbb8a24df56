package org.cosellbridge.sync;

import java.time.Instant;
import org.cosellbridge.connector.Priority;
import org.jspecify.annotations.Nullable;

/** How an attempt ended: done, or one of the three answers to failure. */
public sealed interface SyncOutcome {
    /** The word that stands in links, lists and entries. */
    String word();

    /**
     * The attempt did what there was to do.
     *
     * @param word {@code created}, {@code updated}, {@code unchanged}, {@code skipped}, {@code shadowed}, {@code held}, {@code
     *     conflict}
     * @param store what the ending transaction stores with the request's end: link, baseline, entries. It runs inside it.
     * @param again the priority with which the subject is to be looked at once more, for what can wait; null: nothing waits
     */
    record Done(String word, Runnable store, @Nullable Priority again) implements SyncOutcome {
        /** Nothing waits. */
        public Done(String word, Runnable store) {
            this(word, store, null);
        }
    }

    /**
     * Not now: the due time moves.
     *
     * @param system which system is concerned
     * @param systemWide the whole system is unreachable, throttled or its circuit open: never counts towards a dead letter
     * @param notBefore when the system asked to be called again; null: back off
     * @param reason a sentence for a person
     * @param ownLimit nothing failed: our own limit leaves no call for work of this priority
     */
    record NotNow(
            String system, boolean systemWide, @Nullable Instant notBefore, String reason, boolean ownLimit)
            implements SyncOutcome {
        /** Something failed or was refused by the system. */
        public NotNow(String system, boolean systemWide, @Nullable Instant notBefore, String reason) {
            this(system, systemWide, notBefore, reason, false);
        }

        @Override
        public String word() {
            return "not-now";
        }
    }

    /**
     * Not with this set-up: the connection pauses, one alarm, its requests wait.
     *
     * @param system which system is concerned: the connection's name or {@code partner-center}
     * @param reason a sentence that says what to mend
     */
    record NotWithThisSetup(String system, String reason) implements SyncOutcome {
        @Override
        public String word() {
            return "not-with-this-setup";
        }
    }

    /**
     * Not this one: a dead letter.
     *
     * @param reason a sentence a person can act on
     */
    record NotThisOne(String reason) implements SyncOutcome {
        @Override
        public String word() {
            return "not-this-one";
        }
    }
}
