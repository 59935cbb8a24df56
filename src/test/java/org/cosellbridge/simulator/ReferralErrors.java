package org.cosellbridge.simulator;

import jakarta.json.Json;
import jakarta.json.JsonObjectBuilder;

/** The error bodies of the referrals host. */
final class ReferralErrors {
    private ReferralErrors() {}

    /** 400 with the place and the detail. */
    static SimulatorAnswer.RefusedException invalid(String target, String detail, String message) {
        return error(
                        400,
                        "invalidRequest",
                        message,
                        target,
                        Json.createObjectBuilder().add("code", detail).add("message", message))
                .refused();
    }

    static SimulatorAnswer.RefusedException unauthenticated(String message) {
        return of(401, "unauthenticated", message).refused();
    }

    static SimulatorAnswer.RefusedException accessDenied(String message) {
        return of(403, "accessDenied", message).refused();
    }

    static SimulatorAnswer.RefusedException notFound() {
        return of(404, "itemNotFound", "The referral was not found.").refused();
    }

    static SimulatorAnswer.RefusedException preconditionFailed(String message) {
        return of(412, "preconditionFailed", message).refused();
    }

    /** An error without a detail. */
    static SimulatorAnswer of(int status, String code, String message) {
        return error(status, code, message, "referral", Json.createObjectBuilder());
    }

    private static SimulatorAnswer error(
            int status, String code, String message, String target, JsonObjectBuilder inner) {
        return SimulatorAnswer.json(
                status,
                Json.createObjectBuilder()
                        .add(
                                "error",
                                Json.createObjectBuilder()
                                        .add("code", code)
                                        .add("message", message)
                                        .add("target", target)
                                        .add("innerError", inner))
                        .build());
    }
}
