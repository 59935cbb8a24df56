package org.cosellbridge.simulator;

import static org.cosellbridge.simulator.JsonTree.JSON;

import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonValue;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.cosellbridge.simulator.SalesforceSchema.Entity;
import org.cosellbridge.simulator.SalesforceSchema.Field;

/**
 * The records of the simulated organization and what holds whatever the way they are written. Deleted records stay, in the recycle
 * bin. Times are whole seconds, as Salesforce keeps them. Not thread-safe: the simulator holds a lock around every call.
 */
final class SalesforceStore {
    /** What goes with a parent that is deleted. */
    private static final Map<String, List<String>> CASCADES = Map.of(
            "Account", List.of("Opportunity.AccountId", "Contact.AccountId"),
            "Contact", List.of("OpportunityContactRole.ContactId"),
            "Opportunity", List.of("OpportunityContactRole.OpportunityId"));

    private final SalesforceSchema schema = new SalesforceSchema();
    private final SalesforceValues values = new SalesforceValues(this);
    private final SalesforceRules rules;
    private final Clock clock;
    private final Consumer<String> brokenRules;
    private final Map<String, Map<String, SalesforceRecord>> records = new HashMap<>();
    private final List<SalesforceSimulator.Write> writes = new ArrayList<>();
    private final List<Event> events = new ArrayList<>();
    private final List<String> unchanged = new ArrayList<>();
    private final Map<String, Long> numbers = new HashMap<>();
    private Duration lateness = Duration.ZERO;

    SalesforceStore(Clock clock, Consumer<String> brokenRules) {
        this.clock = clock;
        this.brokenRules = brokenRules;
        this.rules = new SalesforceRules(this, brokenRules);
        schema.entities().forEach(entity -> records.put(entity.name(), new LinkedHashMap<>()));
    }

    /**
     * Who writes, and how.
     *
     * @param userId the user
     * @param person whether it is done within the organization, by a person or an automation, not by a call
     * @param autoAssign whether assignment rules run
     * @param allowSave whether alerts of duplicate rules are passed over
     * @param details whether a duplicate rule's refusal shows the records
     */
    record Author(String userId, boolean person, boolean autoAssign, boolean allowSave, boolean details) {
        static Author person(String userId) {
            return new Author(userId, true, false, true, false);
        }
    }

    /** A record was created or changed. Deletions are no events: outbound messages do not tell them. */
    record Event(Entity entity, String id, Author author, boolean created, Set<String> fields) {}

    /** Everything that a failed transaction undoes. */
    record Snapshot(Map<String, Map<String, SalesforceRecord>> records, int writes, int events) {}

    SalesforceSchema schema() {
        return schema;
    }

