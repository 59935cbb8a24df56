package org.cosellbridge.simulator;

import static org.cosellbridge.simulator.JsonTree.JSON;

import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.math.BigDecimal;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.cosellbridge.simulator.SalesforceSchema.Entity;
import org.cosellbridge.simulator.SalesforceSchema.Kind;
import org.cosellbridge.simulator.SalesforceSchema.Trait;
import org.cosellbridge.simulator.SalesforceStore.Author;

/**
 * The REST API, the OAuth endpoints and the outbound messages of one Salesforce organization. Strict where Salesforce is: names,
 * types, lengths, picklists, unique fields, SOQL, conditions, sessions and limits. What Salesforce passes over in silence (If-Match on
 * an opportunity, the Amount of a deal with products) works here as it does there; relying on it counts as a broken rule where that
 * can be seen.
 *
 * <p><b>Addresses.</b> {@link #url} is the My Domain host and the {@code instance_url} of tokens. {@link #loginUrl} stands for
 * {@code https://login.salesforce.com}: the same port by the name {@code localhost}; client credentials do not work there. An
 * assertion's audience is {@code https://login.salesforce.com} (or test., see {@link #sandbox}) or the login URL, never the My Domain
 * URL.
 *
 * <p><b>Time.</b> Records keep whole seconds: two changes within a second have the same SystemModstamp and LastModifiedDate, and
 * If-Unmodified-Since does not tell them apart. Without ORDER BY, rows come in an order of no meaning.
 *
 * <p><b>Use.</b> {@code apiUser("integration@contoso.example")} makes the integration user, {@code
 * app("client").secret("s").runAs(user)} the client credentials flow, {@code app("client").certificate(c).preAuthorize(user)} the
 * assertion flow; {@link #issue} hands out a session without either. Tests act as the seller by {@link #create}, {@link #edit},
 * {@link #delete} and look by {@link #row}, {@link #rows}, {@link #writes}; {@code server().faults()} refuses calls, {@code
 * server().log()} has the calls ({@code create Opportunity}, {@code read Lead}, {@code query}, {@code token}) and the broken rules.
 *
 * <p>Thread-safe; every call runs by itself, one after the other.
 */
public final class SalesforceSimulator implements AutoCloseable {
    private final SimulatorServer server;
    private final SalesforceStore store;
    private final SalesforceSessions sessions;
    private final SalesforceApi api;
    private final SalesforceAutomations automations;
    private final SalesforceRecord organization;
    private final SalesforceOutboundMessages outbound;
    private final Author seller;

    /**
     * An organization with one currency.
     *
     * @param port where to listen, 0 for any free port
     */
    public SalesforceSimulator(int port) {
        this(port, Clock.systemUTC());
    }

    /** The same with a clock of the test's: for stamps, sessions, assertions and the retries of outbound messages. */
    public SalesforceSimulator(int port, Clock clock) {
        this.server = new SimulatorServer("Salesforce", port);
        this.store = new SalesforceStore(clock, server.log()::breakRule);
        this.organization = SalesforceSeed.organization(store);
        this.sessions = new SalesforceSessions(
                clock, organization.id(), username -> SalesforceSeed.user(store, username), server.log()::breakRule);
        this.seller = Author.person(
                SalesforceSeed.person(store, "sam.seller@contoso.example", "Sam", "Seller", "+1 425 555 0100")
                        .id());
        SalesforceSeed.catalogues(store);
        sessions.addresses(url(), loginUrl());
        this.automations = new SalesforceAutomations(store);
        this.outbound = new SalesforceOutboundMessages(
                store, new SalesforceSoap(store, organization.id(), url()), clock, server.log()::breakRule);
        this.api = new SalesforceApi(server, store, sessions, this::afterwards);
        server.caller(request -> request.bearer().orElse(""));
        server.objects(store::shown);
    }

