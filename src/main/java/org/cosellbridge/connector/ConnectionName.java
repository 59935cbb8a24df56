package org.cosellbridge.connector;

/**
 * The name of one configured CRM, as listed in {@code cosell.connections}.
 *
 * @param value letters, digits, {@code -} and {@code _}
 */
public record ConnectionName(String value) {
    public ConnectionName {
        if (!value.matches("[A-Za-z0-9_-]{1,60}")) {
            throw new IllegalArgumentException("A connection name has 1 to 60 letters, digits, '-' or '_'.");
        }
    }

    @Override
    public String toString() {
        return value;
    }
}
