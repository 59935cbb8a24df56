/** Tests of the receiver: one for each way a delivery can be wrong, and what a right one leaves behind. */
@NullMarked
package org.cosellbridge.webhook;

import org.jspecify.annotations.NullMarked;
