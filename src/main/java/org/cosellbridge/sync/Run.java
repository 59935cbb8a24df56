package org.cosellbridge.sync;

import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import jakarta.persistence.PersistenceException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.cosellbridge.audit.AuditEntry;
import org.cosellbridge.audit.AuditKind;
import org.cosellbridge.audit.FieldChange;
import org.cosellbridge.connector.ConnectionName;
import org.cosellbridge.connector.Connector;
import org.cosellbridge.connector.ListsReferrals;
import org.cosellbridge.connector.PartnerCenter;
import org.cosellbridge.connector.ReadsRecords;
import org.cosellbridge.connector.RecordGoneException;
import org.cosellbridge.connector.RecordRef;
import org.cosellbridge.connector.RecordShape;
import org.cosellbridge.connector.RejectedException;
import org.cosellbridge.connector.RemoteRecord;
import org.cosellbridge.connector.SetupException;
import org.cosellbridge.connector.StalePreconditionException;
import org.cosellbridge.connector.WritesRecords;
import org.cosellbridge.mapping.CrmTable;
import org.cosellbridge.mapping.CrmType;
import org.cosellbridge.mapping.FieldMapping;
import org.cosellbridge.mapping.MappingDocument;
import org.cosellbridge.mapping.Occasion;
import org.cosellbridge.referral.Direction;
import org.cosellbridge.referral.EngagementId;
import org.cosellbridge.referral.OrganizationId;
import org.cosellbridge.referral.Referral;
import org.cosellbridge.referral.ReferralId;
import org.jspecify.annotations.Nullable;

/**
 * One attempt under way. It goes round: each round reads both sides and does the one thing that is next (create, move, close the
 * record before, write a delta), stores what became of it, and the last round ends the attempt. So a cut between any two steps
 * leaves something the next attempt recognises.
 */
final class Run {
    private static final int MOST_ROUNDS = 8;
    private static final int MOST_STALE = 3;
    private static final String LEAD = "lead";
    private static final String OPPORTUNITY = "opportunity";
    private static final String CONFIRMED = "confirmed-after-restart";
    private static final String UNCONFIRMED = "unconfirmed-after-restart";
    private static final String WITHHELD = "withheld";

    private final Synchronization rooms;
    private final Attempt attempt;
    private final boolean dry;
    private final ConnectionName connection;
    private final ReadsRecords reads;
    private final WritesRecords writes;
    private String word = "unchanged";
    private int stale;
    private @Nullable Preview preview;
    private @Nullable ReferralId referralId;
    private @Nullable String engagement;

    Run(Synchronization rooms, Attempt attempt, boolean dry) {
        this.rooms = rooms;
        this.attempt = attempt;
        this.dry = dry;
        this.connection = attempt.subject().connection();
        if (!rooms.connections.names().contains(connection)) {
            throw new AttemptEndedException(new SyncOutcome.NotWithThisSetup(
                    connection.value(), "The connection " + connection + " is no longer configured."));
        }
        Connector connector = rooms.connections.connector(connection);
        if (!(connector instanceof ReadsRecords reader) || !(connector instanceof WritesRecords writer)) {
            throw new AttemptEndedException(new SyncOutcome.NotWithThisSetup(
                    connection.value(), "The connection " + connection + " cannot both read and write records."));
        }
        this.reads = reader;
        this.writes = writer;
    }

    Optional<Preview> preview() {
        return Optional.ofNullable(preview);
    }

    SyncOutcome run() {
        for (int round = 0; round < MOST_ROUNDS && stale < MOST_STALE; round++) {
            Optional<SyncOutcome> ended = round();
            if (ended.isPresent()) {
                return ended.orElseThrow();
            }
        }
        return new SyncOutcome.NotNow(
                connection.value(), false, null, "The record kept changing while it was being merged.");
    }

    private Optional<SyncOutcome> round() {
        Optional<SyncLink> link = rooms.find(attempt.subject());
        Optional<ReferralId> known = attempt.subject().findReferral().or(() -> link.map(SyncLink::referral));
        if (known.isEmpty()) {
            return done("skipped", () -> {});
        }
        referralId = known.orElseThrow();
        engagement = link.map(SyncLink::engagement).orElse(null);
        if (link.map(SyncLink::state)
                .filter(state -> state == LinkState.PAUSED || state == LinkState.DISPUTED)
                .isPresent()) {
            return nothing("The link is " + link.orElseThrow().state().word() + ".");
        }
        Optional<RecordRef> linked = link.flatMap(SyncLink::findRecord);
        linked.ifPresent(this::hold);
        Optional<MappingDocument> linkedDocument =
                linked.flatMap(record -> rooms.mappings.find(connection, record.kind()));
        if (linked.isPresent() && linkedDocument.isEmpty()) {
            return skip(
                    link,
                    "The connection no longer keeps " + linked.orElseThrow().kind() + " records.");
        }
        SideReads.Both<Optional<RemoteRecord>, Optional<RemoteRecord>> both = linked.isPresent()
                ? rooms.reads.both(
                        this::readReferral,
                        () -> reads.findRecord(
                                attempt.call(),
                                Shapes.of(linkedDocument.orElseThrow()),
                                linked.orElseThrow().id()))
                : new SideReads.Both<>(readReferral(), Optional.empty());
        if (both.first().isEmpty()) {
            return unreachable(link);
        }
        Referral referral = parse(both.first().orElseThrow());
        engagement = referral.findEngagementId().map(EngagementId::value).orElse(engagement);
        Optional<SyncOutcome> refused = refuse(referral, link);
        if (refused.isPresent()) {
            return refused;
        }
        if (linked.isPresent()) {
            return linked(link.orElseThrow(), linkedDocument.orElseThrow(), referral, both.second());
        }
        return unlinked(link, referral);
    }

    private Optional<RemoteRecord> readReferral() {
        return rooms.partnerCenter.findRecord(
                attempt.call(), RecordShape.referral(), subjectReferral().value());
    }

    private ReferralId subjectReferral() {
        return Objects.requireNonNull(referralId, "the round has found the referral");
    }

    private static Referral parse(RemoteRecord read) {
        try {
            return Referral.parse(read.values());
        } catch (IllegalArgumentException unreadable) {
            throw new AttemptEndedException(
                    new SyncOutcome.NotThisOne("The referral cannot be read. " + unreadable.getMessage()));
        }
    }

    private void hold(RecordRef record) {
        if (!attempt.hold(record)) {
            throw new AttemptEndedException(new SyncOutcome.NotNow(
                    connection.value(), false, null, "Another attempt works on " + record + "."));
        }
    }

