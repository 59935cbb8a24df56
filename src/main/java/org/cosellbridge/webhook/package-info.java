/**
 * Receives what senders say happened: size, proof, shape, then one transaction that stores the delivery and marks the sync
 * requests wanted. Answers 2xx only after that commit. Refusals leave only counts.
 *
 * <p>Senders call it over HTTP; operators read the stored deliveries. Nothing a sender sent is used before it was proven
 * (Partner Center: a signature over the raw bytes; Dataverse and Salesforce: a shared secret), except the headers needed for that. When the database is away a delivery is answered 503 and comes again.
 */
@NullMarked
package org.cosellbridge.webhook;

import org.jspecify.annotations.NullMarked;
