package org.cosellbridge.sync;

import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.cosellbridge.audit.AuditEntry;
import org.cosellbridge.audit.AuditKind;
import org.cosellbridge.audit.FieldChange;
import org.cosellbridge.connector.PartnerCenter;
import org.cosellbridge.connector.Priority;
import org.cosellbridge.connector.RecordGoneException;
import org.cosellbridge.connector.RecordRef;
import org.cosellbridge.connector.RecordShape;
import org.cosellbridge.connector.RejectedException;
import org.cosellbridge.connector.RemoteRecord;
import org.cosellbridge.connector.SetupException;
import org.cosellbridge.connector.StalePreconditionException;
import org.cosellbridge.mapping.CrmType;
import org.cosellbridge.mapping.MappingDocument;
import org.cosellbridge.referral.Direction;
import org.cosellbridge.referral.Referral;
import org.cosellbridge.referral.ReferralId;
import org.cosellbridge.referral.ReferralPatch;
import org.cosellbridge.referral.Substatus;
import org.jspecify.annotations.Nullable;

/** Brings a linked referral and its record together: compares them, writes one side's delta in a round, and tells what it did. */
final class BothSides {
    static final String WITHHELD = "withheld";
    private static final Logger LOG = Logger.getLogger(BothSides.class.getName());
    private static final String REFERENCE = "externalReferenceId";
    /** Before that a won deal cannot be registered; partner-center.md 2.2. */
    private static final Duration EARLIEST_WIN = Duration.ofDays(3);
    /** The rules by which a side's own move travels: only such writes can be part of an endless exchange. */
    private static final Set<String> MOVES = Set.of("only-moved", "newest", "crm", "partner-center");

    private final Work work;
    private final Synchronization rooms;
    private final Attempt attempt;
    private final Notes notes;
    private final NewReferralSteps newReferral;
    private boolean referenceWritten;
    private boolean toldToRecord;

    BothSides(Work work, Notes notes, NewReferralSteps newReferral) {
        this.work = work;
        this.rooms = work.rooms;
        this.attempt = work.attempt;
        this.notes = notes;
        this.newReferral = newReferral;
    }

    /** The link moves on and its plan goes: what an unfinished one has written to the record before is told first. */
    void tellUnfinished(SyncLink link, MappingDocument document, Referral referral, RemoteRecord record) {
        Optional<Plan> plan = rooms.plans
                .find(link.id())
                .filter(found -> found.kind() == Plan.Kind.UPDATE || found.kind() == Plan.Kind.UPDATE_REFERRAL);
        if (plan.isEmpty() || !work.isWriting()) {
            return;
        }
        tellBefore(
                link,
                Comparison.of(
                        document,
                        referral,
                        record,
                        rooms.baselines.find(link.id()),
                        plan,
                        rooms.settings.adoption(),
                        Map.of()),
                plan);
    }

