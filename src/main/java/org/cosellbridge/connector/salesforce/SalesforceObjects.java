package org.cosellbridge.connector.salesforce;

import jakarta.json.JsonObject;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.cosellbridge.connector.CallContext;
import org.cosellbridge.http.HttpAnswer;

/**
 * What an org says of its objects: which fields the integration user sees, in the user's language. Remembered on this node for an
 * hour per object. Thread-safe.
 */
final class SalesforceObjects {
    private static final Duration REMEMBERED = Duration.ofHours(1);

    private final SalesforceClient client;
    private final Clock clock;
    private final Map<String, Known> remembered = new ConcurrentHashMap<>();

    SalesforceObjects(SalesforceClient client, Clock clock) {
        this.client = client;
        this.clock = clock;
    }

    /**
     * A field of an object.
     *
     * @param label what people call it; empty when there is none
     * @param values the active values of a picklist; empty for every other field
     */
    record Field(String label, Set<String> values) {}

    private record Known(Map<String, Field> fields, Instant until) {}

    /** The fields of the object by name. */
    Map<String, Field> fields(CallContext call, String object) {
        Known known = remembered.get(object);
        return known != null && clock.instant().isBefore(known.until()) ? known.fields() : ask(call, object);
    }

    /** The fields as they are now, for what an admin may just have added. */
    Map<String, Field> ask(CallContext call, String object) {
        HttpAnswer answer = client.read(call, "sobjects/" + object + "/describe");
        if (!answer.isSuccess()) {
            throw client.errors().from(answer, null);
        }
        Map<String, Field> fields = new LinkedHashMap<>();
        for (JsonObject field : SalesforceJson.objects(client.body(answer).get("fields"))) {
            fields.put(
                    SalesforceJson.text(field, "name"),
                    new Field(
                            SalesforceJson.text(field, "label"),
                            SalesforceJson.objects(field.get("picklistValues")).stream()
                                    .filter(value -> SalesforceJson.isTrue(value, "active"))
                                    .map(value -> SalesforceJson.text(value, "value"))
                                    .collect(Collectors.toUnmodifiableSet())));
        }
        remembered.put(object, new Known(Map.copyOf(fields), clock.instant().plus(REMEMBERED)));
        return fields;
    }
}
