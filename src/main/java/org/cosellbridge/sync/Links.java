package org.cosellbridge.sync;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import jakarta.json.JsonValue;
import jakarta.transaction.Transactional;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import org.cosellbridge.audit.AuditEntry;
import org.cosellbridge.audit.AuditKind;
import org.cosellbridge.audit.AuditTrail;
import org.cosellbridge.audit.FieldChange;
import org.cosellbridge.connector.ConnectionName;
import org.cosellbridge.connector.Connections;
import org.cosellbridge.connector.Priority;
import org.cosellbridge.mapping.FieldMapping;
import org.cosellbridge.mapping.MappingDocument;
import org.cosellbridge.platform.Page;
import org.cosellbridge.platform.Problem;
import org.cosellbridge.referral.Direction;
import org.cosellbridge.referral.ReferralId;
import org.jspecify.annotations.Nullable;

/** What people ask of the sync links: lists, one link with all it knows, a look now, and the holds. */
@Singleton
public class Links {
    private final LinkRepository links;
    private final BaselineRepository baselines;
    private final PlanRepository plans;
    private final FindingRepository findings;
    private final HoldRepository holds;
    private final Decisions decisions;
    private final Turns turns;
    private final Synchronization synchronization;
    private final ConnectionMappings mappings;
    private final Connections connections;
    private final WantsSync wants;
    private final AuditTrail trail;

    @Inject
    @SuppressWarnings("TooManyParameters") // it gathers what the room keeps
    Links(
            LinkRepository links,
            BaselineRepository baselines,
            PlanRepository plans,
            FindingRepository findings,
            HoldRepository holds,
            Decisions decisions,
            Turns turns,
            Synchronization synchronization,
            ConnectionMappings mappings,
            Connections connections,
            WantsSync wants,
            AuditTrail trail) {
        this.links = links;
        this.baselines = baselines;
        this.plans = plans;
        this.findings = findings;
        this.holds = holds;
        this.decisions = decisions;
        this.turns = turns;
        this.synchronization = synchronization;
        this.mappings = mappings;
        this.connections = connections;
        this.wants = wants;
        this.trail = trail;
    }

    /** A sync link as the API shows it; {@code record} is {@code kind/id}, {@code pausedBy} says who paused a paused link. */
    public record LinkView(
            String id,
            String connection,
            String referral,
            @Nullable String engagement,
            @Nullable String record,
            String state,
            @Nullable String stateReason,
            @Nullable String pausedBy,
            @Nullable String lastOutcome,
            @Nullable String lastReason,
            @Nullable Instant lastSyncedAt,
            Instant created) {}

    /** A link with all that is stored of it, and both sides as they are now when that was asked for. */
    public record LinkDetail(
            LinkView link,
            @Nullable BaselineView baseline,
            boolean unfinishedPlan,
            List<FindingView> conflicts,
            List<FindingView> differences,
            @Nullable Preview live) {}

    /** What both sides held when they last agreed. */
    public record BaselineView(
            String mapping,
            String partnerCenterVersion,
            String crmVersion,
            Instant storedAt,
            List<BaselineFieldView> fields) {}

    /** One field of a baseline. */
    public record BaselineFieldView(
            String field,
            @Nullable JsonValue partnerCenter,
            @Nullable JsonValue crm) {}

    /** A field that keeps two sides apart; {@code decision} is what a person decided about a conflict and was not carried out yet. */
    public record FindingView(
            String id,
            String link,
            @Nullable String connection,
            @Nullable String referral,
            @Nullable String record,
            String field,
            String recordField,
            String reason,
            String explanation,
            JsonValue partnerCenter,
            JsonValue crm,
            @Nullable Instant opened,
            @Nullable DecisionView decision) {}

    /** What a person decided about a conflict: that a side wins, or a value. */
    public record DecisionView(String side, @Nullable JsonValue value, String decider, Instant decidedAt) {}

    /** Writes that wait for a person. */
    public record HoldView(String id, String connection, String cause, int written, int waiting, Instant created) {}

    /** What became of a wish: the keys of the sync requests that are due now. */
    public record Wanted(List<String> wanted, String correlation) {}

    /** Whether a caller asked for a dry run; anything but true and false is refused, or a typing error would write. */
    static boolean isDryRun(@Nullable String asked) {
        if (asked == null || asked.equals("false")) {
            return false;
        }
        if (asked.equals("true")) {
            return true;
        }
        throw Problem.badRequest("dry-run must be true or false.");
    }

    Page<LinkView> list(LinkRepository.Filter filter, @Nullable String cursor, @Nullable Integer limit) {
        Page<SyncLink> page = links.list(filter, cursor, Page.limit(limit));
        return new Page<>(page.items().stream().map(Links::view).toList(), page.next());
    }

