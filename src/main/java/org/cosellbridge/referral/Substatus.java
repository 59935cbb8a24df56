package org.cosellbridge.referral;

import java.util.Locale;

/** The second half of a referral's state. What Partner Center may add later is {@link #UNKNOWN}, never refused. */
public enum Substatus {
    /** No substatus. */
    NONE("None", Status.NONE),
    /** Sent, not answered. */
    PENDING("Pending", Status.NEW),
    /** Received, not answered. */
    RECEIVED("Received", Status.NEW),
    /** Accepted. */
    ACCEPTED("Accepted", Status.ACTIVE),
    /** Closed with a sale. */
    WON("Won", Status.CLOSED),
    /** Closed without a sale. */
    LOST("Lost", Status.CLOSED),
    /** Refused by the organisation that received it. */
    DECLINED("Declined", Status.CLOSED),
    /** Not answered in time. */
    EXPIRED("Expired", Status.CLOSED),
    /** Closed as a mistake. Partner Center shows it; it is never sent. */
    ERROR("Error", Status.CLOSED),
    /** A word this product does not know. */
    UNKNOWN("Unknown", Status.UNKNOWN);

    private final String word;
    private final Status status;

    Substatus(String word, Status status) {
        this.word = word;
        this.status = status;
    }

    /** The word as Partner Center spells it. */
    public String word() {
        return word;
    }

    /** The status under which it is allowed. */
    public Status status() {
        return status;
    }

    /** The substatus with this word, whatever its case. */
    public static Substatus parse(String text) {
        String wanted = text.trim().toLowerCase(Locale.ROOT);
        for (Substatus substatus : values()) {
            if (substatus != UNKNOWN && substatus.word.toLowerCase(Locale.ROOT).equals(wanted)) {
                return substatus;
            }
        }
        return wanted.isEmpty() ? NONE : UNKNOWN;
    }
}
