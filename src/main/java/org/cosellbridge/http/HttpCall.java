package org.cosellbridge.http;

import java.net.URI;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One request to a remote system.
 *
 * @param system whose circuit and permits it uses: a connection's name, {@code partner-center}, or the name of an authority
 * @param method the HTTP method
 * @param uri where to
 * @param headers everything the system wants to see but the correlation headers
 * @param body the body, null for none
 * @param timeout until the whole answer must be there
 * @param rank who waits: 0 a person, 1 an event, 2 a write-back, 3 a sweep; permits are kept back from higher ranks
 * @param correlationId of the work it belongs to
 * @param repeatable whether doing it twice is the same as doing it once (reads); only then it is repeated on a cut connection
 */
public record HttpCall(
        String system,
        String method,
        URI uri,
        Map<String, String> headers,
        byte @Nullable [] body,
        Duration timeout,
        int rank,
        String correlationId,
        boolean repeatable) {
    public HttpCall {
        headers = Map.copyOf(headers);
    }

    /** A read: GET without a body, repeatable. */
    public static HttpCall get(
            String system, URI uri, Map<String, String> headers, Duration timeout, int rank, String correlationId) {
        return new HttpCall(system, "GET", uri, headers, null, timeout, rank, correlationId, true);
    }
}