    /** Compares both sides and writes the next delta, one side in a round; ends the attempt when nothing is left to write. */
    Optional<SyncOutcome> update(SyncLink link, MappingDocument document, Referral referral, RemoteRecord record) {
        Optional<Baseline> baseline = rooms.baselines.find(link.id());
        Optional<Plan> plan = rooms.plans.find(link.id());
        Comparison whole = Comparison.of(
                document, referral, record, baseline, plan, rooms.settings.adoption(), rooms.decisions.find(link.id()));
        if (work.dry) {
            return work.previewed(Preview.of(whole), "unchanged");
        }
        boolean toPartnerCenter = !whole.with(Merge.Action.TO_PARTNER_CENTER).isEmpty();
        boolean asks = !whole.with(Merge.Action.ASK_MICROSOFT).isEmpty();
        if (rooms.settings.isShadow()) {
            return toPartnerCenter || asks || !whole.changes().isEmpty()
                    ? work.shadowed(
                            Optional.of(link), referral.id().value(), document, changes(whole), "this would have been.")
                    : finish(link, whole, Optional.empty());
        }
        // once it is closed, Microsoft can no longer be asked; a deal that is not complete does not wait for that
        boolean asksFirst = asks
                && whole.closesReferral()
                && newReferral.findIncomplete(document, referral).isEmpty();
        if (toPartnerCenter && !asksFirst) {
            return writeReferral(link, whole, baseline.filter(Baseline::isCompared), plan);
        }
        // closing is a remote call of its own: in one plan with other fields, nobody could tell after a cut between the
        // two calls whether the record was closed and reopened, or never closed
        Comparison comparison = whole.changes().size() > 1 && whole.closes() ? whole.withoutClosing() : whole;
        if (!comparison.changes().isEmpty() && !asksFirst) {
            return writeRecord(
                    link,
                    comparison,
                    baseline.filter(Baseline::isCompared),
                    plan,
                    "Partner Center to CRM: " + labels(whole.with(Merge.Action.TO_CRM)) + ".");
        }
        if (asks && (asksFirst || !comparison.isClosingWithheld())) {
            Comparison.Field help = whole.with(Merge.Action.ASK_MICROSOFT).get(0);
            Optional<String> incomplete = newReferral.findIncomplete(document, referral);
            if (incomplete.isPresent()) {
                // the dead letter keeps nothing else from being noted
                return finish(link, whole, Optional.empty(), incomplete);
            }
            tellBefore(link, comparison, plan);
            return newReferral.askMicrosoft(document, referral, record, help);
        }
        return finish(link, comparison, Optional.empty());
    }

    /** What an unfinished plan turned out to have written is told before anything that may end the attempt in another way. */
    private void tellBefore(SyncLink link, Comparison comparison, Optional<Plan> plan) {
        if (plan.isEmpty()) {
            return;
        }
        attempt.store(() -> {
            if (!comparison.confirmed().isEmpty()) {
                rooms.trail.append(confirmed(comparison));
                rooms.baselines.save(
                        link.id(),
                        comparison.next(Optional.empty(), Optional.empty(), work.now()),
                        comparison.subjects());
            }
            tellWriteBack(comparison, plan);
            rooms.plans.remove(link.id());
        });
    }

    // ---- the delta of the record

    /** {@code line}: what the record's Audit field says of it. */
    private Optional<SyncOutcome> writeRecord(
            SyncLink link, Comparison comparison, Optional<Baseline> baseline, Optional<Plan> plan, String line) {
        MappingDocument document = comparison.document();
        RemoteRecord record = comparison.record();
        Plan next = new Plan(
                attempt.requestId(),
                Plan.Kind.UPDATE,
                document.label(),
                record.ref(),
                record.version(),
                work.now(),
                false,
                comparison.planned());
        if (!store(link, comparison, baseline, plan, next)) {
            return held(link, cause(document, baseline));
        }
        if (!toldToRecord) {
            work.lines.add(line);
        }
        Map<String, JsonValue> changes = new LinkedHashMap<>(comparison.changes());
        notes.due(document, record, status(comparison)).forEach(changes::putIfAbsent);
        // the closing that may follow is told with the fields before it: a closed record takes no line any more
        toldToRecord = true;
        RemoteRecord written;
        try {
            written = work.writes.updateRecord(attempt.call(), Shapes.of(document), record, changes);
        } catch (StalePreconditionException changed) {
            work.readAgain();
            // what was written to the referral before is still to be told
            work.lines.remove(line);
            toldToRecord = false;
            attempt.store(() -> rooms.plans.remove(link.id()));
            return Optional.empty();
        } catch (RecordGoneException gone) {
            attempt.store(() -> rooms.plans.remove(link.id()));
            return work.leave(link, LinkState.RECORD_GONE, String.valueOf(gone.getMessage()));
        } catch (RejectedException | SetupException refused) {
            work.lines.remove(line);
            attempt.store(() -> rooms.plans.remove(link.id()));
            throw refused;
        }
        notes.told();
        work.recordWas(document, written);
        attempt.store(() -> rooms.plans.save(
                link.id(), next.writtenWith(answered(next, document, written)), comparison.subjects()));
        return finish(link, comparison, Optional.of(written));
    }

    // ---- the delta of the referral

