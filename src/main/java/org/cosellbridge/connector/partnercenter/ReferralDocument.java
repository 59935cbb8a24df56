package org.cosellbridge.connector.partnercenter;

import jakarta.json.Json;
import jakarta.json.JsonArray;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.cosellbridge.connector.RecordRef;
import org.cosellbridge.connector.RemoteRecord;

/**
 * Turns a referral's JSON into a record. The API spells member names in camel case but does not insist on it, so known names are
 * put right; a single object where a list belongs becomes a list of one. Unknown members stay as they came.
 */
final class ReferralDocument {
    private static final Set<String> LISTS = Set.of("team", "ids", "solutions", "target", "registrations");
    private static final Map<String, String> NAMES = Stream.of(
                    ("id engagementId name externalReferenceId organizationId organizationName createdDateTime"
                                    + " updatedDateTime expirationDateTime acceptedDateTime closedDateTime status substatus"
                                    + " statusReason qualification type direction eTag favorite campaignId salesStage"
                                    + " referralProgram referralSource callToAction quality isSpam tags mpnId target"
                                    + " customerProfile consent details team inviteContext trackingInfo registrations"
                                    + " registrationStatus links address addressLine1 addressLine2 city state postalCode"
                                    + " country region size ids isMatchingComplete firstName lastName phoneNumber email"
                                    + " title contactPreference consentToToShareInfoWithOthers consentToContact"
                                    + " consentToShareReferralWithMicrosoftSellers"
                                    + " consentToMicrosoftToContactSpecificPartners notes dealValue currency"
                                    + " closingDateTime customerRequestedContact customerAction incentiveLevel"
                                    + " requirements industries products services solutions offers salesPlays"
                                    + " additionalRequirements attributes solutionType publisherName price quantity"
                                    + " assistanceRequestCode invitedMpnId invitedBy microsoftMsxId")
                            .split(" "))
            .collect(Collectors.toUnmodifiableMap(name -> name.toLowerCase(Locale.ROOT), Function.identity()));

    private ReferralDocument() {}

    /** The record; empty when the document has no id. */
    static Optional<RemoteRecord> record(JsonObject document, String headerTag) {
        JsonObject referral = normalised(document);
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

    private static JsonObject normalised(JsonObject object) {
        JsonObjectBuilder result = Json.createObjectBuilder();
        object.forEach((name, value) -> {
            if (name.startsWith("@odata.")) {
                return;
            }
            String known = NAMES.getOrDefault(name.toLowerCase(Locale.ROOT), name);
            JsonValue inner = normalised(value);
            result.add(known, LISTS.contains(known) && inner instanceof JsonObject single ? asList(single) : inner);
        });
        return result.build();
    }

    private static JsonValue normalised(JsonValue value) {
        if (value instanceof JsonObject object) {
            return normalised(object);
        }
        if (value instanceof JsonArray array) {
            JsonArrayBuilder result = Json.createArrayBuilder();
            array.forEach(item -> result.add(normalised(item)));
            return result.build();
        }
        return value;
    }

    private static JsonArray asList(JsonObject single) {
        return single.isEmpty()
                ? JsonValue.EMPTY_JSON_ARRAY
                : Json.createArrayBuilder().add(single).build();
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
