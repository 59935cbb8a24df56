/** The outbound client against a server in the same process, its brakes and tokens against H2 in memory. */
@NullMarked
package org.cosellbridge.http;

import org.jspecify.annotations.NullMarked;
