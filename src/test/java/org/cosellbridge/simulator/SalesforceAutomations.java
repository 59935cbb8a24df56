package org.cosellbridge.simulator;

import static org.cosellbridge.simulator.JsonTree.JSON;

import jakarta.json.JsonValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.cosellbridge.simulator.SalesforceSchema.Entity;
import org.cosellbridge.simulator.SalesforceSchema.Field;
import org.cosellbridge.simulator.SalesforceStore.Author;
import org.cosellbridge.simulator.SalesforceStore.Event;

/**
 * After-save flows: what a call wrote into a field, they set to something else, in the same transaction and as the same user. They
 * never react to people or to each other. Called under the simulator's lock.
 */
final class SalesforceAutomations {
    private final SalesforceStore store;
    private final List<Rewrite> rewrites = new ArrayList<>();
    private final List<String> failed = new ArrayList<>();

    SalesforceAutomations(SalesforceStore store) {
        this.store = store;
    }

    private record Rewrite(Entity entity, String field, UnaryOperator<JsonValue> rule) {}

    void rewrite(Entity entity, Field field, UnaryOperator<JsonValue> rule) {
        rewrites.add(new Rewrite(entity, field.name(), rule));
    }

    void stop() {
        rewrites.clear();
    }

    List<String> failed() {
        return List.copyOf(failed);
    }

    void run(List<Event> events) {
        for (Event event : events) {
            for (Rewrite rewrite : rewrites) {
                if (!event.author().person()
                        && rewrite.entity().name().equals(event.entity().name())
                        && event.fields().contains(rewrite.field())) {
                    run(rewrite, event);
                }
            }
        }
    }

    private void run(Rewrite rewrite, Event event) {
        Optional<SalesforceRecord> record = store.find(rewrite.entity(), event.id());
        if (record.isEmpty() || record.get().isDeleted()) {
            return;
        }
        JsonValue held = record.get().value(rewrite.field());
        JsonValue wanted = rewrite.rule().apply(held);
        if (SalesforceRecord.same(held, wanted)) {
            return;
        }
        try {
            store.update(
                    record.get(),
                    JSON.createObjectBuilder().add(rewrite.field(), wanted).build(),
                    Author.person(event.author().userId()));
        } catch (SalesforceRefusal refused) {
            failed.add(event.entity().name() + " " + event.id() + " " + rewrite.field() + ": " + refused.code());
        }
    }
}
