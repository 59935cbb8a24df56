package org.cosellbridge.sync;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.cosellbridge.audit.MovingClock;
import org.cosellbridge.referral.Direction;
import org.junit.jupiter.api.Test;

class TurnHistoryTest {
    private final MovingClock clock = new MovingClock("2026-11-20T08:00:00Z");
    private TurnHistory history = TurnHistory.of(Direction.TO_CRM);

    /** Writes in alternating directions, one each {@code pause}; answers after how many turns it is a loop, 0: never. */
    private int turnsUntilLoop(int most, Duration pause) {
        for (int turn = 1; turn <= most; turn++) {
            clock.move(pause);
            turn();
            if (history.isLoop(clock.instant())) {
                return turn;
            }
        }
        return 0;
    }

    private void turn() {
        write(history.direction() == Direction.TO_CRM ? Direction.TO_PARTNER_CENTER : Direction.TO_CRM);
    }

    private void write(Direction direction) {
        history = history.after(direction, clock.instant());
    }

    @Test
    void twoSystemsThatAnswerEachOtherAtOnceAreALoopAtTheSixthTurn() {
        assertThat(turnsUntilLoop(100, Duration.ofSeconds(2))).isEqualTo(TurnHistory.FAST);
    }

    @Test
    void aLoopThatOnlyTheSweepDrivesIsCaughtWithinTheDay() {
        assertThat(turnsUntilLoop(100, Duration.ofMinutes(15))).isEqualTo(TurnHistory.SLOW);
        history = TurnHistory.of(Direction.TO_CRM);
        assertThat(turnsUntilLoop(100, Duration.ofHours(1))).isEqualTo(TurnHistory.SLOW);
    }

    @Test
    void twoPeopleWhoTakeTurnsAllYearAreNeverStopped() {
        // a seller and a colleague at Microsoft: eight turns on every working day, hours apart at times, minutes at
        // others
        for (int day = 0; day < 250; day++) {
            for (int turn = 0; turn < 8; turn++) {
                clock.move(turn % 4 == 0 ? Duration.ofHours(2) : Duration.ofMinutes(4));
                turn();
                assertThat(history.isLoop(clock.instant()))
                        .as("day %s, turn %s", day, turn)
                        .isFalse();
            }
            clock.move(Duration.ofHours(16));
        }
    }

    @Test
    void writesInOneDirectionAreNoTurnsHoweverMany() {
        for (int edit = 0; edit < 1000; edit++) {
            clock.move(Duration.ofSeconds(1));
            write(Direction.TO_PARTNER_CENTER);
        }

        assertThat(history.turned()).hasSize(1);
    }

    @Test
    void whatLiesBeyondTheWindowNoLongerCounts() {
        for (int turn = 1; turn < TurnHistory.FAST; turn++) {
            turn();
        }
        clock.move(TurnHistory.FAST_WINDOW);
        turn();
        assertThat(history.isLoop(clock.instant())).isFalse();

        history = TurnHistory.of(Direction.TO_CRM);
        assertThat(turnsUntilLoop(TurnHistory.SLOW - 1, Duration.ofMinutes(30))).isZero();
        clock.move(TurnHistory.SLOW_WINDOW);
        turn();
        assertThat(history.isLoop(clock.instant())).isFalse();
    }

    @Test
    void aLoopStaysALoopAsLongAsItGoesOn() {
        turnsUntilLoop(TurnHistory.FAST, Duration.ofSeconds(2));
        for (int turn = 0; turn < 50; turn++) {
            clock.move(Duration.ofSeconds(2));
            turn();
            assertThat(history.isLoop(clock.instant())).isTrue();
        }
    }

    @Test
    void comesBackFromItsTextAsItWentIn() {
        for (TurnHistory told : List.of(TurnHistory.of(Direction.TO_PARTNER_CENTER), afterTurns(50))) {
            assertThat(TurnHistory.parse(told.direction().name(), told.text())).isEqualTo(told);
        }
    }

    private TurnHistory afterTurns(int turns) {
        for (int turn = 0; turn < turns; turn++) {
            clock.move(Duration.ofSeconds(1));
            turn();
        }
        return history;
    }

    @Test
    void neverOutgrowsItsColumn() {
        assertThat(afterTurns(500).text().length()).isLessThanOrEqualTo(400);
    }
}
