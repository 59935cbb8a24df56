/**
 * The JAX-RS activator and the clock. Every other class lives in the room that owns its subject; who may use whom is
 * held by {@code ArchitectureTest}.
 */
@NullMarked
package org.cosellbridge;

import org.jspecify.annotations.NullMarked;
