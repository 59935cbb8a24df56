package org.cosellbridge.referral;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DealTypeTest {
    @ParameterizedTest
    @CsvSource({
        "'',                    false, PRIVATE",
        "'  ',                  false, PRIVATE",
        "Unknown,               false, PRIVATE",
        "unknown,               true,  PARTNER_LED",
        "'',                    true,  PARTNER_LED",
        "ProofOfConceptOrDemo,  true,  CO_SELL",
        "ProofOfConceptOrDemo,  false, CO_SELL",
        "SomethingNew,          false, CO_SELL"
    })
    void followsFromHelpAndVisibility(String helpCode, boolean visible, DealType type) {
        assertThat(DealType.of(helpCode, visible)).isEqualTo(type);
        assertThat(type.isShared()).isEqualTo(type != DealType.PRIVATE);
    }
}
