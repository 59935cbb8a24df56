package org.cosellbridge.sync;

import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.cosellbridge.audit.AuditEntry;
import org.cosellbridge.audit.AuditKind;
import org.cosellbridge.audit.FieldChange;
import org.cosellbridge.connector.DescribesFields;
import org.cosellbridge.connector.PartnerCenter;
import org.cosellbridge.connector.RecordGoneException;
import org.cosellbridge.connector.RecordRef;
import org.cosellbridge.connector.RecordShape;
import org.cosellbridge.connector.RejectedException;
import org.cosellbridge.connector.RemoteRecord;
import org.cosellbridge.connector.RetryableException;
import org.cosellbridge.connector.SetupException;
import org.cosellbridge.connector.StalePreconditionException;
import org.cosellbridge.mapping.FieldMapping;
import org.cosellbridge.mapping.MappingDocument;
import org.cosellbridge.mapping.Occasion;
import org.cosellbridge.mapping.RelatedMapping;
import org.cosellbridge.referral.DealType;
import org.cosellbridge.referral.Direction;
import org.cosellbridge.referral.EngagementId;
import org.cosellbridge.referral.NewReferral;
import org.cosellbridge.referral.OrganizationId;
import org.cosellbridge.referral.Referral;
import org.cosellbridge.referral.ReferralId;
import org.cosellbridge.referral.ReferralPaths;
import org.jspecify.annotations.Nullable;

/**
 * Creates referrals for records whose seller switched the sync on, and asks Microsoft for help. Partner Center knows no key that
 * keeps a second create from making a second referral: the intent is stored before each call, a lost answer is looked for, and only
 * what was twice not found is posted again.
 */
final class NewReferralSteps {
    private static final String CREATED = "created";
    private static final String ADOPTED = "adopted";
    /** In an intent: the name of the operator who decided on the help, whatever the record says. */
    private static final String DECIDED = "decided";
    /** In an intent: Microsoft is about to be shown the deal. */
    private static final String SHARE = "share";
    /** What a referral and Microsoft's in the same engagement have in common. */
    private static final List<String> DEAL =
            List.of("name", "qualification", "customerProfile", "consent", "details", "team");

    private final Work work;
    private final Synchronization rooms;
    private final Attempt attempt;

    NewReferralSteps(Work work) {
        this.work = work;
        this.rooms = work.rooms;
        this.attempt = work.attempt;
    }

    /** Whether Microsoft is still to be asked for the help that this record's seller chose. */
    boolean isUnfinished(RecordRef record) {
        return rooms.intents
                .find(work.connection, record)
                .filter(intent -> intent.step() == Intent.Step.MICROSOFT)
                .isPresent();
    }

    // ---- our own referral

