/**
 * The JMS resource adapter for Payara: Apache Artemis with a broker inside the JVM unless an external one is configured. It is
 * assembled into {@code artemis.rar}, never into the WAR, and knows no room.
 */
@NullMarked
package org.cosellbridge.broker;

import org.jspecify.annotations.NullMarked;
