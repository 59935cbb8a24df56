package org.cosellbridge.connector.salesforce;

import java.util.LinkedHashMap;
import java.util.Map;
import org.cosellbridge.connector.CallContext;
import org.cosellbridge.connector.RecordShape;
import org.cosellbridge.connector.RemoteField;

/** What the people of an org call the fields of an object, in the language of the integration user. Thread-safe. */
final class SalesforceLabels {
    private final SalesforceObjects objects;

    SalesforceLabels(SalesforceObjects objects) {
        this.objects = objects;
    }

    /** The labels of the shape's fields by field name, in the shape's order; a field without a label is left out. */
    Map<String, String> list(CallContext call, RecordShape shape) {
        Map<String, SalesforceObjects.Field> described =
                objects.fields(call, shape.table().name());
        Map<String, String> labels = new LinkedHashMap<>();
        for (RemoteField field : shape.fields()) {
            SalesforceObjects.Field known = described.get(field.name());
            if (known != null && !known.label().isBlank()) {
                labels.put(field.name(), known.label());
            }
        }
        return labels;
    }
}
