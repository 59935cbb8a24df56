/**
 * Dynamics 365 (Dataverse Web API) as a connector. Every table, column and value comes from the shape it is handed; no CRM
 * field name stands here except the protocol's own.
 */
@NullMarked
package org.cosellbridge.connector.dynamics;

import org.jspecify.annotations.NullMarked;
