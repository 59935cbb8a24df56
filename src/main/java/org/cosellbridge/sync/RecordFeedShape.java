package org.cosellbridge.sync;

import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.net.URI;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.cosellbridge.connector.RecordRef;
import org.cosellbridge.connector.RecordShape;
import org.cosellbridge.connector.RemoteField;
import org.cosellbridge.mapping.CrmTable;
import org.cosellbridge.mapping.CrmType;
import org.cosellbridge.mapping.FieldMapping;
import org.cosellbridge.mapping.MappingDocument;
import org.jspecify.annotations.Nullable;

/**
 * What a change must carry so that it can be told whether its record deserves a look: no more, for a feed lists every record of the
 * table.
 *
 * @param shape the kind of record and these few fields
 * @param referralKey the field that holds the Referral Identifier
 * @param sync the field that holds the Sync switch; null: the mapping document names none
 * @param origins the fields that point to a record which this one may have been made of, each with the kind of that record
 * @param givenFor the environment, table and fields, by which a token for others is recognised
 */
record RecordFeedShape(
        RecordShape shape, String referralKey, @Nullable String sync, Map<String, String> origins, String givenFor) {
    RecordFeedShape {
        origins = Map.copyOf(origins);
    }

    /** The shape for the records of this document, one of those the connection to this environment keeps. */
    static RecordFeedShape of(MappingDocument document, List<MappingDocument> all, URI environment) {
        String referralKey = document.referralKey();
        String sync = document.section().sync();
        Map<String, String> origins = origins(document, all);
        List<String> names = new ArrayList<>(List.of(referralKey));
        if (sync != null) {
            names.add(sync);
        }
        origins.keySet().stream().sorted().forEach(names::add);
        RecordShape mapped = Shapes.of(document);
        List<RemoteField> fields =
                names.stream().map(name -> mapped.findField(name).orElseThrow()).toList();
        return new RecordFeedShape(
                new RecordShape(document.record(), mapped.table(), referralKey, fields),
                referralKey,
                sync,
                origins,
                environment + " " + mapped.table().set() + " " + String.join(",", names));
    }

    private static Map<String, String> origins(MappingDocument document, List<MappingDocument> all) {
        Map<String, String> kinds = all.stream()
                .filter(other -> !other.record().equals(document.record()))
                .collect(Collectors.toMap(other -> other.table().name(), MappingDocument::record, (one, two) -> one));
        Map<String, String> origins = new LinkedHashMap<>();
        for (FieldMapping mapping : document.fields()) {
            CrmTable target = mapping.crm().target();
            if (mapping.crm().type() == CrmType.REFERENCE && mapping.related().isEmpty() && target != null) {
                String kind = kinds.get(target.name());
                if (kind != null) {
                    origins.put(mapping.crm().name(), kind);
                }
            }
        }
        return origins;
    }

    /** Whether the record itself says that it belongs, or shall belong, to a referral. */
    boolean saysSo(JsonObject values) {
        boolean switchedOn = sync != null && JsonValue.TRUE.equals(values.get(sync));
        JsonValue key = values.getOrDefault(referralKey, JsonValue.NULL);
        return switchedOn || !Merge.isEmpty(key);
    }

    /** The records of which this one was made. */
    Set<RecordRef> origins(JsonObject values) {
        return origins.entrySet().stream()
                .filter(origin -> values.get(origin.getKey()) instanceof JsonString)
                .map(origin -> new RecordRef(origin.getValue(), values.getString(origin.getKey())))
                .collect(Collectors.toUnmodifiableSet());
    }
}
