package org.cosellbridge.audit;

import jakarta.json.JsonValue;
import org.cosellbridge.referral.Direction;
import org.jspecify.annotations.Nullable;

/**
 * What happened to one field, as an entry tells it. Values are JSON; JSON null is an empty field, Java null says that the value was
 * not looked at.
 *
 * @param field the field's name in the mapping document
 * @param recordField the CRM field
 * @param direction which way the value went or would go
 * @param base what both sides agreed on before
 * @param partnerCenter what Partner Center held
 * @param crm what the CRM held
 * @param written what was written; null when nothing was
 * @param rule the rule that decided, such as {@code only-moved}, {@code newest}, {@code confirmed-after-restart}
 * @param decider the person who decided, null when the rule did
 * @param subject the data subject whose personal values these are (a text that identifies them, such as an e-mail address);
 *     null when the field is not personal. It never enters the entry: it only finds the subject's key.
 */
public record FieldChange(
        String field,
        String recordField,
        Direction direction,
        @Nullable JsonValue base,
        @Nullable JsonValue partnerCenter,
        @Nullable JsonValue crm,
        @Nullable JsonValue written,
        String rule,
        @Nullable String decider,
        @Nullable String subject) {}