    private Optional<SyncOutcome> writeReferral(
            SyncLink link, Comparison comparison, Optional<Baseline> baseline, Optional<Plan> plan) {
        MappingDocument document = comparison.document();
        Referral referral = comparison.referral();
        Plan next = new Plan(
                attempt.requestId(),
                Plan.Kind.UPDATE_REFERRAL,
                document.label(),
                comparison.record().ref(),
                referral.eTag(),
                work.now(),
                false,
                comparison.plannedForPartnerCenter());
        if (!store(link, comparison, baseline, plan, next)) {
            return held(link, cause(document, baseline));
        }
        RemoteRecord written;
        try {
            written = rooms.partnerCenter.updateRecord(
                    attempt.call(),
                    RecordShape.referral(),
                    work.referralRead(),
                    ReferralPatch.of(referral.document(), comparison.changesForPartnerCenter()));
        } catch (StalePreconditionException changed) {
            work.readAgain();
            attempt.store(() -> rooms.plans.remove(link.id()));
            return Optional.empty();
        } catch (RecordGoneException gone) {
            return work.leave(link, LinkState.REFERRAL_UNREACHABLE, String.valueOf(gone.getMessage()));
        } catch (RejectedException | SetupException refused) {
            attempt.store(() -> rooms.plans.remove(link.id()));
            throw refused;
        }
        Referral after = Work.parse(written);
        Optional<String> warning = warning(comparison, after);
        attempt.store(() -> {
            rooms.trail.append(updatedReferral(comparison, after, warning));
            rooms.baselines.save(
                    link.id(),
                    comparison.next(Optional.empty(), Optional.of(after), work.now()),
                    comparison.subjects());
            rooms.plans.remove(link.id());
            countTurns(link, Direction.TO_PARTNER_CENTER, comparison.with(Merge.Action.TO_PARTNER_CENTER));
        });
        work.say("updated");
        work.lines.add("CRM to Partner Center: " + labels(comparison.with(Merge.Action.TO_PARTNER_CENTER)) + "."
                + warning.map(text -> " " + text).orElse(""));
        work.referralIs(written);
        work.recordIs(document, comparison.record());
        return Optional.empty();
    }

    /** A deal that is won too early cannot be registered for its incentives. */
    private static Optional<String> warning(Comparison comparison, Referral after) {
        boolean wonNow =
                after.substatus() == Substatus.WON && comparison.referral().substatus() != Substatus.WON;
        Optional<Instant> created = after.createdDateTime();
        Optional<Instant> closed = after.updatedDateTime();
        return wonNow
                        && created.isPresent()
                        && closed.isPresent()
                        && closed.orElseThrow().isBefore(created.orElseThrow().plus(EARLIEST_WIN))
                ? Optional.of("Won within 72 hours of its creation: Partner Center may refuse to register the deal.")
                : Optional.empty();
    }

    /** Counts how often the sides overwrite each other; a link that never comes to rest is stopped. Joins a transaction. */
    private void countTurns(SyncLink link, Direction direction, List<Comparison.Field> fields) {
        if (attempt.call().priority() == Priority.PERSON) {
            return;
        }
        List<String> moved = fields.stream()
                .filter(field -> MOVES.contains(field.decision().rule()))
                .map(Comparison.Field::name)
                .toList();
        rooms.turns.note(link.id(), direction, moved, work.now()).ifPresent(field -> {
            String sentence = "Both sides keep overwriting each other's " + field
                    + ": something there sets it after every write of ours. Find it, then resume the link.";
            if (rooms.links.pause(link.id(), PausedBy.BREAKER, sentence)) {
                rooms.trail.append(work.stateChanged(link, LinkState.PAUSED, sentence));
                LOG.warning(
                        () -> "Link " + link.id() + " of connection " + work.connection + " is stopped. " + sentence);
            }
        });
    }

