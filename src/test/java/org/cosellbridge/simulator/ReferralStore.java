package org.cosellbridge.simulator;

import static org.cosellbridge.simulator.JsonTree.text;

import jakarta.json.JsonObject;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;

/**
 * The referrals of one Partner Center account. Every change gives a referral a new eTag and an {@code updatedDateTime} later than
 * any before. Callers that read, decide and write hold its monitor.
 */
final class ReferralStore {
    private static final DateTimeFormatter SEVEN_DIGITS = DateTimeFormatter.ofPattern(
                    "uuuu-MM-dd'T'HH:mm:ss.SSSSSSS'Z'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    private final Map<String, JsonObject> referrals = new LinkedHashMap<>();
    private final Set<String> hidden = new TreeSet<>();
    private final List<String> unchanged = new ArrayList<>();
    private Instant last = Instant.EPOCH;

    /** Now, later than any time given before, with the seven digits of the wire. */
    synchronized String now() {
        Instant now = Instant.now().truncatedTo(ChronoUnit.MICROS);
        last = now.isAfter(last) ? now : last.plusNanos(100);
        return format(last);
    }

    static String format(Instant time) {
        return SEVEN_DIGITS.format(time);
    }

    /** Stores a referral as changed now. Answers it with its new eTag and time. */
    synchronized JsonObject save(JsonObject referral) {
        String now = now();
        JsonObject saved = JsonTree.with(
                JsonTree.with(referral, "/eTag", "\"" + UUID.randomUUID() + "\""), "/updatedDateTime", now);
        if (text(saved, "/createdDateTime").isEmpty()) {
            saved = JsonTree.with(saved, "/createdDateTime", now);
        }
        referrals.put(id(saved), saved);
        return saved;
    }

    /** Any referral, also a hidden one. */
    synchronized Optional<JsonObject> find(String id) {
        return Optional.ofNullable(referrals.get(id.toLowerCase(Locale.ROOT)));
    }

    /** A referral the partner may see. */
    synchronized Optional<JsonObject> findVisible(String id) {
        return find(id).filter(referral -> !hidden.contains(id(referral)));
    }

    /** All referrals the partner may see. */
    synchronized List<JsonObject> listVisible() {
        return referrals.values().stream()
                .filter(referral -> !hidden.contains(id(referral)))
                .toList();
    }

    /** All referrals in the order in which they were made. */
    synchronized Collection<JsonObject> list() {
        return List.copyOf(referrals.values());
    }

    /** All referrals of one engagement. */
    synchronized List<JsonObject> listEngagement(String engagementId) {
        return referrals.values().stream()
                .filter(referral -> engagementId.equalsIgnoreCase(
                        text(referral, "/engagementId").orElse("")))
                .toList();
    }

    /** Decides whether the partner may see a referral. */
    synchronized void setHidden(String id, boolean isHidden) {
        if (isHidden) {
            hidden.add(id);
        } else {
            hidden.remove(id);
        }
    }

    /** Remembers that a call wrote a value that was there already. */
    synchronized void noteUnchanged(String idAndPath) {
        unchanged.add(idAndPath);
    }

    /** The values that calls wrote although they were there already, as id and path. */
    synchronized List<String> unchanged() {
        return List.copyOf(unchanged);
    }

    static String id(JsonObject referral) {
        return referral.getString("id");
    }
}
