package org.cosellbridge.referral;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The id Partner Center gave a referral: a GUID, kept in lower case.
 *
 * @param value the GUID in its 36-character form
 */
public record ReferralId(String value) {
    private static final Pattern GUID = Pattern.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");

    public ReferralId {
        value = value.toLowerCase(Locale.ROOT);
        if (!GUID.matcher(value).matches()) {
            throw new IllegalArgumentException("A referral id is a GUID.");
        }
    }

    /** The id, if the text has its form. */
    public static Optional<ReferralId> parse(String text) {
        String lower = text.toLowerCase(Locale.ROOT);
        return GUID.matcher(lower).matches() ? Optional.of(new ReferralId(lower)) : Optional.empty();
    }

    @Override
    public String toString() {
        return value;
    }
}
