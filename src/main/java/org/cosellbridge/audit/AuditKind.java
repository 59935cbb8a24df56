package org.cosellbridge.audit;

import java.util.Arrays;
import java.util.Optional;

/** The closed list of what an entry can tell: object, dot, action. A word is never given a second meaning and never removed. */
public enum AuditKind {
    /** A webhook delivery was verified and stored. */
    DELIVERY_ACCEPTED("delivery.accepted"),
    /** Requests to a receiver were refused; one entry for a reason, a source and a minute, with their count. */
    DELIVERY_REFUSED("delivery.refused"),
    /** A call to the API was refused for lack of a login or a role; counted like refused deliveries. */
    ACCESS_REFUSED("access.refused"),
    /** A referral and a record now belong together. */
    LINK_CREATED("link.created"),
    /** A link points to another record than before (an accepted lead became an opportunity). */
    LINK_MOVED("link.moved"),
    /** The state of a link changed. */
    LINK_STATE_CHANGED("link.state-changed"),
    /** A person asked for a link or referral to be looked at now. */
    LINK_SYNC_ASKED("link.sync-asked"),
    /** A person asked for a new record in place of one that is gone. */
    LINK_RECREATE_ASKED("link.recreate-asked"),
    /** A record was created in the CRM. */
    RECORD_CREATED("record.created"),
    /** Fields of a record were written. */
    RECORD_UPDATED("record.updated"),
    /** A referral was created at Partner Center for a record. */
    REFERRAL_CREATED("referral.created"),
    /** Fields of a referral were written. */
    REFERRAL_UPDATED("referral.updated"),
    /** Microsoft was asked for help with a deal: its own referral joined ours. */
    MICROSOFT_ASKED("microsoft.asked"),
    /** Help that was chosen is not asked for any more: its lead was switched off. */
    MICROSOFT_NOT_ASKED("microsoft.not-asked"),
    /** An account, contact or similar was created for a record. */
    RELATED_CREATED("related.created"),
    /** Both sides were read and nothing had to be written. */
    LINK_UNCHANGED("link.unchanged"),
    /** In shadow mode: what would have been written. */
    WRITE_SHADOWED("write.shadowed"),
    /** A write waits for a person (blast limit). */
    WRITE_HELD("write.held"),
    /** A person let held writes go. */
    HOLD_RELEASED("hold.released"),
    /** A referral does not belong to this connection or to us. */
    REFERRAL_SKIPPED("referral.skipped"),
    /** An attempt failed and will be repeated. */
    ATTEMPT_FAILED("attempt.failed"),
    /** A sync request became a dead letter. */
    DEAD_LETTER_CREATED("dead-letter.created"),
    /** A person sent a dead letter on its way again. */
    DEAD_LETTER_REDELIVERED("dead-letter.redelivered"),
    /** A person discarded a dead letter. */
    DEAD_LETTER_DISCARDED("dead-letter.discarded"),
    /** Both sides moved apart and a rule or a person decides. */
    CONFLICT_OPENED("conflict.opened"),
    /** A person decided a conflict; it is written by the attempt that follows. */
    CONFLICT_DECIDED("conflict.decided"),
    /**
     * A person's decision no longer holds: a side moved after it ({@code outdated}; the conflict is asked again), or a side does not
     * take it ({@code refused}; a difference says why).
     */
    DECISION_ENDED("conflict.decision-ended"),
    /** A conflict is no more. */
    CONFLICT_CLOSED("conflict.closed"),
    /** One side cannot take a value. */
    DIFFERENCE_OPENED("difference.opened"),
    /** A difference is no more. */
    DIFFERENCE_CLOSED("difference.closed"),
    /** A connection was paused, by a person or because its set-up does not work. */
    CONNECTION_PAUSED("connection.paused"),
    /** A connection runs again. */
    CONNECTION_RESUMED("connection.resumed"),
    /** A change feed starts from the beginning: its sync token is of no use any more. */
    FEED_RESTARTED("feed.restarted"),
    /** Our organisation at Partner Center was pinned. */
    ORGANIZATION_PINNED("organization.pinned"),
    /** The product started, with this configuration and these mapping documents (fingerprints, no secrets). */
    PRODUCT_STARTED("product.started");

    private final String word;

    AuditKind(String word) {
        this.word = word;
    }

    /** The word that stands in the entry. */
    public String word() {
        return word;
    }

    /** The kind with this word. */
    public static Optional<AuditKind> find(String word) {
        return Arrays.stream(values()).filter(kind -> kind.word.equals(word)).findFirst();
    }
}
