package org.cosellbridge.simulator;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The objects of the simulated organization with their fields, as far as the product may meet them, and the fields of the product's
 * section on Opportunity and Lead. Names are found without regard to case.
 */
final class SalesforceSchema {
    static final String HELP = "How_can_Microsoft_help__c";
    private static final int NO_LENGTH = 0;
    private static final List<String> COMMON_ROLES =
            List.of("Business User", "Decision Maker", "Economic Buyer", "Executive Sponsor", "Evaluator", "Other");
    private static final List<String> SOURCES = List.of("Web", "Phone Inquiry", "Partner Referral", "Other");
    private static final List<String> INDUSTRIES = List.of("Technology", "Finance", "Healthcare", "Retail", "Other");

    private final Map<String, Entity> entities = new LinkedHashMap<>();
    private final Set<String> hidden = new HashSet<>();
    private final Set<String> readOnly = new HashSet<>();
    private boolean multiCurrency;

    SalesforceSchema() {
        opportunity();
        lead();
        account();
        contact();
        contactRole();
        user();
        catalogues();
        label("Opportunity", "StageName", "Stage");
        entities.values().forEach(SalesforceSchema::system);
        for (String name : List.of("Opportunity", "Lead")) {
            section(entity(name));
        }
    }

    /** What a field may hold, with the type name that describe answers. */
    enum Kind {
        ID("id"),
        STRING("string"),
        PICKLIST("picklist"),
        TEXTAREA("textarea"),
        BOOLEAN("boolean"),
        CURRENCY("currency"),
        PERCENT("percent"),
        DOUBLE("double"),
        INT("int"),
        DATE("date"),
        DATETIME("datetime"),
        REFERENCE("reference"),
        EMAIL("email"),
        PHONE("phone"),
        URL("url");

        private final String type;

        Kind(String type) {
            this.type = type;
        }

        String type() {
            return type;
        }

        static Kind of(String type) {
            return Arrays.stream(values())
                    .filter(kind -> kind.type.equals(type))
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException("no field type " + type));
        }

