package org.cosellbridge.simulator;

import static org.cosellbridge.simulator.JsonTree.JSON;

import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.cosellbridge.simulator.SalesforceSchema.Entity;
import org.cosellbridge.simulator.SalesforceSchema.Field;
import org.cosellbridge.simulator.SalesforceSchema.Kind;
import org.cosellbridge.simulator.SalesforceSchema.Trait;
import org.cosellbridge.simulator.SalesforceStore.Author;
import org.jspecify.annotations.Nullable;

/** What a record must be to be saved: Salesforce's own rules, and those that the organization's owner switches on. */
final class SalesforceRules {
    private static final int CENTS = 2;

    private final SalesforceStore store;
    private final Consumer<String> brokenRules;
    private final List<DuplicateRule> duplicateRules = new ArrayList<>();
    private final List<ValidationRule> validationRules = new ArrayList<>();
    private final Set<String> denied = new HashSet<>();
    private final Set<String> locked = new HashSet<>();
    private final SalesforceCountries countries = new SalesforceCountries();
    private String leadOwner = "";
    private int busyRows;

    SalesforceRules(SalesforceStore store, Consumer<String> brokenRules) {
        this.store = store;
        this.brokenRules = brokenRules;
    }

    private record DuplicateRule(String entity, List<String> fields, boolean blocks) {}

    private record ValidationRule(String entity, Predicate<JsonObject> broken, String message, List<String> fields) {}

    // --- switches --------------------------------------------------------------------------------------------------

    void addDuplicateRule(String entity, boolean blocks, List<String> fields) {
        fields.forEach(field -> store.schema().entity(entity).get(field));
        duplicateRules.add(new DuplicateRule(entity, fields, blocks));
    }

    void addValidationRule(String entity, Predicate<JsonObject> broken, String message, List<String> fields) {
        validationRules.add(new ValidationRule(entity, broken, message, fields));
    }

    void clear() {
        duplicateRules.clear();
        validationRules.clear();
    }

    SalesforceCountries countries() {
        return countries;
    }

    void leadOwner(String userId) {
        leadOwner = userId;
    }

    void busyRows(int times) {
        busyRows = times;
    }

    void permit(String entity, String right, boolean granted) {
        if (granted) {
            denied.remove(entity + " " + right);
        } else {
            denied.add(entity + " " + right);
        }
    }

    boolean may(Entity entity, String right) {
        return !denied.contains(entity.name() + " " + right);
    }

    void lock(String id, boolean on) {
        if (on) {
            locked.add(id);
        } else {
            locked.remove(id);
        }
    }

    // --- before and while a record is saved ------------------------------------------------------------------------

    /** What a call must pass before its values are looked at. */
    void beforeCall(Entity entity, String right, Optional<SalesforceRecord> record) {
        boolean catalogue =
                entity.fields().stream().noneMatch(field -> field.is(Trait.CREATE) || field.is(Trait.UPDATE));
        if (catalogue || !may(entity, right)) {
            throw SalesforceRefusal.of(
                    403, "INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id");
        }
        if (busyRows > 0) {
            busyRows--;
            throw SalesforceRefusal.bad(
                    "UNABLE_TO_LOCK_ROW",
                    "unable to obtain exclusive access to this record or 1 records: "
                            + record.map(SalesforceRecord::id).orElse(""));
        }
        if (record.filter(found -> locked.contains(found.id())).isPresent()) {
            throw SalesforceRefusal.bad(
                    "ENTITY_IS_LOCKED", "This record is locked. If you need to edit it, contact your admin.");
        }
    }

    void checkConverted(SalesforceRecord record, Author author) {
        if (record.entity().name().equals("Lead") && record.flag("IsConverted")) {
            if (author.person()) {
                throw SalesforceRefusal.bad("CANNOT_UPDATE_CONVERTED_LEAD", "a person edits a converted lead");
            }
            throw SalesforceRefusal.bad("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead");
        }
    }

    /** Fills what Salesforce fills: defaults and derived fields. */
    void complete(
            Entity entity,
            Map<String, JsonValue> all,
            Set<String> given,
            Optional<SalesforceRecord> before,
            Author author) {
        boolean creating = before.isEmpty();
        countries.complete(all, given);
        if (creating && entity.find("OwnerId").isPresent()) {
            all.putIfAbsent("OwnerId", JSON.createValue(author.userId()));
        }
        if (creating
                && store.schema().isMultiCurrency()
                && entity.find("CurrencyIsoCode").isPresent()) {
            all.putIfAbsent("CurrencyIsoCode", corporateCurrency());
        }
        switch (entity.name()) {
            case "Opportunity" -> completeOpportunity(all, given, before);
            case "Lead" -> completeLead(all, given, author);
            case "Contact" -> all.put("Name", joined(all, "FirstName", "LastName"));
            default -> {
                // nothing is derived
            }
        }
    }

