package org.cosellbridge.webhook;

import java.io.InputStream;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A request to a receiver, before anything about it is believed.
 *
 * @param source the address it came from, as the connection says; a forwarding header is not trusted
 * @param query what follows the question mark, as it came; empty when there is none
 * @param headers by name in lower case, each with every value sent
 * @param body not yet read
 */
record WebhookRequest(String source, String query, Map<String, List<String>> headers, InputStream body) {
    WebhookRequest {
        Map<String, List<String>> lower = new TreeMap<>();
        headers.forEach((name, values) -> lower.put(name.toLowerCase(Locale.ROOT), List.copyOf(values)));
        headers = Map.copyOf(lower);
    }

    /** A request without a query. */
    WebhookRequest(String source, Map<String, List<String>> headers, InputStream body) {
        this(source, "", headers, body);
    }

    /** Every value of a header, trimmed, without empty ones. */
    List<String> values(String name) {
        return headers.getOrDefault(name, List.of()).stream()
                .map(String::trim)
                .filter(value -> !value.isEmpty())
                .toList();
    }

    /** The first value of a header. */
    Optional<String> findFirst(String name) {
        return values(name).stream().findFirst();
    }

    /**
     * Every value of a query parameter, without empty ones. Only percent signs are decoded: a plus is a plus, because a sender that
     * appends a value as it is (Dataverse and its {@code code}) does not write it for a blank.
     */
    List<String> parameters(String name) {
        List<String> values = new ArrayList<>();
        for (String pair : query.split("&", -1)) {
            if (pair.startsWith(name + "=") && pair.length() > name.length() + 1) {
                values.add(decoded(pair.substring(name.length() + 1)));
            }
        }
        return values;
    }

    private static String decoded(String value) {
        try {
            return URLDecoder.decode(value.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException notEncoded) {
            return value; // a percent sign that stands for itself
        }
    }

    /** Refuses every content type but this one; parameters of it do not matter. */
    void requireType(String wanted) throws RefusedException {
        String type = findFirst("content-type").orElse("").split(";", 2)[0];
        if (!type.trim().toLowerCase(Locale.ROOT).equals(wanted)) {
            throw new RefusedException(Refusal.WRONG_TYPE);
        }
    }
}
