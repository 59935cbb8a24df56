/**
 * Receives what senders say happened: size, signature, shape, then one transaction that stores the delivery and marks the sync
 * request wanted. Answers 2xx only after that commit. Refusals leave only counts.
 */
@NullMarked
package org.cosellbridge.webhook;

import org.jspecify.annotations.NullMarked;
