package org.cosellbridge.sync;

import jakarta.json.JsonValue;
import java.util.Map;
import java.util.Optional;
import org.cosellbridge.audit.AuditEntry;
import org.cosellbridge.audit.AuditKind;
import org.cosellbridge.audit.FieldChange;
import org.cosellbridge.connector.PartnerCenter;
import org.cosellbridge.connector.RecordGoneException;
import org.cosellbridge.connector.RecordRef;
import org.cosellbridge.connector.RejectedException;
import org.cosellbridge.connector.RemoteRecord;
import org.cosellbridge.connector.SetupException;
import org.cosellbridge.connector.StalePreconditionException;
import org.cosellbridge.mapping.CrmType;
import org.cosellbridge.mapping.FieldMapping;
import org.cosellbridge.mapping.MappingDocument;
import org.cosellbridge.mapping.Occasion;
import org.cosellbridge.referral.Direction;
import org.cosellbridge.referral.Referral;

/** Closes the record a link pointed to before it moved: what an accepted lead leaves behind. */
final class FormerRecord {
    private final Work work;
    private final Synchronization rooms;
    private final Attempt attempt;

    FormerRecord(Work work) {
        this.work = work;
        this.rooms = work.rooms;
        this.attempt = work.attempt;
    }

    /** Field changes went to the new record; what is left is to close the old one, by its own mapping's state. */
    Optional<SyncOutcome> close(SyncLink link, RecordRef previous, Referral referral) {
        work.hold(previous);
        Optional<MappingDocument> document = rooms.mappings.find(work.connection, previous.kind());
        Optional<FieldMapping> state = document.flatMap(found -> found.fields().stream()
                .filter(mapping -> mapping.crm().type() == CrmType.STATE)
                .filter(mapping -> mapping.travels(Direction.TO_CRM, Occasion.UPDATE))
                .findFirst());
        Optional<RemoteRecord> record = state.isEmpty()
                ? Optional.empty()
                : work.reads.findRecord(attempt.call(), Shapes.of(document.orElseThrow()), previous.id());
        if (state.isEmpty() || record.isEmpty()) {
            attempt.store(() -> forgetPrevious(link));
            return Optional.empty();
        }
        FieldMapping mapping = state.orElseThrow();
        MappingDocument mapped = document.orElseThrow();
        JsonValue closed = mapping.toCrm(referral.view());
        JsonValue held = mapping.fromRecord(record.orElseThrow().values());
        Optional<Plan> plan = rooms.plans.find(link.id()).filter(found -> found.kind() == Plan.Kind.CLOSE_PREVIOUS);
        boolean closedAlready = Merge.isEmpty(closed) || mapping.sameInCrm(closed, held);
        boolean off = isSwitchedOff(mapped, record.orElseThrow());
        boolean stuck = !closedAlready && (off || !Comparison.isReachable(mapping, held, closed));
        if (closedAlready || stuck) {
            attempt.store(() -> {
                if (stuck) {
                    rooms.trail.append(work.entry(AuditKind.LINK_UNCHANGED)
                            .record(previous.toString())
                            .outcome("unchanged")
                            .reason("The link moved to another record. "
                                    + (off
                                            ? "This one is switched off, so it is not closed."
                                            : Sentences.of(Finding.DIFFERENCE, "unreachable")))
                            .mapping(mapped.label())
                            .build());
                }
                plan.map(found -> found.fields().get(mapping.name()))
                        .filter(field -> mapping.sameInCrm(field.value(), held))
                        .ifPresent(field ->
                                rooms.trail.append(closedEntry(previous, mapped, mapping, field, Merge.CONFIRMED)));
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
                        work.now(),
                        false,
                        Map.of(mapping.name(), field)),
                name -> null));
        RemoteRecord written;
        try {
            written = work.writes.updateRecord(
                    attempt.call(),
                    Shapes.of(mapped),
                    record.orElseThrow(),
                    Map.of(mapping.crm().name(), closed));
        } catch (StalePreconditionException changed) {
            attempt.store(() -> rooms.plans.remove(link.id()));
            work.readAgain();
            return Optional.empty();
        } catch (RecordGoneException gone) {
            attempt.store(() -> forgetPrevious(link));
            return Optional.empty();
        } catch (RejectedException refused) {
            // the new record must not wait for the old one
            attempt.store(() -> {
                rooms.trail.append(work.entry(AuditKind.LINK_UNCHANGED)
                        .record(previous.toString())
                        .outcome("unchanged")
                        .reason("The link moved to another record, and this one could not be closed. "
                                + refused.getMessage())
                        .mapping(mapped.label())
                        .build());
                forgetPrevious(link);
            });
            return Optional.empty();
        } catch (SetupException broken) {
            attempt.store(() -> rooms.plans.remove(link.id()));
            throw broken;
        }
        attempt.store(() -> {
            rooms.trail.append(closedEntry(previous, mapped, mapping, field, "moved"));
            work.noteSeen(written);
            forgetPrevious(link);
        });
        work.say("updated");
        return Optional.empty();
    }

    /** Whether a seller said no; a switch that was never set is none. */
    private static boolean isSwitchedOff(MappingDocument document, RemoteRecord record) {
        String field = document.section().sync();
        return field != null && JsonValue.FALSE.equals(record.values().get(field));
    }

    private void forgetPrevious(SyncLink link) {
        rooms.links.save(link.withPrevious(null));
        rooms.plans.remove(link.id());
    }

    private AuditEntry closedEntry(
            RecordRef previous, MappingDocument document, FieldMapping mapping, Plan.PlannedField field, String rule) {
        return work.entry(AuditKind.RECORD_UPDATED)
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
}
