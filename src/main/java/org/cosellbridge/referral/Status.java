package org.cosellbridge.referral;

import java.util.Locale;

/** The first half of a referral's state. What Partner Center may add later is {@link #UNKNOWN}, never refused. */
public enum Status {
    /** No status, as some received items have it. */
    NONE("None"),
    /** Waits for the answer of the organisation that received it. */
    NEW("New"),
    /** Accepted and being worked on. */
    ACTIVE("Active"),
    /** Over; nothing of it can change any more. */
    CLOSED("Closed"),
    /** A word this product does not know. */
    UNKNOWN("Unknown");

    private final String word;

    Status(String word) {
        this.word = word;
    }

    /** The word as Partner Center spells it. */
    public String word() {
        return word;
    }

    /** The status with this word, whatever its case. */
    public static Status parse(String text) {
        String wanted = text.trim().toLowerCase(Locale.ROOT);
        for (Status status : values()) {
            if (status != UNKNOWN && status.word.toLowerCase(Locale.ROOT).equals(wanted)) {
                return status;
            }
        }
        return wanted.isEmpty() ? NONE : UNKNOWN;
    }
}
