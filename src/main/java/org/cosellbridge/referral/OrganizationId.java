package org.cosellbridge.referral;

/**
 * The organisation that owns a referral.
 *
 * @param value a GUID, or {@code msft} for Microsoft; never blank
 */
public record OrganizationId(String value) {
    /** Microsoft. */
    public static final OrganizationId MICROSOFT = new OrganizationId("msft");

    public OrganizationId {
        if (value.isBlank()) {
            throw new IllegalArgumentException("An organisation id is not blank.");
        }
    }

    /** Whether this is Microsoft. */
    public boolean isMicrosoft() {
        return value.equalsIgnoreCase(MICROSOFT.value);
    }

    @Override
    public String toString() {
        return value;
    }
}
