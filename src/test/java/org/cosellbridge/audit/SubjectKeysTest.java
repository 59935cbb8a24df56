package org.cosellbridge.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SubjectKeysTest {
    private static final JsonValue NAME = Json.createValue("Ann Example");

    private final MovingClock clock = new MovingClock("2026-11-20T08:30:00Z");
    private static final TrailDatabase DATABASE = new TrailDatabase();
    private final SubjectKeys keys = DATABASE.keys(clock);

    @BeforeEach
    void clear() {
        DATABASE.clear();
    }

    @AfterAll
    static void close() {
        DATABASE.close();
    }

    @Test
    void opensWhatItSealed() {
        JsonValue value =
                Json.createObjectBuilder().add("name", "Ann").add("n", 1).build();

        JsonValue sealed = keys.seal("ann@example.com", value);

        assertThat(sealed.asJsonObject().keySet()).containsExactlyInAnyOrder("key", "sealed");
        assertThat(sealed.toString()).doesNotContain("Ann");
        assertThat(keys.open(sealed)).isEqualTo(value);
        assertThat(DATABASE.keys(clock).open(sealed)).as("on another node").isEqualTo(value);
    }

    @Test
    void sealsTheSameValueDifferentlyEachTime() {
        assertThat(keys.seal("ann@example.com", NAME)).isNotEqualTo(keys.seal("ann@example.com", NAME));
    }

    @Test
    void knowsASubjectInAnyCaseAndWithSpacesAround() {
        assertThat(keyId(keys.seal(" Ann@Example.com ", NAME))).isEqualTo(keyId(keys.seal("ann@example.com", NAME)));
        assertThat(keyId(keys.seal("bob@example.com", NAME))).isNotEqualTo(keyId(keys.seal("ann@example.com", NAME)));
    }

    @Test
    void leavesAnEmptyValueAsItIs() {
        assertThat(keys.seal("ann@example.com", JsonValue.NULL)).isEqualTo(JsonValue.NULL);
        assertThat(DATABASE.count("subject_key")).isZero();
    }

    @Test
    void answersWhatIsNotSealedAsItIs() {
        JsonObject foreign =
                Json.createObjectBuilder().add("key", "x").add("sealed", "y").build();
        JsonObject more = Json.createObjectBuilder(
                        keys.seal("a@b.example", NAME).asJsonObject())
                .add("z", 1)
                .build();

        assertThat(keys.open(NAME)).isEqualTo(NAME);
        assertThat(keys.open(JsonValue.NULL)).isEqualTo(JsonValue.NULL);
        assertThat(keys.open(foreign)).isEqualTo(foreign);
        assertThat(keys.open(more)).isEqualTo(more);
    }

    @Test
    void refusesAnAlteredValueAndOneUnderAnotherKey() {
        JsonObject ann = keys.seal("ann@example.com", NAME).asJsonObject();
        JsonObject bob = keys.seal("bob@example.com", NAME).asJsonObject();
        byte[] bytes = Base64.getDecoder().decode(ann.getString("sealed"));
        bytes[20] ^= 1;

        assertThatThrownBy(() ->
                        keys.open(form(ann.getString("key"), Base64.getEncoder().encodeToString(bytes))))
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> keys.open(form(bob.getString("key"), ann.getString("sealed"))))
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> keys.open(form(ann.getString("key"), ""))).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> keys.open(form(ann.getString("key"), "%"))).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void opensNothingWithAnotherSecretKey() {
        JsonValue sealed = keys.seal("ann@example.com", NAME);
        SubjectKeys others = DATABASE.keys(clock, "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXphYmNkZWY=");

        assertThatThrownBy(() -> others.open(sealed)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void erasingTheKeyErasesEveryValueOfTheSubjectAndNoOther() {
        JsonValue first = keys.seal("ann@example.com", NAME);
        JsonValue second = keys.seal("ann@example.com", Json.createValue(7));
        JsonValue bob = keys.seal("bob@example.com", NAME);

        assertThat(DATABASE.inTransaction(() -> keys.erase("ANN@example.com", "asked for it")))
                .isTrue();

        assertThat(keys.open(first)).isEqualTo(Json.createValue("erased"));
        assertThat(keys.open(second)).isEqualTo(Json.createValue("erased"));
        assertThat(keys.open(bob)).isEqualTo(NAME);
        Object[] row = DATABASE.rows("select wrapped_key, fingerprint, erase_reason from subject_key where id = '"
                        + keyId(first) + "'")
                .get(0);
        assertThat(row).containsExactly(null, null, "asked for it");
        assertThat(DATABASE.inTransaction(() -> keys.erase("ann@example.com", "again")))
                .isFalse();
        assertThat(DATABASE.inTransaction(() -> keys.erase("nobody@example.com", "unknown")))
                .isFalse();
    }

    @Test
    void anErasedSubjectThatTurnsUpAgainGetsANewKey() {
        JsonValue before = keys.seal("ann@example.com", NAME);
        DATABASE.run(() -> keys.erase("ann@example.com", "asked for it"));

        JsonValue after = keys.seal("ann@example.com", NAME);

        assertThat(keyId(after)).isNotEqualTo(keyId(before));
        assertThat(keys.open(after)).isEqualTo(NAME);
        assertThat(keys.open(before)).isEqualTo(Json.createValue("erased"));
    }

    @Test
    void anotherNodeForgetsAnErasedKeyWithinTheTime() {
        SubjectKeys otherNode = DATABASE.keys(clock);
        JsonValue sealed = keys.seal("ann@example.com", NAME);
        assertThat(otherNode.open(sealed)).isEqualTo(NAME);
        otherNode.seal("ann@example.com", NAME);
        DATABASE.run(() -> keys.erase("ann@example.com", "asked for it"));

        clock.move(SubjectKeys.REMEMBERED.plus(Duration.ofMillis(1)));

        assertThat(SubjectKeys.REMEMBERED).isLessThanOrEqualTo(Duration.ofMinutes(1));
        assertThat(otherNode.open(sealed)).isEqualTo(Json.createValue("erased"));
        assertThat(keyId(otherNode.seal("ann@example.com", NAME))).isNotEqualTo(keyId(sealed));
    }

    @Test
    void aKeyOutlivesTheTransactionThatMetItsSubjectFirst() {
        List<JsonValue> sealed = new ArrayList<>();
        assertThatThrownBy(() -> DATABASE.run(() -> {
                    keys.seal("ann@example.com", NAME);
                    DATABASE.run(() -> sealed.add(keys.seal("ann@example.com", NAME)));
                    throw new IllegalStateException("rolled back");
                }))
                .hasMessage("rolled back");

        assertThat(DATABASE.keys(clock).open(sealed.get(0))).isEqualTo(NAME);
    }

    @Test
    void firstUseByManyAtOnceMakesOneKeyPerSubject() throws Exception {
        int threads = 8;
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            CountDownLatch together = new CountDownLatch(threads);
            List<Future<List<JsonValue>>> results = new ArrayList<>();
            for (int thread = 0; thread < threads; thread++) {
                boolean backwards = thread % 2 == 1;
                SubjectKeys node = DATABASE.keys(clock);
                results.add(pool.submit(() -> {
                    together.countDown();
                    together.await();
                    return DATABASE.inTransaction(() -> {
                        List<JsonValue> sealed = new ArrayList<>();
                        for (int i = 0; i < 20; i++) {
                            sealed.add(node.seal("s" + (backwards ? 19 - i : i) + "@example.com", NAME));
                        }
                        return sealed;
                    });
                }));
            }
            Set<String> ids = new HashSet<>();
            for (Future<List<JsonValue>> result : results) {
                for (JsonValue sealed : result.get()) {
                    ids.add(keyId(sealed));
                    assertThat(keys.open(sealed)).isEqualTo(NAME);
                }
            }
            assertThat(ids).hasSize(20);
            assertThat(DATABASE.count("subject_key")).isEqualTo(20);
        } finally {
            pool.shutdownNow();
        }
    }

    private static String keyId(JsonValue sealed) {
        return sealed.asJsonObject().getString("key");
    }

    private static JsonObject form(String key, String sealed) {
        return Json.createObjectBuilder().add("key", key).add("sealed", sealed).build();
    }
}
