package org.cosellbridge.sync;

import org.cosellbridge.connector.CallContext;
import org.cosellbridge.connector.Priority;
import org.cosellbridge.connector.RecordRef;
import org.jspecify.annotations.Nullable;

/** An attempt that only looks: a person waits for it, it holds nothing and may store nothing. */
final class PreviewAttempt implements Attempt {
    private final SyncSubject subject;
    private final CallContext call;

    PreviewAttempt(SyncSubject subject, String correlationId) {
        this.subject = subject;
        this.call = CallContext.unguarded(correlationId, Priority.PERSON);
    }

    @Override
    public SyncSubject subject() {
        return subject;
    }

    @Override
    public String requestId() {
        return "preview";
    }

    @Override
    public int number() {
        return 1;
    }

    @Override
    public @Nullable String deliveryId() {
        return null;
    }

    @Override
    public boolean isFromRecord() {
        return false;
    }

    @Override
    public CallContext call() {
        return call;
    }

    @Override
    public boolean hold(RecordRef record) {
        return true;
    }

    @Override
    public void store(Runnable work) {
        throw new IllegalStateException("A preview stores nothing.");
    }
}
