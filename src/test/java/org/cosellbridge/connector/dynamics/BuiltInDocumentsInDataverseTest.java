package org.cosellbridge.connector.dynamics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import jakarta.json.Json;
import jakarta.json.JsonArray;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.math.BigDecimal;
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
import org.cosellbridge.simulator.DataverseSimulator;
import org.cosellbridge.simulator.EntraSimulator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the built-in documents make of a referral, Dataverse takes: names, types, lengths, choices. */
class BuiltInDocumentsInDataverseTest {
    private static final List<MappingDocument> DOCUMENTS =
            MappingLibrary.builtIn("dynamics", List.of("opportunity", "lead"));

    private final EntraSimulator entra = new EntraSimulator(0, UUID.randomUUID().toString()).start();
    private final DataverseSimulator dataverse = new DataverseSimulator(0, entra).start();
    private final OutboundFixtures outbound = new OutboundFixtures();
    private final DynamicsConnector connector = connect();

    private DynamicsConnector connect() {
        entra.app(DynamicsFixtures.CLIENT)
                .secret(DynamicsFixtures.SECRET)
                .audience(dataverse.url().toString());
        dataverse.applicationUser(DynamicsFixtures.CLIENT);
        return (DynamicsConnector) new DynamicsConnectorFactory(
                        Configuration.of(Map.of()),
                        outbound.client(),
                        outbound.tokens(),
                        outbound.permits(),
                        Clock.systemUTC())
                .connect(DynamicsFixtures.settings(dataverse, entra, DynamicsFixtures.SECRET));
    }

    @AfterEach
    void closeAll() {
        dataverse.close();
        entra.close();
        outbound.close();
    }

