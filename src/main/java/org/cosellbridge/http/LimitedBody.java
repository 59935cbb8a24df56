package org.cosellbridge.http;

import java.io.IOException;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/** Collects a body and gives up as soon as it is longer than allowed, so that a huge answer costs no memory. */
final class LimitedBody implements BodySubscriber<byte[]> {
    private final BodySubscriber<byte[]> bytes = BodySubscribers.ofByteArray();
    private final long most;
    private long received;
    private boolean ended;
    private Flow.@Nullable Subscription subscription;

    LimitedBody(long most) {
        this.most = most;
    }

    @Override
    public CompletionStage<byte[]> getBody() {
        return bytes.getBody();
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
        subscription = given;
        bytes.onSubscribe(given);
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
        if (ended) {
            return;
        }
        received += buffers.stream().mapToLong(ByteBuffer::remaining).sum();
        if (received <= most) {
            bytes.onNext(buffers);
            return;
        }
        ended = true;
        if (subscription != null) {
            subscription.cancel();
        }
        bytes.onError(new TooLongException(most));
    }

    @Override
    public void onError(Throwable failure) {
        if (!ended) {
            bytes.onError(failure);
        }
    }

    @Override
    public void onComplete() {
        if (!ended) {
            bytes.onComplete();
        }
    }

    /** The body is longer than allowed. */
    static final class TooLongException extends IOException {
        TooLongException(long most) {
            super("The answer has more than " + most + " bytes.");
        }
    }
}
