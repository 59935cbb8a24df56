package org.cosellbridge.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.cosellbridge.sync.RecordFeedFixture.CRM;
import static org.cosellbridge.sync.RecordFeedFixture.INTERVAL;
import static org.cosellbridge.sync.RecordFeedFixture.OPPORTUNITY;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.IntStream;
import org.cosellbridge.audit.AuditEntry;
import org.cosellbridge.audit.AuditKind;
import org.cosellbridge.connector.Priority;
import org.cosellbridge.connector.RecordRef;
import org.cosellbridge.connector.RetryableException;
import org.cosellbridge.connector.SetupException;
import org.cosellbridge.connector.SyncTokenExpiredException;
import org.cosellbridge.mapping.MappingLibrary;
import org.cosellbridge.referral.ReferralId;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RecordFeedTest {
    private static final String A = "aaaaaaaa-0000-0000-0000-000000000001";
    private static final String B = "bbbbbbbb-0000-0000-0000-000000000002";
    private static final Logger LOG = Logger.getLogger(RecordFeedWalk.class.getName());
    private final RecordFeedFixture fixture = new RecordFeedFixture();
    private final RecordFeedFixture.FakeCrm crm = fixture.crm;
    private final List<LogRecord> logged = new ArrayList<>();
    private final Handler keeper = new Handler() {
        @Override
        public void publish(LogRecord message) {
            if (message.getLevel().intValue() >= Level.WARNING.intValue()) {
                logged.add(message);
            }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };

    @BeforeEach
    void listen() {
        LOG.addHandler(keeper);
        LOG.setUseParentHandlers(false);
    }

    @AfterEach
    void close() {
        LOG.removeHandler(keeper);
        LOG.setUseParentHandlers(true);
        fixture.close();
    }

    private void putLinked(String id) {
        crm.put(OPPORTUNITY, id, "refid", A);
    }

    /** A node that has walked the feed from the beginning, with nothing wanted any more. */
    private RecordFeed walkedOnce() {
        RecordFeed node = fixture.node();
        node.pollDue();
        assertThat(fixture.token()).isNotEmpty();
        fixture.wanted.clear();
        crm.calls.clear();
        fixture.clock.move(INTERVAL);
        return node;
    }

    @Test
    void theFirstWalkWantsWhatBelongsToAReferralAtLowPriority() {
        putLinked("o-1");
        crm.put(OPPORTUNITY, "o-2");
        crm.put(OPPORTUNITY, "o-3", "refid", "");
        fixture.link(B, "o-4");
        crm.put(OPPORTUNITY, "o-4");

        fixture.node().pollDue();

        assertThat(fixture.wantedRecords()).containsExactly("o-1", "o-4");
        assertThat(fixture.wanted).allSatisfy(want -> {
            assertThat(want.priority()).isEqualTo(Priority.SWEEP);
            assertThat(want.cause()).isEqualTo("poll");
            assertThat(want.deliveryId()).isNull();
        });
        assertThat(fixture.wanted.get(1).subject().findReferral()).contains(new ReferralId(B));
        assertThat(crm.calls)
                .extracting(RecordFeedFixture.FakeCrm.Call::priority)
                .containsExactly(Priority.SWEEP);
        assertThat(fixture.token()).isEqualTo("token:4");
        assertThat(fixture.trail).isEmpty();
    }

    @Test
    void aWalkFromATokenWantsWhatChangedSinceAsEvents() {
        putLinked("o-1");
        putLinked("o-2");
        RecordFeed node = walkedOnce();
        putLinked("o-2");
        putLinked("o-3");

        node.pollDue();

        assertThat(fixture.wantedRecords()).containsExactly("o-2", "o-3");
        assertThat(fixture.wanted).allSatisfy(want -> {
            assertThat(want.priority()).isEqualTo(Priority.EVENT);
            assertThat(want.cause()).isEqualTo("poll");
        });
        assertThat(crm.calls).extracting(RecordFeedFixture.FakeCrm.Call::cursor).containsExactly("token:2");
        assertThat(crm.calls)
                .extracting(RecordFeedFixture.FakeCrm.Call::priority)
                .containsExactly(Priority.EVENT);
    }

    @Test
    void everyChangeHasACorrelationOfItsOwn() {
        putLinked("o-1");
        putLinked("o-2");

        fixture.node().pollDue();

        assertThat(fixture.wanted)
                .extracting(Want::correlationId)
                .doesNotHaveDuplicates()
                .hasSize(2)
                .doesNotContain(crm.calls.get(0).correlation());
    }

    @Test
    void aQuietFeedWantsNothingAndKeepsItsNewToken() {
        putLinked("o-1");
        RecordFeed node = walkedOnce();
        crm.put(OPPORTUNITY, "o-2");

        node.pollDue();

        assertThat(fixture.wanted).isEmpty();
        assertThat(fixture.token()).isEqualTo("token:2");
    }

    @Test
    void aRecordNobodyWantedInStepIsSkippedUntilItCarriesAReferral() {
        RecordFeed node = walkedOnce();
        crm.put(OPPORTUNITY, "o-1");
        node.pollDue();
        assertThat(fixture.wanted).isEmpty();

        fixture.clock.move(INTERVAL);
        putLinked("o-1");
        node.pollDue();
        assertThat(fixture.wantedRecords()).containsExactly("o-1");
    }

    @Test
    void asksOnlyForTheFieldsItJudgesBy() {
        walkedOnce();

        assertThat(crm.fieldsAsked).containsOnly(List.of("refid"));
    }

    @Test
    void aDeletedRecordIsWantedWhenALinkHasIt() {
        fixture.link(A, "o-1");
        putLinked("o-1");
        putLinked("o-2");
        RecordFeed node = walkedOnce();
        crm.delete(OPPORTUNITY, "o-1");
        crm.delete(OPPORTUNITY, "o-2");

        node.pollDue();

        assertThat(fixture.wanted)
                .extracting(Want::subject)
                .containsExactly(new SyncSubject(CRM, new ReferralId(A), new RecordRef(OPPORTUNITY, "o-1")));
        assertThat(fixture.wanted).extracting(Want::priority).containsExactly(Priority.EVENT);
    }

    @Test
    void ourOwnWriteComingBackIsSkippedAndTheNextEditIsNot() {
        RecordFeed node = walkedOnce();
        String ours = crm.put(OPPORTUNITY, "o-1", "refid", A);
        fixture.seen("o-1", ours);

        node.pollDue();
        assertThat(fixture.wanted).isEmpty();

        fixture.clock.move(INTERVAL);
        putLinked("o-1");
        node.pollDue();
        assertThat(fixture.wantedRecords()).containsExactly("o-1");
    }

    @Test
    void aDeletionAfterOurOwnWriteIsNoEcho() {
        fixture.link(A, "o-1");
        fixture.seen("o-1", crm.put(OPPORTUNITY, "o-1", "refid", A));
        RecordFeed node = walkedOnce();
        crm.delete(OPPORTUNITY, "o-1");

        node.pollDue();

        assertThat(fixture.wantedRecords()).containsExactly("o-1");
    }

    @Test
    void aRecordMadeOfALinkedLeadIsWanted() {
        fixture.documents = List.of(
                MappingLibrary.parse("test", RecordFeedFixture.document(OPPORTUNITY, """
                                {"name":"origin","field":"originatingleadid","type":"reference","direction":"off",
                                 "target":{"name":"lead","set":"leads","key":"leadid"}},
                                """)),
                MappingLibrary.parse("test", RecordFeedFixture.document("lead", "")));
        fixture.link(A, new RecordRef("lead", "l-1"), null, LinkState.ACTIVE);
        fixture.link(B, new RecordRef(OPPORTUNITY, "o-9"), new RecordRef("lead", "l-2"), LinkState.ACTIVE);
        RecordFeed node = walkedOnce();
        crm.put(OPPORTUNITY, "o-1", "originatingleadid", "l-1");
        crm.put(OPPORTUNITY, "o-2", "originatingleadid", "l-2");
        crm.put(OPPORTUNITY, "o-3", "originatingleadid", "l-3");

        node.pollDue();

        assertThat(fixture.wantedRecords()).containsExactly("o-1", "o-2");
        assertThat(crm.fieldsAsked).contains(List.of("refid", "originatingleadid"), List.of("refid"));
    }

    @Test
    void aRecordWhoseSyncSwitchIsOnIsWantedAndOneThatIsOffIsNot() {
        fixture.documents = List.of(MappingLibrary.parse(
                "test",
                RecordFeedFixture.document(OPPORTUNITY, "")
                        .replace("\"fields\"", "\"section\":{\"sync\":\"syncwith\"},\"fields\"")));
        RecordFeed node = walkedOnce();
        crm.put(OPPORTUNITY, "o-1", "syncwith", true);
        crm.put(OPPORTUNITY, "o-2", "syncwith", false);
        crm.put(OPPORTUNITY, "o-3");
        crm.put(OPPORTUNITY, "o-4", "syncwith", false, "refid", A);
        crm.put(OPPORTUNITY, "o-5", "syncwith", true);
        crm.delete(OPPORTUNITY, "o-5");

        node.pollDue();

        assertThat(fixture.wantedRecords()).containsExactly("o-1", "o-4");
        assertThat(crm.fieldsAsked).containsOnly(List.of("refid", "syncwith"));
    }

    @Test
    void anExpiredTokenLeadsToAFullComparisonAndIsToldOnce() {
        putLinked("o-1");
        fixture.link(B, "o-2");
        fixture.seen("o-2", crm.put(OPPORTUNITY, "o-2"));
        RecordFeed node = walkedOnce();
        crm.expireTokens();

        node.pollDue();

        assertThat(fixture.wantedRecords()).containsExactly("o-1", "o-2");
        assertThat(fixture.wanted).extracting(Want::priority).containsOnly(Priority.SWEEP);
        assertThat(crm.calls).extracting(RecordFeedFixture.FakeCrm.Call::cursor).containsExactly("token:2", null);
        assertThat(fixture.trail).extracting(AuditEntry::kind).containsExactly(AuditKind.FEED_RESTARTED);
        AuditEntry entry = fixture.trail.get(0);
        assertThat(entry.connection()).isEqualTo("crm");
        assertThat(entry.correlation()).isEqualTo(crm.calls.get(0).correlation());
        assertThat(entry.mapping()).startsWith("dynamics/opportunity@");
        assertThat(entry.reason())
                .isEqualTo(
                        "The CRM no longer knows the sync token. Every record of the kind opportunity is compared once.");
        assertThat(fixture.state().failure()).isEmpty();
        assertThat(logged).isEmpty();

        fixture.clock.move(INTERVAL);
        node.pollDue();
        assertThat(fixture.trail).hasSize(1);
    }

    @Test
    void aTokenThatIsDroppedStaysDroppedUntilAFullComparisonCameToItsEnd() {
        putLinked("o-1");
        RecordFeed node = walkedOnce();
        crm.expireTokens();
        crm.onCall(2, () -> {
            throw new RetryableException("crm", "Not now.", false, null, null);
        });
        node.pollDue();
        assertThat(fixture.token()).isEmpty();
        assertThat(fixture.wanted).isEmpty();

        fixture.clock.move(INTERVAL);
        node.pollDue();
        assertThat(fixture.token()).isNotEmpty();
        assertThat(fixture.wantedRecords()).containsExactly("o-1");
        assertThat(fixture.trail).hasSize(1);
    }

    @Test
    void aFullComparisonFindsWhatWasDeletedWhileNobodyListened() {
        fixture.link(A, "o-1");
        fixture.link(B, "o-2");
        fixture.link(
                "cccccccc-0000-0000-0000-000000000003", new RecordRef(OPPORTUNITY, "o-3"), null, LinkState.RECORD_GONE);
        fixture.link("dddddddd-0000-0000-0000-000000000004", new RecordRef("lead", "l-1"), null, LinkState.ACTIVE);
        putLinked("o-1");
        putLinked("o-2");
        RecordFeed node = walkedOnce();
        crm.delete(OPPORTUNITY, "o-2");
        crm.expireTokens();

        node.pollDue();

        assertThat(fixture.wantedRecords()).containsExactly("o-1", "o-2");
        assertThat(fixture.rows("sync_token_met")).isZero();
    }

    @Test
    void moreLostRecordsThanFitInOneTransactionAreAllWanted() {
        int lost = 2 * RecordFeedWalk.SLICE;
        IntStream.range(0, lost)
                .forEach(i -> fixture.link(String.format("00000000-0000-4000-8000-%012d", i), "o-" + i));

        fixture.node().pollDue();

        assertThat(new HashSet<>(fixture.wantedRecords())).hasSize(lost);
        assertThat(fixture.wanted).hasSize(lost);
        assertThat(fixture.token()).isNotEmpty();
    }

    @Test
    void aTokenForOtherFieldsIsOfNoUse() {
        putLinked("o-1");
        walkedOnce();
        fixture.keys.put("cosell.crm.crm.url", "https://other.example");

        fixture.node().pollDue();

        assertThat(crm.calls).extracting(RecordFeedFixture.FakeCrm.Call::cursor).containsOnlyNulls();
        assertThat(fixture.trail).extracting(AuditEntry::kind).containsExactly(AuditKind.FEED_RESTARTED);
        assertThat(fixture.wantedRecords()).containsExactly("o-1");
    }

    @Test
    void theTokenMovesOnOnlyWithTheLastPage() {
        RecordFeed node = walkedOnce();
        crm.pageSize = 2;
        IntStream.range(0, 5).forEach(i -> putLinked("o-" + i));
        List<String> tokens = new ArrayList<>();
        List<Integer> stored = new ArrayList<>();
        for (int page = 1; page <= 3; page++) {
            crm.onCall(page, () -> {
                tokens.add(fixture.token());
                stored.add(fixture.wanted.size());
            });
        }

        node.pollDue();

        assertThat(tokens).containsExactly("token:0", "token:0", "token:0");
        assertThat(stored)
                .as("wants that are stored before the next page is read")
                .containsExactly(0, 2, 4);
        assertThat(fixture.wanted).hasSize(5);
        assertThat(fixture.token()).isEqualTo("token:5");
    }

    @Test
    void aWalkThatFailsBetweenPagesIsRepeatedWithoutLoss() {
        RecordFeed node = walkedOnce();
        crm.pageSize = 2;
        IntStream.range(0, 5).forEach(i -> putLinked("o-" + i));
        crm.onCall(2, () -> {
            throw new IllegalStateException("broken");
        });
        node.pollDue();
        assertThat(fixture.wantedRecords()).containsExactly("o-0", "o-1");
        assertThat(fixture.token()).isEqualTo("token:0");
        assertThat(fixture.state().failure()).startsWith("It failed unexpectedly");

        fixture.clock.move(INTERVAL);
        node.pollDue();
        assertThat(fixture.wantedRecords()).containsExactly("o-0", "o-1", "o-0", "o-1", "o-2", "o-3", "o-4");
        assertThat(fixture.token()).isEqualTo("token:5");
        assertThat(fixture.state().failure()).isEmpty();
    }

    @Test
    void aPageWhoseWantsCannotAllBeStoredStoresNone() {
        RecordFeed node = walkedOnce();
        IntStream.range(0, 5).forEach(i -> putLinked("o-" + i));
        int[] wants = {0};
        fixture.beforeWant = () -> {
            if (++wants[0] == 4) {
                throw new IllegalStateException("the database is full");
            }
        };

        node.pollDue();

        assertThat(fixture.wanted).isEmpty();
        assertThat(fixture.token()).isEqualTo("token:0");
    }

    @Test
    void aNodeThatDiesIsFollowedByAnotherWhenItsLeaseHasRunOut() {
        walkedOnce();
        crm.pageSize = 2;
        IntStream.range(0, 3).forEach(i -> putLinked("o-" + i));
        crm.onCall(2, () -> {
            throw new RecordFeedFixture.Killed();
        });
        RecordFeed dying = fixture.node();
        assertThatThrownBy(dying::pollDue).isInstanceOf(RecordFeedFixture.Killed.class);
        RecordFeed next = fixture.node();

        next.pollDue();
        assertThat(crm.calls).hasSize(2);

        fixture.clock.move(RecordFeed.LEASE);
        next.pollDue();
        assertThat(crm.calls).hasSize(4);
        assertThat(fixture.wantedRecords()).containsExactly("o-0", "o-1", "o-0", "o-1", "o-2");
        assertThat(fixture.token()).isEqualTo("token:3");
    }

    @Test
    void ofTwoNodesThatFindAFeedDueOneWalks() {
        walkedOnce();
        putLinked("o-1");
        List<Runnable> tasks = new ArrayList<>();
        RecordFeed one = fixture.node(tasks::add);
        RecordFeed other = fixture.node(tasks::add);
        one.pollDue();
        other.pollDue();
        assertThat(tasks).hasSize(2);

        tasks.forEach(Runnable::run);

        assertThat(crm.calls).hasSize(1);
        assertThat(fixture.wantedRecords()).containsExactly("o-1");
        one.pollDue();
        other.pollDue();
        assertThat(tasks).hasSize(2);
    }

    @Test
    void whileOneNodeWalksNoOtherDoes() {
        walkedOnce();
        RecordFeed other = fixture.node();
        crm.onCall(1, other::pollDue);

        fixture.node().pollDue();

        assertThat(crm.calls).hasSize(1);
    }

    @Test
    void oneNodeBeginsNoSecondWalkOfAFeed() {
        List<Runnable> tasks = new ArrayList<>();
        RecordFeed node = fixture.node(tasks::add);
        node.pollDue();
        node.pollDue();
        assertThat(tasks).hasSize(1);

        tasks.get(0).run();
        fixture.clock.move(INTERVAL);
        node.pollDue();
        assertThat(tasks).hasSize(2);
    }

    @Test
    void aLateFinisherStoresNothing() {
        RecordFeed slow = walkedOnce();
        RecordFeed quick = fixture.node();
        putLinked("o-1");
        crm.onCall(1, () -> {
            fixture.clock.move(RecordFeed.LEASE);
            putLinked("o-2");
            quick.pollDue();
        });

        slow.pollDue();

        assertThat(crm.calls).hasSize(2);
        assertThat(fixture.wantedRecords()).containsExactly("o-1", "o-2");
        assertThat(fixture.token()).isEqualTo("token:2");
        assertThat(fixture.state().failure()).isEmpty();
        assertThat(logged).isEmpty();
    }

    @Test
    void whoComesLateStoresNothingEvenWhenNobodyElseWalked() {
        RecordFeed node = walkedOnce();
        putLinked("o-1");
        crm.onCall(1, () -> fixture.clock.move(RecordFeed.LEASE));

        node.pollDue();
        assertThat(fixture.wanted).isEmpty();
        assertThat(fixture.token()).isEqualTo("token:0");

        node.pollDue();
        assertThat(fixture.wantedRecords()).containsExactly("o-1");
    }

    @Test
    void aLateFailureLeavesTheWalkOfAnotherAlone() {
        RecordFeed slow = walkedOnce();
        RecordFeed quick = fixture.node();
        crm.onCall(1, () -> {
            fixture.clock.move(RecordFeed.LEASE);
            quick.pollDue();
            throw new RetryableException("crm", "Late.", false, null, null);
        });

        slow.pollDue();

        assertThat(fixture.state().failure()).isEmpty();
    }

    @Test
    void aLongWalkRenewsItsLeaseWithEveryPage() {
        RecordFeed node = walkedOnce();
        RecordFeed other = fixture.node();
        crm.pageSize = 1;
        IntStream.range(0, 5).forEach(i -> putLinked("o-" + i));
        for (int page = 1; page <= 5; page++) {
            crm.onCall(page, () -> {
                fixture.clock.move(RecordFeed.LEASE.minusSeconds(1));
                other.pollDue();
            });
        }

        node.pollDue();

        assertThat(crm.calls).hasSize(5);
        assertThat(fixture.token()).isEqualTo("token:5");
    }

    @Test
    void theIntervalCountsFromTheEndOfTheLastWalk() {
        RecordFeed node = walkedOnce();
        crm.onCall(1, () -> fixture.clock.move(Duration.ofSeconds(20)));
        node.pollDue();
        assertThat(crm.calls).hasSize(1);

        fixture.clock.move(INTERVAL.minusMillis(1));
        node.pollDue();
        assertThat(crm.calls).hasSize(1);

        fixture.clock.move(Duration.ofMillis(1));
        node.pollDue();
        assertThat(crm.calls).hasSize(2);
    }

    @Test
    void theIntervalIsTheConnections() {
        fixture.keys.put("cosell.crm.crm.poll-interval", "PT5S");
        RecordFeed node = walkedOnce();
        node.pollDue();
        fixture.clock.move(Duration.ofSeconds(4));
        node.pollDue();
        assertThat(crm.calls).hasSize(1);

        fixture.clock.move(Duration.ofSeconds(1));
        node.pollDue();
        assertThat(crm.calls).hasSize(2);
    }

    @Test
    void aNodeThatStartsListensAtOnce() {
        RecordFeed node = walkedOnce();
        node.pollDue();
        fixture.clock.move(Duration.ofSeconds(1));
        node.pollDue();
        assertThat(crm.calls).hasSize(1);

        RecordFeed started = fixture.node();
        started.pollDue();
        assertThat(crm.calls).hasSize(2);
        started.pollDue();
        assertThat(crm.calls).hasSize(2);
    }

    @Test
    void aSystemThatAsksToBeLeftAloneIsLeftAloneThatLong() {
        RecordFeed node = walkedOnce();
        putLinked("o-1");
        Instant notBefore = fixture.now().plus(Duration.ofMinutes(10));
        crm.onCall(1, () -> {
            throw new RetryableException("crm", "The CRM asked for a pause.", true, notBefore, null);
        });
        node.pollDue();
        assertThat(fixture.state().failure()).isEqualTo("The CRM asked for a pause.");

        fixture.clock.move(Duration.ofMinutes(10).minusSeconds(1));
        node.pollDue();
        fixture.node().pollDue();
        assertThat(crm.calls).hasSize(1);

        fixture.clock.move(Duration.ofSeconds(1));
        node.pollDue();
        assertThat(fixture.wantedRecords()).containsExactly("o-1");
        assertThat(fixture.state().failure()).isEmpty();
        assertThat(logged).isEmpty();
    }

    @Test
    void aShortPauseDoesNotHurryTheNextWalk() {
        RecordFeed node = walkedOnce();
        crm.onCall(1, () -> {
            throw new RetryableException("crm", "Busy.", true, fixture.now().plusSeconds(2), null);
        });
        node.pollDue();
        fixture.clock.move(INTERVAL.minusSeconds(1));
        node.pollDue();
        assertThat(crm.calls).hasSize(1);

        fixture.clock.move(Duration.ofSeconds(1));
        node.pollDue();
        assertThat(crm.calls).hasSize(2);
    }

    @Test
    void aBrokenSetUpIsLoggedOnceUntilItWorksAgain() {
        RecordFeed node = walkedOnce();
        putLinked("o-1");
        for (int walk = 1; walk <= 3; walk++) {
            crm.onCall(1, () -> {
                throw new SetupException("crm", "Switch on change tracking for the table opportunity.");
            });
            node.pollDue();
            fixture.clock.move(INTERVAL);
        }
        assertThat(crm.calls).hasSize(3);
        assertThat(logged).hasSize(1);
        assertThat(logged.get(0).getMessage()).contains("Switch on change tracking for the table opportunity.");
        assertThat(fixture.state().failure()).isEqualTo("Switch on change tracking for the table opportunity.");

        node.pollDue();
        assertThat(fixture.wantedRecords()).containsExactly("o-1");

        fixture.clock.move(INTERVAL);
        crm.onCall(1, () -> {
            throw new SetupException("crm", "The secret has expired.");
        });
        node.pollDue();
        assertThat(logged).hasSize(2);
    }

    @Test
    void aTokenThatExpiresDuringAFullComparisonIsAFailureAndNoEndlessWalk() {
        putLinked("o-1");
        RecordFeed node = fixture.node();
        crm.onCall(1, () -> {
            throw new SyncTokenExpiredException("crm", "The page is no longer known.");
        });

        node.pollDue();

        assertThat(crm.calls).hasSize(1);
        assertThat(fixture.state().failure()).isEqualTo("The page is no longer known.");
        assertThat(fixture.trail).isEmpty();
    }

    @Test
    void tenThousandRecordsAreWalkedPageByPage() {
        crm.pageSize = 1200;
        for (int i = 0; i < 10_000; i++) {
            if (i % 10 == 0) {
                putLinked("o-" + i);
            } else {
                crm.put(OPPORTUNITY, "o-" + i);
            }
        }
        RecordFeed node = fixture.node();

        node.pollDue();

        assertThat(crm.calls).hasSize(9);
        assertThat(fixture.wantedRecords())
                .containsExactlyElementsOf(
                        IntStream.range(0, 1000).mapToObj(i -> "o-" + i * 10).toList());
        assertThat(fixture.token()).isEqualTo("token:10000");
    }

    @Test
    void aWalkBreaksOffWhenTheProductStopsAndTheNextStartRepeatsItAtOnce() {
        RecordFeed node = walkedOnce();
        crm.pageSize = 1;
        putLinked("o-1");
        putLinked("o-2");
        crm.onCall(1, node::stop);

        node.pollDue();
        assertThat(fixture.wantedRecords()).containsExactly("o-1");
        node.pollDue();
        assertThat(crm.calls).hasSize(1);
        assertThat(fixture.state().failure()).isEmpty();

        fixture.node().pollDue();
        assertThat(fixture.wantedRecords()).containsExactly("o-1", "o-1", "o-2");
    }

    @Test
    void everyKindIsAFeedOfItsOwnAndWhoWaitedLongestComesFirst() {
        fixture.documents = List.of(
                MappingLibrary.parse("test", RecordFeedFixture.document(OPPORTUNITY, "")),
                MappingLibrary.parse("test", RecordFeedFixture.document("lead", "")),
                MappingLibrary.parse("test", RecordFeedFixture.document("quote", "")));
        List<Runnable> tasks = new ArrayList<>();
        RecordFeed node = fixture.node(tasks::add);
        node.pollDue();
        assertThat(tasks).hasSize(RecordFeed.MOST_WALKS);
        tasks.forEach(Runnable::run);
        tasks.clear();
        assertThat(crm.calls).extracting(RecordFeedFixture.FakeCrm.Call::kind).containsExactly(OPPORTUNITY, "lead");

        fixture.clock.move(INTERVAL);
        node.pollDue();
        tasks.get(0).run();
        assertThat(crm.calls.get(2).kind()).isEqualTo("quote");
        assertThat(fixture.rows("sync_token")).isEqualTo(3);
    }

    @Test
    void aServerWithoutThreadIsAskedAgain() {
        boolean[] busy = {true};
        RecordFeed node = fixture.node(task -> {
            if (busy[0]) {
                throw new RejectedExecutionException("busy");
            }
            task.run();
        });
        assertThatThrownBy(node::pollDue).isInstanceOf(RejectedExecutionException.class);

        busy[0] = false;
        node.pollDue();
        assertThat(crm.calls).hasSize(1);
    }
}
