package org.cosellbridge.simulator;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * What happened at one simulator: its calls, counted by name, and the rules its callers broke. Thread-safe. The last
 * {@value #KEPT} calls and the first {@value #KEPT_SENTENCES} broken rules are kept; the counts stay right beyond that.
 */
public final class CallLog {
    private static final int KEPT = 100_000;
    private static final int KEPT_SENTENCES = 1_000;

    private final Deque<Call> calls = new ArrayDeque<>();
    private final Map<String, Integer> counts = new TreeMap<>();
    private final List<String> brokenRules = new ArrayList<>();
    private int brokenRuleCount;

    /** The calls in the order in which they ended. */
    public synchronized List<Call> calls() {
        return List.copyOf(calls);
    }

    /** The calls that fit, in the order in which they ended. */
    public List<Call> calls(Predicate<Call> fits) {
        return calls().stream().filter(fits).toList();
    }

    /** The calls of this name, in the order in which they ended. */
    public List<Call> calls(String name) {
        return calls(call -> call.name().equals(name));
    }

    /** How many calls of this name there were. */
    public synchronized int count(String name) {
        return counts.getOrDefault(name, 0);
    }

    /** How many calls there were. */
    public synchronized int count() {
        return counts.values().stream().mapToInt(Integer::intValue).sum();
    }

    /** How many calls there were, by name. */
    public synchronized Map<String, Integer> counts() {
        return Map.copyOf(counts);
    }

    /** The broken rules, one sentence each. A test expects none. */
    public synchronized List<String> brokenRules() {
        return List.copyOf(brokenRules);
    }

    /** How many rules were broken. */
    public synchronized int brokenRuleCount() {
        return brokenRuleCount;
    }

    /** Counts a broken rule. */
    public synchronized void breakRule(String sentence) {
        brokenRuleCount++;
        if (brokenRules.size() < KEPT_SENTENCES) {
            brokenRules.add(sentence);
        }
    }

    /** Forgets calls, counts and broken rules. */
    public synchronized void clear() {
        calls.clear();
        counts.clear();
        brokenRules.clear();
        brokenRuleCount = 0;
    }

    synchronized void add(Call call) {
        counts.merge(call.name(), 1, Integer::sum);
        calls.addLast(call);
        if (calls.size() > KEPT) {
            calls.removeFirst();
        }
    }
}
