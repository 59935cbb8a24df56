package org.cosellbridge.connector;

/**
 * Where records of one kind live in the remote system; data from a mapping document.
 *
 * @param name the system's name of the kind (a Dataverse table's logical name, a Salesforce object)
 * @param set the name under which rows are addressed (a Dataverse entity set, else the same as {@code name})
 * @param key the field that holds a record's id
 */
public record RemoteTable(String name, String set, String key) {}