    private JsonValue corporateCurrency() {
        return store.live("CurrencyType")
                .filter(currency -> currency.flag("IsCorporate"))
                .map(currency -> currency.value("IsoCode"))
                .findFirst()
                .orElse(JsonValue.NULL);
    }

    private void completeOpportunity(Map<String, JsonValue> all, Set<String> given, Optional<SalesforceRecord> before) {
        JsonValue stageName = all.getOrDefault("StageName", JsonValue.NULL);
        boolean moved = before.isEmpty() || !stageName.equals(before.get().value("StageName"));
        if (moved && stageName instanceof JsonString name) {
            Optional<SalesforceRecord> stage = store.stage(name.getString());
            all.put("IsClosed", flag(stage, "IsClosed"));
            all.put("IsWon", flag(stage, "IsWon"));
            if (!given.contains("Probability")) {
                all.put(
                        "Probability",
                        stage.map(row -> row.value("DefaultProbability")).orElse(JsonValue.NULL));
            }
            if (!given.contains("ForecastCategoryName")) {
                all.put(
                        "ForecastCategoryName",
                        stage.map(row -> row.value("ForecastCategoryName")).orElse(JSON.createValue("Pipeline")));
            }
            all.put("LastStageChangeDate", SalesforceValues.time(store.now()));
        }
        if (all.get("Amount") instanceof JsonNumber amount
                && all.get("Probability") instanceof JsonNumber probability) {
            all.put(
                    "ExpectedRevenue",
                    SalesforceValues.number(amount.bigDecimalValue()
                            .multiply(probability.bigDecimalValue())
                            .divide(BigDecimal.valueOf(100), CENTS, RoundingMode.HALF_UP)));
        } else {
            all.put("ExpectedRevenue", JsonValue.NULL);
        }
    }

    private static JsonValue flag(Optional<SalesforceRecord> row, String field) {
        return row.filter(found -> found.flag(field)).isPresent() ? JsonValue.TRUE : JsonValue.FALSE;
    }

    private void completeLead(Map<String, JsonValue> all, Set<String> given, Author author) {
        if (!given.contains("Status") && !all.containsKey("Status")) {
            store.live("LeadStatus")
                    .filter(status -> status.flag("IsDefault"))
                    .findFirst()
                    .ifPresent(status -> all.put("Status", status.value("ApiName")));
        }
        if (!leadOwner.isEmpty() && author.autoAssign()) {
            all.put("OwnerId", JSON.createValue(leadOwner));
        }
        all.put("Name", joined(all, "FirstName", "MiddleName", "LastName", "Suffix"));
    }

    private static JsonValue joined(Map<String, JsonValue> all, String... parts) {
        return JSON.createValue(Stream.of(parts)
                .map(all::get)
                .filter(JsonString.class::isInstance)
                .map(part -> ((JsonString) part).getString())
                .collect(Collectors.joining(" ")));
    }

    /** Refuses a record that may not be saved. */
    void check(
            Entity entity,
            Map<String, JsonValue> all,
            Map<String, JsonValue> given,
            Optional<SalesforceRecord> before,
            Author author) {
        checkRequired(entity, all);
        given.forEach((name, value) -> checkPicklist(entity, entity.get(name), value, author));
        checkLeadStatus(entity, given);
        for (Field field : entity.fields()) {
            if (field.is(Trait.UNIQUE) && given.containsKey(field.name())) {
                checkUnique(entity, field, all, before);
            }
        }
        if (!author.person()) {
            checkRules(entity, all, before);
            checkDuplicates(entity, all, given.keySet(), before, author);
        }
    }

    private void checkRequired(Entity entity, Map<String, JsonValue> all) {
        List<String> missing = entity.fields().stream()
                .filter(field -> field.is(Trait.REQUIRED))
                .map(Field::name)
                .filter(name -> all.getOrDefault(name, JsonValue.NULL) == JsonValue.NULL)
                .toList();
        if (!missing.isEmpty()) {
            throw new SalesforceRefusal(
                    400,
                    "REQUIRED_FIELD_MISSING",
                    "Required fields are missing: " + missing,
                    missing,
                    JsonValue.EMPTY_JSON_OBJECT);
        }
    }

    private void checkPicklist(Entity entity, Field field, JsonValue value, Author author) {
        if (field.kind() != Kind.PICKLIST
                || !(value instanceof JsonString text)
                || store.picklist(entity, field).contains(text.getString())) {
            return;
        }
        if (field.is(Trait.RESTRICTED)) {
            throw SalesforceRefusal.bad(
                    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
                    field.label() + ": bad value for restricted picklist field: " + text.getString(),
                    field.name());
        }
        if (field.name().equals("StageName") && !author.person()) {
            brokenRules.accept("wrote a StageName that is no active stage: " + text.getString());
        }
    }

