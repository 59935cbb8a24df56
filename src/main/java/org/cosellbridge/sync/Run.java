package org.cosellbridge.sync;

import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.cosellbridge.audit.AuditKind;
import org.cosellbridge.connector.ListsReferrals;
import org.cosellbridge.connector.RecordRef;
import org.cosellbridge.connector.RecordShape;
import org.cosellbridge.connector.RemoteRecord;
import org.cosellbridge.mapping.FieldMapping;
import org.cosellbridge.mapping.MappingDocument;
import org.cosellbridge.referral.EngagementId;
import org.cosellbridge.referral.OrganizationId;
import org.cosellbridge.referral.Referral;
import org.cosellbridge.referral.ReferralId;
import org.jspecify.annotations.Nullable;

/**
 * One attempt under way. It goes round: each round looks at both sides and does the one thing that is next (create a side that is
 * missing, move, close the record before, write a delta), stores what became of it, and the last round ends the attempt. So a cut
 * between any two steps leaves something the next attempt recognises.
 */
final class Run {
    private static final int MOST_ROUNDS = 10;
    private static final int MOST_STALE = 3;
    static final String LEAD = "lead";
    static final String OPPORTUNITY = "opportunity";
    /** Outcomes after which a record without news needs no look. */
    private static final Set<String> GOOD = Set.of("created", "updated", "unchanged", "conflict", "skipped");

    private final Synchronization rooms;
    private final Attempt attempt;
    private final Work work;
    private final Notes notes;
    private final NewRecord newRecord;
    private final NewReferralSteps newReferral;
    private final FormerRecord formerRecord;
    private final BothSides bothSides;
    private boolean looked;

    /** The record that carries the id of a referral whose link has a lead. */
    private @Nullable RecordRef claimant;

    /** The record that asked, if it was made of a lead or carries the id of a lead's referral, and is switched on. */
    private @Nullable RecordRef successor;

    Run(Synchronization rooms, Attempt attempt, boolean dry) {
        this.rooms = rooms;
        this.attempt = attempt;
        this.work = new Work(rooms, attempt, dry);
        this.notes = new Notes(work);
        this.newReferral = new NewReferralSteps(work);
        this.bothSides = new BothSides(work, notes, newReferral);
        this.newRecord = new NewRecord(work, notes, newReferral, bothSides);
        this.formerRecord = new FormerRecord(work);
    }

    Optional<Preview> preview() {
        return work.preview();
    }

    SyncOutcome run() {
        for (int round = 0; round < MOST_ROUNDS && work.stale() < MOST_STALE; round++) {
            Optional<SyncOutcome> ended = round();
            if (ended.isPresent()) {
                RecordRef other = claimant;
                return other == null ? ended.orElseThrow() : claimed(ended.orElseThrow(), other);
            }
        }
        return new SyncOutcome.NotNow(
                work.connection.value(), false, null, "The record kept changing while it was being merged.");
    }

    /** Whether another attempt had what this one needed. */
    boolean isTurnedAway() {
        return work.isTurnedAway();
    }

    /** The attempt became a dead letter: the record tells its seller. */
    void noteDeadLetter(String reason) {
        notes.failed(reason);
    }

    private Optional<SyncOutcome> round() {
        Optional<SyncLink> link = rooms.find(attempt.subject());
        Optional<ReferralId> known = attempt.subject()
                .findReferral()
                .or(() -> link.map(SyncLink::referral))
                .or(work::findReferralId);
        if (known.isEmpty()) {
            return fromRecord(attempt.subject().findRecord().orElseThrow());
        }
        ReferralId referral = known.orElseThrow();
        if (attempt.subject().findReferral().isEmpty()) {
            work.hold(new RecordRef(RecordRef.REFERRAL, referral.value()));
        }
        Optional<SyncLink> ours = link.or(() -> rooms.links.findByReferral(work.connection, referral));
        work.about(referral, ours.map(SyncLink::engagement).orElse(null));
        return ours.filter(found -> found.record() != null).isPresent() ? ofLink(ours.orElseThrow()) : ofReferral(ours);
    }

    // ---- a record that belongs to no referral yet

