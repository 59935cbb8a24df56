/**
 * Sync requests and who runs them: the request table is the truth, a JMS message only a nudge. Owns claims with lease and
 * fencing number, retry, pauses, dead letters and the transaction that ends an attempt.
 */
@NullMarked
package org.cosellbridge.queue;

import org.jspecify.annotations.NullMarked;
