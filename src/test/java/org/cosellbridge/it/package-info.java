/**
 * The packaged WAR on a real server, seen from outside: HTTP on one side, the simulators on the other. The same suite runs on every
 * server, and but for what is about one CRM alone with every CRM that {@code -Dcosell.it.crm=…} names.
 */
@NullMarked
package org.cosellbridge.it;

import org.jspecify.annotations.NullMarked;
