package org.cosellbridge.mapping;

import jakarta.json.JsonObject;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

/** Reads the part of a document that names the CRM's Partner Center section, and tells what a schema cannot. */
final class SectionReader {
    private static final String PLACE = "/section";

    private final JsonObject section;
    private final List<FieldMapping> fields;
    private final BiConsumer<String, String> faults;

    private SectionReader(JsonObject section, List<FieldMapping> fields, BiConsumer<String, String> faults) {
        this.section = section;
        this.fields = fields;
        this.faults = faults;
    }

    /**
     * The section.
     *
     * @param section the member of the document, as the schema wants it
     * @param fields the fields of the document's main record
     * @param faults takes the place and the reason of every fault
     */
    static Section read(JsonObject section, List<FieldMapping> fields, BiConsumer<String, String> faults) {
        SectionReader reader = new SectionReader(section, fields, faults);
        reader.checkColumns();
        reader.checkLength("statusLength", "status");
        reader.checkLength("auditLength", "audit");
        if (section.getBoolean("markName", false) && fields.stream().noneMatch(FieldMapping::isMarkedName)) {
            faults.accept(
                    PLACE + "/markName",
                    "No field maps the path 'name' with \"marks\": true, so a mark would be taken for another name.");
        }
        return new Section(
                section.getString("sync", null),
                section.getString("status", null),
                section.getInt("statusLength", Section.STATUS_LENGTH),
                section.getString("audit", null),
                section.getInt("auditLength", Section.AUDIT_LENGTH),
                section.getBoolean("markName", false));
    }

    private void checkColumns() {
        Map<String, String> taken = new HashMap<>();
        for (String member : List.of("sync", "status", "audit")) {
            String column = section.getString(member, null);
            if (column == null) {
                continue;
            }
            String other = taken.putIfAbsent(column, member);
            if (other != null) {
                faults.accept(
                        PLACE + "/" + member,
                        "The CRM field '" + column + "' is the section's '" + other + "' already.");
            }
            fields.stream()
                    .filter(field -> field.crm().name().equals(column))
                    .findFirst()
                    .ifPresent(field -> checkMapped(member, column, field));
        }
    }

    private void checkMapped(String member, String column, FieldMapping field) {
        if (!member.equals("sync")) {
            faults.accept(
                    PLACE + "/" + member,
                    "The CRM field '" + column + "' belongs to the field '" + field.name()
                            + "' already. What the product tells there never travels: name another one.");
        } else if (field.crm().type() != CrmType.BOOLEAN) {
            faults.accept(
                    PLACE + "/" + member,
                    "The field '" + field.name() + "' says that '" + column + "' is no yes/no field.");
        }
    }

    private void checkLength(String member, String of) {
        if (section.containsKey(member) && !section.containsKey(of)) {
            faults.accept(PLACE + "/" + member, "It says how long '" + of + "' may be, but there is no '" + of + "'.");
        }
    }
}
