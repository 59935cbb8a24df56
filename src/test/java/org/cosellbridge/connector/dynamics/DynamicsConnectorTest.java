package org.cosellbridge.connector.dynamics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.cosellbridge.connector.dynamics.DynamicsFixtures.CLIENT;
import static org.cosellbridge.connector.dynamics.DynamicsFixtures.SECRET;
import static org.cosellbridge.connector.dynamics.DynamicsFixtures.number;
import static org.cosellbridge.connector.dynamics.DynamicsFixtures.text;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.cosellbridge.audit.MovingClock;
import org.cosellbridge.connector.CallContext;
import org.cosellbridge.connector.ConnectionName;
import org.cosellbridge.connector.ConnectionSettings;
import org.cosellbridge.connector.Connector;
import org.cosellbridge.connector.DetectsChangesContract;
import org.cosellbridge.connector.Priority;
import org.cosellbridge.connector.RecordChange;
import org.cosellbridge.connector.RecordGoneException;
import org.cosellbridge.connector.RecordRef;
import org.cosellbridge.connector.RecordShape;
import org.cosellbridge.connector.RejectedException;
import org.cosellbridge.connector.RemoteField;
import org.cosellbridge.connector.RemoteRecord;
import org.cosellbridge.connector.RemoteTable;
import org.cosellbridge.connector.RetryableException;
import org.cosellbridge.connector.SetupException;
import org.cosellbridge.connector.StalePreconditionException;
import org.cosellbridge.connector.SyncTokenExpiredException;
import org.cosellbridge.http.OutboundFixtures;
import org.cosellbridge.platform.Configuration;
import org.cosellbridge.simulator.Call;
import org.cosellbridge.simulator.DataverseSimulator;
import org.cosellbridge.simulator.DataverseSimulator.Write;
import org.cosellbridge.simulator.EntraSimulator;
import org.cosellbridge.simulator.Fault;
import org.cosellbridge.simulator.TestAuthority;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class DynamicsConnectorTest implements DetectsChangesContract {
    private static final String REFERRAL = "8a7b6c5d-0000-4000-8000-000000000001";

    private final EntraSimulator entra = new EntraSimulator(0, UUID.randomUUID().toString()).start();
    private final DataverseSimulator dataverse = new DataverseSimulator(0, entra).start();
    private final OutboundFixtures outbound = new OutboundFixtures();
    private final RecordShape shape = DynamicsFixtures.opportunity();
    private final DynamicsConnector connector = connect();
    private final Map<String, String> referrals = new HashMap<>();

    private DynamicsConnector connect() {
        entra.app(CLIENT).secret(SECRET).audience(dataverse.url().toString());
        dataverse.applicationUser(CLIENT);
        return connect(DynamicsFixtures.settings(dataverse, entra, SECRET));
    }

    private DynamicsConnector connect(ConnectionSettings settings) {
        return connect(settings, Clock.systemUTC());
    }

    private DynamicsConnector connect(ConnectionSettings settings, Clock clock) {
        return (DynamicsConnector) new DynamicsConnectorFactory(
                        Configuration.of(Map.of()), outbound.client(), outbound.tokens(), outbound.permits(), clock)
                .connect(settings);
    }

    @AfterEach
    void closeAll() {
        dataverse.close();
        entra.close();
        outbound.close();
    }

    @Override
    public Connector connector() {
        return connector;
    }

    @Override
    public RecordShape shape() {
        return shape;
    }

    @Override
    public String givenRecord() {
        String referral = UUID.randomUUID().toString();
        String id = dataverse.create(
                "opportunities",
                Map.of("name", "Deal " + referral, "estimatedvalue", 1000, "cosell_referralidentifier", referral));
        referrals.put(id, referral);
        return id;
    }

    @Override
    public String referralIdOf(String id) {
        return String.valueOf(referrals.get(id));
    }

    @Override
    public Map<String, JsonValue> matchOf(String id) {
        return Map.of("name", text("Deal " + referralIdOf(id)), "description", JsonValue.NULL);
    }

    @Override
    public String absentId() {
        return "00000000-0000-4000-8000-00000000dead";
    }

    @Override
    public Map<String, JsonValue> change() {
        return Map.of("name", text("Another name"), "estimatedvalue", number("2500.5"));
    }

    @Override
    public @Nullable JsonValue valueOf(RemoteRecord record, String field) {
        return record.values().get(field);
    }

    @Override
    public void changedByAnother(String id) {
        dataverse.edit("opportunities", id, Map.of("description", "edited by the seller"));
    }

    @Override
    public void closedByAnother(String id) {
        dataverse.close(id, true, 3);
    }

    @Override
    public void deletedByAnother(String id) {
        dataverse.delete("opportunities", id);
    }

    @Override
    public void expireTokens() {
        dataverse.expireTokens();
    }

    @Override
    public RecordShape shapeWithFewerFields() {
        return new RecordShape(
                shape.kind(),
                shape.table(),
                shape.referralKey(),
                shape.fields().subList(0, shape.fields().size() - 1));
    }

    @Override
    public int pageSize() {
        return 500;
    }

    @Override
    public void answerNext(int status, @Nullable Duration retryAfter) {
        dataverse
                .server()
                .faults()
                .next(
                        1,
                        retryAfter == null ? Fault.status(status) : Fault.status(status, (int) retryAfter.toSeconds()));
    }

    @Override
    public void cutNext(int calls) {
        dataverse.server().faults().clear();
        if (calls > 0) {
            dataverse.server().faults().next(calls, Fault.cut());
        }
    }

    @Override
    public void revokeCredentials() {
        entra.revoke(CLIENT);
    }

    @Override
    public void restoreCredentials() {
        entra.restore(CLIENT);
    }

    @Override
    public int calls() {
        return dataverse.server().log().count();
    }

    @Override
    public List<String> brokenRules() {
        List<String> all = new ArrayList<>(dataverse.server().log().brokenRules());
        all.addAll(entra.server().log().brokenRules());
        return all;
    }

    private RemoteRecord read(String id) {
        return connector.findRecord(call(), shape, id).orElseThrow();
    }

    private JsonObject row(RemoteRecord record) {
        return dataverse.row("opportunities", record.ref().id()).orElseThrow();
    }

    private RemoteRecord create(Map<String, JsonValue> values) {
        return connector.createRecord(call(), shape, REFERRAL, null, values).orElseThrow();
    }

    @Test
    void writesEveryTypeAsDataverseWantsItAndReadsItBack() {
        String account = dataverse.create("accounts", Map.of("name", "Contoso"));
        Map<String, JsonValue> values = Map.ofEntries(
                Map.entry("name", text("Contoso cloud deal")),
                Map.entry("description", text("line one\nline two")),
                Map.entry("estimatedvalue", number("120000.50")),
                Map.entry("closeprobability", number("40")),
                Map.entry("estimatedclosedate", text("2026-12-31")),
                Map.entry("cosell_howcanmicrosofthelp", number("100000003")),
                Map.entry("cosell_syncwithpartnercenter", JsonValue.TRUE),
                Map.entry("parentaccountid", text(account)),
                Map.entry("customerid", text(account)),
                Map.entry("transactioncurrencyid", text("EUR")),
                Map.entry("statuscode", text("1")));

        RemoteRecord created = create(values);

        values.forEach((field, value) -> assertThat(created.values().get(field))
                .as(field)
                .isEqualTo(field.equals("estimatedvalue") ? number("120000.5") : value));
        assertThat(created.values()).containsEntry("cosell_referralidentifier", text(REFERRAL));
        assertThat(read(created.ref().id())).isEqualTo(created);
        assertThat(dataverse.creates("opportunities")).isEqualTo(1);
        assertThat(dataverse.updates("opportunities")).isZero();
        assertThat(dataverse.writes("opportunities").get(0).tag()).isEqualTo(call().correlationId());
    }

    @Test
    void createsNothingWhereTheReferralHasARecord() {
        String id = givenRecord();

        Optional<RemoteRecord> second =
                connector.createRecord(call(), shape, referralIdOf(id), null, Map.of("name", text("A second one")));

        assertThat(second).isEmpty();
        assertThat(dataverse.rows("opportunities")).hasSize(1);
        assertThat(row(read(id)).getString("name")).startsWith("Deal ");
    }

    @Test
    void takesTheIdItIsGivenAndRefusesItTheSecondTime() {
        String id = UUID.randomUUID().toString();
        Map<String, JsonValue> values = Map.of("name", text("Contoso"), "address1_country", JsonValue.NULL);

        Optional<RemoteRecord> first = connector.createRecord(call(), DynamicsFixtures.account(), null, id, values);
        Optional<RemoteRecord> second = connector.createRecord(call(), DynamicsFixtures.account(), null, id, values);

        assertThat(first).map(RemoteRecord::ref).contains(new RecordRef("account", id));
        assertThat(second).isEmpty();
        assertThat(dataverse.rows("accounts")).hasSize(1);
        assertThat(dataverse.writes("accounts").get(0).columns()).containsExactly("accountid", "name");
    }

    @Test
    void refusesAnOwnIdThatIsTakenByTheRecordOfAnotherReferral() {
        String taken = givenRecord();

        assertThat(connector.createRecord(call(), shape, REFERRAL, taken, Map.of("name", text("New"))))
                .isEmpty();
        assertThat(connector.createRecord(call(), shape, REFERRAL, absentId(), Map.of("name", text("New"))))
                .map(record -> record.ref().id())
                .contains(absentId());
    }

    @Test
    void tellsATakenReferralFromAnotherUniqueValue() {
        dataverse.addAlternateKey("opportunity", "name");
        dataverse.create("opportunities", Map.of("name", "Deal"));

        assertThatThrownBy(() -> create(Map.of("name", text("Deal"))))
                .isInstanceOf(RejectedException.class)
                .hasMessageContaining("unique value");
        assertThat(dataverse.rows("opportunities")).hasSize(1);
    }

    @Test
    void createsOneRecordHoweverManyTryAtOnce() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            List<Future<Optional<RemoteRecord>>> attempts = new ArrayList<>();
            for (int i = 0; i < 24; i++) {
                attempts.add(threads.submit(
                        () -> connector.createRecord(call(), shape, REFERRAL, null, Map.of("name", text("Deal")))));
            }
            int created = 0;
            for (Future<Optional<RemoteRecord>> attempt : attempts) {
                created += attempt.get().isPresent() ? 1 : 0;
            }
            assertThat(created).isEqualTo(1);
        } finally {
            threads.shutdownNow();
        }
        assertThat(dataverse.rows("opportunities")).hasSize(1);
        assertThat(entra.server().log().count("token v2")).isEqualTo(1);
    }

    @Test
    void writesOnlyTheGivenColumns() {
        RemoteRecord before = read(givenRecord());

        connector.updateRecord(call(), shape, before, Map.of("description", text("new")));

        assertThat(dataverse.writes("opportunities"))
                .extracting(Write::columns)
                .containsExactly(List.of("description"));
        assertThat(dataverse.unchangedColumnWrites()).isZero();
    }

    @Test
    void emptiesAColumnAndAReference() {
        String account = dataverse.create("accounts", Map.of("name", "Contoso"));
        RemoteRecord before = create(Map.of(
                "name",
                text("Deal"),
                "description",
                text("old"),
                "customerid",
                text(account),
                "parentaccountid",
                text(account)));

        RemoteRecord after = connector.updateRecord(
                call(),
                shape,
                before,
                Map.of("description", JsonValue.NULL, "customerid", JsonValue.NULL, "parentaccountid", JsonValue.NULL));

        assertThat(after.values())
                .containsEntry("description", JsonValue.NULL)
                .containsEntry("customerid", JsonValue.NULL)
                .containsEntry("parentaccountid", JsonValue.NULL);
    }

    @Test
    void changesNothingAtAllWithoutAChange() {
        RemoteRecord before = read(givenRecord());
        int calls = calls();

        assertThat(connector.updateRecord(call(), shape, before, Map.of())).isEqualTo(before);
        assertThat(calls()).isEqualTo(calls);
    }

    @Test
    void winsAfterTheFieldsAreWritten() {
        RemoteRecord before = read(givenRecord());

        RemoteRecord won = connector.updateRecord(
                call(), shape, before, Map.of("statuscode", text("3"), "estimatedvalue", number("900")));

        assertThat(won.values()).containsEntry("statuscode", text("3")).containsEntry("estimatedvalue", number("900"));
        assertThat(won).isEqualTo(read(before.ref().id()));
        assertThat(row(won).getInt("statecode")).isEqualTo(1);
        assertThat(row(won).getJsonNumber("actualvalue").intValue()).isEqualTo(900);
        assertThat(dataverse.writes("opportunities")).extracting(Write::action).containsExactly("UPDATE", "WIN");
        assertThat(dataverse.rows("opportunitycloses")).hasSize(1);
    }

    @Test
    void winsWithoutARevenueWhereThereIsNone() {
        String id = dataverse.create("opportunities", Map.of("name", "Deal"));

        RemoteRecord won = connector.updateRecord(call(), shape, read(id), Map.of("statuscode", text("3")));

        assertThat(row(won).get("actualvalue")).isEqualTo(JsonValue.NULL);
        assertThat(won.values()).containsEntry("statuscode", text("3"));
    }

    @Test
    void losesWithTheStatusOfTheState() {
        RemoteRecord lost = connector.updateRecord(call(), shape, read(givenRecord()), Map.of("statuscode", text("5")));

        assertThat(row(lost).getInt("statuscode")).isEqualTo(5);
        assertThat(row(lost).getInt("statecode")).isEqualTo(2);
    }

    @Test
    void closesNothingThatSomebodyEditedSinceItWasRead() {
        RemoteRecord before = read(givenRecord());
        changedByAnother(before.ref().id());

        assertThatThrownBy(() -> connector.updateRecord(call(), shape, before, Map.of("statuscode", text("3"))))
                .isInstanceOf(StalePreconditionException.class);
        assertThat(dataverse.rows("opportunitycloses")).isEmpty();
    }

    @Test
    void readsAgainWhenSomebodyClosedItBetweenTheFieldsAndTheClosing() {
        RemoteRecord before = read(givenRecord());
        CallContext closing = new CallContext(call().correlationId(), Priority.EVENT, new CallContext.Guard() {
            private final AtomicInteger calls = new AtomicInteger();

            @Override
            public Duration beforeCall() {
                if (calls.incrementAndGet() == 2) {
                    dataverse.close(before.ref().id(), false, 4);
                }
                return CallContext.LONGEST_CALL;
            }
        });

        assertThatThrownBy(() -> connector.updateRecord(closing, shape, before, Map.of("statuscode", text("3"))))
                .isInstanceOf(StalePreconditionException.class);
        assertThat(dataverse.rows("opportunitycloses")).hasSize(1);
    }

    @Test
    void reachesAnotherOpenStateByPlainColumns() {
        RemoteRecord held = connector.updateRecord(call(), shape, read(givenRecord()), Map.of("statuscode", text("2")));

        assertThat(held.values()).containsEntry("statuscode", text("2"));
        assertThat(dataverse.writes("opportunities")).extracting(Write::columns).containsExactly(List.of("statuscode"));
        assertThat(dataverse.unchangedColumns()).isEmpty();
    }

    @Test
    void reopensBeforeItWritesFields() {
        RemoteRecord won = connector.updateRecord(call(), shape, read(givenRecord()), Map.of("statuscode", text("3")));

        RemoteRecord open = connector.updateRecord(
                call(), shape, won, Map.of("statuscode", text("1"), "description", text("again")));

        assertThat(open.values()).containsEntry("statuscode", text("1")).containsEntry("description", text("again"));
        assertThat(dataverse.unchangedColumns()).isEmpty();
    }

    @Test
    void refusesToWriteToAClosedRecord() {
        RemoteRecord won = connector.updateRecord(call(), shape, read(givenRecord()), Map.of("statuscode", text("3")));

        assertThatThrownBy(() -> connector.updateRecord(call(), shape, won, Map.of("description", text("late"))))
                .isInstanceOf(RejectedException.class)
                .hasMessageContaining("is closed or inactive")
                .hasMessageContaining(won.ref().id());
        assertThatThrownBy(() -> connector.updateRecord(call(), shape, won, Map.of("statuscode", text("4"))))
                .isInstanceOf(RejectedException.class)
                .hasMessageContaining("Reopen it");
    }

    @Test
    void createsInTheStateThatIsWanted() {
        RemoteRecord onHold = create(Map.of("name", text("Deal"), "statuscode", text("2")));
        RemoteRecord won = connector
                .createRecord(
                        call(),
                        shape,
                        UUID.randomUUID().toString(),
                        null,
                        Map.of("name", text("Won deal"), "statuscode", text("3")))
                .orElseThrow();

        assertThat(onHold.values()).containsEntry("statuscode", text("2"));
        assertThat(won.values()).containsEntry("statuscode", text("3"));
        assertThat(row(won).getInt("statecode")).isEqualTo(1);
    }

    @Test
    void disqualifiesALeadTogetherWithItsFields() {
        RecordShape lead = DynamicsFixtures.lead();
        RemoteRecord created = connector
                .createRecord(call(), lead, REFERRAL, null, Map.of("subject", text("Topic"), "lastname", text("Doe")))
                .orElseThrow();

        RemoteRecord closed = connector.updateRecord(
                call(), lead, created, Map.of("statuscode", text("7"), "subject", text("Topic, declined")));

        assertThat(closed.values())
                .containsEntry("statuscode", text("7"))
                .containsEntry("subject", text("Topic, declined"));
        assertThat(dataverse.updates("leads")).isEqualTo(1);
    }

    @Test
    void saysWhichCurrencyIsMissingAndWhereToAddIt() {
        assertThatThrownBy(() -> create(Map.of("name", text("Deal"), "transactioncurrencyid", text("XAF"))))
                .isInstanceOf(RejectedException.class)
                .hasMessageContaining("'XAF'")
                .hasMessageContaining("Add it in Dynamics 365");
        assertThat(dataverse.rows("opportunities")).isEmpty();
    }

    @Test
    void asksForACurrencyOnce() {
        for (int i = 0; i < 3; i++) {
            connector.createRecord(
                    call(),
                    shape,
                    UUID.randomUUID().toString(),
                    null,
                    Map.of("name", text("Deal"), "transactioncurrencyid", text("GBP")));
        }

        assertThat(dataverse.server().log().count("list transactioncurrencies")).isEqualTo(1);
        assertThat(dataverse.server().log().count("read transactioncurrencies")).isEqualTo(1);
        assertThat(dataverse.server().log().calls(call -> call.path().contains("/Keys")))
                .hasSize(1);
    }

    @Test
    void findsANaturalKeyInATableThatHasNoState() {
        RecordShape owned = DynamicsFixtures.with(
                shape,
                new RemoteField(
                        "ownerid",
                        RemoteField.Type.LOOKUP,
                        null,
                        new RemoteTable("systemuser", "systemusers", "systemuserid"),
                        "fullname",
                        Map.of()));

        RemoteRecord created = connector
                .createRecord(
                        call(), owned, REFERRAL, null, Map.of("name", text("Deal"), "ownerid", text("Sam Seller")))
                .orElseThrow();

        assertThat(created.values()).containsEntry("ownerid", text("Sam Seller"));
    }

    @Test
    void listsByReferenceLookupStateAndEmptyField() {
        String account = dataverse.create("accounts", Map.of("name", "O'Neill & Söhne + Co"));
        RemoteRecord mine = create(Map.of(
                "name", text("Deal"),
                "parentaccountid", text(account),
                "transactioncurrencyid", text("EUR"),
                "estimatedvalue", number("10.5")));
        givenRecord();

        assertThat(connector.listMatching(
                        call(),
                        shape,
                        Map.of(
                                "parentaccountid", text(account),
                                "transactioncurrencyid", text("EUR"),
                                "statuscode", text("1"),
                                "estimatedvalue", number("10.5"),
                                "description", JsonValue.NULL),
                        5))
                .containsExactly(mine);
        assertThat(connector.listMatching(
                        call(), DynamicsFixtures.account(), Map.of("name", text("O'Neill & Söhne + Co")), 5))
                .hasSize(1);
        assertThat(connector.listMatching(call(), shape, Map.of("transactioncurrencyid", text("XAF")), 5))
                .isEmpty();
        assertThat(connector.listMatching(call(), shape, Map.of(), 1)).hasSize(1);
    }

    @Test
    void looksByFilterWhileTheAlternateKeyIsNotActive() {
        dataverse.alternateKeyStatus("opportunity", "InProgress");

        assertThat(connector.findByReferralKey(call(), shape, REFERRAL)).isEmpty();
        RemoteRecord created = create(Map.of("name", text("Deal")));
        Optional<RemoteRecord> second =
                connector.createRecord(call(), shape, REFERRAL, null, Map.of("name", text("Deal")));

        assertThat(second).isEmpty();
        assertThat(connector.findByReferralKey(call(), shape, REFERRAL)).contains(created);
        assertThat(dataverse.server().log().calls(call -> call.path().contains("/Keys")))
                .hasSize(1);
    }

    @Test
    void namesBothRecordsThatCarryOneReferralIdentifier() {
        dataverse.alternateKeyStatus("opportunity", "Failed");
        String one = dataverse.create("opportunities", Map.of("name", "One", "cosell_referralidentifier", REFERRAL));
        String other =
                dataverse.create("opportunities", Map.of("name", "Other", "cosell_referralidentifier", REFERRAL));

        assertThatThrownBy(() -> connector.findByReferralKey(call(), shape, REFERRAL))
                .isInstanceOf(RejectedException.class)
                .hasMessageContaining(one)
                .hasMessageContaining(other);
        assertThatThrownBy(() -> create(Map.of("name", text("Third"))))
                .isInstanceOf(RejectedException.class)
                .hasMessageContaining("alternate key");
        assertThat(dataverse.rows("opportunities")).hasSize(2);
    }

    @Test
    void findsNothingForATextThatIsNoId() {
        assertThat(connector.findRecord(call(), shape, "https://elsewhere/42")).isEmpty();
        assertThat(calls()).isZero();
    }

    @Test
    void tellsADeletedRecordFromADeletedAccount() {
        RemoteRecord before = read(givenRecord());

        assertThatThrownBy(() ->
                        connector.updateRecord(call(), shape, before, Map.of("parentaccountid", text(absentId()))))
                .isInstanceOf(RejectedException.class)
                .hasMessageContaining("refer to does not exist");
        dataverse.delete("opportunities", before.ref().id());
        assertThatThrownBy(() -> connector.updateRecord(call(), shape, before, change()))
                .isInstanceOf(RecordGoneException.class);
    }

    @Test
    void fetchesAFreshTokenWhenTheOldOneIsRefused() {
        String id = givenRecord();
        read(id);
        entra.expireTokens();

        assertThat(create(Map.of("name", text("Deal"))).ref().kind()).isEqualTo("opportunity");
        assertThat(entra.server().log().count("token v2")).isEqualTo(2);
    }

    @Test
    void signsInWithACertificate() {
        TestAuthority authority = new TestAuthority("Contoso");
        TestAuthority.Signer signer = authority.issue(
                "CN=cosell", Instant.now().minusSeconds(60), Instant.now().plusSeconds(3600), 2048);
        entra.app(CLIENT).certificate(signer.certificate());
        ConnectionSettings settings = ConnectionSettings.read(
                Configuration.of(Map.of(
                        "cosell.crm.crm.url", dataverse.url().toString(),
                        "cosell.crm.crm.authority", entra.url().toString(),
                        "cosell.crm.crm.tenant-id", entra.tenant(),
                        "cosell.crm.crm.client-id", CLIENT,
                        "cosell.crm.crm.private-key", TestAuthority.pem(signer.key()),
                        "cosell.crm.crm.certificate", TestAuthority.pem(signer.certificate()))),
                new ConnectionName("crm"));

        assertThat(connect(settings).findRecord(call(), shape, givenRecord())).isPresent();
    }

    @Test
    void notesAKeyThatCannotBeRead() {
        Configuration configuration = Configuration.of(Map.of(
                "cosell.crm.crm.url",
                dataverse.url().toString(),
                "cosell.crm.crm.tenant-id",
                entra.tenant(),
                "cosell.crm.crm.client-id",
                CLIENT,
                "cosell.crm.crm.private-key",
                "/no/such/file",
                "cosell.crm.crm.certificate",
                "-----BEGIN nothing"));

        new DynamicsConnectorFactory(
                        configuration, outbound.client(), outbound.tokens(), outbound.permits(), Clock.systemUTC())
                .connect(ConnectionSettings.read(configuration, new ConnectionName("crm")));

        assertThat(configuration.faults())
                .hasSize(2)
                .anyMatch(fault -> fault.startsWith("cosell.crm.crm.private-key cannot be used."))
                .anyMatch(fault -> fault.startsWith("cosell.crm.crm.certificate cannot be used."));
    }

    @Test
    void sendsTheHeadersTheApiAsksForAndTagsWrites() {
        RemoteRecord before = read(givenRecord());
        connector.updateRecord(call(), shape, before, change());

        Call read = dataverse.server().log().calls("read opportunities").get(0);
        Call update = dataverse.server().log().calls("update opportunities").get(0);
        assertThat(read.header("If-None-Match")).contains("null");
        assertThat(read.query()).startsWith("$select=opportunityid,modifiedon,name");
        assertThat(update.header("If-Match")).contains(before.version());
        assertThat(update.query()).contains("tag=" + call().correlationId());
    }

    @Test
    void asksTheGuardBeforeEveryCall() {
        AtomicInteger asked = new AtomicInteger();
        CallContext counted = new CallContext(call().correlationId(), Priority.EVENT, () -> {
            asked.incrementAndGet();
            return CallContext.LONGEST_CALL;
        });
        read(givenRecord());
        int calls = calls();
        connector.createRecord(
                counted, shape, REFERRAL, null, Map.of("name", text("D"), "transactioncurrencyid", text("EUR")));

        assertThat(asked.get()).isEqualTo(calls() - calls).isPositive();
    }

    @Test
    void pausesTheConnectionWhenTheApplicationHasNoUserHere() {
        String id = givenRecord();
        dataverse.removeApplicationUser(CLIENT);

        assertThatThrownBy(() -> read(id))
                .isInstanceOf(SetupException.class)
                .hasMessageContaining("Create an application user");
    }

    @Test
    void pausesTheConnectionWhenTheMappingNamesAColumnThatIsNotThere() {
        RecordShape wrong = DynamicsFixtures.with(shape, RemoteField.of("cosell_nosuch", RemoteField.Type.TEXT));

        assertThatThrownBy(() -> connector.findRecord(call(), wrong, givenRecord()))
                .isInstanceOf(SetupException.class)
                .hasMessageContaining("cosell_nosuch");
    }

    @Test
    void pausesTheConnectionWhenTheMappingNamesAWrongNavigationProperty() {
        String account = dataverse.create("accounts", Map.of("name", "Contoso"));
        RecordShape wrong = new RecordShape(
                "opportunity",
                shape.table(),
                shape.referralKey(),
                List.of(DynamicsFixtures.reference("customerid", null)));

        assertThatThrownBy(() ->
                        connector.createRecord(call(), wrong, REFERRAL, null, Map.of("customerid", text(account))))
                .isInstanceOf(SetupException.class)
                .hasMessageContaining("navigation property");
    }

    @Test
    void refusesWhatTheColumnCannotHold() {
        assertThatThrownBy(() -> create(Map.of("name", text("x".repeat(301)))))
                .isInstanceOf(RejectedException.class)
                .hasMessageContaining("maximum allowed length of '300'");
        assertThatThrownBy(() -> create(Map.of("cosell_howcanmicrosofthelp", number("7"))))
                .isInstanceOf(RejectedException.class)
                .hasMessageContaining("outside the valid range");
        assertThatThrownBy(() -> create(Map.of("estimatedvalue", text("a lot"))))
                .isInstanceOf(RejectedException.class)
                .hasMessageContaining("estimatedvalue must be a number");
    }

    @Test
    void aLostAnswerToACreateLeavesOneRecordThatTheNextAttemptFinds() {
        read(givenRecord());
        connector.findByReferralKey(call(), shape, REFERRAL);
        dataverse.server().faults().next(1, Fault.loseAnswer(), (method, path) -> method.equals("PATCH"));

        assertThatThrownBy(() -> create(Map.of("name", text("Deal")))).isInstanceOf(RetryableException.class);
        assertThat(connector.createRecord(call(), shape, REFERRAL, null, Map.of("name", text("Deal"))))
                .isEmpty();
        assertThat(connector.findByReferralKey(call(), shape, REFERRAL)).isPresent();
        assertThat(dataverse.creates("opportunities")).isEqualTo(1);
    }

    @Test
    void aGatewayErrorConcernsTheWholeSystem() {
        String id = givenRecord();
        answerNext(503, Duration.ofSeconds(5));

        RetryableException failed = catchThrowableOfType(RetryableException.class, () -> read(id));

        assertThat(failed.systemWide()).isTrue();
        assertThat(failed.notBefore()).isPresent();
    }

    @Test
    void refusesAFieldThatIsNotInTheShape() {
        assertThatThrownBy(() -> create(Map.of("telephone1", Json.createValue("1"))))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aWalkAsksAsTheApiDocumentsAndFollowsLinksAsTheyCame() {
        String token = walk(null).token();
        givenRecord();
        walk(token);

        List<Call> pages = dataverse.server().log().calls("list opportunities");
        assertThat(pages)
                .hasSize(2)
                .allSatisfy(page ->
                        assertThat(page.header("Prefer")).contains("odata.track-changes,odata.maxpagesize=500"));
        assertThat(pages.get(0).query())
                .startsWith("$select=_customerid_value,_parentaccountid_value,")
                .doesNotContain("&");
        assertThat(pages.get(1).query()).matches(".*&\\$deltatoken=\\d+%21\\d\\d%2f\\d\\d%2f.*");
        assertThat(token).endsWith(pages.get(1).query());
    }

    @Test
    void changesWithoutNaturalKeysCostNoFurtherCall() {
        String account = dataverse.create("accounts", Map.of("name", "Contoso"));
        String lead = dataverse.create("leads", Map.of("subject", "Topic", "lastname", "Doe"));
        String id = dataverse.create(
                "opportunities",
                Map.of(
                        "name", "Deal",
                        "parentaccountid@odata.bind", "/accounts(" + account + ")",
                        "originatingleadid@odata.bind", "/leads(" + lead + ")"));
        RecordShape references = new RecordShape(
                "opportunity",
                shape.table(),
                shape.referralKey(),
                List.of(reference("ownerid"), reference("parentaccountid"), reference("originatingleadid")));

        RecordChange change =
                connector.listChanges(call(), references, null).items().get(0);

        assertThat(change.values())
                .isEqualTo(Json.createObjectBuilder()
                        .add("ownerid", dataverse.sellerId())
                        .add("parentaccountid", account)
                        .add("originatingleadid", lead)
                        .build());
        assertThat(calls()).isEqualTo(1);
        assertThat(connector.findRecord(call(), references, id))
                .map(RemoteRecord::values)
                .contains(change.values());
    }

    private static RemoteField reference(String name) {
        return new RemoteField(
                name,
                RemoteField.Type.REFERENCE,
                null,
                new RemoteTable("whatever", "whatevers", "whateverid"),
                null,
                Map.of());
    }

    @Test
    void readsTheUserWhoOwnsARecord() {
        RecordShape user = new RecordShape(
                "user",
                new RemoteTable("systemuser", "systemusers", "systemuserid"),
                null,
                Stream.of("firstname", "lastname", "internalemailaddress", "address1_telephone1")
                        .map(column -> RemoteField.of(column, RemoteField.Type.TEXT))
                        .toList());

        RemoteRecord seller =
                connector.findRecord(call(), user, dataverse.sellerId()).orElseThrow();

        assertThat(seller.values())
                .containsEntry("firstname", text("Sam"))
                .containsEntry("lastname", text("Seller"))
                .containsEntry("internalemailaddress", text("sam.seller@contoso.example"))
                .containsEntry("address1_telephone1", text("+1 425 555 0100"));
        assertThat(connector.findRecord(call(), user, absentId())).isEmpty();
    }

    @Test
    void aRecordThatCameAndWentIsToldAsDeleted() {
        String token = walk(null).token();
        String id = givenRecord();
        deletedByAnother(id);

        assertThat(walk(token).only(id).deleted()).isTrue();
    }

    @Test
    void theOrderOfTheFieldsDoesNotMatterToAToken() {
        String token = walk(null).token();
        List<RemoteField> fields = new ArrayList<>(shape.fields());
        Collections.reverse(fields);
        RecordShape reordered = new RecordShape(shape.kind(), shape.table(), shape.referralKey(), fields);

        assertThat(connector.listChanges(call(), reordered, token).items()).isEmpty();
    }

    @Test
    void aTokenThatDataverseCannotReadCountsAsExpired() {
        String token = walk(null).token();

        for (String unreadable :
                List.of("", "something else", token + "#x", token.replace("deltatoken=", "deltatoken=x"))) {
            assertThatThrownBy(() -> connector.listChanges(call(), shape, unreadable))
                    .as(unreadable)
                    .isInstanceOf(SyncTokenExpiredException.class);
        }
        assertThat(brokenRules()).isEmpty();
    }

    @Test
    void changedColumnsOfTheTableEndEveryToken() {
        String token = walk(null).token();
        dataverse.metadataChanged("opportunity");

        assertThatThrownBy(() -> walk(token))
                .isInstanceOf(SyncTokenExpiredException.class)
                .hasMessageContaining("0x80044352");
    }

    @Test
    void saysHowToTurnOnChangeTracking() {
        String token = walk(null).token();
        dataverse.changeTracking("opportunity", false);

        for (String cursor : Arrays.asList(null, token)) {
            assertThatThrownBy(() -> connector.listChanges(call(), shape, cursor))
                    .isInstanceOf(SetupException.class)
                    .hasMessageContaining("The table opportunity does not track changes. Turn on 'Track changes'");
        }
    }

    @Test
    void saysWhichPrivilegeChangeTrackingNeeds() {
        String id = givenRecord();
        dataverse.globalRead("opportunity", false);

        assertThatThrownBy(() -> walk(null))
                .isInstanceOf(SetupException.class)
                .hasMessageContaining("the table opportunity")
                .hasMessageContaining("Read privilege on it for the whole organization");
        assertThat(read(id).ref().id()).isEqualTo(id);
    }

    @Test
    void aFeedThatIsAskedToSlowDownSaysUntilWhen() {
        answerNext(429, Duration.ofSeconds(30));

        RetryableException throttled = catchThrowableOfType(RetryableException.class, () -> walk(null));

        assertThat(throttled.systemWide()).isTrue();
        assertThat(calls()).isEqualTo(1);
    }

    @Test
    void tellsTheLabelsOfTheFieldsAndRemembersThemForAnHour() {
        MovingClock clock = MovingClock.startingNow();
        DynamicsConnector remembering = connect(DynamicsFixtures.settings(dataverse, entra, SECRET), clock);
        RecordShape withoutLabel = DynamicsFixtures.with(
                DynamicsFixtures.with(shape, RemoteField.of("parentaccountidname", RemoteField.Type.TEXT)),
                RemoteField.of("cosell_nosuch", RemoteField.Type.TEXT));

        assertThat(remembering.labels(call(), withoutLabel))
                .containsEntry("name", "Topic")
                .containsEntry("estimatedvalue", "Est. Revenue")
                .containsEntry("cosell_howcanmicrosofthelp", "How can Microsoft help?")
                .containsEntry("parentaccountid", "Account")
                .hasSize(shape.fields().size());
        dataverse.label("opportunity", "name", "Deal");
        dataverse.label("opportunity", "description", "");
        clock.move(Duration.ofMinutes(59));
        assertThat(remembering.labels(call(), shape)).containsEntry("name", "Topic");
        assertThat(calls()).isEqualTo(1);
        clock.move(Duration.ofMinutes(1));
        assertThat(remembering.labels(call(), shape))
                .containsEntry("name", "Deal")
                .doesNotContainKey("description");
        assertThat(remembering.labels(call(), DynamicsFixtures.lead())).containsEntry("subject", "Topic");
    }

    @Test
    void aRefusalOfTheLabelsIsOneOfTheFamilyAndIsNotRemembered() {
        answerNext(403, null);

        assertThatThrownBy(() -> connector.labels(call(), shape)).isInstanceOf(SetupException.class);
        assertThat(connector.labels(call(), shape)).containsKey("name");
    }
}
