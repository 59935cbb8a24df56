package org.cosellbridge.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.cosellbridge.referral.Direction;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class JpaAuditTrailTest {
    private final MovingClock clock = new MovingClock("2026-11-20T08:30:00.123456Z");
    private static final TrailDatabase DATABASE = new TrailDatabase();
    private final SubjectKeys keys = DATABASE.keys(clock);
    private final JpaAuditTrail trail = DATABASE.trail(clock, keys);

    @BeforeEach
    void clear() {
        DATABASE.clear();
    }

    @AfterAll
    static void close() {
        DATABASE.close();
    }

    @Test
    void columnsSayWhatTheCanonicalFormSays() {
        List<String> columns = List.of(
                "id",
                "kind",
                "actor",
                "on_behalf_of",
                "connection",
                "referral",
                "engagement",
                "record",
                "correlation",
                "delivery",
                "request",
                "attempt",
                "outcome",
                "reason",
                "mapping",
                "product_version",
                "occurrences",
                "source");
        List<String> members = List.of(
                "id",
                "kind",
                "actor",
                "onBehalfOf",
                "connection",
                "referral",
                "engagement",
                "record",
                "correlation",
                "delivery",
                "request",
                "attempt",
                "outcome",
                "reason",
                "mapping",
                "productVersion",
                "count",
                "source");
        Random random = new Random(7);
        for (int i = 0; i < 200; i++) {
            DATABASE.run(() -> trail.append(random(random)));
            clock.move(Duration.ofNanos(random.nextInt(2_000_000) * 1000L));
        }

        List<Object[]> rows = DATABASE.rows("select " + String.join(", ", columns)
                + ", entry_time, since, canonical from audit_entry order by entry_time, id");

        assertThat(rows).hasSize(200);
        for (Object[] row : rows) {
            JsonObject canonical = CanonicalForm.read((byte[]) row[columns.size() + 2]);
            for (int column = 0; column < columns.size(); column++) {
                assertThat(row[column] == null ? null : row[column].toString())
                        .as(members.get(column))
                        .isEqualTo(textOf(canonical.get(members.get(column))));
            }
            assertThat(CanonicalForm.time(instant(row[columns.size()]))).isEqualTo(canonical.getString("time"));
            Object since = row[columns.size() + 1];
            assertThat(since == null ? null : CanonicalForm.time(instant(since)))
                    .isEqualTo(textOf(canonical.get("since")));
            assertThat(DATABASE
                            .rows("select field, record_field from audit_change where entry_id = '" + row[0]
                                    + "' order by position")
                            .stream()
                            .map(change -> change[0] + "/" + change[1]))
                    .containsExactlyElementsOf(canonical.getJsonArray("changes").stream()
                            .map(JsonValue::asJsonObject)
                            .map(change -> change.getString("field") + "/" + change.getString("recordField"))
                            .toList());
        }
    }

    @Test
    void anEntryGoesWithItsTransaction() {
        assertThatThrownBy(() -> DATABASE.run(() -> {
                    trail.append(random(new Random(1)));
                    throw new IllegalStateException("the change fails");
                }))
                .hasMessage("the change fails");

        assertThat(DATABASE.count("audit_entry")).isZero();
        assertThat(DATABASE.count("audit_change")).isZero();
    }

    @Test
    void personalValuesAreNowhereInTheClear() {
        DATABASE.run(() -> trail.append(AuditEntry.of(AuditKind.RECORD_UPDATED)
                .change(change("email", Json.createValue("ann@contoso.example"), "Ann@Contoso.example "))
                .change(change("name", Json.createValue("Contoso"), null))
                .build()));

        String canonical = new String(
                (byte[]) (Object)
                        DATABASE.rows("select canonical from audit_entry").get(0),
                StandardCharsets.UTF_8);
        assertThat(canonical).doesNotContainIgnoringCase("ann@").contains("\"sealed\":", "Contoso");
        assertThat(DATABASE.rows("select id, fingerprint, erase_reason from subject_key"))
                .allSatisfy(row -> assertThat(Arrays.toString(row)).doesNotContainIgnoringCase("contoso"));
        JsonObject email = CanonicalForm.read(canonical.getBytes(StandardCharsets.UTF_8))
                .getJsonArray("changes")
                .getJsonObject(0);
        assertThat(keys.open(email.getJsonObject("written"))).isEqualTo(Json.createValue("ann@contoso.example"));
        assertThat(email.get("base")).isEqualTo(JsonValue.NULL);
    }

    private static FieldChange change(String field, JsonValue written, @Nullable String subject) {
        return new FieldChange(
                field,
                "crm_" + field,
                Direction.TO_CRM,
                JsonValue.NULL,
                written,
                null,
                written,
                "only-moved",
                null,
                subject);
    }

    private static AuditEntry random(Random random) {
        UnaryOperator<@Nullable String> maybe = text -> random.nextBoolean() ? text + random.nextInt(1000) : null;
        AuditEntry.Builder entry = AuditEntry.of(
                        List.of(AuditKind.values()).get(random.nextInt(AuditKind.values().length)))
                .actor("user:u" + random.nextInt(5))
                .onBehalfOf(maybe.apply("b"))
                .connection(maybe.apply("c"))
                .referral(maybe.apply("r"))
                .engagement(maybe.apply("e"))
                .record(maybe.apply("opportunity/"))
                .correlation(maybe.apply("k"))
                .delivery(maybe.apply("d"))
                .request(maybe.apply("q"), random.nextBoolean() ? random.nextInt(20) : null)
                .outcome(maybe.apply("o"))
                .reason(maybe.apply("Ünïcode \u0000 \"quoted\" 😀 ".repeat(1 + random.nextInt(300))))
                .mapping(maybe.apply("m"));
        if (random.nextBoolean()) {
            entry.counted(random.nextInt(1_000_000), "192.0.2.1", Instant.parse("2026-11-20T08:29:00Z"));
        }
        List<FieldChange> changes = new ArrayList<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            changes.add(change("f" + i, Json.createValue(random.nextInt()), null));
        }
        changes.forEach(entry::change);
        return entry.build();
    }

    private static @Nullable String textOf(@Nullable JsonValue value) {
        return value == null
                ? null
                : value instanceof jakarta.json.JsonString text ? text.getString() : value.toString();
    }

    static Instant instant(Object column) {
        return column instanceof OffsetDateTime time
                ? time.toInstant()
                : column instanceof java.sql.Timestamp stamp ? stamp.toInstant() : (Instant) column;
    }
}
