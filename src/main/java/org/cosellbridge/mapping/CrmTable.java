package org.cosellbridge.mapping;

/**
 * Where records live in the CRM.
 *
 * @param name the CRM's name of the kind
 * @param set the name under which its rows are addressed
 * @param key the field that holds a record's id
 */
public record CrmTable(String name, String set, String key) {}
