package org.cosellbridge.webhook;

import java.time.Instant;
import java.util.List;
import org.cosellbridge.connector.ConnectionName;
import org.jspecify.annotations.Nullable;

/**
 * A delivery in which the CRM of a connection says what happened to a record. It was proven and can be read, and is not yet stored. It
 * has no body: there is no signature that could be verified again, and the values in it are persons' data that nobody needs.
 */
sealed interface Push permits DynamicsDelivery, SalesforceDelivery {
    /** What is stored as the algorithm: there is no signature. */
    String ALGORITHM = "shared-secret";

    /** The kind of CRM. */
    DeliverySender sender();

    /** When it was received. */
    Instant receivedAt();

    /** From which address. */
    String source();

    /** Whose CRM it is. */
    ConnectionName connection();

    /** What the CRM calls the thing that happened. */
    String eventName();

    /** The CRM's name of the table. */
    String table();

    /** The ids of the rows to look at; none when nothing follows from the event. */
    List<String> rows();

    /** When it happened; null when that cannot be read. */
    @Nullable
    Instant time();

    /** The same as it was sent; empty when it is missing. */
    String timeText();

    /** The id by which the CRM follows one cause; null when it sent none. */
    @Nullable
    String correlation();

    /** The organisation id of the CRM; null when it sent none. */
    @Nullable
    String organization();

    /** The size of the body, in bytes. */
    int size();

    /** SHA-256 of the body, in hexadecimal digits. */
    String sha256();

    /** How it was proven, in a sentence. */
    String verdict();

    /** Equal for equal events. Where nothing tells two events apart, no two answers are equal: ask once. */
    String dedupeKey();

    /** What the trail says about it, in a sentence or two. */
    String reason();
}
