package org.cosellbridge.connector.dynamics;

import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.cosellbridge.connector.CallContext;
import org.cosellbridge.connector.Changes;
import org.cosellbridge.connector.ConnectorException;
import org.cosellbridge.connector.RecordChange;
import org.cosellbridge.connector.RecordRef;
import org.cosellbridge.connector.RecordShape;
import org.cosellbridge.connector.RejectedException;
import org.cosellbridge.connector.RemoteField;
import org.cosellbridge.connector.RemoteTable;
import org.cosellbridge.connector.RetryableException;
import org.cosellbridge.http.HttpAnswer;
import org.jspecify.annotations.Nullable;

/**
 * The change tracking of Dataverse. A walk begins with the whole table and ends with a delta link; a call of that link tells what
 * changed since: every changed row once as it is now, in the order of the versions, then what was deleted.
 *
 * <p>A link is kept as the query that it asks with, unchanged, and asked of the configured environment again: a link never leads
 * anywhere else, and holds no secret. Beside it stands for which environment, table and columns it was given out; for others it
 * counts as expired, because Dataverse would go on telling the old columns. Thread-safe.
 */
final class DynamicsChangeFeed {
    /** The same for every page of a walk, as the platform asks. */
    private static final Map<String, String> PREFERENCES =
            Map.of("Prefer", "odata.track-changes,odata.maxpagesize=500");

    private static final int FINGERPRINT_BYTES = 16;

    private final DynamicsClient client;
    private final DynamicsErrors errors;
    private final DynamicsFields fields;

    DynamicsChangeFeed(DynamicsClient client, DynamicsFields fields) {
        this.client = client;
        this.errors = client.errors();
        this.fields = fields;
    }

    /** What a cursor leads to. */
    private enum Link {
        /** The next page of a walk. */
        PAGE("@odata.nextLink"),
        /** What changes after a walk. */
        TOKEN("@odata.deltaLink");

        private final String member;

        Link(String member) {
            this.member = member;
        }
    }

    /**
     * A link as it is handed out: a short text that says what it leads to, what it was given out for, and its query.
     *
     * @param link what it leads to
     * @param scope the fingerprint of environment, table and columns
     * @param query the link's query, as it came
     */
    private record Cursor(Link link, String scope, String query) {
        private static final Pattern TEXT = Pattern.compile("(PAGE|TOKEN):([0-9a-f]+):(.+)");

        static Optional<Cursor> parse(String text) {
            Matcher matcher = TEXT.matcher(text);
            return matcher.matches() && isQuery(matcher.group(3))
                    ? Optional.of(new Cursor(Link.valueOf(matcher.group(1)), matcher.group(2), matcher.group(3)))
                    : Optional.empty();
        }

        String text() {
            return link + ":" + scope + ":" + query;
        }
    }

    /** One page; see {@link org.cosellbridge.connector.DetectsChanges}. */
    Changes list(CallContext call, RecordShape shape, @Nullable String cursorText) {
        String columns = columns(shape);
        String scope = scope(shape.table(), columns);
        Cursor cursor = cursorText == null ? null : resume(shape.table(), scope, cursorText);
        String query =
                cursor == null ? DynamicsClient.query(DynamicsConnector.options("$select", columns)) : cursor.query();
        HttpAnswer answer = client.read(call, shape.table().set(), query, PREFERENCES);
        if (!answer.isSuccess()) {
            throw refusal(call, shape.table(), answer, cursor != null);
        }
        // without any change since a token, the answer may be empty
        JsonObject body = answer.body().length == 0 ? JsonValue.EMPTY_JSON_OBJECT : client.body(answer);
        List<RecordChange> items = new ArrayList<>();
        for (JsonObject row : DynamicsConnector.rows(body)) {
            items.add(change(call, shape, row));
        }
        Optional<String> next = findQuery(body, Link.PAGE);
        if (next.isPresent()) {
            return new Changes(items, new Cursor(Link.PAGE, scope, next.get()).text(), null);
        }
        Optional<String> token = findQuery(body, Link.TOKEN).map(found -> new Cursor(Link.TOKEN, scope, found).text());
        if (token.isEmpty() && cursor != null && cursor.link() == Link.TOKEN && items.isEmpty()) {
            token = Optional.of(cursor.text());
        }
        return new Changes(items, null, token.orElseThrow(() -> withoutToken(call, shape.table())));
    }