    /** Creates the record's referral, or finds the one that an attempt before has created; the next round goes on with both. */
    Optional<SyncOutcome> create(MappingDocument document, RemoteRecord record) {
        Optional<Intent> before = rooms.intents.find(work.connection, record.ref());
        if (work.isWriting() && before.flatMap(Intent::findPostedAt).isPresent()) {
            // whatever the record says by now: what an attempt before may have created is looked for first
            Optional<RemoteRecord> made = findOwn(record, before);
            if (made.isPresent()) {
                return found(document, Work.parse(held(made.orElseThrow())), record, before.orElseThrow());
            }
            attempt.store(() -> rooms.intents.save(before.orElseThrow().notPosted(), name -> "record " + record.ref()));
        }
        if (document.newReferral().isEmpty()) {
            throw refused("Partner Center takes no new " + document.record() + " from a partner. Qualify it, and switch"
                    + " Sync with Partner Center on on the opportunity that comes of it.");
        }
        if (Comparison.isClosed(document, record.values())) {
            throw refused("The record is closed, so no referral is created for it. Reopen it, or switch Sync with"
                    + " Partner Center off.");
        }
        JsonObject draft = draft(document, record);
        Help help = help(document, record);
        DealType dealType = DealType.of(help.code(), help.visible());
        List<NewReferral.Missing> missing = NewReferral.missing(draft, dealType);
        if (!missing.isEmpty()) {
            throw refused(sentence(document, missing));
        }
        JsonObject body = NewReferral.own(draft, dealType, record.ref().id());
        if (!rooms.mappings.condition(work.connection).matches(body)) {
            throw refused("Its referral would not meet the condition cosell.crm." + work.connection
                    + ".when, so none is created.");
        }
        Intent intent = new Intent(
                work.connection,
                record.ref(),
                Intent.Step.OWN,
                document.label(),
                dealType == DealType.CO_SELL ? help.code() : null,
                null,
                null,
                sent(document, record, body));
        if (!work.isWriting()) {
            List<FieldChange> changes = changes(document, intent, draft, CREATED);
            return work.dry
                    ? work.previewed(Preview.created(changes), CREATED)
                    : work.shadowed(
                            Optional.empty(),
                            record.ref().id(),
                            document,
                            changes,
                            "a new referral for the record " + record.ref() + " would have got this.");
        }
        Optional<RemoteRecord> known =
                before.flatMap(Intent::findPostedAt).isPresent() ? Optional.empty() : findOwn(record, Optional.empty());
        if (known.isPresent()) {
            return found(document, Work.parse(held(known.orElseThrow())), record, intent);
        }
        Function<String, @Nullable String> subjects = subjects(document, draft, record.ref());
        attempt.store(() -> rooms.intents.save(intent.posted(work.now()), subjects));
        RemoteRecord made;
        try {
            made = rooms.partnerCenter
                    .createRecord(attempt.call(), RecordShape.referral(), null, null, body)
                    .orElseThrow(() -> new IllegalStateException("Partner Center answered a create with nothing."));
        } catch (RejectedException | SetupException nothingMade) {
            attempt.store(() -> rooms.intents.remove(work.connection, record.ref()));
            throw nothingMade;
        } catch (RetryableException perhaps) {
            if (perhaps.isOwnLimit()) {
                attempt.store(() -> rooms.intents.save(intent.notPosted(), subjects));
            }
            throw perhaps;
        }
        work.hold(new RecordRef(RecordRef.REFERRAL, made.ref().id()));
        work.referralIs(made);
        work.recordIs(document, record);
        return link(document, Work.parse(made), record, intent, CREATED);
    }

    private RemoteRecord held(RemoteRecord referral) {
        work.hold(new RecordRef(RecordRef.REFERRAL, referral.ref().id()));
        return referral;
    }

    /** The referral of an intent turned out to exist: it is linked with its record as if its answer had come. */
    Optional<SyncOutcome> found(MappingDocument document, Referral referral, RemoteRecord record, Intent intent) {
        return link(document, referral, record, intent, intent.findPostedAt().isPresent() ? Merge.CONFIRMED : ADOPTED);
    }

    /**
     * The same for a record that was deleted meanwhile. It is linked all the same, so that the next round finds it gone: no record is
     * made in its place.
     */
    Optional<SyncOutcome> foundWithoutRecord(
            Optional<SyncLink> reserved, MappingDocument document, Referral referral, Intent intent) {
        SyncLink link = reserved.orElseGet(() -> work.newLink(referral)).withRecord(intent.record());
        attempt.store(() -> {
            rooms.trail.append(createdEntry(document, referral, intent.record(), intent, Merge.CONFIRMED));
            rooms.trail.append(work.entry(AuditKind.LINK_CREATED)
                    .record(intent.record().toString())
                    .outcome(CREATED)
                    .mapping(document.label())
                    .build());
            rooms.links.save(link.withOutcome(CREATED, null, work.now()));
            rooms.intents.remove(work.connection, intent.record());
        });
        return Optional.empty();
    }

