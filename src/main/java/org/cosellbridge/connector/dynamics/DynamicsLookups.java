package org.cosellbridge.connector.dynamics;

import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.cosellbridge.connector.CallContext;
import org.cosellbridge.connector.RemoteTable;
import org.cosellbridge.connector.SetupException;
import org.cosellbridge.http.HttpAnswer;

/**
 * Translates between the natural key of another row (an ISO currency code) and its id. What was found is remembered on this node
 * for a quarter of an hour; what was not found is asked again, so that a row that a person adds works at once. Thread-safe.
 */
final class DynamicsLookups {
    private static final Duration REMEMBERED = Duration.ofMinutes(15);
    private static final int MOST = 10_000;

    private final DynamicsClient client;
    private final Clock clock;
    private final Map<Question, Known> remembered = new ConcurrentHashMap<>();

    DynamicsLookups(DynamicsClient client, Clock clock) {
        this.client = client;
        this.clock = clock;
    }

    private record Question(String set, String column, boolean byId, String value) {}

    private record Known(String answer, Instant until) {}

    /** The id of the active row with this natural key. Two of them are refused: nobody could say which is meant. */
    Optional<String> findId(CallContext call, RemoteTable table, String column, String key) {
        Question question = new Question(table.set(), column, false, key);
        Optional<String> known = recall(question);
        if (known.isPresent()) {
            return known;
        }
        String filter = column + " eq " + DynamicsClient.literal(key);
        List<JsonObject> rows;
        try {
            rows = list(call, table, column, filter + " and statecode eq 0");
        } catch (SetupException perhapsWithoutState) {
            // some tables of the platform (users) have no state; every other cause fails again here
            rows = list(call, table, column, filter);
        }
        if (rows.size() > 1) {
            throw client.errors()
                    .rejected("Several rows of " + table.name() + " have the same " + column
                            + "; leave one of them active in Dynamics 365.");
        }
        return rows.stream()
                .findFirst()
                .map(row -> row.getString(table.key(), ""))
                .filter(DynamicsFields::isId)
                .map(id -> remember(question, id));
    }

    /** The natural key of the row with this id; empty when the row is gone, hidden or has none. */
    Optional<String> findKey(CallContext call, RemoteTable table, String column, String id) {
        Question question = new Question(table.set(), column, true, id);
        Optional<String> known = recall(question);
        if (known.isPresent()) {
            return known;
        }
        HttpAnswer answer = client.read(call, table.set() + "(" + id + ")", Map.of("$select", column));
        if (!answer.isSuccess()) {
            DynamicsErrors.Refusal refusal = DynamicsErrors.Refusal.of(answer);
            if (refusal.isMissing() || refusal.isHidden()) {
                return Optional.empty();
            }
            throw client.errors().from(answer, null, false);
        }
        JsonValue key = client.body(answer).getOrDefault(column, JsonValue.NULL);
        return DynamicsFields.findText(key).map(text -> remember(question, text));
    }

    private List<JsonObject> list(CallContext call, RemoteTable table, String column, String filter) {
        Map<String, String> query =
                DynamicsConnector.options("$select", table.key() + "," + column, "$filter", filter, "$top", "2");
        HttpAnswer answer = client.read(call, table.set(), query);
        if (!answer.isSuccess()) {
            throw client.errors().from(answer, null, false);
        }
        return DynamicsConnector.rows(client.body(answer));
    }

    private Optional<String> recall(Question question) {
        return Optional.ofNullable(remembered.get(question))
                .filter(known -> clock.instant().isBefore(known.until()))
                .map(Known::answer);
    }

    private String remember(Question question, String answer) {
        if (remembered.size() >= MOST) {
            remembered.clear();
        }
        remembered.put(question, new Known(answer, clock.instant().plus(REMEMBERED)));
        return answer;
    }
}
