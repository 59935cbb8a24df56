package org.cosellbridge.sync;

import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiPredicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.cosellbridge.audit.AuditEntry;
import org.cosellbridge.audit.AuditKind;
import org.cosellbridge.audit.FieldChange;
import org.cosellbridge.connector.RecordRef;
import org.cosellbridge.connector.RemoteRecord;
import org.cosellbridge.mapping.FieldMapping;
import org.cosellbridge.mapping.MappingDocument;
import org.cosellbridge.mapping.MappingException;
import org.cosellbridge.mapping.Occasion;
import org.cosellbridge.referral.Direction;
import org.cosellbridge.referral.Referral;
import org.cosellbridge.referral.ReferralPath;
import org.cosellbridge.referral.ReferralPaths;
import org.jspecify.annotations.Nullable;

/** What must hold after a history has come to rest; collects every fault it finds. */
final class Verdict {
    /** The fields that both sides' people edit and that are plain values. */
    private static final Set<String> EDITED = Set.of("dealValue", "closingDate", "notes", "currency", "products");

    private static final String REFERENCE = "externalReferenceId";

    /** What only a person can mend, and people here leave as it is. */
    private static final List<String> EXCUSES = List.of(
            "Partner Center takes the deal only when this is complete",
            "The record is closed, so no referral is created for it",
            "Partner Center takes no new lead from a partner",
            "The referral has reached its end, so Microsoft cannot be asked for help any more");

    private final History history;
    private final SyncFixture fixture;
    private final List<String> faults = new ArrayList<>();
    private final List<Pair> pairs = new ArrayList<>();

    /** A link with both its sides. */
    private record Pair(
            SyncLink link, MappingDocument document, Referral referral, JsonObject row, List<Finding> open) {
        boolean isFound(String field) {
            return open.stream().anyMatch(finding -> finding.field().equals(field));
        }
    }

    Verdict(History history) {
        this.history = history;
        this.fixture = history.fixture;
    }

    List<String> faults() {
        fixture.brokenRules.forEach(rule -> faults.add("A rule is broken: " + rule));
        history.requests.listDead().stream()
                .filter(dead -> EXCUSES.stream().noneMatch(dead::contains))
                .filter(dead -> !history.people.adopts || !dead.contains("Two records claim the referral"))
                .forEach(dead -> faults.add("A dead letter that nobody caused: " + dead));
        checkLinks();
        checkDuplicates();
        checkCompleteness();
        pairs.forEach(this::checkEqual);
        pairs.forEach(this::checkLastEdits);
        checkTrail();
        checkIrreversible();
        return faults;
    }

    // ---- which belongs to which

    private void checkLinks() {
        for (SyncLink link : history.links()) {
            Optional<RecordRef> record = link.findRecord();
            boolean resting = link.state() == LinkState.ACTIVE || link.state() == LinkState.ENDED;
            if (!resting) {
                require(
                        fixture.trail.stream()
                                .anyMatch(entry -> entry.kind() == AuditKind.LINK_STATE_CHANGED
                                        && link.referral().value().equals(entry.referral())
                                        && link.state().word().equals(entry.outcome())),
                        "The trail does not tell that the link of " + link.referral() + " is " + link.state() + ".");
            }
            require(
                    link.state() != LinkState.REFERRAL_UNREACHABLE || isDead(link),
                    "The link of " + link.referral() + " does not notice that the referral is shown again.");
            JsonObject row = record.map(history.people::findRow).orElse(null);
            if (resting && row == null && isDead(link)) {
                continue;
            }
            if (resting
                    && require(
                            row != null,
                            "The link of " + link.referral() + " is " + link.state() + " but has no record: "
                                    + record)) {
                MappingDocument document =
                        history.people.document(record.orElseThrow().kind());
                JsonObject own = fixture.partnerCenter.get(link.referral().value());
                RemoteRecord read = new RemoteRecord(
                        new RecordRef(RecordRef.REFERRAL, link.referral().value()), "", Instant.EPOCH, own);
                RemoteRecord completed = Optional.ofNullable(link.engagement())
                        .flatMap(fixture.microsoft::find)
                        .map(theirs -> theirs.complete(read))
                        .orElse(read);
                // a deal that is over and switched off is left alone
                boolean left = link.state() == LinkState.ENDED && !history.people.isSwitchedOn(record.orElseThrow());
                if (!isDead(link) && !left) {
                    pairs.add(new Pair(
                            link,
                            document,
                            Referral.parse(completed.values()),
                            Objects.requireNonNull(row),
                            fixture.findings.listOpen(link.id())));
                }
            }
        }
    }

