package org.cosellbridge.sync;

import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import jakarta.persistence.PersistenceException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.cosellbridge.audit.AuditEntry;
import org.cosellbridge.audit.AuditKind;
import org.cosellbridge.audit.FieldChange;
import org.cosellbridge.connector.PartnerCenter;
import org.cosellbridge.connector.RecordRef;
import org.cosellbridge.connector.RecordShape;
import org.cosellbridge.connector.RejectedException;
import org.cosellbridge.connector.RemoteRecord;
import org.cosellbridge.connector.SetupException;
import org.cosellbridge.mapping.CrmTable;
import org.cosellbridge.mapping.CrmType;
import org.cosellbridge.mapping.FieldMapping;
import org.cosellbridge.mapping.MappingDocument;
import org.cosellbridge.mapping.Occasion;
import org.cosellbridge.referral.Direction;
import org.cosellbridge.referral.OrganizationId;
import org.cosellbridge.referral.Referral;
import org.cosellbridge.referral.ReferralId;

/** Finds the record that belongs to a referral, links it, or creates it. */
final class NewRecord {
    private final Work work;
    private final Synchronization rooms;
    private final Attempt attempt;
    private final Notes notes;
    private final NewReferralSteps newReferral;
    private final BothSides bothSides;

    NewRecord(Work work, Notes notes, NewReferralSteps newReferral, BothSides bothSides) {
        this.work = work;
        this.rooms = work.rooms;
        this.attempt = work.attempt;
        this.notes = notes;
        this.newReferral = newReferral;
        this.bothSides = bothSides;
    }

    /** Finds the record that belongs to the referral, or creates it. {@code reserved}: the link that waits for its record. */
    Optional<SyncOutcome> unlinked(Optional<SyncLink> reserved, Referral referral) {
        String kind = referral.isLead() ? Run.LEAD : Run.OPPORTUNITY;
        Optional<MappingDocument> document = rooms.mappings.find(work.connection, kind);
        if (document.isEmpty()) {
            return work.skip(Optional.empty(), "The connection keeps no " + kind + " records.");
        }
        Optional<SyncOutcome> taken = refuseTaken(referral);
        if (taken.isPresent()) {
            return taken;
        }
        // an accepted lead that we do not know may have been kept as a lead before our database was lost
        Optional<MappingDocument> lead = rooms.mappings.find(work.connection, Run.LEAD);
        if (kind.equals(Run.OPPORTUNITY) && referral.kind().isLead() && reserved.isEmpty() && lead.isPresent()) {
            MappingDocument before = lead.orElseThrow();
            Optional<RemoteRecord> found = work.reads.findByReferralKey(
                    attempt.call(), Shapes.of(before), referral.id().value());
            if (found.isPresent() && work.isWriting()) {
                return adopt(Optional.empty(), before, referral, found.orElseThrow());
            }
        }
        Optional<Mapped> other = reserved.flatMap(link -> findUnfinished(link, referral, kind));
        if (other.isPresent()) {
            // it was a lead when its record was made: that one is linked, and moves in the next round
            Mapped made = other.orElseThrow();
            return goOnWith(reserved, made.document(), referral, made.record());
        }
        return findOrCreate(reserved, document.orElseThrow(), referral);
    }

    /** The record of another kind that an attempt before has made without storing so, or that a person made in its place. */
    private Optional<Mapped> findUnfinished(SyncLink link, Referral referral, String kind) {
        Optional<Plan> plan = rooms.plans
                .find(link.id())
                .filter(found -> found.kind() == Plan.Kind.CREATE
                        && !found.target().kind().equals(kind));
        return work.isWriting()
                ? plan.flatMap(found -> rooms.mappings
                        .find(work.connection, found.target().kind())
                        .flatMap(document -> findIntended(found, Shapes.of(document))
                                .or(() -> work.reads.findByReferralKey(
                                        attempt.call(),
                                        Shapes.of(document),
                                        referral.id().value()))
                                .map(record -> new Mapped(document, record))))
                : Optional.empty();
    }

