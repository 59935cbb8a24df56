package org.cosellbridge.audit;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one entry of the trail is to say. The trail adds id, time and product version when it is appended. Null members are not part
 * of the entry.
 *
 * @param kind what happened
 * @param actor who did it: {@code system}, {@code partner-center}, {@code user:<name>}, {@code crm:<connection>}
 * @param onBehalfOf for whom, where it was not the actor's own wish
 * @param connection the connection
 * @param referral the referral's id
 * @param engagement its engagement
 * @param record the record, {@code kind/id}
 * @param correlation shared by everything of one cause
 * @param delivery the delivery that caused it
 * @param request the sync request
 * @param attempt which attempt of it, from 1
 * @param outcome how it ended, one word of the room that writes it
 * @param reason a sentence for a person; no secret, no personal value
 * @param mapping the mapping document and its version
 * @param count how many occurrences a counted entry stands for, else null
 * @param source where counted requests came from, else null
 * @param since when the span began in which a counted entry's occurrences fell, else null
 * @param changes what happened to which field
 */
public record AuditEntry(
        AuditKind kind,
        String actor,
        @Nullable String onBehalfOf,
        @Nullable String connection,
        @Nullable String referral,
        @Nullable String engagement,
        @Nullable String record,
        @Nullable String correlation,
        @Nullable String delivery,
        @Nullable String request,
        @Nullable Integer attempt,
        @Nullable String outcome,
        @Nullable String reason,
        @Nullable String mapping,
        @Nullable Long count,
        @Nullable String source,
        @Nullable Instant since,
        List<FieldChange> changes) {
    /** The actor when nobody outside asked for it. */
    public static final String SYSTEM = "system";

    public AuditEntry {
        changes = List.copyOf(changes);
    }

    /** An entry of this kind that says nothing else yet. */
    public static Builder of(AuditKind kind) {
        return new Builder(kind);
    }

    /** Collects the members of an entry. Not thread-safe. */
    public static final class Builder {
        private final AuditKind kind;
        private String actor = SYSTEM;
        private @Nullable String onBehalfOf;
        private @Nullable String connection;
        private @Nullable String referral;
        private @Nullable String engagement;
        private @Nullable String record;
        private @Nullable String correlation;
        private @Nullable String delivery;
        private @Nullable String request;
        private @Nullable Integer attempt;
        private @Nullable String outcome;
        private @Nullable String reason;
        private @Nullable String mapping;
        private @Nullable Long count;
        private @Nullable String source;
        private @Nullable Instant since;
        private final List<FieldChange> changes = new ArrayList<>();

        private Builder(AuditKind kind) {
            this.kind = kind;
        }

        /** See {@link AuditEntry#actor}. */
        public Builder actor(String value) {
            actor = value;
            return this;
        }

        /** See {@link AuditEntry#onBehalfOf}. */
        public Builder onBehalfOf(@Nullable String value) {
            onBehalfOf = value;
            return this;
        }

        /** See {@link AuditEntry#connection}. */
        public Builder connection(@Nullable String value) {
            connection = value;
            return this;
        }

        /** See {@link AuditEntry#referral}. */
        public Builder referral(@Nullable String value) {
            referral = value;
            return this;
        }

        /** See {@link AuditEntry#engagement}. */
        public Builder engagement(@Nullable String value) {
            engagement = value;
            return this;
        }

        /** See {@link AuditEntry#record}. */
        public Builder record(@Nullable String value) {
            record = value;
            return this;
        }

        /** See {@link AuditEntry#correlation}. */
        public Builder correlation(@Nullable String value) {
            correlation = value;
            return this;
        }

        /** See {@link AuditEntry#delivery}. */
        public Builder delivery(@Nullable String value) {
            delivery = value;
            return this;
        }

        /** See {@link AuditEntry#request} and {@link AuditEntry#attempt}. */
        public Builder request(@Nullable String value, @Nullable Integer attemptNumber) {
            request = value;
            attempt = attemptNumber;
            return this;
        }

        /** See {@link AuditEntry#outcome}. */
        public Builder outcome(@Nullable String value) {
            outcome = value;
            return this;
        }

        /** See {@link AuditEntry#reason}. */
        public Builder reason(@Nullable String value) {
            reason = value;
            return this;
        }

        /** See {@link AuditEntry#mapping}. */
        public Builder mapping(@Nullable String value) {
            mapping = value;
            return this;
        }

        /** See {@link AuditEntry#count}, {@link AuditEntry#source} and {@link AuditEntry#since}. */
        public Builder counted(long occurrences, String from, Instant began) {
            count = occurrences;
            source = from;
            since = began;
            return this;
        }

        /** See {@link AuditEntry#changes}. */
        public Builder change(FieldChange change) {
            changes.add(change);
            return this;
        }

        /** The entry. */
        public AuditEntry build() {
            return new AuditEntry(
                    kind,
                    actor,
                    onBehalfOf,
                    connection,
                    referral,
                    engagement,
                    record,
                    correlation,
                    delivery,
                    request,
                    attempt,
                    outcome,
                    reason,
                    mapping,
                    count,
                    source,
                    since,
                    changes);
        }
    }
}
