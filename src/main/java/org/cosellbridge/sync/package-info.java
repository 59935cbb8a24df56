/**
 * Keeps a referral and a record equal: links, baselines, plans, merge, conflicts, one attempt from read to outcome. It knows no
 * queue: what it wants looked at again it states through {@link org.cosellbridge.sync.WantsSync}.
 */
@NullMarked
package org.cosellbridge.sync;

import org.jspecify.annotations.NullMarked;