    /** The record that has the id which a plan chose for it; where the CRM chooses the ids none has. */
    private Optional<RemoteRecord> findIntended(Plan plan, RecordShape shape) {
        return work.writes.takesIds()
                ? work.reads.findRecord(attempt.call(), shape, plan.target().id())
                : Optional.empty();
    }

    /** One engagement of ours has one record on a connection. */
    private Optional<SyncOutcome> refuseTaken(Referral referral) {
        Optional<String> organization = referral.organizationId().map(OrganizationId::value);
        if (referral.findEngagementId().isEmpty() || organization.isEmpty()) {
            return Optional.empty();
        }
        return rooms.links
                .findByEngagement(
                        work.connection,
                        referral.findEngagementId().orElseThrow().value(),
                        organization.orElseThrow())
                .filter(other -> !other.referral().equals(referral.id()))
                .map(other -> new SyncOutcome.NotThisOne("Two referrals of ours share one engagement: "
                        + other.referral() + ", which is linked, and " + referral.id()
                        + ". Close one of them at Partner Center."));
    }

    /** A record and the mapping document of its kind. */
    private record Mapped(MappingDocument document, RemoteRecord record) {}

    /** The record whose id the referral names as its external reference. */
    private Optional<Mapped> findNamed(Referral referral) {
        Optional<String> reference = referral.externalReferenceId();
        return reference.isEmpty()
                ? Optional.empty()
                : rooms.mappings.list(work.connection).stream()
                        .flatMap(document -> work
                                .reads
                                .findRecord(attempt.call(), Shapes.of(document), reference.orElseThrow())
                                .map(record -> new Mapped(document, record))
                                .stream())
                        .findFirst();
    }

    /** What we posted for a record that is no longer there. */
    private Optional<Intent> findLost(Referral referral) {
        return referral.externalReferenceId().stream()
                .flatMap(id -> rooms.mappings.list(work.connection).stream()
                        .flatMap(document ->
                                rooms.intents.find(work.connection, new RecordRef(document.record(), id)).stream()))
                .filter(intent -> intent.step() == Intent.Step.OWN
                        && intent.findPostedAt().isPresent())
                .findFirst();
    }

    /**
     * The referral names a record of ours: a person linked it there, or we created the referral and its event came before our answer.
     * That record is linked, never a second one made.
     */
    private Optional<SyncOutcome> linkNamed(Optional<SyncLink> link, Mapped named, Referral referral) {
        RemoteRecord record = named.record();
        work.hold(record.ref());
        refuseOthers(named.document(), record, referral);
        work.recordWas(named.document(), record);
        Optional<Intent> intent = rooms.intents.find(work.connection, record.ref());
        return intent.flatMap(Intent::findPostedAt).isPresent() && work.isWriting()
                ? newReferral.found(named.document(), referral, record, intent.orElseThrow())
                : adopt(link, named.document(), referral, record);
    }

    /** A record that belongs to another referral is nobody else's. */
    private void refuseOthers(MappingDocument document, RemoteRecord record, Referral referral) {
        refuseLinked(record.ref(), referral);
        JsonValue key = record.values().getOrDefault(document.referralKey(), JsonValue.NULL);
        if (!Merge.isEmpty(key) && !isKeyOf(key, referral.id())) {
            throw new AttemptEndedException(new SyncOutcome.NotThisOne("The referral " + referral.id()
                    + " names the record " + record.ref() + ", but that one carries the Referral Identifier of another"
                    + " referral. Correct one of the two."));
        }
    }

    private static boolean isKeyOf(JsonValue key, ReferralId referral) {
        return key instanceof JsonString text && text.getString().strip().equalsIgnoreCase(referral.value());
    }

