package org.cosellbridge.queue;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import jakarta.transaction.Transactional;
import java.util.function.Supplier;

/** The server's transactions. */
@Singleton
class JtaTransactions implements Transactions {
    @Inject
    JtaTransactions() {}

    @Override
    @Transactional(value = Transactional.TxType.REQUIRES_NEW, rollbackOn = Throwable.class)
    public <T> T inNew(Supplier<T> work) {
        return work.get();
    }

    // the interceptor does not see a call from within the object, so this one begins its own transaction
    @Override
    @Transactional(value = Transactional.TxType.REQUIRES_NEW, rollbackOn = Throwable.class)
    public void runInNew(Runnable work) {
        work.run();
    }
}
