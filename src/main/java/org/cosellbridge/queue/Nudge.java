package org.cosellbridge.queue;

import jakarta.json.Json;
import jakarta.json.JsonException;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import java.io.StringReader;
import java.util.Optional;
import org.cosellbridge.connector.ConnectionName;

/**
 * The message: this connection has something due.
 *
 * @param connection which connection
 */
record Nudge(ConnectionName connection) {
    /** The queue it travels on. */
    static final String QUEUE = "cosell.sync";

    private static final int VERSION = 1;

    /** The message's text. */
    String toJson() {
        return Json.createObjectBuilder()
                .add("v", VERSION)
                .add("connection", connection.value())
                .build()
                .toString();
    }

    /** The nudge in a message's text; empty when it is none of a version this node understands. */
    static Optional<Nudge> parse(String text) {
        try (JsonReader reader = Json.createReader(new StringReader(text))) {
            JsonObject message = reader.readObject();
            return message.getInt("v", 0) == VERSION
                    ? Optional.of(new Nudge(new ConnectionName(message.getString("connection", ""))))
                    : Optional.empty();
        } catch (JsonException | IllegalArgumentException notANudge) {
            return Optional.empty();
        }
    }
}
