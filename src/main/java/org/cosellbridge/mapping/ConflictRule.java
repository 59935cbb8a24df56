package org.cosellbridge.mapping;

/** Who wins when a field moved apart on both sides. */
public enum ConflictRule {
    /** The referral. */
    PARTNER_CENTER,
    /** The record. */
    CRM,
    /** The side on which the move was observed later. */
    NEWEST,
    /** Nobody, until a person decides. */
    REVIEW
}
