package org.cosellbridge.http;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What a remote system answered, whatever its status.
 *
 * @param status the HTTP status
 * @param headers by name, names without regard to case
 * @param body the whole body, at most {@link OutboundClient#MAX_BODY} bytes
 */
public record HttpAnswer(int status, Map<String, List<String>> headers, byte[] body) {
    public HttpAnswer {
        Map<String, List<String>> byName = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        byName.putAll(headers);
        headers = byName;
    }

    /** The first value of a header. */
    public Optional<String> header(String name) {
        return Optional.ofNullable(headers.get(name))
                .flatMap(values -> values.stream().findFirst());
    }

    /** Whether the status is 2xx. */
    public boolean isSuccess() {
        return status >= 200 && status < 300;
    }
}