    private static LinkView view(SyncLink link) {
        return new LinkView(
                link.id(),
                link.connection().value(),
                link.referral().value(),
                link.engagement(),
                link.findRecord().map(Object::toString).orElse(null),
                link.state().word(),
                link.stateReason(),
                Optional.ofNullable(link.pausedBy()).map(PausedBy::word).orElse(null),
                link.lastOutcome(),
                link.lastReason(),
                link.lastSyncedAt(),
                link.created());
    }

    LinkDetail get(String id, boolean live) {
        SyncLink link = find(id);
        List<Finding> open = findings.listOpen(id);
        return new LinkDetail(
                view(link),
                baselines.find(id).filter(Baseline::isCompared).map(Links::view).orElse(null),
                plans.find(id).isPresent(),
                views(open, Finding.CONFLICT),
                views(open, Finding.DIFFERENCE),
                live ? preview(link.connection(), link.referral()) : null);
    }

    private List<FindingView> views(List<Finding> open, String kind) {
        return open.stream()
                .filter(finding -> finding.kind().equals(kind))
                .map(this::view)
                .toList();
    }

    private static BaselineView view(Baseline baseline) {
        Map<String, Baseline.FieldBaseline> sorted = new TreeMap<>(baseline.fields());
        return new BaselineView(
                baseline.mapping(),
                baseline.partnerCenterVersion(),
                baseline.crmVersion(),
                baseline.at(),
                sorted.entrySet().stream()
                        .map(entry -> new BaselineFieldView(
                                entry.getKey(),
                                entry.getValue().partnerCenter(),
                                entry.getValue().crm()))
                        .toList());
    }

    private FindingView view(Finding finding) {
        Optional<SyncLink> link = links.find(finding.linkId());
        return new FindingView(
                String.valueOf(finding.id()),
                finding.linkId(),
                link.map(found -> found.connection().value()).orElse(null),
                link.map(found -> found.referral().value()).orElse(null),
                link.flatMap(SyncLink::findRecord).map(Object::toString).orElse(null),
                finding.field(),
                finding.recordField(),
                finding.reason(),
                finding.sentence(),
                finding.partnerCenter(),
                finding.crm(),
                finding.opened(),
                decisions
                        .findOne(String.valueOf(finding.id()))
                        .map(stored -> new DecisionView(
                                DecisionBody.word(stored.decided().side()),
                                stored.decided().value(),
                                stored.decided().decider(),
                                stored.at()))
                        .orElse(null));
    }

    Page<FindingView> listFindings(
            String kind, @Nullable String link, @Nullable String cursor, @Nullable Integer limit) {
        Page<Finding> page = findings.list(kind, link, cursor, Page.limit(limit));
        return new Page<>(page.items().stream().map(this::view).toList(), page.next());
    }

    private SyncLink find(String id) {
        return links.find(id).orElseThrow(() -> Problem.notFound("There is no sync link " + id + "."));
    }

    /** What a look at this link would do now. */
    Preview preview(String linkId) {
        SyncLink link = find(linkId);
        return preview(link.connection(), link.referral());
    }

    /** What a look at this referral would do now, on the first connection that keeps it. */
    Preview previewReferral(String referral) {
        ReferralId id = parse(referral);
        return preview(connection(id), id);
    }

    private Preview preview(ConnectionName connection, ReferralId referral) {
        return synchronization.preview(connection, referral, UUID.randomUUID().toString());
    }

    private ConnectionName connection(ReferralId referral) {
        return connections.names().stream()
                .filter(name -> links.findByReferral(name, referral).isPresent())
                .findFirst()
                .or(() -> connections.names().stream()
                        .filter(name -> !mappings.list(name).isEmpty())
                        .findFirst())
                .orElseThrow(() -> Problem.notFound("No connection keeps referrals."));
    }

    private static ReferralId parse(String referral) {
        return ReferralId.parse(referral).orElseThrow(() -> Problem.badRequest("A referral id is a GUID."));
    }

    /** A person wants this link looked at now. */
    @Transactional
    public Wanted want(String linkId, String actor) {
        SyncLink link = find(linkId);
        String correlation = UUID.randomUUID().toString();
        trail.append(AuditEntry.of(AuditKind.LINK_SYNC_ASKED)
                .actor(actor)
                .connection(link.connection().value())
                .referral(link.referral().value())
                .engagement(link.engagement())
                .record(link.findRecord().map(Object::toString).orElse(null))
                .correlation(correlation)
                .outcome("asked")
                .build());
        return want(link, correlation);
    }