    @Test
    void everyColumnAndBindNameIsThere() {
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
                    Set.of("id", "status", "substatus", "type", "currency", "closingDateTime"),
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
    void anOpportunityIsClosedOnTheDayThatWasWrittenBefore() {
        for (String state : List.of("3", "4", "5")) {
            MappingDocument document = DOCUMENTS.get(0);
            RemoteRecord open = assertTaken(document, ReferralFixtures.coSell());
            RecordShape shape = shape(document);
            CallContext call = CallContext.unguarded(UUID.randomUUID().toString(), Priority.EVENT);
            RemoteRecord dated = connector.updateRecord(
                    call, shape, open, Map.of("actualclosedate", Json.createValue("2024-03-05")));
            RemoteRecord closed =
                    connector.updateRecord(call, shape, dated, Map.of("statuscode", Json.createValue(state)));

            assertThat(closed.values().getString("actualclosedate")).isEqualTo("2024-03-05");
            assertThat(dataverse.server().log().brokenRules()).isEmpty();
        }
    }

    @Test
    void aWonOpportunityHasItsActualRevenue() {
        JsonObject referral = ReferralFixtures.with(
                ReferralFixtures.with(ReferralFixtures.coSell(), "/status", Json.createValue("Closed")),
                "/substatus",
                Json.createValue("Won"));

        RemoteRecord won = assertTaken(DOCUMENTS.get(0), referral);

        assertThat(dataverse
                        .row("opportunities", won.ref().id())
                        .orElseThrow()
                        .getJsonNumber("actualvalue")
                        .bigDecimalValue())
                .isEqualByComparingTo(new BigDecimal(50_000));
    }

    @Test
    void anOpportunityThatASellerMadeBecomesTheDraftOfAReferral() {
        String account = dataverse.create(
                "accounts",
                Map.of(
                        "name", "Northwind Traders",
                        "address1_line1", "1 Main St",
                        "address1_city", "Seattle",
                        "address1_stateorprovince", "WA",
                        "address1_postalcode", "98101",
                        "address1_country", "us"));
        String contact = dataverse.create(
                "contacts",
                Map.of(
                        "firstname", "Ana",
                        "lastname", "Diaz",
                        "emailaddress1", "ana@northwind.example",
                        "telephone1", "2065550100"));
        String opportunity = dataverse.create(
                "opportunities",
                Map.ofEntries(
                        Map.entry("name", "Northwind ERP rollout"),
                        Map.entry("estimatedvalue", 50000.5),
                        Map.entry("isrevenuesystemcalculated", false),
                        Map.entry("estimatedclosedate", "2026-11-14"),
                        Map.entry("description", "Customer evaluates our app."),
                        Map.entry("cosell_syncwithpartnercenter", true),
                        Map.entry("cosell_howcanmicrosofthelp", 100000003),
                        Map.entry("cosell_products", "SOL-11111-AAA"),
                        Map.entry("cosell_visibletomicrosoft", true),
                        Map.entry(
                                "transactioncurrencyid@odata.bind", "/transactioncurrencies(" + currency("USD") + ")"),
                        Map.entry("customerid_account@odata.bind", "/accounts(" + account + ")"),
                        Map.entry("parentcontactid@odata.bind", "/contacts(" + contact + ")")));
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
                   "address":{"addressLine1":"1 Main St","city":"Seattle","state":"WA","postalCode":"98101","country":"US"},
                   "team":[{"firstName":"Ana","lastName":"Diaz","email":"ana@northwind.example","phoneNumber":"2065550100"}]},
                 "consent":{"consentToToShareInfoWithOthers":true,"consentToContact":true,
                   "consentToShareReferralWithMicrosoftSellers":true},
                 "details":{"notes":"Customer evaluates our app.","dealValue":50000.5,"currency":"USD",
                   "closingDateTime":"2026-11-14T00:00:00Z",
                   "requirements":{"solutions":[{"type":"Name","id":"SOL-11111-AAA"}],
                     "additionalRequirements":{"attributes":[{"type":"CustomerMarketplaceIntent","id":"HaveNotDecided"}]}}},
                 "team":[{"firstName":"Sam","lastName":"Seller","email":"sam.seller@contoso.example","phoneNumber":"+1 425 555 0100"}],
                 "inviteContext":{"assistanceRequestCode":"ProofOfConceptOrDemo"}}"""));
        assertThat(dataverse.server().log().brokenRules()).isEmpty();
    }

    @Test
    void anOpportunityIsBoundToTheLeadItWasMadeOfAndFoundByIt() {
        MappingDocument document = DOCUMENTS.get(0);
        RemoteRecord lead = assertTaken(DOCUMENTS.get(1), ReferralFixtures.lead());
        RemoteRecord opportunity = assertTaken(document, ReferralFixtures.coSell());
        FieldMapping origin = document.findField("originatingLead").orElseThrow();
        JsonValue id = Json.createValue(lead.ref().id());
        CallContext call = CallContext.unguarded(UUID.randomUUID().toString(), Priority.EVENT);

        RemoteRecord bound = connector.updateRecord(
                call, shape(document), opportunity, Map.of(origin.crm().name(), id));

        assertThat(origin.sameInCrm(origin.fromRecord(bound.values()), id)).isTrue();
        assertThat(connector.listMatching(
                        call, shape(document), Map.of(origin.crm().name(), id), 2))
                .extracting(RemoteRecord::ref)
                .containsExactly(opportunity.ref());
        assertThat(dataverse.server().log().brokenRules()).isEmpty();
    }

    @Test
    void theSectionsColumnsTakeWhatTheDocumentsSayTheyTake() {
        for (MappingDocument document : DOCUMENTS) {
            Section section = document.section();
            String set = document.table().set();
            String id = dataverse.create(
                    set,
                    Map.of(
                            Objects.requireNonNull(section.sync()), true,
                            Objects.requireNonNull(section.status()), "x".repeat(section.statusLength()),
                            Objects.requireNonNull(section.audit()), "x".repeat(section.auditLength())));

            assertThat(dataverse.row(set, id).orElseThrow())
                    .containsEntry(section.status(), Json.createValue("x".repeat(section.statusLength())))
                    .containsEntry(section.sync(), JsonValue.TRUE);
            assertThatThrownBy(() ->
                            dataverse.edit(set, id, Map.of(section.status(), "x".repeat(section.statusLength() + 1))))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() ->
                            dataverse.edit(set, id, Map.of(section.audit(), "x".repeat(section.auditLength() + 1))))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    private String currency(String code) {
        return dataverse.rows("transactioncurrencies").stream()
                .filter(row -> row.getString("isocurrencycode").equals(code))
                .findFirst()
                .orElseThrow()
                .getString("transactioncurrencyid");
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
                    && !field.crm().name().equals(document.referralKey())) {
                assertThat(field.sameInCrm(field.fromRecord(created.values()), wanted))
                        .as("%s of %s", field.name(), document)
                        .isTrue();
            }
        }
        assertThat(dataverse.server().log().brokenRules()).isEmpty();
        assertThat(dataverse.unchangedColumns()).isEmpty();
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
