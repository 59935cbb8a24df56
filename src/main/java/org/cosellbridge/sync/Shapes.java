package org.cosellbridge.sync;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.cosellbridge.connector.RecordShape;
import org.cosellbridge.connector.RemoteField;
import org.cosellbridge.connector.RemoteTable;
import org.cosellbridge.mapping.CrmField;
import org.cosellbridge.mapping.CrmTable;
import org.cosellbridge.mapping.FieldMapping;
import org.cosellbridge.mapping.MappingDocument;
import org.cosellbridge.mapping.RelatedMapping;
import org.cosellbridge.mapping.Section;
import org.jspecify.annotations.Nullable;

/** Says in the connector's words what a mapping document says in its own: mapping knows no connector and no connector mapping. */
final class Shapes {
    private Shapes() {}

    /** The shape of the document's records: every mapped field, every field that locks one, and the referral key. */
    static RecordShape of(MappingDocument document) {
        Map<String, RemoteField> fields = fields(document.fields());
        fields.putIfAbsent(document.referralKey(), RemoteField.of(document.referralKey(), RemoteField.Type.TEXT));
        Section section = document.section();
        add(fields, section.sync(), RemoteField.Type.BOOLEAN);
        add(fields, section.status(), RemoteField.Type.TEXT);
        add(fields, section.audit(), RemoteField.Type.TEXT);
        return new RecordShape(
                document.record(), table(document.table()), document.referralKey(), List.copyOf(fields.values()));
    }

    private static void add(Map<String, RemoteField> fields, @Nullable String name, RemoteField.Type type) {
        if (name != null) {
            fields.putIfAbsent(name, RemoteField.of(name, type));
        }
    }

    /** The shape of a related record. */
    static RecordShape of(RelatedMapping related) {
        return new RecordShape(
                related.name(),
                table(related.table()),
                null,
                List.copyOf(fields(related.fields()).values()));
    }

    private static Map<String, RemoteField> fields(Collection<FieldMapping> mappings) {
        Map<String, RemoteField> fields = new LinkedHashMap<>();
        mappings.forEach(mapping -> fields.putIfAbsent(mapping.crm().name(), field(mapping.crm())));
        mappings.forEach(mapping -> mapping.lockedBy()
                .ifPresent(lock -> fields.putIfAbsent(lock, RemoteField.of(lock, RemoteField.Type.BOOLEAN))));
        return fields;
    }

    private static RemoteField field(CrmField field) {
        return new RemoteField(
                field.name(),
                RemoteField.Type.valueOf(field.type().name()),
                field.reference(),
                target(field.target()),
                field.match(),
                field.states().entrySet().stream()
                        .collect(Collectors.toMap(
                                Map.Entry::getKey,
                                entry -> new RemoteField.StateStep(
                                        RemoteField.Step.valueOf(
                                                entry.getValue().step().name()),
                                        entry.getValue().fields(),
                                        entry.getValue().closing()))));
    }

    private static RemoteTable table(CrmTable table) {
        return new RemoteTable(table.name(), table.set(), table.key());
    }

    private static @Nullable RemoteTable target(@Nullable CrmTable table) {
        return table == null ? null : table(table);
    }
}