    // ---- which referrals are ours

    private Optional<SyncOutcome> refuse(Referral referral, Optional<SyncLink> link) {
        Optional<OrganizationId> owner = referral.organizationId();
        if (owner.isPresent()) {
            OrganizationId organization = owner.orElseThrow();
            Optional<OrganizationId> ours = ourOrganization(organization);
            boolean isOurs = !organization.isMicrosoft()
                    && ours.map(own -> own.value().equalsIgnoreCase(organization.value()))
                            .orElse(true);
            if (!isOurs) {
                return anothers(referral, organization, ours);
            }
        }
        if (!rooms.mappings.condition(connection).matches(referral.document())) {
            return skip(link, "It does not meet the condition cosell.crm." + connection + ".when.");
        }
        return Optional.empty();
    }

    private Optional<OrganizationId> ourOrganization(OrganizationId seen) {
        Optional<OrganizationId> known = rooms.settings.findOrganizationId().or(rooms.organizations::find);
        if (known.isPresent() || seen.isMicrosoft() || dry) {
            return known;
        }
        // the referral that was read may be a partner's, of which a related event told; the list tells whose we are
        Optional<OrganizationId> listed =
                rooms.partnerCenter instanceof ListsReferrals lists ? firstListed(lists) : Optional.of(seen);
        if (listed.isEmpty()) {
            return Optional.empty();
        }
        OrganizationId own = listed.orElseThrow();
        attempt.store(() -> {
            if (rooms.organizations.pin(own)) {
                rooms.trail.append(entry(AuditKind.ORGANIZATION_PINNED)
                        .reason("Our organisation at Partner Center is " + own
                                + ": the first listed referral which is not Microsoft's belongs to it.")
                        .build());
            }
        });
        return rooms.organizations.find();
    }

    private Optional<OrganizationId> firstListed(ListsReferrals lists) {
        return lists.listChangedSince(attempt.call(), Instant.EPOCH, null).items().stream()
                .map(listed -> listed.values().getOrDefault("organizationId", JsonValue.NULL))
                .filter(organization -> organization instanceof JsonString && !Merge.isEmpty(organization))
                .map(organization -> new OrganizationId(((JsonString) organization).getString()))
                .filter(organization -> !organization.isMicrosoft())
                .findFirst();
    }

    /** A referral of Microsoft's or of a partner's says that ours in the same engagement may have news. */
    private Optional<SyncOutcome> anothers(
            Referral referral, OrganizationId organization, Optional<OrganizationId> ours) {
        List<ReferralId> own = dry ? List.of() : ownInEngagement(referral, ours);
        String sentence = "It belongs to the organisation " + organization + ", not to ours."
                + (own.isEmpty()
                        ? ""
                        : " Our referral of the same engagement is looked at: "
                                + own.stream().map(ReferralId::value).collect(Collectors.joining(", ")) + ".");
        if (dry) {
            return nothing(sentence);
        }
        return done("skipped", () -> {
            own.forEach(id -> rooms.wants()
                    .want(new Want(
                            SyncSubject.of(connection, id),
                            attempt.call().priority(),
                            "related",
                            attempt.call().correlationId(),
                            attempt.deliveryId())));
            remarkSkip(sentence);
        });
    }

    private List<ReferralId> ownInEngagement(Referral referral, Optional<OrganizationId> ours) {
        Optional<EngagementId> shared = referral.findEngagementId();
        if (shared.isEmpty()) {
            return List.of();
        }
        Optional<SyncLink> linked = ours.flatMap(own ->
                rooms.links.findByEngagement(connection, shared.orElseThrow().value(), own.value()));
        if (linked.isPresent()) {
            return List.of(linked.orElseThrow().referral());
        }
        return rooms
                .partnerCenter
                .listMatching(
                        attempt.call(),
                        RecordShape.referral(),
                        Map.of(
                                "engagementId",
                                StoredJson.JSON.createValue(shared.orElseThrow().value())),
                        10)
                .stream()
                .map(Run::parse)
                .filter(other -> other.organizationId()
                        .filter(organization -> !organization.isMicrosoft())
                        .filter(organization -> ours.map(own -> own.value().equalsIgnoreCase(organization.value()))
                                .orElse(true))
                        .isPresent())
                .map(Referral::id)
                .filter(id -> !id.equals(referral.id()))
                .toList();
    }

    private Optional<SyncOutcome> skip(Optional<SyncLink> link, String sentence) {
        if (dry) {
            return nothing(sentence);
        }
        return done("skipped", () -> {
            remarkSkip(sentence);
            link.filter(found -> found.record() != null)
                    .ifPresent(found -> rooms.links.save(found.withOutcome("skipped", sentence, now())));
        });
    }

    private void remarkSkip(String sentence) {
        if (rooms.remarks.note(connection, subjectReferral(), "skipped: " + sentence)) {
            rooms.trail.append(entry(AuditKind.REFERRAL_SKIPPED)
                    .outcome("skipped")
                    .reason(sentence)
                    .build());
        }
    }

    /** Nothing is done and nothing is said. */
    private Optional<SyncOutcome> nothing(String note) {
        preview = Preview.nothing(note);
        return done("skipped", () -> {});
    }

    private Optional<SyncOutcome> unreachable(Optional<SyncLink> link) {
        String sentence =
                "Partner Center does not show the referral. That is not a deletion: roles or location may hide it.";
        if (link.isEmpty() || link.orElseThrow().record() == null) {
            return skip(Optional.empty(), sentence);
        }
        return leave(link.orElseThrow(), LinkState.REFERRAL_UNREACHABLE, sentence);
    }

    /** The link goes into a state in which nothing is written; said once. */
    private Optional<SyncOutcome> leave(SyncLink link, LinkState state, String sentence) {
        if (dry) {
            return nothing(sentence);
        }
        return done("skipped", () -> {
            if (link.state() != state) {
                rooms.trail.append(stateChanged(link, state, sentence));
            }
            rooms.links.save(link.withState(state, sentence).withOutcome("skipped", sentence, now()));
            if (state == LinkState.RECORD_GONE) {
                // out of reach is not over: what an unfinished plan wrote is told when the referral is back
                rooms.plans.remove(link.id());
            }
        });
    }

    private AuditEntry stateChanged(SyncLink link, LinkState state, String sentence) {
        return entry(AuditKind.LINK_STATE_CHANGED)
                .record(text(link.record()))
                .outcome(state.word())
                .reason(sentence)
                .build();
    }

    // ---- a link with a record

