package org.cosellbridge.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class SideReadsTest {
    @Test
    void neverInterruptsASideWhenTheOtherFails() throws InterruptedException {
        ExecutorService pool = Executors.newSingleThreadExecutor();
        CountDownLatch reading = new CountDownLatch(1);
        CountDownLatch failed = new CountDownLatch(1);
        AtomicBoolean interrupted = new AtomicBoolean();
        try {
            assertThatThrownBy(() -> new SideReads(pool)
                            .both(
                                    () -> {
                                        await(reading);
                                        throw new IllegalStateException("the first side failed");
                                    },
                                    () -> {
                                        reading.countDown();
                                        interrupted.set(!await(failed));
                                        return "read";
                                    }))
                    .hasMessage("the first side failed");
            failed.countDown();
        } finally {
            pool.shutdown();
            assertThat(pool.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(interrupted).isFalse();
    }

    private static boolean await(CountDownLatch latch) {
        try {
            return latch.await(10, TimeUnit.SECONDS);
        } catch (InterruptedException interrupted) {
            return false;
        }
    }
}
