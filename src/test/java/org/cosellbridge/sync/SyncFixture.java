package org.cosellbridge.sync;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import jakarta.persistence.EntityManager;
import jakarta.persistence.EntityManagerFactory;
import jakarta.persistence.EntityTransaction;
import jakarta.persistence.Persistence;
import java.io.StringReader;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.cosellbridge.audit.AuditEntry;
import org.cosellbridge.audit.AuditKind;
import org.cosellbridge.audit.AuditTrail;
import org.cosellbridge.audit.PersonalValues;
import org.cosellbridge.connector.CallContext;
import org.cosellbridge.connector.ConnectionName;
import org.cosellbridge.connector.ConnectionSettings;
import org.cosellbridge.connector.Connections;
import org.cosellbridge.connector.Connector;
import org.cosellbridge.connector.ConnectorFactory;
import org.cosellbridge.connector.LeaseLostException;
import org.cosellbridge.connector.ListsReferrals;
import org.cosellbridge.connector.PartnerCenter;
import org.cosellbridge.connector.Priority;
import org.cosellbridge.connector.ReadsRecords;
import org.cosellbridge.connector.RecordGoneException;
import org.cosellbridge.connector.RecordRef;
import org.cosellbridge.connector.RecordShape;
import org.cosellbridge.connector.RejectedException;
import org.cosellbridge.connector.RemoteField;
import org.cosellbridge.connector.RemoteRecord;
import org.cosellbridge.connector.RetryableException;
import org.cosellbridge.connector.StalePreconditionException;
import org.cosellbridge.connector.WritesRecords;
import org.cosellbridge.mapping.MappingDocument;
import org.cosellbridge.mapping.MappingLibrary;
import org.cosellbridge.mapping.ReferralCondition;
import org.cosellbridge.platform.Configuration;
import org.cosellbridge.platform.Ids;
import org.cosellbridge.platform.Page;
import org.cosellbridge.platform.SecretBox;
import org.cosellbridge.platform.TestDatabase;
import org.cosellbridge.referral.ReferralId;
import org.jspecify.annotations.Nullable;

