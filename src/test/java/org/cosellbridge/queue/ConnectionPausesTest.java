package org.cosellbridge.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.cosellbridge.queue.QueueFixtures.referral;

import java.time.Duration;
import java.time.Instant;
import org.cosellbridge.audit.AuditKind;
import org.cosellbridge.sync.SyncOutcome;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ConnectionPausesTest {
    private final QueueFixtures fixtures = new QueueFixtures(4);

    @AfterEach
    void close() {
        fixtures.close();
    }

    private ConnectionStatus crm() {
        return fixtures.pauses.list().get(0);
    }

    @Test
    void tellsHowAConnectionIsDoing() {
        Instant start = fixtures.clock.instant();
        for (int i = 0; i < 4; i++) {
            fixtures.want(referral(i));
        }
        QueueFixtures.Node node = fixtures.node();
        node.endings().end(node.mustClaim(), new SyncOutcome.NotThisOne("Refused."));
        node.endings().end(node.mustClaim(), QueueFixtures.notNow("Cut."));
        node.mustClaim();
        fixtures.clock.advance(Duration.ofMillis(500));
        ConnectionStatus status = crm();
        assertThat(status.id()).isEqualTo("crm");
        assertThat(status.type()).isEqualTo("dynamics");
        assertThat(status.state()).isEqualTo("running");
        assertThat(status.waiting()).isEqualTo(2);
        assertThat(status.due()).isEqualTo(1);
        assertThat(status.running()).isEqualTo(1);
        assertThat(status.deadLetters()).isEqualTo(1);
        assertThat(status.oldestDue()).isEqualTo(start);
        assertThat(status.oldestDueSeconds()).isZero();
        fixtures.clock.advance(QueueSettings.LEASE.plus(QueueSettings.GRACE));
        assertThat(crm().running()).isZero();
        assertThat(crm().due()).isEqualTo(3);
        assertThat(fixtures.health.counts().deadLetters()).isEqualTo(1);
    }

    @Test
    void pausesAndResumesForAPersonWithEntries() {
        fixtures.pauses.pause("crm", "Maintenance.", "user:anna");
        assertThat(crm().state()).isEqualTo("paused");
        assertThat(crm().pausedReason()).isEqualTo("Maintenance.");
        assertThat(crm().pausedBy()).isEqualTo("user:anna");
        assertThat(fixtures.trail.only(AuditKind.CONNECTION_PAUSED).actor()).isEqualTo("user:anna");
        fixtures.pauses.resume("crm", "user:ben");
        fixtures.pauses.resume("crm", "user:ben");
        assertThat(crm().state()).isEqualTo("running");
        assertThat(fixtures.trail.only(AuditKind.CONNECTION_RESUMED).actor()).isEqualTo("user:ben");
        assertThat(fixtures.nudges.sent).contains(QueueFixtures.CRM);
        assertThat(fixtures.pauses.pause("nobody", "x", "user:anna")).isFalse();
        assertThat(fixtures.pauses.resume("nobody", "user:anna")).isFalse();
    }

    @Test
    void showsPartnerCenterAsTheReason() {
        fixtures.want(referral(1));
        fixtures.node(attempt -> new SyncOutcome.NotWithThisSetup("partner-center", "The app is not registered."))
                .drain();
        assertThat(fixtures.pauses.list()).allSatisfy(status -> {
            assertThat(status.state()).isEqualTo("paused");
            assertThat(status.system()).isEqualTo("partner-center");
            assertThat(status.pausedBy()).isEqualTo("system");
        });
        fixtures.pauses.resume("partner-center", "user:anna");
        assertThat(crm().state()).isEqualTo("running");
    }

    @Test
    void showsUntilWhenASystemAskedToWait() {
        fixtures.want(referral(1));
        Instant asked = fixtures.clock.instant().plusSeconds(60);
        fixtures.node(attempt -> new SyncOutcome.NotNow("crm", true, asked, "Throttled."))
                .drain();
        assertThat(crm().state()).isEqualTo("waiting");
        assertThat(crm().notBefore()).isEqualTo(asked);
        fixtures.clock.advance(Duration.ofSeconds(60));
        assertThat(crm().state()).isEqualTo("running");
    }
}