    private Optional<SyncOutcome> fromRecord(RecordRef ref) {
        Optional<MappingDocument> mapped = rooms.mappings.find(work.connection, ref.kind());
        if (mapped.isEmpty()) {
            return work.nothing("The connection no longer keeps " + ref.kind() + " records.");
        }
        MappingDocument document = mapped.orElseThrow();
        Optional<RemoteRecord> read = work.reads.findRecord(attempt.call(), Shapes.of(document), ref.id());
        if (read.isEmpty()) {
            return work.nothing("The record " + ref + " is deleted or hidden from us.");
        }
        RemoteRecord record = read.orElseThrow();
        work.recordWas(document, record);
        Optional<ReferralId> claimed = claimed(document, record);
        if (claimed.isPresent()) {
            return claims(document, record, claimed.orElseThrow());
        }
        Optional<SyncLink> lead = newRecord.findLead(document, record);
        if (lead.isPresent()) {
            // somebody made it of a lead of ours: the link moves to it
            successor = Switch.of(document, record).isOn() ? record.ref() : null;
            work.about(lead.orElseThrow().referral(), lead.orElseThrow().engagement());
            return Optional.empty();
        }
        if (!Switch.of(document, record).isOn()) {
            return Work.done("skipped", () -> work.noteSeen(record));
        }
        return newReferral.create(document, record);
    }

    /** The referral whose id the record carries. */
    private static Optional<ReferralId> claimed(MappingDocument document, RemoteRecord record) {
        JsonValue key = record.values().getOrDefault(document.referralKey(), JsonValue.NULL);
        if (Merge.isEmpty(key)) {
            return Optional.empty();
        }
        return Optional.of(ReferralId.parse(
                        key instanceof JsonString text ? text.getString().strip() : "")
                .orElseThrow(() -> new AttemptEndedException(new SyncOutcome.NotThisOne("The Referral Identifier of "
                        + record.ref() + " is not the id of a referral. Clear it, or enter the right one."))));
    }

    /** The record says which referral it belongs to: the next round looks at that one, which finds the record by its id. */
    private Optional<SyncOutcome> claims(MappingDocument document, RemoteRecord record, ReferralId referral) {
        Optional<SyncLink> other = rooms.links
                .findByReferral(work.connection, referral)
                .filter(found -> found.record() != null && !record.ref().equals(found.record()));
        if (other.isPresent()) {
            RecordRef holder = other.orElseThrow().findRecord().orElseThrow();
            if (record.ref().kind().equals(LEAD) && !holder.kind().equals(LEAD)) {
                // the lead that became the link's record keeps the id and drives nothing any more
                return Work.done("skipped", () -> work.noteSeen(record));
            }
            if (holder.kind().equals(LEAD) && document.record().equals(OPPORTUNITY)) {
                // the link moves to this record if its referral was accepted
                claimant = record.ref();
                successor = Switch.of(document, record).isOn() ? record.ref() : null;
                work.about(referral, other.orElseThrow().engagement());
                work.forgetReads();
                return Optional.empty();
            }
            return Optional.of(twoClaim(referral, holder, record.ref()));
        }
        if (Switch.of(document, record).isOff()) {
            return Work.done("skipped", () -> work.noteSeen(record));
        }
        work.about(referral, null);
        work.forgetReads();
        return Optional.empty();
    }

    private static SyncOutcome twoClaim(ReferralId referral, RecordRef holder, RecordRef other) {
        return new SyncOutcome.NotThisOne("Two records claim the referral " + referral + ": " + holder
                + ", which is linked with it, and " + other
                + ". Clear the Referral Identifier of the one that does not belong.");
    }

    /** The end of an attempt for a record that claims the referral of a lead: nothing moved the link, so both claim it. */
    private SyncOutcome claimed(SyncOutcome ended, RecordRef other) {
        Optional<SyncLink> link = rooms.links
                .findByReferral(work.connection, work.referralId())
                .filter(found -> found.findRecord()
                        .filter(ref -> ref.kind().equals(LEAD))
                        .isPresent());
        Optional<MappingDocument> document = rooms.mappings.find(work.connection, other.kind());
        if (work.dry || link.isEmpty() || document.isEmpty() || !(ended instanceof SyncOutcome.Done done)) {
            return ended;
        }
        SyncLink found = link.orElseThrow();
        MappingDocument mapped = document.orElseThrow();
        Optional<RemoteRecord> record = work.reads.findRecord(attempt.call(), Shapes.of(mapped), other.id());
        // what we were making of the lead ourselves takes its place once nothing stops the link any more
        boolean claims = record.filter(
                        read -> !newRecord.isPlanned(rooms.plans.find(found.id()), mapped, work.referralId(), read))
                // where both are switched off nobody is told anything
                .filter(read -> found.state() != LinkState.PAUSED
                        || !Switch.of(mapped, read).isOff())
                .isPresent();
        if (!claims) {
            return ended;
        }
        attempt.store(done.store());
        // the one that does not belong is told
        work.recordWas(mapped, record.orElseThrow());
        return twoClaim(work.referralId(), found.findRecord().orElseThrow(), other);
    }

