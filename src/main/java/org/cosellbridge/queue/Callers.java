package org.cosellbridge.queue;

import jakarta.json.JsonObject;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.SecurityContext;
import java.security.Principal;
import org.cosellbridge.platform.Problem;
import org.jspecify.annotations.Nullable;

/** Who calls, and with which words. */
final class Callers {
    private static final int LONGEST_REASON = 1000;

    private Callers() {}

    /** The actor of an entry for what this caller does. */
    static String actor(SecurityContext security) {
        Principal caller = security.getUserPrincipal();
        if (caller == null) {
            throw Problem.exception(Response.Status.UNAUTHORIZED, "Log in.");
        }
        return "user:" + caller.getName();
    }

    /** The reason in the body; 400 when there is none. */
    static String reason(@Nullable JsonObject body) {
        String reason = body == null ? "" : body.getString("reason", "").strip();
        if (reason.isEmpty() || reason.length() > LONGEST_REASON) {
            throw Problem.badRequest(
                    "The body must be {\"reason\":\"…\"} with 1 to " + LONGEST_REASON + " characters.");
        }
        return reason;
    }
}