    /** The link of the lead that this record was made of. */
    Optional<SyncLink> findLead(MappingDocument document, RemoteRecord record) {
        Optional<MappingDocument> lead = rooms.mappings.find(work.connection, Run.LEAD);
        if (lead.isEmpty() || document.record().equals(Run.LEAD)) {
            return Optional.empty();
        }
        return origin(document, new RecordRef(Run.LEAD, ""))
                .map(mapping -> mapping.fromRecord(record.values()))
                .filter(JsonString.class::isInstance)
                .map(id -> new RecordRef(Run.LEAD, ((JsonString) id).getString()))
                .filter(ref -> !ref.id().isBlank())
                .flatMap(ref -> rooms.links.findByRecord(work.connection, ref));
    }

    /** The record of this kind with which the link of a switched-off lead may go on: one that we made, or one that is switched on. */
    Optional<RemoteRecord> findSuccessor(SyncLink link, MappingDocument document, Referral referral) {
        Optional<Plan> plan = rooms.plans.find(link.id());
        return find(
                document,
                referral,
                link.findRecord(),
                record -> isPlanned(plan, document, referral.id(), record)
                        || Switch.of(document, record).isOn());
    }

    /**
     * Whether the record is what an unfinished plan was to create. Where the CRM chose its id, it carries the referral's id, and its
     * Audit field, if the mapping has one, still tells that we created it: a person may have typed the referral's id elsewhere.
     */
    boolean isPlanned(Optional<Plan> plan, MappingDocument document, ReferralId referral, RemoteRecord record) {
        Optional<Plan> create = plan.filter(unfinished -> unfinished.kind() == Plan.Kind.CREATE
                && unfinished.target().kind().equals(document.record()));
        if (create.isEmpty() || work.writes.takesIds()) {
            return create.filter(unfinished -> unfinished
                            .target()
                            .id()
                            .equalsIgnoreCase(record.ref().id()))
                    .isPresent();
        }
        String audit = document.section().audit();
        return isKeyOf(record.values().getOrDefault(document.referralKey(), JsonValue.NULL), referral)
                && (audit == null
                        || (record.values().get(audit) instanceof JsonString told
                                && told.getString().contains(createdFrom(referral))));
    }

    /** What a record that we create tells its seller. */
    private static String createdFrom(ReferralId referral) {
        return "Created from Partner Center referral " + referral + ".";
    }

    /** Finds the record of this kind that belongs to the referral, or creates it. */
    Optional<SyncOutcome> findOrCreate(Optional<SyncLink> link, MappingDocument document, Referral referral) {
        Optional<RecordRef> lead = link.flatMap(SyncLink::findRecord);
        Optional<RemoteRecord> found = find(document, referral, lead, record -> true);
        if (found.isEmpty()) {
            Optional<Mapped> named = lead.isEmpty() ? findNamed(referral) : Optional.empty();
            if (named.isPresent()) {
                return linkNamed(link, named.orElseThrow(), referral);
            }
            Optional<Intent> lost = lead.isEmpty() && work.isWriting() ? findLost(referral) : Optional.empty();
            return lost.isPresent()
                    ? newReferral.foundWithoutRecord(link, document, referral, lost.orElseThrow())
                    : create(link, document, referral, lead);
        }
        return goOnWith(link, document, referral, found.orElseThrow());
    }

    /** The record that was found belongs to the referral: it is linked. */
    Optional<SyncOutcome> goOnWith(
            Optional<SyncLink> link, MappingDocument document, Referral referral, RemoteRecord record) {
        work.hold(record.ref());
        refuseLinked(record.ref(), referral);
        Optional<Plan> plan = link.flatMap(known -> rooms.plans.find(known.id()));
        // what is not as we planned to create it somebody else made
        boolean ours = isPlanned(plan, document, referral.id(), record);
        if (ours && link.isPresent() && !work.dry) {
            return created(link.orElseThrow(), document, referral, record, plan.orElseThrow(), Merge.CONFIRMED);
        }
        return adopt(link, document, referral, record);
    }

