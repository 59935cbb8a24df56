package org.cosellbridge.sync;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import org.cosellbridge.audit.AuditEntry;
import org.cosellbridge.audit.AuditKind;
import org.cosellbridge.audit.FieldChange;
import org.cosellbridge.connector.ConnectionName;
import org.cosellbridge.connector.Connector;
import org.cosellbridge.connector.ReadsRecords;
import org.cosellbridge.connector.RecordRef;
import org.cosellbridge.connector.RemoteRecord;
import org.cosellbridge.connector.WritesRecords;
import org.cosellbridge.mapping.MappingDocument;
import org.cosellbridge.referral.EngagementId;
import org.cosellbridge.referral.OrganizationId;
import org.cosellbridge.referral.Referral;
import org.cosellbridge.referral.ReferralId;
import org.jspecify.annotations.Nullable;

/** What the steps of one attempt share: the two sides, the words for the trail, and what became known on the way. */
final class Work {
    final Synchronization rooms;
    final Attempt attempt;
    final boolean dry;
    final ConnectionName connection;
    final ReadsRecords reads;
    final WritesRecords writes;
    /** What the record's Audit field is to be told when it is written next, oldest first. */
    final List<String> lines = new ArrayList<>();

    private String word = "unchanged";
    private int stale;
    private boolean turnedAway;
    private @Nullable Preview preview;
    private @Nullable ReferralId referralId;
    private @Nullable String engagement;
    private @Nullable RemoteRecord referralRead;
    private @Nullable RemoteRecord recordRead;
    private @Nullable MappingDocument document;
    private boolean referralFresh;
    private boolean recordFresh;

