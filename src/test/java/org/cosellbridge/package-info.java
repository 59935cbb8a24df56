/** Tests that hold the whole product together: its architecture and its documents. */
@NullMarked
package org.cosellbridge;

import org.jspecify.annotations.NullMarked;
