package org.cosellbridge.sync;

import jakarta.json.JsonValue;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.cosellbridge.connector.ConnectionName;
import org.cosellbridge.connector.RecordRef;
import org.jspecify.annotations.Nullable;

/**
 * A referral that is about to be created for a record. Partner Center knows no key that keeps a second create from making a second
 * referral, so the intent is stored with its time before the call, and whoever finds one that was posted looks for the referral
 * before anything is posted again.
 *
 * @param connection the record's connection
 * @param record the record
 * @param step which of the two referrals of a co-sell deal
 * @param mapping the mapping document's label
 * @param helpCode the help to ask Microsoft for; null: none
 * @param postedAt when the call was about to go out; null: it has not, or certainly made nothing
 * @param missedAt when it was first looked for in vain after a lost answer; null: not yet
 * @param fields by the field's name what was sent and what the record held
 */
record Intent(
        ConnectionName connection,
        RecordRef record,
        Step step,
        String mapping,
        @Nullable String helpCode,
        @Nullable Instant postedAt,
        @Nullable Instant missedAt,
        Map<String, Sent> fields) {
    Intent {
        fields = Map.copyOf(fields);
    }

    /** Which referral is next. */
    enum Step {
        /** Our own. */
        OWN,
        /** Microsoft's, in the engagement of ours. */
        MICROSOFT
    }

    /**
     * One field.
     *
     * @param crm what the record held, raw
     * @param partnerCenter what was sent
     */
    record Sent(JsonValue crm, JsonValue partnerCenter) {}

    Optional<Instant> findPostedAt() {
        return Optional.ofNullable(postedAt);
    }

    Optional<Instant> findMissedAt() {
        return Optional.ofNullable(missedAt);
    }

    /** The same with this field, too. */
    Intent with(String name, Sent sent) {
        Map<String, Sent> more = new HashMap<>(fields);
        more.put(name, sent);
        return new Intent(connection, record, step, mapping, helpCode, postedAt, missedAt, more);
    }

    /** The same without this field. */
    Intent without(String name) {
        Map<String, Sent> fewer = new HashMap<>(fields);
        fewer.remove(name);
        return new Intent(connection, record, step, mapping, helpCode, postedAt, missedAt, fewer);
    }

    /** The call goes out now. */
    Intent posted(Instant now) {
        return new Intent(connection, record, step, mapping, helpCode, now, null, fields);
    }

    /** The call certainly made nothing. */
    Intent notPosted() {
        return new Intent(connection, record, step, mapping, helpCode, null, null, fields);
    }

    /** It was looked for in vain. */
    Intent missed(Instant now) {
        return new Intent(connection, record, step, mapping, helpCode, postedAt, now, fields);
    }
}
