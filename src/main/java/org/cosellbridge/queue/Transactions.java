package org.cosellbridge.queue;

import java.util.function.Supplier;

/** Runs work in a database transaction: the server's in the product, a plain one in tests. */
interface Transactions {
    /**
     * Runs the work in a new transaction and commits it before it returns. Whatever the work throws rolls everything back and
     * comes out as it was.
     */
    <T> T inNew(Supplier<T> work);

    /** The same for work without an answer. */
    default void runInNew(Runnable work) {
        Boolean ignored = inNew(() -> {
            work.run();
            return Boolean.TRUE;
        });
    }
}
