package org.cosellbridge.sync;

import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import jakarta.persistence.EntityManager;
import jakarta.persistence.EntityManagerFactory;
import jakarta.persistence.Persistence;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.cosellbridge.audit.AuditEntry;
import org.cosellbridge.audit.AuditTrail;
import org.cosellbridge.audit.MovingClock;
import org.cosellbridge.connector.CallContext;
import org.cosellbridge.connector.Changes;
import org.cosellbridge.connector.ConnectionName;
import org.cosellbridge.connector.ConnectionSettings;
import org.cosellbridge.connector.Connections;
import org.cosellbridge.connector.Connector;
import org.cosellbridge.connector.ConnectorFactory;
import org.cosellbridge.connector.DetectsChanges;
import org.cosellbridge.connector.Priority;
import org.cosellbridge.connector.RecordChange;
import org.cosellbridge.connector.RecordRef;
import org.cosellbridge.connector.RecordShape;
import org.cosellbridge.connector.SyncTokenExpiredException;
import org.cosellbridge.mapping.MappingDocument;
import org.cosellbridge.mapping.MappingLibrary;
import org.cosellbridge.mapping.ReferralCondition;
import org.cosellbridge.platform.Configuration;
import org.cosellbridge.platform.Ids;
import org.cosellbridge.platform.TestDatabase;
import org.cosellbridge.referral.ReferralId;
import org.flywaydb.core.Flyway;
import org.jspecify.annotations.Nullable;

/** A CRM that tells what changed, a database, and as many nodes that listen as a test wants. */
final class RecordFeedFixture implements AutoCloseable {
    static final ConnectionName CRM = new ConnectionName("crm");
    static final String OPPORTUNITY = "opportunity";
    static final Duration INTERVAL = Duration.ofMinutes(1);

    /** The process dies here. */
    static final class Killed extends Error {
        Killed() {
            super("killed", null, false, false);
        }
    }