    /** The record that carries the referral's id, or the one that somebody made of the lead; only one that is wanted. */
    private Optional<RemoteRecord> find(
            MappingDocument document, Referral referral, Optional<RecordRef> lead, Predicate<RemoteRecord> wanted) {
        RecordShape shape = Shapes.of(document);
        Optional<RemoteRecord> byKey = work.reads.findByReferralKey(
                attempt.call(), shape, referral.id().value());
        Optional<FieldMapping> origin = lead.flatMap(ref -> origin(document, ref));
        if (byKey.isPresent() || origin.isEmpty()) {
            return byKey.filter(wanted);
        }
        List<RemoteRecord> made = work.reads.listMatching(
                attempt.call(),
                shape,
                Map.of(
                        origin.orElseThrow().crm().name(),
                        StoredJson.JSON.createValue(lead.orElseThrow().id())),
                2);
        if (made.stream().noneMatch(wanted)) {
            return Optional.empty();
        }
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
                .find(work.connection, lead.kind())
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
                .findByRecord(work.connection, record)
                .filter(other -> !other.referral().equals(referral.id()))
                .ifPresent(other -> {
                    throw new AttemptEndedException(new SyncOutcome.NotThisOne("The record " + record
                            + " carries the id of referral " + referral.id() + " but is linked with referral "
                            + other.referral() + ". Correct its Referral Identifier."));
                });
    }

    SyncLink reserve(Optional<SyncLink> link, Referral referral) {
        return link.orElseGet(() -> work.newLink(referral));
    }

    /** The record exists: link it and merge in the next round. There is no baseline, so empties are filled and differences told. */
    private Optional<SyncOutcome> adopt(
            Optional<SyncLink> link, MappingDocument document, Referral referral, RemoteRecord record) {
        if (!work.isWriting()) {
            return bothSides.update(reserve(link, referral), document, referral, record);
        }
        work.hold(record.ref());
        refuseLinked(record.ref(), referral);
        SyncLink before = reserve(link, referral);
        // one that carries our referral's id was switched on by us: its seller has switched it off since
        boolean off = isKeyOf(record.values().getOrDefault(document.referralKey(), JsonValue.NULL), referral.id())
                && Switch.of(document, record).isOff();
        storeLink(referral, () -> {
            rooms.links.save(before.withPrevious(before.record()).withRecord(record.ref()));
            switchedOn(document, referral, record)
                    .ifPresentOrElse(
                            baseline -> rooms.baselines.save(
                                    before.id(), baseline, Comparison.subjects(document, referral)),
                            () -> rooms.baselines.remove(before.id()));
            rooms.plans.remove(before.id());
            rooms.remarks.forget(work.connection, referral.id());
            rooms.trail.append(linkEntry(before, record.ref(), document)
                    .reason("A record that exists is adopted.")
                    .build());
            if (off) {
                String sentence = "Sync with Partner Center is switched off on the record.";
                if (rooms.links.pause(before.id(), PausedBy.SELLER, sentence)) {
                    rooms.trail.append(work.stateChanged(before.withRecord(record.ref()), LinkState.PAUSED, sentence));
                }
            }
        });
        return Optional.empty();
    }

    /** What tells later that the record was switched on when it was adopted: a switch that is off then is its seller's doing. */
    private Optional<Baseline> switchedOn(MappingDocument document, Referral referral, RemoteRecord record) {
        return Switch.of(document, record).isOn()
                ? document.fields().stream()
                        .filter(mapping ->
                                mapping.crm().name().equals(document.section().sync()))
                        .findFirst()
                        .map(mapping -> Baseline.ofAdoption(
                                referral.eTag(),
                                record.version(),
                                work.now(),
                                Map.of(
                                        mapping.name(),
                                        new Baseline.FieldBaseline(
                                                mapping.fromReferral(referral.view()),
                                                mapping.fromRecord(record.values()),
                                                null,
                                                null))))
                : Optional.empty();
    }

