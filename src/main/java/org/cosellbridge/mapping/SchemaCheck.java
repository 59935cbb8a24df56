package org.cosellbridge.mapping;

import com.networknt.schema.InputFormat;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.PathType;
import com.networknt.schema.SchemaValidatorsConfig;
import com.networknt.schema.SpecVersion;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** Holds a document's text against the published schema. */
final class SchemaCheck {
    private static final JsonSchema SCHEMA = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012)
            .getSchema(
                    MappingLibrary.schema(),
                    InputFormat.JSON,
                    SchemaValidatorsConfig.builder()
                            .pathType(PathType.JSON_POINTER)
                            .locale(Locale.ENGLISH)
                            .build());

    private SchemaCheck() {}

    /** Every breach of the schema, in the order of their places. */
    static List<MappingFault> faults(String document, String json) {
        return SCHEMA.validate(json, InputFormat.JSON).stream()
                .map(breach -> {
                    String place = breach.getInstanceLocation().toString();
                    String message = breach.getMessage();
                    return new MappingFault(
                            document,
                            place,
                            message.startsWith(place + ": ") ? message.substring(place.length() + 2) : message);
                })
                .distinct()
                .sorted(Comparator.comparing(MappingFault::place))
                .toList();
    }
}
