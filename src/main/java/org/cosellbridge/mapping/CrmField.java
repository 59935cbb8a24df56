package org.cosellbridge.mapping;

import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One field of a CRM record.
 *
 * @param name the field's name, exactly as the CRM spells it
 * @param type what its values are
 * @param reference for {@link CrmType#REFERENCE} and {@link CrmType#LOOKUP}: the name under which the other record is bound; null:
 *     the same as {@code name}
 * @param target for {@link CrmType#REFERENCE} and {@link CrmType#LOOKUP}: the table of the other record
 * @param match for {@link CrmType#LOOKUP}: the field of the other record that holds the natural key
 * @param states for {@link CrmType#STATE}: by the value of the field as text, how each state is reached; empty otherwise
 */
public record CrmField(
        String name,
        CrmType type,
        @Nullable String reference,
        @Nullable CrmTable target,
        @Nullable String match,
        Map<String, StateStep> states) {
    public CrmField {
        states = Map.copyOf(states);
    }

    /** Whether the CRM lets a record go from this state to that one; what the document does not list is left to the CRM. */
    public boolean isReachable(String from, String to) {
        StateStep step = states.get(to);
        return step == null
                || step.from().isEmpty()
                || !states.containsKey(from)
                || step.from().contains(from);
    }

    /**
     * How a record reaches a state.
     *
     * @param step what has to be done
     * @param fields what the record then holds, by field name, such as {@code statecode} beside {@code statuscode}
     * @param closing of a step that closes: what the close activity is told, by its field name, and the field of the record with the
     *     value, such as {@code actualrevenue} from {@code estimatedvalue}
     * @param from the states from which the CRM allows the step; empty: from every one
     */
    public record StateStep(Step step, Map<String, Integer> fields, Map<String, String> closing, Set<String> from) {
        public StateStep {
            fields = Map.copyOf(fields);
            closing = Map.copyOf(closing);
            from = Set.copyOf(from);
        }

        /** A step from every state. */
        public StateStep(Step step, Map<String, Integer> fields, Map<String, String> closing) {
            this(step, fields, closing, Set.of());
        }

        /** A step from every state that tells the close activity nothing. */
        public StateStep(Step step, Map<String, Integer> fields) {
            this(step, fields, Map.of(), Set.of());
        }
    }

    /** The steps between states. */
    public enum Step {
        /** Write the fields. */
        SET,
        /** Close as won. */
        WIN,
        /** Close as lost. */
        LOSE
    }
}
