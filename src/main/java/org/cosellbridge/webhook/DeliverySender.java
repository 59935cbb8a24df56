package org.cosellbridge.webhook;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** The kind of system that sent a delivery. */
enum DeliverySender {
    /** Partner Center: an event about a referral, signed. */
    PARTNER_CENTER,
    /** The Dataverse of a connection: an event about a record, with a shared secret. */
    DYNAMICS,
    /** The Salesforce organisation of a connection: an event about a record, with a shared secret. */
    SALESFORCE;

    /** The word in answers, in the database and in filters. */
    String word() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** The sender with this word. */
    static Optional<DeliverySender> find(String word) {
        return Arrays.stream(values())
                .filter(sender -> sender.word().equals(word))
                .findFirst();
    }
}
