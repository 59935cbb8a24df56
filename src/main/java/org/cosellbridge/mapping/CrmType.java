package org.cosellbridge.mapping;

import java.util.Locale;
import java.util.Optional;

/** What the values of a CRM field are; in JSON as text unless said otherwise. */
public enum CrmType {
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
    /** One of a list of values: a JSON number where the system numbers them, else text. */
    CHOICE,
    /** The id of a related record. */
    REFERENCE,
    /** The natural key of another record, such as an ISO currency code. */
    LOOKUP,
    /** The record's state; its values, as text, are those listed under the field's states. */
    STATE;

    /** The word in a mapping document. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    static Optional<CrmType> find(String word) {
        for (CrmType type : values()) {
            if (type.word().equals(word)) {
                return Optional.of(type);
            }
        }
        return Optional.empty();
    }
}