    /**
     * One write that took effect.
     *
     * @param time when
     * @param action CREATE, UPDATE, DELETE or UNDELETE
     * @param object the name of the object
     * @param id the record's id, 18 characters
     * @param fields the fields that were written
     * @param bySeller whether a person or an automation of the organization wrote, not a call
     */
    public record Write(Instant time, String action, String object, String id, List<String> fields, boolean bySeller) {
        public Write {
            fields = List.copyOf(fields);
        }
    }

    // --- for tests: addresses and credentials ----------------------------------------------------------------------

    /** Starts to answer. */
    public SalesforceSimulator start() {
        server.start();
        return this;
    }

    @Override
    public void close() {
        outbound.close();
        server.close();
    }

    /** The My Domain address, without a slash at its end. */
    public URI url() {
        return server.url();
    }

    /** The address that stands for the login host, by another host name. */
    public URI loginUrl() {
        return URI.create("http://localhost:" + server.url().getPort());
    }

    /** The server beneath: call log, broken rules, faults, delays. */
    public SimulatorServer server() {
        return server;
    }

    /** The sender of outbound messages: set-up, hold, duplicates, reordering, what was acknowledged. */
    public SalesforceOutboundMessages outbound() {
        return outbound;
    }

    /** The organization's id, 18 characters. */
    public String organizationId() {
        return organization.id();
    }

    /** The app with this consumer key, made if there was none. */
    public SalesforceApp app(String clientId) {
        return sessions.app(clientId);
    }

    /** The id of the active user with this name, made if there was none; {@code Integration User} is its name. */
    public String apiUser(String username) {
        synchronized (store) {
            return SalesforceSeed.user(store, username)
                    .orElseGet(() -> SalesforceSeed.person(store, username, "Integration", "User", ""))
                    .id();
        }
    }

    /** A further person who may own records; answers the id. */
    public String person(String username, String firstName, String lastName) {
        synchronized (store) {
            return SalesforceSeed.person(store, username, firstName, lastName, "")
                    .id();
        }
    }

    /** A queue that may own leads; answers the id. */
    public String queue(String name) {
        synchronized (store) {
            return store.seed(
                            "Group",
                            JSON.createObjectBuilder().add("Name", name).build())
                    .id();
        }
    }

    /** Whether a user may sign in and own records. */
    public void active(String userId, boolean active) {
        synchronized (store) {
            get("User", userId).set("IsActive", active ? JsonValue.TRUE : JsonValue.FALSE);
        }
    }

    /** The access token of a session of this user, as if it had signed in. */
    public String issue(String username) {
        synchronized (store) {
            SalesforceRecord user = SalesforceSeed.user(store, username)
                    .orElseThrow(() -> new IllegalArgumentException("no user " + username));
            return sessions.open(user, "test").token();
        }
    }

    /** Every session ends now. */
    public void expireSessions() {
        sessions.endAll();
    }

    /** How long a session lives that is not used. Default two hours. */
    public void sessionTimeout(Duration timeout) {
        sessions.timeout(timeout);
    }

    /** Whether the organization is a sandbox: assertions are then for {@code https://test.salesforce.com}. */
    public void sandbox(boolean sandbox) {
        synchronized (store) {
            sessions.sandbox(sandbox);
            organization.set("IsSandbox", sandbox ? JsonValue.TRUE : JsonValue.FALSE);
        }
    }

    // --- for tests: people and records -----------------------------------------------------------------------------

    /** The id of the seller's row in {@code User}. */
    public String sellerId() {
        return seller.userId();
    }

    /** Every record that is not deleted, with all its fields, empty ones as null, in the order of creation. */
    public List<JsonObject> rows(String object) {
        synchronized (store) {
            return store.live(object).map(SalesforceStore::complete).toList();
        }
    }

    /** One record that is not deleted, with all its fields. */
    public Optional<JsonObject> row(String object, String id) {
        synchronized (store) {
            return store.find(store.schema().entity(object), id)
                    .filter(record -> !record.isDeleted())
                    .map(SalesforceStore::complete);
        }
    }

