package org.cosellbridge.simulator;

import static org.cosellbridge.simulator.JsonTree.JSON;

import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigDecimal;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.cosellbridge.mapping.MappingLibrary;

/**
 * Salesforce Sales Cloud as a CRM like any other: every name that only Salesforce has, the product's app in it, and the outbound
 * messages to the product's receiver stand here. The wire itself is {@link SalesforceSimulator}'s.
 *
 * <p>The organization has several currencies, and a stage of its own for what waits to be accepted, {@value #ON_HOLD}: Salesforce
 * brings none. So the product works with the built-in mapping documents and this stage in that of opportunities, as the page on mapping
 * shows.
 */
public final class SalesforceCrm implements CrmSystem {
    /** The stage of opportunities that wait to be accepted. */
    public static final String ON_HOLD = "On Hold";

    /** What an outbound message carries besides the id. */
    public static final List<String> TOLD_FIELDS =
            List.of("LastModifiedById", "LastModifiedDate", "Referral_Identifier__c", "Sync_With_Partner_Center__c");

    private static final Map<CrmField, String> SECTION = Map.of(
            CrmField.DESCRIPTION, "Description",
            CrmField.SWITCH, "Sync_With_Partner_Center__c",
            CrmField.REFERRAL_ID, "Referral_Identifier__c",
            CrmField.REFERRAL_LINK, "Referral_Link__c",
            CrmField.HELP, "How_can_Microsoft_help__c",
            CrmField.PRODUCTS, "Products__c",
            CrmField.VISIBLE, "Visible_To_Microsoft__c",
            CrmField.MICROSOFT_ID, "Microsoft_CRM_Identifier__c",
            CrmField.SYNC_STATUS, "Sync_Status__c",
            CrmField.AUDIT, "Audit__c");

    private static final Map<CrmField, String> PERSON = Map.of(
            CrmField.FIRST_NAME, "FirstName",
            CrmField.LAST_NAME, "LastName",
            CrmField.EMAIL, "Email",
            CrmField.PHONE, "Phone");

    /** By object the name of each field. A lead's name is its person's, and it has neither a value nor a closing date. */
    private static final Map<String, Map<CrmField, String>> NAMES = Map.of(
            "Opportunity",
            join(
                    SECTION,
                    Map.of(
                            CrmField.NAME, "Name",
                            CrmField.AMOUNT, "Amount",
                            CrmField.CURRENCY, "CurrencyIsoCode",
                            CrmField.CLOSE_DATE, "CloseDate")),
            "Lead",
            join(join(SECTION, PERSON), join(address(""), Map.of(CrmField.COMPANY, "Company"))),
            "Account",
            join(address("Billing"), Map.of(CrmField.COMPANY, "Name")),
            "Contact",
            PERSON);

    private static final String OPEN = "Prospecting";
    private static final String WON = "Closed Won";
    private static final String LOST = "Closed Lost";
    private static final String NOT_CONVERTED = "Closed - Not Converted";
    private static final String USER = "integration@contoso.example";
    private static final String CLIENT = "3MVG9-cosell-bridge";
    private static final String CLIENT_SECRET = "salesforce-secret";

    private final SalesforceSimulator salesforce;
    private final SalesforceIntegration other;
    private final String connection;
    private final Path mapping;
    private final String webhookSecret = UUID.randomUUID().toString();

    /**
     * An organization in which the product's app has its user.
     *
     * @param port where to listen, 0 for any free port
     * @param connection the name of the product's connection, which stands in the address of its receiver
     * @param mapping the folder into which the mapping documents are written
     */
    public SalesforceCrm(int port, String connection, Path mapping) {
        this.connection = connection;
        this.mapping = mapping;
        this.salesforce = new SalesforceSimulator(port).start();
        salesforce.multiCurrency(true);
        salesforce.stage(ON_HOLD, ON_HOLD, true, false, false, 0);
        this.other = new SalesforceIntegration(salesforce);
        String user = salesforce.apiUser(USER);
        salesforce.app(CLIENT).secret(CLIENT_SECRET).runAs(USER);
        // as the page on Salesforce says: its own writes are not told
        salesforce.outbound().mute(user);
        salesforce.outbound().firstRetry(Duration.ofMillis(500));
        writeMapping();
    }

    private static Map<CrmField, String> address(String prefix) {
        return Map.of(
                CrmField.STREET, prefix + "Street",
                CrmField.CITY, prefix + "City",
                CrmField.PROVINCE, prefix + "State",
                CrmField.POSTAL_CODE, prefix + "PostalCode",
                CrmField.COUNTRY, prefix + "Country");
    }

