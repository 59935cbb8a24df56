package org.cosellbridge.simulator;

import java.math.BigDecimal;
import java.util.Map;

/**
 * A record as the CRM holds it.
 *
 * @param values the fields that are not empty: a text, a {@link BigDecimal} or a {@link Boolean} each, as {@link CrmField} says
 */
public record CrmRecord(CrmKind kind, String id, CrmState state, Map<CrmField, Object> values) {
    public CrmRecord {
        values = Map.copyOf(values);
    }

    /** The text of a field; empty when the field is. */
    public String text(CrmField field) {
        return values.getOrDefault(field, "") instanceof String text ? text : "";
    }

    /** The number of a field; 0 when the field is empty. */
    public BigDecimal number(CrmField field) {
        return values.getOrDefault(field, "") instanceof BigDecimal number ? number : BigDecimal.ZERO;
    }

    /**
     * Whether a field is switched on.
     *
     * @throws IllegalStateException when it is empty, which such a field never is
     */
    public boolean isOn(CrmField field) {
        if (values.get(field) instanceof Boolean on) {
            return on;
        }
        throw new IllegalStateException(field + " of " + kind.reference(id) + " is neither on nor off.");
    }
}
