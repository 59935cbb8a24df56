/**
 * Salesforce (REST API of Sales Cloud) as a connector. Every object, field and value comes from the shape it is handed; no field
 * name stands here except those that the platform itself gives every object, the catalogues of stages and the currency.
 */
@NullMarked
package org.cosellbridge.connector.salesforce;

import org.jspecify.annotations.NullMarked;