    /**
     * Our referral that names the record. After a lost answer it is looked for twice, with a pause in between that is longer than
     * Partner Center may take to finish what it had begun.
     */
    private Optional<RemoteRecord> findOwn(RemoteRecord record, Optional<Intent> intent) {
        String id = record.ref().id();
        List<RemoteRecord> found = new ArrayList<>();
        for (ReferralId named : rooms.references.list(attempt.call(), id)) {
            rooms.partnerCenter
                    .findRecord(attempt.call(), RecordShape.referral(), named.value())
                    .filter(read -> Work.parse(read)
                            .externalReferenceId()
                            .filter(id::equalsIgnoreCase)
                            .isPresent())
                    .ifPresent(found::add);
        }
        if (found.size() > 1) {
            throw refused("Two referrals name the record: " + found.get(0).ref().id() + " and "
                    + found.get(1).ref().id() + ". Close the one that does not belong at Partner Center, and clear its"
                    + " external reference.");
        }
        if (found.isEmpty()) {
            intent.filter(was -> was.step() == Intent.Step.OWN).ifPresent(this::missed);
        }
        return found.stream().findFirst();
    }

    /** What was posted without an answer does not show: wait once before it counts as not made. */
    private void missed(Intent intent) {
        if (intent.findPostedAt().isEmpty()) {
            return;
        }
        Instant now = work.now();
        Optional<Instant> before = intent.findMissedAt();
        Instant again = before.orElse(now).plus(rooms.settings.createTimeout());
        if (before.isPresent() && !now.isBefore(again)) {
            return;
        }
        if (before.isEmpty()) {
            attempt.store(() -> rooms.intents.save(intent.missed(now), name -> "record " + intent.record()));
        }
        throw new AttemptEndedException(new SyncOutcome.NotNow(
                PartnerCenter.SYSTEM,
                false,
                again,
                "The answer to a create was lost, and the referral does not show yet. It is looked for again before"
                        + " anything is created."));
    }

    private Optional<SyncOutcome> link(
            MappingDocument document, Referral referral, RemoteRecord record, Intent intent, String rule) {
        refuseTaken(referral, record);
        SyncLink link = rooms.links
                .findByReferral(work.connection, referral.id())
                .orElseGet(() -> work.newLink(referral))
                .withRecord(record.ref());
        work.about(referral.id(), link.engagement());
        work.say(CREATED);
        work.lines.add("Referral " + referral.id() + (rule.equals(CREATED) ? " created." : " found and linked."));
        attempt.store(() -> {
            rooms.trail.append(createdEntry(document, referral, record.ref(), intent, rule));
            rooms.trail.append(work.entry(AuditKind.LINK_CREATED)
                    .record(record.ref().toString())
                    .outcome(CREATED)
                    .mapping(document.label())
                    .build());
            rooms.links.save(link.withOutcome(CREATED, null, work.now()));
            if (!rule.equals(ADOPTED)) {
                rooms.baselines.save(
                        link.id(),
                        baseline(document, referral, record, intent),
                        Comparison.subjects(document, referral));
            }
            rooms.remarks.forget(work.connection, referral.id());
            if (intent.helpCode() == null) {
                rooms.intents.remove(work.connection, record.ref());
            } else {
                rooms.intents.save(help(intent), name -> null);
            }
        });
        return Optional.empty();
    }

    private static Intent help(Intent intent) {
        return new Intent(
                intent.connection(),
                intent.record(),
                Intent.Step.MICROSOFT,
                intent.mapping(),
                intent.helpCode(),
                null,
                null,
                Map.of());
    }

    /** A referral belongs to one record, and an engagement of ours has one referral. */
    private void refuseTaken(Referral referral, RemoteRecord record) {
        rooms.links
                .findByReferral(work.connection, referral.id())
                .filter(other -> other.record() != null && !record.ref().equals(other.record()))
                .ifPresent(other -> {
                    throw refused("The referral " + referral.id() + " names this record but is linked with "
                            + other.record() + ". Correct the external reference at Partner Center.");
                });
        Optional<String> engagement = referral.findEngagementId().map(EngagementId::value);
        Optional<String> organization = referral.organizationId().map(OrganizationId::value);
        if (engagement.isPresent() && organization.isPresent()) {
            rooms.links
                    .findByEngagement(work.connection, engagement.orElseThrow(), organization.orElseThrow())
                    .filter(other -> !other.referral().equals(referral.id()))
                    .ifPresent(other -> {
                        throw refused("Two referrals of ours share one engagement: " + other.referral()
                                + ", which is linked, and " + referral.id() + ". Close one of them at Partner Center.");
                    });
        }
    }