    private Optional<SyncOutcome> linked(
            SyncLink link, MappingDocument document, Referral referral, Optional<RemoteRecord> record) {
        if (record.isEmpty()) {
            return leave(
                    link,
                    LinkState.RECORD_GONE,
                    "The record " + link.record()
                            + " is deleted or hidden from us. It is not created again unless a person asks for it.");
        }
        Optional<RecordRef> previous = link.findPrevious();
        if (previous.isPresent() && !rooms.settings.isShadow() && !dry) {
            return closePrevious(link, previous.orElseThrow(), referral);
        }
        if (document.record().equals(LEAD) && !referral.isLead()) {
            Optional<MappingDocument> opportunity = rooms.mappings.find(connection, OPPORTUNITY);
            if (opportunity.isPresent()) {
                tellUnfinished(link, document, referral, record.orElseThrow());
                return findOrCreate(Optional.of(link), opportunity.orElseThrow(), referral);
            }
        }
        return update(link, document, referral, record.orElseThrow());
    }

    /** The link moves on and its plan goes: what an unfinished one has written to the record before is told first. */
    private void tellUnfinished(SyncLink link, MappingDocument document, Referral referral, RemoteRecord record) {
        Optional<Plan> plan = rooms.plans.find(link.id()).filter(found -> found.kind() == Plan.Kind.UPDATE);
        if (plan.isEmpty() || dry || rooms.settings.isShadow()) {
            return;
        }
        Comparison comparison = Comparison.of(
                document, referral, record, rooms.baselines.find(link.id()), plan, rooms.settings.adoption());
        attempt.store(() -> {
            if (!comparison.confirmed().isEmpty()) {
                rooms.trail.append(confirmed(comparison));
                rooms.baselines.save(link.id(), comparison.next(Optional.empty(), now()), comparison.subjects());
            }
            rooms.plans.remove(link.id());
        });
    }

    private Optional<SyncOutcome> update(
            SyncLink link, MappingDocument document, Referral referral, RemoteRecord record) {
        Optional<Baseline> baseline = rooms.baselines.find(link.id());
        Optional<Plan> plan = rooms.plans.find(link.id());
        Comparison whole = Comparison.of(document, referral, record, baseline, plan, rooms.settings.adoption());
        Map<String, JsonValue> changes = whole.changes();
        // closing is a remote call of its own: in one plan with other fields, nobody could tell after a cut between the
        // two calls whether the record was closed and reopened, or never closed
        boolean closesLater = !dry && !rooms.settings.isShadow() && changes.size() > 1 && whole.closes();
        Comparison comparison = closesLater ? whole.withoutClosing() : whole;
        if (closesLater) {
            changes = comparison.changes();
        }
        if (dry) {
            preview = Preview.of(comparison);
            return done("unchanged", () -> {});
        }
        if (changes.isEmpty()) {
            return finish(link, comparison, Optional.empty());
        }
        if (rooms.settings.isShadow()) {
            return shadowed(Optional.of(link), document, changesToCrm(comparison));
        }
        Plan next = new Plan(
                attempt.requestId(),
                Plan.Kind.UPDATE,
                document.label(),
                record.ref(),
                record.version(),
                now(),
                false,
                comparison.planned());
        if (!store(link, comparison, baseline, plan, next)) {
            return held(link, cause(document, baseline));
        }
        RemoteRecord written;
        try {
            written = writes.updateRecord(attempt.call(), Shapes.of(document), record, changes);
        } catch (StalePreconditionException changed) {
            stale++;
            attempt.store(() -> rooms.plans.remove(link.id()));
            return Optional.empty();
        } catch (RecordGoneException gone) {
            return leave(link, LinkState.RECORD_GONE, String.valueOf(gone.getMessage()));
        } catch (RejectedException | SetupException refused) {
            attempt.store(() -> rooms.plans.remove(link.id()));
            throw refused;
        }
        attempt.store(() -> rooms.plans.save(
                link.id(), next.writtenWith(answered(next, document, written)), comparison.subjects()));
        return finish(link, comparison, Optional.of(written));
    }

    /** What the CRM answered to each planned field. */
    private static Map<String, Plan.PlannedField> answered(Plan plan, MappingDocument document, RemoteRecord written) {
        Map<String, Plan.PlannedField> answered = new LinkedHashMap<>();
        plan.fields()
                .forEach((name, field) -> answered.put(
                        name,
                        document.findField(name)
                                .filter(mapping -> !field.rule().equals(WITHHELD))
                                .map(mapping -> new Plan.PlannedField(
                                        field.base(),
                                        field.partnerCenter(),
                                        field.before(),
                                        mapping.fromRecord(written.values()),
                                        field.rule()))
                                .orElse(field)));
        return answered;
    }

    /** Stores the plan, and with it what an unfinished one turned out to have written; false when the blast limit forbids it. */
    private boolean store(
            SyncLink link, Comparison comparison, Optional<Baseline> baseline, Optional<Plan> before, Plan next) {
        boolean counts = comparison.stemsFromUs()
                && before.filter(plan -> plan.mapping().equals(next.mapping())).isEmpty();
        boolean[] admitted = {true};
        attempt.store(() -> {
            if (counts && baseline.isEmpty()) {
                rooms.holds.startOver(connection, cause(comparison.document(), baseline));
            }
            admitted[0] = !counts
                    || rooms.holds.admit(
                            connection, cause(comparison.document(), baseline), rooms.settings.blastLimit());
            if (admitted[0]) {
                if (!comparison.confirmed().isEmpty()) {
                    rooms.trail.append(confirmed(comparison));
                    rooms.baselines.save(link.id(), comparison.next(Optional.empty(), now()), comparison.subjects());
                }
                rooms.plans.save(link.id(), next, comparison.subjects());
            }
        });
        return admitted[0];
    }

    private static String cause(MappingDocument document, Optional<Baseline> baseline) {
        return (baseline.isEmpty() ? "no baseline, " : "mapping ") + document.label();
    }

    private Optional<SyncOutcome> held(SyncLink link, String cause) {
        String sentence = "More than " + rooms.settings.blastLimit() + " links would be written to for one cause ("
                + cause + "). The rest waits for a person: see the holds.";
        return done("held", () -> {
            if (!rooms.holds.lock(connection, cause)) {
                // a person let the rest go while this attempt was ending, and did not see it among those who wait
                rooms.wants()
                        .want(new Want(
                                SyncSubject.of(connection, link.referral()),
                                attempt.call().priority(),
                                "release",
                                attempt.call().correlationId(),
                                attempt.deliveryId()));
                return;
            }
            if (rooms.holds.hold(connection, cause, link.referral())) {
                rooms.trail.append(entry(AuditKind.WRITE_HELD)
                        .record(text(link.record()))
                        .outcome("held")
                        .reason(sentence)
                        .build());
            }
            rooms.links.save(link.withOutcome("held", sentence, now()));
        });
    }

