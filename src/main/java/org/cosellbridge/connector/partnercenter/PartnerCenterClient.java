package org.cosellbridge.connector.partnercenter;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import jakarta.json.JsonValue;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.cosellbridge.connector.CallContext;
import org.cosellbridge.connector.Priority;
import org.cosellbridge.http.Grant;
import org.cosellbridge.http.HttpAnswer;
import org.cosellbridge.http.HttpCall;
import org.cosellbridge.http.OutboundClient;
import org.cosellbridge.http.OutboundException;
import org.cosellbridge.http.Permits;
import org.cosellbridge.http.Tokens;
import org.cosellbridge.platform.Ids;
import org.jspecify.annotations.Nullable;

/**
 * Sends calls to the referrals API: with a token, the headers the API asks for and within the time the guard gives. A 401 costs the
 * token, and the call is made once more with a new one; every other answer is handed on.
 */
@Singleton
class PartnerCenterClient {
    private static final Duration WINDOW = Duration.ofSeconds(60);
    private static final String REFERRALS = "/v1.0/engagements/referrals";

    private final OutboundClient client;
    private final Tokens tokens;
    private final Ids ids;
    private final PartnerCenterErrors errors;
    private final URI base;
    private final Grant grant;

    @Inject
    PartnerCenterClient(
            OutboundClient client,
            Tokens tokens,
            Permits permits,
            Ids ids,
            PartnerCenterErrors errors,
            PartnerCenterSettings settings) {
        this.client = client;
        this.tokens = tokens;
        this.ids = ids;
        this.errors = errors;
        this.base = settings.referralsUrl();
        this.grant = settings.grant();
        permits.limit(PartnerCenterConnector.SYSTEM, settings.requestsPerMinute(), WINDOW);
    }

    /** Reads; {@code tail} is what follows the referrals' path, such as {@code /<id>} or {@code ?$filter=…}, encoded. */
    HttpAnswer get(CallContext call, String tail) {
        return send(call, "GET", tail, Map.of(), null);
    }

    /** Writes; never repeated after a cut connection. */
    HttpAnswer write(CallContext call, String method, String tail, Map<String, String> headers, JsonValue body) {
        return send(call, method, tail, headers, body);
    }

    private HttpAnswer send(
            CallContext call, String method, String tail, Map<String, String> headers, @Nullable JsonValue body) {
        try {
            HttpAnswer answer = sendOnce(call, method, tail, headers, body);
            if (answer.status() == 401) {
                tokens.forget(grant);
                answer = sendOnce(call, method, tail, headers, body);
            }
            return answer;
        } catch (OutboundException failed) {
            throw errors.of(failed);
        }
    }

    private HttpAnswer sendOnce(
            CallContext call, String method, String tail, Map<String, String> headers, @Nullable JsonValue body) {
        Duration time = call.guard().beforeCall();
        long startedAt = System.nanoTime();
        String token = tokens.token(grant, time, call.correlationId());
        Duration left = time.minusNanos(System.nanoTime() - startedAt);
        Map<String, String> all = new HashMap<>(headers);
        all.put("Authorization", "Bearer " + token);
        all.put("Accept", "application/json");
        // The same for every repetition of this call; client-request-id differs and is the outbound client's.
        all.put("MS-RequestId", ids.next().toString());
        if (body != null) {
            all.put("Content-Type", "application/json");
        }
        return client.send(new HttpCall(
                PartnerCenterConnector.SYSTEM,
                method,
                URI.create(base + REFERRALS + tail),
                all,
                body == null ? null : body.toString().getBytes(StandardCharsets.UTF_8),
                left,
                rank(call.priority()),
                call.correlationId(),
                method.equals("GET")));
    }

    private static int rank(Priority priority) {
        return switch (priority) {
            case PERSON -> 0;
            case EVENT -> 1;
            case WRITE_BACK -> 2;
            case SWEEP -> 3;
        };
    }
}
