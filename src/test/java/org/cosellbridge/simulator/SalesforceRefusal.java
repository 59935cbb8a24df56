package org.cosellbridge.simulator;

import static org.cosellbridge.simulator.JsonTree.JSON;

import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonValue;
import java.util.List;

/** Salesforce refuses a record or a call: the HTTP status of a plain call, the error code, the message and the fields it is about. */
final class SalesforceRefusal extends RuntimeException {
    private final int status;
    private final String code;
    private final transient List<String> fields;
    private final transient JsonObject more;

    SalesforceRefusal(int status, String code, String message, List<String> fields, JsonObject more) {
        super(message);
        this.status = status;
        this.code = code;
        this.fields = List.copyOf(fields);
        this.more = more;
    }

    static SalesforceRefusal of(int status, String code, String message, String... fields) {
        return new SalesforceRefusal(status, code, message, List.of(fields), JsonValue.EMPTY_JSON_OBJECT);
    }

    /** The common case, status 400. */
    static SalesforceRefusal bad(String code, String message, String... fields) {
        return of(400, code, message, fields);
    }

    static SalesforceRefusal notFound() {
        return of(404, "NOT_FOUND", "The requested resource does not exist");
    }

    String code() {
        return code;
    }

    /** How a plain call is answered: an array with one error. */
    SimulatorAnswer answer() {
        JsonObjectBuilder error = JSON.createObjectBuilder(more)
                .add("message", String.valueOf(getMessage()))
                .add("errorCode", code);
        if (!fields.isEmpty()) {
            error.add("fields", JSON.createArrayBuilder(fields));
        }
        return SimulatorAnswer.json(status, JSON.createArrayBuilder().add(error).build());
    }

    /** The error as a member of a collection's result, where the code is called {@code statusCode}. */
    JsonObject inCollection() {
        return JSON.createObjectBuilder(more)
                .add("statusCode", code)
                .add("message", String.valueOf(getMessage()))
                .add("fields", JSON.createArrayBuilder(fields))
                .build();
    }
}