    private Optional<SyncOutcome> finish(SyncLink link, Comparison comparison, Optional<RemoteRecord> written) {
        List<Finding> open = rooms.findings.listOpen(link.id());
        List<Comparison.Field> pending = comparison.with(Merge.Action.TO_PARTNER_CENTER);
        boolean conflict = !comparison.with(Merge.Action.CONFLICT).isEmpty();
        if (written.isPresent()) {
            say("updated");
        } else if (conflict) {
            say("conflict");
        }
        String last = word;
        String reason = reason(pending, comparison);
        boolean quiet = written.isPresent()
                || !comparison.confirmed().isEmpty()
                || last.equals("created")
                || last.equals("updated")
                || (attempt.deliveryId() == null
                        && last.equals(link.lastOutcome())
                        && reason.equals(link.lastReason()));
        LinkState state = comparison.referral().isTerminal() && !conflict && !comparison.isClosingWithheld()
                ? LinkState.ENDED
                : LinkState.ACTIVE;
        Runnable store = () -> {
            // with a write of its own they were told when its plan was stored
            if (written.isEmpty() && !comparison.confirmed().isEmpty()) {
                rooms.trail.append(confirmed(comparison));
            }
            if (written.isPresent()) {
                rooms.trail.append(updated(comparison));
            }
            if (!quiet) {
                rooms.trail.append(entry(AuditKind.LINK_UNCHANGED)
                        .record(text(link.record()))
                        .outcome(last)
                        .reason(reason)
                        .mapping(comparison.document().label())
                        .build());
            }
            noteFindings(link, comparison, open);
            if (state != link.state()) {
                rooms.trail.append(stateChanged(
                        link,
                        state,
                        state == LinkState.ENDED
                                ? "The referral has reached its end: "
                                        + comparison.referral().state() + "."
                                : "Both sides are readable again."));
            }
            rooms.links.save(link.withState(state, null).withOutcome(last, reason, now()));
            rooms.baselines.save(link.id(), comparison.next(written, now()), comparison.subjects());
            rooms.plans.remove(link.id());
            rooms.remarks.forget(connection, link.referral());
            if ("held".equals(link.lastOutcome())) {
                rooms.holds.forget(link.referral(), connection);
            }
        };
        if (comparison.isClosingWithheld()) {
            attempt.store(store);
            return Optional.empty();
        }
        return done(last, store);
    }

    private static String reason(List<Comparison.Field> pending, Comparison comparison) {
        List<String> sentences = new ArrayList<>();
        if (!pending.isEmpty()) {
            sentences.add("Pending to-partner-center: " + names(pending) + ".");
        }
        if (!comparison.with(Merge.Action.CONFLICT).isEmpty()) {
            sentences.add("In conflict: " + names(comparison.with(Merge.Action.CONFLICT)) + ".");
        }
        if (!comparison.with(Merge.Action.DIFFERENCE).isEmpty()) {
            sentences.add("Different: " + names(comparison.with(Merge.Action.DIFFERENCE)) + ".");
        }
        return sentences.isEmpty() ? "Both sides are equal." : String.join(" ", sentences);
    }

    private static String names(List<Comparison.Field> fields) {
        return fields.stream().map(Comparison.Field::name).collect(Collectors.joining(", "));
    }

    private AuditEntry updated(Comparison comparison) {
        AuditEntry.Builder entry = entry(AuditKind.RECORD_UPDATED)
                .onBehalfOf(PartnerCenter.SYSTEM)
                .record(comparison.record().ref().toString())
                .outcome("updated")
                .mapping(comparison.document().label());
        comparison
                .with(Merge.Action.TO_CRM)
                .forEach(field -> entry.change(change(
                        comparison, field, field.valueForCrm(), field.decision().rule())));
        return entry.build();
    }

    private AuditEntry confirmed(Comparison comparison) {
        boolean certain = comparison.isPlanCertain();
        AuditEntry.Builder entry = entry(AuditKind.RECORD_UPDATED)
                .onBehalfOf(PartnerCenter.SYSTEM)
                .record(comparison.record().ref().toString())
                .outcome("updated")
                .reason(
                        certain
                                ? "It was written before a restart and is confirmed now."
                                : "It was planned before a restart; a later edit hides whether it was written.")
                .mapping(comparison.document().label());
        for (Comparison.Field field : comparison.confirmed()) {
            Plan.PlannedField planned = Objects.requireNonNull(field.planned(), "a confirmed field was planned");
            entry.change(new FieldChange(
                    field.name(),
                    field.mapping().crm().name(),
                    Direction.TO_CRM,
                    planned.base(),
                    planned.partnerCenter(),
                    planned.before(),
                    planned.value(),
                    certain ? CONFIRMED : UNCONFIRMED,
                    null,
                    Comparison.subject(field.mapping(), comparison.referral())));
        }
        return entry.build();
    }

    /** What the merge decided to write to the CRM, as an entry tells it. */
    private List<FieldChange> changesToCrm(Comparison comparison) {
        return comparison.with(Merge.Action.TO_CRM).stream()
                .map(field -> change(
                        comparison, field, field.valueForCrm(), field.decision().rule()))
                .toList();
    }

    private static FieldChange change(
            Comparison comparison, Comparison.Field field, @Nullable JsonValue written, String rule) {
        return new FieldChange(
                field.name(),
                field.mapping().crm().name(),
                field.action() == Merge.Action.TO_PARTNER_CENTER ? Direction.TO_PARTNER_CENTER : Direction.TO_CRM,
                field.base(),
                field.partnerCenter(),
                field.crm(),
                written,
                rule,
                null,
                Comparison.subject(field.mapping(), comparison.referral()));
    }

