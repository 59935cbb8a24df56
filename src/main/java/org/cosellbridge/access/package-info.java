/**
 * Who may call: authentication, roles and the request filter. Deny by default: only the webhook receivers, which have proofs of
 * their own, answer without a login. Which role a call needs is a table of paths here, so that a resource that forgets to say so is
 * still protected; container enforcement is not relied on. A refused call is counted in the trail.
 */
@NullMarked
package org.cosellbridge.access;

import org.jspecify.annotations.NullMarked;