/** The synchronisation on an H2 database in memory, between a Partner Center and a CRM that are maps with versions and faults. */
final class SyncFixture implements AutoCloseable {
    static final ConnectionName CRM = new ConnectionName("crm");
    static final String OURS = "11111111-0000-0000-0000-000000000001";
    private static final ExecutorService POOL = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "side-read");
        thread.setDaemon(true);
        return thread;
    });

    /** The process dies here. */
    static final class Killed extends Error {
        Killed() {
            super("killed", null, false, false);
        }
    }

    /** What happens around the calls to the remote sides. Whatever it throws, the call throws. */
    interface Weather {
        /** A call goes out. */
        default void before(String system, boolean write) {}

        /** A write has happened; who throws loses its answer. */
        default void after(String system) {}
    }

    /**
     * A write that happened.
     *
     * @param created whether it made the record or referral
     * @param id the referral, or the record as {@code kind/id}
     * @param values by CRM field, or by path of the referral; of a create the document
     * @param before what stood there
     */
    record Written(
            String system, boolean created, String id, Map<String, JsonValue> values, JsonObject before, Instant at) {}

    private final TestDatabase database = TestDatabase.fresh();
    private final EntityManagerFactory factory;
    private static final ThreadLocal<@Nullable EntityManager> CURRENT = new ThreadLocal<>();
    private static final ThreadLocal<List<AuditEntry>> PENDING = ThreadLocal.withInitial(ArrayList::new);
    final List<AuditEntry> trail = new CopyOnWriteArrayList<>();
    final List<Want> wanted = new CopyOnWriteArrayList<>();
    /** What no careful client does, and what was refused. */
    final List<String> brokenRules = new CopyOnWriteArrayList<>();

    /** Every write of either side, in their order. */
    final List<Written> written = new CopyOnWriteArrayList<>();

    final FakePartnerCenter partnerCenter = new FakePartnerCenter();
    final FakeCrm crm = new FakeCrm();
    Weather weather = new Weather() {};
    /** Where wishes go; joins the transaction that states them. */
    WantsSync wishes = wanted::add;

    ExecutorService pool = POOL;
    private static final Instant START = Instant.parse("2026-11-20T10:00:00Z");
    private Instant now = START;
    final Clock clock = new Clock() {
        @Override
        public java.time.ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(java.time.ZoneId zone) {
            return this;
        }

        @Override
        public synchronized Instant instant() {
            now = now.plusMillis(1);
            return now;
        }
    };
    final Ids ids = new Ids(clock, new Random(1));
    final Map<String, String> keys = new HashMap<>(Map.of(
            "cosell.connections",
            "crm",
            "cosell.crm.crm.url",
            "https://crm.example",
            "cosell.crm.crm.tenant-id",
            "t",
            "cosell.crm.crm.client-id",
            "c",
            "cosell.crm.crm.client-secret",
            "s",
            SecretBox.KEY,
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="));
    List<MappingDocument> documents = List.of(document(OPPORTUNITY), document(LEAD));
    ReferralCondition condition = ReferralCondition.compile("true");
    Priority priority = Priority.EVENT;
    boolean fromRecord;
    private int step;
    private int killAt;

    SyncFixture() {
        try (Connection connection = database.connect();
                Statement statement = connection.createStatement()) {
            for (String script : List.of(
                    "V202611200903__sync_links",
                    "V202611200906__sync_referral_creation",
                    "V202611200907__sync_feed",
                    "V202611200908__decisions_and_turns")) {
                statement.execute(Files.readString(
                        Path.of("src/main/resources/db/migration", script + ".sql"), StandardCharsets.UTF_8));
            }
        } catch (java.sql.SQLException | java.io.IOException broken) {
            throw new IllegalStateException(broken);
        }
        Map<String, String> jpa = new HashMap<>(database.jpa());
        jpa.putAll(Map.of(
                "jakarta.persistence.transactionType",
                "RESOURCE_LOCAL",
                "jakarta.persistence.jtaDataSource",
                "",
                "jakarta.persistence.nonJtaDataSource",
                "",
                "eclipselink.weaving",
                "false",
                "eclipselink.session-name",
                database.url(),
                "eclipselink.logging.level",
                "OFF"));
        factory = Persistence.createEntityManagerFactory("cosell", jpa);
    }

    @Override
    public void close() {
        factory.close();
    }

    void tick(int seconds) {
        now = now.plusSeconds(seconds);
    }

    /** The proxy a server injects: the transaction's entity manager, or a fresh one outside of it. */
    private final EntityManager entities = (EntityManager) Proxy.newProxyInstance(
            SyncFixture.class.getClassLoader(), new Class<?>[] {EntityManager.class}, (proxy, method, arguments) -> {
                EntityManager bound = current();
                EntityManager target = bound == null ? fresh() : bound;
                try {
                    return method.invoke(target, arguments);
                } catch (InvocationTargetException failed) {
                    throw failed.getCause() == null ? failed : failed.getCause();
                }
            });

    private @Nullable EntityManager current() {
        return CURRENT.get();
    }

    private EntityManager fresh() {
        return factory.createEntityManager();
    }

    void transaction(Runnable work) {
        EntityManager manager = factory.createEntityManager();
        EntityTransaction transaction = manager.getTransaction();
        transaction.begin();
        CURRENT.set(manager);
        PENDING.get().clear();
        try {
            work.run();
            transaction.commit();
            trail.addAll(PENDING.get());
        } finally {
            PENDING.get().clear();
            CURRENT.remove();
            if (transaction.isActive()) {
                transaction.rollback();
            }
            manager.close();
        }
    }

    private final AuditTrail auditTrail = entry -> {
        if (current() == null) {
            throw new IllegalStateException("no transaction");
        }
        PENDING.get().add(entry);
        return ids.next();
    };

    private static final PersonalValues PERSONAL = new PersonalValues() {
        @Override
        public JsonValue seal(String subject, JsonValue value) {
            return Json.createObjectBuilder()
                    .add("key", subject)
                    .add("sealed", new StringBuilder(value.toString()).reverse().toString())
                    .build();
        }

        @Override
        public JsonValue open(JsonValue value) {
            return value instanceof JsonObject object && object.containsKey("sealed")
                    ? StoredJson.value(new StringBuilder(object.getString("sealed"))
                            .reverse()
                            .toString())
                    : value;
        }
    };

    final LinkRepository links = new LinkRepository(entities);
    final Decisions decisions = new Decisions(entities, PERSONAL, clock);
    final Turns turns = new Turns(entities);
    final FindingRepository findings = new FindingRepository(entities, PERSONAL, ids, clock, decisions);
    final HoldRepository holds = new HoldRepository(entities, ids, clock);
    final BaselineRepository baselines = new BaselineRepository(entities, PERSONAL);
    final PlanRepository plans = new PlanRepository(entities, PERSONAL);
    final IntentRepository intents = new IntentRepository(entities, PERSONAL, ids, clock);
    final MicrosoftReferralRepository microsoft = new MicrosoftReferralRepository(entities, clock);
    final SeenVersions seen = new SeenVersions(entities);
    private ExternalReferences references = new ExternalReferences(partnerCenter, clock);

    String storedBaseline(String link) {
        return fresh().find(BaselineEntity.class, link).fields();
    }

    /** One column, row by row. */
    List<String> stored(String sql) {
        List<?> rows = fresh().createNativeQuery(sql).getResultList();
        return rows.stream().map(String::valueOf).toList();
    }

    Links faces() {
        return new Links(
                links,
                baselines,
                plans,
                findings,
                holds,
                decisions,
                turns,
                synchronization(),
                new ConnectionMappings(CRM, documents, condition),
                connections(Configuration.of(keys)),
                wishes,
                auditTrail);
    }

    private Connections connections(Configuration configuration) {
        return new Connections(configuration, List.of(new ConnectorFactory() {
            @Override
            public String type() {
                return "dynamics";
            }

            @Override
            public Connector connect(ConnectionSettings settings) {
                return crm;
            }
        }));
    }

    Synchronization synchronization() {
        Configuration configuration = Configuration.of(keys);
        return new Synchronization(
                links,
                baselines,
                plans,
                findings,
                holds,
                new OrganizationRepository(entities, clock),
                new RemarkRepository(entities),
                new RelatedRecords(new MatchLocks(entities, clock), auditTrail, SecretBox.of(configuration)),
                intents,
                microsoft,
                seen,
                decisions,
                turns,
                references,
                new ConnectionMappings(CRM, documents, condition),
                connections(configuration),
                partnerCenter,
                auditTrail,
                () -> wishes,
                new SyncSettings(configuration),
                new SideReads(pool),
                SecretBox.of(configuration),
                ids,
                clock);
    }

    /** Another process takes over: what was remembered outside the database is gone. */
    void restart() {
        references = new ExternalReferences(partnerCenter, clock);
        held.clear();
    }

    /** Everything as in a new fixture, but for the time that a new database takes. */
    void reset() {
        restart();
        EntityManager manager = factory.createEntityManager();
        manager.getTransaction().begin();
        if (tables.isEmpty()) {
            for (Object table : manager.createNativeQuery(
                            "select table_name from information_schema.tables where lower(table_schema) = 'public'")
                    .getResultList()) {
                tables.add(String.valueOf(table).toLowerCase(Locale.ROOT));
            }
            // those that others refer to are emptied last
            tables.sort(Comparator.comparing((String table) ->
                    List.of("sync_hold", "sync_finding", "sync_link").indexOf(table)));
        }
        tables.forEach(
                table -> manager.createNativeQuery("delete from " + table).executeUpdate());
        manager.getTransaction().commit();
        manager.close();
        factory.getCache().evictAll();
        weather = new Weather() {};
        now = START;
        trail.clear();
        wanted.clear();
        brokenRules.clear();
        written.clear();
        partnerCenter.clear();
        crm.clear();
    }

    private final List<String> tables = new ArrayList<>();

    /**
     * What the queue hands to an attempt.
     *
     * @param killAfter at which step the process dies; 0: never
     */
    record Ask(
            SyncSubject subject,
            boolean fromRecord,
            Priority priority,
            @Nullable String delivery,
            int killAfter) {}

    /** Runs one attempt to its end, as the queue would. */
    SyncOutcome attempt(String referral) {
        return attempt(referral, "delivery", 0);
    }

    SyncOutcome attempt(String referral, @Nullable String delivery, int killAfter) {
        return attempt(
                new Ask(SyncSubject.of(CRM, new ReferralId(referral)), fromRecord, priority, delivery, killAfter));
    }

    /** The same for a record that no referral is known of. */
    SyncOutcome attemptOf(RecordRef record, int killAfter) {
        return attempt(new Ask(SyncSubject.of(CRM, record), true, priority, null, killAfter));
    }

    SyncOutcome attempt(Ask ask) {
        // an attempt may run while another one waits for an answer
        int outerStep = step;
        int outerKill = killAt;
        step = 0;
        killAt = ask.killAfter();
        FakeAttempt attempt = new FakeAttempt(ask);
        try {
            SyncOutcome outcome = synchronization().run(attempt);
            if (outcome instanceof SyncOutcome.Done done) {
                step();
                attempt.checkLease();
                transaction(done.store());
            }
            return outcome;
        } finally {
            held.values().removeIf(attempt::equals);
            step = outerStep;
            killAt = outerKill;
        }
    }

    /** Whether no attempt works on this referral or record. */
    boolean isFree(RecordRef subject) {
        return !held.containsKey(subject.toString());
    }

    /** From now on the attempts under way have lost their lease, and others may work on what they held. */
    void loseLeases() {
        held.values().forEach(attempt -> attempt.lost = true);
        held.clear();
    }

    void lives() {
        killAt = 0;
    }

    private final Map<String, FakeAttempt> held = new ConcurrentHashMap<>();

    private synchronized void step() {
        if (killAt > 0 && ++step == killAt) {
            throw new Killed();
        }
    }

    private final class FakeAttempt implements Attempt {
        private final Ask ask;
        private boolean lost;

        FakeAttempt(Ask ask) {
            this.ask = ask;
            ask.subject()
                    .findReferral()
                    .ifPresent(referral -> hold(new RecordRef(RecordRef.REFERRAL, referral.value())));
            ask.subject().findRecord().ifPresent(this::hold);
        }

        void checkLease() {
            if (lost) {
                throw new LeaseLostException("The lease is lost.");
            }
        }

        @Override
        public SyncSubject subject() {
            return ask.subject();
        }

        @Override
        public String requestId() {
            return "request-" + ask.subject().key();
        }

        @Override
        public int number() {
            return 1;
        }

        @Override
        public @Nullable String deliveryId() {
            return ask.delivery();
        }

        @Override
        public boolean isFromRecord() {
            return ask.fromRecord();
        }

        @Override
        public CallContext call() {
            return new CallContext("correlation", ask.priority(), () -> {
                checkLease();
                return CallContext.LONGEST_CALL;
            });
        }

        @Override
        public boolean hold(RecordRef record) {
            checkLease();
            return held.computeIfAbsent(record.toString(), free -> this) == this;
        }

        @Override
        public void store(Runnable work) {
            step();
            checkLease();
            transaction(work);
            step();
        }
    }

    private void calls(CallContext call, String system, boolean write) {
        call.guard().beforeCall();
        weather.before(system, write);
        if (write) {
            step();
        }
    }

    private void answers(String system) {
        step();
        weather.after(system);
    }

    List<AuditKind> kinds() {
        return trail.stream().map(AuditEntry::kind).toList();
    }

    long count(AuditKind kind) {
        return trail.stream().filter(entry -> entry.kind() == kind).count();
    }

    SyncLink link(String referral) {
        return links.findByReferral(CRM, new ReferralId(referral)).orElseThrow();
    }

    static JsonObject json(String text) {
        return Json.createReader(new StringReader(text)).readObject();
    }

    /** Partner Center: referrals by id, under its rules. */
    final class FakePartnerCenter implements PartnerCenter, ListsReferrals {
        private final Map<String, JsonObject> referrals = new LinkedHashMap<>();
        private final Map<JsonObject, Instant> late = new LinkedHashMap<>();
        private final PartnerCenterRules rules = new PartnerCenterRules(brokenRules::add);
        private final PartnerCenterRules ofPersons = new PartnerCenterRules(rule -> {
            throw new AssertionError("A person cannot do that. " + rule);
        });
        private final Set<String> hidden = new HashSet<>();
        private int version;
        private int made;

        /** What it makes of a referral in the same call that changes it. */
        UnaryOperator<JsonObject> automation = UnaryOperator.identity();

        /** How long Partner Center goes on with the next create before the referral shows. */
        Duration nextCreateTakes = Duration.ZERO;

        /** Hears which referral was created or changed, by whomever. */
        Consumer<String> listener = referral -> {};

        private void clear() {
            referrals.clear();
            late.clear();
            hidden.clear();
            version = 0;
            made = 0;
            nextCreateTakes = Duration.ZERO;
            automation = UnaryOperator.identity();
        }

        private String newId(int kind) {
            return String.format(Locale.ROOT, "%08d-0000-4000-8000-%012d", kind, ++made);
        }

        private void store(JsonObject referral) {
            String id = referral.getString("id");
            referrals.put(
                    id,
                    Json.createObjectBuilder(referral)
                            .add("eTag", "\"" + ++version + "\"")
                            .add("updatedDateTime", clock.instant().toString())
                            .build());
            listener.accept(id);
        }

        private void settle() {
            List<JsonObject> done = late.entrySet().stream()
                    .filter(entry -> !entry.getValue().isAfter(now))
                    .map(Map.Entry::getKey)
                    .toList();
            done.forEach(referral -> {
                late.remove(referral);
                if (isInvited(referral)) {
                    // somebody else was quicker, so this create is refused, and nobody hears of it
                    written.removeIf(write -> write.id().equals(referral.getString("id")));
                } else {
                    store(referral);
                }
            });
        }

        /** Whether it is Microsoft's, and Microsoft takes part in the engagement already. */
        private boolean isInvited(JsonObject referral) {
            return referral.getString("organizationId").equals(PartnerCenterRules.MICROSOFT)
                    && referrals.values().stream()
                            .anyMatch(other -> other.getString("organizationId").equals(PartnerCenterRules.MICROSOFT)
                                    && other.getString("engagementId").equals(referral.getString("engagementId")));
        }

        /** Every referral there is, Microsoft's included. */
        synchronized List<JsonObject> all() {
            settle();
            return List.copyOf(referrals.values());
        }

        private List<JsonObject> allAndLate() {
            return Stream.concat(referrals.values().stream(), late.keySet().stream())
                    .toList();
        }

        synchronized JsonObject get(String id) {
            settle();
            return Objects.requireNonNull(referrals.get(id), id);
        }

        /** Somebody creates a referral in the portal, ours or one that is sent to us; the rest is as {@link #put} has it. */
        synchronized String arrives(JsonObject members) {
            String id = newId(1);
            String engagement = newId(2);
            store(Json.createObjectBuilder(members)
                    .add("id", id)
                    .add("engagementId", engagement)
                    .add("organizationId", OURS)
                    .add("createdDateTime", clock.instant().toString())
                    .build());
            return id;
        }

        /** A person asks Microsoft for help in the portal, or Microsoft takes part in the deal from its beginning. */
        synchronized String joins(String id, String state, String helpCode) {
            String theirs = newId(1);
            String[] words = state.split("/", -1);
            store(Json.createObjectBuilder(get(id))
                    .add("id", theirs)
                    .add("organizationId", PartnerCenterRules.MICROSOFT)
                    .add("status", words[0])
                    .add("substatus", words[1])
                    .add("inviteContext", PartnerCenterRules.invitedBy(OURS, helpCode))
                    .remove("externalReferenceId")
                    .build());
            return theirs;
        }

        /** Roles or locations hide a referral from us, or no longer do. */
        synchronized void hide(String id, boolean hides) {
            if (hides) {
                hidden.add(id);
            } else {
                hidden.remove(id);
            }
        }

        private Optional<JsonObject> shown(String id) {
            return Optional.ofNullable(referrals.get(id)).filter(referral -> !hidden.contains(id));
        }

        /** A person changes a referral in the portal, under the portal's rules. */
        synchronized void edit(String id, Map<String, JsonValue> changes) {
            store(stamped(get(id), ofPersons.patched(get(id), changes, all(), true)));
        }

        /** Partner Center itself sets what nobody else may. */
        synchronized void set(String id, String path, JsonValue value) {
            store(PartnerCenterRules.with(get(id), path, value));
        }

        private JsonObject stamped(JsonObject before, JsonObject after) {
            if (PartnerCenterRules.state(before).equals(PartnerCenterRules.state(after))) {
                return after;
            }
            return PartnerCenterRules.with(
                    after,
                    PartnerCenterRules.state(after).isTerminal() ? "closedDateTime" : "acceptedDateTime",
                    Json.createValue(clock.instant().toString()));
        }

        /** A referral of ours, or the same with other members. */
        synchronized void put(String id, String engagement, String... members) {
            tick(5);
            var builder = Json.createObjectBuilder(
                    referrals.getOrDefault(
                            id,
                            json(
                                    "{\"organizationId\":\"" + OURS
                                            + "\",\"name\":\"Deal\",\"status\":\"Active\",\"substatus\":\"Accepted\",\"type\":\"Shared\",\"qualification\":\"SalesQualified\","
                                            + "\"details\":{\"notes\":\"first\",\"dealValue\":100},\"customerProfile\":{\"name\":\"Contoso\",\"address\":{\"postalCode\":\"98052\"},\"team\":[{\"firstName\":\"Ana\",\"lastName\":\"Diaz\",\"email\":\"ana@contoso.example\"}]}}")));
            for (int i = 0; i < members.length; i += 2) {
                builder.add(members[i], json("{\"v\":" + members[i + 1] + "}").get("v"));
            }
            store(builder.add("id", id).add("engagementId", engagement).build());
        }

        /** Lists what is ours, as Partner Center does. */
        @Override
        public synchronized Page<RemoteRecord> listChangedSince(
                CallContext call, Instant since, @Nullable String cursor) {
            calls(call, SYSTEM, false);
            settle();
            return new Page<>(
                    referrals.values().stream()
                            .filter(referral ->
                                    referral.getString("organizationId").equals(OURS))
                            .filter(referral -> !hidden.contains(referral.getString("id")))
                            .map(this::record)
                            .filter(referral -> !referral.modifiedAt().isBefore(since))
                            .sorted(Comparator.comparing(RemoteRecord::modifiedAt)
                                    .reversed())
                            .toList(),
                    null);
        }

        synchronized void remove(String id) {
            referrals.remove(id);
        }

        @Override
        public String system() {
            return SYSTEM;
        }

        @Override
        public synchronized Optional<RemoteRecord> findRecord(CallContext call, RecordShape shape, String id) {
            calls(call, SYSTEM, false);
            settle();
            return shown(id).map(this::record);
        }

        private RemoteRecord record(JsonObject referral) {
            return new RemoteRecord(
                    new RecordRef(RecordRef.REFERRAL, referral.getString("id")),
                    referral.getString("eTag"),
                    Instant.parse(referral.getString("updatedDateTime")),
                    referral);
        }

        @Override
        public Optional<RemoteRecord> findByReferralKey(CallContext call, RecordShape shape, String referralId) {
            return findRecord(call, shape, referralId);
        }

        @Override
        public synchronized List<RemoteRecord> listMatching(
                CallContext call, RecordShape shape, Map<String, JsonValue> match, int limit) {
            calls(call, SYSTEM, false);
            settle();
            return referrals.values().stream()
                    .filter(referral -> match.entrySet().stream()
                            .allMatch(entry -> entry.getValue().equals(referral.get(entry.getKey()))))
                    .limit(limit)
                    .map(this::record)
                    .toList();
        }

        @Override
        public Optional<RemoteRecord> createRecord(
                CallContext call,
                RecordShape shape,
                @Nullable String referralId,
                @Nullable String id,
                Map<String, JsonValue> values) {
            calls(call, SYSTEM, true);
            Duration takes = nextCreateTakes;
            nextCreateTakes = Duration.ZERO;
            JsonObject created;
            synchronized (this) {
                settle();
                JsonObject body = StoredJson.JSON.createObjectBuilder(values).build();
                String now = clock.instant().toString();
                created = Json.createObjectBuilder(rules.created(body, allAndLate(), newId(2)))
                        .add("id", newId(1))
                        .add("createdDateTime", now)
                        .build();
                String referral = created.getString("id");
                written.add(new Written(SYSTEM, true, referral, created, JsonValue.EMPTY_JSON_OBJECT, clock.instant()));
                if (takes.isZero()) {
                    store(created);
                    created = Objects.requireNonNull(referrals.get(referral));
                } else {
                    late.put(created, clock.instant().plus(takes));
                }
            }
            answers(SYSTEM);
            if (!takes.isZero()) {
                throw new RetryableException(SYSTEM, "Partner Center does not answer.", false, null, null);
            }
            return Optional.of(record(created));
        }

        @Override
        public RemoteRecord updateRecord(
                CallContext call, RecordShape shape, RemoteRecord read, Map<String, JsonValue> changes) {
            if (changes.isEmpty()) {
                brokenRules.add("An empty change is sent.");
                return read;
            }
            calls(call, SYSTEM, true);
            RemoteRecord updated;
            synchronized (this) {
                settle();
                String id = read.ref().id();
                JsonObject before = shown(id).orElseThrow(() -> new RecordGoneException(SYSTEM, read.ref()));
                if (!before.getString("eTag").equals(read.version())) {
                    throw new StalePreconditionException(SYSTEM, "The referral " + id + " changed.");
                }
                store(stamped(before, automation.apply(rules.patched(before, changes, allAndLate(), false))));
                written.add(new Written(SYSTEM, false, id, Map.copyOf(changes), before, clock.instant()));
                updated = record(Objects.requireNonNull(referrals.get(id)));
            }
            answers(SYSTEM);
            return updated;
        }
    }

    /** The CRM: records by kind and id, with versions, unique referral keys and faults. */
    final class FakeCrm implements Connector, ReadsRecords, WritesRecords {
        final Map<String, Map<String, JsonObject>> tables = new LinkedHashMap<>();
        private final Map<String, Integer> versions = new HashMap<>();
        private final Map<String, Instant> modified = new HashMap<>();
        private final CrmRules rules = new CrmRules(brokenRules::add);
        private int made;

        /** Hears which record was created, changed or deleted, by whomever. */
        Consumer<RecordRef> listener = record -> {};

        final List<String> writes = new CopyOnWriteArrayList<>();
        /** What it makes of a row in the same call that writes it. */
        UnaryOperator<JsonObject> automation = UnaryOperator.identity();

        /** Whether it gives every new record an id of its own, whatever the caller asks for. */
        boolean choosesIds;

        boolean loseNextAnswer;
        boolean failNextClose;

        @Nullable
        Runnable beforeNextUpdate;

        private void clear() {
            tables.clear();
            versions.clear();
            modified.clear();
            writes.clear();
            made = 0;
            automation = UnaryOperator.identity();
        }

        /** A person creates a record; its id. */
        synchronized String arrives(String kind, JsonObject values) {
            String id = String.format(Locale.ROOT, "00000009-0000-4000-8000-%012d", ++made);
            put(kind, id, values);
            return id;
        }

        /** A person deletes a record. */
        synchronized void delete(String kind, String id) {
            table(kind).remove(id);
            listener.accept(new RecordRef(kind, id));
        }

        /** What the CRM tells as the record's version. */
        synchronized String version(String kind, String id) {
            return String.valueOf(versions.get(kind + "/" + id));
        }

        synchronized Map<String, JsonObject> table(String kind) {
            return tables.computeIfAbsent(kind, name -> new LinkedHashMap<>());
        }

        /** A person edits a record. */
        synchronized void edit(String kind, String id, String field, String json) {
            tick(5);
            JsonObject before = table(kind).get(id);
            put(
                    kind,
                    id,
                    Json.createObjectBuilder(before == null ? JsonValue.EMPTY_JSON_OBJECT : before)
                            .add(field, StoredJson.value(json))
                            .build());
        }

        synchronized JsonObject only(String kind) {
            if (table(kind).size() != 1) {
                throw new AssertionError(kind + " has " + table(kind).keySet());
            }
            return table(kind).values().iterator().next();
        }

        private void put(String kind, String id, JsonObject values) {
            table(kind).put(id, values);
            versions.merge(kind + "/" + id, 1, Integer::sum);
            modified.put(kind + "/" + id, clock.instant());
            listener.accept(new RecordRef(kind, id));
        }

        private RemoteRecord record(RecordShape shape, String id) {
            JsonObject values = table(shape.kind()).getOrDefault(id, JsonValue.EMPTY_JSON_OBJECT);
            var read = Json.createObjectBuilder();
            shape.fields().forEach(field -> read.add(field.name(), values.getOrDefault(field.name(), JsonValue.NULL)));
            String key = shape.kind() + "/" + id;
            return new RemoteRecord(
                    new RecordRef(shape.kind(), id),
                    String.valueOf(versions.get(key)),
                    modified.getOrDefault(key, Instant.EPOCH),
                    read.build());
        }

        @Override
        public String system() {
            return "crm";
        }

        @Override
        public synchronized Optional<RemoteRecord> findRecord(CallContext call, RecordShape shape, String id) {
            calls(call, "crm", false);
            return table(shape.kind()).containsKey(id) ? Optional.of(record(shape, id)) : Optional.empty();
        }

        @Override
        public synchronized Optional<RemoteRecord> findByReferralKey(
                CallContext call, RecordShape shape, String referralId) {
            calls(call, "crm", false);
            return carrying(shape, referralId).findFirst();
        }

        private Stream<RemoteRecord> carrying(RecordShape shape, String referralId) {
            return matching(shape, Map.of(key(shape), Json.createValue(referralId)));
        }

        private String key(RecordShape shape) {
            String key = shape.referralKey();
            if (key == null) {
                throw new AssertionError("no key");
            }
            return key;
        }

        @Override
        public synchronized List<RemoteRecord> listMatching(
                CallContext call, RecordShape shape, Map<String, JsonValue> match, int limit) {
            calls(call, "crm", false);
            return matching(shape, match).limit(limit).toList();
        }

        private Stream<RemoteRecord> matching(RecordShape shape, Map<String, JsonValue> match) {
            return table(shape.kind()).entrySet().stream()
                    .filter(row -> match.entrySet().stream()
                            .allMatch(entry -> entry.getValue()
                                    .equals(row.getValue().getOrDefault(entry.getKey(), JsonValue.NULL))))
                    .map(row -> record(shape, row.getKey()));
        }

        @Override
        public boolean takesIds() {
            return !choosesIds;
        }

        @Override
        public Optional<RemoteRecord> createRecord(
                CallContext call,
                RecordShape shape,
                @Nullable String referralId,
                @Nullable String id,
                Map<String, JsonValue> values) {
            calls(call, "crm", true);
            RemoteRecord created;
            synchronized (this) {
                String chosen = choosesIds
                        ? String.format(Locale.ROOT, "00000008-0000-4000-8000-%012d", ++made)
                        : id == null ? UUID.randomUUID().toString() : id;
                if (table(shape.kind()).containsKey(chosen)
                        || (referralId != null
                                && carrying(shape, referralId).findAny().isPresent())) {
                    return Optional.empty();
                }
                rules.checkCreate(shape, values);
                var row = Json.createObjectBuilder();
                CrmRules.state(shape).ifPresent(field -> row.add(field.name(), newState(field)));
                values.forEach(row::add);
                if (referralId != null) {
                    row.add(key(shape), referralId);
                }
                put(shape.kind(), chosen, automation.apply(row.build()));
                writes.add("create " + shape.kind());
                written.add(new Written(
                        "crm",
                        true,
                        shape.kind() + "/" + chosen,
                        Map.copyOf(values),
                        JsonValue.EMPTY_JSON_OBJECT,
                        clock.instant()));
                created = record(shape, chosen);
            }
            answer();
            return Optional.of(created);
        }

        /** What the CRM itself makes of a new record. */
        private static String newState(RemoteField field) {
            return Stream.of("open", "new", "1")
                    .filter(field.states()::containsKey)
                    .findFirst()
                    .orElseThrow();
        }

        private void answer() {
            answers("crm");
            if (loseNextAnswer) {
                loseNextAnswer = false;
                throw new RetryableException("crm", "The answer was lost.", false, null, null);
            }
        }

        @Override
        public RemoteRecord updateRecord(
                CallContext call, RecordShape shape, RemoteRecord read, Map<String, JsonValue> changes) {
            calls(call, "crm", true);
            Runnable before = beforeNextUpdate;
            if (before != null) {
                beforeNextUpdate = null;
                before.run();
            }
            Optional<String> closing = CrmRules.state(shape)
                    .filter(field -> CrmRules.isClosing(field, changes.getOrDefault(field.name(), JsonValue.NULL)))
                    .map(RemoteField::name);
            if (closing.isPresent() && changes.size() > 1) {
                // closing is an action of its own, after the fields
                Map<String, JsonValue> others = new LinkedHashMap<>(changes);
                JsonValue state = others.remove(closing.orElseThrow());
                RemoteRecord between = write(shape, read, others);
                return updateRecord(call, shape, between, Map.of(closing.orElseThrow(), Objects.requireNonNull(state)));
            }
            if (closing.isPresent() && failNextClose) {
                failNextClose = false;
                throw new RetryableException("crm", "The close failed.", false, null, null);
            }
            return write(shape, read, changes);
        }

        private RemoteRecord write(RecordShape shape, RemoteRecord read, Map<String, JsonValue> changes) {
            RemoteRecord updated;
            synchronized (this) {
                String id = read.ref().id();
                JsonObject row = table(shape.kind()).get(id);
                if (row == null) {
                    throw new RecordGoneException("crm", read.ref());
                }
                if (!record(shape, id).version().equals(read.version())) {
                    throw new StalePreconditionException("crm", "The record " + id + " changed.");
                }
                rules.checkUpdate(shape, row, changes);
                if (changes.get(key(shape)) instanceof JsonString key
                        && carrying(shape, key.getString())
                                .anyMatch(other -> !other.ref().id().equals(id))) {
                    throw new RejectedException("crm", "Another record has this Referral Identifier.");
                }
                var next = Json.createObjectBuilder(row);
                changes.forEach(next::add);
                put(shape.kind(), id, automation.apply(next.build()));
                writes.add("update " + shape.kind() + " " + changes.keySet());
                written.add(
                        new Written("crm", false, read.ref().toString(), Map.copyOf(changes), row, clock.instant()));
                updated = record(shape, id);
            }
            answer();
            return updated;
        }
    }

    static MappingDocument document(String json) {
        return MappingLibrary.parse("test", json);
    }

    private static final String STATES =
            "{\"name\":\"state\",\"path\":\"state\",\"field\":\"statuscode\",\"type\":\"state\",\"lossy\":true,\"direction\":\"both\","
                    + "\"states\":{\"open\":{\"step\":\"set\",\"fields\":{\"statuscode\":1}},\"won\":{\"step\":\"win\",\"fields\":{\"statuscode\":3}},\"lost\":{\"step\":\"lose\",\"fields\":{\"statuscode\":4}}},"
                    + "\"values\":[{\"partnerCenter\":\"Active/Accepted\",\"crm\":\"open\"},{\"partnerCenter\":\"New/Pending\",\"crm\":\"open\"},{\"partnerCenter\":\"Closed/Won\",\"crm\":\"won\"},{\"partnerCenter\":\"Closed/Lost\",\"crm\":\"lost\"},{\"partnerCenter\":\"Closed/Declined\",\"crm\":\"lost\"}]}";

    static final String OPPORTUNITY = """
            {"connector":"dynamics","record":"opportunity","table":{"name":"opportunity","set":"opportunities","key":"opportunityid"},
             "referralKey":"refid",
             "subjects":{"contact":[["customerProfile.team[0].email"]]},
             "fields":[
              {"name":"referralId","path":"id","field":"refid","type":"text","direction":"to-crm","when":{"toCrm":["create"]}},
              {"name":"name","path":"name","field":"name","type":"text","direction":"both","when":{"toPartnerCenter":["create"]}},
              {"name":"notes","path":"details.notes","field":"description","type":"text","maxLength":20,"lossy":true,"direction":"both"},
              {"name":"value","path":"details.dealValue","field":"estimatedvalue","type":"money","direction":"both","lockedBy":"calculated"},
              {"name":"calculated","constant":false,"field":"calculated","type":"boolean","direction":"to-crm","when":{"toCrm":["create"]}},
              {"name":"contactName","path":"customerProfile.team[0].firstName","field":"firstname","type":"text","direction":"to-crm","personal":"contact"},
              @STATES@,{"name":"account","related":"account","field":"customerid","type":"reference","direction":"to-crm","when":{"toCrm":["create"]}},
              {"name":"contact","related":"contact","field":"contactid","type":"reference","direction":"to-crm","when":{"toCrm":["create"]}}],
             "related":[
              {"name":"account","table":{"name":"account","set":"accounts","key":"accountid"},"match":[["accountName","postalCode"]],
               "fields":[{"name":"accountName","path":"customerProfile.name","field":"name","type":"text"},
                         {"name":"postalCode","path":"customerProfile.address.postalCode","field":"postalcode","type":"text"}]},
              {"name":"contact","table":{"name":"contact","set":"contacts","key":"contactid"},"match":[["email"]],
               "fields":[{"name":"email","path":"customerProfile.team[0].email","field":"emailaddress1","type":"text","personal":"contact"},
                         {"name":"company","related":"account","field":"parentcustomerid","type":"reference"}]}]}
            """.replace("@STATES@", STATES);

    static final String LEAD = """
            {"connector":"dynamics","record":"lead","table":{"name":"lead","set":"leads","key":"leadid"},
             "referralKey":"refid",
             "fields":[
              {"name":"referralId","path":"id","field":"refid","type":"text","direction":"to-crm","when":{"toCrm":["create"]}},
              {"name":"name","path":"name","field":"subject","type":"text","direction":"both","when":{"toPartnerCenter":["create"]}},
              {"name":"state","path":"state","field":"statuscode","type":"state","lossy":true,"direction":"both",
               "states":{"new":{"step":"set","fields":{"statuscode":1}},"qualified":{"step":"set","fields":{"statuscode":3}},"lost":{"step":"set","fields":{"statuscode":4}}},
               "values":[{"partnerCenter":"New/Pending","crm":"new"},{"partnerCenter":"Active/Accepted","crm":"qualified"},{"partnerCenter":"Closed/Won","crm":"qualified"},{"partnerCenter":"Closed/Lost","crm":"qualified"},{"partnerCenter":"Closed/Declined","crm":"lost"}]}]}
            """;
}
