package org.cosellbridge.simulator;

import java.util.Locale;

/** The kinds of record that stand for a referral in a CRM. */
public enum CrmKind {
    /** A deal. */
    OPPORTUNITY,
    /** What nobody has accepted yet. */
    LEAD;

    /** The word that the product has for it, as in mapping documents. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** How the product names a record of this kind: its word, a slash, the id. */
    public String reference(String id) {
        return word() + "/" + id;
    }
}
