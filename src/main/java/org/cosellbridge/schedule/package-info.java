/**
 * The EJB timers, one call each. A timer holds no logic, catches everything and is the only caller of what is due.
 */
@NullMarked
package org.cosellbridge.schedule;

import org.jspecify.annotations.NullMarked;
