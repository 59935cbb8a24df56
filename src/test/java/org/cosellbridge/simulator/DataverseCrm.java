package org.cosellbridge.simulator;

import jakarta.json.Json;
import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.net.URI;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * Dynamics 365 Sales as a CRM like any other: every name that only Dynamics has, the product's application in it, and the registration
 * of the product's receiver stand here. The wire itself is {@link DataverseSimulator}'s.
 */
public final class DataverseCrm implements CrmSystem {
    /** The header in which Dataverse hands over the shared secret. */
    public static final String SECRET_HEADER = "x-cosell-webhook-secret";

    /** By table the columns whose change Dataverse pushes: what a seller edits, none that only the product writes. */
    public static final Map<String, List<String>> WATCHED_COLUMNS = Map.of(
            "opportunity",
            List.of(
                    "name",
                    "description",
                    "estimatedvalue",
                    "isrevenuesystemcalculated",
                    "transactioncurrencyid",
                    "estimatedclosedate",
                    "statecode",
                    "statuscode",
                    "ownerid",
                    "parentaccountid",
                    "customerid",
                    "parentcontactid",
                    "originatingleadid",
                    "cosell_syncwithpartnercenter",
                    "cosell_howcanmicrosofthelp",
                    "cosell_products",
                    "cosell_visibletomicrosoft"),
            "lead",
            List.of(
                    "subject",
                    "description",
                    "estimatedamount",
                    "transactioncurrencyid",
                    "estimatedclosedate",
                    "statecode",
                    "statuscode",
                    "ownerid",
                    "companyname",
                    "firstname",
                    "lastname",
                    "jobtitle",
                    "emailaddress1",
                    "telephone1",
                    "address1_line1",
                    "address1_line2",
                    "address1_city",
                    "address1_stateorprovince",
                    "address1_postalcode",
                    "address1_country",
                    "cosell_syncwithpartnercenter",
                    "cosell_howcanmicrosofthelp",
                    "cosell_products",
                    "cosell_visibletomicrosoft"));

    private static final Map<String, List<String>> WATCHED_MESSAGES = Map.of(
            "opportunity", List.of("Create", "Update", "Delete", "WinOpportunity", "LoseOpportunity"),
            "lead", List.of("Create", "Update", "Delete"));

    /** The columns of the Partner Center section, design section 9, and the one that all tables call alike. */
    private static final Map<CrmField, String> SECTION = Map.of(
            CrmField.DESCRIPTION, "description",
            CrmField.SWITCH, "cosell_syncwithpartnercenter",
            CrmField.REFERRAL_ID, "cosell_referralidentifier",
            CrmField.REFERRAL_LINK, "cosell_referrallink",
            CrmField.HELP, "cosell_howcanmicrosofthelp",
            CrmField.PRODUCTS, "cosell_products",
            CrmField.VISIBLE, "cosell_visibletomicrosoft",
            CrmField.MICROSOFT_ID, "cosell_microsoftcrmidentifier",
            CrmField.SYNC_STATUS, "cosell_syncstatus",
            CrmField.AUDIT, "cosell_audit");

    private static final Map<CrmField, String> ADDRESS = Map.of(
            CrmField.STREET, "address1_line1",
            CrmField.CITY, "address1_city",
            CrmField.PROVINCE, "address1_stateorprovince",
            CrmField.POSTAL_CODE, "address1_postalcode",
            CrmField.COUNTRY, "address1_country");

    private static final Map<CrmField, String> PERSON = Map.of(
            CrmField.FIRST_NAME, "firstname",
            CrmField.LAST_NAME, "lastname",
            CrmField.EMAIL, "emailaddress1",
            CrmField.PHONE, "telephone1");

