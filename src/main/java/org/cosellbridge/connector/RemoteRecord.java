package org.cosellbridge.connector;

import jakarta.json.JsonObject;
import java.time.Instant;

/**
 * A record as a remote system held it at one moment.
 *
 * @param ref which record
 * @param version the system's opaque version of it (an eTag, a modification stamp); a guarded write hands it back
 * @param modifiedAt when the system says it was last modified
 * @param values a CRM record: the shape's fields by their names, JSON null when empty, references as ids, lookups as natural
 *     keys, states as text; a referral: the document as it came
 */
public record RemoteRecord(RecordRef ref, String version, Instant modifiedAt, JsonObject values) {}
