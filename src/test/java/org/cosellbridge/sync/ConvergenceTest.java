package org.cosellbridge.sync;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/**
 * Whatever people, networks and crashes do, both sides end equal, nothing is made twice, nothing is lost without a word, and then
 * nothing is written any more. {@code -Dcosell.test.seed=<seed>} replays one history and tells it.
 */
class ConvergenceTest {
    private static final long FIRST_SEED = Long.getLong("cosell.test.first-seed", 1);
    private static final int HISTORIES = Integer.getInteger("cosell.test.histories", 500);

    @Test
    void whateverHappensBothSidesEndEqualAndThenNothingIsWritten() {
        Long one = Long.getLong("cosell.test.seed");
        long first = one == null ? FIRST_SEED : one;
        long last = one == null ? FIRST_SEED + HISTORIES - 1 : one;
        Map<String, Integer> totals = new TreeMap<>();
        List<String> failures = new ArrayList<>();
        try (SyncFixture fixture = new SyncFixture()) {
            fixture.pool = new SameThread();
            for (long seed = first; seed <= last; seed++) {
                History history = new History(fixture, seed);
                List<String> faults = faults(history, totals);
                if (one != null) {
                    System.out.println(String.join("\n", history.story));
                }
                faults.forEach(fault -> failures.add(history.seed + ": " + fault));
            }
        }
        System.out.println((last - first + 1) + " histories, seeds " + first + " to " + last + ": " + totals);
        assertThat(failures)
                .as("what is wrong, by seed; -Dcosell.test.seed=<seed> tells one history")
                .isEmpty();
    }

    private static List<String> faults(History history, Map<String, Integer> totals) {
        try {
            history.live();
            history.sweep();
            Verdict verdict = new Verdict(history);
            List<String> faults = new ArrayList<>(verdict.faults());
            verdict.summary().forEach((what, count) -> totals.merge(what, count, Integer::sum));
            int writes = history.fixture.written.size();
            history.sweep();
            if (history.fixture.written.size() > writes) {
                faults.add("Another sweep still writes: "
                        + history.fixture.written.subList(writes, history.fixture.written.size()).stream()
                                .map(write -> write.system() + " " + write.id() + " "
                                        + write.values().keySet())
                                .toList());
            }
            return faults;
        } catch (RuntimeException | AssertionError unexpected) {
            java.io.StringWriter trace = new java.io.StringWriter();
            unexpected.printStackTrace(new java.io.PrintWriter(trace));
            return List.of(trace.toString().lines().limit(14).reduce("", (a, b) -> a + "\n" + b));
        }
    }

    /** Runs what it is given in the thread that gives it, so that a history is the same every time. */
    private static final class SameThread extends AbstractExecutorService {
        @Override
        public void execute(Runnable command) {
            command.run();
        }

        @Override
        public void shutdown() {}

        @Override
        public List<Runnable> shutdownNow() {
            return List.of();
        }

        @Override
        public boolean isShutdown() {
            return false;
        }

        @Override
        public boolean isTerminated() {
            return false;
        }

        @Override
        public boolean awaitTermination(long timeout, TimeUnit unit) {
            return true;
        }
    }
}
