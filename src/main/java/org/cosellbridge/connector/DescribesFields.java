package org.cosellbridge.connector;

import java.util.Map;

/** A connector that knows what its fields are called by the people who use the CRM. */
public interface DescribesFields {
    /**
     * The labels of the shape's fields as the CRM shows them to its users, by field name. A field the system does not describe is
     * left out. Answers may be remembered for an hour. Throws a {@link ConnectorException} when the system does not answer.
     */
    Map<String, String> labels(CallContext call, RecordShape shape);
}
