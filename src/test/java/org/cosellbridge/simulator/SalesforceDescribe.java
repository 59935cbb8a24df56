package org.cosellbridge.simulator;

import static org.cosellbridge.simulator.JsonTree.JSON;

import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonValue;
import java.time.Instant;
import org.cosellbridge.simulator.SalesforceSchema.Entity;
import org.cosellbridge.simulator.SalesforceSchema.Field;
import org.cosellbridge.simulator.SalesforceSchema.Kind;
import org.cosellbridge.simulator.SalesforceSchema.Trait;

/** What the organization tells about its objects: only what the integration user may see, with what it may do. */
final class SalesforceDescribe {
    private final SalesforceStore store;
    private Instant changed;

    SalesforceDescribe(SalesforceStore store) {
        this.store = store;
        this.changed = store.now();
    }

    /** Something about the objects has changed. */
    void change() {
        changed = store.now();
    }

    Instant changed() {
        return changed;
    }

    JsonObject global() {
        JsonArrayBuilder objects = JSON.createArrayBuilder();
        store.schema().entities().stream()
                .filter(entity -> store.schema().find(entity.name()).isPresent())
                .filter(entity -> store.rules().may(entity, "read"))
                .forEach(entity -> objects.add(summary(entity)));
        return JSON.createObjectBuilder()
                .add("encoding", "UTF-8")
                .add("maxBatchSize", 200)
                .add("sobjects", objects)
                .build();
    }

    private JsonObjectBuilder summary(Entity entity) {
        boolean writable = entity.fields().stream().anyMatch(field -> field.is(Trait.CREATE));
        return JSON.createObjectBuilder()
                .add("name", entity.name())
                .add("label", entity.name())
                .add("keyPrefix", entity.prefix())
                .add("custom", false)
                .add("createable", writable && store.rules().may(entity, "create"))
                .add("updateable", writable && store.rules().may(entity, "update"))
                .add("deletable", writable && store.rules().may(entity, "delete"))
                .add("queryable", true)
                .add("retrieveable", true);
    }

    JsonObject of(Entity entity) {
        JsonArrayBuilder fields = JSON.createArrayBuilder();
        entity.fields().stream()
                .filter(field -> store.schema().visible(entity, field.name()).isPresent())
                .forEach(field -> fields.add(field(entity, field)));
        JsonArrayBuilder children = JSON.createArrayBuilder();
        entity.children()
                .forEach(child -> children.add(JSON.createObjectBuilder()
                        .add("relationshipName", child.relationship())
                        .add("childSObject", child.entity())
                        .add("field", child.field())));
        return summary(entity)
                .add("fields", fields)
                .add("childRelationships", children)
                .build();
    }

    private JsonObjectBuilder field(Entity entity, Field field) {
        boolean number = field.kind() == Kind.CURRENCY || field.kind() == Kind.PERCENT || field.kind() == Kind.DOUBLE;
        JsonArrayBuilder values = JSON.createArrayBuilder();
        if (field.kind() == Kind.PICKLIST) {
            store.picklist(entity, field)
                    .forEach(value -> values.add(JSON.createObjectBuilder()
                            .add("active", true)
                            .add("defaultValue", false)
                            .add("label", store.picklistLabel(entity, field, value))
                            .addNull("validFor")
                            .add("value", value)));
        }
        JsonArrayBuilder targets = JSON.createArrayBuilder();
        if (!field.target().isEmpty()) {
            store.schema().targets(entity, field).forEach(target -> targets.add(target.name()));
        }
        return JSON.createObjectBuilder()
                .add("name", field.name())
                .add("label", field.label())
                .add("type", field.kind().type())
                .add("length", field.length())
                .add("precision", number ? 18 : 0)
                .add("scale", number ? 2 : 0)
                .add("custom", field.isCustom())
                .add("createable", store.schema().isWritable(entity, field, true))
                .add("updateable", store.schema().isWritable(entity, field, false))
                .add("nillable", !field.is(Trait.REQUIRED) && field.kind() != Kind.BOOLEAN && field.kind() != Kind.ID)
                .add("defaultedOnCreate", field.is(Trait.DEFAULTED))
                .add("unique", field.is(Trait.UNIQUE))
                .add("externalId", field.is(Trait.EXTERNAL_ID))
                .add("caseSensitive", false)
                .add("idLookup", field.is(Trait.EXTERNAL_ID) || field.kind() == Kind.ID)
                .add("filterable", field.isFilterable())
                .add("sortable", field.isFilterable())
                .add("calculated", false)
                .add("restrictedPicklist", field.is(Trait.RESTRICTED))
                .add("picklistValues", values)
                .add("referenceTo", targets)
                .add(
                        "relationshipName",
                        field.relationship().isEmpty() ? JsonValue.NULL : JSON.createValue(field.relationship()));
    }
}