    // ---- a link with a record

    private Optional<SyncOutcome> ofLink(SyncLink link) {
        RecordRef ref = link.findRecord().orElseThrow();
        if (link.state() == LinkState.PAUSED && link.pausedBy() != PausedBy.SELLER) {
            return work.nothing("The link is " + link.state().word() + ".");
        }
        work.hold(ref);
        Optional<MappingDocument> mapped = rooms.mappings.find(work.connection, ref.kind());
        if (mapped.isEmpty()) {
            return work.skip(Optional.of(link), "The connection no longer keeps " + ref.kind() + " records.");
        }
        MappingDocument document = mapped.orElseThrow();
        Optional<RemoteRecord> fresh = work.takeFreshRecord(ref);
        boolean first = !looked;
        looked = true;
        if (fresh.isEmpty() && ((attempt.isFromRecord() && first) || link.state() == LinkState.PAUSED)) {
            // only the record is said to have news: whether it has shows without a call to Partner Center
            fresh = work.reads.findRecord(attempt.call(), Shapes.of(document), ref.id());
            fresh.ifPresent(read -> work.recordWas(document, read));
            boolean news = fresh.filter(read -> isNews(link, document, read)).isPresent();
            if (fresh.isPresent() && !news && !work.dry) {
                return Work.done("unchanged", () -> {});
            }
            if (fresh.isEmpty()) {
                return gone(link);
            }
            if (link.state() == LinkState.PAUSED) {
                if (!Switch.of(document, fresh.orElseThrow()).isOff()) {
                    return switchedOn(link);
                }
                if (!document.record().equals(LEAD)) {
                    return work.nothing("Sync with Partner Center is switched off on the record.");
                }
            }
        }
        Optional<RemoteRecord> record = fresh;
        SideReads.Both<Optional<RemoteRecord>, Optional<RemoteRecord>> both = record.isPresent()
                ? new SideReads.Both<>(readReferral(), record)
                : rooms.reads.both(
                        this::readReferral, () -> work.reads.findRecord(attempt.call(), Shapes.of(document), ref.id()));
        both.second().ifPresent(read -> work.recordWas(document, read));
        if (both.first().isEmpty()) {
            return work.leave(link, LinkState.REFERRAL_UNREACHABLE, UNREACHABLE);
        }
        Referral referral = referral(both.first().orElseThrow());
        Optional<SyncOutcome> refused = refuse(referral, Optional.of(link));
        if (refused.isPresent()) {
            return refused;
        }
        if (both.second().isEmpty()) {
            return gone(link);
        }
        return linked(link, document, referral, both.second().orElseThrow());
    }

    private static final String UNREACHABLE =
            "Partner Center does not show the referral. That is not a deletion: roles or location may hide it.";

    private Optional<SyncOutcome> gone(SyncLink link) {
        return work.leave(
                link,
                LinkState.RECORD_GONE,
                "The record " + link.record()
                        + " is deleted or hidden from us. It is not created again unless a person asks for it.");
    }

    /** Whether the record may be other than an attempt last saw it. */
    private boolean isNews(SyncLink link, MappingDocument document, RemoteRecord record) {
        return !rooms.seen.isSeen(work.connection, record.ref(), record.version())
                || rooms.plans.find(link.id()).isPresent()
                || (link.state() != LinkState.ACTIVE && link.state() != LinkState.ENDED)
                || link.previous() != null
                || !GOOD.contains(String.valueOf(link.lastOutcome()))
                || newReferral.isUnfinished(record.ref())
                || (link.state() == LinkState.ACTIVE
                        && Switch.of(document, record).isOff());
    }

