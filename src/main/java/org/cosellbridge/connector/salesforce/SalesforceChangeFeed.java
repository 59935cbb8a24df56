package org.cosellbridge.connector.salesforce;

import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Pattern;
import org.cosellbridge.connector.CallContext;
import org.cosellbridge.connector.Changes;
import org.cosellbridge.connector.Priority;
import org.cosellbridge.connector.RecordChange;
import org.cosellbridge.connector.RecordRef;
import org.cosellbridge.connector.RecordShape;
import org.cosellbridge.connector.RemoteRecord;
import org.cosellbridge.http.HttpAnswer;
import org.jspecify.annotations.Nullable;

/**
 * The changes of one kind of record, by their {@code SystemModstamp}. A walk begins with every record there is; from a token it lists
 * what was modified since, deleted rows with it, as long as they are in the recycle bin. It asks without regard to the Sync switch: so
 * a record whose switch was turned off is told like any other. Twice an hour the org's log of deletions tells what went past the bin;
 * it reaches back 15 days at most, and a token that is older has expired.
 *
 * <p>A long transaction commits later than the stamps of its records. So every walk goes back five minutes further than the walk
 * before came, and leaves out what that one told. The token holds both. Thread-safe.
 */
final class SalesforceChangeFeed {
    private static final Duration DELETIONS_EVERY = Duration.ofMinutes(30);
    private static final Duration DELETIONS_KEPT = Duration.ofDays(15);
    private static final int FINGERPRINT_BYTES = 16;
    private static final Pattern NEXT = Pattern.compile("/services/data/v\\d+\\.\\d/query/[A-Za-z0-9_-]+");

    private final SalesforceClient client;
    private final SalesforceErrors errors;
    private final SalesforceRows rows;
    private final Clock clock;

    SalesforceChangeFeed(SalesforceClient client, SalesforceRows rows, Clock clock) {
        this.client = client;
        this.errors = client.errors();
        this.rows = rows;
        this.clock = clock;
    }

    /** One page; see {@link org.cosellbridge.connector.DetectsChanges}. */
    Changes list(CallContext call, RecordShape shape, @Nullable String cursorText) {
        if (call.priority() == Priority.EVENT) {
            // a walk that goes on from a token is a poll, however urgent its caller is
            client.admit(Priority.SWEEP);
        }
        String scope = scope(shape);
        SalesforceCursor cursor = cursorText == null ? SalesforceCursor.start(scope) : resume(shape, scope, cursorText);
        HttpAnswer answer = page(call, shape, cursor);
        if (cursor.deletionsUntil() == null) {
            cursor = cursor.withDeletionsUntil(clock.instant());
        }
        JsonObject body = client.body(answer);
        List<RecordChange> items = new ArrayList<>();
        SalesforceCursor.Told told = cursor.told();
        for (JsonObject row : SalesforceJson.objects(body.get("records"))) {
            String id = rows.id(shape, row);
            if (told.isNew(id, rows.version(row))) {
                items.add(change(call, shape, row));
            }
        }
        cursor = cursor.withTold(told);
        if (!SalesforceJson.isTrue(body, "done")) {
            String next = SalesforceJson.text(body, "nextRecordsUrl");
            if (!NEXT.matcher(next).matches()) {
                throw errors.unreadable(null);
            }
            return new Changes(items, cursor.withNext(next).text(), null);
        }
        if (!cursor.isFull()) {
            cursor = addDeletions(call, shape, cursor, items);
        }
        return new Changes(items, null, cursor.asToken().text());
    }

    private SalesforceCursor resume(RecordShape shape, String scope, String text) {
        SalesforceCursor cursor = SalesforceCursor.parse(text)
                .filter(known -> known.scope().equals(scope))
                .orElseThrow(() -> errors.expired("The sync token of the object "
                        + shape.table().name() + " was given out for another org or another list of fields."));
        Instant deletions = cursor.deletionsUntil();
        if (deletions == null
                || deletions
                        .minus(SalesforceCursor.OVERLAP)
                        .isBefore(clock.instant().minus(DELETIONS_KEPT))) {
            throw errors.expired("The sync token of the object " + shape.table().name()
                    + " is older than 15 days: Salesforce no longer tells what was deleted since.");
        }
        return cursor;
    }

