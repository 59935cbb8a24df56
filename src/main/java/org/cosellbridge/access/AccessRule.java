package org.cosellbridge.access;

import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/** What a call needs before it is let through; decided from method and path alone. */
sealed interface AccessRule {
    /** Nothing: the receiver checks a proof of its own. */
    record Open() implements AccessRule {}

    /** A login with this role or a higher one. */
    record Needs(Role role) implements AccessRule {}

    /** The path is written in a way no address of ours needs; nobody gets through. */
    record Refused() implements AccessRule {}

    /**
     * Receivers: Partner Center's, that of each connection to a Dynamics 365, and that of each to a Salesforce, whose secret stands in the
     * address. Nothing else below {@code webhooks} is open.
     */
    Pattern WEBHOOK = Pattern.compile("webhooks/(?:partner-center|dynamics/[^/]+|salesforce/[^/]+/[^/]+)");

    /** Calls that only an admin may make, when they write. Held against the path in lower case. */
    List<Pattern> ADMIN_WRITES = List.of(
            Pattern.compile("connections/[^/]+/setup(?:/.*)?"),
            Pattern.compile("erasures(?:/.*)?"),
            Pattern.compile("registration"));

    /**
     * The rule of a call.
     *
     * @param method the HTTP method
     * @param path the path below {@code /cosell/api}, as it came, not decoded, with or without its first slash
     */
    static AccessRule of(String method, String path) {
        String relative = path.startsWith("/") ? path.substring(1) : path;
        if (!isPlain(relative)) {
            return new Refused();
        }
        if (method.equals("POST") && WEBHOOK.matcher(relative).matches()) {
            return new Open();
        }
        if (List.of("GET", "HEAD", "OPTIONS").contains(method)) {
            return new Needs(Role.AUDITOR);
        }
        String plain = relative.toLowerCase(Locale.ROOT).replaceAll("/$", "");
        boolean admins =
                ADMIN_WRITES.stream().anyMatch(writes -> writes.matcher(plain).matches());
        return new Needs(admins ? Role.ADMIN : Role.OPERATOR);
    }

    /**
     * A plain path: letters, digits and {@code . _ ~ -} in segments that are not dots alone, single slashes, perhaps one at the end. So
     * there are no path parameters, no escapes, no empty or relative segments: what this table reads is what the server routes. Read by
     * hand, since a pattern with a repeated group runs out of stack on a long path.
     */
    private static boolean isPlain(String path) {
        int start = 0;
        for (int i = 0; i <= path.length(); i++) {
            if (i == path.length() || path.charAt(i) == '/') {
                String segment = path.substring(start, i);
                boolean end = i == path.length();
                if ((segment.isEmpty() && !end) || segment.equals(".") || segment.equals("..")) {
                    return false;
                }
                start = i + 1;
            } else if (!isPlain(path.charAt(i))) {
                return false;
            }
        }
        return true;
    }

    private static boolean isPlain(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || "._~-".indexOf(c) >= 0;
    }
}