    AuditEntry.Builder linkEntry(SyncLink before, RecordRef record, MappingDocument document) {
        return work.entry(before.record() == null ? AuditKind.LINK_CREATED : AuditKind.LINK_MOVED)
                .record(record.toString())
                .outcome(before.record() == null ? "created" : "moved")
                .mapping(document.label());
    }

    /** Stores a link; a unique key that somebody else took meanwhile is told like one that was taken before. */
    void storeLink(Referral referral, Runnable work) {
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
                boolean withheld = work.isWriting() && isStepOfItsOwn(mapping, value);
                planned.put(
                        mapping.name(),
                        new Plan.PlannedField(
                                null,
                                mapping.fromReferral(referral.view()),
                                JsonValue.NULL,
                                withheld ? JsonValue.NULL : value,
                                withheld ? BothSides.WITHHELD : "created"));
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
        if (!work.isWriting()) {
            List<FieldChange> changes = createChanges(document, referral, planned, "created");
            if (work.dry) {
                return work.previewed(Preview.created(changes), "created");
            }
            return work.shadowed(known, referral.id().value(), document, changes, "a new record would have got this.");
        }
        RecordRef intended = intended(document, referral);
        SyncLink link = reserve(known, referral);
        if (known.isEmpty()) {
            storeLink(referral, () -> rooms.links.save(link));
        }
        Map<String, JsonValue> references = rooms.related.references(
                document,
                new RelatedRecords.Search(
                        work.connection, attempt, referral, work.reads, work.writes, work::entry, document.label()));
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
        Plan plan = new Plan(
                attempt.requestId(), Plan.Kind.CREATE, document.label(), intended, "", work.now(), false, planned);
        attempt.store(() -> rooms.plans.save(link.id(), plan, Comparison.subjects(document, referral)));
        values.putAll(notes.ofNew(document, createdFrom(referral.id())));
        Optional<RemoteRecord> made;
        try {
            made = work.writes.createRecord(
                    attempt.call(), Shapes.of(document), referral.id().value(), intended.id(), values);
        } catch (RejectedException | SetupException refused) {
            attempt.store(() -> rooms.plans.remove(link.id()));
            throw refused;
        }
        if (made.isEmpty()) {
            return exists(link, document, referral, plan);
        }
        RemoteRecord record = made.orElseThrow();
        work.hold(record.ref());
        Plan written = plan.writtenWith(BothSides.answered(plan, document, record));
        attempt.store(() -> rooms.plans.save(link.id(), written, Comparison.subjects(document, referral)));
        return created(link, document, referral, record, plan, "created");
    }

    /** The id the new record shall get. One that a record has had before is not used again: that record may be restored. */
    private RecordRef intended(MappingDocument document, Referral referral) {
        String name = work.connection + "/" + document.record() + "/" + referral.id();
        for (int copy = 1; ; copy++) {
            String source = copy == 1 ? name : name + "/" + copy;
            RecordRef ref = new RecordRef(
                    document.record(),
                    UUID.nameUUIDFromBytes(source.getBytes(StandardCharsets.UTF_8))
                            .toString());
            if (!rooms.seen.isKnown(work.connection, ref)) {
                return ref;
            }
        }
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
        RemoteRecord record = work.reads
                .findByReferralKey(attempt.call(), shape, referral.id().value())
                .or(() -> findIntended(plan, shape))
                .orElseThrow(() -> new AttemptEndedException(new SyncOutcome.NotNow(
                        work.connection.value(),
                        false,
                        null,
                        "The CRM says that a record for this referral exists but does not show it yet.")));
        work.hold(record.ref());
        refuseLinked(record.ref(), referral);
        if (isPlanned(Optional.of(plan), document, referral.id(), record)) {
            return created(link, document, referral, record, plan, Merge.CONFIRMED);
        }
        return adopt(Optional.of(link), document, referral, record);
    }

