package org.cosellbridge.webhook;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An outbound message of Salesforce: up to a hundred notifications, each about one record. Nothing of a record is kept but which one it
 * is and when it changed; the record itself is read from Salesforce.
 *
 * @param organization the id of the organisation that says it sent the message; null when it is no id
 * @param object the name of the records' object, such as {@code Opportunity}; the same for all
 * @param notifications 1 to {@value #MOST_NOTIFICATIONS}
 */
record SalesforceMessage(@Nullable SalesforceId organization, String object, List<Notification> notifications) {
    /** The most notifications of one message. */
    static final int MOST_NOTIFICATIONS = 100;

    SalesforceMessage {
        notifications = List.copyOf(notifications);
    }

    /**
     * Something happened to a record.
     *
     * @param id the notification's own id, the same whenever it is sent
     * @param record the record's id
     * @param modifiedText when the record was changed last, as it was sent; empty when it is missing or too long for a time
     */
    record Notification(SalesforceId id, SalesforceId record, String modifiedText) {
        private static final int LONGEST_TIME = 64;
        private static final Instant FIRST_TIME = Instant.parse("1970-01-01T00:00:00Z");
        private static final Instant LAST_TIME = Instant.parse("9999-12-31T00:00:00Z");

        Notification {
            if (modifiedText.length() > LONGEST_TIME || !modifiedText.chars().allMatch(c -> c >= ' ' && c < 127)) {
                modifiedText = "";
            }
        }

        /** When the record was changed last; null when that cannot be read. */
        @Nullable
        Instant modified() {
            try {
                Instant time = OffsetDateTime.parse(modifiedText).toInstant();
                return time.isBefore(FIRST_TIME) || time.isAfter(LAST_TIME) ? null : time;
            } catch (DateTimeException notATime) {
                return null;
            }
        }
    }

    /** Reads the body of a request. */
    static SalesforceMessage parse(byte[] body) throws RefusedException {
        return SalesforceMessageReader.read(body);
    }
}