    private HttpAnswer page(CallContext call, RecordShape shape, SalesforceCursor cursor) {
        String next = cursor.next();
        if (next != null) {
            HttpAnswer answer = client.readAt(call, next);
            // the place in the list is forgotten: what came so far is known by its stamps
            if (answer.isSuccess() || !SalesforceErrors.Refusal.of(answer).isLocator()) {
                return success(answer);
            }
        }
        String soql = "SELECT " + rows.columns(call, shape) + ", IsDeleted FROM "
                + shape.table().name() + condition(cursor)
                + " ORDER BY " + SalesforceRows.STAMP + " ASC, Id ASC";
        return success(
                client.read(call, (cursor.isFull() ? "query?q=" : "queryAll?q=") + SalesforceClient.encode(soql)));
    }

    private static String condition(SalesforceCursor cursor) {
        Instant from = cursor.next() == null ? cursor.from() : cursor.reached();
        return from == null ? "" : " WHERE " + SalesforceRows.STAMP + " >= " + from.truncatedTo(ChronoUnit.SECONDS);
    }

    private HttpAnswer success(HttpAnswer answer) {
        if (!answer.isSuccess()) {
            throw errors.from(answer, null);
        }
        return answer;
    }

    private RecordChange change(CallContext call, RecordShape shape, JsonObject row) {
        if (SalesforceJson.isTrue(row, "IsDeleted")) {
            return deleted(shape, rows.id(shape, row));
        }
        RemoteRecord record = rows.record(call, shape, row);
        return new RecordChange(record.ref(), false, record.version(), record.values());
    }

    private static RecordChange deleted(RecordShape shape, String id) {
        return new RecordChange(new RecordRef(shape.kind(), id), true, "", JsonValue.EMPTY_JSON_OBJECT);
    }

    /** Adds what the log of deletions tells beside the rows, and answers the cursor with the time until which it does. */
    private SalesforceCursor addDeletions(
            CallContext call, RecordShape shape, SalesforceCursor cursor, List<RecordChange> items) {
        Instant until = cursor.deletionsUntil();
        Instant now = clock.instant();
        if (until == null || until.plus(DELETIONS_EVERY).isAfter(now)) {
            return cursor;
        }
        Instant start = until.minus(SalesforceCursor.OVERLAP);
        JsonObject log = client.body(success(client.read(
                call, "sobjects/" + shape.table().set() + "/deleted/?start=" + time(start) + "&end=" + time(now))));
        if (instant(log, "earliestDateAvailable").isAfter(start)) {
            throw errors.expired("Salesforce no longer tells which records of "
                    + shape.table().name() + " were deleted since the sync token was given out.");
        }
        for (JsonObject row : SalesforceJson.objects(log.get("deletedRecords"))) {
            String id =
                    SalesforceFields.findId(SalesforceJson.text(row, "id")).orElseThrow(() -> errors.unreadable(null));
            if (items.stream().noneMatch(item -> item.ref().id().equals(id))) {
                items.add(deleted(shape, id));
            }
        }
        return cursor.withDeletionsUntil(instant(log, "latestDateCovered"));
    }

    private Instant instant(JsonObject log, String member) {
        try {
            return SalesforceFields.instant(SalesforceJson.text(log, member));
        } catch (DateTimeException notATime) {
            throw errors.unreadable(notATime);
        }
    }

    private static String time(Instant time) {
        return SalesforceClient.encode(
                time.truncatedTo(ChronoUnit.SECONDS).toString().replace("Z", "+00:00"));
    }

    private String scope(RecordShape shape) {
        String columns = String.join(
                ",", shape.fields().stream().map(field -> field.name()).sorted().toList());
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256")
                    .digest((client.root() + "\n" + shape.table().name() + "\n" + columns)
                            .getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest, 0, FINGERPRINT_BYTES);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("This Java runtime has no SHA-256.", impossible);
        }
    }
}