    private Optional<SyncOutcome> linked(
            SyncLink link, MappingDocument document, Referral referral, RemoteRecord record) {
        Optional<ReferralId> carried = claimed(document, record).filter(id -> !id.equals(link.referral()));
        if (carried.isPresent()) {
            return work.leave(
                    link,
                    LinkState.DISPUTED,
                    "The record " + record.ref() + " carries the Referral Identifier " + carried.orElseThrow()
                            + " but is linked with referral " + link.referral()
                            + ". Correct the identifier; nothing is written until then.");
        }
        Switch sync = Switch.of(document, record);
        // a record that is just being adopted has no baseline yet and is switched on with its first delta
        if (sync.isOff() && link.previous() == null && (link.state() == LinkState.PAUSED || wasOn(link, document))) {
            return document.record().equals(LEAD) && !referral.isLead()
                    ? goesOnWithSuccessor(link, document, referral, record)
                    : switchedOff(link, referral);
        }
        Optional<RecordRef> previous = link.findPrevious();
        if (previous.isPresent() && work.isWriting()) {
            return formerRecord.close(link, previous.orElseThrow(), referral);
        }
        // before the link may move on from the record by which the question to Microsoft is kept
        if (work.isWriting() && newReferral.isUnfinished(record.ref())) {
            return newReferral.goOn(document, referral, record, true);
        }
        if (document.record().equals(LEAD) && !referral.isLead()) {
            Optional<MappingDocument> opportunity = rooms.mappings.find(work.connection, OPPORTUNITY);
            if (opportunity.isPresent()) {
                bothSides.tellUnfinished(link, document, referral, record);
                return newRecord.findOrCreate(Optional.of(link), opportunity.orElseThrow(), referral);
            }
        }
        return bothSides.update(link, document, referral, record);
    }

    /** The link leaves a lead that is switched off if the record that was made of it is there; none is made for it any more. */
    private Optional<SyncOutcome> goesOnWithSuccessor(
            SyncLink link, MappingDocument document, Referral referral, RemoteRecord record) {
        Optional<MappingDocument> opportunity = rooms.mappings.find(work.connection, OPPORTUNITY);
        Optional<RemoteRecord> found = opportunity.flatMap(mapped -> newRecord.findSuccessor(link, mapped, referral));
        if (found.isEmpty()) {
            return switchedOff(link, referral);
        }
        if (work.isWriting() && newReferral.isUnfinished(record.ref())) {
            return newReferral.goOn(document, referral, record, false);
        }
        bothSides.tellUnfinished(link, document, referral, record);
        if (work.isWriting() && link.state() == LinkState.PAUSED) {
            attempt.store(() ->
                    resume(link, "The lead is switched off, but the record that was made of it takes its place."));
        }
        SyncLink now = rooms.links.find(link.id()).orElseThrow();
        if (work.isWriting() && now.state() == LinkState.PAUSED) {
            // an operator stopped it meanwhile
            return work.nothing("The link is paused.");
        }
        return newRecord.goOnWith(Optional.of(now), opportunity.orElseThrow(), referral, found.orElseThrow());
    }

    /** Whether the two sides have agreed that the record is kept in step. */
    private boolean wasOn(SyncLink link, MappingDocument document) {
        Optional<String> field = document.fields().stream()
                .filter(mapping ->
                        mapping.crm().name().equals(document.section().sync()))
                .map(FieldMapping::name)
                .findFirst();
        return rooms.baselines
                .find(link.id())
                .filter(baseline -> field.map(baseline.fields()::containsKey).orElse(true))
                .isPresent();
    }

    /** Back on: both sides go on from what they last agreed on. */
    private Optional<SyncOutcome> switchedOn(SyncLink link) {
        String sentence = "Sync with Partner Center is switched on again.";
        if (!work.isWriting()) {
            return work.nothing(sentence);
        }
        attempt.store(() -> resume(link, sentence));
        return Optional.empty();
    }

    /** Ends the seller's pause. Joins a transaction. */
    private void resume(SyncLink link, String sentence) {
        if (rooms.links.resume(link.id(), PausedBy.SELLER)) {
            rooms.trail.append(work.stateChanged(link, LinkState.ACTIVE, sentence));
        }
    }

