package org.cosellbridge.connector.salesforce;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;
import static org.cosellbridge.connector.salesforce.SalesforceFixtures.CLIENT;
import static org.cosellbridge.connector.salesforce.SalesforceFixtures.SECRET;
import static org.cosellbridge.connector.salesforce.SalesforceFixtures.USER;
import static org.cosellbridge.connector.salesforce.SalesforceFixtures.number;
import static org.cosellbridge.connector.salesforce.SalesforceFixtures.text;

import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.math.BigDecimal;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.cosellbridge.audit.MovingClock;
import org.cosellbridge.connector.CallContext;
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
import org.cosellbridge.connector.RetryableException;
import org.cosellbridge.connector.SetupException;
import org.cosellbridge.connector.StalePreconditionException;
import org.cosellbridge.connector.SyncTokenExpiredException;
import org.cosellbridge.http.OutboundFixtures;
import org.cosellbridge.platform.Configuration;
import org.cosellbridge.simulator.Call;
import org.cosellbridge.simulator.Fault;
import org.cosellbridge.simulator.SalesforceSimulator;
import org.cosellbridge.simulator.SalesforceSimulator.Write;
import org.cosellbridge.simulator.TestAuthority;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SalesforceConnectorTest implements DetectsChangesContract {
    private static final String REFERRAL = "8a7b6c5d-0000-4000-8000-000000000001";
    private static final Map<String, JsonValue> NEW = Map.of("Name", text("Deal"), "CloseDate", text("2026-12-31"));

    private final SalesforceSimulator salesforce = new SalesforceSimulator(0).start();
    private final OutboundFixtures outbound = new OutboundFixtures();
    private final MovingClock clock = MovingClock.startingNow();
    private final RecordShape shape = SalesforceFixtures.opportunity();
    private final SalesforceConnector connector = connect();
    private final Map<String, String> referrals = new HashMap<>();

    private SalesforceConnector connect() {
        salesforce.apiUser(USER);
        salesforce.app(CLIENT).secret(SECRET).runAs(USER);
        return connect(SalesforceFixtures.settings(salesforce, Map.of()), clock);
    }

    private SalesforceConnector connect(ConnectionSettings settings, Clock time) {
        return (SalesforceConnector) new SalesforceConnectorFactory(
                        Configuration.of(Map.of()), outbound.client(), outbound.tokens(), outbound.permits(), time)
                .connect(settings);
    }

    @AfterEach
    void closeAll() {
        salesforce.close();
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
        String id = given(Map.of("Referral_Identifier__c", referral, "Name", "Deal " + referral));
        referrals.put(id, referral);
        return id;
    }

    private String given(Map<String, ?> more) {
        Map<String, Object> fields = new HashMap<>(
                Map.of("Name", "Deal", "StageName", "Prospecting", "CloseDate", "2026-12-31", "Amount", 1000));
        fields.putAll(more);
        return salesforce.create("Opportunity", fields);
    }

    @Override
    public String referralIdOf(String id) {
        return String.valueOf(referrals.get(id));
    }

    @Override
    public Map<String, JsonValue> matchOf(String id) {
        return Map.of("Name", text("Deal " + referralIdOf(id)), "NextStep", JsonValue.NULL);
    }

    @Override
    public String absentId() {
        return "006000000000zzzAAA";
    }

    @Override
    public Map<String, JsonValue> change() {
        return Map.of("Name", text("Another name"), "Amount", number("2500.5"));
    }

    @Override
    public @Nullable JsonValue valueOf(RemoteRecord record, String field) {
        return record.values().get(field);
    }

    /** People take longer than a second for an edit; Salesforce tells no shorter times apart. */
    private void inASecondOfItsOwn(String id) {
        Instant stamp = SalesforceFields.instant(row(id).getString("SystemModstamp"));
        await().pollInterval(Duration.ofMillis(10)).until(() -> Instant.now().isAfter(stamp.plusSeconds(1)));
    }

    @Override
    public void changedByAnother(String id) {
        inASecondOfItsOwn(id);
        salesforce.edit("Opportunity", id, Map.of("Description", "edited by the seller"));
    }

    @Override
    public void closedByAnother(String id) {
        inASecondOfItsOwn(id);
        salesforce.edit("Opportunity", id, Map.of("StageName", "Closed Won"));
    }

    @Override
    public void deletedByAnother(String id) {
        inASecondOfItsOwn(id);
        salesforce.delete("Opportunity", id);
    }

    @Override
    public void expireTokens() {
        clock.move(Duration.ofDays(16));
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
        salesforce.largestPage(250);
        return 250;
    }

    private static boolean isNoSignIn(String method, String path) {
        return !method.isEmpty() && !path.contains("/oauth2/");
    }

    @Override
    public void answerNext(int status, @Nullable Duration retryAfter) {
        Fault fault = retryAfter == null ? Fault.status(status) : Fault.status(status, (int) retryAfter.toSeconds());
        salesforce.server().faults().next(1, fault, SalesforceConnectorTest::isNoSignIn);
    }

    @Override
    public void cutNext(int calls) {
        salesforce.server().faults().clear();
        if (calls > 0) {
            salesforce.server().faults().next(calls, Fault.cut(), SalesforceConnectorTest::isNoSignIn);
        }
    }

    @Override
    public void revokeCredentials() {
        salesforce.app(CLIENT).withoutSecrets();
        salesforce.expireSessions();
    }

    @Override
    public void restoreCredentials() {
        salesforce.app(CLIENT).secret(SECRET);
    }

    @Override
    public int calls() {
        return salesforce
                .server()
                .log()
                .calls(call -> !call.name().equals("token"))
                .size();
    }

    private int signIns() {
        return salesforce.server().log().count("token");
    }

    @Override
    public List<String> brokenRules() {
        return salesforce.server().log().brokenRules();
    }

    private RemoteRecord read(String id) {
        return connector.findRecord(call(), shape, id).orElseThrow();
    }

    private JsonObject row(String id) {
        return salesforce.row("Opportunity", id).orElseThrow();
    }

    private RemoteRecord create(Map<String, JsonValue> more) {
        Map<String, JsonValue> values = new HashMap<>(NEW);
        values.putAll(more);
        return connector.createRecord(call(), shape, REFERRAL, null, values).orElseThrow();
    }

    private RemoteRecord update(RemoteRecord record, String field, JsonValue value) {
        return connector.updateRecord(call(), shape, record, Map.of(field, value));
    }

    private static CallContext call(Priority priority) {
        return CallContext.unguarded("019a9d5e-7d2b-7c11-8a54-6f1d2c3b4a59", priority);
    }

    // ---- values

    @Test
    void writesEveryTypeAsSalesforceWantsItAndReadsItBack() {
        salesforce.multiCurrency(true);
        String account = salesforce.create("Account", Map.of("Name", "Contoso"));
        String contact = salesforce.create("Contact", Map.of("LastName", "Diaz", "AccountId", account));
        Map<String, JsonValue> values = Map.ofEntries(
                Map.entry("Name", text("Contoso cloud deal")),
                Map.entry("Description", text("line one\nline two")),
                Map.entry("Amount", number("120000.50")),
                Map.entry("Probability", number("40")),
                Map.entry("CloseDate", text("2026-12-31")),
                Map.entry("How_can_Microsoft_help__c", text("ProofOfConceptOrDemo")),
                Map.entry("Sync_With_Partner_Center__c", JsonValue.TRUE),
                Map.entry("CurrencyIsoCode", text("EUR")),
                Map.entry("AccountId", text(account)),
                Map.entry("ContactId", text(contact)),
                Map.entry("OwnerId", text("sam.seller@contoso.example")),
                Map.entry("StageName", text("open")));

        RemoteRecord created = create(values);

        values.forEach((field, value) -> assertThat(created.values().get(field))
                .as(field)
                .isEqualTo(field.equals("Amount") ? number("120000.5") : value));
        assertThat(created.values()).containsEntry("Referral_Identifier__c", text(REFERRAL));
        assertThat(row(created.ref().id())).containsEntry("StageName", text("Prospecting"));
        assertThat(salesforce.rows("OpportunityContactRole")).singleElement().satisfies(role -> {
            assertThat(role).containsEntry("ContactId", text(contact));
            assertThat(role).containsEntry("IsPrimary", JsonValue.TRUE);
        });
        assertThat(read(created.ref().id())).isEqualTo(created);
        assertThat(salesforce.creates("Opportunity")).isEqualTo(1);
        assertThat(salesforce.updates("Opportunity")).isZero();
    }

    @Test
    void theContactIsThePrimaryRoleElseTheFirst() {
        String one = salesforce.create("Contact", Map.of("LastName", "One"));
        String other = salesforce.create("Contact", Map.of("LastName", "Other"));
        String id = given(Map.of());
        assertThat(read(id).values()).containsEntry("ContactId", JsonValue.NULL);

        salesforce.create("OpportunityContactRole", Map.of("OpportunityId", id, "ContactId", one));
        assertThat(read(id).values()).containsEntry("ContactId", text(one));

        salesforce.create("OpportunityContactRole", Map.of("OpportunityId", id, "ContactId", other, "IsPrimary", true));
        assertThat(read(id).values()).containsEntry("ContactId", text(other));
    }

    @Test
    void findsACustomerWhateverStandsInItsName() {
        for (String name : List.of("O'Brien \\ Sons", "100%_sure", "Käse \"GmbH\"", "tab\there")) {
            String id = salesforce.create("Account", Map.of("Name", name, "BillingPostalCode", "98101"));

            assertThat(connector.listMatching(
                            call(),
                            SalesforceFixtures.account(),
                            Map.of("Name", text(name), "BillingPostalCode", text("98101")),
                            2))
                    .as(name)
                    .extracting(record -> record.ref().id())
                    .containsExactly(id);
        }
        assertThat(connector.listMatching(
                        call(), SalesforceFixtures.account(), Map.of("Name", text("' OR Name != '")), 2))
                .isEmpty();
    }

    @Test
    void anIdIsOneInBothItsFormsAndNoOtherTextReachesAQuery() {
        String id = givenRecord();
        int calls = calls();

        assertThat(read(id.substring(0, 15)).ref().id()).isEqualTo(id);
        for (String none : List.of("", "x", UUID.randomUUID().toString(), id.substring(0, 15) + "zzz", id + "'")) {
            assertThat(connector.findRecord(call(), shape, none)).isEmpty();
        }
        assertThat(calls()).isLessThanOrEqualTo(calls + 3);
    }

    @Test
    void writesOnlyTheGivenFields() {
        RemoteRecord before = read(givenRecord());

        update(before, "Description", text("new"));

        assertThat(salesforce.writes("Opportunity")).extracting(Write::fields).containsExactly(List.of("Description"));
        assertThat(salesforce.unchangedFields()).isEmpty();
    }

    @Test
    void emptiesAFieldAndSwitchesACheckboxOff() {
        RemoteRecord before = read(given(Map.of("Description", "old", "Sync_With_Partner_Center__c", true)));

        RemoteRecord after = connector.updateRecord(
                call(),
                shape,
                before,
                Map.of("Description", JsonValue.NULL, "Sync_With_Partner_Center__c", JsonValue.NULL));

        assertThat(after.values())
                .containsEntry("Description", JsonValue.NULL)
                .containsEntry("Sync_With_Partner_Center__c", JsonValue.FALSE);
    }

    // ---- creates

    @Test
    void createsNothingWhereTheReferralHasARecord() {
        String id = givenRecord();

        Optional<RemoteRecord> second = connector.createRecord(call(), shape, referralIdOf(id), null, NEW);

        assertThat(second).isEmpty();
        assertThat(salesforce.rows("Opportunity")).hasSize(1);
    }

    @Test
    void createsOneRecordHoweverManyTryAtOnce() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            List<Future<Optional<RemoteRecord>>> attempts = new ArrayList<>();
            for (int i = 0; i < 24; i++) {
                attempts.add(threads.submit(() -> connector.createRecord(call(), shape, REFERRAL, null, NEW)));
            }
            int created = 0;
            for (Future<Optional<RemoteRecord>> attempt : attempts) {
                created += attempt.get().isPresent() ? 1 : 0;
            }
            assertThat(created).isEqualTo(1);
        } finally {
            threads.shutdownNow();
        }
        assertThat(salesforce.rows("Opportunity")).hasSize(1);
        assertThat(signIns()).isEqualTo(1);
    }

    @Test
    void findsTheRecordOfACreateWhoseAnswerWasLost() {
        connector.findByReferralKey(call(), shape, REFERRAL);
        salesforce.server().faults().next(1, Fault.loseAnswer(), (method, path) -> method.equals("POST"));

        assertThatThrownBy(() -> create(Map.of())).isInstanceOf(RetryableException.class);

        assertThat(connector.createRecord(call(), shape, REFERRAL, null, NEW)).isEmpty();
        assertThat(connector.findByReferralKey(call(), shape, REFERRAL)).isPresent();
        assertThat(salesforce.rows("Opportunity")).hasSize(1);
    }

    @Test
    void tellsATakenReferralFromAnotherUniqueValue() {
        salesforce.uniqueField("Opportunity", "Name", true);
        given(Map.of());

        assertThatThrownBy(() -> create(Map.of()))
                .isInstanceOf(RejectedException.class)
                .hasMessageContaining("unique value");
        assertThat(salesforce.rows("Opportunity")).hasSize(1);
    }

    @Test
    void twoRecordsWithOneReferralAreAFaultOfTheDataThatNamesBoth() {
        salesforce.uniqueField("Opportunity", "Referral_Identifier__c", false);
        String one = given(Map.of("Referral_Identifier__c", REFERRAL));
        String other = given(Map.of("Referral_Identifier__c", REFERRAL));

        assertThatThrownBy(() -> connector.findByReferralKey(call(), shape, REFERRAL))
                .isInstanceOf(RejectedException.class)
                .hasMessageContaining(one)
                .hasMessageContaining(other);
    }

    @Test
    void aDuplicateRuleIsToldToAPersonWithTheAdminsWords() {
        salesforce.create("Account", Map.of("Name", "Contoso"));
        salesforce.duplicateRule("Account", true, "Name");

        assertThatThrownBy(() -> connector.createRecord(
                        call(), SalesforceFixtures.account(), null, null, Map.of("Name", text("Contoso"))))
                .isInstanceOf(RejectedException.class)
                .hasMessageContaining("duplicate rule")
                .hasMessageContaining("DUPLICATES_DETECTED")
                .hasMessageNotContaining("Contoso");
        assertThat(salesforce.rows("Account")).hasSize(1);
    }

    @Test
    void aValidationRuleIsToldWithTheAdminsText() {
        RemoteRecord before = read(givenRecord());
        salesforce.validationRule("Opportunity", row -> true, "Ask your manager first.", "Amount");

        assertThatThrownBy(() -> update(before, "Amount", number("5")))
                .isInstanceOf(RejectedException.class)
                .hasMessageContaining("Ask your manager first.");
    }

    @Test
    void theOwnerStaysWhoeverCreates() {
        salesforce.leadAssignment(salesforce.sellerId());

        RemoteRecord lead = connector
                .createRecord(
                        call(),
                        SalesforceFixtures.lead(),
                        REFERRAL,
                        null,
                        Map.of("Company", text("Contoso"), "LastName", text("Diaz")))
                .orElseThrow();

        assertThat(salesforce.row("Lead", lead.ref().id()).orElseThrow())
                .containsEntry("OwnerId", text(salesforce.apiUser(USER)));
    }

    // ---- guarded updates

    @Test
    void anEditInTheSecondOfTheReadIsNotWrittenOver() {
        String id = givenRecord();
        RemoteRecord before = read(id);
        salesforce.edit("Opportunity", id, Map.of("Name", "The seller's name"));

        assertThatThrownBy(() -> update(before, "Name", text("Ours"))).isInstanceOf(StalePreconditionException.class);
        assertThat(row(id)).containsEntry("Name", text("The seller's name"));
    }

    @Test
    void anEditOfLongAgoNeedsNoSecondLook() {
        String id = givenRecord();
        RemoteRecord before = read(id);
        clock.move(Duration.ofMinutes(6));
        changedByAnother(id);
        int queries = salesforce.server().log().count("query");

        assertThatThrownBy(() -> update(before, "Name", text("Ours"))).isInstanceOf(StalePreconditionException.class);

        assertThat(salesforce.server().log().count("query")).isEqualTo(queries);
        assertThat(salesforce.server().log().calls("update Opportunity"))
                .extracting(Call::status)
                .containsExactly(412);
    }

    @Test
    void aProcessThatTouchesTheRecordDoesNotStandInTheWay() {
        String id = givenRecord();
        inASecondOfItsOwn(id);
        salesforce.touch("Opportunity", id);

        assertThat(update(read(id), "Name", text("Ours")).values()).containsEntry("Name", text("Ours"));
    }

    @Test
    void aDeletedRecordIsGone() {
        String id = givenRecord();
        RemoteRecord before = read(id);
        salesforce.delete("Opportunity", id);

        assertThatThrownBy(() -> update(before, "Name", text("Ours"))).isInstanceOf(RecordGoneException.class);
        assertThat(connector.findRecord(call(), shape, id)).isEmpty();
        assertThat(connector.findByReferralKey(call(), shape, referralIdOf(id))).isEmpty();
        clock.move(Duration.ofMinutes(6));
        assertThatThrownBy(() -> update(before, "Name", text("Ours"))).isInstanceOf(RecordGoneException.class);
    }

    @Test
    void aLockedRowIsTriedAgainLater() {
        RemoteRecord before = read(givenRecord());
        salesforce.busyRows(1);

        RetryableException busy =
                catchThrowableOfType(RetryableException.class, () -> update(before, "Name", text("Ours")));

        assertThat(busy).isNotNull();
        assertThat(busy.systemWide()).isFalse();
        assertThat(busy).hasMessageContaining("UNABLE_TO_LOCK_ROW");
        assertThat(update(before, "Name", text("Ours")).values()).containsEntry("Name", text("Ours"));
    }

    @Test
    void aRecordUnderApprovalWaits() {
        String id = givenRecord();
        RemoteRecord before = read(id);
        salesforce.lock(id, true);

        RetryableException locked =
                catchThrowableOfType(RetryableException.class, () -> update(before, "Name", text("Ours")));

        assertThat(locked.systemWide()).isFalse();
        assertThat(locked.notBefore()).isPresent();
    }

    @Test
    void anAmountThatProductsDetermineIsReadBackAsItIs() {
        String id = givenRecord();
        RemoteRecord before = read(id);
        salesforce.addProducts(id, new BigDecimal("777"));
        RemoteRecord with = read(id);

        assertThat(before.values()).containsEntry("HasOpportunityLineItem", JsonValue.FALSE);
        assertThat(with.values())
                .containsEntry("HasOpportunityLineItem", JsonValue.TRUE)
                .containsEntry("Amount", number("777"));
        assertThat(update(with, "Name", text("Ours")).values()).containsEntry("Amount", number("777"));
    }

    // ---- stages

    @Test
    void theMeaningOfAStageComesFromTheOrgAndNotFromItsName() {
        salesforce.stage("Gewonnen", "Gewonnen", true, true, true, 100);
        salesforce.stage("Closed Won", "Closed Won", true, false, false, 95);
        salesforce.stage("Closed Lost", "Closed Lost", false, true, false, 0);
        salesforce.stage("Verloren", "Verloren", true, true, false, 0);
        RemoteRecord won = update(read(givenRecord()), "StageName", text("won"));
        RemoteRecord lost = update(read(givenRecord()), "StageName", text("lost"));

        assertThat(won.values()).containsEntry("StageName", text("won"));
        assertThat(lost.values()).containsEntry("StageName", text("lost"));
        assertThat(row(won.ref().id())).containsEntry("StageName", text("Gewonnen"));
        assertThat(row(lost.ref().id())).containsEntry("StageName", text("Verloren"));
        assertThat(read(given(Map.of("StageName", "Closed Won"))).values()).containsEntry("StageName", text("open"));
        assertThat(read(given(Map.of("StageName", "Closed Lost"))).values()).containsEntry("StageName", text("lost"));
    }

    @Test
    void aStageThatWasAddedIsKnownAtOnceAndOneThatWasRetiredIsWrittenNoMore() {
        assertThat(read(givenRecord()).values()).containsEntry("StageName", text("open"));
        salesforce.stage("Signed", "Signed", true, true, true, 100);
        salesforce.stage("Closed Won", "Closed Won", false, true, true, 100);
        clock.move(Duration.ofMinutes(2));

        assertThat(read(given(Map.of("StageName", "Signed"))).values()).containsEntry("StageName", text("won"));
        RemoteRecord won = update(read(givenRecord()), "StageName", text("won"));
        assertThat(row(won.ref().id())).containsEntry("StageName", text("Signed"));
    }

    @Test
    void anOpenStageStaysWhereItIs() {
        RemoteRecord before = read(given(Map.of("StageName", "Negotiation/Review")));

        RemoteRecord after = connector.updateRecord(
                call(), shape, before, Map.of("StageName", text("open"), "Description", text("new")));

        assertThat(row(after.ref().id())).containsEntry("StageName", text("Negotiation/Review"));
        assertThat(update(after, "StageName", text("open"))).isEqualTo(after);
        assertThat(salesforce.updates("Opportunity")).isEqualTo(1);
    }

    @Test
    void aClosedRecordIsReopenedInTheFirstOpenStage() {
        RemoteRecord closed = read(given(Map.of("StageName", "Closed Lost")));

        RemoteRecord open = update(closed, "StageName", text("open"));

        assertThat(row(open.ref().id())).containsEntry("StageName", text("Prospecting"));
    }

    @Test
    void fieldsAndStageGoInOneWrite() {
        RemoteRecord before = read(givenRecord());

        connector.updateRecord(
                call(), shape, before, Map.of("StageName", text("won"), "Amount", number("5"), "Name", text("Won")));

        assertThat(salesforce.writes("Opportunity"))
                .singleElement()
                .satisfies(write ->
                        assertThat(Set.copyOf(write.fields())).isEqualTo(Set.of("StageName", "Amount", "Name")));
    }

    /** The shape of a document that names these stages besides the open ones. */
    private RecordShape naming(String... stages) {
        Map<String, RemoteField.StateStep> states = new HashMap<>();
        states.put("open", new RemoteField.StateStep(RemoteField.Step.SET, Map.of()));
        for (String stage : stages) {
            states.put(stage, new RemoteField.StateStep(RemoteField.Step.SET, Map.of()));
        }
        return new RecordShape(
                shape.kind(),
                shape.table(),
                shape.referralKey(),
                List.of(
                        RemoteField.of("Name", RemoteField.Type.TEXT),
                        new RemoteField("StageName", RemoteField.Type.STATE, null, null, null, states)));
    }

    @Test
    void aStageThatTheDocumentNamesIsNotMeantByOpen() {
        RecordShape named = naming("Prospecting", "Qualification");
        RemoteRecord before = connector.findRecord(call(), named, givenRecord()).orElseThrow();
        assertThat(before.values()).containsEntry("StageName", text("Prospecting"));

        RemoteRecord after = connector.updateRecord(call(), named, before, Map.of("StageName", text("open")));

        assertThat(after.values()).containsEntry("StageName", text("open"));
        assertThat(row(after.ref().id())).containsEntry("StageName", text("Needs Analysis"));
    }

    @Test
    void aDocumentMayNameStages() {
        RecordShape named = naming("Qualification", "Nowhere");
        RemoteRecord before = connector.findRecord(call(), named, givenRecord()).orElseThrow();

        RemoteRecord after = connector.updateRecord(call(), named, before, Map.of("StageName", text("Qualification")));

        assertThat(after.values()).containsEntry("StageName", text("Qualification"));
        assertThatThrownBy(() -> connector.updateRecord(call(), named, after, Map.of("StageName", text("Nowhere"))))
                .isInstanceOf(RejectedException.class)
                .hasMessageContaining("'Nowhere'");
    }

    @Test
    void aLeadThatIsAcceptedIsClosedByTheStatusThatTheDocumentNames() {
        RecordShape leads = SalesforceFixtures.lead();
        String id = salesforce.create("Lead", Map.of("Company", "Contoso", "LastName", "Diaz"));
        RemoteRecord open = connector.findRecord(call(), leads, id).orElseThrow();
        assertThat(open.values()).containsEntry("Status", text("open"));

        RemoteRecord closed = connector.updateRecord(call(), leads, open, Map.of("Status", text("converted")));

        assertThat(closed.values()).containsEntry("Status", text("Closed - Not Converted"));
        assertThat(salesforce.row("Lead", id).orElseThrow()).containsEntry("IsConverted", JsonValue.FALSE);
    }

    @Test
    void withoutSuchAStatusALeadIsConvertedByHandOnly() {
        RecordShape leads = new RecordShape(
                "lead",
                SalesforceFixtures.LEADS,
                "Referral_Identifier__c",
                List.of(new RemoteField(
                        "Status",
                        RemoteField.Type.STATE,
                        null,
                        null,
                        null,
                        Map.of("converted", new RemoteField.StateStep(RemoteField.Step.WIN, Map.of())))));
        String id = salesforce.create("Lead", Map.of("Company", "Contoso", "LastName", "Diaz"));
        RemoteRecord open = connector.findRecord(call(), leads, id).orElseThrow();

        assertThatThrownBy(() -> connector.updateRecord(call(), leads, open, Map.of("Status", text("converted"))))
                .isInstanceOf(RejectedException.class)
                .hasMessageContaining("by hand");
    }

    @Test
    void theOpportunityOfALeadThatASellerConvertedIsFoundByTheLead() {
        String id = salesforce.create("Lead", Map.of("Company", "Contoso", "LastName", "Diaz"));
        assertThat(connector.listMatching(call(), shape, Map.of("ConvertedOpportunityId", text(id)), 2))
                .isEmpty();

        String made = salesforce.convert(id, true).orElseThrow();

        assertThat(connector.listMatching(call(), shape, Map.of("ConvertedOpportunityId", text(id)), 2))
                .extracting(record -> record.ref().id())
                .containsExactly(made);
        RemoteRecord lead =
                connector.findRecord(call(), SalesforceFixtures.lead(), id).orElseThrow();
        assertThat(lead.values()).containsEntry("Status", text("converted"));
        assertThatThrownBy(() -> connector.updateRecord(
                        call(), SalesforceFixtures.lead(), lead, Map.of("Company", text("Other"))))
                .isInstanceOf(RejectedException.class)
                .hasMessageContaining("converted");
    }

    // ---- currency

    @Test
    void withOneCurrencyNoneTravels() {
        RemoteRecord created = create(Map.of("CurrencyIsoCode", text("EUR")));

        assertThat(created.values()).containsEntry("CurrencyIsoCode", JsonValue.NULL);
        assertThat(update(created, "CurrencyIsoCode", text("USD"))).isEqualTo(created);
        assertThat(salesforce.updates("Opportunity")).isZero();
    }

    @Test
    void aCurrencyThatIsNotActiveIsToldUntilItIs() {
        salesforce.multiCurrency(true);
        salesforce.currency("GBP", false);
        RemoteRecord created = create(Map.of("CurrencyIsoCode", text("EUR")));

        assertThatThrownBy(() -> update(created, "CurrencyIsoCode", text("GBP")))
                .isInstanceOf(RejectedException.class)
                .hasMessageContaining("'GBP' is not active")
                .hasMessageContaining("Manage Currencies");
        salesforce.currency("GBP", true);
        assertThat(update(created, "CurrencyIsoCode", text("GBP")).values())
                .containsEntry("CurrencyIsoCode", text("GBP"));
    }

    // ---- set-up

    @Test
    void aFieldThatTheUserDoesNotSeeIsAMatterOfTheSetUp() {
        String id = givenRecord();
        salesforce.hideField("Opportunity", "Referral_Identifier__c", true);

        assertThatThrownBy(() -> read(id))
                .isInstanceOf(SetupException.class)
                .hasMessageContaining("Partner Center section")
                .hasMessageContaining("INVALID_FIELD");
    }

    @Test
    void labelsAreTheOrgs() {
        assertThat(connector.labels(call(), shape)).containsKeys("Name", "StageName", "Amount");
        assertThat(connector.labels(call(), shape).keySet()).doesNotContain("CurrencyIsoCode");
        assertThat(salesforce.server().log().count("describe Opportunity")).isEqualTo(1);
    }

    // ---- sessions

    @Test
    void aSessionThatEndsInTheMiddleIsOpenedAgainOnce() {
        RemoteRecord before = read(givenRecord());
        salesforce.expireSessions();

        assertThat(update(before, "Name", text("Ours")).values()).containsEntry("Name", text("Ours"));
        assertThat(signIns()).isEqualTo(2);
        assertThat(salesforce.updates("Opportunity")).isEqualTo(1);
    }

    @Test
    void manyCallsWhoseSessionEndedSignInOnce() throws Exception {
        String id = givenRecord();
        read(id);
        salesforce.expireSessions();
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            List<Future<RemoteRecord>> reads = new ArrayList<>();
            for (int i = 0; i < 16; i++) {
                reads.add(threads.submit(() -> read(id)));
            }
            for (Future<RemoteRecord> one : reads) {
                assertThat(one.get().ref().id()).isEqualTo(id);
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(signIns()).isEqualTo(2);
    }

    @Test
    void aFreshSessionThatIsRefusedTooIsAMatterOfTheSetUp() {
        String id = givenRecord();
        read(id);
        salesforce.server().faults().always(Fault.status(401), SalesforceConnectorTest::isNoSignIn);

        assertThatThrownBy(() -> read(id))
                .isInstanceOf(SetupException.class)
                .hasMessageContaining("INVALID_SESSION_ID");
        assertThat(signIns()).isEqualTo(2);
    }

    @Test
    void signsInByAnAssertionToo() {
        TestAuthority.Signer signer = new TestAuthority("Contoso")
                .issue(
                        "CN=integration",
                        Instant.now().minusSeconds(60),
                        Instant.now().plusSeconds(3600),
                        2048);
        salesforce.app(CLIENT).certificate(signer.certificate()).preAuthorize(USER);
        Map<String, String> key = Map.of(
                "cosell.crm.crm.private-key", TestAuthority.pem(signer.key()),
                "cosell.crm.crm.username", USER,
                "cosell.crm.crm.authority", salesforce.loginUrl().toString());
        String id = givenRecord();

        assertThat(connect(SalesforceFixtures.settings(salesforce, key), Clock.systemUTC())
                        .findRecord(call(), shape, id))
                .isPresent();

        salesforce.app(CLIENT).withdraw(USER);
        assertThatThrownBy(() -> connect(SalesforceFixtures.settings(salesforce, key), Clock.systemUTC())
                        .findRecord(call(), shape, id))
                .isInstanceOf(SetupException.class)
                .hasMessageContaining("pre-authorized")
                .hasMessageNotContaining(USER);
    }

    @Test
    void clientCredentialsAtTheLoginHostAreRefusedWithAdvice() {
        ConnectionSettings settings = SalesforceFixtures.settings(
                salesforce,
                Map.of(
                        "cosell.crm.crm.client-secret",
                        SECRET,
                        "cosell.crm.crm.authority",
                        salesforce.loginUrl().toString()));

        assertThatThrownBy(() -> connect(settings, Clock.systemUTC()).findRecord(call(), shape, absentId()))
                .isInstanceOf(SetupException.class)
                .hasMessageContaining("My Domain")
                .hasMessageNotContaining(SECRET);
    }

    // ---- limits

    @Test
    void atNinetyPercentOnlyPushesAndPeopleAreServed() {
        String id = givenRecord();
        connector.findRecord(call(Priority.SWEEP), shape, id);
        salesforce.apiUsage(8_999, 10_000);
        assertThat(connector.findRecord(call(Priority.SWEEP), shape, id)).isPresent();

        for (Priority waits : List.of(Priority.SWEEP, Priority.WRITE_BACK)) {
            RetryableException held =
                    catchThrowableOfType(RetryableException.class, () -> connector.findRecord(call(waits), shape, id));
            assertThat(held.isOwnLimit()).isTrue();
            assertThat(held.notBefore()).contains(clock.instant().plus(Duration.ofMinutes(15)));
            assertThat(held).hasMessageContaining("9000").hasMessageContaining("10000");
        }
        assertThatThrownBy(() -> walk(null)).isInstanceOf(RetryableException.class);
        assertThat(connector.findRecord(call(Priority.EVENT), shape, id)).isPresent();
        assertThat(connector.findRecord(call(Priority.PERSON), shape, id)).isPresent();

        salesforce.apiUsage(10, 10_000);
        clock.move(Duration.ofMinutes(16));
        assertThat(connector.listChanges(call(Priority.SWEEP), shape, null).items())
                .hasSize(1);
        assertThat(connector.findRecord(call(Priority.SWEEP), shape, id)).isPresent();
    }

    @Test
    void usedUpCallsStopEveryCallForAWhile() {
        String id = givenRecord();
        read(id);
        salesforce.apiUsage(10_000, 10_000);

        RetryableException refused = catchThrowableOfType(RetryableException.class, () -> read(id));
        int calls = calls();
        RetryableException held = catchThrowableOfType(RetryableException.class, () -> read(id));

        assertThat(refused.systemWide()).isTrue();
        assertThat(refused.notBefore()).contains(clock.instant().plus(Duration.ofMinutes(15)));
        assertThat(held.systemWide()).isTrue();
        assertThat(calls()).isEqualTo(calls);
    }

    @Test
    void aPageForPeopleIsTriedAgain() {
        String id = givenRecord();
        read(id);
        salesforce.htmlFaults(true);
        answerNext(503, null);

        RetryableException down = catchThrowableOfType(RetryableException.class, () -> read(id));

        assertThat(down.systemWide()).isTrue();
        assertThat(read(id).ref().id()).isEqualTo(id);
    }

    // ---- changes

    @Test
    void aRecordWhoseSyncWasSwitchedOffIsTold() {
        String id = given(Map.of("Sync_With_Partner_Center__c", true, "Referral_Identifier__c", REFERRAL));
        String token = walk(null).token();
        inASecondOfItsOwn(id);
        salesforce.edit("Opportunity", id, Map.of("Sync_With_Partner_Center__c", false));

        RecordChange change = walk(token).only(id);

        assertThat(change.values()).containsEntry("Sync_With_Partner_Center__c", JsonValue.FALSE);
    }

    @Test
    void aTransactionThatCommittedLateIsTold() {
        String late = givenRecord();
        String token = walk(null).token();
        salesforce.lateCommits(Duration.ofMinutes(4));
        salesforce.editAs(
                salesforce.person("kim@contoso.example", "Kim", "Late"),
                "Opportunity",
                late,
                Map.of("Description", "a long transaction"));

        assertThat(walk(token).only(late).values()).containsEntry("Description", text("a long transaction"));
    }

    @Test
    void aRecordThatComesBackFromTheBinIsTold() {
        String id = givenRecord();
        String start = walk(null).token();
        deletedByAnother(id);
        Walk gone = walk(start);
        await().pollDelay(Duration.ofMillis(1_100)).until(() -> true);
        salesforce.undelete("Opportunity", id);

        assertThat(gone.only(id).deleted()).isTrue();
        assertThat(walk(gone.token()).only(id).deleted()).isFalse();
    }

    @Test
    void goesOnWhereItWasWhenSalesforceForgotThePage() {
        List<String> ids = new ArrayList<>();
        salesforce.largestPage(200);
        for (int i = 0; i < 401; i++) {
            ids.add(givenRecord());
        }
        var first = connector.listChanges(call(), shape, null);
        salesforce.expireCursors();
        List<RecordChange> items = new ArrayList<>(first.items());
        String cursor = first.next();
        while (cursor != null) {
            var page = connector.listChanges(call(), shape, cursor);
            items.addAll(page.items());
            cursor = page.next();
        }

        assertThat(items).extracting(item -> item.ref().id()).containsExactlyInAnyOrderElementsOf(ids);
    }

    @Test
    void theLogOfDeletionsIsAskedTwiceAnHour() {
        salesforce.replicationStep(Duration.ofSeconds(1));
        String id = givenRecord();
        String token = walk(null).token();
        deletedByAnother(id);

        assertThat(walk(token).only(id).deleted()).isTrue();
        assertThat(salesforce.server().log().count("deleted Opportunity")).isZero();
        clock.move(Duration.ofMinutes(31));
        assertThat(walk(token).only(id).deleted()).isTrue();
        assertThat(salesforce.server().log().count("deleted Opportunity")).isEqualTo(1);
    }

    @Test
    void whatIsNoTokenOfOursIsAWalkFromTheBeginning() {
        for (String text : List.of("", "{}", "[]", "{\"told\":{\"x\":\"y\"}}", "nonsense")) {
            assertThatThrownBy(() -> connector.listChanges(call(), shape, text))
                    .isInstanceOf(SyncTokenExpiredException.class);
        }
        assertThat(calls()).isZero();
    }

    @Test
    void aRefIsTheRecordsOwn() {
        String id = givenRecord();

        assertThat(walk(null).only(id).ref()).isEqualTo(new RecordRef("opportunity", id));
    }
}
