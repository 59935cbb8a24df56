package org.cosellbridge.http;

import java.time.Duration;

/**
 * Access tokens, cached until shortly before their end, one fetch at a time per key over all threads of a node.
 */
public interface Tokens {
    /**
     * The token of these credentials, fetched when there is none or it is about to end.
     *
     * @param grant which credentials, for which audience
     * @param timeout for the authority's answer
     * @param correlationId of the work it is for
     * @throws OutboundException.SignInFailed when the authority refuses
     */
    AccessToken accessToken(Grant grant, Duration timeout, String correlationId);

    /** The text of the {@link #accessToken}. */
    default String token(Grant grant, Duration timeout, String correlationId) {
        return accessToken(grant, timeout, correlationId).text();
    }

    /** Forgets the token, after a 401: the next call fetches a new one. */
    void forget(Grant grant);

    /** Forgets this token, unless another has taken its place: of many calls it was refused to, the first fetches a new one. */
    void forget(Grant grant, AccessToken refused);
}
