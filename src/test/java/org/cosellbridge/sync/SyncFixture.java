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
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
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
import org.cosellbridge.connector.ListsReferrals;
import org.cosellbridge.connector.PartnerCenter;
import org.cosellbridge.connector.Priority;
import org.cosellbridge.connector.ReadsRecords;
import org.cosellbridge.connector.RecordGoneException;
import org.cosellbridge.connector.RecordRef;
import org.cosellbridge.connector.RecordShape;
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

    private final TestDatabase database = TestDatabase.fresh();
    private final EntityManagerFactory factory;
    private static final ThreadLocal<@Nullable EntityManager> CURRENT = new ThreadLocal<>();
    private static final ThreadLocal<List<AuditEntry>> PENDING = ThreadLocal.withInitial(ArrayList::new);
    final List<AuditEntry> trail = new CopyOnWriteArrayList<>();
    final List<Want> wanted = new CopyOnWriteArrayList<>();
    final FakePartnerCenter partnerCenter = new FakePartnerCenter();
    final FakeCrm crm = new FakeCrm();
    private Instant now = Instant.parse("2026-11-20T10:00:00Z");
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
    private final ExternalReferences references = new ExternalReferences(partnerCenter, clock);

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
                wanted::add,
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
                () -> wanted::add,
                new SyncSettings(configuration),
                new SideReads(POOL),
                SecretBox.of(configuration),
                ids,
                clock);
    }

    /** Runs one attempt to its end, as the queue would. */
    SyncOutcome attempt(String referral) {
        return attempt(referral, "delivery", 0);
    }

    SyncOutcome attempt(String referral, @Nullable String delivery, int killAfter) {
        step = 0;
        killAt = killAfter;
        Attempt attempt = new FakeAttempt(SyncSubject.of(CRM, new ReferralId(referral)), delivery);
        SyncOutcome outcome = synchronization().run(attempt);
        if (outcome instanceof SyncOutcome.Done done) {
            step();
            transaction(done.store());
        }
        killAt = 0;
        return outcome;
    }

    void lives() {
        killAt = 0;
    }

    private synchronized void step() {
        if (killAt > 0 && ++step == killAt) {
            throw new Killed();
        }
    }

    private final class FakeAttempt implements Attempt {
        private final SyncSubject subject;
        private final @Nullable String delivery;

        FakeAttempt(SyncSubject subject, @Nullable String delivery) {
            this.subject = subject;
            this.delivery = delivery;
        }

        @Override
        public SyncSubject subject() {
            return subject;
        }

        @Override
        public String requestId() {
            return "request-" + subject.key();
        }

        @Override
        public int number() {
            return 1;
        }

        @Override
        public @Nullable String deliveryId() {
            return delivery;
        }

        @Override
        public boolean isFromRecord() {
            return fromRecord;
        }

        @Override
        public CallContext call() {
            return CallContext.unguarded("correlation", priority);
        }

        @Override
        public boolean hold(RecordRef record) {
            return true;
        }

        @Override
        public void store(Runnable work) {
            step();
            transaction(work);
            step();
        }
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

    /** Partner Center: referrals by id. */
    final class FakePartnerCenter implements PartnerCenter, ListsReferrals {
        private final Map<String, JsonObject> referrals = new LinkedHashMap<>();
        private int version;

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
            referrals.put(
                    id,
                    builder.add("id", id)
                            .add("engagementId", engagement)
                            .add("eTag", "\"" + ++version + "\"")
                            .add("updatedDateTime", clock.instant().toString())
                            .build());
        }

        /** Lists what is ours, as Partner Center does. */
        @Override
        public synchronized Page<RemoteRecord> listChangedSince(
                CallContext call, Instant since, @Nullable String cursor) {
            return new Page<>(
                    referrals.values().stream()
                            .filter(referral ->
                                    referral.getString("organizationId").equals(OURS))
                            .map(this::record)
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
            return Optional.ofNullable(referrals.get(id)).map(this::record);
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
            throw new AssertionError("nothing is written at Partner Center");
        }

        @Override
        public RemoteRecord updateRecord(
                CallContext call, RecordShape shape, RemoteRecord read, Map<String, JsonValue> changes) {
            throw new AssertionError("nothing is written at Partner Center");
        }
    }

    /** The CRM: records by kind and id, with versions, unique referral keys and faults. */
    final class FakeCrm implements Connector, ReadsRecords, WritesRecords {
        final Map<String, Map<String, JsonObject>> tables = new LinkedHashMap<>();
        private final Map<String, Integer> versions = new HashMap<>();
        private final Map<String, Instant> modified = new HashMap<>();
        final List<String> writes = new CopyOnWriteArrayList<>();
        boolean loseNextAnswer;
        boolean failNextClose;

        @Nullable
        Runnable beforeNextUpdate;

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
            return table(shape.kind()).containsKey(id) ? Optional.of(record(shape, id)) : Optional.empty();
        }

        @Override
        public synchronized Optional<RemoteRecord> findByReferralKey(
                CallContext call, RecordShape shape, String referralId) {
            return listMatching(call, shape, Map.of(key(shape), Json.createValue(referralId)), 2).stream()
                    .findFirst();
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
            return table(shape.kind()).entrySet().stream()
                    .filter(row -> match.entrySet().stream()
                            .allMatch(entry -> entry.getValue()
                                    .equals(row.getValue().getOrDefault(entry.getKey(), JsonValue.NULL))))
                    .limit(limit)
                    .map(row -> record(shape, row.getKey()))
                    .toList();
        }

        @Override
        public Optional<RemoteRecord> createRecord(
                CallContext call,
                RecordShape shape,
                @Nullable String referralId,
                @Nullable String id,
                Map<String, JsonValue> values) {
            step();
            RemoteRecord created;
            synchronized (this) {
                String chosen = id == null ? UUID.randomUUID().toString() : id;
                if (table(shape.kind()).containsKey(chosen)
                        || (referralId != null
                                && findByReferralKey(call, shape, referralId).isPresent())) {
                    return Optional.empty();
                }
                var row = Json.createObjectBuilder();
                state(shape).ifPresent(field -> row.add(field.name(), newState(field)));
                values.forEach(row::add);
                if (referralId != null) {
                    row.add(key(shape), referralId);
                }
                put(shape.kind(), chosen, row.build());
                writes.add("create " + shape.kind());
                created = record(shape, chosen);
            }
            answer();
            return Optional.of(created);
        }

        private static Optional<RemoteField> state(RecordShape shape) {
            return shape.fields().stream()
                    .filter(field -> field.type() == RemoteField.Type.STATE)
                    .findFirst();
        }

        /** What the CRM itself makes of a new record. */
        private static String newState(RemoteField field) {
            return Stream.of("open", "new", "1")
                    .filter(field.states()::containsKey)
                    .findFirst()
                    .orElseThrow();
        }

        private void answer() {
            step();
            if (loseNextAnswer) {
                loseNextAnswer = false;
                throw new RetryableException("crm", "The answer was lost.", false, null, null);
            }
        }

        @Override
        public RemoteRecord updateRecord(
                CallContext call, RecordShape shape, RemoteRecord read, Map<String, JsonValue> changes) {
            step();
            Runnable before = beforeNextUpdate;
            if (before != null) {
                beforeNextUpdate = null;
                before.run();
            }
            Optional<String> closing = state(shape)
                    .filter(field -> changes.get(field.name()) instanceof JsonString value
                            && Objects.requireNonNull(field.states().get(value.getString()))
                                            .step()
                                    != RemoteField.Step.SET)
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
                var next = Json.createObjectBuilder(row);
                changes.forEach(next::add);
                put(shape.kind(), id, next.build());
                writes.add("update " + shape.kind() + " " + changes.keySet());
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
