package org.cosellbridge.access;

/**
 * One user of the embedded store.
 *
 * @param name the login name; it stands in the trail as {@code user:<name>}
 * @param role what the user may do
 * @param hash the bcrypt hash of the password
 */
record User(String name, Role role, String hash) {
    /** The cost of the hash, as bcrypt counts it: the exponent of two. */
    int cost() {
        return Integer.parseInt(hash.substring(4, 6));
    }

    /** Never shows the hash. */
    @Override
    public String toString() {
        return name + ":" + role.word();
    }
}
