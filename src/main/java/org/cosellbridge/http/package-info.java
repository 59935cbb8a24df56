/**
 * The outbound client: one way out to every remote system, with time-outs, permits, circuits, tokens and their encrypted store,
 * correlation and a wire log that shows neither secrets nor personal data. It knows no room above it.
 *
 * <p>Connectors and the webhook registration call it. An answer of any status is handed back; an
 * {@link org.cosellbridge.http.OutboundException} says that there is none: nobody could be reached, one of the brakes held the call
 * back until a given time, or the authority refused the credentials. Permits and pauses are the same for all nodes, since they live
 * in the database; circuits are each node's own. Without the database no call is made.
 */
@NullMarked
package org.cosellbridge.http;

import org.jspecify.annotations.NullMarked;
