/**
 * The domain in plain Java: a referral as Partner Center keeps it, its identifiers, statuses and their transitions, and what
 * kind of deal it is. No container, no database, no network. Unknown members and values are kept, never refused.
 */
@NullMarked
package org.cosellbridge.referral;

import org.jspecify.annotations.NullMarked;