    private AuditEntry createdEntry(
            MappingDocument document, Referral referral, RecordRef record, Intent intent, String rule) {
        AuditEntry.Builder entry = work.entry(AuditKind.REFERRAL_CREATED)
                .onBehalfOf("crm:" + work.connection)
                .record(record.toString())
                .outcome(CREATED)
                .mapping(document.label());
        if (rule.equals(Merge.CONFIRMED)) {
            entry.reason("It was created before a restart or a lost answer and is confirmed now.");
        } else if (rule.equals(ADOPTED)) {
            entry.reason("A referral that exists and names the record is adopted.");
        }
        if (!rule.equals(ADOPTED)) {
            changes(document, intent, referral.view(), rule).forEach(entry::change);
        }
        return entry.build();
    }

    /** What both sides agreed on when the referral was posted: an edit since then, on either side, is a move. */
    private Baseline baseline(MappingDocument document, Referral referral, RemoteRecord record, Intent intent) {
        Map<String, Baseline.FieldBaseline> fields = new LinkedHashMap<>();
        String consent = fieldAt(document, ReferralPaths.CONSENT);
        intent.fields().forEach((name, sent) -> {
            // whoever asks for help shows the deal: where the record does not say so, Partner Center has moved on
            boolean shownByHelp =
                    name.equals(consent) && JsonValue.TRUE.equals(sent.partnerCenter()) && Merge.isNo(sent.crm());
            fields.put(
                    name,
                    new Baseline.FieldBaseline(
                            shownByHelp ? JsonValue.FALSE : sent.partnerCenter(), sent.crm(), null, null));
        });
        return new Baseline(document.label(), referral.eTag(), record.version(), work.now(), fields);
    }

    /** By field, what the record holds and what is sent. */
    private static Map<String, Intent.Sent> sent(MappingDocument document, RemoteRecord record, JsonObject body) {
        Map<String, Intent.Sent> sent = new LinkedHashMap<>();
        JsonObject view = viewOf(body);
        for (FieldMapping mapping : document.fields()) {
            if (mapping.related().isEmpty()
                    && mapping.path().isPresent()
                    && mapping.travels(Direction.TO_PARTNER_CENTER, Occasion.CREATE)) {
                // our own referral shows no help: that is asked for with Microsoft's
                boolean help = mapping.path().filter(ReferralPaths.HELP::equals).isPresent();
                boolean state = mapping.path().filter("state"::equals).isPresent();
                if (!state) {
                    sent.put(
                            mapping.name(),
                            new Intent.Sent(
                                    help ? JsonValue.NULL : mapping.fromRecord(record.values()),
                                    help ? JsonValue.NULL : mapping.fromReferral(view)));
                }
            }
        }
        return sent;
    }

    /** The body as mappings see a referral. */
    private static JsonObject viewOf(JsonObject body) {
        return Referral.parse(StoredJson.JSON
                        .createObjectBuilder(body)
                        .add("id", "00000000-0000-0000-0000-000000000000")
                        .build())
                .view();
    }

    private List<FieldChange> changes(MappingDocument document, Intent intent, JsonObject view, String rule) {
        return document.fields().stream()
                .flatMap(mapping -> Stream.ofNullable(intent.fields().get(mapping.name()))
                        .filter(sent -> !Merge.isEmpty(sent.partnerCenter()))
                        .map(sent -> new FieldChange(
                                mapping.name(),
                                mapping.crm().name(),
                                Direction.TO_PARTNER_CENTER,
                                null,
                                JsonValue.NULL,
                                sent.crm(),
                                sent.partnerCenter(),
                                rule,
                                null,
                                mapping.personal()
                                        ? mapping.subject(view)
                                                .filter(text -> !text.isBlank())
                                                .orElse("record " + intent.record())
                                        : null)))
                .toList();
    }