    /** By table the column of each field. */
    private static final Map<String, Map<CrmField, String>> COLUMNS = Map.of(
            "opportunity",
            join(
                    SECTION,
                    Map.of(
                            CrmField.NAME, "name",
                            CrmField.AMOUNT, "estimatedvalue",
                            CrmField.CURRENCY, "transactioncurrencyid",
                            CrmField.CLOSE_DATE, "estimatedclosedate")),
            "lead",
            join(
                    join(SECTION, join(ADDRESS, PERSON)),
                    Map.of(
                            CrmField.NAME, "subject",
                            CrmField.AMOUNT, "estimatedamount",
                            CrmField.CURRENCY, "transactioncurrencyid",
                            CrmField.CLOSE_DATE, "estimatedclosedate",
                            CrmField.COMPANY, "companyname")),
            "account",
            join(ADDRESS, Map.of(CrmField.COMPANY, "name")),
            "contact",
            PERSON);

    private static final int FIRST_HELP = 100_000_001;
    private static final int IN_PROGRESS = 1;
    private static final int ON_HOLD = 2;
    private static final int WON = 3;
    private static final int CANCELED = 4;
    private static final int LOST_LEAD = 4;
    private static final String CLIENT = "11111111-aaaa-4bbb-8ccc-000000000002";
    private static final String CLIENT_SECRET = "crm-secret";

    private final EntraSimulator entra;
    private final DataverseSimulator dataverse;
    private final String connection;
    private final String webhookSecret = UUID.randomUUID().toString();

    /**
     * An environment in which the product's application has its user.
     *
     * @param port where to listen, 0 for any free port
     * @param connection the name of the product's connection, which stands in the address of its receiver
     */
    public DataverseCrm(int port, EntraSimulator entra, String connection) {
        this.entra = entra;
        this.connection = connection;
        this.dataverse = new DataverseSimulator(port, entra).start();
        entra.app(CLIENT).secret(CLIENT_SECRET).audience(dataverse.url().toString());
        dataverse.applicationUser(CLIENT);
    }

    private static Map<CrmField, String> join(Map<CrmField, String> some, Map<CrmField, String> others) {
        Map<CrmField, String> all = new EnumMap<>(some);
        all.putAll(others);
        return all;
    }

    /** The simulator, for tests that are about Dataverse alone. */
    public DataverseSimulator simulator() {
        return dataverse;
    }

    /** The secret that the product and Dataverse share. */
    public String webhookSecret() {
        return webhookSecret;
    }

    /** Where Dataverse pushes what happened to its rows when the product answers at this address. */
    public URI webhook(URI product) {
        return product.resolve("/cosell/api/webhooks/dynamics/" + connection);
    }

    // ---- what it is

    @Override
    public String type() {
        return "dynamics";
    }

    @Override
    public String title() {
        return "Dynamics 365";
    }

    @Override
    public SimulatorServer server() {
        return dataverse.server();
    }

    @Override
    public Map<String, String> keys() {
        Map<String, String> keys = new LinkedHashMap<>();
        keys.put("type", type());
        keys.put("url", dataverse.url().toString());
        keys.put("authority", entra.url().toString());
        keys.put("tenant-id", entra.tenant());
        keys.put("client-id", CLIENT);
        keys.put("client-secret", CLIENT_SECRET);
        keys.put("webhook-secret", webhookSecret);
        keys.put("organization-id", dataverse.organizationId());
        return keys;
    }

    @Override
    public void revokeAccess() {
        entra.revoke(CLIENT);
        entra.expireTokens();
    }

    @Override
    public void restoreAccess() {
        entra.restore(CLIENT);
    }

    @Override
    public void close() {
        dataverse.close();
    }

    // ---- its pushes

