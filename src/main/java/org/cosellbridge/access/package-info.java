/**
 * Who may call: authentication, roles and the request filter. Deny by default; container enforcement is not relied on.
 */
@NullMarked
package org.cosellbridge.access;

import org.jspecify.annotations.NullMarked;
