/**
 * Strict, stateful stand-ins for the remote systems, for tests and for the sandbox. They implement what the vendors document, count
 * every broken rule and never grow a leniency to make a test pass.
 */
@NullMarked
package org.cosellbridge.simulator;

import org.jspecify.annotations.NullMarked;
