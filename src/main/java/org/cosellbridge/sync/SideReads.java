package org.cosellbridge.sync;

import jakarta.annotation.Resource;
import jakarta.enterprise.concurrent.ManagedExecutorService;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Reads both sides at the same time. When the server has no thread to spare they are read one after the other. */
@Singleton
class SideReads {
    @Resource(lookup = "java:comp/DefaultManagedExecutorService")
    private @Nullable ManagedExecutorService managed;

    private final @Nullable ExecutorService own;

    @Inject
    SideReads() {
        own = null;
    }

    /** Reads in this pool; for tests. */
    SideReads(ExecutorService own) {
        this.own = own;
    }

    /** The answers of both; the first failure is thrown as it is, the first side's before the second's. */
    <A, B> Both<A, B> both(Supplier<A> first, Supplier<B> second) {
        FutureTask<B> task = new FutureTask<>(second::get);
        Future<?> running = start(task);
        A answer;
        try {
            answer = first.get();
        } catch (RuntimeException failed) {
            // never interrupted: a thread that is interrupted while H2 reads or writes closes the whole database
            running.cancel(false);
            task.cancel(false);
            throw failed;
        }
        return new Both<>(answer, await(task));
    }

    private Future<?> start(FutureTask<?> task) {
        ExecutorService executor = own == null ? managed : own;
        if (executor != null) {
            try {
                return executor.submit(task);
            } catch (RejectedExecutionException busy) {
                // falls through: this thread does it
            }
        }
        task.run();
        return task;
    }

    private static <B> B await(FutureTask<B> task) {
        try {
            return task.get();
        } catch (ExecutionException failed) {
            Throwable cause = failed.getCause();
            if (cause instanceof RuntimeException known) {
                throw known;
            }
            if (cause instanceof Error known) {
                throw known;
            }
            throw new IllegalStateException("A side could not be read.", cause);
        } catch (InterruptedException stopped) {
            task.cancel(false);
            Thread.currentThread().interrupt();
            throw new CancellationException("The server stops.");
        }
    }

    /** Two answers. */
    record Both<A, B>(A first, B second) {}
}
