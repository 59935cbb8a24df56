package org.cosellbridge.simulator;

import java.util.List;

/**
 * One write to the CRM that took effect.
 *
 * @param action what was done, as the CRM calls it: {@code CREATE}, {@code UPDATE}, {@code DELETE} or an action of its own on a record
 * @param collection what the record belongs to, as the CRM calls it; see {@link CrmSystem#collection}
 * @param id the record's id
 * @param fields the names that the CRM has for what was written
 * @param byCall whether a call wrote, which here only the product makes; not a person or an automation of the CRM
 */
public record CrmWrite(String action, String collection, String id, List<String> fields, boolean byCall) {
    public CrmWrite {
        fields = List.copyOf(fields);
    }
}
