package org.cosellbridge.simulator;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * One call a simulator got.
 *
 * @param time when it arrived
 * @param name what the simulator calls it, such as {@code patch referral}
 * @param method the HTTP method
 * @param path the path as it was sent
 * @param query the query as it was sent, empty for none
 * @param headers the request headers worth looking at, names without regard to case; never credentials
 * @param status the status of the answer, 0 when the call had no effect because the connection was cut
 * @param answered whether the answer was sent; false when the connection was cut before or after the effect
 * @param took from the arrival until the answer was ready
 */
public record Call(
        Instant time,
        String name,
        String method,
        String path,
        String query,
        Map<String, String> headers,
        int status,
        boolean answered,
        Duration took) {
    public Call {
        Map<String, String> byName = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        byName.putAll(headers);
        headers = byName;
    }

    /** One of the kept headers. */
    public Optional<String> header(String header) {
        return Optional.ofNullable(headers.get(header));
    }
}