    private static Function<String, @Nullable String> subjects(
            MappingDocument document, JsonObject draft, RecordRef record) {
        return name -> document.findField(name)
                .filter(FieldMapping::personal)
                .map(mapping ->
                        mapping.subject(draft).filter(text -> !text.isBlank()).orElse("record " + record))
                .orElse(null);
    }

    // ---- what the record says

    /** The choice that makes a deal private, partner-led or co-sell; an empty field or a default is no choice. */
    private record Help(String code, boolean visible) {}

    private static Help help(MappingDocument document, RemoteRecord record) {
        return new Help(
                explicit(document, record, ReferralPaths.HELP) instanceof JsonString code ? code.getString() : "",
                JsonValue.TRUE.equals(explicit(document, record, ReferralPaths.CONSENT)));
    }

    private static JsonValue explicit(MappingDocument document, RemoteRecord record, String path) {
        return document.fields().stream()
                .filter(mapping -> mapping.path().filter(path::equals).isPresent())
                .filter(mapping -> !Merge.isEmpty(mapping.fromRecord(record.values())))
                .filter(mapping -> !mapping.isDefaulted(Direction.TO_PARTNER_CENTER, record.values()))
                .findFirst()
                .map(mapping -> mapping.toPartnerCenter(record.values()))
                .orElse(JsonValue.NULL);
    }

    private JsonObject draft(MappingDocument document, RemoteRecord record) {
        Map<String, JsonObject> related = new LinkedHashMap<>();
        for (RelatedMapping mapping : document.related()) {
            mapping.references().stream()
                    .flatMap(name -> document.findField(name).stream())
                    .map(field -> field.fromRecord(record.values()))
                    .filter(id -> id instanceof JsonString && !Merge.isEmpty(id))
                    .distinct()
                    .flatMap(
                            id -> work
                                    .reads
                                    .findRecord(attempt.call(), Shapes.of(mapping), ((JsonString) id).getString())
                                    .stream())
                    .findFirst()
                    .ifPresent(found -> related.put(mapping.name(), found.values()));
        }
        return document.draft(record.values(), related);
    }

    /** One sentence with everything that is missing, in the CRM's own words. */
    private String sentence(MappingDocument document, List<NewReferral.Missing> missing) {
        Map<String, String> names = new LinkedHashMap<>();
        if (work.reads instanceof DescribesFields describes) {
            names.putAll(describes.labels(attempt.call(), Shapes.of(document)));
        }
        List<String> needs = missing.stream()
                .map(one -> label(document, names, one.path()) + " " + one.need())
                .distinct()
                .toList();
        return "Partner Center takes the deal only when this is complete: " + String.join("; ", needs) + ".";
    }

    private static String label(MappingDocument document, Map<String, String> names, String path) {
        Optional<String> own = document.fields().stream()
                .filter(mapping -> isAt(mapping, path))
                .findFirst()
                .map(mapping -> names.getOrDefault(mapping.crm().name(), mapping.label()));
        return own.or(() -> document.related().stream()
                        .flatMap(related -> related.fields().stream()
                                .filter(mapping -> isAt(mapping, path))
                                .map(mapping -> mapping.label() + " (" + related.name() + ")"))
                        .findFirst())
                .orElse(path);
    }

    private static boolean isAt(FieldMapping mapping, String path) {
        return mapping.path()
                .filter(held -> held.equals(path) || held.startsWith(path + "[") || held.startsWith(path + "."))
                .isPresent();
    }

    private static AttemptEndedException refused(String sentence) {
        return new AttemptEndedException(new SyncOutcome.NotThisOne(sentence));
    }

    // ---- Microsoft's referral