    /** What the CRM answered to each planned field. */
    static Map<String, Plan.PlannedField> answered(Plan plan, MappingDocument document, RemoteRecord written) {
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
                rooms.holds.startOver(work.connection, cause(comparison.document(), baseline));
            }
            admitted[0] = !counts
                    || rooms.holds.admit(
                            work.connection, cause(comparison.document(), baseline), rooms.settings.blastLimit());
            if (admitted[0]) {
                if (!comparison.confirmed().isEmpty()) {
                    rooms.trail.append(confirmed(comparison));
                    rooms.baselines.save(
                            link.id(),
                            comparison.next(Optional.empty(), Optional.empty(), work.now()),
                            comparison.subjects());
                }
                tellWriteBack(comparison, before);
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
        return Work.done("held", () -> {
            if (!rooms.holds.lock(work.connection, cause)) {
                // a person let the rest go while this attempt was ending, and did not see it among those who wait
                rooms.wants()
                        .want(new Want(
                                SyncSubject.of(work.connection, link.referral()),
                                attempt.call().priority(),
                                "release",
                                attempt.call().correlationId(),
                                attempt.deliveryId()));
                return;
            }
            if (rooms.holds.hold(work.connection, cause, link.referral())) {
                rooms.trail.append(work.entry(AuditKind.WRITE_HELD)
                        .record(Work.text(link.record()))
                        .outcome("held")
                        .reason(sentence)
                        .build());
            }
            rooms.links.save(link.withOutcome("held", sentence, work.now()));
        });
    }

    private Optional<SyncOutcome> finish(SyncLink link, Comparison comparison, Optional<RemoteRecord> written) {
        return finish(link, comparison, written, Optional.empty());
    }

    /** {@code deadLetter}: why the attempt is one, although all it found is stored. */
    private Optional<SyncOutcome> finish(
            SyncLink link, Comparison comparison, Optional<RemoteRecord> written, Optional<String> deadLetter) {
        boolean closesNext = comparison.isClosingWithheld();
        Optional<RemoteRecord> noted = written;
        // a dead letter tells the record itself
        if (written.isEmpty() && !closesNext && work.isWriting() && deadLetter.isEmpty()) {
            noted = notes.write(comparison.document(), comparison.record(), status(comparison));
            if (noted.isEmpty()) {
                work.readAgain();
                return Optional.empty();
            }
        }
        Optional<Priority> again = Optional.empty();
        boolean goesOn = closesNext;
        if (!closesNext && work.isWriting()) {
            Optional<Priority> later = Optional.ofNullable(
                    findWriteBack(comparison.referral(), comparison.record(), comparison.document()));
            // a dead letter names no time for another look, so it does not leave this to one
            boolean writesBack = later.isPresent()
                    && (deadLetter.isPresent() || attempt.call().priority().compareTo(Priority.WRITE_BACK) >= 0);
            if (writesBack && written.isEmpty()) {
                writeBack(link, comparison, noted.orElse(comparison.record()));
                return Optional.empty();
            }
            again = later;
            // what was just written is stored and told before the next plan takes its plan's place
            goesOn = written.isPresent()
                    && (writesBack
                            || !comparison.with(Merge.Action.ASK_MICROSOFT).isEmpty());
        }
        List<Finding> open = rooms.findings.listOpen(link.id());
        boolean conflict = !comparison.with(Merge.Action.CONFLICT).isEmpty();
        if (written.isPresent()) {
            work.say("updated");
        } else if (conflict) {
            work.say("conflict");
        }
        String last = work.word();
        String reason = reason(comparison);
        boolean quiet = written.isPresent()
                || deadLetter.isPresent()
                || !comparison.confirmed().isEmpty()
                || last.equals("created")
                || last.equals("updated")
                || (attempt.deliveryId() == null
                        && last.equals(link.lastOutcome())
                        && reason.equals(link.lastReason()));
        LinkState state =
                comparison.referral().isTerminal() && !conflict && !closesNext ? LinkState.ENDED : LinkState.ACTIVE;
        RemoteRecord latest = noted.orElse(comparison.record());
        // what is still to be done, or what the CRM itself changed in answer to our write, deserves another look
        boolean settled = !goesOn && comparison.isOtherwiseUnchanged(latest, written.isPresent());
        Runnable store = () -> {
            // with a write of its own they were told when its plan was stored
            if (written.isEmpty() && !comparison.confirmed().isEmpty()) {
                rooms.trail.append(confirmed(comparison));
            }
            if (written.isPresent()) {
                rooms.trail.append(updated(comparison));
            }
            if (!quiet) {
                rooms.trail.append(work.entry(AuditKind.LINK_UNCHANGED)
                        .record(Work.text(link.record()))
                        .outcome(last)
                        .reason(reason)
                        .mapping(comparison.document().label())
                        .build());
            }
            noteFindings(link, comparison, open, written.isPresent());
            if (state != link.state()) {
                rooms.trail.append(work.stateChanged(
                        link,
                        state,
                        state == LinkState.ENDED
                                ? "The referral has reached its end: "
                                        + comparison.referral().state() + "."
                                : "Both sides are readable again."));
            }
            rooms.links.save(link.withState(state, null).withOutcome(last, reason, work.now()));
            rooms.baselines.save(
                    link.id(), comparison.next(written, Optional.empty(), work.now()), comparison.subjects());
            tellWriteBack(comparison, rooms.plans.find(link.id()));
            rooms.plans.remove(link.id());
            rooms.remarks.forget(work.connection, link.referral());
            if (settled) {
                work.noteSeen(latest);
            }
            if (written.isPresent()) {
                countTurns(link, Direction.TO_CRM, comparison.with(Merge.Action.TO_CRM));
            }
            if ("held".equals(link.lastOutcome())) {
                rooms.holds.forget(link.referral(), work.connection);
            }
        };
        if (goesOn) {
            attempt.store(store);
            if (!closesNext) {
                work.referralIs(work.referralRead());
                work.recordIs(comparison.document(), latest);
            }
            return Optional.empty();
        }
        if (deadLetter.isPresent()) {
            attempt.store(store);
            return deadLetter.map(SyncOutcome.NotThisOne::new);
        }
        return Optional.of(new SyncOutcome.Done(last, store, again.orElse(null)));
    }

