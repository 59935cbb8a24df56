package org.cosellbridge.connector;

import jakarta.json.JsonObject;

/**
 * A record that was created, changed or deleted.
 *
 * @param ref which record
 * @param deleted whether it is no longer there
 * @param version its version now, comparable with {@link RemoteRecord#version}; empty when it was deleted or the system does not say
 * @param values the shape's fields as {@link RemoteRecord#values} describes them; empty when it was deleted
 */
public record RecordChange(RecordRef ref, boolean deleted, String version, JsonObject values) {}