    private static Map<CrmField, String> join(Map<CrmField, String> some, Map<CrmField, String> others) {
        Map<CrmField, String> all = new EnumMap<>(some);
        all.putAll(others);
        return all;
    }

    // ---- its mapping documents

    private void writeMapping() {
        try {
            Files.createDirectories(mapping);
            for (CrmKind kind : CrmKind.values()) {
                JsonObject document = builtIn(kind);
                Files.writeString(
                        mapping.resolve(kind.word() + ".json"),
                        (kind == CrmKind.OPPORTUNITY ? withOnHold(document) : document).toString());
            }
        } catch (IOException failed) {
            throw new IllegalStateException("The mapping documents cannot be written to " + mapping, failed);
        }
    }

    private static JsonObject builtIn(CrmKind kind) throws IOException {
        String name = "salesforce/" + kind.word() + ".json";
        try (InputStream stream = MappingLibrary.class.getResourceAsStream(name)) {
            if (stream == null) {
                throw new IllegalStateException("The product has no mapping document " + name);
            }
            try (JsonReader reader = Json.createReader(stream)) {
                return reader.readObject();
            }
        }
    }

    /** The document in which a referral that nobody has accepted yet is on hold. */
    private static JsonObject withOnHold(JsonObject document) {
        JsonArrayBuilder fields = JSON.createArrayBuilder();
        for (JsonObject field : document.getJsonArray("fields").getValuesAs(JsonObject.class)) {
            fields.add(field.getString("name").equals("state") ? stateWithOnHold(field) : field);
        }
        return JSON.createObjectBuilder(document).add("fields", fields).build();
    }

    private static JsonObject stateWithOnHold(JsonObject state) {
        JsonArrayBuilder values = JSON.createArrayBuilder();
        for (JsonObject value : state.getJsonArray("values").getValuesAs(JsonObject.class)) {
            boolean waits = Set.of("New/Pending", "New/Received").contains(value.getString("partnerCenter"));
            values.add(
                    waits
                            ? JSON.createObjectBuilder(value)
                                    .add("crm", ON_HOLD)
                                    .add("label", ON_HOLD)
                                    .build()
                            : value);
        }
        return JSON.createObjectBuilder(state)
                .add(
                        "states",
                        JSON.createObjectBuilder(state.getJsonObject("states"))
                                .add(
                                        ON_HOLD,
                                        JSON.createObjectBuilder()
                                                .add("label", ON_HOLD)
                                                .add("step", "set")))
                .add("values", values)
                .build();
    }

    // ---- what only Salesforce has

    /** The wire. */
    public SalesforceSimulator simulator() {
        return salesforce;
    }

    /** The secret in the receiver's address. */
    public String webhookSecret() {
        return webhookSecret;
    }

    /** Where Salesforce sends outbound messages when the product answers at this address. */
    public URI webhook(URI product) {
        return product.resolve("/cosell/api/webhooks/salesforce/" + connection + "/" + webhookSecret);
    }

    // ---- what it is

    @Override
    public String type() {
        return "salesforce";
    }

    @Override
    public String title() {
        return "Salesforce";
    }

    @Override
    public SimulatorServer server() {
        return salesforce.server();
    }

    @Override
    public Map<String, String> keys() {
        Map<String, String> keys = new LinkedHashMap<>();
        keys.put("type", type());
        keys.put("url", salesforce.url().toString());
        keys.put("client-id", CLIENT);
        keys.put("client-secret", CLIENT_SECRET);
        keys.put("webhook-secret", webhookSecret);
        keys.put("organization-id", salesforce.organizationId());
        keys.put("mapping", mapping.toString());
        return keys;
    }

    @Override
    public void revokeAccess() {
        salesforce.app(CLIENT).withoutSecrets();
        salesforce.expireSessions();
    }

    @Override
    public void restoreAccess() {
        salesforce.app(CLIENT).secret(CLIENT_SECRET);
    }

    @Override
    public void close() {
        other.close();
        salesforce.close();
    }

    // ---- its pushes

    @Override
    public void register(URI product) {
        unregister();
        for (CrmKind kind : CrmKind.values()) {
            salesforce.outbound().send(collection(kind), webhook(product), TOLD_FIELDS);
        }
    }

    @Override
    public void unregister() {
        for (CrmKind kind : CrmKind.values()) {
            salesforce.outbound().stop(collection(kind));
        }
    }

