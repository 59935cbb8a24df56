package org.cosellbridge.queue;

/**
 * What redelivering by filter did.
 *
 * @param redelivered how many dead letters are due again
 */
public record Redelivered(int redelivered) {}
