package org.cosellbridge.sync;

import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.logging.Logger;
import java.util.regex.Pattern;
import org.cosellbridge.connector.ConnectorException;
import org.cosellbridge.connector.RejectedException;
import org.cosellbridge.connector.RemoteRecord;
import org.cosellbridge.connector.StalePreconditionException;
import org.cosellbridge.mapping.FieldMapping;
import org.cosellbridge.mapping.MappingDocument;
import org.cosellbridge.mapping.Section;

/**
 * What a record tells its seller about the synchronisation: Sync Status, the Audit field and, where the mapping wants it, a mark
 * before the name. They ride on a write that is made anyway, else they are a write of their own. They are a courtesy to the seller:
 * the trail is the truth, and a note that cannot be written fails no attempt.
 */
final class Notes {
    static final String GOOD = "\u2714";
    static final String BAD = "\u2716";
    private static final Logger LOG = Logger.getLogger(Notes.class.getName());
    private static final Pattern VARYING = Pattern.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9]+");
    private static final DateTimeFormatter MINUTE =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm 'UTC'", Locale.ROOT).withZone(ZoneOffset.UTC);

    private final Work work;

    Notes(Work work) {
        this.work = work;
    }

    /** What a record that is being created tells. */
    Map<String, JsonValue> ofNew(MappingDocument document, String sentence) {
        Map<String, JsonValue> notes = new LinkedHashMap<>();
        Section section = document.section();
        if (section.status() != null) {
            notes.put(section.status(), text(GOOD));
        }
        if (section.audit() != null) {
            notes.put(section.audit(), text(audit("", List.of(sentence), section.auditLength(), work.now())));
        }
        return notes;
    }

    /** What the record is to tell now, as far as it does not tell so yet: the status, and the lines that wait. */
    Map<String, JsonValue> due(MappingDocument document, RemoteRecord record, String status) {
        Map<String, JsonValue> notes = new LinkedHashMap<>();
        Section section = document.section();
        String cut = cut(status, section.statusLength());
        if (section.status() != null && !held(record, section.status()).equals(cut)) {
            notes.put(section.status(), text(cut));
        }
        if (section.audit() != null && !work.lines.isEmpty()) {
            notes.put(
                    section.audit(),
                    text(audit(held(record, section.audit()), work.lines, section.auditLength(), work.now())));
        }
        if (section.markName()) {
            document.nameField().ifPresent(name -> mark(name, record, status, notes));
        }
        return notes;
    }

    private static void mark(FieldMapping name, RemoteRecord record, String status, Map<String, JsonValue> notes) {
        JsonValue held = name.fromRecord(record.values());
        name.marked(status.startsWith(GOOD) ? GOOD : BAD, held)
                .filter(marked -> !marked.equals(held))
                .ifPresent(marked -> notes.put(name.crm().name(), marked));
    }

    /** The notes that ride on a write are told. */
    void told() {
        work.lines.clear();
    }

    /**
     * Writes what the record is to tell, in a write of its own; without anything to tell it is none. The record as it is then; empty
     * when it changed meanwhile: read and merge again.
     */
    Optional<RemoteRecord> write(MappingDocument document, RemoteRecord record, String status) {
        Map<String, JsonValue> notes = due(document, record, status);
        if (notes.isEmpty() || !work.isWriting() || Comparison.isClosed(document, record.values())) {
            told();
            return Optional.of(record);
        }
        try {
            RemoteRecord written = work.writes.updateRecord(work.attempt.call(), Shapes.of(document), record, notes);
            told();
            return Optional.of(written);
        } catch (StalePreconditionException changed) {
            return Optional.empty();
        } catch (RejectedException refused) {
            LOG.warning(() -> work.connection + ": the Partner Center section of " + record.ref()
                    + " could not be written. " + refused.getMessage());
            told();
            return Optional.of(record);
        }
    }

    /** A dead letter is told to the seller of the record that was read last, once for each reason. */
    void failed(String reason) {
        Optional<RemoteRecord> record = work.findRecordRead();
        Optional<MappingDocument> document = work.findDocument();
        if (record.isEmpty() || document.isEmpty() || !work.isWriting()) {
            return;
        }
        if (Switch.of(document.orElseThrow(), record.orElseThrow()).isOff() && !isLinked(record.orElseThrow())) {
            // what is switched off is not written; a record that a link has just adopted is switched on by us
            return;
        }
        String status = BAD + " " + reason;
        Section section = document.orElseThrow().section();
        if (!isTold(section, record.orElseThrow(), status, reason)) {
            work.lines.add(reason);
        } else if (work.lines.isEmpty()) {
            return;
        }
        try {
            write(document.orElseThrow(), record.orElseThrow(), status)
                    .filter(written ->
                            !written.version().equals(record.orElseThrow().version()))
                    .ifPresent(written -> work.attempt.store(() -> work.noteSeen(written)));
        } catch (ConnectorException away) {
            // the dead letter stands, and an operator sees it; the seller is told when it fails the next time
            LOG.info(() -> work.connection + ": " + record.orElseThrow().ref()
                    + " could not be told of its dead letter. " + away.getMessage());
        }
    }

    private boolean isLinked(RemoteRecord record) {
        return work.rooms.links.findByRecord(work.connection, record.ref()).isPresent();
    }

    /** Whether the record tells this already; numbers and ids do not make another reason of it, or telling it would never end. */
    private static boolean isTold(Section section, RemoteRecord record, String status, String reason) {
        if (section.status() != null) {
            return bare(held(record, section.status())).equals(bare(cut(status, section.statusLength())));
        }
        if (section.audit() == null) {
            return true;
        }
        String newest = held(record, section.audit()).lines().findFirst().orElse("");
        return bare(newest).endsWith(bare(reason.replaceAll("\\s+", " ")));
    }

    private static String bare(String text) {
        return VARYING.matcher(text).replaceAll("#");
    }

    /** The text of the Audit field with the new lines on top, cut at the oldest line. {@code lines}: oldest first. */
    static String audit(String before, List<String> lines, int longest, Instant now) {
        List<String> all = new ArrayList<>();
        lines.forEach(line -> all.add(0, cut(MINUTE.format(now) + " - " + line.replaceAll("\\s+", " "), longest)));
        before.lines().filter(line -> !line.isBlank()).forEach(all::add);
        StringBuilder text = new StringBuilder();
        for (String line : all) {
            if (text.length() + line.length() + 1 > longest && text.length() > 0) {
                break;
            }
            text.append(text.length() == 0 ? "" : "\n").append(line);
        }
        return text.toString();
    }

    private static String cut(String text, int longest) {
        if (text.length() <= longest) {
            return text;
        }
        int end = longest - 1;
        return text.substring(0, Character.isHighSurrogate(text.charAt(end - 1)) ? end - 1 : end) + "\u2026";
    }

    private static String held(RemoteRecord record, String field) {
        return record.values().get(field) instanceof JsonString text ? text.getString() : "";
    }

    private static JsonValue text(String value) {
        return StoredJson.JSON.createValue(value);
    }
}