    /** A service endpoint and a step for each table and message, as the page on webhooks says. */
    @Override
    public void register(URI product) {
        unregister();
        String endpoint = dataverse.create(
                "serviceendpoints",
                Map.of(
                        "name",
                        "Cosell Bridge",
                        "url",
                        webhook(product).toString(),
                        "contract",
                        8,
                        "authtype",
                        5,
                        "messageformat",
                        2,
                        "authvalue",
                        "<settings><setting name=\"" + SECRET_HEADER + "\" value=\"" + webhookSecret
                                + "\" /></settings>"));
        WATCHED_MESSAGES.forEach((table, messages) -> messages.forEach(message -> {
            JsonObject filter = dataverse.rows("sdkmessagefilters").stream()
                    .filter(row -> row.getString("name").equals(message + " " + table))
                    .findFirst()
                    .orElseThrow();
            Map<String, Object> step = new LinkedHashMap<>();
            step.put("name", "Cosell Bridge: " + table + " " + message);
            step.put("mode", 1);
            step.put("stage", 40);
            step.put("rank", 1);
            step.put("supporteddeployment", 0);
            step.put("asyncautodelete", true);
            step.put("eventhandler_serviceendpoint@odata.bind", "/serviceendpoints(" + endpoint + ")");
            step.put("sdkmessageid@odata.bind", "/sdkmessages(" + filter.getString("_sdkmessageid_value") + ")");
            step.put(
                    "sdkmessagefilterid@odata.bind",
                    "/sdkmessagefilters(" + filter.getString("sdkmessagefilterid") + ")");
            if (message.equals("Update")) {
                step.put("filteringattributes", String.join(",", WATCHED_COLUMNS.getOrDefault(table, List.of())));
            }
            dataverse.create("sdkmessageprocessingsteps", step);
        }));
    }

    @Override
    public void unregister() {
        for (String set : List.of("sdkmessageprocessingsteps", "serviceendpoints")) {
            String key = set.substring(0, set.length() - 1) + "id";
            dataverse.rows(set).forEach(row -> dataverse.delete(set, row.getString(key)));
        }
    }

    @Override
    public boolean isRegistered() {
        return !dataverse.rows("sdkmessageprocessingsteps").isEmpty();
    }

    @Override
    public CrmPushes pushes() {
        return dataverse.webhooks();
    }

    // ---- what its people do

    @Override
    public String create(CrmKind kind, Map<CrmField, ?> fields) {
        return dataverse.create(collection(kind), columns(kind, fields));
    }

    @Override
    public void edit(CrmKind kind, String id, Map<CrmField, ?> fields) {
        dataverse.edit(collection(kind), id, columns(kind, fields));
    }

    private Map<String, Object> columns(CrmKind kind, Map<CrmField, ?> fields) {
        Map<String, Object> columns = columns(kind.word(), fields);
        if (kind == CrmKind.OPPORTUNITY) {
            Map<String, Object> account = columns("account", fields);
            Map<String, Object> contact = columns("contact", fields);
            if (!account.isEmpty()) {
                String reference = "/accounts(" + dataverse.create("accounts", account) + ")";
                columns.put("parentaccountid@odata.bind", reference);
                columns.put("customerid_account@odata.bind", reference);
                if (!contact.isEmpty()) {
                    contact.put("parentcustomerid_account@odata.bind", reference);
                }
            }
            if (!contact.isEmpty()) {
                columns.put("parentcontactid@odata.bind", "/contacts(" + dataverse.create("contacts", contact) + ")");
            }
        }
        return columns;
    }

    /** Those of the fields that the table holds, as a call's body would have them. */
    private Map<String, Object> columns(String table, Map<CrmField, ?> fields) {
        Map<CrmField, String> names = COLUMNS.getOrDefault(table, Map.of());
        Map<String, Object> columns = new LinkedHashMap<>();
        fields.forEach((field, value) -> {
            String name = names.get(field);
            if (name != null) {
                switch (field) {
                    case CURRENCY -> columns.put(name + "@odata.bind", currency(value.toString()));
                    case HELP -> columns.put(name, help(value.toString()));
                    default -> columns.put(name, value);
                }
            }
        });
        return columns;
    }

    private static int help(String code) {
        int index = HELP_CODES.indexOf(code);
        if (index < 0) {
            throw new IllegalArgumentException("no help option " + code);
        }
        return FIRST_HELP + index;
    }

