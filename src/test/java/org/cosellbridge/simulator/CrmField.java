package org.cosellbridge.simulator;

/**
 * What a test names of a record, in the words of no CRM. Values are texts but for what a constant says; a closing date is a text such
 * as {@code 2027-06-30}. Where the CRM keeps the customer of an opportunity in records of its own, the customer's fields are written to
 * those, and read from an opportunity they are empty.
 */
public enum CrmField {
    NAME,
    DESCRIPTION,
    /** A number. */
    AMOUNT,
    /** The ISO code, of three letters. */
    CURRENCY,
    CLOSE_DATE,
    /** Sync with Partner Center: true or false. */
    SWITCH,
    REFERRAL_ID,
    REFERRAL_LINK,
    /** How can Microsoft help: the code that Partner Center has for the option. */
    HELP,
    PRODUCTS,
    /** Visible to Microsoft: true or false. */
    VISIBLE,
    /** Microsoft CRM Identifier. */
    MICROSOFT_ID,
    SYNC_STATUS,
    AUDIT,
    /** The customer's company. */
    COMPANY,
    STREET,
    CITY,
    PROVINCE,
    POSTAL_CODE,
    /** The country's two letters. */
    COUNTRY,
    /** The first name of the person at the customer's. */
    FIRST_NAME,
    LAST_NAME,
    EMAIL,
    PHONE
}