    private Optional<SyncOutcome> created(
            SyncLink link, MappingDocument document, Referral referral, RemoteRecord record, Plan plan, String rule) {
        boolean again = rule.equals(Merge.CONFIRMED)
                || document.fields().stream()
                        .filter(mapping -> isWithheld(plan, mapping))
                        .anyMatch(mapping -> !isAsWanted(mapping, referral, record))
                || !isAsPlanned(document, plan, record)
                || link.record() != null;
        work.say("created");
        Baseline baseline = baseline(document, referral, record, plan, rule);
        Runnable store = () -> {
            AuditEntry.Builder entry = work.entry(AuditKind.RECORD_CREATED)
                    .onBehalfOf(PartnerCenter.SYSTEM)
                    .record(record.ref().toString())
                    .outcome("created")
                    .mapping(document.label());
            if (rule.equals(Merge.CONFIRMED)) {
                entry.reason("It was created before a restart or a lost answer and is confirmed now.");
            }
            createChanges(document, referral, plan.fields(), rule).forEach(entry::change);
            rooms.trail.append(entry.build());
            rooms.trail.append(linkEntry(link, record.ref(), document).build());
            rooms.links.save(link.withPrevious(link.record())
                    .withRecord(record.ref())
                    .withState(LinkState.ACTIVE, null)
                    .withOutcome("created", null, work.now()));
            rooms.baselines.save(link.id(), baseline, Comparison.subjects(document, referral));
            rooms.plans.remove(link.id());
            rooms.remarks.forget(work.connection, referral.id());
            if (!again) {
                work.noteSeen(record);
            }
        };
        work.recordWas(document, record);
        if (!again) {
            return Optional.of(
                    new SyncOutcome.Done("created", store, bothSides.findWriteBack(referral, record, document)));
        }
        attempt.store(store);
        // what was just created need not be read again, unless another record is to be closed first
        return rule.equals(Merge.CONFIRMED) || link.record() != null
                ? Optional.empty()
                : bothSides.update(rooms.links.find(link.id()).orElseThrow(), document, referral, record);
    }

    private static boolean isWithheld(Plan plan, FieldMapping mapping) {
        Plan.PlannedField planned = plan.fields().get(mapping.name());
        return planned != null && planned.rule().equals(BothSides.WITHHELD);
    }

    /** Whether the CRM took every value as it was given. */
    private static boolean isAsPlanned(MappingDocument document, Plan plan, RemoteRecord record) {
        return document.fields().stream()
                .filter(mapping -> mapping.related().isEmpty() && !isWithheld(plan, mapping))
                .allMatch(mapping -> {
                    Plan.PlannedField planned = plan.fields().get(mapping.name());
                    return planned == null || mapping.sameInCrm(planned.value(), mapping.fromRecord(record.values()));
                });
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
                if (!rule.equals(Merge.CONFIRMED)) {
                    fields.put(
                            mapping.name(),
                            new Baseline.FieldBaseline(mapping.fromReferral(referral.view()), held, null, null));
                }
            } else if (planned.rule().equals(BothSides.WITHHELD)) {
                // a state is a step of its own: the referral counts as moved until it is made
                JsonValue agreed =
                        isAsWanted(mapping, referral, record) ? mapping.fromReferral(referral.view()) : JsonValue.NULL;
                fields.put(mapping.name(), new Baseline.FieldBaseline(agreed, held, null, null));
            } else {
                // what the CRM or a person made of our value is a move of the CRM
                boolean ours = mapping.sameInCrm(held, planned.value());
                fields.put(
                        mapping.name(),
                        new Baseline.FieldBaseline(planned.partnerCenter(), ours ? held : planned.value(), null, null));
            }
        }
        return new Baseline(document.label(), referral.eTag(), record.version(), work.now(), fields);
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
}