    private String currency(String code) {
        return dataverse.rows("transactioncurrencies").stream()
                .filter(row -> row.getString("isocurrencycode").equals(code))
                .map(row -> "/transactioncurrencies(" + row.getString("transactioncurrencyid") + ")")
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no currency " + code));
    }

    @Override
    public void delete(CrmKind kind, String id) {
        dataverse.delete(collection(kind), id);
    }

    @Override
    public void move(String opportunity, CrmState state) {
        switch (state) {
            case OPEN -> status(opportunity, IN_PROGRESS);
            case ON_HOLD -> status(opportunity, ON_HOLD);
            case WON -> dataverse.close(opportunity, true, WON);
            case LOST -> dataverse.close(opportunity, false, CANCELED);
            default -> throw new IllegalArgumentException("no opportunity is " + state);
        }
    }

    /** One of the status reasons of an open opportunity. */
    private void status(String opportunity, int reason) {
        boolean open = find(CrmKind.OPPORTUNITY, opportunity)
                .map(CrmRecord::state)
                .filter(state -> state == CrmState.OPEN || state == CrmState.ON_HOLD)
                .isPresent();
        dataverse.edit(
                "opportunities",
                opportunity,
                open ? Map.of("statuscode", reason) : Map.of("statecode", 0, "statuscode", reason));
    }

    @Override
    public String qualify(String lead) {
        return dataverse.qualify(lead, true).orElseThrow();
    }

    @Override
    public void disqualify(String lead) {
        dataverse.edit("leads", lead, Map.of("statecode", 2, "statuscode", LOST_LEAD));
    }

    @Override
    public void amountFromProducts(String opportunity, boolean on) {
        dataverse.edit("opportunities", opportunity, Map.of("isrevenuesystemcalculated", on));
    }

    @Override
    public void rewrite(CrmKind kind, CrmField field, UnaryOperator<String> rule) {
        dataverse.rewrite(
                collection(kind),
                name(kind, field),
                value -> Json.createValue(rule.apply(value instanceof JsonString text ? text.getString() : "")));
    }

    @Override
    public void stopRewriting() {
        dataverse.stopRewriting();
    }

    @Override
    public List<String> failedAutomations() {
        return dataverse.failedAutomations();
    }

    // ---- what they find

    @Override
    public List<CrmRecord> records(CrmKind kind) {
        return dataverse.rows(collection(kind)).stream()
                .map(row -> record(kind, row))
                .toList();
    }

    @Override
    public Optional<CrmRecord> find(CrmKind kind, String id) {
        return dataverse.row(collection(kind), id).map(row -> record(kind, row));
    }

    private CrmRecord record(CrmKind kind, JsonObject row) {
        Map<CrmField, Object> values = new EnumMap<>(CrmField.class);
        COLUMNS.getOrDefault(kind.word(), Map.of()).forEach((field, column) -> {
            String property = field == CrmField.CURRENCY ? "_" + column + "_value" : column;
            JsonValue value = row.getOrDefault(property, JsonValue.NULL);
            switch (value.getValueType()) {
                case TRUE -> values.put(field, true);
                case FALSE -> values.put(field, false);
                case NUMBER -> values.put(field, number(field, (JsonNumber) value));
                case STRING -> values.put(field, text(field, ((JsonString) value).getString()));
                default -> {
                    // empty
                }
            }
        });
        return new CrmRecord(kind, row.getString(kind.word() + "id"), state(kind, row), values);
    }

    private static Object number(CrmField field, JsonNumber number) {
        return field == CrmField.HELP ? HELP_CODES.get(number.intValue() - FIRST_HELP) : number.bigDecimalValue();
    }

    private String text(CrmField field, String text) {
        return field == CrmField.CURRENCY
                ? dataverse.row("transactioncurrencies", text).orElseThrow().getString("isocurrencycode")
                : text;
    }

