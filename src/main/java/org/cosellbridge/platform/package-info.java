/**
 * What every room stands on and no room owns: reading the configuration and collecting its faults, the database with its
 * migrations, time-ordered ids, the secret key, problem documents and pages of lists. It knows no other room.
 */
@NullMarked
package org.cosellbridge.platform;

import org.jspecify.annotations.NullMarked;
