package org.cosellbridge.sync;

import jakarta.json.JsonValue;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.cosellbridge.audit.FieldChange;
import org.cosellbridge.referral.Direction;

/** Puts into a preview what an attempt would do. */
final class Previews {
    private Previews() {}

    /** What a look at both sides would do. */
    static Preview of(Comparison comparison) {
        return new Preview(
                changes(comparison, Merge.Action.TO_CRM),
                Stream.concat(
                                changes(comparison, Merge.Action.TO_PARTNER_CENTER).stream(),
                                changes(comparison, Merge.Action.ASK_MICROSOFT).stream())
                        .toList(),
                changes(comparison, Merge.Action.CONFLICT),
                changes(comparison, Merge.Action.DIFFERENCE),
                null);
    }

    /** What a new record or a new referral would get. */
    static Preview ofNew(List<FieldChange> changes) {
        return new Preview(
                ofNew(changes, Direction.TO_CRM),
                ofNew(changes, Direction.TO_PARTNER_CENTER),
                List.of(),
                List.of(),
                null);
    }

    private static List<Preview.Change> ofNew(List<FieldChange> changes, Direction direction) {
        return changes.stream()
                .filter(change -> change.direction() == direction)
                .map(change -> new Preview.Change(
                        change.field(),
                        change.recordField(),
                        change.base(),
                        Objects.requireNonNullElse(change.partnerCenter(), JsonValue.NULL),
                        Objects.requireNonNullElse(change.crm(), JsonValue.NULL),
                        change.written(),
                        change.rule()))
                .toList();
    }

    private static List<Preview.Change> changes(Comparison comparison, Merge.Action action) {
        return comparison.with(action).stream()
                .map(field -> new Preview.Change(
                        field.name(),
                        field.mapping().crm().name(),
                        field.base(),
                        field.partnerCenter(),
                        field.crm(),
                        switch (action) {
                            case TO_CRM -> field.valueForCrm();
                            case TO_PARTNER_CENTER, ASK_MICROSOFT -> field.valueForPartnerCenter();
                            case NOTHING, CONFLICT, DIFFERENCE -> null;
                        },
                        field.decision().rule()))
                .toList();
    }
}