    /** The sentence that says what the deal lacks for Microsoft to be asked; empty when it is complete. */
    Optional<String> findIncomplete(MappingDocument document, Referral referral) {
        List<NewReferral.Missing> missing = NewReferral.missing(deal(referral), DealType.CO_SELL);
        return missing.isEmpty() ? Optional.empty() : Optional.of(sentence(document, missing));
    }

    /** The seller chose how Microsoft can help for a deal that is complete: the intent is stored, and the next rounds carry it out. */
    Optional<SyncOutcome> askMicrosoft(
            MappingDocument document, Referral referral, RemoteRecord record, Comparison.Field help) {
        String code = help.valueForPartnerCenter() instanceof JsonString text ? text.getString() : "";
        attempt.store(() -> rooms.intents.save(
                new Intent(
                        work.connection,
                        record.ref(),
                        Intent.Step.MICROSOFT,
                        document.label(),
                        code,
                        null,
                        null,
                        help.decider() == null
                                ? Map.of()
                                : Map.of(
                                        DECIDED,
                                        new Intent.Sent(JsonValue.NULL, StoredJson.JSON.createValue(help.decider())))),
                name -> null));
        work.referralIs(work.referralRead());
        work.recordIs(document, record);
        return Optional.empty();
    }

    /**
     * Carries out what is left of asking Microsoft: lets Microsoft see the deal, looks whether it was asked, asks.
     *
     * @param mayAsk whether Microsoft may still be asked; otherwise it is only found out whether it was
     */
    Optional<SyncOutcome> goOn(MappingDocument document, Referral referral, RemoteRecord record, boolean mayAsk) {
        Intent stored = rooms.intents.find(work.connection, record.ref()).orElseThrow();
        String code = String.valueOf(stored.helpCode());
        Optional<Referral> theirs = findMicrosoft(referral, record);
        if (theirs.isPresent()) {
            String shows = MicrosoftReferral.of(theirs.orElseThrow()).helpCode();
            boolean ours = stored.findPostedAt().isPresent() && (shows == null || shows.equals(code));
            return asked(document, record, theirs.orElseThrow(), stored, ours ? Merge.CONFIRMED : ADOPTED);
        }
        boolean shown = stored.fields().containsKey(SHARE) && isShared(referral);
        // where it is not shown the write has not happened, and showing it is begun anew
        Intent intent = stored.without(SHARE);
        if (shown) {
            attempt.store(() -> {
                rooms.trail.append(sharedEntry(document, record, Merge.CONFIRMED));
                rooms.intents.save(intent, name -> null);
            });
        }
        missed(intent);
        if (!mayAsk) {
            return givenUp(document, record, intent);
        }
        if (referral.isTerminal()) {
            // the comparison tells it as a difference, and goes on with the other fields
            work.lines.add("The referral has reached its end, so Microsoft cannot be asked for help any more.");
            return dropped(document, record);
        }
        if (!intent.fields().containsKey(DECIDED)
                && !code.equals(help(document, record).code())) {
            // the seller chose otherwise before anything was asked
            return dropped(document, record);
        }
        if (!isShared(referral)) {
            return share(document, record, intent);
        }
        JsonObject body = NewReferral.forMicrosoft(deal(referral), referral, code);
        attempt.store(() -> rooms.intents.save(intent.posted(work.now()), name -> null));
        RemoteRecord made;
        try {
            made = rooms.partnerCenter
                    .createRecord(attempt.call(), RecordShape.referral(), null, null, body)
                    .orElseThrow(() -> new IllegalStateException("Partner Center answered a create with nothing."));
        } catch (RejectedException refused) {
            // the other fields must not wait for it: the comparison asks again once something has changed
            attempt.store(() -> rooms.intents.remove(work.connection, record.ref()));
            throw refused;
        } catch (SetupException broken) {
            attempt.store(() -> rooms.intents.save(intent.notPosted(), name -> null));
            throw broken;
        } catch (RetryableException perhaps) {
            if (perhaps.isOwnLimit()) {
                attempt.store(() -> rooms.intents.save(intent.notPosted(), name -> null));
            }
            throw perhaps;
        }
        return asked(document, record, Work.parse(made), intent, "asked");
    }

