package org.cosellbridge.webhook;

import java.util.Optional;
import java.util.regex.Pattern;

/**
 * An id of a Salesforce organisation in its form of 18 characters. The first 15 tell upper from lower case; the last three repeat which
 * of them are upper case, so that two ids are equal when these records are.
 *
 * @param value 18 letters and digits
 */
record SalesforceId(String value) {
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9]{15}(?:[A-Z0-5]{3})?");
    private static final String SUFFIXES = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
    private static final int SHORT = 15;
    private static final int GROUP = 5;

    /** The id in this text, in either of its forms; empty when it is none, or when its end does not belong to its beginning. */
    static Optional<SalesforceId> parse(String text) {
        if (!ID.matcher(text).matches()) {
            return Optional.empty();
        }
        String id = text.substring(0, SHORT);
        String whole = id + suffix(id);
        return whole.startsWith(text) ? Optional.of(new SalesforceId(whole)) : Optional.empty();
    }

    private static String suffix(String id) {
        StringBuilder suffix = new StringBuilder();
        for (int group = 0; group < SHORT; group += GROUP) {
            int upper = 0;
            for (int i = 0; i < GROUP; i++) {
                char c = id.charAt(group + i);
                if (c >= 'A' && c <= 'Z') {
                    upper |= 1 << i;
                }
            }
            suffix.append(SUFFIXES.charAt(upper));
        }
        return suffix.toString();
    }

    @Override
    public String toString() {
        return value;
    }
}