    private Cursor resume(RemoteTable table, String scope, String text) {
        return Cursor.parse(text)
                .filter(cursor -> cursor.scope().equals(scope))
                .orElseThrow(() -> errors.expired("The sync token of the table " + table.name()
                        + " was given out for another environment or another list of columns."));
    }

    private ConnectorException refusal(CallContext call, RemoteTable table, HttpAnswer answer, boolean resumed) {
        ConnectorException refusal = errors.fromChangeFeed(answer, table.name());
        boolean aboutTheRequest = refusal instanceof RejectedException
                || (refusal instanceof RetryableException later && !later.systemWide());
        if (aboutTheRequest && !isTracked(call, table)) {
            return untracked(table);
        }
        // how the platform refuses a link that it cannot read is not documented; a walk from the beginning is always
        // right
        return resumed && refusal instanceof RejectedException
                ? errors.expired("Dynamics 365 does not take the sync token of the table " + table.name() + ". "
                        + refusal.getMessage())
                : refusal;
    }

    /** A walk ended without a token: the platform did not do as preferred. */
    private ConnectorException withoutToken(CallContext call, RemoteTable table) {
        return isTracked(call, table) ? errors.unreadable(null) : untracked(table);
    }

    private ConnectorException untracked(RemoteTable table) {
        return errors.setup("The table " + table.name() + " does not track changes. Turn on 'Track changes' in the"
                + " properties of the table (Power Apps, Tables, Advanced options) and publish it.");
    }

    /** Asks for the flag: which code refuses a table without it is not documented. */
    private boolean isTracked(CallContext call, RemoteTable table) {
        HttpAnswer answer = client.read(
                call,
                DynamicsConnector.definition(table),
                DynamicsConnector.options("$select", "ChangeTrackingEnabled"));
        return !answer.isSuccess()
                || !JsonValue.FALSE.equals(client.body(answer).get("ChangeTrackingEnabled"));
    }

    private RecordChange change(CallContext call, RecordShape shape, JsonObject row) {
        String key = shape.table().key();
        boolean deleted = !row.containsKey(key) && row.containsKey("reason");
        String id = row.getString(deleted ? "id" : key, "");
        if (!DynamicsFields.isId(id)) {
            throw errors.unreadable(null);
        }
        JsonObjectBuilder values = DynamicsJson.object();
        if (!deleted) {
            for (RemoteField field : shape.fields()) {
                // absent is not empty
                if (row.containsKey(DynamicsFields.column(field))) {
                    values.add(field.name(), fields.read(call, field, row));
                }
            }
        }
        String version = deleted ? "" : row.getString(DynamicsConnector.ETAG, "");
        return new RecordChange(new RecordRef(shape.kind(), id), deleted, version, values.build());
    }

    private Optional<String> findQuery(JsonObject body, Link link) {
        if (!(body.get(link.member) instanceof JsonString address)) {
            return Optional.empty();
        }
        String text = address.getString();
        String query = text.substring(text.indexOf('?') + 1);
        if (query.length() == text.length() || !isQuery(query)) {
            throw errors.unreadable(null);
        }
        return Optional.of(query);
    }

    private static boolean isQuery(String text) {
        try {
            return text.equals(URI.create("?" + text).getRawQuery());
        } catch (IllegalArgumentException noAddress) {
            return false;
        }
    }

    /** In the order of their names: another order in a mapping document is no other list. */
    private static String columns(RecordShape shape) {
        TreeSet<String> columns = new TreeSet<>();
        columns.add(shape.table().key());
        shape.fields().forEach(field -> columns.add(DynamicsFields.column(field)));
        return String.join(",", columns);
    }

    private String scope(RemoteTable table, String columns) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256")
                    .digest((client.root() + "\n" + table.set() + "\n" + columns).getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest, 0, FINGERPRINT_BYTES);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("This Java runtime has no SHA-256.", impossible);
        }
    }
}