    // ---- what we write back to the referral

    /** With which priority the referral is to get the record's id, {@code externalReferenceId}; null: it needs none. */
    @Nullable
    Priority findWriteBack(Referral referral, RemoteRecord record, MappingDocument document) {
        if (referenceWritten || referral.isTerminal() || !isFirstConnection(referral)) {
            return null;
        }
        return referral.externalReferenceId()
                        .filter(held -> !isMadeOf(held, record, document) && !isFormer(held, referral, record))
                        .isEmpty()
                ? Priority.WRITE_BACK
                : null;
    }

    /** Whether this is the id of the lead that the record was made of. */
    private static boolean isMadeOf(String id, RemoteRecord record, MappingDocument document) {
        return document.fields().stream()
                .filter(mapping -> mapping.crm().type() == CrmType.REFERENCE
                        && mapping.related().isEmpty())
                .map(mapping -> mapping.fromRecord(record.values()))
                .anyMatch(held ->
                        held instanceof JsonString text && text.getString().equalsIgnoreCase(id));
    }

    /**
     * Whether this is the id of a record that we knew and in whose place this one stands: it is no more, or it is the referral's lead,
     * to which no link points any more. Not every CRM shows what was made of a lead.
     */
    private boolean isFormer(String id, Referral referral, RemoteRecord record) {
        return !id.equalsIgnoreCase(record.ref().id())
                && rooms.mappings.list(work.connection).stream().anyMatch(mapped -> {
                    RecordRef former = new RecordRef(mapped.record(), id);
                    return rooms.seen.isKnown(work.connection, former)
                            && rooms.links.findByRecord(work.connection, former).isEmpty()
                            && work.reads
                                    .findRecord(attempt.call(), Shapes.of(mapped), id)
                                    .filter(held ->
                                            mapped.record().equals(record.ref().kind())
                                                    || !carries(held, mapped, referral))
                                    .isEmpty();
                });
    }

    private static boolean carries(RemoteRecord record, MappingDocument document, Referral referral) {
        return record.values().getOrDefault(document.referralKey(), JsonValue.NULL) instanceof JsonString text
                && ReferralId.parse(text.getString().strip()).equals(Optional.of(referral.id()));
    }

