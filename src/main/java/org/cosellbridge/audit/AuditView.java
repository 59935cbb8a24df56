package org.cosellbridge.audit;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonValue;
import jakarta.json.spi.JsonProvider;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.cosellbridge.platform.Page;

/** The trail as a person may see it: what the canonical form says, with the personal values opened. */
@Singleton
class AuditView {
    /** What stands for a sealed value that does not open although its key is there. */
    static final String UNREADABLE = "unreadable";

    private static final Logger LOG = Logger.getLogger(AuditView.class.getName());
    private static final JsonProvider JSON = JsonProvider.provider();
    private static final List<String> VALUES = List.of("base", "partnerCenter", "crm", "written");

    private final AuditRepository entries;
    private final PersonalValues personal;

    @Inject
    AuditView(AuditRepository entries, PersonalValues personal) {
        this.entries = entries;
        this.personal = personal;
    }

    /** The page that these parameters ask for; 400 when they are wrong. */
    JsonObject list(Map<String, List<String>> parameters) {
        Page<JsonObject> page = entries.find(AuditQuery.parse(parameters));
        JsonArrayBuilder items = JSON.createArrayBuilder();
        page.items().forEach(entry -> items.add(opened(entry)));
        String next = page.next();
        return JSON.createObjectBuilder()
                .add("items", items)
                .add("next", next == null ? JsonValue.NULL : JSON.createValue(next))
                .build();
    }

    private JsonObject opened(JsonObject entry) {
        JsonArrayBuilder changes = JSON.createArrayBuilder();
        entry.getJsonArray("changes").forEach(change -> {
            JsonObjectBuilder opened = JSON.createObjectBuilder(change.asJsonObject());
            for (String name : VALUES) {
                JsonValue value = change.asJsonObject().get(name);
                if (value != null) {
                    opened.add(name, opened(entry, value));
                }
            }
            changes.add(opened);
        });
        return JSON.createObjectBuilder(entry).add("changes", changes).build();
    }

    private JsonValue opened(JsonObject entry, JsonValue value) {
        try {
            return personal.open(value);
        } catch (IllegalStateException altered) {
            // one altered value must not hide the rest of the trail
            LOG.log(
                    Level.WARNING,
                    altered,
                    () -> "A sealed value of audit entry " + entry.getString("id") + " does not open.");
            return JSON.createValue(UNREADABLE);
        }
    }
}