    /** What was chosen on a record that is switched off is not asked for: nobody hears of it elsewhere, as the link moves on. */
    private Optional<SyncOutcome> givenUp(MappingDocument document, RemoteRecord record, Intent intent) {
        attempt.store(() -> {
            rooms.trail.append(work.entry(AuditKind.MICROSOFT_NOT_ASKED)
                    .onBehalfOf("crm:" + work.connection)
                    .record(record.ref().toString())
                    .outcome("given-up")
                    .reason("Sync with Partner Center was switched off on the record before Microsoft was asked for the"
                            + " help that was chosen there.")
                    .mapping(document.label())
                    .change(new FieldChange(
                            fieldAt(document, ReferralPaths.HELP),
                            recordFieldAt(document, ReferralPaths.HELP),
                            Direction.TO_PARTNER_CENTER,
                            null,
                            JsonValue.NULL,
                            record.values().getOrDefault(recordFieldAt(document, ReferralPaths.HELP), JsonValue.NULL),
                            null,
                            "given-up",
                            decider(intent),
                            null))
                    .build());
            rooms.intents.remove(work.connection, record.ref());
        });
        work.referralIs(work.referralRead());
        work.recordIs(document, record);
        return Optional.empty();
    }

    /** Nothing is asked any more, and the comparison goes on. */
    private Optional<SyncOutcome> dropped(MappingDocument document, RemoteRecord record) {
        attempt.store(() -> rooms.intents.remove(work.connection, record.ref()));
        work.referralIs(work.referralRead());
        work.recordIs(document, record);
        return Optional.empty();
    }

    /** Nothing is asked any more; a person reads why. */
    private AttemptEndedException dropped(RemoteRecord record, String sentence) {
        attempt.store(() -> rooms.intents.remove(work.connection, record.ref()));
        return refused(sentence);
    }

    /** The deal's data as Partner Center has taken them. */
    private static JsonObject deal(Referral referral) {
        JsonObjectBuilder deal = StoredJson.JSON.createObjectBuilder();
        DEAL.forEach(name -> {
            JsonValue value = referral.view().get(name);
            if (value != null) {
                deal.add(name, value);
            }
        });
        return deal.build();
    }

    private Optional<Referral> findMicrosoft(Referral referral, RemoteRecord record) {
        String engagement = referral.findEngagementId()
                .map(EngagementId::value)
                .orElseThrow(() -> dropped(
                        record,
                        "The referral belongs to no engagement, so Microsoft cannot be asked for"
                                + " help. Ask at Partner Center."));
        List<Referral> theirs = rooms
                .partnerCenter
                .listMatching(
                        attempt.call(),
                        RecordShape.referral(),
                        Map.of("engagementId", StoredJson.JSON.createValue(engagement)),
                        10)
                .stream()
                .map(Work::parse)
                .filter(other -> other.organizationId()
                        .filter(OrganizationId::isMicrosoft)
                        .isPresent())
                .toList();
        if (theirs.size() > 1) {
            throw dropped(
                    record,
                    "Microsoft was asked twice in this engagement: "
                            + theirs.get(0).id() + " and " + theirs.get(1).id()
                            + ". Nothing more is asked; withdraw one at Partner Center.");
        }
        return theirs.stream().findFirst();
    }

    private static boolean isShared(Referral referral) {
        return referral.view().get("consent") instanceof JsonObject consent
                && JsonValue.TRUE.equals(consent.get("consentToShareReferralWithMicrosoftSellers"));
    }

