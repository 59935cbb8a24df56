package org.cosellbridge.audit;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.cosellbridge.platform.Page;
import org.cosellbridge.referral.Direction;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AuditRepositoryTest {
    private static final String REFERRAL = "2b7d3d0e-5c7b-4a4e-9f43-0c2f1d6c1a11";

    private final MovingClock clock = new MovingClock("2026-11-20T08:00:00Z");
    private static final TrailDatabase DATABASE = new TrailDatabase();
    private final SubjectKeys keys = DATABASE.keys(clock);
    private final JpaAuditTrail trail = DATABASE.trail(clock, keys);
    private final AuditRepository entries = new AuditRepository(DATABASE.entityManager());
    private final AuditView view = new AuditView(entries, keys);

    @BeforeEach
    void clear() {
        DATABASE.clear();
    }

    @AfterAll
    static void close() {
        DATABASE.close();
    }

    @ParameterizedTest
    @CsvSource({
        "referral," + REFERRAL,
        "record,opportunity/1",
        "connection,crm",
        "engagement,e1",
        "kind,record.updated",
        "outcome,updated",
        "actor,user:alice",
        "correlation,c1",
        "delivery,d1",
        "field,dealValue",
        "field,estimatedvalue",
        "from,2026-11-20T08:00:01Z",
    })
    void filtersByEachMember(String name, String value) {
        append("other");
        clock.move(Duration.ofSeconds(1));
        DATABASE.run(() -> trail.append(AuditEntry.of(AuditKind.RECORD_UPDATED)
                .referral(REFERRAL)
                .record("opportunity/1")
                .connection("crm")
                .engagement("e1")
                .outcome("updated")
                .actor("user:alice")
                .correlation("c1")
                .delivery("d1")
                .change(change(Json.createValue(1), null))
                .change(change(Json.createValue(2), null))
                .build()));

        assertThat(find(Map.of(name, value)).items())
                .singleElement()
                .satisfies(entry -> assertThat(entry.getString("kind")).isEqualTo("record.updated"));
    }

    @Test
    void filtersTogether() {
        append("a");
        clock.move(Duration.ofSeconds(1));
        append("b");
        clock.move(Duration.ofSeconds(1));
        append("a");

        assertThat(find(Map.of("outcome", "a", "to", "2026-11-20T08:00:02Z")).items())
                .singleElement()
                .satisfies(entry -> assertThat(entry.getString("time")).isEqualTo("2026-11-20T08:00:00.000000Z"));
        assertThat(find(Map.of("outcome", "a", "kind", "record.updated")).items())
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"asc", "desc"})
    void pagesThroughEverythingOnceAlsoWithinOneMicrosecond(String order) {
        for (int i = 0; i < 25; i++) {
            append("o" + i);
            if (i % 5 == 0) {
                clock.move(Duration.ofNanos(1000));
            }
        }

        List<JsonObject> seen = new ArrayList<>();
        String cursor = null;
        do {
            Map<String, String> asked = new HashMap<>(Map.of("order", order, "limit", "4"));
            if (cursor != null) {
                asked.put("cursor", cursor);
            }
            Page<JsonObject> page = find(asked);
            seen.addAll(page.items());
            cursor = page.next();
        } while (cursor != null);

        Comparator<JsonObject> byTimeAndId = Comparator.<JsonObject, String>comparing(entry -> entry.getString("time"))
                .thenComparing(entry -> entry.getString("id"));
        assertThat(seen)
                .hasSize(25)
                .doesNotHaveDuplicates()
                .isSortedAccordingTo(order.equals("asc") ? byTimeAndId : byTimeAndId.reversed());
    }

    @Test
    void pagesStayTheSameWhileEntriesAreWritten() {
        IntStream.range(0, 6).forEach(i -> {
            append("o" + i);
            clock.move(Duration.ofMillis(1));
        });
        Page<JsonObject> first = find(Map.of("limit", "3"));
        append("later");

        Page<JsonObject> second = find(Map.of("limit", "3", "cursor", String.valueOf(first.next())));

        assertThat(first.items())
                .extracting(entry -> entry.getString("outcome"))
                .containsExactly("o5", "o4", "o3");
        assertThat(second.items())
                .extracting(entry -> entry.getString("outcome"))
                .containsExactly("o2", "o1", "o0");
        assertThat(second.next()).isNull();
    }

    @Test
    void aFullLastPageHasNoNext() {
        append("a");
        append("b");

        assertThat(find(Map.of("limit", "2")).next()).isNull();
        assertThat(view.list(Map.of()).get("next")).isEqualTo(JsonValue.NULL);
    }

    @Test
    void showsPersonalValuesOpenedUntilTheyAreErased() {
        DATABASE.run(() -> trail.append(AuditEntry.of(AuditKind.RECORD_UPDATED)
                .change(change(Json.createValue("Ann"), "ann@example.com"))
                .build()));

        assertThat(shownChange().getString("written")).isEqualTo("Ann");
        assertThat(shownChange().get("base")).isEqualTo(JsonValue.NULL);
        assertThat(shownChange().containsKey("crm")).isFalse();

        DATABASE.run(() -> keys.erase("ann@example.com", "asked for it"));

        assertThat(shownChange().getString("written")).isEqualTo("erased");
        assertThat(shownChange().getString("partnerCenter")).isEqualTo("erased");
        assertThat(shownChange().getString("field")).isEqualTo("dealValue");
    }

    @Test
    void oneAlteredValueDoesNotHideTheTrail() {
        PersonalValues broken = new PersonalValues() {
            @Override
            public JsonValue seal(String subject, JsonValue value) {
                return value;
            }

            @Override
            public JsonValue open(JsonValue value) {
                throw new IllegalStateException("altered");
            }
        };
        DATABASE.run(() -> trail.append(AuditEntry.of(AuditKind.RECORD_UPDATED)
                .change(change(Json.createValue("Ann"), "ann@example.com"))
                .build()));

        JsonObject answer = new AuditView(entries, broken).list(Map.of());

        assertThat(answer.getJsonArray("items")
                        .getJsonObject(0)
                        .getJsonArray("changes")
                        .getJsonObject(0)
                        .getString("written"))
                .isEqualTo("unreadable");
    }

    private JsonObject shownChange() {
        return view.list(Map.of())
                .getJsonArray("items")
                .getJsonObject(0)
                .getJsonArray("changes")
                .getJsonObject(0);
    }

    private Page<JsonObject> find(Map<String, String> parameters) {
        return entries.find(AuditQuery.parse(parameters.entrySet().stream()
                .collect(Collectors.toMap(Map.Entry::getKey, entry -> List.of(entry.getValue())))));
    }

    private void append(String outcome) {
        DATABASE.run(() -> trail.append(
                AuditEntry.of(AuditKind.LINK_UNCHANGED).outcome(outcome).build()));
    }

    private static FieldChange change(JsonValue written, @Nullable String subject) {
        return new FieldChange(
                "dealValue",
                "estimatedvalue",
                Direction.TO_CRM,
                JsonValue.NULL,
                written,
                null,
                written,
                "only-moved",
                null,
                subject);
    }
}
