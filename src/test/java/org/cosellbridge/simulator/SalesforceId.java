package org.cosellbridge.simulator;

import java.util.Optional;
import java.util.regex.Pattern;

/** Record ids: 15 characters that tell upper from lower case, and three more that make 18 which need not. */
final class SalesforceId {
    private static final String DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private static final String CHECKS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
    private static final Pattern FORM = Pattern.compile("[0-9A-Za-z]{15}(?:[A-Z0-5]{3})?");
    private static final int SHORT = 15;

    private SalesforceId() {}

    /** The id with this number among those of the prefix. */
    static String of(String prefix, long number) {
        char[] id = (prefix + "5g0000000000").substring(0, SHORT).toCharArray();
        long left = number;
        for (int i = SHORT - 1; left > 0; i--) {
            id[i] = DIGITS.charAt((int) (left % DIGITS.length()));
            left /= DIGITS.length();
        }
        return withChecks(new String(id));
    }

    /** The 18 characters of these 15. */
    static String withChecks(String fifteen) {
        StringBuilder id = new StringBuilder(fifteen);
        for (int group = 0; group < 3; group++) {
            int bits = 0;
            for (int k = 0; k < 5; k++) {
                char c = fifteen.charAt(group * 5 + k);
                if (c >= 'A' && c <= 'Z') {
                    bits |= 1 << k;
                }
            }
            id.append(CHECKS.charAt(bits));
        }
        return id.toString();
    }

    /** The 18 characters of an id of either length; empty for text that is no id. */
    static Optional<String> parse(String text) {
        if (!FORM.matcher(text).matches()) {
            return Optional.empty();
        }
        String id = withChecks(text.substring(0, SHORT));
        return text.length() == SHORT || id.equals(text) ? Optional.of(id) : Optional.empty();
    }
}
