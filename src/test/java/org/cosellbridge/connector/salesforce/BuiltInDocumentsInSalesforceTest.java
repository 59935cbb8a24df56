package org.cosellbridge.connector.salesforce;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import jakarta.json.Json;
import jakarta.json.JsonArray;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.cosellbridge.connector.CallContext;
import org.cosellbridge.connector.Priority;
import org.cosellbridge.connector.RecordShape;
import org.cosellbridge.connector.RemoteField;
import org.cosellbridge.connector.RemoteRecord;
import org.cosellbridge.connector.RemoteTable;
import org.cosellbridge.http.OutboundFixtures;
import org.cosellbridge.mapping.CrmTable;
import org.cosellbridge.mapping.FieldMapping;
import org.cosellbridge.mapping.MappingDocument;
import org.cosellbridge.mapping.MappingLibrary;
import org.cosellbridge.mapping.Occasion;
import org.cosellbridge.mapping.RelatedMapping;
import org.cosellbridge.mapping.Section;
import org.cosellbridge.platform.Configuration;
import org.cosellbridge.referral.Direction;
import org.cosellbridge.referral.Referral;
import org.cosellbridge.referral.ReferralFixtures;
import org.cosellbridge.simulator.SalesforceSimulator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the built-in documents make of a referral, Salesforce takes: names, types, lengths, stages. */
class BuiltInDocumentsInSalesforceTest {
    private static final List<MappingDocument> DOCUMENTS =
            MappingLibrary.builtIn("salesforce", List.of("opportunity", "lead"));

    private final SalesforceSimulator salesforce = new SalesforceSimulator(0).start();
    private final OutboundFixtures outbound = new OutboundFixtures();
    private final SalesforceConnector connector = connect();

    private SalesforceConnector connect() {
        salesforce.apiUser(SalesforceFixtures.USER);
        salesforce
                .app(SalesforceFixtures.CLIENT)
                .secret(SalesforceFixtures.SECRET)
                .runAs(SalesforceFixtures.USER);
        return (SalesforceConnector) new SalesforceConnectorFactory(
                        Configuration.of(Map.of()),
                        outbound.client(),
                        outbound.tokens(),
                        outbound.permits(),
                        Clock.systemUTC())
                .connect(SalesforceFixtures.settings(salesforce, Map.of()));
    }

    @AfterEach
    void closeAll() {
        salesforce.close();
        outbound.close();
    }

    @Test
    void everyFieldIsThere() {
        for (JsonObject referral : List.of(ReferralFixtures.coSell(), ReferralFixtures.lead())) {
            for (MappingDocument document : DOCUMENTS) {
                assertTaken(document, referral);
            }
        }
    }

    @Test
    void textsOfAnyLengthAndKindFit() {
        for (String text : List.of("😀\r\n".repeat(5000), "x".repeat(10_000), "a\u0000\u0007\ud83d & &#1; ✔ é")) {
            JsonObject referral = (JsonObject) textsReplaced(
                    ReferralFixtures.lead(),
                    Set.of("id", "status", "substatus", "type", "currency", "closingDateTime", "email"),
                    text);
            DOCUMENTS.forEach(document -> assertTaken(document, referral));
        }
    }

    @Test
    void everyStateOfTheTableIsReached() {
        for (String state :
                List.of("New/Received", "Active/Accepted", "Closed/Won", "Closed/Lost", "Closed/Declined", "Odd/Odd")) {
            JsonObject referral = ReferralFixtures.with(
                    ReferralFixtures.with(
                            ReferralFixtures.coSell(), "/status", Json.createValue(state.split("/", 2)[0])),
                    "/substatus",
                    Json.createValue(state.split("/", 2)[1]));
            DOCUMENTS.forEach(document -> assertTaken(document, referral));
        }
    }

    @Test
    void theSameHoldsInAnOrgWithSeveralCurrencies() {
        salesforce.multiCurrency(true);

        RemoteRecord opportunity = assertTaken(DOCUMENTS.get(0), ReferralFixtures.coSell());

        assertThat(opportunity.values().getString("CurrencyIsoCode")).isEqualTo("USD");
    }

