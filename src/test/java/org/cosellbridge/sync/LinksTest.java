package org.cosellbridge.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import jakarta.json.JsonValue;
import java.util.List;
import org.cosellbridge.audit.AuditEntry;
import org.cosellbridge.audit.AuditKind;
import org.cosellbridge.connector.Priority;
import org.cosellbridge.platform.Page;
import org.cosellbridge.referral.Direction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LinksTest {
    private static final String A = "aaaaaaaa-0000-0000-0000-000000000001";
    private static final String B = "bbbbbbbb-0000-0000-0000-000000000002";
    private static final LinkRepository.Filter ALL =
            new LinkRepository.Filter(null, null, null, null, null, null, null);
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
                new LinkRepository.Filter(B, null, null, null, null, null, null),
                new LinkRepository.Filter(null, "crm", record, null, null, null, null),
                new LinkRepository.Filter(null, null, record.substring(12), null, null, null, null),
                new LinkRepository.Filter(null, null, null, "e2", "active", null, "created"))) {
            assertThat(links.list(filter, null, null).items())
                    .extracting(Links.LinkView::referral)
                    .containsExactly(B);
        }
        assertThat(links.list(new LinkRepository.Filter(null, null, null, null, "ended", null, null), null, null)
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
        fixture.transaction(() -> {
            Links.Wanted ignored = fixture.faces().wantReferral(A, "user:ops");
        });

        assertThat(fixture.wanted).hasSize(1);
        assertThat(fixture.wanted.get(0).priority()).isEqualTo(Priority.PERSON);
        assertThat(fixture.wanted.get(0).subject().key()).isEqualTo("crm/referral/" + A);
        AuditEntry told = fixture.trail.get(0);
        assertThat(told.kind()).isEqualTo(AuditKind.LINK_SYNC_ASKED);
        assertThat(told.actor()).isEqualTo("user:ops");
        assertThat(told.correlation()).isEqualTo(fixture.wanted.get(0).correlationId());
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

    @Test
    void aResumeIsNotUndoneByAnAttemptThatSawThePause() {
        String id = paused(PausedBy.PERSON);
        SyncLink seen = fixture.link(A);
        fixture.transaction(() -> fixture.faces().resume(id, "user:ops"));

        fixture.transaction(() -> fixture.links.save(seen.withOutcome("skipped", "Paused.", seen.created())));

        assertThat(fixture.link(A).state()).isEqualTo(LinkState.ACTIVE);
        assertThat(fixture.link(A).pausedBy()).isNull();
    }

    private String paused(PausedBy by) {
        fixture.partnerCenter.put(A, "e1");
        fixture.attempt(A);
        String id = fixture.link(A).id();
        fixture.transaction(
                () -> assertThat(fixture.links.pause(id, by, "Why.")).isTrue());
        return id;
    }

    @Test
    void whatTheSellerPausedOnlyTheSwitchInTheCrmResumes() {
        String id = paused(PausedBy.SELLER);
        Links links = fixture.faces();

        assertThat(links.get(id, false).link().pausedBy()).isEqualTo("seller");
        assertThatThrownBy(() -> fixture.transaction(() -> links.resume(id, "user:ops")))
                .hasMessageContaining("Switch Sync on in the CRM");
        assertThat(fixture.link(A).pausedBy()).isEqualTo(PausedBy.SELLER);
        assertThat(fixture.wanted).isEmpty();

        fixture.transaction(
                () -> assertThat(fixture.links.resume(id, PausedBy.SELLER)).isTrue());
        assertThat(fixture.link(A).state()).isEqualTo(LinkState.ACTIVE);
    }

    @Test
    void aPersonsPauseTakesThePlaceOfTheSellersAndOutlastsTheSwitch() {
        String id = paused(PausedBy.SELLER);
        Links links = fixture.faces();
        fixture.transaction(() -> links.pause(id, "Legal asked us to wait.", "user:ops"));

        fixture.transaction(
                () -> assertThat(fixture.links.resume(id, PausedBy.SELLER)).isFalse());

        assertThat(fixture.link(A).pausedBy()).isEqualTo(PausedBy.PERSON);
        assertThat(fixture.link(A).stateReason()).isEqualTo("Legal asked us to wait.");
        fixture.transaction(() -> links.resume(id, "user:ops"));
        assertThat(fixture.link(A).state()).isEqualTo(LinkState.ACTIVE);
    }

    @Test
    void aPersonLetsALinkGoOnThatTheBreakerStoppedAndItCountsAnew() {
        String id = paused(PausedBy.BREAKER);
        for (int turn = 0; turn < TurnHistory.FAST; turn++) {
            Direction direction = turn % 2 == 0 ? Direction.TO_CRM : Direction.TO_PARTNER_CENTER;
            fixture.transaction(() -> fixture.turns.note(id, direction, List.of("name"), fixture.clock.instant()));
        }
        Links links = fixture.faces();
        assertThat(links.list(new LinkRepository.Filter(null, null, null, null, null, "breaker", null), null, null)
                        .items())
                .hasSize(1);
        assertThatThrownBy(() -> fixture.transaction(() -> links.pause(id, "Too.", "user:ops")))
                .hasMessageContaining("only an active link");
        fixture.transaction(
                () -> assertThat(fixture.links.resume(id, PausedBy.SELLER)).isFalse());

        fixture.transaction(() -> links.resume(id, "user:ops"));

        assertThat(fixture.link(A).state()).isEqualTo(LinkState.ACTIVE);
        assertThat(fixture.stored("select field from sync_turn")).isEmpty();
    }

    @Test
    void neitherTheSellerNorTheBreakerTakesAPersonsPause() {
        String id = paused(PausedBy.PERSON);

        fixture.transaction(() -> {
            assertThat(fixture.links.pause(id, PausedBy.SELLER, "Off.")).isFalse();
            assertThat(fixture.links.pause(id, PausedBy.BREAKER, "Loop.")).isFalse();
        });

        assertThat(fixture.link(A).pausedBy()).isEqualTo(PausedBy.PERSON);
        assertThat(fixture.link(A).stateReason()).isEqualTo("Why.");
    }

    /** A link whose record is gone, with a conflict that was decided. */
    private String gone() {
        fixture.partnerCenter.put(A, "e1");
        fixture.attempt(A);
        SyncLink link = fixture.link(A);
        Finding conflict = new Finding(
                null,
                Finding.CONFLICT,
                link.id(),
                "notes",
                "description",
                "review",
                "Both.",
                text("a"),
                text("b"),
                null);
        fixture.transaction(() -> fixture.findings.save(conflict, null));
        Finding open = fixture.findings.listOpen(link.id()).get(0);
        fixture.transaction(() ->
                fixture.decisions.save(open, new Decided(Decided.Side.CRM, null, text("a"), text("b"), "olga"), null));
        fixture.crm.table("opportunity").clear();
        fixture.attempt(A);
        fixture.trail.clear();
        assertThat(fixture.link(A).state()).isEqualTo(LinkState.RECORD_GONE);
        return link.id();
    }

    private static JsonValue text(String text) {
        return StoredJson.JSON.createValue(text);
    }

    @Test
    void aPersonAsksForANewRecordAndTheLinkForgetsTheOldOne() {
        String id = gone();
        String old = String.valueOf(fixture.link(A).record());

        fixture.transaction(() -> fixture.faces().recreate(id, "user:olga"));

        SyncLink link = fixture.link(A);
        assertThat(link.state()).isEqualTo(LinkState.ACTIVE);
        assertThat(link.findRecord()).isEmpty();
        assertThat(link.findPrevious()).isEmpty();
        assertThat(fixture.baselines.find(id)).isEmpty();
        assertThat(fixture.findings.listOpen(id)).isEmpty();
        assertThat(fixture.decisions.find(id)).isEmpty();
        assertThat(fixture.wanted).extracting(Want::priority).containsExactly(Priority.PERSON);
        assertThat(fixture.kinds()).containsExactly(AuditKind.CONFLICT_CLOSED, AuditKind.LINK_RECREATE_ASKED);
        assertThat(fixture.trail.get(1).record()).isEqualTo(old);
        assertThat(fixture.trail.get(1).actor()).isEqualTo("user:olga");
        assertThat(fixture.trail.get(1).correlation())
                .isEqualTo(fixture.wanted.get(0).correlationId());

        fixture.attempt(A);

        assertThat(fixture.crm.table("opportunity")).hasSize(1);
        assertThat(fixture.link(A).findRecord()).isPresent();
    }

    @Test
    void onlyALostRecordIsReplaced() {
        fixture.partnerCenter.put(A, "e1");
        fixture.attempt(A);
        String id = fixture.link(A).id();
        SyncLink before = fixture.link(A);

        assertThatThrownBy(() -> fixture.transaction(() -> fixture.faces().recreate(id, "user:olga")))
                .hasMessageContaining("only when it is record-gone");

        assertThat(fixture.link(A)).isEqualTo(before);
        assertThat(fixture.wanted).isEmpty();
        assertThat(fixture.baselines.find(id)).isPresent();
    }

    @Test
    void anAttemptThatStillMissesTheOldRecordDoesNotBringItBack() {
        String id = gone();
        SyncLink seen = fixture.link(A);
        fixture.transaction(() -> fixture.faces().recreate(id, "user:olga"));

        fixture.transaction(() -> fixture.links.save(
                seen.withState(LinkState.RECORD_GONE, "Gone.").withOutcome("skipped", "Gone.", seen.created())));

        assertThat(fixture.link(A).findRecord()).isEmpty();
        assertThat(fixture.link(A).state()).isEqualTo(LinkState.ACTIVE);
        assertThat(fixture.link(A).lastOutcome()).isEqualTo("skipped");
    }

    @Test
    void aDryRunSaysWhyOfEveryField() {
        fixture.crm.edit("opportunity", "existing", "refid", "\"" + A + "\"");
        fixture.crm.edit("opportunity", "existing", "name", "\"Another name\"");
        fixture.crm.edit("opportunity", "existing", "description", "\"first\"");
        fixture.partnerCenter.put(A, "e1");

        Preview preview = fixture.faces().previewReferral(A);

        assertThat(preview.toCrm())
                .filteredOn(change -> change.field().equals("value"))
                .extracting(Preview.Change::rule, Preview.Change::reason)
                .containsExactly(tuple("filled", RuleSentences.of(Direction.TO_CRM, "filled")));
        assertThat(preview.conflicts())
                .extracting(Preview.Change::field, Preview.Change::reason)
                .containsExactly(tuple("name", Sentences.of(Finding.CONFLICT, "adoption")));
        assertThat(fixture.crm.writes).isEmpty();

        fixture.attempt(A);
        fixture.crm.edit("opportunity", "existing", "description", "\"third\"");
        Preview back = fixture.faces().previewReferral(A);

        assertThat(back.toPartnerCenter())
                .extracting(
                        Preview.Change::field,
                        Preview.Change::recordField,
                        Preview.Change::base,
                        Preview.Change::partnerCenter,
                        Preview.Change::crm,
                        Preview.Change::value,
                        Preview.Change::rule,
                        Preview.Change::reason)
                .containsExactly(tuple(
                        "notes",
                        "description",
                        text("first"),
                        text("first"),
                        text("third"),
                        text("third"),
                        "only-moved",
                        "Only the CRM's value changed since both sides last agreed."));
    }

    @Test
    void aDryRunOfACreateSaysWhyOfEveryField() {
        fixture.partnerCenter.put(A, "e1");

        Preview preview = fixture.faces().previewReferral(A);

        assertThat(preview.toCrm())
                .isNotEmpty()
                .extracting(Preview.Change::reason)
                .containsOnly("The record is created with it.");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "only-moved",
                "newest",
                "crm",
                "partner-center",
                "filled",
                "adoption",
                "mapping-changed",
                "decided",
                "created",
                "switched-on",
                "closing"
            })
    void everyRuleHasASentenceOfItsOwn(String rule) {
        for (Direction direction : Direction.values()) {
            assertThat(RuleSentences.of(direction, rule)).endsWith(".").doesNotContain("(" + rule + ")");
        }
    }
}