    Work(Synchronization rooms, Attempt attempt, boolean dry) {
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

    /** Whether anything may be written to a remote side. */
    boolean isWriting() {
        return !dry && !rooms.settings.isShadow();
    }

    // ---- the two sides

    /** The referral is known by its id; everything told from now on names it. */
    void about(ReferralId referral, @Nullable String itsEngagement) {
        referralId = referral;
        engagement = itsEngagement;
    }

    ReferralId referralId() {
        return Objects.requireNonNull(referralId, "the round has found the referral");
    }

    Optional<ReferralId> findReferralId() {
        return Optional.ofNullable(referralId);
    }

    /** The referral as it was just read. */
    void referralWas(RemoteRecord read) {
        referralRead = read;
        referralFresh = false;
    }

    /** The record as it was just read. */
    void recordWas(MappingDocument mapped, RemoteRecord read) {
        document = mapped;
        recordRead = read;
        recordFresh = false;
    }

    /** The referral as a write left it: the next round need not read it again. */
    void referralIs(RemoteRecord read) {
        referralRead = read;
        referralFresh = true;
    }

    /** The record as a write left it: the next round need not read it again. */
    void recordIs(MappingDocument mapped, RemoteRecord read) {
        document = mapped;
        recordRead = read;
        recordFresh = true;
    }

    /** Both sides are to be read again: one of them changed while it was being merged. */
    void readAgain() {
        stale++;
        forgetReads();
    }

    void forgetReads() {
        referralFresh = false;
        recordFresh = false;
    }

    /** The referral, if the round before left it fresh; asking uses it up. */
    Optional<RemoteRecord> takeFreshReferral() {
        boolean fresh = referralFresh;
        referralFresh = false;
        return fresh ? Optional.ofNullable(referralRead) : Optional.empty();
    }

    /** The record, if the round before left it fresh; asking uses it up. */
    Optional<RemoteRecord> takeFreshRecord(RecordRef wanted) {
        boolean fresh = recordFresh;
        recordFresh = false;
        return fresh ? Optional.ofNullable(recordRead).filter(read -> read.ref().equals(wanted)) : Optional.empty();
    }

    /** The referral as it was read last. */
    RemoteRecord referralRead() {
        return Objects.requireNonNull(referralRead, "the round has read the referral");
    }

    /** The record as it was read or written last; empty when none was. */
    Optional<RemoteRecord> findRecordRead() {
        return Optional.ofNullable(recordRead);
    }

    /** The mapping document of the record that was read last. */
    Optional<MappingDocument> findDocument() {
        return Optional.ofNullable(document);
    }

    int stale() {
        return stale;
    }

    /** Claims a record or referral for this attempt; another attempt that has it ends this one for now. */
    void hold(RecordRef subject) {
        if (!attempt.hold(subject)) {
            turnedAway = true;
            throw new AttemptEndedException(new SyncOutcome.NotNow(
                    connection.value(), false, null, "Another attempt works on " + subject + "."));
        }
    }

    /** Whether another attempt had what this one needed: the link is that one's. */
    boolean isTurnedAway() {
        return turnedAway;
    }

    static Referral parse(RemoteRecord read) {
        try {
            return Referral.parse(read.values());
        } catch (IllegalArgumentException unreadable) {
            throw new AttemptEndedException(
                    new SyncOutcome.NotThisOne("The referral cannot be read. " + unreadable.getMessage()));
        }
    }

    /** A link for this referral, which has no record yet. */
    SyncLink newLink(Referral referral) {
        return SyncLink.reserved(new SyncLink.Identity(
                rooms.ids.next().toString(),
                connection,
                referral.id(),
                referral.findEngagementId().map(EngagementId::value).orElse(null),
                referral.organizationId().map(OrganizationId::value).orElse(null),
                now()));
    }

    // ---- how an attempt ends

    Optional<Preview> preview() {
        return Optional.ofNullable(preview);
    }

    Optional<SyncOutcome> previewed(Preview found, String outcome) {
        preview = found;
        return done(outcome, () -> {});
    }

    /** Nothing is done and nothing is said. */
    Optional<SyncOutcome> nothing(String note) {
        return previewed(Preview.nothing(note), "skipped");
    }

    Optional<SyncOutcome> skip(Optional<SyncLink> link, String sentence) {
        if (dry) {
            return nothing(sentence);
        }
        return done("skipped", () -> {
            remarkSkip(sentence);
            link.filter(found -> found.record() != null)
                    .ifPresent(found -> rooms.links.save(found.withOutcome("skipped", sentence, now())));
        });
    }

    void remarkSkip(String sentence) {
        if (rooms.remarks.note(connection, referralId(), "skipped: " + sentence)) {
            rooms.trail.append(entry(AuditKind.REFERRAL_SKIPPED)
                    .outcome("skipped")
                    .reason(sentence)
                    .build());
        }
    }

    /** The link goes into a state in which nothing is written; said once. */
    Optional<SyncOutcome> leave(SyncLink link, LinkState state, String sentence) {
        if (dry) {
            return nothing(sentence);
        }
        return done("skipped", () -> {
            rooms.links.save(link.withState(state, sentence).withOutcome("skipped", sentence, now()));
            // a pause that somebody made meanwhile stays
            boolean taken = rooms.links
                    .find(link.id())
                    .filter(stored -> stored.state() == state)
                    .isPresent();
            if (taken && link.state() != state) {
                rooms.trail.append(stateChanged(link, state, sentence));
            }
            findRecordRead().ifPresent(this::noteSeen);
            if (state == LinkState.RECORD_GONE) {
                // out of reach is not over: what an unfinished plan wrote is told when the referral is back
                rooms.plans.remove(link.id());
            }
        });
    }

    AuditEntry stateChanged(SyncLink link, LinkState state, String sentence) {
        return entry(AuditKind.LINK_STATE_CHANGED)
                .record(text(link.record()))
                .outcome(state.word())
                .reason(sentence)
                .build();
    }

    /** The record as it is now holds nothing that is still to be looked at. Joins a transaction. */
    void noteSeen(RemoteRecord record) {
        rooms.seen.note(connection, record.ref(), record.version());
    }

    /** In shadow mode nothing is written; what would have been is told once. {@code record}: the one that exists, if any. */
    Optional<SyncOutcome> shadowed(
            Optional<SyncLink> link, String about, MappingDocument mapped, List<FieldChange> changes, String sentence) {
        String remark = "shadowed: " + mapped.label() + " "
                + HexFormat.of()
                        .formatHex(rooms.box.fingerprint(
                                "shadowed",
                                changes.stream()
                                        .map(change -> change.direction() + " " + change.recordField() + "="
                                                + change.written())
                                        .collect(Collectors.joining("\n"))));
        return done("shadowed", () -> {
            if (rooms.remarks.note(connection, about, remark)) {
                AuditEntry.Builder entry = entry(AuditKind.WRITE_SHADOWED)
                        .record(link.map(found -> text(found.record())).orElse(null))
                        .outcome("shadowed")
                        .reason("In shadow mode nothing is written; " + sentence)
                        .mapping(mapped.label());
                changes.forEach(entry::change);
                rooms.trail.append(entry.build());
            }
            link.filter(found -> found.record() != null)
                    .ifPresent(found -> rooms.links.save(
                            found.withOutcome("shadowed", "In shadow mode nothing is written.", now())));
        });
    }

    static Optional<SyncOutcome> done(String word, Runnable store) {
        return Optional.of(new SyncOutcome.Done(word, store));
    }

    // ---- words

    AuditEntry.Builder entry(AuditKind kind) {
        ReferralId referral = referralId;
        return AuditEntry.of(kind)
                .connection(connection.value())
                .referral(referral == null ? null : referral.value())
                .engagement(engagement)
                .correlation(attempt.call().correlationId())
                .delivery(attempt.deliveryId())
                .request(attempt.requestId(), attempt.number());
    }

    static @Nullable String text(@Nullable RecordRef record) {
        return record == null ? null : record.toString();
    }

    Instant now() {
        return rooms.clock.instant();
    }

    String word() {
        return word;
    }

    /** The attempt's word is that of the most it did. */
    void say(String next) {
        List<String> rising = List.of("unchanged", "conflict", "updated", "created");
        if (rising.indexOf(next) > rising.indexOf(word)) {
            word = next;
        }
    }
}
