package org.cosellbridge.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.cosellbridge.connector.Priority;
import org.cosellbridge.connector.RecordRef;
import org.cosellbridge.referral.ReferralId;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RecordWantsTest {
    private static final String A = "aaaaaaaa-0000-0000-0000-000000000001";
    private final RecordFeedFixture fixture = new RecordFeedFixture();

    @AfterEach
    void close() {
        fixture.close();
    }

    private SyncSubject wanted(RecordRef record, @Nullable String delivery) {
        fixture.transaction(() ->
                fixture.recordWants.want(RecordFeedFixture.CRM, record, Priority.EVENT, "event", "c-1", delivery));
        Want want = fixture.wanted.get(fixture.wanted.size() - 1);
        assertThat(want).isEqualTo(new Want(want.subject(), Priority.EVENT, "event", "c-1", delivery));
        return want.subject();
    }

    @Test
    void aRecordThatNobodyKnowsIsItsOwnSubject() {
        RecordRef record = new RecordRef("opportunity", "o-1");

        assertThat(wanted(record, null)).isEqualTo(SyncSubject.of(RecordFeedFixture.CRM, record));
    }

    @Test
    void aLinkedRecordIsNamedTogetherWithItsReferral() {
        SyncLink link = fixture.link(A, "o-1");
        RecordRef record = link.findRecord().orElseThrow();

        assertThat(wanted(record, "delivery-1"))
                .isEqualTo(new SyncSubject(RecordFeedFixture.CRM, new ReferralId(A), record));
    }

    @Test
    void aRecordFromWhichTheLinkMovedNamesTheReferralAlone() {
        RecordRef lead = new RecordRef("lead", "l-1");
        fixture.link(A, new RecordRef("opportunity", "o-1"), lead, LinkState.ACTIVE);

        assertThat(wanted(lead, null)).isEqualTo(SyncSubject.of(RecordFeedFixture.CRM, new ReferralId(A)));
    }

    @Test
    void aRecordOfAnotherKindWithTheSameIdIsAnother() {
        fixture.link(A, "o-1");
        RecordRef other = new RecordRef("lead", "o-1");

        assertThat(wanted(other, null)).isEqualTo(SyncSubject.of(RecordFeedFixture.CRM, other));
    }

    @Test
    void nothingIsWantedOutsideATransaction() {
        assertThatThrownBy(() -> fixture.recordWants.want(
                        RecordFeedFixture.CRM, new RecordRef("lead", "l-1"), Priority.EVENT, "event", "c-1", null))
                .hasMessage("no transaction");
    }
}
