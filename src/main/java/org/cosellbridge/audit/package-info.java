/**
 * The append-only audit trail: write and query. An entry is written in the transaction of the change it tells of; its canonical
 * bytes are written once. Personal values are encrypted per data subject before they enter it.
 */
@NullMarked
package org.cosellbridge.audit;

import org.jspecify.annotations.NullMarked;