    /** Whether a dead letter says what a person has to do about the link. */
    private boolean isDead(SyncLink link) {
        return history.requests.listDead().stream()
                .anyMatch(dead -> dead.contains(link.referral().value())
                        || link.findRecord()
                                .filter(record -> dead.contains(record.id()))
                                .isPresent());
    }

    private boolean isDead(String id) {
        return history.requests.listDead().stream().anyMatch(dead -> dead.contains(id));
    }

    private void checkDuplicates() {
        unique(ours().filter(referral ->
                        !PartnerCenterRules.text(referral, REFERENCE).isEmpty())
                .map(referral -> "referral that names " + PartnerCenterRules.text(referral, REFERENCE)));
        unique(fixture.partnerCenter.all().stream()
                .filter(referral -> referral.getString("organizationId").equals(PartnerCenterRules.MICROSOFT))
                .map(referral -> "referral of Microsoft in " + referral.getString("engagementId")));
        unique(history.people.records().stream()
                .map(ref -> ref.kind() + " of "
                        + CrmRules.text(
                                history.people.row(ref).getOrDefault("cosell_referralidentifier", JsonValue.NULL)))
                .filter(key -> !key.endsWith(" of ")));
        unique(history.links().stream()
                .flatMap(link -> link.findRecord().stream().map(ref -> "link of " + ref)));
    }

    private void unique(Stream<String> things) {
        things.collect(Collectors.groupingBy(thing -> thing, TreeMap::new, Collectors.counting()))
                .forEach((thing, count) -> require(count == 1, "There are " + count + " of this: " + thing));
    }

    private Stream<JsonObject> ours() {
        return fixture.partnerCenter.all().stream()
                .filter(referral -> referral.getString("organizationId").equals(SyncFixture.OURS));
    }

    /** Every referral of ours is linked, and every record with the switch on. Only a dead letter excuses. */
    private void checkCompleteness() {
        Set<String> referrals = new LinkedHashSet<>();
        Set<String> records = new LinkedHashSet<>();
        history.links().forEach(link -> {
            referrals.add(link.referral().value());
            link.findRecord().ifPresent(ref -> records.add(ref.toString()));
            link.findPrevious().ifPresent(ref -> records.add(ref.toString()));
        });
        ours().map(referral -> referral.getString("id"))
                .forEach(id -> require(
                        referrals.contains(id) || isDead(id), "The referral " + id + " is linked with no record."));
        history.people.records().stream()
                .filter(history.people::isSwitchedOn)
                // a lead that became an opportunity stays behind
                .filter(ref -> !ref.kind().equals("lead"))
                .filter(ref -> !isMadeOfOurLead(ref))
                .forEach(ref -> require(
                        records.contains(ref.toString()) || isDead(ref.id()),
                        "The record " + ref + " is switched on but linked with no referral."));
    }

    /** What is made of a lead of ours waits until the referral is accepted and nobody but the seller has paused the lead's link. */
    private boolean isMadeOfOurLead(RecordRef ref) {
        String lead = history.people.row(ref).getString("originatingleadid", "");
        return history.links().stream()
                .filter(link -> link.findRecord()
                        .filter(record -> record.id().equals(lead))
                        .isPresent())
                .anyMatch(link -> (link.state() == LinkState.PAUSED && link.pausedBy() != PausedBy.SELLER)
                        || Referral.parse(fixture.partnerCenter.get(
                                        link.referral().value()))
                                .isLead());
    }

    // ---- both sides are equal

