/** Shows that the Salesforce connector keeps the contract, against the Salesforce simulator. */
@NullMarked
package org.cosellbridge.connector.salesforce;

import org.jspecify.annotations.NullMarked;
