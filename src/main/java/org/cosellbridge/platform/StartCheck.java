package org.cosellbridge.platform;

/**
 * Something that must be in order before the product starts: settings, mapping documents, trust bundles. Every implementing bean
 * is called once by {@link Startup}, before the database is migrated and before any timer or listener runs.
 */
public interface StartCheck {
    /** Notes every reason against a start with {@link Configuration#fault}; throws nothing for what a person can mend. */
    void check(Configuration configuration);
}
