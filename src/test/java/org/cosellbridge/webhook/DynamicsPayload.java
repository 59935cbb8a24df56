package org.cosellbridge.webhook;

import jakarta.json.Json;
import jakarta.json.JsonArray;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonValue;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** A RemoteExecutionContext as Dataverse posts it, with every documented member; a test changes what it is about. */
final class DynamicsPayload {
    static final String ROW = "a1b2c3d4-0000-4000-8000-000000000001";
    static final String ORGANIZATION = "c7000000-0000-4000-8000-000000000007";
    static final String NO_ROW = "00000000-0000-0000-0000-000000000000";
    static final String SECRET_NAME = "Grace Hopper";
    private static final String CONTRACTS = ":http://schemas.microsoft.com/xrm/2011/Contracts";

    private final Map<String, JsonValue> members;

    private DynamicsPayload(Map<String, JsonValue> members) {
        this.members = members;
    }

    /** A person changed the name of {@link #ROW}. */
    static DynamicsPayload update(String table) {
        JsonObject target = Json.createObjectBuilder()
                .add("__type", "Entity" + CONTRACTS)
                .add(
                        "Attributes",
                        Json.createArrayBuilder()
                                .add(pair("name", Json.createValue(SECRET_NAME)))
                                .add(pair("modifiedon", Json.createValue("/Date(1795160400000)/"))))
                .add("Id", ROW)
                .add("LogicalName", table)
                .build();
        return of("Update", table)
                .with(
                        "InputParameters",
                        Json.createArrayBuilder().add(pair("Target", target)).build());
    }

    /** Something happened to {@link #ROW}; without parameters. */
    static DynamicsPayload of(String message, String table) {
        Map<String, JsonValue> members = new LinkedHashMap<>();
        Json.createObjectBuilder()
                .add("BusinessUnitId", "e1000000-0000-4000-8000-000000000001")
                .add("CorrelationId", "f1000000-0000-4000-8000-000000000001")
                .add("Depth", 1)
                .add("InitiatingUserId", "aa000000-0000-4000-8000-000000000001")
                .add("InputParameters", JsonValue.EMPTY_JSON_ARRAY)
                .add("IsExecutingOffline", false)
                .add("MessageName", message)
                .add("Mode", 1)
                .add("OperationCreatedOn", "/Date(1795160401000-0800)/")
                .add("OperationId", "b7000000-0000-4000-8000-000000000001")
                .add("OrganizationId", ORGANIZATION)
                .add("OrganizationName", "unq")
                .add("OutputParameters", JsonValue.EMPTY_JSON_ARRAY)
                .addNull("ParentContext")
                .add("PostEntityImages", JsonValue.EMPTY_JSON_ARRAY)
                .add("PreEntityImages", JsonValue.EMPTY_JSON_ARRAY)
                .add("PrimaryEntityId", ROW)
                .add("PrimaryEntityName", table)
                .add("SharedVariables", JsonValue.EMPTY_JSON_ARRAY)
                .add("Stage", 40)
                .add("UserId", "aa000000-0000-4000-8000-000000000001")
                .build()
                .forEach(members::put);
        return new DynamicsPayload(members);
    }

    static JsonObject pair(String key, JsonValue value) {
        return Json.createObjectBuilder().add("key", key).add("value", value).build();
    }

    static JsonObject reference(String table, String id) {
        return Json.createObjectBuilder()
                .add("__type", "EntityReference" + CONTRACTS)
                .add("Id", id)
                .add("LogicalName", table)
                .build();
    }

    static JsonArray parameters(JsonObject... pairs) {
        var array = Json.createArrayBuilder();
        for (JsonObject pair : pairs) {
            array.add(pair);
        }
        return array.build();
    }

    DynamicsPayload with(String member, JsonValue value) {
        Map<String, JsonValue> changed = new LinkedHashMap<>(members);
        changed.put(member, value);
        return new DynamicsPayload(changed);
    }

    DynamicsPayload with(String member, String value) {
        return with(member, Json.createValue(value));
    }

    DynamicsPayload without(String... names) {
        Map<String, JsonValue> changed = new LinkedHashMap<>(members);
        for (String name : names) {
            changed.remove(name);
        }
        return new DynamicsPayload(changed);
    }

    /** What is left of it when it is over 256 KB. */
    DynamicsPayload cut() {
        return without("ParentContext", "InputParameters", "PreEntityImages", "PostEntityImages");
    }

    /** It happened within another operation, and that one within another, so many times. */
    DynamicsPayload within(int contexts) {
        DynamicsPayload nested = this;
        for (int i = 0; i < contexts; i++) {
            nested = with("ParentContext", nested.json());
        }
        return nested;
    }

    JsonObject json() {
        JsonObjectBuilder json = Json.createObjectBuilder();
        members.forEach(json::add);
        return json.build();
    }

    byte[] bytes() {
        return json().toString().getBytes(StandardCharsets.UTF_8);
    }
}
