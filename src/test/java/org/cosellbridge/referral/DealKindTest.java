package org.cosellbridge.referral;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DealKindTest {
    @ParameterizedTest
    @CsvSource({
        // the rows of the published classification
        "Independent, Direct,             msft, MARKETPLACE_LEAD",
        "Independent, Direct,             '',   MARKETPLACE_LEAD",
        "Independent, SalesQualified,     msft, QUALIFIED_LEAD",
        "Independent, MarketingQualified, msft, QUALIFIED_LEAD",
        "Independent, SalesQualified,     own,  CO_SELL_OPPORTUNITY",
        "Independent, None,               own,  CO_SELL_OPPORTUNITY",
        "Shared,      SalesQualified,     own,  CO_SELL_OPPORTUNITY",
        "Shared,      None,               own,  CO_SELL_OPPORTUNITY",
        // what it leaves out
        "Shared,      SalesQualified,     msft, CO_SELL_OPPORTUNITY",
        "Shared,      Direct,             msft, CO_SELL_OPPORTUNITY",
        "Independent, SalesQualified,     '',   CO_SELL_OPPORTUNITY",
        "Independent, '',                 own,  CO_SELL_OPPORTUNITY",
        "Independent, Direct,             own,  UNKNOWN",
        "Independent, MarketingQualified, own,  UNKNOWN",
        "Independent, None,               msft, UNKNOWN",
        "AssociatedToShared, None,        own,  UNKNOWN",
        "Independent, Guessed,            own,  UNKNOWN",
        // whatever the case
        "INDEPENDENT, direct,             MSFT, MARKETPLACE_LEAD",
    })
    void followsTheClassification(String type, String qualification, String inviter, DealKind kind) {
        assertThat(DealKind.classify(type, qualification, inviter)).isEqualTo(kind);
    }
}
