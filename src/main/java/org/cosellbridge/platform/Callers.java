package org.cosellbridge.platform;

import jakarta.json.JsonObject;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.SecurityContext;
import java.security.Principal;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Who calls a resource, and with which words. */
public final class Callers {
    private static final int LONGEST_REASON = 1000;

    private Callers() {}

    /** The actor of an entry for what this caller does; 401 without a login. */
    public static String actor(SecurityContext security) {
        Principal caller = security.getUserPrincipal();
        if (caller == null) {
            throw Problem.exception(Response.Status.UNAUTHORIZED, "Log in.");
        }
        return "user:" + caller.getName();
    }

    /** The reason in the body. Throws {@link IllegalArgumentException} when there is none, or one that is too long. */
    public static String reason(@Nullable JsonObject body) {
        String reason = body == null ? "" : body.getString("reason", "").strip();
        if (reason.isEmpty() || reason.length() > LONGEST_REASON) {
            throw new IllegalArgumentException(
                    "The body must be {\"reason\":\"…\"} with 1 to " + LONGEST_REASON + " characters.");
        }
        return reason;
    }

    /** What the caller's words lead to; 400 with the sentence of an {@link IllegalArgumentException}. */
    public static <T> T understood(Supplier<T> words) {
        try {
            return words.get();
        } catch (IllegalArgumentException wrong) {
            throw Problem.badRequest(String.valueOf(wrong.getMessage()));
        }
    }

    /** Answers 404 with the sentence unless the thing was there. */
    public static void found(boolean there, String sentence) {
        if (!there) {
            throw Problem.notFound(sentence);
        }
    }
}
