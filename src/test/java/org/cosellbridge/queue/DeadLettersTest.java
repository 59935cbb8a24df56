package org.cosellbridge.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.cosellbridge.queue.QueueFixtures.record;
import static org.cosellbridge.queue.QueueFixtures.ref;
import static org.cosellbridge.queue.QueueFixtures.referral;

import jakarta.json.Json;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.cosellbridge.audit.AuditKind;
import org.cosellbridge.platform.Callers;
import org.cosellbridge.platform.Page;
import org.cosellbridge.sync.SyncOutcome;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DeadLettersTest {
    private static final DeadLetterFilter ALL = DeadLetterFilter.of(null, null, null, null, null);
    private final QueueFixtures fixtures = new QueueFixtures(4);

    @BeforeEach
    void fiveDead() {
        QueueFixtures.Node node = fixtures.node(attempt -> new SyncOutcome.NotThisOne("Refused."));
        for (int i = 0; i < 4; i++) {
            fixtures.want(referral(i));
            node.drain();
            fixtures.clock.advance(Duration.ofSeconds(1));
        }
        fixtures.want(record(9));
        node.drain();
        fixtures.trail.entries.clear();
        fixtures.nudges.sent.clear();
    }

    @AfterEach
    void close() {
        fixtures.close();
    }

    @Test
    void listsPagesNewestFirst() {
        List<String> seen = new ArrayList<>();
        Page<DeadLetter> page = fixtures.deadLetters.list(ALL, 2, null);
        while (true) {
            page.items().forEach(letter -> seen.add(letter.referral() + " " + letter.record()));
            if (page.next() == null) {
                break;
            }
            page = fixtures.deadLetters.list(ALL, 2, page.next());
        }
        assertThat(seen)
                .containsExactly("null " + ref(9), id(3) + " null", id(2) + " null", id(1) + " null", id(0) + " null");
    }

    @Test
    void filters() {
        assertThat(list(DeadLetterFilter.of(null, id(2), null, null, null))).hasSize(1);
        assertThat(list(DeadLetterFilter.of(null, null, "opportunity/o-9", null, null)))
                .hasSize(1);
        assertThat(list(DeadLetterFilter.of("other", null, null, null, null))).isEmpty();
        assertThat(list(DeadLetterFilter.of("crm", null, null, "2026-11-20T09:00:01Z", "2026-11-20T09:00:03Z")))
                .hasSize(2);
        assertThatThrownBy(() -> DeadLetterFilter.of(null, null, null, "yesterday", null))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("from must be");
        assertThatThrownBy(() -> fixtures.deadLetters.list(ALL, 2, "nonsense")).hasMessageContaining("cursor");
        assertThatThrownBy(() -> DeadLetterFilter.parse(
                        Json.createObjectBuilder().add("conection", "crm").build()))
                .hasMessageContaining("conection");
    }

    @Test
    void redeliversOne() {
        DeadLetter letter =
                list(DeadLetterFilter.of(null, id(2), null, null, null)).get(0);
        assertThat(fixtures.deadLetters.redeliver(letter.id(), "user:anna")).isTrue();
        assertThat(fixtures.state(referral(2))).isEqualTo("WAITING");
        assertThat(fixtures.nudges.sent).containsExactly(QueueFixtures.CRM);
        assertThat(fixtures.trail.only(AuditKind.DEAD_LETTER_REDELIVERED).actor())
                .isEqualTo("user:anna");
        assertThat(fixtures.trail.only(AuditKind.DEAD_LETTER_REDELIVERED).referral())
                .isEqualTo(id(2));
        assertThat(fixtures.deadLetters.redeliver(letter.id(), "user:anna")).isFalse();
        assertThat(fixtures.trail.entries).hasSize(1);
    }

    @Test
    void redeliversWhatMatches() {
        DeadLetterFilter filter = DeadLetterFilter.parse(Json.createObjectBuilder()
                .add("connection", "crm")
                .add("to", "2026-11-20T09:00:02Z")
                .build());
        assertThat(fixtures.deadLetters.redeliverAll(filter, "user:anna")).isEqualTo(2);
        assertThat(fixtures.deadLetters.redeliverAll(ALL, "user:anna")).isEqualTo(3);
        assertThat(fixtures.trail.count(AuditKind.DEAD_LETTER_REDELIVERED)).isEqualTo(5);
        assertThat(fixtures.health.counts().due()).isEqualTo(5);
    }

    @Test
    void discardsWithAReasonAndAWantStillMakesItDueAgain() {
        DeadLetter letter =
                list(DeadLetterFilter.of(null, id(1), null, null, null)).get(0);
        assertThat(fixtures.deadLetters.discard(letter.id(), "A test referral.", "user:anna"))
                .isTrue();
        assertThat(fixtures.deadLetters.discard(letter.id(), "Again.", "user:anna"))
                .isFalse();
        assertThat(fixtures.deadLetters.find(letter.id())).isEmpty();
        assertThat(fixtures.trail.only(AuditKind.DEAD_LETTER_DISCARDED).reason())
                .isEqualTo("A test referral.");
        fixtures.want(referral(1));
        assertThat(fixtures.state(referral(1))).isEqualTo("WAITING");
        assertThatThrownBy(() -> Callers.reason(Json.createObjectBuilder().build()))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private List<DeadLetter> list(DeadLetterFilter filter) {
        return fixtures.deadLetters.list(filter, 50, null).items();
    }

    private static String id(int number) {
        return referral(number).findReferral().orElseThrow().value();
    }
}
