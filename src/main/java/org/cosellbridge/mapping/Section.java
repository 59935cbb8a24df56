package org.cosellbridge.mapping;

import org.jspecify.annotations.Nullable;

/**
 * The CRM's Partner Center section on a record: the fields through which the product and the sellers speak with each other. What a
 * document does not name, its records do not have.
 *
 * @param sync the yes/no field with which a seller keeps the record in step with Partner Center; null: none
 * @param status the text that says whether that works; null: none
 * @param statusLength the most characters {@code status} takes
 * @param audit the text with what was done, the newest line first; null: none
 * @param auditLength the most characters {@code audit} takes
 * @param markName whether the record's name carries a mark that says the same as {@code status}
 */
public record Section(
        @Nullable String sync,
        @Nullable String status,
        int statusLength,
        @Nullable String audit,
        int auditLength,
        boolean markName) {
    static final int STATUS_LENGTH = 255;
    static final int AUDIT_LENGTH = 10_000;

    /** The section of a record that has none. */
    static final Section NONE = new Section(null, null, STATUS_LENGTH, null, AUDIT_LENGTH, false);
}