    private void checkEqual(Pair pair) {
        for (FieldMapping mapping : pair.document().fields()) {
            boolean toCrm = mapping.travels(Direction.TO_CRM, Occasion.UPDATE);
            boolean toPartnerCenter =
                    mapping.travels(Direction.TO_PARTNER_CENTER, Occasion.UPDATE) && isPatchable(mapping);
            if (mapping.related().isEmpty() && (toCrm || toPartnerCenter)) {
                require(
                        isEqual(pair, mapping) || pair.isFound(mapping.name()),
                        "Different and not told: " + mapping.name() + " of " + pair.referral() + " is "
                                + mapping.fromReferral(pair.referral().view()) + " and "
                                + mapping.fromRecord(pair.row()));
            }
        }
    }

    private static boolean isPatchable(FieldMapping mapping) {
        return mapping.path()
                .flatMap(ReferralPaths::find)
                .filter(ReferralPath::patchable)
                .isPresent();
    }

    private static boolean isEqual(Pair pair, FieldMapping mapping) {
        JsonObject view = pair.referral().view();
        JsonValue partnerCenter = mapping.fromReferral(view);
        JsonValue crm = mapping.fromRecord(pair.row());
        return holds(() -> mapping.sameInCrm(mapping.toCrm(view), crm))
                || holds(() -> mapping.sameInPartnerCenter(mapping.toPartnerCenter(pair.row()), partnerCenter))
                || (mapping.oneWay() && Merge.isNo(partnerCenter) && Merge.isNo(crm));
    }

    private static boolean holds(java.util.function.BooleanSupplier sameness) {
        try {
            return sameness.getAsBoolean();
        } catch (MappingException notExpressible) {
            return false;
        }
    }

    // ---- nobody's last edit is lost without a word

    private void checkLastEdits(Pair pair) {
        String record = String.valueOf(pair.link().record());
        String referral = pair.link().referral().value();
        Set<String> records = history.people.records().stream()
                .filter(ref -> history.people.carries(ref, referral))
                .map(RecordRef::toString)
                .collect(Collectors.toSet());
        for (FieldMapping mapping : pair.document().fields()) {
            if (EDITED.contains(mapping.name())) {
                Optional<People.Edit> colleagues = last(People.PARTNER_CENTER, Set.of(referral), mapping.name());
                // what a seller has left in the lead that the record was made of counts for the referral, too
                Optional<People.Edit> sellers = last(People.CRM, records, mapping.name());
                last(People.CRM, Set.of(record), mapping.name())
                        .ifPresent(edit -> checkEdit(
                                pair, mapping, edit, colleagues, mapping.fromRecord(pair.row()), mapping::sameInCrm));
                colleagues.ifPresent(edit -> checkEdit(
                        pair,
                        mapping,
                        edit,
                        sellers,
                        mapping.fromReferral(pair.referral().view()),
                        mapping::sameInPartnerCenter));
            }
        }
    }

    private Optional<People.Edit> last(String system, Set<String> ids, String field) {
        return history.people.edits.stream()
                .filter(edit -> edit.system().equals(system)
                        && ids.contains(edit.id())
                        && edit.field().equals(field))
                .reduce((before, after) -> after);
    }

    private void checkEdit(
            Pair pair,
            FieldMapping mapping,
            People.Edit edit,
            Optional<People.Edit> others,
            JsonValue held,
            BiPredicate<JsonValue, JsonValue> same) {
        if (same.test(held, edit.value())) {
            return;
        }
        String what = "The edit of " + mapping.name() + " in " + edit.id() + " to "
                + People.shortened(Map.of("", edit.value())) + " at " + edit.at();
        require(isToldAsOverwritten(edit, same), what + " is gone and no entry tells what overwrote it.");
        if (Merge.isEmpty(edit.value())) {
            return; // filled
        }
        if (others.isEmpty()) {
            require(isAdopted(pair, mapping), what + " was overwritten although nobody edited the other side.");
            return;
        }
        // an edit that an attempt had seen before the other one was made is the older one
        People.Edit other = others.orElseThrow();
        boolean seen = other.at().plus(Duration.ofSeconds(3)).isBefore(edit.at())
                && history.looked.stream()
                        .anyMatch(looked -> isOf(pair.link(), looked.subject())
                                && looked.from().isAfter(other.at())
                                && looked.until().isBefore(edit.at()));
        require(!seen || isAdopted(pair, mapping), what + " was overwritten by an older one of " + other.at() + ".");
    }

