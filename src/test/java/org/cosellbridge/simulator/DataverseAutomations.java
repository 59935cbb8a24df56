package org.cosellbridge.simulator;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.cosellbridge.simulator.DataverseSchema.Kind;
import org.cosellbridge.simulator.DataverseSchema.Table;
import org.cosellbridge.simulator.DataverseStore.Author;
import org.cosellbridge.simulator.DataverseStore.Event;

/**
 * Asynchronous workflows of the environment: what a call wrote into a column, they set to something else, as a user of their own. They
 * never react to people or to each other. Called under the simulator's lock.
 */
final class DataverseAutomations {
    private final DataverseStore store;
    private final Author author = new Author(UUID.randomUUID().toString(), true, "");
    private final List<Rewrite> rewrites = new ArrayList<>();
    private final List<String> failed = new ArrayList<>();

    DataverseAutomations(DataverseStore store) {
        this.store = store;
    }

    private record Rewrite(Table table, String column, UnaryOperator<JsonValue> rule) {}

    void rewrite(Table table, String column, UnaryOperator<JsonValue> rule) {
        if (table.findColumn(column)
                .filter(found -> found.kind() != Kind.LOOKUP)
                .isEmpty()) {
            throw new IllegalArgumentException(table.name() + " has no plain column " + column);
        }
        Table users = store.schema().table("systemuser");
        if (store.find(users, author.userId()).isEmpty()) {
            JsonObject user = Json.createObjectBuilder()
                    .add("systemuserid", author.userId())
                    .add("firstname", "Workflow")
                    .add("lastname", "Automation")
                    .build();
            store.create(users, user, Map.of(), author);
        }
        rewrites.add(new Rewrite(table, column, rule));
    }

    void stop() {
        rewrites.clear();
    }

    List<String> failed() {
        return List.copyOf(failed);
    }

    /** Reacts to what calls wrote. */
    void run(List<Event> events) {
        for (Event event : events) {
            for (Rewrite rewrite : rewrites) {
                if (!event.author().seller()
                        && rewrite.table().name().equals(event.row().table())
                        && event.columns().contains(rewrite.column())) {
                    run(rewrite, event.row().id());
                }
            }
        }
    }

    private void run(Rewrite rewrite, String id) {
        Optional<DataverseRow> row = store.find(rewrite.table(), id);
        if (row.isEmpty()) {
            return;
        }
        JsonValue held = row.get().value(rewrite.column());
        JsonValue wanted = rewrite.rule().apply(held);
        if (DataverseRow.same(held, wanted)) {
            return;
        }
        try {
            store.update(
                    rewrite.table(),
                    row.get(),
                    Json.createObjectBuilder().add(rewrite.column(), wanted).build(),
                    author);
        } catch (SimulatorAnswer.RefusedException refused) {
            failed.add(rewrite.table().set() + "(" + id + ")/" + rewrite.column() + ": "
                    + new String(refused.answer().body(), StandardCharsets.UTF_8));
        }
    }
}
