package org.cosellbridge.sync;

import jakarta.inject.Singleton;
import jakarta.transaction.Transactional;
import java.util.function.Supplier;

/** The transactions of a walk: the server's in the product, plain ones in tests. */
@Singleton
class RecordFeedTransactions {
    /**
     * Runs the work in a new transaction and commits it before it returns. Whatever the work throws rolls everything back and
     * comes out as it was.
     */
    @Transactional(value = Transactional.TxType.REQUIRES_NEW, rollbackOn = Throwable.class)
    public <T> T inNew(Supplier<T> work) {
        return work.get();
    }
}