    /** Among several connections that keep the referral, the first one's record is the one it names. */
    private boolean isFirstConnection(Referral referral) {
        return rooms.connections.names().stream()
                .filter(name -> !rooms.mappings.list(name).isEmpty())
                .filter(name -> rooms.mappings.condition(name).matches(referral.document()))
                .findFirst()
                .filter(work.connection::equals)
                .isPresent();
    }

    /** Writes the record's id to the referral. {@code record}: as it is now. */
    private void writeBack(SyncLink link, Comparison comparison, RemoteRecord record) {
        JsonValue id = StoredJson.JSON.createValue(comparison.record().ref().id());
        JsonValue before = work.referralRead().values().getOrDefault(REFERENCE, JsonValue.NULL);
        Plan.PlannedField planned = new Plan.PlannedField(null, before, id, id, "write-back");
        attempt.store(() -> {
            if (!comparison.confirmed().isEmpty()) {
                rooms.trail.append(confirmed(comparison));
                rooms.baselines.save(
                        link.id(),
                        comparison.next(Optional.empty(), Optional.empty(), work.now()),
                        comparison.subjects());
            }
            rooms.plans.save(
                    link.id(),
                    new Plan(
                            attempt.requestId(),
                            Plan.Kind.UPDATE_REFERRAL,
                            comparison.document().label(),
                            comparison.record().ref(),
                            comparison.referral().eTag(),
                            work.now(),
                            false,
                            Map.of(REFERENCE, planned)),
                    name -> null);
        });
        RemoteRecord written;
        try {
            written = rooms.partnerCenter.updateRecord(
                    attempt.call(), RecordShape.referral(), work.referralRead(), Map.of(REFERENCE, id));
        } catch (StalePreconditionException | RecordGoneException changed) {
            work.readAgain();
            attempt.store(() -> rooms.plans.remove(link.id()));
            return;
        } catch (RejectedException refused) {
            // the referral names the record for people's convenience only: a link must not fail for it
            referenceWritten = true;
            LOG.warning(() -> work.connection + ": the referral " + link.referral() + " did not take the id of "
                    + link.record() + ". " + refused.getMessage());
            work.referralIs(work.referralRead());
            work.recordIs(comparison.document(), record);
            attempt.store(() -> rooms.plans.remove(link.id()));
            return;
        } catch (SetupException broken) {
            attempt.store(() -> rooms.plans.remove(link.id()));
            throw broken;
        }
        attempt.store(() -> {
            rooms.trail.append(referenceEntry(comparison, planned, "write-back"));
            rooms.plans.remove(link.id());
        });
        work.say("updated");
        referenceWritten = true;
        work.referralIs(written);
        work.recordIs(comparison.document(), record);
    }

    /** An unfinished plan may have written the record's id to the referral: that is told once. */
    private void tellWriteBack(Comparison comparison, Optional<Plan> plan) {
        plan.filter(found -> found.kind() == Plan.Kind.UPDATE_REFERRAL)
                .map(found -> found.fields().get(REFERENCE))
                .filter(planned -> comparison
                        .referral()
                        .externalReferenceId()
                        .map(StoredJson.JSON::createValue)
                        .filter(planned.value()::equals)
                        .isPresent())
                .ifPresent(planned -> rooms.trail.append(referenceEntry(comparison, planned, Merge.CONFIRMED)));
    }

    private AuditEntry referenceEntry(Comparison comparison, Plan.PlannedField planned, String rule) {
        return work.entry(AuditKind.REFERRAL_UPDATED)
                .onBehalfOf("crm:" + work.connection)
                .record(comparison.record().ref().toString())
                .outcome("updated")
                .mapping(comparison.document().label())
                .change(new FieldChange(
                        REFERENCE,
                        comparison.document().table().key(),
                        Direction.TO_PARTNER_CENTER,
                        null,
                        planned.partnerCenter(),
                        planned.before(),
                        planned.value(),
                        rule,
                        null,
                        null))
                .build();
    }

    // ---- words