    /**
     * A person pauses the link: from the next attempt on nothing is read or written for it, and wishes wait. A link that the seller
     * paused stays paused when the seller switches Sync on again. Answers 409 unless the link is active or paused by the seller.
     */
    @Transactional
    public LinkView pause(String linkId, String reason, String actor) {
        SyncLink link = find(linkId);
        if (!links.pause(linkId, PausedBy.PERSON, reason)) {
            throw Problem.conflict("The link is " + link.state().word()
                    + "; only an active link or one that the seller paused can be paused.");
        }
        trail.append(stateChanged(link, LinkState.PAUSED, reason, actor, null));
        return view(find(linkId));
    }

    /**
     * A person resumes a link that a person or the breaker paused; it is looked at now, and the breaker counts anew. Answers 409
     * when it is not paused, and when the seller paused it.
     */
    @Transactional
    public Wanted resume(String linkId, String actor) {
        SyncLink link = find(linkId);
        if (!links.resume(linkId, PausedBy.PERSON)) {
            throw Problem.conflict(
                    link.pausedBy() == PausedBy.SELLER
                            ? "The seller paused the link with the CRM's Sync switch. Switch Sync on in the CRM to resume it."
                            : "The link is " + link.state().word() + ", not paused.");
        }
        turns.forget(linkId);
        String correlation = UUID.randomUUID().toString();
        trail.append(stateChanged(link, LinkState.ACTIVE, "Resumed.", actor, correlation));
        return want(link, correlation);
    }

    /**
     * A person asks for a new record in place of one that is gone. The link forgets the old one and all that was agreed about it.
     * Answers 409 unless the link's record is gone.
     */
    @Transactional
    public Wanted recreate(String linkId, String actor) {
        SyncLink link = find(linkId);
        String correlation = UUID.randomUUID().toString();
        // in the order in which the end of an attempt takes the rows, so that the two never wait for each other
        findings.listOpen(linkId).forEach(finding -> {
            findings.close(finding);
            trail.append(entry(
                            link,
                            finding.kind().equals(Finding.CONFLICT)
                                    ? AuditKind.CONFLICT_CLOSED
                                    : AuditKind.DIFFERENCE_CLOSED,
                            actor)
                    .correlation(correlation)
                    .outcome("closed")
                    .reason("The field " + finding.field() + " was that of a record which the link no longer has.")
                    .build());
        });
        if (!links.giveUpRecord(linkId)) {
            throw Problem.conflict("The link is " + link.state().word()
                    + "; a new record can be asked for only when it is " + LinkState.RECORD_GONE.word() + ".");
        }
        baselines.remove(linkId);
        plans.remove(linkId);
        turns.forget(linkId);
        trail.append(entry(link, AuditKind.LINK_RECREATE_ASKED, actor)
                .correlation(correlation)
                .outcome("asked")
                .reason("A person asks for a new record in place of this one, which is deleted or hidden from us.")
                .build());
        return want(link, correlation);
    }

    /**
     * A person decides a conflict; the next attempt carries it out if both sides still hold what they hold in the conflict now.
     * Deciding again replaces a decision that was not carried out yet. Answers 404 when there is no such conflict, 409 when it was
     * closed, the field cannot take this way or Partner Center can never take the CRM's value, 422 when a side cannot take the typed
     * value.
     */
    @Transactional
    public FindingView resolve(String conflictId, DecisionBody wish, String actor) {
        Finding conflict = findings.lockOpen(Finding.CONFLICT, conflictId)
                .orElseThrow(() -> findings.exists(Finding.CONFLICT, conflictId)
                        ? Problem.conflict("The conflict " + conflictId + " is closed; nothing is left to decide.")
                        : Problem.notFound("There is no conflict " + conflictId + "."));
        SyncLink link = find(conflict.linkId());
        MappingDocument document = link.findRecord()
                .flatMap(record -> mappings.find(link.connection(), record.kind()))
                .orElseThrow(() -> Problem.conflict("The connection no longer keeps records of this kind."));
        FieldMapping mapping = document.findField(conflict.field())
                .orElseThrow(() -> Problem.conflict("The mapping no longer has the field " + conflict.field()
                        + "; the next look closes the conflict."));
        DecisionCheck check = new DecisionCheck(document, mapping);
        check.requireWay(wish.side());
        JsonValue wished = wish.value();
        DecisionCheck.Typed typed = wished == null ? null : check.typed(wished);
        check.requireTaken(wish.side(), conflict, typed);
        String subject =
                mapping.personal() ? findings.findSubject(conflictId).orElse("referral " + link.referral()) : null;
        Decided decided = new Decided(
                wish.side(),
                typed == null ? null : typed.partnerCenter(),
                conflict.partnerCenter(),
                conflict.crm(),
                actor.replaceFirst("^user:", ""));
        decisions.save(conflict, decided, subject);
        String correlation = UUID.randomUUID().toString();
        AuditEntry.Builder entry = entry(link, AuditKind.CONFLICT_DECIDED, actor)
                .correlation(correlation)
                .outcome(DecisionBody.word(wish.side()))
                .reason("A person decided; it is written as long as both sides still hold what they held then.")
                .mapping(document.label());
        if (wish.side() != Decided.Side.CRM) {
            entry.change(change(
                    conflict,
                    Direction.TO_CRM,
                    typed == null ? conflict.partnerCenter() : typed.crm(),
                    decided.decider(),
                    subject));
        }
        if (wish.side() != Decided.Side.PARTNER_CENTER) {
            entry.change(change(
                    conflict,
                    Direction.TO_PARTNER_CENTER,
                    typed == null ? conflict.crm() : typed.partnerCenter(),
                    decided.decider(),
                    subject));
        }
        trail.append(entry.build());
        want(link, correlation);
        return view(conflict);
    }

