package org.cosellbridge.connector.dynamics;

import jakarta.json.JsonObject;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.cosellbridge.connector.CallContext;
import org.cosellbridge.connector.RecordShape;
import org.cosellbridge.connector.RemoteField;
import org.cosellbridge.connector.RemoteTable;
import org.cosellbridge.http.HttpAnswer;
import org.jspecify.annotations.Nullable;

/**
 * What the people of an environment call the columns of a table, in the language of the application user. Remembered on this node for
 * an hour per table. Thread-safe.
 */
final class DynamicsLabels {
    private static final Duration REMEMBERED = Duration.ofHours(1);

    private final DynamicsClient client;
    private final Clock clock;
    private final Map<String, Known> remembered = new ConcurrentHashMap<>();

    DynamicsLabels(DynamicsClient client, Clock clock) {
        this.client = client;
        this.clock = clock;
    }

    private record Known(Map<String, String> byColumn, Instant until) {}

    /** The labels of the shape's fields by field name, in the shape's order; a field without a label is left out. */
    Map<String, String> list(CallContext call, RecordShape shape) {
        Map<String, String> byColumn = ofTable(call, shape.table());
        Map<String, String> labels = new LinkedHashMap<>();
        for (RemoteField field : shape.fields()) {
            Optional.ofNullable(byColumn.get(field.name())).ifPresent(label -> labels.put(field.name(), label));
        }
        return labels;
    }

    private Map<String, String> ofTable(CallContext call, RemoteTable table) {
        Known known = remembered.get(table.name());
        if (known != null && clock.instant().isBefore(known.until())) {
            return known.byColumn();
        }
        HttpAnswer answer = client.read(
                call,
                DynamicsConnector.definition(table) + "/Attributes",
                DynamicsConnector.options("$select", "LogicalName,DisplayName"));
        if (!answer.isSuccess()) {
            throw client.errors().from(answer, null, false);
        }
        Map<String, String> byColumn = new LinkedHashMap<>();
        for (JsonObject column : DynamicsConnector.rows(client.body(answer))) {
            findLabel(column).ifPresent(label -> byColumn.put(column.getString("LogicalName", ""), label));
        }
        remembered.put(
                table.name(), new Known(Map.copyOf(byColumn), clock.instant().plus(REMEMBERED)));
        return byColumn;
    }

    private static Optional<String> findLabel(JsonObject column) {
        return Optional.ofNullable(object(column, "DisplayName"))
                .map(display -> object(display, "UserLocalizedLabel"))
                .map(localized -> localized.getString("Label", ""))
                .filter(label -> !label.isBlank());
    }

    private static @Nullable JsonObject object(JsonObject parent, String member) {
        return parent.get(member) instanceof JsonObject object ? object : null;
    }
}
