package org.cosellbridge.webhook;

import java.io.InputStream;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A request to a receiver, before anything about it is believed.
 *
 * @param source the address it came from, as the connection says; a forwarding header is not trusted
 * @param headers by name in lower case, each with every value sent
 * @param body not yet read
 */
record WebhookRequest(String source, Map<String, List<String>> headers, InputStream body) {
    WebhookRequest {
        Map<String, List<String>> lower = new TreeMap<>();
        headers.forEach((name, values) -> lower.put(name.toLowerCase(Locale.ROOT), List.copyOf(values)));
        headers = Map.copyOf(lower);
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
}
