package org.cosellbridge.referral;

/**
 * The id of the joint work that several referrals share.
 *
 * @param value as Partner Center sent it, never blank
 */
public record EngagementId(String value) {
    public EngagementId {
        if (value.isBlank()) {
            throw new IllegalArgumentException("An engagement id is not blank.");
        }
    }

    @Override
    public String toString() {
        return value;
    }
}