    private static String reason(Comparison comparison) {
        List<String> sentences = new ArrayList<>();
        if (!comparison.with(Merge.Action.CONFLICT).isEmpty()) {
            sentences.add("In conflict: " + names(comparison.with(Merge.Action.CONFLICT)) + ".");
        }
        if (!comparison.with(Merge.Action.DIFFERENCE).isEmpty()) {
            sentences.add("Different: " + names(comparison.with(Merge.Action.DIFFERENCE)) + ".");
        }
        return sentences.isEmpty() ? "Both sides are equal." : String.join(" ", sentences);
    }

    /** What the record's Sync Status says. */
    private static String status(Comparison comparison) {
        List<Comparison.Field> conflicts = comparison.with(Merge.Action.CONFLICT);
        return conflicts.isEmpty()
                ? Notes.GOOD
                : Notes.BAD + " The two sides differ, and an operator decides: " + labels(conflicts) + ".";
    }

    private static String names(List<Comparison.Field> fields) {
        return fields.stream().map(Comparison.Field::name).collect(Collectors.joining(", "));
    }

    private static String labels(List<Comparison.Field> fields) {
        return fields.stream().map(field -> field.mapping().label()).distinct().collect(Collectors.joining(", "));
    }

    private AuditEntry updated(Comparison comparison) {
        AuditEntry.Builder entry = work.entry(AuditKind.RECORD_UPDATED)
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

    private AuditEntry updatedReferral(Comparison comparison, Referral after, Optional<String> warning) {
        AuditEntry.Builder entry = work.entry(AuditKind.REFERRAL_UPDATED)
                .onBehalfOf("crm:" + work.connection)
                .record(comparison.record().ref().toString())
                .outcome("updated")
                .reason(warning.orElse(null))
                .mapping(comparison.document().label());
        comparison
                .with(Merge.Action.TO_PARTNER_CENTER)
                .forEach(field -> entry.change(change(
                        comparison,
                        field,
                        field.mapping().fromReferral(after.view()),
                        field.decision().rule())));
        return entry.build();
    }

    private AuditEntry confirmed(Comparison comparison) {
        boolean certain = comparison.isPlanCertain();
        Direction direction = comparison.planDirection();
        boolean toCrm = direction == Direction.TO_CRM;
        AuditEntry.Builder entry = work.entry(toCrm ? AuditKind.RECORD_UPDATED : AuditKind.REFERRAL_UPDATED)
                .onBehalfOf(toCrm ? PartnerCenter.SYSTEM : work.connection.value())
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
                    direction,
                    planned.base(),
                    planned.partnerCenter(),
                    planned.before(),
                    planned.value(),
                    certain ? Merge.CONFIRMED : Merge.UNCONFIRMED,
                    field.decider(),
                    Comparison.subject(field.mapping(), comparison.referral())));
        }
        return entry.build();
    }

    /** What the merge decided to write to either side, as an entry tells it. */
    private static List<FieldChange> changes(Comparison comparison) {
        return Stream.of(Merge.Action.TO_CRM, Merge.Action.TO_PARTNER_CENTER, Merge.Action.ASK_MICROSOFT)
                .flatMap(action -> comparison.with(action).stream())
                .map(field -> change(
                        comparison,
                        field,
                        field.action() == Merge.Action.TO_CRM ? field.valueForCrm() : field.valueForPartnerCenter(),
                        field.decision().rule()))
                .toList();
    }

    private static FieldChange change(
            Comparison comparison, Comparison.Field field, @Nullable JsonValue written, String rule) {
        return change(comparison, field, written, rule, field.decider());
    }

    private static FieldChange change(
            Comparison comparison,
            Comparison.Field field,
            @Nullable JsonValue written,
            String rule,
            @Nullable String decider) {
        return new FieldChange(
                field.name(),
                field.mapping().crm().name(),
                Objects.requireNonNullElse(field.decision().direction(), Direction.TO_CRM),
                field.base(),
                field.partnerCenter(),
                field.crm(),
                written,
                rule,
                decider,
                Comparison.subject(field.mapping(), comparison.referral()));
    }

    /** {@code isWritten}: whether the record's delta was written; the referral's and the question to Microsoft never are by then. */
    private void noteFindings(SyncLink link, Comparison comparison, List<Finding> open, boolean isWritten) {
        for (Comparison.Field field : comparison.fields()) {
            boolean travelsLater = switch (field.action()) {
                case TO_CRM -> !isWritten;
                case TO_PARTNER_CENTER, ASK_MICROSOFT -> true;
                case NOTHING, CONFLICT, DIFFERENCE -> false;
            };
            if (travelsLater) {
                // what was found holds, and what was decided is still to be carried out
                continue;
            }
            String kind = field.action() == Merge.Action.CONFLICT
                    ? Finding.CONFLICT
                    : field.action() == Merge.Action.DIFFERENCE ? Finding.DIFFERENCE : "";
            List<Finding> before = open.stream()
                    .filter(finding -> finding.field().equals(field.name()))
                    .toList();
            if (isDecidedAnew(comparison, before)) {
                continue;
            }
            if (comparison.isDecisionRefused(field)) {
                rooms.trail.append(work.entry(AuditKind.DECISION_ENDED)
                        .record(Work.text(link.record()))
                        .outcome("refused")
                        .reason("What was decided about " + field.name() + " cannot be carried out. "
                                + Sentences.of(
                                        Finding.DIFFERENCE, field.decision().rule()))
                        .mapping(comparison.document().label())
                        .change(change(comparison, field, null, field.decision().rule()))
                        .build());
            }
            // sides that stay apart without a move keep their finding: it still says why
            boolean stays =
                    field.action() == Merge.Action.NOTHING && !field.decision().equal();
            before.stream()
                    .filter(finding -> !stays && !finding.kind().equals(kind))
                    .forEach(finding -> close(
                            link,
                            comparison,
                            finding,
                            kind.isEmpty()
                                    ? "The field " + field.name() + " no longer keeps the two sides apart."
                                    : "The " + finding.kind() + " about " + field.name() + " is told as a " + kind
                                            + " from now on."));
            if (!kind.isEmpty()) {
                open(link, comparison, field, kind, before);
            }
        }
        open.stream()
                .filter(finding -> comparison.fields().stream()
                        .noneMatch(field -> field.name().equals(finding.field())))
                .forEach(finding -> close(
                        link, comparison, finding, "The mapping no longer has the field " + finding.field() + "."));
    }

    /** Whether a person decided while this attempt went on what it knew before: that is the next attempt's. Joins a transaction. */
    private boolean isDecidedAnew(Comparison comparison, List<Finding> open) {
        return open.stream()
                .filter(finding -> finding.kind().equals(Finding.CONFLICT))
                .anyMatch(conflict -> !rooms.findings.isDecided(conflict, comparison.decided(conflict.field())));
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
        if (!unchanged && rooms.findings.save(finding, subject)) {
            Decided ended = comparison.decided(field.name());
            rooms.trail.append(work.entry(AuditKind.DECISION_ENDED)
                    .record(Work.text(link.record()))
                    .outcome("outdated")
                    .reason(
                            "A side of " + finding.field()
                                    + " moved after it was decided: the decision no longer holds, and the conflict is open again.")
                    .mapping(comparison.document().label())
                    .change(change(comparison, field, null, rule, ended == null ? null : ended.decider()))
                    .build());
        }
        if (!known) {
            rooms.trail.append(
                    work.entry(kind.equals(Finding.CONFLICT) ? AuditKind.CONFLICT_OPENED : AuditKind.DIFFERENCE_OPENED)
                            .record(Work.text(link.record()))
                            .outcome(kind)
                            .reason(finding.sentence())
                            .mapping(comparison.document().label())
                            .change(change(comparison, field, null, rule))
                            .build());
        }
    }

    private void close(SyncLink link, Comparison comparison, Finding finding, String reason) {
        rooms.findings.close(finding);
        rooms.trail.append(work.entry(
                        finding.kind().equals(Finding.CONFLICT)
                                ? AuditKind.CONFLICT_CLOSED
                                : AuditKind.DIFFERENCE_CLOSED)
                .record(Work.text(link.record()))
                .outcome("closed")
                .reason(reason)
                .mapping(comparison.document().label())
                .build());
    }
}
