/** Tests of the synchronisation. */
@NullMarked
package org.cosellbridge.sync;

import org.jspecify.annotations.NullMarked;