    @Test
    void aReferralWithoutAClosingDateIsClosedOnTheDayItWasMade() {
        JsonObject referral =
                ReferralFixtures.with(ReferralFixtures.coSell(), "/details/closingDateTime", JsonValue.NULL);

        RemoteRecord opportunity = assertTaken(DOCUMENTS.get(0), referral);

        assertThat(opportunity.values().getString("CloseDate"))
                .isEqualTo(referral.getString("createdDateTime").substring(0, 10));
    }

    @Test
    void aWonReferralIsAWonOpportunity() {
        JsonObject referral = ReferralFixtures.with(
                ReferralFixtures.with(ReferralFixtures.coSell(), "/status", Json.createValue("Closed")),
                "/substatus",
                Json.createValue("Won"));

        RemoteRecord won = assertTaken(DOCUMENTS.get(0), referral);

        assertThat(salesforce.row("Opportunity", won.ref().id()).orElseThrow())
                .containsEntry("StageName", Json.createValue("Closed Won"))
                .containsEntry("IsWon", JsonValue.TRUE);
    }

    @Test
    void theCodesOfHelpAreUnderstoodAsLabelsToo() {
        FieldMapping help = DOCUMENTS.get(0).findField("microsoftHelp").orElseThrow();

        assertThat(help.toPartnerCenter(Json.createObjectBuilder()
                        .add("How_can_Microsoft_help__c", "Quotes or licensing")
                        .build()))
                .isEqualTo(Json.createValue("QuotesOrLicensing"));
    }

    @Test
    void anOpportunityThatASellerMadeBecomesTheDraftOfAReferral() {
        salesforce.multiCurrency(true);
        String account = salesforce.create(
                "Account",
                Map.of(
                        "Name", "Northwind Traders",
                        "BillingStreet", "1 Main St\n2nd floor",
                        "BillingCity", "Seattle",
                        "BillingState", "WA",
                        "BillingPostalCode", "98101",
                        "BillingCountry", "us"));
        String contact = salesforce.create(
                "Contact",
                Map.of(
                        "FirstName",
                        "Ana",
                        "LastName",
                        "Diaz",
                        "Email",
                        "ana@northwind.example",
                        "Phone",
                        "2065550100"));
        String opportunity = salesforce.create(
                "Opportunity",
                Map.ofEntries(
                        Map.entry("Name", "Northwind ERP rollout"),
                        Map.entry("StageName", "Prospecting"),
                        Map.entry("Amount", 50000.5),
                        Map.entry("CloseDate", "2026-11-14"),
                        Map.entry("Description", "Customer evaluates our app."),
                        Map.entry("Sync_With_Partner_Center__c", true),
                        Map.entry("How_can_Microsoft_help__c", "ProofOfConceptOrDemo"),
                        Map.entry("Products__c", "SOL-11111-AAA"),
                        Map.entry("Visible_To_Microsoft__c", true),
                        Map.entry("CurrencyIsoCode", "USD"),
                        Map.entry("AccountId", account),
                        Map.entry("ContactId", contact)));
        MappingDocument document = DOCUMENTS.get(0);
        CallContext call = CallContext.unguarded(UUID.randomUUID().toString(), Priority.EVENT);
        RemoteRecord record =
                connector.findRecord(call, shape(document), opportunity).orElseThrow();
        Map<String, JsonObject> related = new LinkedHashMap<>();
        for (RelatedMapping mapping : document.related()) {
            mapping.references().stream()
                    .map(name -> document.findField(name).orElseThrow())
                    .map(field -> field.fromRecord(record.values()))
                    .filter(JsonString.class::isInstance)
                    .findFirst()
                    .flatMap(id -> connector.findRecord(call, shape(mapping), ((JsonString) id).getString()))
                    .ifPresent(found -> related.put(mapping.name(), found.values()));
        }

        assertThat(document.draft(record.values(), related)).isEqualTo(ReferralFixtures.object("""
                {"qualification":"SalesQualified",
                 "name":"Northwind ERP rollout",
                 "customerProfile":{"name":"Northwind Traders",
                   "address":{"addressLine1":"1 Main St, 2nd floor","city":"Seattle","state":"WA","postalCode":"98101","country":"US"},
                   "team":[{"firstName":"Ana","lastName":"Diaz","email":"ana@northwind.example","phoneNumber":"2065550100"}]},
                 "consent":{"consentToToShareInfoWithOthers":true,"consentToContact":true,
                   "consentToShareReferralWithMicrosoftSellers":true},
                 "details":{"notes":"Customer evaluates our app.","dealValue":50000.5,"currency":"USD",
                   "closingDateTime":"2026-11-14T00:00:00Z",
                   "requirements":{"solutions":[{"type":"Name","id":"SOL-11111-AAA"}],
                     "additionalRequirements":{"attributes":[{"type":"CustomerMarketplaceIntent","id":"HaveNotDecided"}]}}},
                 "team":[{"firstName":"Sam","lastName":"Seller","email":"sam.seller@contoso.example","phoneNumber":"+1 425 555 0100"}],
                 "inviteContext":{"assistanceRequestCode":"ProofOfConceptOrDemo"}}"""));
        assertThat(salesforce.server().log().brokenRules()).isEmpty();
    }

