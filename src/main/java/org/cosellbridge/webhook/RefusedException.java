package org.cosellbridge.webhook;

/** Leads out of a row of checks at the first that fails; never leaves this room. */
final class RefusedException extends Exception {
    private static final long serialVersionUID = 1L;
    private final Refusal refusal;

    RefusedException(Refusal refusal) {
        super(refusal.word(), null, false, false); // refusals are many and their stack says nothing
        this.refusal = refusal;
    }

    Refusal refusal() {
        return refusal;
    }
}
