/** What every connector keeps, described once. */
@NullMarked
package org.cosellbridge.connector;

import org.jspecify.annotations.NullMarked;
