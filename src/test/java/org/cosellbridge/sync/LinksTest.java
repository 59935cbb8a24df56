package org.cosellbridge.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.cosellbridge.audit.AuditKind;
import org.cosellbridge.connector.Priority;
import org.cosellbridge.platform.Page;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LinksTest {
    private static final String A = "aaaaaaaa-0000-0000-0000-000000000001";
    private static final String B = "bbbbbbbb-0000-0000-0000-000000000002";
    private static final LinkRepository.Filter ALL = new LinkRepository.Filter(null, null, null, null, null, null);
    private final SyncFixture fixture = new SyncFixture();

    @AfterEach
    void close() {
        fixture.close();
    }

    @Test
    void listsPageByPageAndByFilter() {
        fixture.partnerCenter.put(A, "e1");
        fixture.partnerCenter.put(B, "e2");
        fixture.attempt(A);
        fixture.attempt(B);
        Links links = fixture.faces();

        Page<Links.LinkView> first = links.list(ALL, null, 1);
        Page<Links.LinkView> second = links.list(ALL, first.next(), 1);
        assertThat(first.items()).extracting(Links.LinkView::referral).containsExactly(A);
        assertThat(second.items()).extracting(Links.LinkView::referral).containsExactly(B);
        assertThat(second.next()).isNull();

        String record = String.valueOf(second.items().get(0).record());
        assertThat(record).startsWith("opportunity/");
        for (LinkRepository.Filter filter : List.of(
                new LinkRepository.Filter(B, null, null, null, null, null),
                new LinkRepository.Filter(null, "crm", record, null, null, null),
                new LinkRepository.Filter(null, null, record.substring(12), null, null, null),
                new LinkRepository.Filter(null, null, null, "e2", "active", "created"))) {
            assertThat(links.list(filter, null, null).items())
                    .extracting(Links.LinkView::referral)
                    .containsExactly(B);
        }
        assertThat(links.list(new LinkRepository.Filter(null, null, null, null, "ended", null), null, null)
                        .items())
                .isEmpty();
    }

    @Test
    void showsAllThatIsStoredAndBothSidesWhenAsked() {
        fixture.crm.edit("opportunity", "existing", "refid", "\"" + A + "\"");
        fixture.crm.edit("opportunity", "existing", "name", "\"Another name\"");
        fixture.partnerCenter.put(A, "e1");
        fixture.attempt(A);
        Links links = fixture.faces();
        String id = fixture.link(A).id();

        Links.LinkDetail stored = links.get(id, false);
        assertThat(stored.baseline()).isNotNull();
        assertThat(stored.conflicts()).extracting(Links.FindingView::field).containsExactly("name");
        assertThat(stored.differences()).isEmpty();
        assertThat(stored.live()).isNull();
        assertThat(links.get(id, true).live()).isNotNull();
        assertThat(links.listFindings(Finding.CONFLICT, null, null, null).items())
                .hasSize(1);
        assertThat(links.preview(id).conflicts()).hasSize(1);
    }

    @Test
    void aPersonsWishGoesFirst() {
        fixture.faces().wantReferral(A);

        assertThat(fixture.wanted).hasSize(1);
        assertThat(fixture.wanted.get(0).priority()).isEqualTo(Priority.PERSON);
        assertThat(fixture.wanted.get(0).subject().key()).isEqualTo("crm/referral/" + A);
    }

    @Test
    void releasingAHoldWantsWhateverWaitsOnce() {
        fixture.transaction(() -> {
            fixture.holds.admit(SyncFixture.CRM, "mapping x", 0);
            fixture.holds.hold(SyncFixture.CRM, "mapping x", new org.cosellbridge.referral.ReferralId(A));
        });
        Links links = fixture.faces();
        String id = links.listHolds().items().get(0).id();

        fixture.transaction(() -> links.release(id, "user:olga"));

        assertThat(fixture.wanted).extracting(want -> want.subject().key()).containsExactly("crm/referral/" + A);
        assertThat(fixture.trail.get(0).kind()).isEqualTo(AuditKind.HOLD_RELEASED);
        assertThat(fixture.trail.get(0).actor()).isEqualTo("user:olga");
    }

    @Test
    void aPausedLinkIsLeftAloneUntilItIsResumed() {
        fixture.partnerCenter.put(A, "e1");
        fixture.attempt(A);
        Links links = fixture.faces();
        String id = fixture.link(A).id();
        fixture.transaction(() -> links.pause(id, "The customer asked us to wait.", "user:ops"));
        assertThat(links.get(id, false).link().stateReason()).isEqualTo("The customer asked us to wait.");
        fixture.crm.writes.clear();
        fixture.partnerCenter.put(A, "e1", "name", "\"Changed while paused\"");

        fixture.attempt(A);

        assertThat(fixture.crm.writes).isEmpty();
        assertThat(fixture.link(A).state()).isEqualTo(LinkState.PAUSED);
        assertThatThrownBy(() -> fixture.transaction(() -> links.pause(id, "Twice.", "user:ops")))
                .hasMessageContaining("only an active link");

        fixture.transaction(() -> links.resume(id, "user:ops"));
        fixture.attempt(A);

        assertThat(fixture.wanted).extracting(want -> want.subject().key()).containsExactly("crm/referral/" + A);
        assertThat(fixture.crm.writes).containsExactly("update opportunity [name]");
        assertThat(fixture.link(A).state()).isEqualTo(LinkState.ACTIVE);
        assertThat(fixture.trail)
                .filteredOn(entry -> entry.kind() == AuditKind.LINK_STATE_CHANGED)
                .extracting(entry -> entry.actor() + " " + entry.outcome())
                .containsExactly("user:ops paused", "user:ops active");
        assertThatThrownBy(() -> fixture.transaction(() -> links.resume(id, "user:ops")))
                .hasMessageContaining("not paused");
    }

    @Test
    void anAttemptThatEndsAfterThePauseDoesNotUndoIt() {
        fixture.partnerCenter.put(A, "e1");
        fixture.attempt(A);
        SyncLink before = fixture.link(A);
        fixture.transaction(() -> fixture.faces().pause(before.id(), "Wait.", "user:ops"));

        fixture.transaction(() -> fixture.links.save(before.withOutcome("updated", "Equal.", before.created())));

        assertThat(fixture.link(A).state()).isEqualTo(LinkState.PAUSED);
        assertThat(fixture.link(A).lastOutcome()).isEqualTo("updated");
    }
}
