package org.cosellbridge.sync;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.cosellbridge.audit.MovingClock;
import org.cosellbridge.referral.Direction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TurnsTest {
    private static final String A = "aaaaaaaa-0000-0000-0000-000000000001";
    private static final String B = "bbbbbbbb-0000-0000-0000-000000000002";
    private final SyncFixture fixture = new SyncFixture();
    private final MovingClock clock = new MovingClock("2026-11-20T08:00:00Z");
    private String link = "";
    private String other = "";

    @BeforeEach
    void link() {
        fixture.partnerCenter.put(A, "e1");
        fixture.partnerCenter.put(B, "e2");
        fixture.attempt(A);
        fixture.attempt(B);
        link = fixture.link(A).id();
        other = fixture.link(B).id();
        fixture.transaction(() -> {
            fixture.turns.forget(link);
            fixture.turns.forget(other);
        });
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    private Optional<String> write(String id, Direction direction, String... fields) {
        List<String> loop = new ArrayList<>();
        clock.move(Duration.ofSeconds(1));
        fixture.transaction(() -> fixture.turns
                .note(id, direction, List.of(fields), clock.instant())
                .ifPresent(loop::add));
        return loop.stream().findFirst();
    }

    @Test
    void namesTheFieldWhoseTwoSidesKeepOverwritingEachOther() {
        assertThat(write(link, Direction.TO_CRM, "name", "notes")).isEmpty();
        for (int turn = 1; turn < TurnHistory.FAST; turn++) {
            assertThat(write(link, way(turn), "value", "notes"))
                    .as("turn %s", turn)
                    .isEmpty();
            assertThat(write(other, way(turn), "value")).isEmpty();
        }

        assertThat(write(link, way(TurnHistory.FAST), "name", "notes")).contains("notes");
        assertThat(fixture.stored("select field from sync_turn where link_id = '" + link + "' order by field"))
                .containsExactly("name", "notes", "value");
    }

    private static Direction way(int turn) {
        return turn % 2 == 0 ? Direction.TO_CRM : Direction.TO_PARTNER_CENTER;
    }

    @Test
    void countsAWriteOnceThatIsToldAgainAfterARestart() {
        write(link, Direction.TO_CRM, "name");
        for (int turn = 1; turn < TurnHistory.FAST; turn++) {
            write(link, way(turn), "name");
            assertThat(write(link, way(turn), "name")).isEmpty();
        }
    }

    @Test
    void countsNothingThatWasRolledBack() {
        write(link, Direction.TO_CRM, "name");
        for (int turn = 1; turn <= TurnHistory.FAST; turn++) {
            Direction direction = way(turn);
            try {
                fixture.transaction(() -> {
                    fixture.turns.note(link, direction, List.of("name"), clock.instant());
                    throw new IllegalStateException("The lease was lost.");
                });
            } catch (IllegalStateException lost) {
                assertThat(lost).hasMessage("The lease was lost.");
            }
        }

        assertThat(fixture.stored("select turned from sync_turn")).containsExactly("");
    }

    @Test
    void forgetsOneLinkAlone() {
        for (int turn = 0; turn < TurnHistory.FAST; turn++) {
            write(link, way(turn), "name");
            write(other, way(turn), "name");
        }

        fixture.transaction(() -> fixture.turns.forget(link));

        assertThat(write(link, way(TurnHistory.FAST), "name")).isEmpty();
        assertThat(write(other, way(TurnHistory.FAST), "name")).contains("name");
    }

    @Test
    void keepsNoRowOfAFieldThatNobodyWroteForADay() {
        write(link, Direction.TO_CRM, "name");
        clock.move(TurnHistory.SLOW_WINDOW);

        write(link, Direction.TO_PARTNER_CENTER, "notes");

        assertThat(fixture.stored("select field from sync_turn")).containsExactly("notes");
    }
}