    @Override
    public boolean isRegistered() {
        return Stream.of(CrmKind.values())
                .anyMatch(kind -> salesforce.outbound().isSent(collection(kind)));
    }

    @Override
    public CrmPushes pushes() {
        return salesforce.outbound();
    }

    // ---- what its people do

    @Override
    public String create(CrmKind kind, Map<CrmField, ?> fields) {
        Map<String, Object> values = named(collection(kind), fields);
        if (kind == CrmKind.OPPORTUNITY) {
            customer(fields).forEach(values::put);
            values.put("StageName", OPEN);
        }
        return salesforce.create(collection(kind), values);
    }

    @Override
    public void edit(CrmKind kind, String id, Map<CrmField, ?> fields) {
        Map<String, Object> values = named(collection(kind), fields);
        if (kind == CrmKind.OPPORTUNITY) {
            Map<String, String> customer = customer(fields);
            customer.forEach(values::put);
            // an opportunity's contact is given at creation only, and by a role from then on
            if (values.remove("ContactId") instanceof String contact) {
                salesforce.create(
                        "OpportunityContactRole", Map.of("OpportunityId", id, "ContactId", contact, "IsPrimary", true));
            }
        }
        if (!values.isEmpty()) {
            salesforce.edit(collection(kind), id, values);
        }
    }

    /** The references of an opportunity to its new account and contact. */
    private Map<String, String> customer(Map<CrmField, ?> fields) {
        Map<String, Object> account = named("Account", fields);
        Map<String, Object> contact = named("Contact", fields);
        Map<String, String> references = new LinkedHashMap<>();
        if (!account.isEmpty()) {
            String id = salesforce.create("Account", account);
            references.put("AccountId", id);
            if (!contact.isEmpty()) {
                contact.put("AccountId", id);
            }
        }
        if (!contact.isEmpty()) {
            references.put("ContactId", salesforce.create("Contact", contact));
        }
        return references;
    }

    /** Those of the fields that the object holds, as a call's body would have them. */
    private static Map<String, Object> named(String object, Map<CrmField, ?> fields) {
        Map<CrmField, String> names = NAMES.getOrDefault(object, Map.of());
        Map<String, Object> values = new LinkedHashMap<>();
        fields.forEach((field, value) -> {
            String name = names.get(field);
            if (name != null) {
                values.put(name, value);
            }
        });
        return values;
    }

    @Override
    public void delete(CrmKind kind, String id) {
        salesforce.delete(collection(kind), id);
    }

    @Override
    public void move(String opportunity, CrmState state) {
        String stage = switch (state) {
            case OPEN -> OPEN;
            case ON_HOLD -> ON_HOLD;
            case WON -> WON;
            case LOST -> LOST;
            default -> throw new IllegalArgumentException("no opportunity is " + state);
        };
        salesforce.edit("Opportunity", opportunity, Map.of("StageName", stage));
    }

    @Override
    public String qualify(String lead) {
        return salesforce.convert(lead, true).orElseThrow();
    }

    @Override
    public void disqualify(String lead) {
        salesforce.edit("Lead", lead, Map.of("Status", NOT_CONVERTED));
    }

    @Override
    public void amountFromProducts(String opportunity, boolean on) {
        if (on) {
            BigDecimal sum =
                    find(CrmKind.OPPORTUNITY, opportunity).orElseThrow().number(CrmField.AMOUNT);
            salesforce.addProducts(opportunity, sum);
        } else {
            salesforce.removeProducts(opportunity);
        }
    }

    /** Another integration does it: what a flow makes of a value is Salesforce's answer to the call already. */
    @Override
    public void rewrite(CrmKind kind, CrmField field, UnaryOperator<String> rule) {
        other.rewrite(collection(kind), name(kind, field), rule);
    }

    @Override
    public void stopRewriting() {
        other.stop();
    }

    @Override
    public List<String> failedAutomations() {
        return other.failed();
    }

    // ---- what they find

    @Override
    public List<CrmRecord> records(CrmKind kind) {
        return salesforce.rows(collection(kind)).stream()
                .map(row -> record(kind, row))
                .toList();
    }

    @Override
    public Optional<CrmRecord> find(CrmKind kind, String id) {
        return salesforce.row(collection(kind), id).map(row -> record(kind, row));
    }