    private static CrmState state(CrmKind kind, JsonObject row) {
        int state = row.getInt("statecode");
        int status = row.getInt("statuscode");
        return switch (kind.word() + " " + state + "/" + status) {
            case "opportunity 0/1" -> CrmState.OPEN;
            case "opportunity 0/2" -> CrmState.ON_HOLD;
            case "opportunity 1/3" -> CrmState.WON;
            case "opportunity 2/4", "opportunity 2/5" -> CrmState.LOST;
            case "lead 0/1", "lead 0/2" -> CrmState.OPEN;
            case "lead 1/3" -> CrmState.QUALIFIED;
            case "lead 2/4", "lead 2/5", "lead 2/6", "lead 2/7" -> CrmState.DISQUALIFIED;
            default ->
                throw new IllegalStateException("no " + kind.word() + " has status " + status + " in state " + state);
        };
    }

    @Override
    public List<CrmRecord> opportunitiesOf(String lead) {
        return dataverse.rows("opportunities").stream()
                .filter(row -> row.getString("_originatingleadid_value", "").equals(lead))
                .map(row -> record(CrmKind.OPPORTUNITY, row))
                .toList();
    }

    @Override
    public CrmState stateOfAcceptedLead() {
        return CrmState.QUALIFIED;
    }

    @Override
    public boolean showsOpportunityOfAcceptedLead() {
        return true;
    }

    @Override
    public List<String> accounts() {
        return texts("accounts", "name");
    }

    @Override
    public List<String> contacts() {
        return texts("contacts", "emailaddress1");
    }

    private List<String> texts(String set, String column) {
        return dataverse.rows(set).stream()
                .map(row -> row.getString(column, ""))
                .toList();
    }

    // ---- how it calls and limits things

    @Override
    public String collection(CrmKind kind) {
        return kind == CrmKind.OPPORTUNITY ? "opportunities" : "leads";
    }

    @Override
    public String name(CrmKind kind, CrmField field) {
        return COLUMNS.getOrDefault(table(kind, field), Map.of()).getOrDefault(field, "");
    }

    @Override
    public String label(CrmKind kind, CrmField field) {
        return dataverse.label(table(kind, field), name(kind, field)).orElseThrow();
    }

    /** The table that holds a field of this kind of record. */
    private static String table(CrmKind kind, CrmField field) {
        return Stream.of(kind.word(), "account", "contact")
                .filter(table -> COLUMNS.getOrDefault(table, Map.of()).containsKey(field))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no " + field + " of a " + kind.word()));
    }

    @Override
    public Set<CrmField> required(CrmKind kind) {
        return Set.of();
    }

    @Override
    public int longestDescription() {
        return 2_000;
    }

    @Override
    public Fault busy(int seconds) {
        return Fault.throttled(seconds);
    }

    // ---- the calls that were made

    /** A create goes by the alternate key. */
    @Override
    public boolean isCreate(CrmKind kind, String method, String path) {
        return isPatch(kind, method, path) && path.contains("cosell_");
    }

    /** An update goes by the id. */
    @Override
    public boolean isUpdate(CrmKind kind, String method, String path) {
        return isPatch(kind, method, path) && !path.contains("cosell_");
    }

    private boolean isPatch(CrmKind kind, String method, String path) {
        return method.equals("PATCH") && path.contains("/" + collection(kind) + "(");
    }

    @Override
    public List<CrmWrite> writes() {
        return dataverse.writes().stream()
                .map(write -> new CrmWrite(write.action(), write.set(), write.id(), write.columns(), !write.bySeller()))
                .toList();
    }

    @Override
    public String nameOf(CrmWrite write) {
        return dataverse.row(write.collection(), write.id()).stream()
                .flatMap(row -> Stream.of("name", "subject", "fullname").map(column -> row.getString(column, "")))
                .filter(name -> !name.isEmpty())
                .findFirst()
                .orElse("");
    }

    @Override
    public List<String> unchangedFields() {
        return dataverse.unchangedColumns();
    }
}
