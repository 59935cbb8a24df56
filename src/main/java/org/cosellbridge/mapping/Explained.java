package org.cosellbridge.mapping;

import jakarta.json.JsonValue;

/**
 * What becomes of one field of a referral on its way to the CRM.
 *
 * @param field the field's name in the document
 * @param recordField the CRM field
 * @param raw the value at Partner Center
 * @param transformed what the CRM field would hold
 * @param reason in a few words how the one became the other, or why it cannot
 */
public record Explained(String field, String recordField, JsonValue raw, JsonValue transformed, String reason) {}
