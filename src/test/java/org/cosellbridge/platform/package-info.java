/** Tests of what every room stands on. */
@NullMarked
package org.cosellbridge.platform;

import org.jspecify.annotations.NullMarked;