    /** The ids in the recycle bin. */
    public List<String> deleted(String object) {
        synchronized (store) {
            return store.all(store.schema().entity(object))
                    .filter(SalesforceRecord::isDeleted)
                    .map(SalesforceRecord::id)
                    .toList();
        }
    }

    /** The seller creates a record, written as a call's body would be, and its id is answered. */
    public String create(String object, Map<String, ?> fields) {
        return bySeller(() -> store.create(store.schema().entity(object), body(fields), seller)
                .id());
    }

    /** The seller changes fields of a record; null empties. */
    public void edit(String object, String id, Map<String, ?> fields) {
        editAs(seller.userId(), object, id, fields);
    }

    /** A user changes fields of a record in the browser: the integration user, too. */
    public void editAs(String userId, String object, String id, Map<String, ?> fields) {
        bySeller(() -> {
            store.update(get(object, id), body(fields), Author.person(userId));
            return id;
        });
    }

    /** The seller deletes a record; it goes to the recycle bin. */
    public void delete(String object, String id) {
        bySeller(() -> {
            store.delete(get(object, id), seller);
            return id;
        });
    }

    /** The seller takes a record out of the recycle bin. */
    public void undelete(String object, String id) {
        bySeller(() -> {
            store.undelete(get(object, id), seller);
            return id;
        });
    }

    /**
     * The seller converts an open lead: an account and a contact are made, and the opportunity, if wanted. Fields of the Partner
     * Center section are lost on it: they are not mapped.
     *
     * @return the id of the opportunity; empty when none was wanted
     */
    public Optional<String> convert(String leadId, boolean createOpportunity) {
        String made =
                bySeller(() -> SalesforceConversion.convert(store, get("Lead", leadId), createOpportunity, seller));
        return made.isEmpty() ? Optional.empty() : Optional.of(made);
    }

    /** The seller merges a lead into another: it goes to the recycle bin and names the other as its master. */
    public void mergeLeads(String masterId, String mergedId) {
        bySeller(() -> {
            SalesforceRecord merged = get("Lead", mergedId);
            merged.set("MasterRecordId", JSON.createValue(get("Lead", masterId).id()));
            store.delete(merged, seller);
            return mergedId;
        });
    }

    /** The seller gives a deal products of this sum; from then on its Amount is theirs. */
    public void addProducts(String opportunityId, BigDecimal sum) {
        bySeller(() -> {
            store.update(
                    get("Opportunity", opportunityId),
                    JSON.createObjectBuilder().add("Amount", sum).build(),
                    seller);
            store.set(get("Opportunity", opportunityId), Map.of("HasOpportunityLineItem", JsonValue.TRUE), seller);
            return opportunityId;
        });
    }

    /** The seller takes the last product away: the Amount keeps its value and is the seller's again. */
    public void removeProducts(String opportunityId) {
        bySeller(() -> {
            store.set(get("Opportunity", opportunityId), Map.of("HasOpportunityLineItem", JsonValue.FALSE), seller);
            return opportunityId;
        });
    }

    /** What people call a field. */
    public String label(String object, String field) {
        synchronized (store) {
            return store.schema().entity(object).get(field).label();
        }
    }

    /** A process of Salesforce touches a record: its SystemModstamp moves and nothing else does. */
    public void touch(String object, String id) {
        synchronized (store) {
            store.touch(get(object, id));
        }
    }

    /** What people write from now on commits so much later than its stamps say, as long transactions do. */
    public void lateCommits(Duration late) {
        synchronized (store) {
            store.lateness(late);
        }
    }

    /** While a record is locked by an approval, calls cannot write it. */
    public void lock(String id, boolean locked) {
        synchronized (store) {
            store.rules().lock(id, locked);
        }
    }

    private String bySeller(Supplier<String> work) {
        synchronized (store) {
            try {
                return work.get();
            } catch (SalesforceRefusal refused) {
                throw new IllegalArgumentException(refused.code() + ": " + refused.getMessage(), refused);
            } finally {
                afterwards();
            }
        }
    }

