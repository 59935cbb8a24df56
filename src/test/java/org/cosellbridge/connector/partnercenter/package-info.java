/** The Partner Center connector: its wire form against a scripted client, its promises against the simulators. */
@NullMarked
package org.cosellbridge.connector.partnercenter;

import org.jspecify.annotations.NullMarked;