    final MovingClock clock = new MovingClock("2026-11-20T10:00:00Z");
    final Ids ids = new Ids(clock, new Random(1));
    final List<Want> wanted = new CopyOnWriteArrayList<>();
    final List<AuditEntry> trail = new CopyOnWriteArrayList<>();
    final FakeCrm crm = new FakeCrm();
    final RecordFeedTransactions transactions = new PlainTransactions();
    final LinkRepository links;
    final SeenVersions seen;
    final SyncTokenRepository tokens;
    final RecordWants recordWants;
    final RecordFeedStates states = new RecordFeedStates();
    List<MappingDocument> documents = List.of(MappingLibrary.parse("test", document(OPPORTUNITY, "")));
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
            "s"));

    /** Called with every want before it is noted, within its transaction. */
    Runnable beforeWant = () -> {};

    private final EntityManagerFactory factory;
    private static final ThreadLocal<@Nullable EntityManager> CURRENT = new ThreadLocal<>();
    private static final ThreadLocal<List<Runnable>> AFTER = ThreadLocal.withInitial(ArrayList::new);

    RecordFeedFixture() {
        TestDatabase database = TestDatabase.fresh();
        Flyway.configure()
                .dataSource(database.url(), database.isPostgresql() ? null : database.user(), "")
                .locations("classpath:db/migration")
                .load()
                .migrate();
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
                UUID.randomUUID().toString(),
                "eclipselink.logging.level",
                "OFF"));
        factory = Persistence.createEntityManagerFactory("cosell", jpa);
        EntityManager entities = entities();
        links = new LinkRepository(entities);
        seen = new SeenVersions(entities);
        tokens = new SyncTokenRepository(entities);
        recordWants = new RecordWants(links, want -> {
            if (CURRENT.get() == null) {
                throw new IllegalStateException("no transaction");
            }
            beforeWant.run();
            AFTER.get().add(() -> wanted.add(want));
        });
    }

    @Override
    public void close() {
        factory.close();
    }

    /** The proxy a server injects: the transaction's entity manager, or a fresh one outside of it. */
    private EntityManager entities() {
        return (EntityManager) Proxy.newProxyInstance(
                RecordFeedFixture.class.getClassLoader(),
                new Class<?>[] {EntityManager.class},
                (proxy, method, arguments) -> {
                    EntityManager bound = CURRENT.get();
                    try {
                        return method.invoke(bound == null ? factory.createEntityManager() : bound, arguments);
                    } catch (InvocationTargetException failed) {
                        throw failed.getCause() == null ? failed : failed.getCause();
                    }
                });
    }

    private final class PlainTransactions extends RecordFeedTransactions {
        @Override
        public <T> T inNew(Supplier<T> work) {
            EntityManager outer = CURRENT.get();
            List<Runnable> outerAfter = AFTER.get();
            EntityManager own = factory.createEntityManager();
            List<Runnable> after = new ArrayList<>();
            T answer;
            CURRENT.set(own);
            AFTER.set(after);
            try {
                own.getTransaction().begin();
                answer = work.get();
                own.getTransaction().commit();
            } finally {
                if (own.getTransaction().isActive()) {
                    own.getTransaction().rollback();
                }
                own.close();
                CURRENT.set(outer);
                AFTER.set(outerAfter);
            }
            after.forEach(Runnable::run);
            return answer;
        }
    }

    void transaction(Runnable work) {
        Boolean ignored = transactions.inNew(() -> {
            work.run();
            return true;
        });
    }

    /** A node that walks in the thread of whoever polls. */
    RecordFeed node() {
        return node(Runnable::run);
    }

    RecordFeed node(Executor executor) {
        AuditTrail audit = entry -> {
            if (CURRENT.get() == null) {
                throw new IllegalStateException("no transaction");
            }
            AFTER.get().add(() -> trail.add(entry));
            return ids.next();
        };
        return new RecordFeed(
                connections(),
                new ConnectionMappings(CRM, documents, ReferralCondition.compile("true")),
                recordWants,
                seen,
                links,
                tokens,
                transactions,
                states,
                audit,
                executor,
                ids,
                clock);
    }

    private Connections connections() {
        return new Connections(Configuration.of(keys), List.of(new ConnectorFactory() {
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

    /** A link between a referral and an opportunity. */
    SyncLink link(String referral, String record) {
        return link(referral, new RecordRef(OPPORTUNITY, record), null, LinkState.ACTIVE);
    }

    SyncLink link(String referral, RecordRef record, @Nullable RecordRef previous, LinkState state) {
        SyncLink link = SyncLink.reserved(new SyncLink.Identity(
                        ids.next().toString(),
                        CRM,
                        new ReferralId(referral),
                        "engagement-" + referral,
                        "ours",
                        clock.instant()))
                .withRecord(record)
                .withPrevious(previous)
                .withState(state, null);
        transaction(() -> links.save(link));
        return link;
    }

    void seen(String record, String version) {
        transaction(() -> seen.note(CRM, new RecordRef(OPPORTUNITY, record), version));
    }

    /** The token that is kept for the opportunities; empty: none. */
    String token() {
        return tokens.findToken(new RecordFeedName(CRM, OPPORTUNITY))
                .map(SyncTokenRepository.Token::value)
                .orElse("");
    }

    SyncTokenRepository.State state() {
        return tokens.listStates().stream()
                .filter(state -> state.feed().equals(new RecordFeedName(CRM, OPPORTUNITY)))
                .findFirst()
                .orElseThrow();
    }

    /** The ids of the records that were wanted, in order. */
    List<String> wantedRecords() {
        return wanted.stream()
                .map(want -> Objects.requireNonNull(want.subject().record()).id())
                .toList();
    }

    long rows(String table) {
        Object count =
                entities().createNativeQuery("select count(*) from " + table).getSingleResult();
        return ((Number) count).longValue();
    }

    /** The document of a kind of record; {@code more} are further fields, each ending in a comma. */
    static String document(String kind, String more) {
        return """
                {"connector":"dynamics","record":"@","table":{"name":"@","set":"@s","key":"@id"},"referralKey":"refid",
                 "fields":[#
                  {"name":"referralId","path":"id","field":"refid","type":"text","direction":"to-crm","when":{"toCrm":["create"]}},
                  {"name":"name","path":"name","field":"name","type":"text","direction":"both","when":{"toPartnerCenter":["create"]}}]}
                """.replace("@", kind).replace("#", more);
    }

    /** Tables with a change feed. Strict: it breaks off on a cursor it did not give out and answers only the fields asked for. */
    static final class FakeCrm implements Connector, DetectsChanges {
        /** One call that was made. */
        record Call(String kind, @Nullable String cursor, Priority priority, String correlation) {}

        private record Row(long sequence, boolean deleted, JsonObject values) {}

        private record Cursor(long since, long upTo, int offset) {
            static Cursor parse(@Nullable String text, long now) {
                if (text == null) {
                    return new Cursor(-1, now, 0);
                }
                String[] parts = text.split(":", -1);
                return switch (parts[0]) {
                    case "token" -> new Cursor(Long.parseLong(parts[1]), now, 0);
                    case "page" ->
                        new Cursor(Long.parseLong(parts[1]), Long.parseLong(parts[2]), Integer.parseInt(parts[3]));
                    default -> throw new AssertionError("nobody gave out the cursor " + text);
                };
            }
        }

        final List<Call> calls = new CopyOnWriteArrayList<>();
        final List<List<String>> fieldsAsked = new CopyOnWriteArrayList<>();
        int pageSize = 100;

        /** The oldest token that is still good. */
        long oldestToken;

        /** What happens once, when the page with this number from now on is asked for, before it is answered. */
        private final Map<Integer, Runnable> interruptions = new HashMap<>();

        private final Map<String, Map<String, Row>> tables = new HashMap<>();
        private long sequence;

        void onCall(int number, Runnable interruption) {
            interruptions.put(calls.size() + number, interruption);
        }

        /** A person saves a record: field, value, field, value. Answers its version. */
        synchronized String put(String kind, String id, Object... fields) {
            var values = StoredJson.JSON.createObjectBuilder();
            for (int i = 0; i < fields.length; i += 2) {
                String name = (String) fields[i];
                if (fields[i + 1] instanceof Boolean flag) {
                    values.add(name, flag);
                } else {
                    values.add(name, (String) fields[i + 1]);
                }
            }
            table(kind).put(id, new Row(++sequence, false, values.build()));
            return version(sequence);
        }

        synchronized void delete(String kind, String id) {
            table(kind).put(id, new Row(++sequence, true, JsonValue.EMPTY_JSON_OBJECT));
        }

        /** No token given out so far is good any more. */
        synchronized void expireTokens() {
            oldestToken = ++sequence;
        }

        private Map<String, Row> table(String kind) {
            return tables.computeIfAbsent(kind, name -> new LinkedHashMap<>());
        }

        private static String version(long number) {
            return "v" + number;
        }

        @Override
        public String system() {
            return "crm";
        }

        @Override
        public Changes listChanges(CallContext call, RecordShape shape, @Nullable String cursor) {
            if (CURRENT.get() != null) {
                throw new AssertionError("a remote call inside a database transaction");
            }
            Duration ignored = call.guard().beforeCall();
            calls.add(new Call(shape.kind(), cursor, call.priority(), call.correlationId()));
            fieldsAsked.add(shape.fields().stream().map(field -> field.name()).toList());
            Runnable interruption = interruptions.remove(calls.size());
            if (interruption != null) {
                interruption.run();
            }
            return answer(shape, cursor);
        }

        private synchronized Changes answer(RecordShape shape, @Nullable String text) {
            Cursor cursor = Cursor.parse(text, sequence);
            boolean full = cursor.since() < 0;
            if (!full && cursor.since() < oldestToken) {
                throw new SyncTokenExpiredException("crm", "The CRM no longer knows the sync token.");
            }
            List<RecordChange> all = table(shape.kind()).entrySet().stream()
                    .filter(row -> row.getValue().sequence() > cursor.since()
                            && row.getValue().sequence() <= cursor.upTo()
                            && !(full && row.getValue().deleted()))
                    .map(row -> change(shape, row.getKey(), row.getValue()))
                    .toList();
            int end = Math.min(all.size(), cursor.offset() + pageSize);
            List<RecordChange> page = all.subList(Math.min(cursor.offset(), end), end);
            return end < all.size()
                    ? new Changes(page, "page:" + cursor.since() + ":" + cursor.upTo() + ":" + end, null)
                    : new Changes(page, null, "token:" + cursor.upTo());
        }

        private static RecordChange change(RecordShape shape, String id, Row row) {
            RecordRef ref = new RecordRef(shape.kind(), id);
            if (row.deleted()) {
                return new RecordChange(ref, true, "", JsonValue.EMPTY_JSON_OBJECT);
            }
            var values = StoredJson.JSON.createObjectBuilder();
            Stream.concat(
                            Stream.of(Objects.requireNonNull(shape.referralKey())),
                            shape.fields().stream().map(f -> f.name()))
                    .forEach(name -> values.add(name, row.values().getOrDefault(name, JsonValue.NULL)));
            return new RecordChange(ref, false, version(row.sequence()), values.build());
        }
    }

    Instant now() {
        return clock.instant();
    }
}