    private void noteFindings(SyncLink link, Comparison comparison, List<Finding> open) {
        for (Comparison.Field field : comparison.fields()) {
            String kind = field.action() == Merge.Action.CONFLICT
                    ? Finding.CONFLICT
                    : field.action() == Merge.Action.DIFFERENCE ? Finding.DIFFERENCE : "";
            List<Finding> before = open.stream()
                    .filter(finding -> finding.field().equals(field.name()))
                    .toList();
            // sides that stay apart without a move keep their finding: it still says why
            boolean stays =
                    field.action() == Merge.Action.NOTHING && !field.decision().equal();
            before.stream()
                    .filter(finding -> !stays && !finding.kind().equals(kind))
                    .forEach(finding -> close(link, comparison, finding));
            if (!kind.isEmpty()) {
                open(link, comparison, field, kind, before);
            }
        }
        open.stream()
                .filter(finding -> comparison.fields().stream()
                        .noneMatch(field -> field.name().equals(finding.field())))
                .forEach(finding -> close(link, comparison, finding));
    }

    private void open(SyncLink link, Comparison comparison, Comparison.Field field, String kind, List<Finding> before) {
        Optional<Finding> same =
                before.stream().filter(finding -> finding.kind().equals(kind)).findFirst();
        String rule = field.decision().rule();
        Finding finding = new Finding(
                same.map(Finding::id).orElse(null),
                kind,
                link.id(),
                field.name(),
                field.mapping().crm().name(),
                rule,
                Sentences.of(kind, rule),
                field.partnerCenter(),
                field.crm(),
                null);
        String subject = Comparison.subject(field.mapping(), comparison.referral());
        boolean known = same.filter(was -> was.reason().equals(rule)).isPresent();
        boolean unchanged = known
                && same.filter(was -> was.partnerCenter().equals(finding.partnerCenter())
                                && was.crm().equals(finding.crm()))
                        .isPresent();
        if (!unchanged) {
            rooms.findings.save(finding, subject);
        }
        if (!known) {
            rooms.trail.append(
                    entry(kind.equals(Finding.CONFLICT) ? AuditKind.CONFLICT_OPENED : AuditKind.DIFFERENCE_OPENED)
                            .record(text(link.record()))
                            .outcome(kind)
                            .reason(finding.sentence())
                            .mapping(comparison.document().label())
                            .change(change(comparison, field, null, rule))
                            .build());
        }
    }

    private void close(SyncLink link, Comparison comparison, Finding finding) {
        rooms.findings.close(finding);
        rooms.trail.append(
                entry(finding.kind().equals(Finding.CONFLICT) ? AuditKind.CONFLICT_CLOSED : AuditKind.DIFFERENCE_CLOSED)
                        .record(text(link.record()))
                        .outcome("closed")
                        .reason("The field " + finding.field() + " no longer keeps the two sides apart.")
                        .mapping(comparison.document().label())
                        .build());
    }

    private Optional<SyncOutcome> shadowed(
            Optional<SyncLink> link, MappingDocument document, List<FieldChange> changes) {
        String remark = "shadowed: " + document.label() + " "
                + HexFormat.of()
                        .formatHex(rooms.box.fingerprint(
                                "shadowed",
                                changes.stream()
                                        .map(change -> change.recordField() + "=" + change.written())
                                        .collect(Collectors.joining("\n"))));
        return done("shadowed", () -> {
            if (rooms.remarks.note(connection, subjectReferral(), remark)) {
                AuditEntry.Builder entry = entry(AuditKind.WRITE_SHADOWED)
                        .record(link.map(found -> text(found.record())).orElse(null))
                        .outcome("shadowed")
                        .reason(
                                link.flatMap(SyncLink::findRecord).isPresent()
                                        ? "In shadow mode nothing is written; this would have been."
                                        : "In shadow mode nothing is written; a new record would have got this.")
                        .mapping(document.label());
                changes.forEach(entry::change);
                rooms.trail.append(entry.build());
            }
            link.filter(found -> found.record() != null)
                    .ifPresent(found -> rooms.links.save(
                            found.withOutcome("shadowed", "In shadow mode nothing is written.", now())));
        });
    }

    // ---- no record yet

    private Optional<SyncOutcome> unlinked(Optional<SyncLink> reserved, Referral referral) {
        String kind = referral.isLead() ? LEAD : OPPORTUNITY;
        Optional<MappingDocument> document = rooms.mappings.find(connection, kind);
        if (document.isEmpty()) {
            return skip(Optional.empty(), "The connection keeps no " + kind + " records.");
        }
        Optional<SyncOutcome> taken = refuseTaken(referral);
        if (taken.isPresent()) {
            return taken;
        }
        // an accepted lead that we do not know may have been kept as a lead before our database was lost
        Optional<MappingDocument> lead = rooms.mappings.find(connection, LEAD);
        if (kind.equals(OPPORTUNITY) && referral.kind().isLead() && reserved.isEmpty() && lead.isPresent()) {
            MappingDocument before = lead.orElseThrow();
            Optional<RemoteRecord> found = reads.findByReferralKey(
                    attempt.call(), Shapes.of(before), referral.id().value());
            if (found.isPresent() && !dry && !rooms.settings.isShadow()) {
                return adopt(Optional.empty(), before, referral, found.orElseThrow());
            }
        }
        return findOrCreate(reserved, document.orElseThrow(), referral);
    }

    /** One engagement of ours has one record on a connection. */
    private Optional<SyncOutcome> refuseTaken(Referral referral) {
        Optional<String> organization = referral.organizationId().map(OrganizationId::value);
        if (referral.findEngagementId().isEmpty() || organization.isEmpty()) {
            return Optional.empty();
        }
        return rooms.links
                .findByEngagement(
                        connection, referral.findEngagementId().orElseThrow().value(), organization.orElseThrow())
                .filter(other -> !other.referral().equals(referral.id()))
                .map(other -> new SyncOutcome.NotThisOne("Two referrals of ours share one engagement: "
                        + other.referral() + ", which is linked, and " + referral.id()
                        + ". Close one of them at Partner Center."));
    }

    private Optional<SyncOutcome> findOrCreate(Optional<SyncLink> link, MappingDocument document, Referral referral) {
        Optional<RecordRef> lead = link.flatMap(SyncLink::findRecord);
        Optional<RemoteRecord> found = find(document, referral, lead);
        if (found.isEmpty()) {
            return create(link, document, referral, lead);
        }
        RemoteRecord record = found.orElseThrow();
        hold(record.ref());
        refuseLinked(record.ref(), referral);
        Optional<Plan> plan = link.flatMap(known -> rooms.plans.find(known.id()))
                .filter(unfinished -> isCreateOf(document, unfinished));
        // with another id it is not what we planned to create: somebody else made it
        boolean ours = plan.filter(unfinished ->
                        unfinished.target().id().equalsIgnoreCase(record.ref().id()))
                .isPresent();
        if (ours && link.isPresent() && !dry) {
            return created(link.orElseThrow(), document, referral, record, plan.orElseThrow(), CONFIRMED);
        }
        return adopt(link, document, referral, record);
    }