    private static FieldChange change(
            Finding conflict,
            Direction direction,
            @Nullable JsonValue decided,
            String decider,
            @Nullable String subject) {
        return new FieldChange(
                conflict.field(),
                conflict.recordField(),
                direction,
                null,
                conflict.partnerCenter(),
                conflict.crm(),
                decided,
                "decided",
                decider,
                subject);
    }

    private static AuditEntry.Builder entry(SyncLink link, AuditKind kind, String actor) {
        return AuditEntry.of(kind)
                .actor(actor)
                .connection(link.connection().value())
                .referral(link.referral().value())
                .engagement(link.engagement())
                .record(link.findRecord().map(Object::toString).orElse(null));
    }

    private static AuditEntry stateChanged(
            SyncLink link, LinkState state, String reason, String actor, @Nullable String correlation) {
        return entry(link, AuditKind.LINK_STATE_CHANGED, actor)
                .outcome(state.word())
                .reason(reason)
                .correlation(correlation)
                .build();
    }

    /** A person wants this referral looked at now, on every connection. */
    @Transactional
    public Wanted wantReferral(String referral, String actor) {
        ReferralId id = parse(referral);
        String correlation = UUID.randomUUID().toString();
        trail.append(AuditEntry.of(AuditKind.LINK_SYNC_ASKED)
                .actor(actor)
                .referral(id.value())
                .correlation(correlation)
                .outcome("asked")
                .build());
        return want(
                connections.names().stream()
                        .map(name -> SyncSubject.of(name, id))
                        .toList(),
                correlation);
    }

    private Wanted want(SyncLink link, String correlation) {
        return want(List.of(SyncSubject.of(link.connection(), link.referral())), correlation);
    }

    private Wanted want(List<SyncSubject> subjects, String correlation) {
        subjects.forEach(subject -> wants.want(new Want(subject, Priority.PERSON, "person", correlation, null)));
        return new Wanted(subjects.stream().map(SyncSubject::key).toList(), correlation);
    }

    Page<HoldView> listHolds() {
        return new Page<>(
                holds.list().stream()
                        .map(hold -> new HoldView(
                                hold.id(),
                                hold.connection(),
                                hold.cause(),
                                hold.written(),
                                hold.waiting(),
                                hold.created()))
                        .toList(),
                null);
    }

    /** A person lets the held writes go; every link that waits is looked at again. */
    @Transactional
    public Wanted release(String holdId, String actor) {
        HoldRepository.Hold hold =
                holds.find(holdId).orElseThrow(() -> Problem.notFound("There is no hold " + holdId + "."));
        if (!holds.release(holdId)) {
            throw Problem.conflict("The hold " + holdId + " was released before.");
        }
        ConnectionName connection = new ConnectionName(hold.connection());
        String correlation = UUID.randomUUID().toString();
        List<SyncSubject> waiting = holds.listHeld(holdId).stream()
                .map(referral -> SyncSubject.of(connection, referral))
                .toList();
        waiting.forEach(subject -> wants.want(new Want(subject, Priority.WRITE_BACK, "release", correlation, null)));
        trail.append(AuditEntry.of(AuditKind.HOLD_RELEASED)
                .actor(actor)
                .connection(hold.connection())
                .correlation(correlation)
                .outcome("released")
                .reason("The writes held for one cause (" + hold.cause() + ") go on: " + waiting.size() + " links.")
                .build());
        return new Wanted(waiting.stream().map(SyncSubject::key).toList(), correlation);
    }
}