    private SalesforceRecord get(String object, String id) {
        return store.find(store.schema().entity(object), id)
                .orElseThrow(() -> new IllegalArgumentException("no " + object + " " + id));
    }

    private static JsonObject body(Map<String, ?> fields) {
        return JSON.createObjectBuilder(new HashMap<>(fields)).build();
    }

    /** What the writes of a call or of a person set off. */
    private void afterwards() {
        List<SalesforceStore.Event> events = store.takeEvents();
        automations.run(events);
        // one transaction: what the automation did in it is told with what it reacted to
        store.takeEvents();
        outbound.raise(events);
    }

    // --- for tests: what calls did ---------------------------------------------------------------------------------

    /** Every write that took effect, in their order. */
    public List<Write> writes() {
        synchronized (store) {
            return List.copyOf(store.writes());
        }
    }

    /** The writes to an object that calls made. */
    public List<Write> writes(String object) {
        return writes().stream()
                .filter(write -> write.object().equals(object) && !write.bySeller())
                .toList();
    }

    /** How many records of an object were created by calls. */
    public int creates(String object) {
        return (int) writes(object).stream()
                .filter(write -> write.action().equals("CREATE"))
                .count();
    }

    /** How many times records of an object were changed by calls. */
    public int updates(String object) {
        return (int) writes(object).stream()
                .filter(write -> write.action().equals("UPDATE"))
                .count();
    }

    /** Which fields calls wrote with the value they had already. Allowed, but it stamps the record all the same. */
    public List<String> unchangedFields() {
        synchronized (store) {
            return List.copyOf(store.unchanged());
        }
    }

    // --- for tests: how the organization is set up -----------------------------------------------------------------

    /** Whether the organization has several currencies (USD its own, EUR, GBP). Without, CurrencyIsoCode does not exist. */
    public void multiCurrency(boolean on) {
        setUp(() -> {
            store.schema().multiCurrency(on);
            SalesforceSeed.currencies(store, on);
        });
    }

    /** A currency is used no more, or again. */
    public void currency(String isoCode, boolean active) {
        setUp(() -> SalesforceSeed.currency(store, isoCode, active));
    }

    /** Hides a field from the integration user, as if its field-level security were not granted; or shows it again. */
    public void hideField(String object, String field, boolean hidden) {
        setUp(() -> store.schema().hide(object, field, hidden));
    }

    /** Lets the integration user read a field but not write it; or write it again. */
    public void readOnlyField(String object, String field, boolean readOnly) {
        setUp(() -> store.schema().readOnly(object, field, readOnly));
    }

    /** The organization's owner gives a field this label. */
    public void label(String object, String field, String label) {
        setUp(() -> store.schema().label(object, field, label));
    }

    /** Whether the values of a field are unique. */
    public void uniqueField(String object, String field, boolean unique) {
        setUp(() -> store.schema().trait(object, field, Trait.UNIQUE, unique));
    }

    /** Whether a field is an external id. */
    public void externalIdField(String object, String field, boolean externalId) {
        setUp(() -> store.schema().trait(object, field, Trait.EXTERNAL_ID, externalId));
    }

    /** Whether a field must be filled. */
    public void requireField(String object, String field, boolean required) {
        setUp(() -> store.schema().trait(object, field, Trait.REQUIRED, required));
    }

    /** Whether a picklist takes its own values only. */
    public void restrictPicklist(String object, String field, boolean restricted) {
        setUp(() -> store.schema().trait(object, field, Trait.RESTRICTED, restricted));
    }

    /** A further custom field of the organization's owner; the type is one that describe answers, such as {@code string}. */
    public void addField(String object, String name, String type, int length, List<String> picklistValues) {
        setUp(() -> store.schema().add(object, name, Kind.of(type), length, picklistValues));
    }

