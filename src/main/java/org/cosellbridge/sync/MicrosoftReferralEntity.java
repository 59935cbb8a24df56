package org.cosellbridge.sync;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import org.cosellbridge.referral.ReferralId;
import org.jspecify.annotations.Nullable;

/** A row of {@code sync_microsoft}. */
@Entity
@Table(name = "sync_microsoft")
@SuppressWarnings("NullAway.Init") // JPA fills the columns
class MicrosoftReferralEntity {
    @Id
    @Column(name = "engagement_id")
    private String engagementId;

    @Column(name = "referral_id")
    private String referralId;

    @Column(name = "help_code")
    private @Nullable String helpCode;

    @Column(name = "crm_id")
    private @Nullable String crmId;

    private String state;

    @Column(name = "seen_at")
    @SuppressWarnings("UnusedVariable") // for whoever looks into the table
    private Instant seenAt;

    protected MicrosoftReferralEntity() {}

    MicrosoftReferralEntity(MicrosoftReferral theirs, Instant now) {
        engagementId = theirs.engagement();
        become(theirs, now);
    }

    /** What is known now; a code or id that was known before and does not show any more stays. */
    void become(MicrosoftReferral theirs, Instant now) {
        referralId = theirs.referral().value();
        helpCode = theirs.helpCode() == null ? helpCode : theirs.helpCode();
        crmId = theirs.crmId() == null ? crmId : theirs.crmId();
        state = theirs.state();
        seenAt = now;
    }

    MicrosoftReferral referral() {
        return new MicrosoftReferral(engagementId, new ReferralId(referralId), helpCode, crmId, state);
    }
}
