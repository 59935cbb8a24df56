package org.cosellbridge.simulator;

/** How far a record has come, in the words of no CRM. A CRM with finer stages says the one that theirs means. */
public enum CrmState {
    /** Somebody works on it; a lead: nobody has decided yet. */
    OPEN,
    /** An opportunity that waits to be accepted. */
    ON_HOLD,
    /** A deal that was won. */
    WON,
    /** A deal that was lost. */
    LOST,
    /** A lead of which an opportunity was made. */
    QUALIFIED,
    /** A lead that was closed without one. */
    DISQUALIFIED
}
