package org.cosellbridge.referral;

/** How much of a deal of one's own Microsoft sees and does. It only ever goes up, in the order of the constants. */
public enum DealType {
    /** Nobody at Microsoft sees it: one referral, {@code Independent}. */
    PRIVATE,
    /** Microsoft's sellers see it and were not asked to help: one referral, {@code Shared}. */
    PARTNER_LED,
    /** Microsoft was asked to help: a referral of one's own and one of Microsoft's in the same engagement. */
    CO_SELL;

    /** Partner Center's word for "no help required". */
    static final String NO_HELP = "Unknown";

    /**
     * The type of deal that these two choices make. Asking for help includes that Microsoft sees the deal.
     *
     * @param helpCode how Microsoft can help ({@code inviteContext.assistanceRequestCode}); empty or {@code Unknown}: not at all
     * @param visible whether Microsoft's sellers may see the deal ({@code consent.consentToShareReferralWithMicrosoftSellers})
     */
    public static DealType of(String helpCode, boolean visible) {
        if (!helpCode.isBlank() && !helpCode.trim().equalsIgnoreCase(NO_HELP)) {
            return CO_SELL;
        }
        return visible ? PARTNER_LED : PRIVATE;
    }

    /** Whether Microsoft's sellers see a deal of this type. */
    public boolean isShared() {
        return this != PRIVATE;
    }
}