    private static boolean isOf(SyncLink link, SyncSubject subject) {
        return subject.findReferral().filter(link.referral()::equals).isPresent();
    }

    /** Whether the field's first values were settled without anybody having seen a move. */
    private boolean isAdopted(Pair pair, FieldMapping mapping) {
        return changes()
                .anyMatch(told ->
                        pair.link().referral().value().equals(told.entry().referral())
                                && told.change().field().equals(mapping.name())
                                && (told.change().decider() != null
                                        || Set.of("filled", "adoption", "decided")
                                                .contains(told.change().rule())));
    }

    private boolean isToldAsOverwritten(People.Edit edit, BiPredicate<JsonValue, JsonValue> same) {
        boolean inCrm = edit.system().equals(People.CRM);
        return changes()
                .filter(told -> told.change().direction() == (inCrm ? Direction.TO_CRM : Direction.TO_PARTNER_CENTER))
                .filter(told -> edit.id()
                        .equals(inCrm ? told.entry().record() : told.entry().referral()))
                .filter(told -> told.change().field().equals(edit.field())
                        && told.change().written() != null)
                .map(told -> inCrm ? told.change().crm() : told.change().partnerCenter())
                .anyMatch(before -> before != null && same.test(before, edit.value()));
    }

    // ---- the trail tells every write once

    private record Told(AuditEntry entry, FieldChange change) {}

    private Stream<Told> changes() {
        return fixture.trail.stream()
                .filter(entry -> switch (entry.kind()) {
                    case RECORD_CREATED, RECORD_UPDATED, REFERRAL_CREATED, REFERRAL_UPDATED, MICROSOFT_ASKED -> true;
                    default -> false;
                })
                .flatMap(entry -> entry.changes().stream().map(change -> new Told(entry, change)));
    }

    private void checkTrail() {
        Map<String, Integer> written = new TreeMap<>();
        fixture.written.forEach(write -> fields(write).forEach(field -> written.merge(field, 1, Integer::sum)));
        Map<String, Integer> certain = new TreeMap<>();
        Map<String, Integer> perhaps = new TreeMap<>();
        changes().filter(told -> told.change().written() != null).forEach(told -> {
            boolean sure = !told.change().rule().equals(Merge.UNCONFIRMED);
            (sure ? certain : perhaps).merge(field(told), 1, Integer::sum);
        });
        Set<String> all = new LinkedHashSet<>(written.keySet());
        all.addAll(certain.keySet());
        for (String field : all) {
            int writes = written.getOrDefault(field, 0);
            int sure = certain.getOrDefault(field, 0);
            int most = sure + perhaps.getOrDefault(field, 0);
            boolean pending = writes == most + 1 && (isPlanned(field) || isIntended(field));
            require(
                    (sure <= writes + coincidences(field) && writes <= most + undone(field)) || pending,
                    field + " was written " + writes + " times and is told " + sure + " times"
                            + (most > sure ? ", perhaps " + most : "") + ".");
        }
    }

    /** How often what is told as confirmed was also a person's choice: then nobody can see whose it was. */
    private int coincidences(String field) {
        return (int) changes()
                .filter(told ->
                        field(told).equals(field) && told.change().rule().equals(Merge.CONFIRMED))
                .filter(told -> history.people.edits.stream()
                        .anyMatch(edit -> field.startsWith(edit.id() + " ")
                                && edit.field().equals(told.change().field())
                                && isSame(edit, told.change().written())))
                .count();
    }

    private boolean isSame(People.Edit edit, @Nullable JsonValue written) {
        boolean inCrm = edit.system().equals(People.CRM);
        String kind = inCrm ? edit.id().substring(0, edit.id().indexOf('/')) : "opportunity";
        return written != null
                && history.people
                        .document(kind)
                        .findField(edit.field())
                        .filter(mapping -> inCrm
                                ? mapping.sameInCrm(edit.value(), written)
                                : mapping.sameInPartnerCenter(edit.value(), written))
                        .isPresent();
    }