    /** Help can be asked for only where Microsoft sees the deal; the seller's choice of help is the choice to show it. */
    private Optional<SyncOutcome> share(MappingDocument document, RemoteRecord record, Intent intent) {
        attempt.store(() ->
                rooms.intents.save(intent.with(SHARE, new Intent.Sent(JsonValue.NULL, JsonValue.TRUE)), name -> null));
        RemoteRecord written;
        try {
            written = rooms.partnerCenter.updateRecord(
                    attempt.call(),
                    RecordShape.referral(),
                    work.referralRead(),
                    Map.of(ReferralPaths.CONSENT, JsonValue.TRUE));
        } catch (StalePreconditionException changed) {
            attempt.store(() -> rooms.intents.save(intent, name -> null));
            work.readAgain();
            return Optional.empty();
        } catch (RejectedException | SetupException | RecordGoneException notWritten) {
            attempt.store(() -> rooms.intents.save(intent, name -> null));
            throw notWritten;
        }
        attempt.store(() -> {
            rooms.trail.append(sharedEntry(document, record, "help"));
            rooms.intents.save(intent, name -> null);
        });
        work.referralIs(written);
        work.recordIs(document, record);
        return Optional.empty();
    }

    private AuditEntry sharedEntry(MappingDocument document, RemoteRecord record, String rule) {
        return work.entry(AuditKind.REFERRAL_UPDATED)
                .onBehalfOf("crm:" + work.connection)
                .record(record.ref().toString())
                .outcome("updated")
                .reason("Microsoft is asked for help, so it must see the deal.")
                .mapping(document.label())
                .change(new FieldChange(
                        fieldAt(document, ReferralPaths.CONSENT),
                        recordFieldAt(document, ReferralPaths.HELP),
                        Direction.TO_PARTNER_CENTER,
                        null,
                        JsonValue.FALSE,
                        null,
                        JsonValue.TRUE,
                        rule,
                        null,
                        null))
                .build();
    }

    private static String fieldAt(MappingDocument document, String path) {
        return document.fields().stream()
                .filter(mapping -> mapping.path().filter(path::equals).isPresent())
                .findFirst()
                .map(FieldMapping::name)
                .orElse(path);
    }

    private static String recordFieldAt(MappingDocument document, String path) {
        return document.fields().stream()
                .filter(mapping -> mapping.path().filter(path::equals).isPresent())
                .findFirst()
                .map(mapping -> mapping.crm().name())
                .orElse(path);
    }

    private static @Nullable String decider(Intent intent) {
        Intent.Sent decided = intent.fields().get(DECIDED);
        return decided != null && decided.partnerCenter() instanceof JsonString name ? name.getString() : null;
    }

    private Optional<SyncOutcome> asked(
            MappingDocument document, RemoteRecord record, Referral theirs, Intent intent, String rule) {
        String code = String.valueOf(intent.helpCode());
        boolean adopted = rule.equals(ADOPTED);
        String sentence = adopted
                ? "Microsoft had been asked at Partner Center already; nothing was sent."
                : rule.equals(Merge.CONFIRMED)
                        ? "It was asked before a restart or a lost answer and is confirmed now."
                        : "Microsoft was asked for help.";
        attempt.store(() -> {
            rooms.microsoft.save(MicrosoftReferral.of(theirs).askedFor(code));
            rooms.intents.remove(work.connection, record.ref());
            rooms.trail.append(work.entry(AuditKind.MICROSOFT_ASKED)
                    .onBehalfOf("crm:" + work.connection)
                    .record(record.ref().toString())
                    .outcome("asked")
                    .reason(sentence + " Its referral is " + theirs.id() + ".")
                    .mapping(document.label())
                    .change(new FieldChange(
                            fieldAt(document, ReferralPaths.HELP),
                            recordFieldAt(document, ReferralPaths.HELP),
                            Direction.TO_PARTNER_CENTER,
                            null,
                            JsonValue.NULL,
                            record.values().getOrDefault(recordFieldAt(document, ReferralPaths.HELP), JsonValue.NULL),
                            adopted ? null : StoredJson.JSON.createValue(code),
                            rule,
                            adopted ? null : decider(intent),
                            null))
                    .build());
        });
        work.say("updated");
        work.lines.add(adopted ? "Microsoft had been asked for help already." : "Microsoft was asked for help.");
        // the referral was not touched, but now it shows what was asked
        work.referralIs(work.referralRead());
        work.recordIs(document, record);
        return Optional.empty();
    }
}