    /**
     * A stage of the organization's own, after those it has; or another meaning for one that it has.
     *
     * @param probability 0 to 100
     */
    public void stage(String apiName, String label, boolean active, boolean closed, boolean won, int probability) {
        setUp(() -> SalesforceSeed.stage(store, apiName, label, active, closed, won, probability));
    }

    /** Takes a right of the integration user on an object away, or gives it back: create, read, update or delete. */
    public void permit(String object, String right, boolean granted) {
        setUp(() -> store.rules().permit(object, right, granted));
    }

    private void setUp(Runnable change) {
        synchronized (store) {
            change.run();
            api.rows().describe().change();
        }
    }

    /** Calls that would save a record with the same values in these fields as another one are refused; an alert may be passed over. */
    public void duplicateRule(String object, boolean blocks, String... fields) {
        synchronized (store) {
            store.rules().addDuplicateRule(object, blocks, List.of(fields));
        }
    }

    /** Calls that would save a record of which this is true are refused with the message. */
    public void validationRule(String object, Predicate<JsonObject> broken, String message, String... fields) {
        synchronized (store) {
            store.rules().addValidationRule(object, broken, message, List.of(fields));
        }
    }

    /** The duplicate and validation rules end. */
    public void clearRules() {
        synchronized (store) {
            store.rules().clear();
        }
    }

    /** Switches state and country picklists on: addresses get a CountryCode, and Country takes a few English names only. */
    public void countryPicklists(boolean on) {
        setUp(() -> {
            store.schema().countryCodes(on);
            store.rules().countries().switched(on);
        });
    }

    /** An active assignment rule gives leads that calls save to this user, unless they say otherwise; an empty id ends it. */
    public void leadAssignment(String userId) {
        synchronized (store) {
            store.rules().leadOwner(userId);
        }
    }

    /** The next writes of calls are refused with UNABLE_TO_LOCK_ROW. */
    public void busyRows(int times) {
        synchronized (store) {
            store.rules().busyRows(times);
        }
    }

    /**
     * From now on a flow of the organization sets this field to another value whenever a call has written it: in the same transaction
     * and by the same user, so that only a read tells. A rule that answers the value it is given edits nothing.
     *
     * @param rule from the value the record has to the value that the flow gives it
     */
    public void rewrite(String object, String field, UnaryOperator<JsonValue> rule) {
        synchronized (store) {
            Entity entity = store.schema().entity(object);
            automations.rewrite(entity, entity.get(field), rule);
        }
    }

    /** The flows of {@link #rewrite} end. */
    public void stopRewriting() {
        synchronized (store) {
            automations.stop();
        }
    }

    /** The edits of flows that were refused, one sentence each. */
    public List<String> failedAutomations() {
        synchronized (store) {
            return automations.failed();
        }
    }

    // --- for tests: limits, pages, faults --------------------------------------------------------------------------

    /** How many calls were made in 24 hours and how many may be; from then on calls are refused with REQUEST_LIMIT_EXCEEDED. */
    public void apiUsage(int used, int most) {
        api.usage(used, most);
    }

    /** How many calls count as made. */
    public int apiUsed() {
        return api.used();
    }

    /** Query pages have at most so many rows. */
    public void largestPage(int rows) {
        synchronized (store) {
            api.query().largestPage(rows);
        }
    }

    /** Every query locator given so far has expired. */
    public void expireCursors() {
        synchronized (store) {
            api.query().expireCursors();
        }
    }

    /** The step to which the times of updated and deleted are cut. Salesforce's and the default: one minute. */
    public void replicationStep(Duration step) {
        synchronized (store) {
            api.rows().replicationStep(step);
        }
    }

    /** The error code in the body of calls that the fault switch refuses with this status. */
    public void faultCode(int status, String code) {
        api.faultCode(status, code);
    }

    /** Whether calls that the fault switch refuses are answered with a page for people instead of JSON. */
    public void htmlFaults(boolean html) {
        api.htmlFaults(html);
    }
}
