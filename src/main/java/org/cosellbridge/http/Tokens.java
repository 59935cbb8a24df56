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
    String token(Grant grant, Duration timeout, String correlationId);

    /** Forgets the token, after a 401: the next call fetches a new one. */
    void forget(Grant grant);
}
