/**
 * The contract between the synchronisation and a remote system: capabilities, records, sync tokens and the exception family.
 * A connector translates its system to these words and back, and decides in one place what a failure means.
 */
@NullMarked
package org.cosellbridge.connector;

import org.jspecify.annotations.NullMarked;