    private Optional<SyncOutcome> switchedOff(SyncLink link, Referral referral) {
        String sentence = "Sync with Partner Center is switched off on the record: neither side is written until it is"
                + " switched on again.";
        if (work.dry) {
            return work.nothing(sentence);
        }
        return Work.done("skipped", () -> {
            if (rooms.links.pause(link.id(), PausedBy.SELLER, sentence)) {
                rooms.trail.append(work.stateChanged(link, LinkState.PAUSED, sentence));
            }
            if (successor != null && referral.isLead()) {
                work.remarkSkip("The record " + successor + " waits: it was made of the lead " + link.record()
                        + ", which is switched off, and the referral is not accepted yet.");
            }
            work.findRecordRead().ifPresent(work::noteSeen);
        });
    }

    // ---- a referral without a record

    private Optional<SyncOutcome> ofReferral(Optional<SyncLink> reserved) {
        Optional<RemoteRecord> read = readReferral();
        if (read.isEmpty()) {
            return work.skip(Optional.empty(), UNREACHABLE);
        }
        Referral referral = referral(read.orElseThrow());
        Optional<SyncOutcome> refused = refuse(referral, reserved);
        return refused.isPresent() ? refused : newRecord.unlinked(reserved, referral);
    }

    private Optional<RemoteRecord> readReferral() {
        Optional<RemoteRecord> fresh = work.takeFreshReferral();
        return fresh.isPresent()
                ? fresh
                : rooms.partnerCenter.findRecord(
                        attempt.call(),
                        RecordShape.referral(),
                        work.referralId().value());
    }

    /** The referral with what is known of Microsoft's in the same engagement: whom help was asked of does not show on ours. */
    private Referral referral(RemoteRecord read) {
        Referral own = Work.parse(read);
        RemoteRecord completed = own.findEngagementId()
                .flatMap(id -> rooms.microsoft.find(id.value()))
                .map(theirs -> theirs.complete(read))
                .orElse(read);
        work.referralWas(completed);
        Referral referral = Work.parse(completed);
        work.about(
                referral.id(),
                referral.findEngagementId().map(EngagementId::value).orElse(null));
        return referral;
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
        if (!rooms.mappings.condition(work.connection).matches(referral.document())) {
            return work.skip(link, "It does not meet the condition cosell.crm." + work.connection + ".when.");
        }
        return Optional.empty();
    }

    private Optional<OrganizationId> ourOrganization(OrganizationId seen) {
        Optional<OrganizationId> known = rooms.settings.findOrganizationId().or(rooms.organizations::find);
        if (known.isPresent() || seen.isMicrosoft() || work.dry) {
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
                rooms.trail.append(work.entry(AuditKind.ORGANIZATION_PINNED)
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
        List<ReferralId> own = work.dry ? List.of() : ownInEngagement(referral, ours);
        String sentence = "It belongs to the organisation " + organization + ", not to ours."
                + (own.isEmpty()
                        ? ""
                        : " Our referral of the same engagement is looked at: "
                                + own.stream().map(ReferralId::value).collect(Collectors.joining(", ")) + ".");
        if (work.dry) {
            return work.nothing(sentence);
        }
        return Work.done("skipped", () -> {
            if (organization.isMicrosoft()) {
                rooms.microsoft.save(MicrosoftReferral.of(referral));
            }
            own.forEach(id -> rooms.wants()
                    .want(new Want(
                            SyncSubject.of(work.connection, id),
                            attempt.call().priority(),
                            "related",
                            attempt.call().correlationId(),
                            attempt.deliveryId())));
            work.remarkSkip(sentence);
        });
    }

    private List<ReferralId> ownInEngagement(Referral referral, Optional<OrganizationId> ours) {
        Optional<EngagementId> shared = referral.findEngagementId();
        if (shared.isEmpty()) {
            return List.of();
        }
        Optional<SyncLink> linked = ours.flatMap(own -> rooms.links.findByEngagement(
                work.connection, shared.orElseThrow().value(), own.value()));
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
                .map(Work::parse)
                .filter(other -> other.organizationId()
                        .filter(organization -> !organization.isMicrosoft())
                        .filter(organization -> ours.map(own -> own.value().equalsIgnoreCase(organization.value()))
                                .orElse(true))
                        .isPresent())
                .map(Referral::id)
                .filter(id -> !id.equals(referral.id()))
                .toList();
    }
}
