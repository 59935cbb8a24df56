package org.cosellbridge.platform;

import jakarta.inject.Singleton;

/** How far the start is, for what may be asked while it still runs. */
@Singleton
public class StartState {
    /** Whether every check passed and the database is migrated. */
    public boolean isThrough() {
        return "through".equals(System.getProperty(Startup.START));
    }
}
