package org.cosellbridge.simulator;

import static org.cosellbridge.simulator.JsonTree.JSON;

import jakarta.json.JsonString;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;

/**
 * Another integration of the organization, with a user of its own: what calls wrote into a text, it sets to something else a moment
 * later, in a transaction of its own that is told like anybody's. A flow does so within the call's transaction and as the call's user:
 * that is {@link SalesforceSimulator#rewrite}, and its value is then what Salesforce answers to the call. Thread-safe.
 */
final class SalesforceIntegration implements AutoCloseable {
    private static final Duration LATER = Duration.ofMillis(500);
    private static final Duration LOOK_EVERY = Duration.ofMillis(50);

    private final SalesforceSimulator salesforce;
    private final String userId;
    private final List<Rewrite> rewrites = new ArrayList<>();
    private final List<String> failed = new CopyOnWriteArrayList<>();
    private final Thread looker = new Thread(this::lookAgainAndAgain, "salesforce-integration");
    private int seen;

    SalesforceIntegration(SalesforceSimulator salesforce) {
        this.salesforce = salesforce;
        this.userId = salesforce.person("other.integration@contoso.example", "Other", "Integration");
        looker.setDaemon(true);
        looker.start();
    }

    private record Rewrite(String object, String field, UnaryOperator<String> rule) {}

    synchronized void rewrite(String object, String field, UnaryOperator<String> rule) {
        if (rewrites.isEmpty()) {
            seen = salesforce.writes().size();
        }
        rewrites.add(new Rewrite(object, field, rule));
    }

    synchronized void stop() {
        rewrites.clear();
    }

    /** The edits that Salesforce refused, one sentence each. */
    List<String> failed() {
        return List.copyOf(failed);
    }

    private void lookAgainAndAgain() {
        try {
            while (true) {
                look();
                Thread.sleep(LOOK_EVERY.toMillis());
            }
        } catch (InterruptedException closing) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized void look() {
        if (rewrites.isEmpty()) {
            return;
        }
        List<SalesforceSimulator.Write> writes = salesforce.writes();
        Instant ripe = Instant.now().minus(LATER);
        while (seen < writes.size() && !writes.get(seen).time().isAfter(ripe)) {
            SalesforceSimulator.Write write = writes.get(seen++);
            for (Rewrite rewrite : rewrites) {
                if (!write.bySeller()
                        && write.object().equals(rewrite.object())
                        && write.fields().contains(rewrite.field())) {
                    run(rewrite, write);
                }
            }
        }
    }

    private void run(Rewrite rewrite, SalesforceSimulator.Write write) {
        salesforce.row(write.object(), write.id()).ifPresent(row -> {
            String held = row.get(rewrite.field()) instanceof JsonString text ? text.getString() : "";
            try {
                String wanted = rewrite.rule().apply(held);
                if (!wanted.equals(held)) {
                    salesforce.editAs(
                            userId, write.object(), write.id(), Map.of(rewrite.field(), JSON.createValue(wanted)));
                }
            } catch (RuntimeException refused) {
                failed.add(write.object() + " " + write.id() + " " + rewrite.field() + ": " + refused.getMessage());
            }
        });
    }

    @Override
    public void close() {
        looker.interrupt();
    }
}
