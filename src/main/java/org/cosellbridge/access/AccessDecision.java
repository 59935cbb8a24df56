package org.cosellbridge.access;

import jakarta.ws.rs.core.Response;

/** What the filter does with a call. */
sealed interface AccessDecision {
    /** It goes on to its receiver, which checks a proof of its own. */
    record PassUnknown() implements AccessDecision {}

    /**
     * It goes on, and the resource sees who calls.
     *
     * @param user who it is
     */
    record PassAs(User user) implements AccessDecision {}

    /**
     * It ends here.
     *
     * @param response what the caller gets
     */
    record Refuse(Response response) implements AccessDecision {}
}