    private static boolean isCreateOf(MappingDocument document, Plan plan) {
        return plan.kind() == Plan.Kind.CREATE && plan.target().kind().equals(document.record());
    }

    /** The record that carries the referral's id, or the one that somebody made of the lead. */
    private Optional<RemoteRecord> find(MappingDocument document, Referral referral, Optional<RecordRef> lead) {
        RecordShape shape = Shapes.of(document);
        Optional<RemoteRecord> byKey =
                reads.findByReferralKey(attempt.call(), shape, referral.id().value());
        Optional<FieldMapping> origin = lead.flatMap(ref -> origin(document, ref));
        if (byKey.isPresent() || origin.isEmpty()) {
            return byKey;
        }
        List<RemoteRecord> made = reads.listMatching(
                attempt.call(),
                shape,
                Map.of(
                        origin.orElseThrow().crm().name(),
                        StoredJson.JSON.createValue(lead.orElseThrow().id())),
                2);
        if (made.size() > 1) {
            throw new AttemptEndedException(new SyncOutcome.NotThisOne("Two records were made of the lead "
                    + lead.orElseThrow().id() + ": " + made.get(0).ref() + " and "
                    + made.get(1).ref() + ". Put the referral's id " + referral.id() + " into the right one."));
        }
        made.forEach(record -> {
            JsonValue key = record.values().getOrDefault(document.referralKey(), JsonValue.NULL);
            if (!Merge.isEmpty(key)
                    && !(key instanceof JsonString text
                            && text.getString().equalsIgnoreCase(referral.id().value()))) {
                throw new AttemptEndedException(
                        new SyncOutcome.NotThisOne(
                                "The record " + record.ref()
                                        + " was made of this referral's lead but carries another Referral Identifier. Correct one of the two."));
            }
        });
        return made.stream().findFirst();
    }

    /** The field of the record that points to the lead it was made of. */
    private Optional<FieldMapping> origin(MappingDocument document, RecordRef lead) {
        Optional<String> table = rooms.mappings
                .find(connection, lead.kind())
                .map(MappingDocument::table)
                .map(CrmTable::name);
        return document.fields().stream()
                .filter(mapping -> mapping.crm().type() == CrmType.REFERENCE
                        || mapping.crm().type() == CrmType.LOOKUP)
                .filter(mapping -> mapping.related().isEmpty())
                .filter(mapping -> {
                    CrmTable target = mapping.crm().target();
                    return target != null && table.filter(target.name()::equals).isPresent();
                })
                .findFirst();
    }

    private void refuseLinked(RecordRef record, Referral referral) {
        rooms.links
                .findByRecord(connection, record)
                .filter(other -> !other.referral().equals(referral.id()))
                .ifPresent(other -> {
                    throw new AttemptEndedException(new SyncOutcome.NotThisOne("The record " + record
                            + " carries the id of referral " + referral.id() + " but is linked with referral "
                            + other.referral() + ". Correct its Referral Identifier."));
                });
    }

    private SyncLink reserve(Optional<SyncLink> link, Referral referral) {
        return link.orElseGet(() -> SyncLink.reserved(new SyncLink.Identity(
                rooms.ids.next().toString(),
                connection,
                referral.id(),
                referral.findEngagementId().map(EngagementId::value).orElse(null),
                referral.organizationId().map(OrganizationId::value).orElse(null),
                now())));
    }

    /** The record exists: link it and merge in the next round. There is no baseline, so empties are filled and differences told. */
    private Optional<SyncOutcome> adopt(
            Optional<SyncLink> link, MappingDocument document, Referral referral, RemoteRecord record) {
        if (dry || rooms.settings.isShadow()) {
            Comparison comparison = Comparison.of(
                    document, referral, record, Optional.empty(), Optional.empty(), rooms.settings.adoption());
            if (dry) {
                preview = Preview.of(comparison);
                return done("unchanged", () -> {});
            }
            return shadowed(link, document, changesToCrm(comparison));
        }
        hold(record.ref());
        refuseLinked(record.ref(), referral);
        SyncLink before = reserve(link, referral);
        storeLink(referral, () -> {
            rooms.links.save(before.withPrevious(before.record()).withRecord(record.ref()));
            rooms.baselines.remove(before.id());
            rooms.plans.remove(before.id());
            rooms.remarks.forget(connection, referral.id());
            rooms.trail.append(linkEntry(before, record.ref(), document)
                    .reason("A record that exists is adopted.")
                    .build());
        });
        return Optional.empty();
    }

    private AuditEntry.Builder linkEntry(SyncLink before, RecordRef record, MappingDocument document) {
        return entry(before.record() == null ? AuditKind.LINK_CREATED : AuditKind.LINK_MOVED)
                .record(record.toString())
                .outcome(before.record() == null ? "created" : "moved")
                .mapping(document.label());
    }

    /** Stores a link; a unique key that somebody else took meanwhile is told like one that was taken before. */
    private void storeLink(Referral referral, Runnable work) {
        try {
            attempt.store(work);
        } catch (PersistenceException collision) {
            Optional<SyncOutcome> taken = refuseTaken(referral);
            if (taken.isPresent()) {
                throw new AttemptEndedException(taken.orElseThrow());
            }
            throw collision;
        }
    }

