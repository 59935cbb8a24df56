package org.cosellbridge.simulator;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.BiPredicate;

/**
 * The fault switch of one simulator. Faults for the next calls come before faults for all calls; among each, the one that was set
 * first and fits wins. Thread-safe: a fault for the next three calls hits exactly three.
 */
public final class Faults {
    private final List<Counted> next = new ArrayList<>();
    private final List<Standing> always = new ArrayList<>();

    /** The next {@code calls} calls fail in this way. */
    public void next(int calls, Fault fault) {
        next(calls, fault, Faults::anyCall);
    }

    /** The next {@code calls} calls whose method and path fit fail in this way. */
    public synchronized void next(int calls, Fault fault, BiPredicate<String, String> methodAndPath) {
        if (calls < 1) {
            throw new IllegalArgumentException("A fault needs at least one call.");
        }
        next.add(new Counted(calls, fault, methodAndPath));
    }

    /** Every call fails in this way until {@link #clear}. */
    public void always(Fault fault) {
        always(fault, Faults::anyCall);
    }

    /** Every call whose method and path fit fails in this way until {@link #clear}. */
    public synchronized void always(Fault fault, BiPredicate<String, String> methodAndPath) {
        always.add(new Standing(fault, methodAndPath));
    }

    /** From now on nothing fails. */
    public synchronized void clear() {
        next.clear();
        always.clear();
    }

    /** How many faults for next calls have not hit yet. */
    public synchronized int left() {
        return next.stream().mapToInt(counted -> counted.left).sum();
    }

    synchronized Optional<Fault> draw(String method, String path) {
        for (Iterator<Counted> candidates = next.iterator(); candidates.hasNext(); ) {
            Counted candidate = candidates.next();
            if (candidate.fits.test(method, path)) {
                candidate.left--;
                if (candidate.left == 0) {
                    candidates.remove();
                }
                return Optional.of(candidate.fault);
            }
        }
        return always.stream()
                .filter(standing -> standing.fits.test(method, path))
                .map(Standing::fault)
                .findFirst();
    }

    private static boolean anyCall(String method, String path) {
        return !method.isEmpty() && !path.isEmpty();
    }

    private record Standing(Fault fault, BiPredicate<String, String> fits) {}

    private static final class Counted {
        private final Fault fault;
        private final BiPredicate<String, String> fits;
        private int left;

        Counted(int left, Fault fault, BiPredicate<String, String> fits) {
            this.left = left;
            this.fault = fault;
            this.fits = fits;
        }
    }
}
