package org.cosellbridge.connector.partnercenter;

import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Locale;
import java.util.Optional;
import org.cosellbridge.connector.RecordRef;
import org.cosellbridge.connector.RemoteRecord;
import org.cosellbridge.referral.ReferralPaths;

/** Turns a referral's JSON into a record, its member names and lists put right. Unknown members stay as they came. */
final class ReferralDocument {
    private ReferralDocument() {}

    /** The record; empty when the document has no id. */
    static Optional<RemoteRecord> record(JsonObject document, String headerTag) {
        JsonObject referral = ReferralPaths.spelled(document);
        if (!(referral.get("id") instanceof JsonString id) || id.getString().isBlank()) {
            return Optional.empty();
        }
        String version = referral.get("eTag") instanceof JsonString tag ? tag.getString() : headerTag;
        return Optional.of(new RemoteRecord(
                new RecordRef(RecordRef.REFERRAL, id.getString().toLowerCase(Locale.ROOT)),
                version,
                time(referral, "updatedDateTime")
                        .or(() -> time(referral, "createdDateTime"))
                        .orElse(Instant.EPOCH),
                referral));
    }

    private static Optional<Instant> time(JsonObject referral, String name) {
        return referral.get(name) instanceof JsonString text ? time(text.getString()) : Optional.empty();
    }

    private static Optional<Instant> time(String text) {
        try {
            return Optional.of(OffsetDateTime.parse(text).toInstant());
        } catch (DateTimeException withoutOffset) {
            try {
                return Optional.of(LocalDateTime.parse(text).toInstant(ZoneOffset.UTC));
            } catch (DateTimeException notATime) {
                return Optional.empty();
            }
        }
    }
}