    private Optional<SyncOutcome> create(
            Optional<SyncLink> known, MappingDocument document, Referral referral, Optional<RecordRef> lead) {
        Map<String, Plan.PlannedField> planned = new LinkedHashMap<>();
        Map<String, JsonValue> values = new LinkedHashMap<>();
        for (FieldMapping mapping : document.fields()) {
            if (mapping.related().isEmpty() && mapping.travels(Direction.TO_CRM, Occasion.CREATE)) {
                JsonValue value = mapping.toCrm(referral.view());
                boolean withheld = !dry && !rooms.settings.isShadow() && isStepOfItsOwn(mapping, value);
                planned.put(
                        mapping.name(),
                        new Plan.PlannedField(
                                null,
                                mapping.fromReferral(referral.view()),
                                JsonValue.NULL,
                                withheld ? JsonValue.NULL : value,
                                withheld ? WITHHELD : "created"));
                if (!withheld && !Merge.isEmpty(value)) {
                    values.put(mapping.crm().name(), value);
                }
            }
        }
        lead.ifPresent(ref -> origin(document, ref).ifPresent(mapping -> {
            JsonValue id = StoredJson.JSON.createValue(ref.id());
            values.put(mapping.crm().name(), id);
            planned.put(
                    mapping.name(),
                    new Plan.PlannedField(null, mapping.fromReferral(referral.view()), JsonValue.NULL, id, "created"));
        }));
        if (dry || rooms.settings.isShadow()) {
            List<FieldChange> changes = createChanges(document, referral, planned, "created");
            if (dry) {
                preview = Preview.created(changes);
                return done("created", () -> {});
            }
            return shadowed(known, document, changes);
        }
        RecordRef intended = new RecordRef(
                document.record(),
                UUID.nameUUIDFromBytes((connection + "/" + document.record() + "/" + referral.id())
                                .getBytes(StandardCharsets.UTF_8))
                        .toString());
        SyncLink link = reserve(known, referral);
        if (known.isEmpty()) {
            storeLink(referral, () -> rooms.links.save(link));
        }
        Map<String, JsonValue> references = rooms.related.references(
                document,
                new RelatedRecords.Search(connection, attempt, referral, reads, writes, this::entry, document.label()));
        values.putAll(references);
        document.fields().stream()
                .filter(mapping -> mapping.related().isPresent())
                .forEach(mapping -> {
                    JsonValue reference = references.get(mapping.crm().name());
                    if (reference != null) {
                        planned.put(
                                mapping.name(),
                                new Plan.PlannedField(null, JsonValue.NULL, JsonValue.NULL, reference, "created"));
                    }
                });
        Plan plan =
                new Plan(attempt.requestId(), Plan.Kind.CREATE, document.label(), intended, "", now(), false, planned);
        attempt.store(() -> rooms.plans.save(link.id(), plan, Comparison.subjects(document, referral)));
        Optional<RemoteRecord> made;
        try {
            made = writes.createRecord(
                    attempt.call(), Shapes.of(document), referral.id().value(), intended.id(), values);
        } catch (RejectedException | SetupException refused) {
            attempt.store(() -> rooms.plans.remove(link.id()));
            throw refused;
        }
        if (made.isEmpty()) {
            return exists(link, document, referral, plan);
        }
        RemoteRecord record = made.orElseThrow();
        hold(record.ref());
        Plan written = plan.writtenWith(answered(plan, document, record));
        attempt.store(() -> rooms.plans.save(link.id(), written, Comparison.subjects(document, referral)));
        return created(link, document, referral, record, plan, "created");
    }

    /** A state is reached by a call of its own after the create, so it is no part of the create's plan. */
    private static boolean isStepOfItsOwn(FieldMapping mapping, JsonValue state) {
        return mapping.crm().type() == CrmType.STATE
                && (mapping.travels(Direction.TO_CRM, Occasion.UPDATE) || Comparison.isClosing(mapping, state));
    }

    /** Whether a field that was kept back at the create is as it should be without being written. */
    private static boolean isAsWanted(FieldMapping mapping, Referral referral, RemoteRecord record) {
        JsonValue wanted = mapping.toCrm(referral.view());
        return Merge.isEmpty(wanted) || mapping.sameInCrm(mapping.fromRecord(record.values()), wanted);
    }

    /** Somebody was first, perhaps we ourselves before an answer was lost: read, link, merge. */
    private Optional<SyncOutcome> exists(SyncLink link, MappingDocument document, Referral referral, Plan plan) {
        RecordShape shape = Shapes.of(document);
        RemoteRecord record = reads.findByReferralKey(
                        attempt.call(), shape, referral.id().value())
                .or(() -> reads.findRecord(attempt.call(), shape, plan.target().id()))
                .orElseThrow(() -> new AttemptEndedException(new SyncOutcome.NotNow(
                        connection.value(),
                        false,
                        null,
                        "The CRM says that a record for this referral exists but does not show it yet.")));
        hold(record.ref());
        refuseLinked(record.ref(), referral);
        if (record.ref().id().equalsIgnoreCase(plan.target().id())) {
            return created(link, document, referral, record, plan, CONFIRMED);
        }
        return adopt(Optional.of(link), document, referral, record);
    }

    private Optional<SyncOutcome> created(
            SyncLink link, MappingDocument document, Referral referral, RemoteRecord record, Plan plan, String rule) {
        boolean again = rule.equals(CONFIRMED)
                || document.fields().stream()
                        .filter(mapping -> isWithheld(plan, mapping))
                        .anyMatch(mapping -> !isAsWanted(mapping, referral, record))
                || link.record() != null;
        say("created");
        Baseline baseline = baseline(document, referral, record, plan, rule);
        Runnable store = () -> {
            AuditEntry.Builder entry = entry(AuditKind.RECORD_CREATED)
                    .onBehalfOf(PartnerCenter.SYSTEM)
                    .record(record.ref().toString())
                    .outcome("created")
                    .mapping(document.label());
            if (rule.equals(CONFIRMED)) {
                entry.reason("It was created before a restart or a lost answer and is confirmed now.");
            }
            createChanges(document, referral, plan.fields(), rule).forEach(entry::change);
            rooms.trail.append(entry.build());
            rooms.trail.append(linkEntry(link, record.ref(), document).build());
            rooms.links.save(link.withPrevious(link.record())
                    .withRecord(record.ref())
                    .withState(LinkState.ACTIVE, null)
                    .withOutcome("created", null, now()));
            rooms.baselines.save(link.id(), baseline, Comparison.subjects(document, referral));
            rooms.plans.remove(link.id());
            rooms.remarks.forget(connection, referral.id());
        };
        if (!again) {
            return done("created", store);
        }
        attempt.store(store);
        // what was just created need not be read again, unless another record is to be closed first
        return rule.equals(CONFIRMED) || link.record() != null
                ? Optional.empty()
                : update(rooms.links.find(link.id()).orElseThrow(), document, referral, record);
    }

    private static boolean isWithheld(Plan plan, FieldMapping mapping) {
        Plan.PlannedField planned = plan.fields().get(mapping.name());
        return planned != null && planned.rule().equals(WITHHELD);
    }

