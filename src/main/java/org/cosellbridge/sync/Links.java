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
import org.cosellbridge.connector.ConnectionName;
import org.cosellbridge.connector.Connections;
import org.cosellbridge.connector.Priority;
import org.cosellbridge.platform.Page;
import org.cosellbridge.platform.Problem;
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
        this.synchronization = synchronization;
        this.mappings = mappings;
        this.connections = connections;
        this.wants = wants;
        this.trail = trail;
    }

    /** A sync link as the API shows it; {@code record} is {@code kind/id}. */
    public record LinkView(
            String id,
            String connection,
            String referral,
            @Nullable String engagement,
            @Nullable String record,
            String state,
            @Nullable String stateReason,
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

    /** A field that keeps two sides apart. */
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
            @Nullable Instant opened) {}

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
                baselines.find(id).map(Links::view).orElse(null),
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
                finding.opened());
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
    public Wanted want(String linkId) {
        SyncLink link = find(linkId);
        return want(List.of(SyncSubject.of(link.connection(), link.referral())), "person");
    }

    /**
     * A person pauses the link: from the next attempt on nothing is read or written for it, and wishes wait. Answers 409 unless the
     * link is active.
     */
    @Transactional
    public LinkView pause(String linkId, String reason, String actor) {
        SyncLink link = find(linkId);
        if (!links.pause(linkId, reason)) {
            throw Problem.conflict("The link is " + link.state().word() + "; only an active link can be paused.");
        }
        trail.append(stateChanged(link, LinkState.PAUSED, reason, actor));
        return view(find(linkId));
    }

    /** A person resumes a paused link; it is looked at now. Answers 409 unless it is paused. */
    @Transactional
    public Wanted resume(String linkId, String actor) {
        SyncLink link = find(linkId);
        if (!links.resume(linkId)) {
            throw Problem.conflict("The link is " + link.state().word() + ", not paused.");
        }
        trail.append(stateChanged(link, LinkState.ACTIVE, "Resumed.", actor));
        return want(List.of(SyncSubject.of(link.connection(), link.referral())), "person");
    }

    private static AuditEntry stateChanged(SyncLink link, LinkState state, String reason, String actor) {
        return AuditEntry.of(AuditKind.LINK_STATE_CHANGED)
                .actor(actor)
                .connection(link.connection().value())
                .referral(link.referral().value())
                .engagement(link.engagement())
                .record(link.findRecord().map(Object::toString).orElse(null))
                .outcome(state.word())
                .reason(reason)
                .build();
    }

    /** A person wants this referral looked at now, on every connection. */
    @Transactional
    public Wanted wantReferral(String referral) {
        ReferralId id = parse(referral);
        return want(
                connections.names().stream()
                        .map(name -> SyncSubject.of(name, id))
                        .toList(),
                "person");
    }

    private Wanted want(List<SyncSubject> subjects, String cause) {
        String correlation = UUID.randomUUID().toString();
        subjects.forEach(subject -> wants.want(new Want(subject, Priority.PERSON, cause, correlation, null)));
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
