package org.cosellbridge.referral;

import java.util.Optional;

/**
 * Status and substatus together, which Partner Center always takes as a pair. Unknown words are kept as they came.
 *
 * @param status the status
 * @param substatus the substatus
 * @param text both words with a slash between, {@code Active/Accepted}: canonical case where the word is known, else as it came
 */
public record ReferralState(Status status, Substatus substatus, String text) {
    /** The state with these two words, whatever their case; empty words are {@code None}. */
    public static ReferralState parse(String status, String substatus) {
        Status first = Status.parse(status);
        Substatus second = Substatus.parse(substatus);
        return new ReferralState(
                first,
                second,
                (first == Status.UNKNOWN ? status.trim() : first.word())
                        + "/"
                        + (second == Substatus.UNKNOWN ? substatus.trim() : second.word()));
    }

    /** The state with this text, {@code New/Pending}. A text without a slash has the substatus {@code None}. */
    public static ReferralState parse(String text) {
        int slash = text.indexOf('/');
        return slash < 0 ? parse(text, "") : parse(text.substring(0, slash), text.substring(slash + 1));
    }

    /** The state of these two. */
    public static ReferralState of(Status status, Substatus substatus) {
        return parse(status.word(), substatus.word());
    }

    /** Whether the substatus is one that the status allows. */
    public boolean isConsistent() {
        return status != Status.UNKNOWN && substatus.status() == status;
    }

    /** Whether the end is reached: nothing of the referral can change any more. An unknown closed state is an end, too. */
    public boolean isTerminal() {
        return status == Status.CLOSED || substatus.status() == Status.CLOSED;
    }

    /**
     * Whether Partner Center's table lets a referral in this state show that one next, whoever moved it. Staying the same is
     * always allowed, and so is every move from or to a state with an unknown word, since nothing can be said about it.
     */
    public boolean mayBecome(ReferralState next) {
        if (text.equals(next.text)) {
            return true;
        }
        if (isTerminal()) {
            return false;
        }
        if (isUnknown() || next.isUnknown()) {
            return true;
        }
        if (!next.isConsistent()) {
            return false;
        }
        return switch (status) {
            case NONE -> true;
            case NEW -> next.status != Status.NONE && next.substatus != Substatus.PENDING;
            case ACTIVE ->
                next.substatus == Substatus.WON
                        || next.substatus == Substatus.LOST
                        || next.substatus == Substatus.ERROR;
            case CLOSED, UNKNOWN -> false;
        };
    }

    /**
     * Whether the owner of the referral may move it there: accept or decline what waits, win or lose what is active. It is
     * narrower than {@link #mayBecome}: what expires does so by itself, and an unaccepted referral is never won or lost.
     */
    public boolean mayBeMovedTo(ReferralState next) {
        if (isTerminal()) {
            return false;
        }
        return switch (status) {
            case NEW ->
                next.equals(of(Status.ACTIVE, Substatus.ACCEPTED))
                        || next.equals(of(Status.CLOSED, Substatus.DECLINED));
            case ACTIVE ->
                next.equals(of(Status.CLOSED, Substatus.WON)) || next.equals(of(Status.CLOSED, Substatus.LOST));
            case NONE, CLOSED, UNKNOWN -> false;
        };
    }

    /**
     * The next state that the owner of the referral may send on the way to the wanted one. Mostly it is the wanted one itself. From
     * New there is no way to be won or lost: to be won it is accepted first, and one that was never accepted is not lost but
     * declined, which ends it.
     *
     * <p>A referral that is there already answers the wanted state, whatever it is: the goal is reached and nothing is to be sent.
     * Empty when no way leads there: nothing is opened again, nothing goes back to New, nothing expires by our hand, and where a
     * word is unknown nothing can be said.
     */
    public Optional<ReferralState> stepTowards(ReferralState wanted) {
        if (text.equals(wanted.text)) {
            return Optional.of(wanted);
        }
        if (isUnknown() || isTerminal()) {
            return Optional.empty();
        }
        if (mayBeMovedTo(wanted)) {
            return Optional.of(wanted);
        }
        if (status == Status.NEW && wanted.equals(of(Status.CLOSED, Substatus.WON))) {
            return Optional.of(of(Status.ACTIVE, Substatus.ACCEPTED));
        }
        if (status == Status.NEW && wanted.equals(of(Status.CLOSED, Substatus.LOST))) {
            return Optional.of(of(Status.CLOSED, Substatus.DECLINED));
        }
        return Optional.empty();
    }

    private boolean isUnknown() {
        return status == Status.UNKNOWN || substatus == Substatus.UNKNOWN;
    }

    @Override
    public String toString() {
        return text;
    }
}