        boolean isText() {
            return this == STRING
                    || this == TEXTAREA
                    || this == EMAIL
                    || this == PHONE
                    || this == URL
                    || this == PICKLIST;
        }
    }

    /** What can be done with a field. */
    enum Trait {
        /** Calls may set it at creation. */
        CREATE,
        /** Calls may change it. */
        UPDATE,
        /** It is never empty. */
        REQUIRED,
        /** Salesforce fills it at creation when the call does not. */
        DEFAULTED,
        UNIQUE,
        EXTERNAL_ID,
        /** A picklist that takes its own values only. */
        RESTRICTED
    }

    /**
     * A field.
     *
     * @param length of text, 0 for other kinds
     * @param values of a picklist; those of stages, statuses and currencies are rows instead
     * @param target the object a reference leads to, else empty
     * @param relationship the name of that relation, else empty
     */
    record Field(
            String name,
            String label,
            Kind kind,
            int length,
            Set<Trait> traits,
            List<String> values,
            String target,
            String relationship) {
        Field {
            traits = Set.copyOf(traits);
            values = List.copyOf(values);
        }

        boolean is(Trait trait) {
            return traits.contains(trait);
        }

        boolean isCustom() {
            return name.endsWith("__c");
        }

        /** Text areas can be read, but neither filtered nor sorted by. */
        boolean isFilterable() {
            return kind != Kind.TEXTAREA;
        }

        /** A long text area, of which two in one SELECT make pages of 200. */
        boolean isCustomLongText() {
            return isCustom() && kind == Kind.TEXTAREA && length > 255;
        }

        Field labelled(String other) {
            return new Field(name, other, kind, length, traits, values, target, relationship);
        }

        Field with(Trait trait, boolean on) {
            Set<Trait> changed = traits.isEmpty() ? EnumSet.noneOf(Trait.class) : EnumSet.copyOf(traits);
            if (on) {
                changed.add(trait);
            } else {
                changed.remove(trait);
            }
            return new Field(name, label, kind, length, changed, values, target, relationship);
        }
    }

    /** A relation from a parent to its children, such as OpportunityContactRoles. */
    record Child(String relationship, String entity, String field) {}

    /** An object. */
    static final class Entity {
        private final String name;
        private final String prefix;
        private final Map<String, Field> fields = new LinkedHashMap<>();
        private final List<Child> children = new ArrayList<>();

        Entity(String name, String prefix) {
            this.name = name;
            this.prefix = prefix;
        }

        String name() {
            return name;
        }

        String prefix() {
            return prefix;
        }

        Collection<Field> fields() {
            return fields.values();
        }

        Optional<Field> find(String field) {
            return Optional.ofNullable(fields.get(field.toLowerCase(Locale.ROOT)));
        }

        Field get(String field) {
            return find(field).orElseThrow(() -> new IllegalArgumentException(name + " has no field " + field));
        }

        Optional<Field> relation(String relationship) {
            return fields.values().stream()
                    .filter(field -> field.relationship().equalsIgnoreCase(relationship)
                            && !field.relationship().isEmpty())
                    .findFirst();
        }

        List<Child> children() {
            return children;
        }

        void put(Field field) {
            fields.put(field.name().toLowerCase(Locale.ROOT), field);
        }

        private Entity add(String name, Kind kind, int length, Trait... traits) {
            put(new Field(name, label(name), kind, length, Set.of(traits), List.of(), "", ""));
            return this;
        }

        private Entity writable(String name, Kind kind, int length) {
            return add(name, kind, length, Trait.CREATE, Trait.UPDATE);
        }

        private Entity picklist(String name, int length, List<String> values, Trait... traits) {
            Set<Trait> all = EnumSet.of(Trait.CREATE, Trait.UPDATE);
            all.addAll(List.of(traits));
            put(new Field(name, label(name), Kind.PICKLIST, length, all, values, "", ""));
            return this;
        }

        private Entity reference(String name, String target, Trait... traits) {
            String relationship = name.endsWith("__c") ? name + "__r" : name.substring(0, name.length() - 2);
            put(new Field(name, label(name), Kind.REFERENCE, 18, Set.of(traits), List.of(), target, relationship));
            return this;
        }

        private Entity address(String prefix) {
            return writable(prefix + "Street", Kind.TEXTAREA, 255)
                    .writable(prefix + "City", Kind.STRING, 40)
                    .writable(prefix + "State", Kind.STRING, 80)
                    .writable(prefix + "PostalCode", Kind.STRING, 20)
                    .writable(prefix + "Country", Kind.STRING, 80);
        }

        private static String label(String name) {
            String words = name.replace("__c", "").replace('_', ' ').replaceAll("(?<=[a-z])(?=[A-Z])", " ");
            return words.endsWith(" Id") && words.length() > 3 ? words.substring(0, words.length() - 3) + " ID" : words;
        }
    }

    private Entity entity(String name, String prefix) {
        Entity entity = new Entity(name, prefix);
        entities.put(name.toLowerCase(Locale.ROOT), entity);
        return entity.add("Id", Kind.ID, 18);
    }

    private void opportunity() {
        Entity entity = entity("Opportunity", "006")
                .add("Name", Kind.STRING, 120, Trait.CREATE, Trait.UPDATE, Trait.REQUIRED)
                .picklist("StageName", 255, List.of(), Trait.REQUIRED)
                .add("CloseDate", Kind.DATE, NO_LENGTH, Trait.CREATE, Trait.UPDATE, Trait.REQUIRED)
                .reference("AccountId", "Account", Trait.CREATE, Trait.UPDATE)
                .writable("Amount", Kind.CURRENCY, NO_LENGTH)
                .add("Probability", Kind.PERCENT, NO_LENGTH, Trait.CREATE, Trait.UPDATE, Trait.DEFAULTED)
                .picklist(
                        "ForecastCategoryName",
                        40,
                        List.of("Omitted", "Pipeline", "Best Case", "Most Likely", "Commit", "Closed"),
                        Trait.DEFAULTED)
                .add("IsClosed", Kind.BOOLEAN, NO_LENGTH)
                .add("IsWon", Kind.BOOLEAN, NO_LENGTH)
                .add("ExpectedRevenue", Kind.CURRENCY, NO_LENGTH)
                .writable("Description", Kind.TEXTAREA, 32_000)
                .writable("NextStep", Kind.STRING, 255)
                .picklist("LeadSource", 255, SOURCES)
                .picklist("Type", 255, List.of("New Customer", "Existing Customer - Upgrade"))
                .reference("OwnerId", "User", Trait.CREATE, Trait.UPDATE, Trait.REQUIRED, Trait.DEFAULTED)
                .reference("ContactId", "Contact", Trait.CREATE)
                .add("IsPrivate", Kind.BOOLEAN, NO_LENGTH, Trait.CREATE, Trait.UPDATE, Trait.DEFAULTED)
                .add("HasOpportunityLineItem", Kind.BOOLEAN, NO_LENGTH)
                .add("LastStageChangeDate", Kind.DATETIME, NO_LENGTH);
        entity.children.add(new Child("OpportunityContactRoles", "OpportunityContactRole", "OpportunityId"));
    }

    private void lead() {
        entity("Lead", "00Q")
                .add("LastName", Kind.STRING, 80, Trait.CREATE, Trait.UPDATE, Trait.REQUIRED)
                .add("Company", Kind.STRING, 255, Trait.CREATE, Trait.UPDATE, Trait.REQUIRED)
                .picklist("Status", 255, List.of(), Trait.REQUIRED, Trait.DEFAULTED)
                .writable("FirstName", Kind.STRING, 40)
                .writable("MiddleName", Kind.STRING, 40)
                .writable("Suffix", Kind.STRING, 40)
                .add("Name", Kind.STRING, 203)
                .writable("Title", Kind.STRING, 128)
                .writable("Email", Kind.EMAIL, 80)
                .writable("Phone", Kind.PHONE, 40)
                .writable("MobilePhone", Kind.PHONE, 40)
                .writable("Fax", Kind.PHONE, 40)
                .writable("Website", Kind.URL, 255)
                .address("")
                .picklist("Industry", 40, INDUSTRIES)
                .picklist("LeadSource", 40, SOURCES)
                .picklist("Rating", 40, List.of("Hot", "Warm", "Cold"))
                .writable("AnnualRevenue", Kind.CURRENCY, NO_LENGTH)
                .writable("NumberOfEmployees", Kind.INT, NO_LENGTH)
                .writable("Description", Kind.TEXTAREA, 32_000)
                .reference("OwnerId", "User", Trait.CREATE, Trait.UPDATE, Trait.REQUIRED, Trait.DEFAULTED)
                .add("IsConverted", Kind.BOOLEAN, NO_LENGTH)
                .add("ConvertedDate", Kind.DATE, NO_LENGTH)
                .reference("ConvertedAccountId", "Account")
                .reference("ConvertedContactId", "Contact")
                .reference("ConvertedOpportunityId", "Opportunity")
                .reference("MasterRecordId", "Lead")
                .add("IsUnreadByOwner", Kind.BOOLEAN, NO_LENGTH, Trait.CREATE, Trait.UPDATE, Trait.DEFAULTED);
    }

    private void account() {
        Entity entity = entity("Account", "001")
                .add("Name", Kind.STRING, 255, Trait.CREATE, Trait.UPDATE, Trait.REQUIRED)
                .address("Billing")
                .writable("Phone", Kind.PHONE, 40)
                .writable("Website", Kind.URL, 255)
                .picklist("Industry", 255, INDUSTRIES)
                .writable("NumberOfEmployees", Kind.INT, NO_LENGTH)
                .reference("ParentId", "Account", Trait.CREATE, Trait.UPDATE)
                .reference("OwnerId", "User", Trait.CREATE, Trait.UPDATE, Trait.REQUIRED, Trait.DEFAULTED)
                .writable("AccountNumber", Kind.STRING, 40)
                .writable("Description", Kind.TEXTAREA, 32_000);
        entity.put(entity.get("Name").labelled("Account Name"));
        entity.children.add(new Child("Opportunities", "Opportunity", "AccountId"));
        entity.children.add(new Child("Contacts", "Contact", "AccountId"));
    }

    private void contact() {
        Entity entity = entity("Contact", "003")
                .add("LastName", Kind.STRING, 80, Trait.CREATE, Trait.UPDATE, Trait.REQUIRED)
                .writable("FirstName", Kind.STRING, 40)
                .add("Name", Kind.STRING, 121)
                .reference("AccountId", "Account", Trait.CREATE, Trait.UPDATE)
                .writable("Email", Kind.EMAIL, 80)
                .writable("Phone", Kind.PHONE, 40)
                .writable("MobilePhone", Kind.PHONE, 40)
                .writable("Title", Kind.STRING, 128)
                .address("Mailing")
                .reference("OwnerId", "User", Trait.CREATE, Trait.UPDATE, Trait.REQUIRED, Trait.DEFAULTED);
        entity.children.add(new Child("OpportunityContactRoles", "OpportunityContactRole", "ContactId"));
    }

    private void contactRole() {
        entity("OpportunityContactRole", "00K")
                .reference("OpportunityId", "Opportunity", Trait.CREATE, Trait.REQUIRED)
                .reference("ContactId", "Contact", Trait.CREATE, Trait.UPDATE, Trait.REQUIRED)
                .picklist("Role", 40, COMMON_ROLES)
                .add("IsPrimary", Kind.BOOLEAN, NO_LENGTH, Trait.CREATE, Trait.UPDATE, Trait.DEFAULTED);
    }

    private void user() {
        entity("User", "005")
                .add("Username", Kind.STRING, 80, Trait.UNIQUE, Trait.REQUIRED)
                .add("FirstName", Kind.STRING, 40)
                .add("LastName", Kind.STRING, 80, Trait.REQUIRED)
                .add("Name", Kind.STRING, 121)
                .add("Email", Kind.EMAIL, 128, Trait.REQUIRED)
                .add("Phone", Kind.PHONE, 40)
                .add("IsActive", Kind.BOOLEAN, NO_LENGTH);
    }

    private void catalogues() {
        entity("Group", "00G").add("Name", Kind.STRING, 40).add("Email", Kind.EMAIL, 128);
        entity("OpportunityStage", "01J")
                .add("ApiName", Kind.STRING, 765)
                .add("MasterLabel", Kind.STRING, 255)
                .add("IsActive", Kind.BOOLEAN, NO_LENGTH)
                .add("IsClosed", Kind.BOOLEAN, NO_LENGTH)
                .add("IsWon", Kind.BOOLEAN, NO_LENGTH)
                .add("DefaultProbability", Kind.PERCENT, NO_LENGTH)
                .add("ForecastCategoryName", Kind.PICKLIST, 40)
                .add("SortOrder", Kind.INT, NO_LENGTH);
        entity("LeadStatus", "01J")
                .add("ApiName", Kind.STRING, 765)
                .add("MasterLabel", Kind.STRING, 255)
                .add("IsDefault", Kind.BOOLEAN, NO_LENGTH)
                .add("IsConverted", Kind.BOOLEAN, NO_LENGTH)
                .add("SortOrder", Kind.INT, NO_LENGTH);
        entity("Organization", "00D")
                .add("Name", Kind.STRING, 80)
                .add("OrganizationType", Kind.PICKLIST, 40)
                .add("IsSandbox", Kind.BOOLEAN, NO_LENGTH)
                .add("InstanceName", Kind.STRING, 5);
        entity("CurrencyType", "01L")
                .add("IsoCode", Kind.PICKLIST, 3)
                .add("IsCorporate", Kind.BOOLEAN, NO_LENGTH)
                .add("ConversionRate", Kind.DOUBLE, NO_LENGTH)
                .add("DecimalPlaces", Kind.INT, NO_LENGTH)
                .add("IsActive", Kind.BOOLEAN, NO_LENGTH);
    }

    /** The fields that Salesforce alone writes. */
    private static void system(Entity entity) {
        entity.add("IsDeleted", Kind.BOOLEAN, NO_LENGTH)
                .add("CreatedDate", Kind.DATETIME, NO_LENGTH)
                .reference("CreatedById", "User")
                .add("LastModifiedDate", Kind.DATETIME, NO_LENGTH)
                .reference("LastModifiedById", "User")
                .add("SystemModstamp", Kind.DATETIME, NO_LENGTH);
    }

    private static void section(Entity entity) {
        entity.add("Sync_With_Partner_Center__c", Kind.BOOLEAN, NO_LENGTH, Trait.CREATE, Trait.UPDATE, Trait.DEFAULTED)
                .add(
                        "Referral_Identifier__c",
                        Kind.STRING,
                        100,
                        Trait.CREATE,
                        Trait.UPDATE,
                        Trait.UNIQUE,
                        Trait.EXTERNAL_ID)
                .writable("Referral_Link__c", Kind.URL, 255)
                .picklist(
                        HELP,
                        255,
                        List.of(
                                "WorkloadSpecificValueProposition",
                                "CustomerTechnicalArchitecture",
                                "ProofOfConceptOrDemo",
                                "QuotesOrLicensing",
                                "PostSalesCustomerSuccess",
                                "GeneralOrOther"),
                        Trait.RESTRICTED)
                .writable("Products__c", Kind.TEXTAREA, 32_768)
                .add("Visible_To_Microsoft__c", Kind.BOOLEAN, NO_LENGTH, Trait.CREATE, Trait.UPDATE, Trait.DEFAULTED)
                .writable("Microsoft_CRM_Identifier__c", Kind.STRING, 100)
                .writable("Referral_Program__c", Kind.STRING, 255)
                .writable("Sync_Status__c", Kind.STRING, 255)
                .writable("Audit__c", Kind.TEXTAREA, 100_000);
        entity.put(entity.get("Sync_With_Partner_Center__c").labelled("Sync with Partner Center"));
        entity.put(entity.get(HELP).labelled("How can Microsoft help?"));
        entity.put(entity.get("Visible_To_Microsoft__c").labelled("Visible to Microsoft"));
    }

    /** The objects to which a reference may lead: leads are owned by queues, too. */
    List<Entity> targets(Entity entity, Field reference) {
        Entity target = entity(reference.target());
        return entity.name().equals("Lead") && reference.name().equals("OwnerId")
                ? List.of(entity("Group"), target)
                : List.of(target);
    }

    // --- looking up ------------------------------------------------------------------------------------------------

    Collection<Entity> entities() {
        return entities.values();
    }

    /** The object of this name, if the organization has it. */
    Optional<Entity> find(String name) {
        return Optional.ofNullable(entities.get(name.toLowerCase(Locale.ROOT)))
                .filter(entity -> multiCurrency || !entity.name().equals("CurrencyType"));
    }

    Entity entity(String name) {
        return Optional.ofNullable(entities.get(name.toLowerCase(Locale.ROOT)))
                .orElseThrow(() -> new IllegalArgumentException("no object " + name));
    }

    /** A field that the integration user may see. */
    Optional<Field> visible(Entity entity, String field) {
        return entity.find(field).filter(found -> !hidden.contains(key(entity, found.name())));
    }

    /** Whether the integration user may write a field at creation or afterwards. */
    boolean isWritable(Entity entity, Field field, boolean creating) {
        return field.is(creating ? Trait.CREATE : Trait.UPDATE) && !readOnly.contains(key(entity, field.name()));
    }

    private static String key(Entity entity, String field) {
        return entity.name() + "." + field;
    }

    // --- what the organization's owner changes ---------------------------------------------------------------------

    void hide(String entity, String field, boolean on) {
        toggle(hidden, entity, field, on);
    }

    void readOnly(String entity, String field, boolean on) {
        toggle(readOnly, entity, field, on);
    }

    private void toggle(Set<String> set, String name, String field, boolean on) {
        Entity entity = entity(name);
        String key = key(entity, entity.get(field).name());
        if (on) {
            set.add(key);
        } else {
            set.remove(key);
        }
    }

    void trait(String entity, String field, Trait trait, boolean on) {
        Entity found = entity(entity);
        found.put(found.get(field).with(trait, on));
    }

    void label(String entity, String field, String label) {
        Entity found = entity(entity);
        found.put(found.get(field).labelled(label));
    }

    void countryCodes(boolean on) {
        Map<String, String> addresses = Map.of("Lead", "", "Account", "Billing", "Contact", "Mailing");
        addresses.forEach((name, prefix) -> {
            if (on) {
                entity(name).picklist(prefix + "CountryCode", 10, SalesforceCountries.codes(), Trait.RESTRICTED);
            } else {
                entity(name).fields.remove((prefix + "CountryCode").toLowerCase(Locale.ROOT));
            }
        });
    }

    boolean isMultiCurrency() {
        return multiCurrency;
    }

    void multiCurrency(boolean on) {
        multiCurrency = on;
        for (String name : List.of("Opportunity", "Lead", "Account", "Contact")) {
            if (on) {
                entity(name).picklist("CurrencyIsoCode", 3, List.of(), Trait.RESTRICTED, Trait.DEFAULTED);
            } else {
                entity(name).fields.remove("currencyisocode");
            }
        }
    }

    /** A further custom field. */
    void add(String entity, String name, Kind kind, int length, List<String> values) {
        if (!name.endsWith("__c")) {
            throw new IllegalArgumentException("a custom field's name ends with __c: " + name);
        }
        Set<Trait> traits = EnumSet.of(Trait.CREATE, Trait.UPDATE);
        if (kind == Kind.BOOLEAN) {
            traits.add(Trait.DEFAULTED);
        }
        entity(entity).put(new Field(name, Entity.label(name), kind, length, traits, values, "", ""));
    }
}
