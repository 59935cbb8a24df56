package org.cosellbridge.connector.salesforce;

import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.Set;
import org.cosellbridge.connector.CallContext;
import org.cosellbridge.connector.RecordRef;
import org.cosellbridge.connector.RecordShape;
import org.cosellbridge.connector.RemoteField;
import org.cosellbridge.connector.RemoteRecord;

/**
 * Makes records of the rows of a query. A record's version is its {@code SystemModstamp}, in whole seconds as Salesforce keeps it,
 * together with who modified it: so an edit in the very second of our own write has another version. Thread-safe.
 */
final class SalesforceRows {
    static final String STAMP = "SystemModstamp";
    private static final String MODIFIED = "LastModifiedDate";
    private static final String BY = "LastModifiedById";

    private final SalesforceErrors errors;
    private final SalesforceFields fields;

    SalesforceRows(SalesforceErrors errors, SalesforceFields fields) {
        this.errors = errors;
        this.fields = fields;
    }

    /** What a query for records of this shape selects. */
    String columns(CallContext call, RecordShape shape) {
        Set<String> columns = new LinkedHashSet<>();
        columns.add(shape.table().key());
        columns.add(STAMP);
        columns.add(MODIFIED);
        columns.add(BY);
        columns.addAll(fields.columns(call, shape));
        return String.join(", ", columns);
    }

    /** The record in this row. */
    RemoteRecord record(CallContext call, RecordShape shape, JsonObject row) {
        JsonObjectBuilder values = SalesforceJson.object();
        for (RemoteField field : shape.fields()) {
            values.add(field.name(), fields.read(call, shape.table(), field, row));
        }
        return new RemoteRecord(
                new RecordRef(shape.kind(), id(shape, row)), version(row), time(row, MODIFIED), values.build());
    }

    String id(RecordShape shape, JsonObject row) {
        return SalesforceFields.findId(SalesforceJson.text(row, shape.table().key()))
                .orElseThrow(() -> errors.unreadable(null));
    }

    /** The id that the answer to a create names. */
    String createdId(JsonObject answer) {
        return SalesforceFields.findId(SalesforceJson.text(answer, "id")).orElseThrow(() -> errors.unreadable(null));
    }

    String version(JsonObject row) {
        return time(row, STAMP) + "/" + SalesforceJson.text(row, BY);
    }

    private Instant time(JsonObject row, String member) {
        try {
            return SalesforceFields.instant(SalesforceJson.text(row, member));
        } catch (DateTimeException notATime) {
            throw errors.unreadable(notATime);
        }
    }

    /** The modification stamp in a version. */
    static Instant stamp(String version) {
        return Instant.parse(version.substring(0, version.indexOf('/')));
    }

    /** Whether this user made the version; yes when the user is not known. */
    static boolean isBy(String version, String userId) {
        String by = version.substring(version.indexOf('/') + 1);
        return userId.isEmpty() || by.isEmpty() || SalesforceFields.findId(by).equals(SalesforceFields.findId(userId));
    }
}
