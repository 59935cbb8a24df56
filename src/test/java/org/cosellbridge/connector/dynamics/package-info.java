/** Shows that the Dynamics 365 connector keeps the contract, against the Dataverse simulator. */
@NullMarked
package org.cosellbridge.connector.dynamics;

import org.jspecify.annotations.NullMarked;
