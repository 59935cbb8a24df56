package org.cosellbridge.sync;

import java.util.Map;
import java.util.Optional;
import org.cosellbridge.audit.AuditEntry;
import org.cosellbridge.audit.AuditKind;
import org.cosellbridge.audit.FieldChange;
import org.cosellbridge.connector.PartnerCenter;
import org.cosellbridge.mapping.FieldMapping;
import org.cosellbridge.mapping.MappingDocument;
import org.cosellbridge.referral.Direction;

/** An unfinished plan whose record is gone: nobody will ever see whether it was written, but the trail says that it was to be. */
final class LostPlan {
    private LostPlan() {}

    /** The entry for the plan that the link still has; empty when it has none, or one whose result did not depend on the record. */
    static Optional<AuditEntry> tell(Work work, SyncLink link) {
        return work.rooms
                .plans
                .find(link.id())
                .filter(plan -> plan.kind() != Plan.Kind.CREATE)
                .map(plan -> entry(work, link, plan));
    }

    private static AuditEntry entry(Work work, SyncLink link, Plan plan) {
        boolean toReferral = plan.kind() == Plan.Kind.UPDATE_REFERRAL;
        AuditEntry.Builder entry = work.entry(toReferral ? AuditKind.REFERRAL_UPDATED : AuditKind.RECORD_UPDATED)
                .onBehalfOf(toReferral ? "crm:" + work.connection : PartnerCenter.SYSTEM)
                .record(plan.target().toString())
                .outcome("updated")
                .reason(
                        plan.written()
                                ? "It was written before its record was deleted or hidden from us."
                                : "It was planned before its record was deleted or hidden from us, which hides whether it was"
                                        + " written.")
                .mapping(plan.mapping());
        Optional<MappingDocument> document =
                work.rooms.mappings.find(work.connection, plan.target().kind());
        for (Map.Entry<String, Plan.PlannedField> field : plan.fields().entrySet()) {
            Optional<FieldMapping> mapping = document.flatMap(found -> found.findField(field.getKey()));
            Plan.PlannedField planned = field.getValue();
            entry.change(new FieldChange(
                    field.getKey(),
                    mapping.map(found -> found.crm().name())
                            .or(() -> document.map(found -> found.table().key()))
                            .orElse(field.getKey()),
                    toReferral ? Direction.TO_PARTNER_CENTER : Direction.TO_CRM,
                    planned.base(),
                    planned.partnerCenter(),
                    planned.before(),
                    planned.value(),
                    plan.written() ? Merge.CONFIRMED : Merge.UNCONFIRMED,
                    null,
                    mapping.filter(FieldMapping::personal)
                            .map(found -> "referral " + link.referral())
                            .orElse(null)));
        }
        return entry.build();
    }
}
