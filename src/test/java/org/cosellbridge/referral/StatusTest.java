package org.cosellbridge.referral;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
