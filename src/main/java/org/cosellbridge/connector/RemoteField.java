package org.cosellbridge.connector;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One field of a remote record and how its value is written on the wire; data from a mapping document.
 *
 * @param name the field's name in the remote system, exactly as it spells it
 * @param type what its values are
 * @param reference for {@link Type#REFERENCE} and {@link Type#LOOKUP}: the name under which the other record is bound (a Dataverse
 *     navigation property such as {@code customerid_account}); null: the same as {@code name}
 * @param target for {@link Type#REFERENCE} and {@link Type#LOOKUP}: the table of the other record
 * @param match for {@link Type#LOOKUP}: the field of the other record that holds the natural key, such as an ISO currency code
 * @param states for {@link Type#STATE}: what each value means and which step reaches it; empty otherwise
 */
public record RemoteField(
        String name,
        Type type,
        @Nullable String reference,
        @Nullable RemoteTable target,
        @Nullable String match,
        Map<String, StateStep> states) {
    public RemoteField {
        states = Map.copyOf(states);
    }

    /** A field whose value stands in the record itself. */
    public static RemoteField of(String name, Type type) {
        return new RemoteField(name, type, null, null, null, Map.of());
    }

    /** What the values of a field are; in JSON as text unless said otherwise. */
    public enum Type {
        /** Text. */
        TEXT,
        /** A JSON number. */
        NUMBER,
        /** A JSON number in the record's currency. */
        MONEY,
        /** JSON true or false. */
        BOOLEAN,
        /** A calendar day, {@code yyyy-MM-dd}. */
        DATE,
        /** An instant, {@code yyyy-MM-ddTHH:mm:ssZ}. */
        DATETIME,
        /** One of a list of values: a JSON number where the system numbers them (Dataverse), else text. */
        CHOICE,
        /** The id of another record. */
        REFERENCE,
        /** The natural key of another record; the connector finds the id. An unknown key is a rejected value. */
        LOOKUP,
        /** The record's state. Its values are the keys of {@link RemoteField#states}. */
        STATE
    }

    /**
     * How a record reaches a state.
     *
     * @param step what the connector does
     * @param fields what the step writes, by field name, such as {@code statecode} beside {@code statuscode}
     * @param closing of a step that closes: what the close activity is told, by its field name, and the field of the record with the
     *     value, such as {@code actualrevenue} from {@code estimatedvalue}
     */
    public record StateStep(Step step, Map<String, Integer> fields, Map<String, String> closing) {
        public StateStep {
            fields = Map.copyOf(fields);
            closing = Map.copyOf(closing);
        }

        /** A step that tells the close activity nothing. */
        public StateStep(Step step, Map<String, Integer> fields) {
            this(step, fields, Map.of());
        }
    }

    /** The steps between states. */
    public enum Step {
        /** Plain fields. */
        SET,
        /** Close as won. */
        WIN,
        /** Close as lost. */
        LOSE
    }
}
