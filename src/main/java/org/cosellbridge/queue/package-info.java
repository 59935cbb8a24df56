/**
 * Sync requests and who runs them: the request table is the truth, a JMS message only a nudge. Owns claims with lease and
 * fencing number, retry, pauses, dead letters and the transaction that ends an attempt.
 *
 * <p>{@link org.cosellbridge.queue.SyncQueue} takes wants, in the transaction of whoever states them, and nudges after their
 * commit. {@link org.cosellbridge.queue.NudgeListener} lets the worker run what is due. Every claim, renewal, store and end is one
 * short transaction, conditional on the fencing number; an attempt itself runs in none. When a node dies, its leases run out and
 * another node takes its requests over; when a message is lost, the timer nudges again.
 *
 * <p>Locks are always taken in this order, so that no two transactions wait for each other: the connection's state, Partner
 * Center's state, the request, its holds. A hold that another attempt has is never waited for.
 */
@NullMarked
package org.cosellbridge.queue;

import org.jspecify.annotations.NullMarked;
