package org.cosellbridge.referral;

import java.util.Locale;

/** What kind of item a referral is, by Partner Center's own classification of type, qualification and inviter. */
public enum DealKind {
    /** A customer asked for us in Microsoft's marketplace. */
    MARKETPLACE_LEAD,
    /** Microsoft found the customer and qualified the interest. */
    QUALIFIED_LEAD,
    /** Sold together: private, partner-led or with Microsoft's help. */
    CO_SELL_OPPORTUNITY,
    /** A combination the classification does not list. */
    UNKNOWN;

    /** Whether it is one of the two leads. */
    public boolean isLead() {
        return this == MARKETPLACE_LEAD || this == QUALIFIED_LEAD;
    }

    /**
     * The kind of a referral. The classification knows exactly these three inputs; two cases it omits are decided here: what is
     * shared is a co-sell opportunity whoever invited, and so is a deal that nobody invited to and no customer opened.
     *
     * @param type {@code Independent} or {@code Shared}
     * @param qualification {@code None}, {@code Direct}, {@code MarketingQualified} or {@code SalesQualified}
     * @param inviter the inviting organisation, empty when there is none
     */
    public static DealKind classify(String type, String qualification, String inviter) {
        boolean byMicrosoft = inviter.equalsIgnoreCase(OrganizationId.MICROSOFT.value());
        boolean byNobody = inviter.isBlank();
        String measure = qualification.isBlank() ? "none" : qualification.toLowerCase(Locale.ROOT);
        return switch (type.toLowerCase(Locale.ROOT)) {
            case "shared" -> CO_SELL_OPPORTUNITY;
            case "independent" ->
                switch (measure) {
                    case "direct" -> byMicrosoft || byNobody ? MARKETPLACE_LEAD : UNKNOWN;
                    case "marketingqualified" -> byMicrosoft ? QUALIFIED_LEAD : UNKNOWN;
                    case "salesqualified" -> byMicrosoft ? QUALIFIED_LEAD : CO_SELL_OPPORTUNITY;
                    case "none" -> byMicrosoft ? UNKNOWN : CO_SELL_OPPORTUNITY;
                    default -> UNKNOWN;
                };
            default -> UNKNOWN;
        };
    }
}
