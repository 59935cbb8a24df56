package org.cosellbridge.sync;

import jakarta.json.JsonValue;
import org.jspecify.annotations.Nullable;

/**
 * What a person decided about a field in conflict. It holds as long as both sides still hold what the person saw: an edit in the
 * meantime is news, and the conflict is asked again.
 *
 * @param side whose value both sides shall have
 * @param value for {@link Side#VALUE}: the value in Partner Center's terms; null otherwise
 * @param partnerCenter what Partner Center held when it was decided, raw
 * @param crm what the CRM held then, raw
 * @param decider who decided
 */
record Decided(Side side, @Nullable JsonValue value, JsonValue partnerCenter, JsonValue crm, String decider) {
    /** Whose value wins. */
    enum Side {
        /** Partner Center's. */
        PARTNER_CENTER,
        /** The CRM's. */
        CRM,
        /** Neither's: one that the person typed. */
        VALUE
    }
}