    /**
     * How often a person has put the value before back after a write of ours. Nobody can see such a write any more when its answer was
     * lost.
     */
    private int undone(String field) {
        return (int) fixture.written.stream()
                .filter(write -> !write.created() && fields(write).contains(field))
                .filter(write -> history.people.edits.stream()
                        .anyMatch(edit -> edit.id().equals(write.id())
                                && edit.at().isAfter(write.at())
                                && isUndoing(write, edit, field)))
                .count();
    }

    private boolean isUndoing(SyncFixture.Written write, People.Edit edit, String field) {
        boolean inCrm = write.system().equals(People.CRM);
        String kind = inCrm ? write.id().substring(0, write.id().indexOf('/')) : "opportunity";
        Optional<FieldMapping> mapping = history.people.document(kind).findField(edit.field());
        if (mapping.isEmpty()) {
            return false;
        }
        FieldMapping found = mapping.orElseThrow();
        String name = inCrm ? found.crm().name() : found.name();
        return field.equals(write.id() + " " + name)
                && (inCrm
                        ? found.sameInCrm(found.fromRecord(write.before()), edit.value())
                        : found.sameInPartnerCenter(
                                found.fromReferral(
                                        Referral.parse(write.before()).view()),
                                edit.value()));
    }

    /** Whether it is part of a plan that a paused or lost link still keeps. */
    private boolean isPlanned(String field) {
        return history.links().stream()
                .filter(link -> link.state() != LinkState.ACTIVE && link.state() != LinkState.ENDED)
                .filter(link ->
                        field.contains(link.referral().value()) || field.contains(String.valueOf(link.record())))
                .anyMatch(link -> fixture.plans.find(link.id()).isPresent());
    }

    /** Whether Microsoft was asked for a deal whose record's link is paused or lost before the answer came. */
    private boolean isIntended(String field) {
        return history.links().stream()
                .filter(link -> link.state() != LinkState.ACTIVE && link.state() != LinkState.ENDED)
                .filter(link -> field.startsWith(String.valueOf(link.engagement())))
                .anyMatch(link -> link.findRecord()
                        .flatMap(record -> fixture.intents.find(SyncFixture.CRM, record))
                        .isPresent());
    }

    private static String field(Told told) {
        AuditKind kind = told.entry().kind();
        boolean inCrm = kind == AuditKind.RECORD_CREATED || kind == AuditKind.RECORD_UPDATED;
        return inCrm
                ? told.entry().record() + " " + told.change().recordField()
                : (kind == AuditKind.MICROSOFT_ASKED
                                ? told.entry().engagement()
                                : told.entry().referral()) + " " + told.change().field();
    }

    private Set<String> fields(SyncFixture.Written write) {
        Set<String> fields = new LinkedHashSet<>();
        if (write.system().equals(People.CRM)) {
            String kind = write.id().substring(0, write.id().indexOf('/'));
            if (kind.equals("opportunity") || kind.equals("lead")) {
                history.people.document(kind).fields().stream()
                        .map(mapping -> mapping.crm().name())
                        .filter(write.values()::containsKey)
                        .filter(name -> !write.created()
                                || !Merge.isEmpty(write.values().getOrDefault(name, JsonValue.NULL)))
                        .forEach(name -> fields.add(write.id() + " " + name));
            }
        } else if (!write.created()) {
            write.values().keySet().forEach(path -> fields.add(write.id() + " " + named(path)));
        } else if (write.values().get("organizationId") instanceof JsonString owner
                && owner.getString().equals(PartnerCenterRules.MICROSOFT)) {
            fields.add(Objects.requireNonNull((JsonString) write.values().get("engagementId"))
                            .getString() + " microsoftHelp");
        } else {
            MappingDocument document = history.people.document("opportunity");
            JsonObject view = Referral.parse(
                            StoredJson.JSON.createObjectBuilder(write.values()).build())
                    .view();
            document.fields().stream()
                    .filter(mapping ->
                            mapping.related().isEmpty() && mapping.path().isPresent())
                    .filter(mapping -> mapping.travels(Direction.TO_PARTNER_CENTER, Occasion.CREATE))
                    .filter(mapping -> !Set.of("state", "microsoftHelp").contains(mapping.name()))
                    .filter(mapping -> !Merge.isEmpty(mapping.fromReferral(view)))
                    .forEach(mapping -> fields.add(write.id() + " " + mapping.name()));
        }
        return fields;
    }

