/**
 * The outbound client: one way out to every remote system, with time-outs, permits, circuits, tokens and their encrypted store,
 * correlation and a wire log that shows neither secrets nor personal data. It knows no room above it.
 */
@NullMarked
package org.cosellbridge.http;

import org.jspecify.annotations.NullMarked;
