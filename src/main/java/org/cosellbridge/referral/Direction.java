package org.cosellbridge.referral;

/** Which way a value travels. */
public enum Direction {
    /** From the referral to the record. */
    TO_CRM,
    /** From the record to the referral. */
    TO_PARTNER_CENTER
}