    @Test
    void theOpportunityOfAConvertedLeadIsFoundByTheLead() {
        MappingDocument document = DOCUMENTS.get(0);
        RemoteRecord lead = assertTaken(DOCUMENTS.get(1), ReferralFixtures.lead());
        FieldMapping origin = document.findField("convertedLead").orElseThrow();
        CallContext call = CallContext.unguarded(UUID.randomUUID().toString(), Priority.EVENT);

        String made = salesforce.convert(lead.ref().id(), true).orElseThrow();

        assertThat(connector.listMatching(
                        call,
                        shape(document),
                        Map.of(origin.crm().name(), Json.createValue(lead.ref().id())),
                        2))
                .extracting(record -> record.ref().id())
                .containsExactly(made);
        assertThat(salesforce.server().log().brokenRules()).isEmpty();
    }

    @Test
    void theSectionsFieldsTakeWhatTheDocumentsSayTheyTake() {
        for (MappingDocument document : DOCUMENTS) {
            Section section = document.section();
            String object = document.table().name();
            Map<String, Object> fields = new LinkedHashMap<>(Map.of(
                    Objects.requireNonNull(section.sync()), true,
                    Objects.requireNonNull(section.status()), "x".repeat(section.statusLength()),
                    Objects.requireNonNull(section.audit()), "x".repeat(section.auditLength())));
            fields.putAll(
                    object.equals("Lead")
                            ? Map.of("Company", "Contoso", "LastName", "Diaz")
                            : Map.of("Name", "Deal", "StageName", "Prospecting", "CloseDate", "2026-12-31"));
            String id = salesforce.create(object, fields);

            assertThat(salesforce.row(object, id).orElseThrow())
                    .containsEntry(section.status(), Json.createValue("x".repeat(section.statusLength())))
                    .containsEntry(section.sync(), JsonValue.TRUE);
            assertThatThrownBy(() -> salesforce.edit(
                            object, id, Map.of(section.status(), "x".repeat(section.statusLength() + 1))))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() ->
                            salesforce.edit(object, id, Map.of(section.audit(), "x".repeat(section.auditLength() + 1))))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    private RemoteRecord assertTaken(MappingDocument document, JsonObject referral) {
        JsonObject view = Referral.parse(referral).view();
        CallContext call = CallContext.unguarded(UUID.randomUUID().toString(), Priority.EVENT);
        Map<String, JsonValue> ids = new LinkedHashMap<>();
        document.related().stream().filter(related -> !related.isReadOnly()).forEach(related -> {
            RecordShape shape = shape(related);
            Map<String, JsonValue> values = values(related.fields(), view);
            related.parents()
                    .forEach((field, parent) -> values.put(
                            related.findField(field).orElseThrow().crm().name(),
                            Optional.ofNullable(ids.get(parent)).orElseThrow()));
            RemoteRecord made =
                    connector.createRecord(call, shape, null, null, values).orElseThrow();
            ids.put(related.name(), Json.createValue(made.ref().id()));
        });
        Map<String, JsonValue> values = values(document.fields(), view);
        document.fields().stream()
                .filter(field -> field.travels(Direction.TO_CRM, Occasion.CREATE))
                .forEach(field -> field.related()
                        .ifPresent(related -> values.put(
                                field.crm().name(),
                                Optional.ofNullable(ids.get(related)).orElseThrow())));
        String referralId = UUID.randomUUID().toString();
        RecordShape shape = shape(document);

        RemoteRecord created =
                connector.createRecord(call, shape, referralId, null, values).orElseThrow();

        for (FieldMapping field : document.fields()) {
            JsonValue wanted = values.get(field.crm().name());
            if (wanted != null
                    && wanted != JsonValue.NULL
                    && !field.crm().name().equals(document.referralKey())
                    // an org with one currency has no such field
                    && !field.crm().name().equals("CurrencyIsoCode")) {
                // nobody converts a lead from outside: it is closed instead
                JsonValue expected = wanted.equals(Json.createValue("converted"))
                        ? Json.createValue("Closed - Not Converted")
                        : wanted;
                assertThat(field.sameInCrm(field.fromRecord(created.values()), expected))
                        .as("%s of %s", field.name(), document)
                        .isTrue();
            }
        }
        assertThat(salesforce.server().log().brokenRules()).isEmpty();
        assertThat(salesforce.unchangedFields()).isEmpty();
        return created;
    }

    private static Map<String, JsonValue> values(List<FieldMapping> fields, JsonObject view) {
        Map<String, JsonValue> values = new LinkedHashMap<>();
        fields.stream()
                .filter(field -> field.travels(Direction.TO_CRM, Occasion.CREATE))
                .filter(field -> field.related().isEmpty())
                .forEach(field -> values.put(field.crm().name(), field.toCrm(view)));
        return values;
    }

    private static RecordShape shape(MappingDocument document) {
        return new RecordShape(
                document.record(), table(document.table()), document.referralKey(), shaped(document.fields()));
    }

    private static RecordShape shape(RelatedMapping related) {
        return new RecordShape(related.name(), table(related.table()), null, shaped(related.fields()));
    }

    private static List<RemoteField> shaped(List<FieldMapping> fields) {
        return fields.stream()
                .map(FieldMapping::crm)
                .map(crm -> new RemoteField(
                        crm.name(),
                        RemoteField.Type.valueOf(crm.type().name()),
                        crm.reference(),
                        crm.target() == null ? null : table(crm.target()),
                        crm.match(),
                        crm.states().entrySet().stream()
                                .collect(Collectors.toMap(
                                        Map.Entry::getKey,
                                        state -> new RemoteField.StateStep(
                                                RemoteField.Step.valueOf(
                                                        state.getValue().step().name()),
                                                state.getValue().fields(),
                                                state.getValue().closing())))))
                .toList();
    }

    private static RemoteTable table(CrmTable table) {
        return new RemoteTable(table.name(), table.set(), table.key());
    }

    private static JsonValue textsReplaced(JsonValue value, Set<String> kept, String text) {
        if (value instanceof JsonObject object) {
            var replaced = Json.createObjectBuilder();
            object.forEach((name, member) ->
                    replaced.add(name, kept.contains(name) ? member : textsReplaced(member, kept, text)));
            return replaced.build();
        }
        if (value instanceof JsonArray array) {
            List<JsonValue> replaced = new ArrayList<>();
            array.forEach(element -> replaced.add(textsReplaced(element, kept, text)));
            return Json.createArrayBuilder(replaced).build();
        }
        return value instanceof JsonString ? Json.createValue(text) : value;
    }
}