    /** What both sides agree on after a create. */
    private Baseline baseline(
            MappingDocument document, Referral referral, RemoteRecord record, Plan plan, String rule) {
        Map<String, Baseline.FieldBaseline> fields = new LinkedHashMap<>();
        for (FieldMapping mapping : document.fields()) {
            JsonValue held = mapping.fromRecord(record.values());
            Plan.PlannedField planned = plan.fields().get(mapping.name());
            if (mapping.related().isPresent()) {
                continue;
            }
            if (planned == null) {
                // after a restart nobody knows what the CRM itself put here and what a person did since
                if (!rule.equals(CONFIRMED)) {
                    fields.put(
                            mapping.name(),
                            new Baseline.FieldBaseline(mapping.fromReferral(referral.view()), held, null, null));
                }
            } else if (planned.rule().equals(WITHHELD)) {
                // a state is a step of its own: the referral counts as moved until it is made
                JsonValue agreed =
                        isAsWanted(mapping, referral, record) ? mapping.fromReferral(referral.view()) : JsonValue.NULL;
                fields.put(mapping.name(), new Baseline.FieldBaseline(agreed, held, null, null));
            } else {
                boolean ours = !rule.equals(CONFIRMED) || mapping.sameInCrm(held, planned.value());
                fields.put(
                        mapping.name(),
                        new Baseline.FieldBaseline(planned.partnerCenter(), ours ? held : planned.value(), null, null));
            }
        }
        return new Baseline(document.label(), referral.eTag(), record.version(), now(), fields);
    }

    private static List<FieldChange> createChanges(
            MappingDocument document, Referral referral, Map<String, Plan.PlannedField> planned, String rule) {
        return document.fields().stream()
                .flatMap(mapping -> Stream.ofNullable(planned.get(mapping.name()))
                        .filter(field -> !Merge.isEmpty(field.value()))
                        .map(field -> new FieldChange(
                                mapping.name(),
                                mapping.crm().name(),
                                Direction.TO_CRM,
                                null,
                                field.partnerCenter(),
                                JsonValue.NULL,
                                field.value(),
                                rule,
                                null,
                                Comparison.subject(mapping, referral))))
                .toList();
    }

    // ---- the record before

    /** Field changes went to the new record; what is left is to close the old one, by its own mapping's state. */
    private Optional<SyncOutcome> closePrevious(SyncLink link, RecordRef previous, Referral referral) {
        hold(previous);
        Optional<MappingDocument> document = rooms.mappings.find(connection, previous.kind());
        Optional<FieldMapping> state = document.flatMap(found -> found.fields().stream()
                .filter(mapping -> mapping.crm().type() == CrmType.STATE)
                .filter(mapping -> mapping.travels(Direction.TO_CRM, Occasion.UPDATE))
                .findFirst());
        Optional<RemoteRecord> record = state.isEmpty()
                ? Optional.empty()
                : reads.findRecord(attempt.call(), Shapes.of(document.orElseThrow()), previous.id());
        if (state.isEmpty() || record.isEmpty()) {
            attempt.store(() -> forgetPrevious(link));
            return Optional.empty();
        }
        FieldMapping mapping = state.orElseThrow();
        MappingDocument mapped = document.orElseThrow();
        JsonValue closed = mapping.toCrm(referral.view());
        JsonValue held = mapping.fromRecord(record.orElseThrow().values());
        Optional<Plan> plan = rooms.plans.find(link.id()).filter(found -> found.kind() == Plan.Kind.CLOSE_PREVIOUS);
        boolean stuck = !Comparison.isReachable(mapping, held, closed);
        if (Merge.isEmpty(closed) || mapping.sameInCrm(closed, held) || stuck) {
            attempt.store(() -> {
                if (stuck) {
                    rooms.trail.append(entry(AuditKind.LINK_UNCHANGED)
                            .record(previous.toString())
                            .outcome("unchanged")
                            .reason("The link moved to another record. "
                                    + Sentences.of(Finding.DIFFERENCE, "unreachable"))
                            .mapping(mapped.label())
                            .build());
                }
                plan.map(found -> found.fields().get(mapping.name()))
                        .ifPresent(
                                field -> rooms.trail.append(closedEntry(previous, mapped, mapping, field, CONFIRMED)));
                forgetPrevious(link);
            });
            return Optional.empty();
        }
        Plan.PlannedField field =
                new Plan.PlannedField(null, mapping.fromReferral(referral.view()), held, closed, "moved");
        attempt.store(() -> rooms.plans.save(
                link.id(),
                new Plan(
                        attempt.requestId(),
                        Plan.Kind.CLOSE_PREVIOUS,
                        mapped.label(),
                        previous,
                        record.orElseThrow().version(),
                        now(),
                        false,
                        Map.of(mapping.name(), field)),
                name -> null));
        try {
            writes.updateRecord(
                    attempt.call(),
                    Shapes.of(mapped),
                    record.orElseThrow(),
                    Map.of(mapping.crm().name(), closed));
        } catch (StalePreconditionException changed) {
            stale++;
            return Optional.empty();
        } catch (RecordGoneException gone) {
            attempt.store(() -> forgetPrevious(link));
            return Optional.empty();
        }
        attempt.store(() -> {
            rooms.trail.append(closedEntry(previous, mapped, mapping, field, "moved"));
            forgetPrevious(link);
        });
        say("updated");
        return Optional.empty();
    }

    private void forgetPrevious(SyncLink link) {
        rooms.links.save(link.withPrevious(null));
        rooms.plans.remove(link.id());
    }

    private AuditEntry closedEntry(
            RecordRef previous, MappingDocument document, FieldMapping mapping, Plan.PlannedField field, String rule) {
        return entry(AuditKind.RECORD_UPDATED)
                .onBehalfOf(PartnerCenter.SYSTEM)
                .record(previous.toString())
                .outcome("updated")
                .reason("The link moved to another record, so this one is closed.")
                .mapping(document.label())
                .change(new FieldChange(
                        mapping.name(),
                        mapping.crm().name(),
                        Direction.TO_CRM,
                        null,
                        field.partnerCenter(),
                        field.before(),
                        field.value(),
                        rule,
                        null,
                        null))
                .build();
    }

    // ---- words

    private AuditEntry.Builder entry(AuditKind kind) {
        ReferralId referral = referralId;
        return AuditEntry.of(kind)
                .connection(connection.value())
                .referral(referral == null ? null : referral.value())
                .engagement(engagement)
                .correlation(attempt.call().correlationId())
                .delivery(attempt.deliveryId())
                .request(attempt.requestId(), attempt.number());
    }

    private static @Nullable String text(@Nullable RecordRef record) {
        return record == null ? null : record.toString();
    }

    private Instant now() {
        return rooms.clock.instant();
    }

    /** The attempt's word is that of the most it did. */
    private void say(String next) {
        List<String> rising = List.of("unchanged", "conflict", "updated", "created");
        if (rising.indexOf(next) > rising.indexOf(word)) {
            word = next;
        }
    }

    private static Optional<SyncOutcome> done(String word, Runnable store) {
        return Optional.of(new SyncOutcome.Done(word, store));
    }
}