    /** A lead is not converted by its status. The code is not documented; that it does not work is. */
    private void checkLeadStatus(Entity entity, Map<String, JsonValue> given) {
        if (entity.name().equals("Lead") && given.get("Status") instanceof JsonString status) {
            boolean converted = store.live("LeadStatus")
                    .anyMatch(row -> row.flag("IsConverted")
                            && row.text("ApiName")
                                    .filter(status.getString()::equals)
                                    .isPresent());
            if (converted) {
                brokenRules.accept("set a lead's Status to a converted one");
                throw SalesforceRefusal.bad(
                        "FIELD_INTEGRITY_EXCEPTION", "invalid status for an unconverted lead: Status", "Status");
            }
        }
    }

    private void checkUnique(
            Entity entity, Field field, Map<String, JsonValue> all, Optional<SalesforceRecord> before) {
        if (all.get(field.name()) instanceof JsonString value) {
            store.byExternalId(entity, field, value.getString()).stream()
                    .filter(other ->
                            before.filter(own -> own.id().equals(other.id())).isEmpty())
                    .findFirst()
                    .ifPresent(other -> {
                        throw SalesforceRefusal.bad(
                                "DUPLICATE_VALUE",
                                "duplicate value found: " + field.name() + " duplicates value on record with id: "
                                        + other.id());
                    });
        }
    }

    private void checkRules(Entity entity, Map<String, JsonValue> all, Optional<SalesforceRecord> before) {
        JsonObject shown = SalesforceStore.complete(
                new SalesforceRecord(entity, before.map(SalesforceRecord::id).orElse(""), all));
        for (ValidationRule rule : validationRules) {
            if (rule.entity().equals(entity.name()) && rule.broken().test(shown)) {
                throw new SalesforceRefusal(
                        400,
                        "FIELD_CUSTOM_VALIDATION_EXCEPTION",
                        rule.message(),
                        rule.fields(),
                        JsonValue.EMPTY_JSON_OBJECT);
            }
        }
    }

    /** A change runs only the rules that look at one of its fields. */
    private void checkDuplicates(
            Entity entity,
            Map<String, JsonValue> all,
            Set<String> given,
            Optional<SalesforceRecord> before,
            Author author) {
        for (DuplicateRule rule : duplicateRules) {
            boolean concerned = rule.entity().equals(entity.name())
                    && (before.isEmpty() || rule.fields().stream().anyMatch(given::contains));
            if (!concerned || (!rule.blocks() && author.allowSave())) {
                continue;
            }
            List<SalesforceRecord> matches = store.live(entity)
                    .filter(other ->
                            before.filter(own -> own.id().equals(other.id())).isEmpty())
                    .filter(other ->
                            rule.fields().stream().allMatch(field -> alike(all.get(field), other.value(field))))
                    .toList();
            if (!matches.isEmpty()) {
                throw new SalesforceRefusal(
                        400,
                        "DUPLICATES_DETECTED",
                        "Use one of these records?",
                        List.of(),
                        found(rule, matches, author));
            }
        }
    }

    private static boolean alike(@Nullable JsonValue one, JsonValue other) {
        return one instanceof JsonString a
                && other instanceof JsonString b
                && a.getString().equalsIgnoreCase(b.getString());
    }

    private static JsonObject found(DuplicateRule rule, List<SalesforceRecord> matches, Author author) {
        JsonArrayBuilder records = JSON.createArrayBuilder();
        for (SalesforceRecord match : matches) {
            JsonObjectBuilder record = JSON.createObjectBuilder()
                    .add("attributes", JSON.createObjectBuilder().add("type", rule.entity()))
                    .add("Id", match.id());
            if (author.details()) {
                rule.fields().forEach(field -> record.add(field, match.value(field)));
            }
            records.add(JSON.createObjectBuilder()
                    .add("record", record)
                    .add("matchConfidence", 100.0)
                    .add("additionalInformation", JsonValue.EMPTY_JSON_ARRAY)
                    .add("fieldDiffs", JsonValue.EMPTY_JSON_ARRAY));
        }
        return JSON.createObjectBuilder()
                .add(
                        "duplicateResult",
                        JSON.createObjectBuilder()
                                .add("allowSave", !rule.blocks())
                                .add("duplicateRule", "Standard_" + rule.entity() + "_Duplicate_Rule")
                                .add("duplicateRuleEntityType", rule.entity())
                                .add("errorMessage", "Use one of these records?")
                                .add(
                                        "matchResults",
                                        JSON.createArrayBuilder()
                                                .add(JSON.createObjectBuilder()
                                                        .add("entityType", rule.entity())
                                                        .add("errors", JsonValue.EMPTY_JSON_ARRAY)
                                                        .add("matchEngine", "ExactMatchEngine")
                                                        .add("matchRecords", records)
                                                        .add("rule", "Standard_" + rule.entity() + "_Match_Rule")
                                                        .add("size", matches.size())
                                                        .add("success", true))))
                .build();
    }
}
