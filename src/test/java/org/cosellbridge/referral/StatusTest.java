package org.cosellbridge.referral;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class StatusTest {
    private static final List<String> ALL = List.of(
            "None/None",
            "New/Pending",
            "New/Received",
            "Active/Accepted",
            "Closed/Won",
            "Closed/Lost",
            "Closed/Declined",
            "Closed/Expired",
            "Closed/Error");

    @ParameterizedTest
    @CsvSource({
        "New/Pending,     Active/Accepted, true",
        "New/Received,    Active/Accepted, true",
        "New/Pending,     Closed/Declined, true",
        "New/Received,    Closed/Declined, true",
        "New/Pending,     Closed/Expired,  true",
        "New/Received,    Closed/Expired,  true",
        "New/Pending,     New/Received,    true",
        "New/Received,    New/Pending,     false",
        "New/Pending,     Closed/Won,      true",
        "New/Pending,     Closed/Lost,     true",
        "Active/Accepted, Closed/Won,      true",
        "Active/Accepted, Closed/Lost,     true",
        "Active/Accepted, Closed/Declined, false",
        "Active/Accepted, Closed/Expired,  false",
        "Active/Accepted, New/Pending,     false",
        "New/Received,    None/None,       false",
        "Active/Accepted, Active/Won,      false",
        "New/Pending,     Closed/Accepted, false"
    })
    void followsTheTransitionTable(String from, String to, boolean allowed) {
        assertThat(ReferralState.parse(from).mayBecome(ReferralState.parse(to))).isEqualTo(allowed);
    }

    @Test
    void closedStatesAreTerminal() {
        for (String text : ALL) {
            ReferralState state = ReferralState.parse(text);
            assertThat(state.isTerminal()).as(text).isEqualTo(text.startsWith("Closed"));
            if (state.isTerminal()) {
                assertThat(ALL).filteredOn(next -> !next.equals(text)).allSatisfy(next -> {
                    assertThat(state.mayBecome(ReferralState.parse(next))).isFalse();
                    assertThat(state.mayBeMovedTo(ReferralState.parse(next))).isFalse();
                });
            }
        }
    }

    @Test
    void stayingTheSameIsAllowed() {
        assertThat(ALL)
                .allSatisfy(text -> assertThat(ReferralState.parse(text).mayBecome(ReferralState.parse(text)))
                        .isTrue());
    }

    @ParameterizedTest
    @CsvSource({
        "New/Pending,     Active/Accepted, true",
        "New/Received,    Closed/Declined, true",
        "New/Pending,     Closed/Won,      false",
        "New/Pending,     Closed/Expired,  false",
        "Active/Accepted, Closed/Won,      true",
        "Active/Accepted, Closed/Lost,     true",
        "Active/Accepted, Closed/Declined, false",
        "Active/Accepted, Closed/Error,    false"
    })
    void ownersMoveLessThanTheTableAllows(String from, String to, boolean allowed) {
        assertThat(ReferralState.parse(from).mayBeMovedTo(ReferralState.parse(to)))
                .isEqualTo(allowed);
    }

    /** Every step that is not listed here and that is not to where the referral is already is no step. */
    private static final Map<String, String> STEPS = Map.ofEntries(
            Map.entry("New/Pending > Active/Accepted", "Active/Accepted"),
            Map.entry("New/Pending > Closed/Won", "Active/Accepted"),
            Map.entry("New/Pending > Closed/Lost", "Closed/Declined"),
            Map.entry("New/Pending > Closed/Declined", "Closed/Declined"),
            Map.entry("New/Received > Active/Accepted", "Active/Accepted"),
            Map.entry("New/Received > Closed/Won", "Active/Accepted"),
            Map.entry("New/Received > Closed/Lost", "Closed/Declined"),
            Map.entry("New/Received > Closed/Declined", "Closed/Declined"),
            Map.entry("New/None > Active/Accepted", "Active/Accepted"),
            Map.entry("New/None > Closed/Won", "Active/Accepted"),
            Map.entry("New/None > Closed/Lost", "Closed/Declined"),
            Map.entry("New/None > Closed/Declined", "Closed/Declined"),
            Map.entry("Active/Accepted > Closed/Won", "Closed/Won"),
            Map.entry("Active/Accepted > Closed/Lost", "Closed/Lost"),
            Map.entry("Active/None > Closed/Won", "Closed/Won"),
            Map.entry("Active/None > Closed/Lost", "Closed/Lost"));

    private static List<String> pairs() {
        List<String> states = new ArrayList<>(ALL);
        states.addAll(List.of(
                "New/None",
                "Active/None",
                "New/Waiting",
                "Active/Paused",
                "Closed/Merged",
                "Paused/Accepted",
                "New/Won"));
        return states.stream()
                .flatMap(from -> states.stream().map(to -> from + " > " + to))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("pairs")
    void stepsOnlyWhereAnOwnerMayGo(String pair) {
        String[] states = pair.split(" > ", 2);
        String step = states[0].equals(states[1]) ? states[1] : STEPS.get(pair);

        assertThat(ReferralState.parse(states[0])
                        .stepTowards(ReferralState.parse(states[1]))
                        .map(ReferralState::text))
                .isEqualTo(Optional.ofNullable(step));
    }

    @Test
    void everyStepIsOneThatTheOwnerMayTakeAndThatTheTableAllows() {
        assertThat(STEPS).allSatisfy((pair, step) -> {
            ReferralState from = ReferralState.parse(pair.split(" > ", 2)[0]);
            assertThat(from.mayBeMovedTo(ReferralState.parse(step))).isTrue();
            assertThat(from.mayBecome(ReferralState.parse(step))).isTrue();
        });
    }

    @Test
    void keepsUnknownWords() {
        ReferralState state = ReferralState.parse("Paused", "OnHoliday");

        assertThat(state.status()).isEqualTo(Status.UNKNOWN);
        assertThat(state.substatus()).isEqualTo(Substatus.UNKNOWN);
        assertThat(state.text()).isEqualTo("Paused/OnHoliday");
        assertThat(state.isTerminal()).isFalse();
        assertThat(state.mayBecome(ReferralState.parse("Active/Accepted"))).isTrue();
    }

    @Test
    void anUnknownWayToBeClosedIsTerminal() {
        assertThat(ReferralState.parse("Closed/Merged").isTerminal()).isTrue();
    }

    @Test
    void readsWordsWhateverTheirCase() {
        assertThat(ReferralState.parse("aCTIVE", "accepted ").text()).isEqualTo("Active/Accepted");
        assertThat(ReferralState.parse("", "").text()).isEqualTo("None/None");
    }
}
