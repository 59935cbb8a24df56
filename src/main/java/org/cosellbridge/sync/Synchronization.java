package org.cosellbridge.sync;

import jakarta.inject.Inject;
import jakarta.inject.Provider;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.util.Optional;
import org.cosellbridge.audit.AuditTrail;
import org.cosellbridge.connector.ConnectionName;
import org.cosellbridge.connector.Connections;
import org.cosellbridge.connector.ConnectorException;
import org.cosellbridge.connector.PartnerCenter;
import org.cosellbridge.mapping.MappingException;
import org.cosellbridge.platform.Ids;
import org.cosellbridge.platform.SecretBox;
import org.cosellbridge.referral.ReferralId;

/** Runs attempts: reads both sides, merges them, writes what moved and says what it did. Threads share it. */
@Singleton
public class Synchronization implements RunsAttempts {
    final LinkRepository links;
    final BaselineRepository baselines;
    final PlanRepository plans;
    final FindingRepository findings;
    final HoldRepository holds;
    final OrganizationRepository organizations;
    final RemarkRepository remarks;
    final RelatedRecords related;
    final IntentRepository intents;
    final MicrosoftReferralRepository microsoft;
    final SeenVersions seen;
    final Decisions decisions;
    final Turns turns;
    final ExternalReferences references;
    final ConnectionMappings mappings;
    final Connections connections;
    final PartnerCenter partnerCenter;
    final AuditTrail trail;
    private final Provider<WantsSync> wants;
    final SyncSettings settings;
    final SideReads reads;
    final SecretBox box;
    final Ids ids;
    final Clock clock;

    @Inject
    @SuppressWarnings("TooManyParameters") // the heart meets every room it may know
    Synchronization(
            LinkRepository links,
            BaselineRepository baselines,
            PlanRepository plans,
            FindingRepository findings,
            HoldRepository holds,
            OrganizationRepository organizations,
            RemarkRepository remarks,
            RelatedRecords related,
            IntentRepository intents,
            MicrosoftReferralRepository microsoft,
            SeenVersions seen,
            Decisions decisions,
            Turns turns,
            ExternalReferences references,
            ConnectionMappings mappings,
            Connections connections,
            PartnerCenter partnerCenter,
            AuditTrail trail,
            Provider<WantsSync> wants,
            SyncSettings settings,
            SideReads reads,
            SecretBox box,
            Ids ids,
            Clock clock) {
        this.links = links;
        this.baselines = baselines;
        this.plans = plans;
        this.findings = findings;
        this.holds = holds;
        this.organizations = organizations;
        this.remarks = remarks;
        this.related = related;
        this.intents = intents;
        this.microsoft = microsoft;
        this.seen = seen;
        this.decisions = decisions;
        this.turns = turns;
        this.references = references;
        this.mappings = mappings;
        this.connections = connections;
        this.partnerCenter = partnerCenter;
        this.trail = trail;
        this.wants = wants;
        this.settings = settings;
        this.reads = reads;
        this.box = box;
        this.ids = ids;
        this.clock = clock;
    }

    @Override
    public SyncOutcome run(Attempt attempt) {
        Run run;
        try {
            run = new Run(this, attempt, false);
        } catch (AttemptEndedException notConfigured) {
            return notConfigured.outcome();
        }
        SyncOutcome outcome = outcome(run);
        if (!(outcome instanceof SyncOutcome.Done) && !run.isTurnedAway()) {
            noteFailure(attempt, outcome);
        }
        if (outcome instanceof SyncOutcome.NotThisOne refused) {
            run.noteDeadLetter(refused.reason());
        }
        return outcome;
    }

    /** The port for wishes. Asked for when it is needed: whoever implements it may itself need the synchronisation. */
    WantsSync wants() {
        return wants.get();
    }

    /** What an attempt would do now. Reads both sides and writes nothing anywhere. */
    Preview preview(ConnectionName connection, ReferralId referral, String correlationId) {
        Run run = new Run(this, new PreviewAttempt(SyncSubject.of(connection, referral), correlationId), true);
        SyncOutcome outcome = outcome(run);
        return run.preview().orElseGet(() -> Preview.nothing(reason(outcome)));
    }

    private static SyncOutcome outcome(Run run) {
        try {
            return run.run();
        } catch (AttemptEndedException ended) {
            return ended.outcome();
        } catch (ConnectorException failed) {
            return Failures.outcome(failed);
        } catch (MappingException cannot) {
            return new SyncOutcome.NotThisOne(String.valueOf(cannot.getMessage()));
        }
    }

    /** The list of links shows how the last attempt ended, whichever way. */
    private void noteFailure(Attempt attempt, SyncOutcome outcome) {
        Optional<SyncLink> link = find(attempt.subject());
        if (link.isPresent()) {
            attempt.store(() -> links.find(link.orElseThrow().id())
                    .ifPresent(found -> links.save(found.withFailure(outcome.word(), reason(outcome)))));
        }
    }

    /** The link a subject belongs to. */
    Optional<SyncLink> find(SyncSubject subject) {
        return subject.findReferral()
                .flatMap(referral -> links.findByReferral(subject.connection(), referral))
                .or(() -> subject.findRecord().flatMap(record -> links.findByRecord(subject.connection(), record)));
    }

    private static String reason(SyncOutcome outcome) {
        if (outcome instanceof SyncOutcome.NotNow notNow) {
            return notNow.reason();
        }
        if (outcome instanceof SyncOutcome.NotWithThisSetup setup) {
            return setup.reason();
        }
        if (outcome instanceof SyncOutcome.NotThisOne notThisOne) {
            return notThisOne.reason();
        }
        return "Nothing would be done: " + outcome.word() + ".";
    }
}