    /** The name in the mapping of what is patched at this path. */
    private String named(String path) {
        return switch (path) {
            case "status", "substatus" -> "state";
            case REFERENCE -> REFERENCE;
            default ->
                history.people.document("opportunity").fields().stream()
                        .filter(mapping -> mapping.path()
                                .filter(mapped -> mapped.equals(path) || mapped.startsWith(path + "["))
                                .isPresent())
                        .map(FieldMapping::name)
                        .findFirst()
                        .orElse(path);
        };
    }

    // ---- what cannot be taken back happens only because a seller said so

    private void checkIrreversible() {
        for (SyncFixture.Written write : fixture.written) {
            boolean shares = write.system().equals(People.PARTNER_CENTER)
                    && PartnerCenterRules.at(
                                    StoredJson.JSON
                                            .createObjectBuilder(write.values())
                                            .build(),
                                    "consent.consentToShareReferralWithMicrosoftSellers")
                            == JsonValue.TRUE
                    && !write.values().containsKey("engagementId");
            boolean patchesConsent =
                    write.values().get("consent.consentToShareReferralWithMicrosoftSellers") == JsonValue.TRUE;
            if (shares || patchesConsent) {
                require(
                        history.people.edits.stream()
                                .anyMatch(edit -> edit.system().equals(People.CRM)
                                        && ((edit.value() == JsonValue.TRUE
                                                        && edit.field().equals("visibleToMicrosoft"))
                                                || (edit.field().equals("microsoftHelp")
                                                        && !Merge.isEmpty(edit.value())))),
                        "Microsoft is shown " + write.id() + " although no seller said so.");
            }
            if (write.system().equals(People.PARTNER_CENTER)
                    && !write.created()
                    && write.values().get("status") instanceof JsonString status
                    && status.getString().equals("Closed")) {
                require(
                        history.people.edits.stream()
                                .anyMatch(edit -> edit.system().equals(People.CRM)
                                        && edit.field().equals("state")
                                        && CrmRules.text(edit.value()).compareTo("2") > 0),
                        "The referral " + write.id() + " is closed although no seller closed its record.");
            }
        }
    }

    // ---- statistics

    /** In which states the history's links are, with the dead letters and open findings; for a summary. */
    Map<String, Integer> summary() {
        Map<String, Integer> summary = new LinkedHashMap<>();
        history.links().forEach(link -> {
            summary.merge("links " + link.state().word(), 1, Integer::sum);
            if (link.pausedBy() == PausedBy.BREAKER) {
                summary.merge("stopped by the breaker", 1, Integer::sum);
            }
            fixture.findings
                    .listOpen(link.id())
                    .forEach(finding -> summary.merge(finding.kind() + "s", 1, Integer::sum));
        });
        summary.merge("dead letters", history.requests.listDead().size(), Integer::sum);
        summary.merge("pairs compared", pairs.size(), Integer::sum);
        summary.merge("writes", fixture.written.size(), Integer::sum);
        summary.merge("attempts", history.attempts, Integer::sum);
        summary.merge("kills", history.kills, Integer::sum);
        summary.merge("edits", history.people.edits.size(), Integer::sum);
        summary.merge(
                "referrals of Microsoft",
                (int) fixture.partnerCenter.all().stream()
                        .filter(referral -> referral.getString("organizationId").equals(PartnerCenterRules.MICROSOFT))
                        .count(),
                Integer::sum);
        return summary;
    }

    private boolean require(boolean holds, String fault) {
        if (!holds) {
            faults.add(fault);
        }
        return holds;
    }
}