    private CrmRecord record(CrmKind kind, JsonObject row) {
        Map<CrmField, Object> values = new EnumMap<>(CrmField.class);
        NAMES.getOrDefault(collection(kind), Map.of()).forEach((field, name) -> {
            JsonValue value = row.getOrDefault(name, JsonValue.NULL);
            switch (value.getValueType()) {
                case TRUE -> values.put(field, true);
                case FALSE -> values.put(field, false);
                case NUMBER -> values.put(field, ((JsonNumber) value).bigDecimalValue());
                case STRING -> values.put(field, ((JsonString) value).getString());
                default -> {
                    // empty
                }
            }
        });
        return new CrmRecord(
                kind, row.getString("Id"), kind == CrmKind.OPPORTUNITY ? opportunity(row) : lead(row), values);
    }

    private static CrmState opportunity(JsonObject row) {
        if (row.getBoolean("IsWon")) {
            return CrmState.WON;
        }
        if (row.getBoolean("IsClosed")) {
            return CrmState.LOST;
        }
        return row.getString("StageName").equals(ON_HOLD) ? CrmState.ON_HOLD : CrmState.OPEN;
    }

    private static CrmState lead(JsonObject row) {
        if (row.getBoolean("IsConverted")) {
            return CrmState.QUALIFIED;
        }
        return row.getString("Status").equals(NOT_CONVERTED) ? CrmState.DISQUALIFIED : CrmState.OPEN;
    }

    @Override
    public List<CrmRecord> opportunitiesOf(String lead) {
        return salesforce
                .row("Lead", lead)
                .filter(row -> row.get("ConvertedOpportunityId") instanceof JsonString)
                .flatMap(row -> find(CrmKind.OPPORTUNITY, row.getString("ConvertedOpportunityId")))
                .stream()
                .toList();
    }

    /** Calls convert no lead, so the product closes it instead. */
    @Override
    public CrmState stateOfAcceptedLead() {
        return CrmState.DISQUALIFIED;
    }

    /** Only a conversion relates a lead to an opportunity. */
    @Override
    public boolean showsOpportunityOfAcceptedLead() {
        return false;
    }

    @Override
    public List<String> accounts() {
        return texts("Account", "Name");
    }

    @Override
    public List<String> contacts() {
        return texts("Contact", "Email");
    }

    private List<String> texts(String object, String field) {
        return salesforce.rows(object).stream()
                .map(row -> row.get(field) instanceof JsonString text ? text.getString() : "")
                .toList();
    }

    // ---- how it calls and limits things

    @Override
    public String collection(CrmKind kind) {
        return kind == CrmKind.OPPORTUNITY ? "Opportunity" : "Lead";
    }

    @Override
    public String name(CrmKind kind, CrmField field) {
        return NAMES.getOrDefault(object(kind, field), Map.of()).getOrDefault(field, "");
    }

    @Override
    public String label(CrmKind kind, CrmField field) {
        return salesforce.label(object(kind, field), name(kind, field));
    }

    /** The object that holds a field of this kind of record. */
    private String object(CrmKind kind, CrmField field) {
        return Stream.of(collection(kind), "Account", "Contact")
                .filter(object -> NAMES.getOrDefault(object, Map.of()).containsKey(field))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no " + field + " of a " + kind.word()));
    }

    @Override
    public Set<CrmField> required(CrmKind kind) {
        return kind == CrmKind.OPPORTUNITY
                ? Set.of(CrmField.NAME, CrmField.CLOSE_DATE)
                : Set.of(CrmField.COMPANY, CrmField.LAST_NAME);
    }

    @Override
    public int longestDescription() {
        return 32_000;
    }

    /** It says no time; 429 is not among its answers. */
    @Override
    public Fault busy(int seconds) {
        return Fault.status(503);
    }

    // ---- the calls that were made

    @Override
    public boolean isCreate(CrmKind kind, String method, String path) {
        return method.equals("POST") && path.endsWith("/sobjects/" + collection(kind));
    }

    @Override
    public boolean isUpdate(CrmKind kind, String method, String path) {
        return method.equals("PATCH") && path.contains("/sobjects/" + collection(kind) + "/");
    }

    @Override
    public List<CrmWrite> writes() {
        return salesforce.writes().stream()
                .map(write ->
                        new CrmWrite(write.action(), write.object(), write.id(), write.fields(), !write.bySeller()))
                .toList();
    }

    @Override
    public String nameOf(CrmWrite write) {
        return salesforce.row(write.collection(), write.id()).stream()
                .map(row -> row.getString("Name", ""))
                .findFirst()
                .orElse("");
    }

    @Override
    public List<String> unchangedFields() {
        return salesforce.unchangedFields();
    }
}
