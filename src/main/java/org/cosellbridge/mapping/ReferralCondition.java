package org.cosellbridge.mapping;

import jakarta.json.JsonObject;

/** A JSONata condition over a referral's wire JSON, such as which referrals belong to a connection. Immutable, thread-safe. */
public final class ReferralCondition {
    private final Expression expression;

    private ReferralCondition(Expression expression) {
        this.expression = expression;
    }

    /** Compiles it; throws {@link MappingException} with the reason when that fails. */
    public static ReferralCondition compile(String jsonata) {
        try {
            return new ReferralCondition(Expression.compile(jsonata));
        } catch (Expression.Refused refused) {
            throw failure(refused);
        }
    }

    /** Whether the condition holds for this referral; throws {@link MappingException} when it cannot be evaluated. */
    public boolean matches(JsonObject referral) {
        try {
            return expression.holds(referral);
        } catch (Expression.Refused refused) {
            throw failure(refused);
        }
    }

    private static MappingException failure(Expression.Refused refused) {
        return new MappingException(new MappingFault("condition", "", String.valueOf(refused.getMessage())));
    }
}