    SalesforceRules rules() {
        return rules;
    }

    Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.SECONDS);
    }

    List<SalesforceSimulator.Write> writes() {
        return writes;
    }

    List<String> unchanged() {
        return unchanged;
    }

    void lateness(Duration late) {
        lateness = late;
    }

    List<Event> takeEvents() {
        List<Event> taken = List.copyOf(events);
        events.clear();
        return taken;
    }

    Snapshot snapshot() {
        Map<String, Map<String, SalesforceRecord>> copies = new HashMap<>();
        records.forEach((entity, rows) -> {
            Map<String, SalesforceRecord> copy = new LinkedHashMap<>();
            rows.forEach((id, record) -> copy.put(id, record.copy()));
            copies.put(entity, copy);
        });
        return new Snapshot(copies, writes.size(), events.size());
    }

    void restore(Snapshot snapshot) {
        records.clear();
        records.putAll(snapshot.records());
        writes.subList(snapshot.writes(), writes.size()).clear();
        events.subList(snapshot.events(), events.size()).clear();
    }

    // --- reading ---------------------------------------------------------------------------------------------------

    /** All records, those in the recycle bin too. */
    Stream<SalesforceRecord> all(Entity entity) {
        return rows(entity).values().stream();
    }

    Stream<SalesforceRecord> live(Entity entity) {
        return all(entity).filter(record -> !record.isDeleted());
    }

    Stream<SalesforceRecord> live(String entity) {
        return live(schema.entity(entity));
    }

    private Map<String, SalesforceRecord> rows(Entity entity) {
        return records.computeIfAbsent(entity.name(), name -> new LinkedHashMap<>());
    }

    /** The record with this id of 18 characters, also when it is deleted. */
    Optional<SalesforceRecord> find(Entity entity, String id) {
        return Optional.ofNullable(rows(entity).get(id));
    }

    /** The record that a call names by an id of either length. */
    SalesforceRecord get(Entity entity, String id) {
        String parsed = SalesforceId.parse(id)
                .filter(known -> known.startsWith(entity.prefix()))
                .orElseThrow(() -> SalesforceRefusal.bad("MALFORMED_ID", "malformed id " + id));
        SalesforceRecord record = find(entity, parsed).orElseThrow(SalesforceRefusal::notFound);
        if (record.isDeleted()) {
            throw SalesforceRefusal.of(404, "ENTITY_IS_DELETED", "entity is deleted");
        }
        return record;
    }

    /** The records whose external id has this value, whatever the case. */
    List<SalesforceRecord> byExternalId(Entity entity, Field field, String value) {
        return live(entity)
                .filter(record -> record.text(field.name())
                        .filter(value::equalsIgnoreCase)
                        .isPresent())
                .toList();
    }

    // --- writing ---------------------------------------------------------------------------------------------------

    SalesforceRecord create(Entity entity, JsonObject body, Author author) {
        if (!author.person()) {
            rules.beforeCall(entity, "create", Optional.empty());
        }
        Map<String, JsonValue> given = values.read(entity, body, author, true);
        Map<String, JsonValue> all = new HashMap<>();
        entity.fields().stream()
                .filter(field -> field.kind() == SalesforceSchema.Kind.BOOLEAN)
                .forEach(field -> all.put(field.name(), JsonValue.FALSE));
        all.putAll(given);
        rules.complete(entity, all, given.keySet(), Optional.empty(), author);
        rules.check(entity, all, given, Optional.empty(), author);
        SalesforceRecord record = new SalesforceRecord(entity, nextId(entity.prefix()), all);
        stamp(record, author, true);
        rows(entity).put(record.id(), record);
        note("CREATE", record, List.copyOf(given.keySet()), author);
        events.add(new Event(entity, record.id(), author, true, Set.copyOf(given.keySet())));
        if (entity.name().equals("Opportunity")) {
            record.text("ContactId").ifPresent(contact -> primaryContact(record.id(), contact, author));
        }
        keepOnePrimary(record);
        return record;
    }

    private void primaryContact(String opportunity, String contact, Author author) {
        create(
                schema.entity("OpportunityContactRole"),
                JSON.createObjectBuilder()
                        .add("OpportunityId", opportunity)
                        .add("ContactId", contact)
                        .add("IsPrimary", true)
                        .build(),
                Author.person(author.userId()));
    }

    /** A record of a catalogue or a user: what calls cannot create, with the given values as they are. */
    SalesforceRecord seed(String entityName, JsonObject fields) {
        Entity entity = schema.entity(entityName);
        SalesforceRecord record = new SalesforceRecord(entity, nextId(entity.prefix()), fields);
        stamp(record, Author.person(record.id()), true);
        rows(entity).put(record.id(), record);
        return record;
    }

    void update(SalesforceRecord record, JsonObject body, Author author) {
        Entity entity = record.entity();
        if (!author.person()) {
            rules.beforeCall(entity, "update", Optional.of(record));
        }
        rules.checkConverted(record, author);
        Map<String, JsonValue> given = values.read(entity, body, author, false);
        if (record.flag("HasOpportunityLineItem") && entity.name().equals("Opportunity")) {
            // the sum of the products stays, and nobody is told
            given.remove("Amount");
        }
        Map<String, JsonValue> all = new HashMap<>(record.values());
        all.putAll(given);
        rules.complete(entity, all, given.keySet(), Optional.of(record), author);
        rules.check(entity, all, given, Optional.of(record), author);
        if (!author.person()) {
            if (body.isEmpty()) {
                brokenRules.accept("an update without a field of " + entity.name() + " " + record.id());
            }
            given.forEach((field, value) -> {
                if (SalesforceRecord.same(record.value(field), value)) {
                    unchanged.add(entity.name() + " " + record.id() + " " + field);
                }
            });
        }
        all.forEach(record::set);
        // an update with equal values is one all the same
        stamp(record, author, false);
        note("UPDATE", record, List.copyOf(given.keySet()), author);
        events.add(new Event(entity, record.id(), author, false, Set.copyOf(given.keySet())));
        keepOnePrimary(record);
    }

    /** Values that Salesforce itself sets, such as those of a conversion. */
    void set(SalesforceRecord record, Map<String, JsonValue> fields, Author author) {
        fields.forEach(record::set);
        stamp(record, author, false);
        note("UPDATE", record, List.copyOf(fields.keySet()), author);
        events.add(new Event(record.entity(), record.id(), author, false, Set.copyOf(fields.keySet())));
    }

    void delete(SalesforceRecord record, Author author) {
        if (!author.person()) {
            rules.beforeCall(record.entity(), "delete", Optional.of(record));
        }
        for (String cascade : CASCADES.getOrDefault(record.entity().name(), List.of())) {
            String[] parts = cascade.split("\\.", 2);
            live(parts[0])
                    .filter(child ->
                            child.text(parts[1]).filter(record.id()::equals).isPresent())
                    .toList()
                    .forEach(child -> bin(child, author));
        }
        bin(record, author);
    }

    private void bin(SalesforceRecord record, Author author) {
        record.set("IsDeleted", JsonValue.TRUE);
        stamp(record, author, false);
        note("DELETE", record, List.of(), author);
    }

    /** Takes a record out of the recycle bin, with what went there along with it; the id is the same, the stamp is new. */
    void undelete(SalesforceRecord record, Author author) {
        JsonValue deletion = record.value("SystemModstamp");
        for (String cascade : CASCADES.getOrDefault(record.entity().name(), List.of())) {
            String[] parts = cascade.split("\\.", 2);
            all(schema.entity(parts[0]))
                    .filter(child -> child.isDeleted()
                            && child.value("SystemModstamp").equals(deletion)
                            && child.text(parts[1]).filter(record.id()::equals).isPresent())
                    .toList()
                    .forEach(child -> undelete(child, author));
        }
        record.set("IsDeleted", JsonValue.FALSE);
        stamp(record, author, false);
        note("UNDELETE", record, List.of(), author);
        events.add(new Event(record.entity(), record.id(), author, false, Set.of()));
    }

    /** A process of Salesforce touches a record: only its SystemModstamp moves. */
    void touch(SalesforceRecord record) {
        record.set("SystemModstamp", SalesforceValues.time(now()));
    }

    private void keepOnePrimary(SalesforceRecord role) {
        if (role.entity().name().equals("OpportunityContactRole") && role.flag("IsPrimary")) {
            live(role.entity())
                    .filter(other -> !other.id().equals(role.id()) && other.flag("IsPrimary"))
                    .filter(other -> other.text("OpportunityId").equals(role.text("OpportunityId")))
                    .forEach(other -> other.set("IsPrimary", JsonValue.FALSE));
        }
    }

    private void stamp(SalesforceRecord record, Author author, boolean creating) {
        JsonValue time = SalesforceValues.time(author.person() ? now().minus(lateness) : now());
        JsonValue user = JSON.createValue(author.userId());
        if (creating) {
            record.set("CreatedDate", time);
            record.set("CreatedById", user);
            record.set("IsDeleted", JsonValue.FALSE);
        }
        record.set("LastModifiedDate", time);
        record.set("LastModifiedById", user);
        record.set("SystemModstamp", time);
    }

    private void note(String action, SalesforceRecord record, List<String> fields, Author author) {
        writes.add(new SalesforceSimulator.Write(
                clock.instant(), action, record.entity().name(), record.id(), fields, author.person()));
    }

    /** The next id of this prefix; those of outbound notifications too. */
    String nextId(String prefix) {
        return SalesforceId.of(prefix, 1_000_000 + numbers.merge(prefix, 1L, Long::sum) * 37);
    }

    /** The visible fields of a record for a person who looks at it, empty ones as null. */
    static JsonObject complete(SalesforceRecord record) {
        JsonObjectBuilder json = JSON.createObjectBuilder();
        record.entity().fields().forEach(field -> json.add(field.name(), record.value(field.name())));
        return json.build();
    }

    // --- catalogues ------------------------------------------------------------------------------------------------

    /** The values of a picklist that are in use, in their order. */
    List<String> picklist(Entity entity, Field field) {
        return switch (field.name()) {
            case "StageName" ->
                sorted("OpportunityStage")
                        .filter(stage -> stage.flag("IsActive"))
                        .flatMap(stage -> stage.text("ApiName").stream())
                        .toList();
            case "Status" ->
                entity.name().equals("Lead")
                        ? sorted("LeadStatus")
                                .flatMap(status -> status.text("ApiName").stream())
                                .toList()
                        : field.values();
            case "CurrencyIsoCode" ->
                live("CurrencyType")
                        .filter(currency -> currency.flag("IsActive"))
                        .flatMap(currency -> currency.text("IsoCode").stream())
                        .toList();
            default -> field.values();
        };
    }

    /** What people read instead of a picklist's value. */
    String picklistLabel(Entity entity, Field field, String value) {
        String catalogue = field.name().equals("StageName")
                ? "OpportunityStage"
                : field.name().equals("Status") && entity.name().equals("Lead") ? "LeadStatus" : "";
        if (catalogue.isEmpty()) {
            // Microsoft's labels are the codes in words
            return field.name().equals(SalesforceSchema.HELP) ? words(value) : value;
        }
        return live(catalogue)
                .filter(row -> row.text("ApiName").filter(value::equals).isPresent())
                .findFirst()
                .flatMap(row -> row.text("MasterLabel"))
                .orElse(value);
    }

    private static String words(String code) {
        String words = code.replaceAll("(?<=[a-z])(?=[A-Z])", " ").toLowerCase(Locale.ROOT);
        return words.substring(0, 1).toUpperCase(Locale.ROOT) + words.substring(1);
    }

    private Stream<SalesforceRecord> sorted(String catalogue) {
        return live(catalogue)
                .sorted((one, other) -> Integer.compare(number(one, "SortOrder"), number(other, "SortOrder")));
    }

    static int number(SalesforceRecord record, String field) {
        return record.value(field) instanceof JsonNumber number ? number.intValue() : 0;
    }

    /** The stage with this API name, whether it is active or not. */
    Optional<SalesforceRecord> stage(String apiName) {
        return live("OpportunityStage")
                .filter(stage -> stage.text("ApiName").filter(apiName::equals).isPresent())
                .findFirst();
    }

    /** The records that people look at from outside, without their empty fields. */
    synchronized JsonObject shown() {
        JsonObjectBuilder objects = JSON.createObjectBuilder();
        for (String object : List.of("Opportunity", "Lead", "Account", "Contact", "OpportunityContactRole")) {
            JsonArrayBuilder shown = JSON.createArrayBuilder();
            live(object).forEach(record -> {
                JsonObjectBuilder filled = JSON.createObjectBuilder();
                complete(record).forEach((field, value) -> {
                    if (value != JsonValue.NULL) {
                        filled.add(field, value);
                    }
                });
                shown.add(filled);
            });
            objects.add(object, shown);
        }
        return objects.add("unchangedFields", unchanged.size()).build();
    }
}
