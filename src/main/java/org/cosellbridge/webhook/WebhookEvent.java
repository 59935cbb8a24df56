package org.cosellbridge.webhook;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.io.StringReader;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoUnit;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.cosellbridge.referral.ReferralId;
import org.jspecify.annotations.Nullable;

/**
 * What a sender says happened. Nothing of it is used but the referral's id; the referral itself is read from Partner Center.
 *
 * @param name such as {@code referral-updated}
 * @param resource the last segment of the resource's URI; empty when there is none
 * @param changedAt when the sender says it changed, in microseconds
 * @param changedAtText the same, exactly as it was sent
 * @param referral the referral to look at; null when the event is not about one
 */
record WebhookEvent(
        String name,
        String resource,
        Instant changedAt,
        String changedAtText,
        @Nullable ReferralId referral) {
    private static final Set<String> ABOUT_OURS = Set.of("referral-created", "referral-updated");
    private static final Set<String> ABOUT_RELATED = Set.of("related-referral-created", "related-referral-updated");
    private static final int MAX_NAME = 200;
    private static final int MAX_DATE = 64;

    /** Other dates of the sender have no zone; this one's name says UTC. A signed event must not be lost for that. */
    private static final DateTimeFormatter WITH_OR_WITHOUT_ZONE = new DateTimeFormatterBuilder()
            .append(DateTimeFormatter.ISO_LOCAL_DATE_TIME)
            .optionalStart()
            .appendOffsetId()
            .toFormatter(Locale.ROOT);

    private static final OffsetDateTime FIRST_DATE = OffsetDateTime.parse("1970-01-01T00:00:00Z");
    private static final OffsetDateTime LAST_DATE = OffsetDateTime.parse("9999-12-31T00:00:00Z");

    /** Reads an event; names are told apart without regard to case, members that are not known are ignored. */
    static WebhookEvent parse(byte[] body) throws RefusedException {
        JsonObject json = object(body);
        String name = text(json, "EventName")
                .filter(value -> value.matches("[\\x21-\\x7E]{1," + MAX_NAME + "}"))
                .orElseThrow(WebhookEvent::malformed);
        String dateText = text(json, "ResourceChangeUtcDate")
                .filter(value -> value.length() <= MAX_DATE)
                .orElseThrow(WebhookEvent::malformed);
        Instant date = date(dateText);
        String resource =
                text(json, "ResourceUri").map(WebhookEvent::lastSegment).orElse("");
        String lowerName = name.toLowerCase(Locale.ROOT);
        if (ABOUT_OURS.contains(lowerName) || ABOUT_RELATED.contains(lowerName)) {
            ReferralId referral = ReferralId.parse(resource).orElseThrow(WebhookEvent::malformed);
            return new WebhookEvent(lowerName, referral.value(), date, dateText, referral);
        }
        return new WebhookEvent(name, resource, date, dateText, null);
    }

    /** The referral, when the event is about one. */
    Optional<ReferralId> findReferral() {
        return Optional.ofNullable(referral);
    }

    /** Whether it is about another organisation's referral in an engagement we take part in. */
    boolean isRelated() {
        return ABOUT_RELATED.contains(name);
    }

    /** Equal for equal events: the protocol has no delivery id, and the sender repeats itself. */
    String dedupeKey() {
        String key = name + "|" + resource + "|" + changedAtText;
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("This Java runtime has no SHA-256.", impossible);
        }
    }

    private static JsonObject object(byte[] body) throws RefusedException {
        int from = SignatureAlgorithm.startsWithMark(body) ? 3 : 0;
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder() // reports what is no UTF-8 instead of replacing it
                    .decode(ByteBuffer.wrap(body, from, body.length - from))
                    .toString();
            try (JsonReader reader = Json.createReader(new StringReader(text))) {
                return reader.readObject();
            }
        } catch (CharacterCodingException | RuntimeException notAnObject) {
            throw malformed(); // what is nested too deeply is no JsonException everywhere
        }
    }

    private static Optional<String> text(JsonObject json, String name) {
        JsonValue exact = json.get(name);
        Optional<JsonValue> value = exact != null
                ? Optional.of(exact)
                : json.entrySet().stream()
                        .filter(member -> member.getKey().equalsIgnoreCase(name))
                        .map(member -> member.getValue())
                        .findFirst();
        return value.filter(JsonString.class::isInstance).map(found -> ((JsonString) found).getString());
    }

    private static Instant date(String text) throws RefusedException {
        try {
            OffsetDateTime date = WITH_OR_WITHOUT_ZONE.parseBest(text, OffsetDateTime::from, LocalDateTime::from)
                            instanceof OffsetDateTime zoned
                    ? zoned
                    : LocalDateTime.parse(text).atOffset(ZoneOffset.UTC);
            if (date.isBefore(FIRST_DATE) || date.isAfter(LAST_DATE)) {
                throw malformed();
            }
            return date.toInstant().truncatedTo(ChronoUnit.MICROS);
        } catch (DateTimeException odd) {
            throw malformed();
        }
    }

    private static String lastSegment(String uri) {
        try {
            String path = new URI(uri).getRawPath();
            String trimmed = path == null ? "" : path.replaceAll("/+$", "");
            return trimmed.substring(trimmed.lastIndexOf('/') + 1);
        } catch (URISyntaxException notAUri) {
            return "";
        }
    }

    private static RefusedException malformed() {
        return new RefusedException(Refusal.EVENT_MALFORMED);
    }
}
