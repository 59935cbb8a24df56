/**
 * Mapping documents: parse, validate, compile, apply in both directions, explain. Pure Java; CRM field names are data that
 * only pass through here. A document that does not compile is refused with place and reason; the last good one stays in force.
 */
@NullMarked
package org.cosellbridge.mapping;

import org.jspecify.annotations.NullMarked;
