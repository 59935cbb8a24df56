package org.cosellbridge.connector.dynamics;

import static org.assertj.core.api.Assertions.assertThat;

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
            RecordShape shape = new RecordShape(
                    document.record(), table(document.table()), document.referralKey(), shaped(document.fields()));
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

    private RemoteRecord assertTaken(MappingDocument document, JsonObject referral) {
        JsonObject view = Referral.parse(referral).view();
        CallContext call = CallContext.unguarded(UUID.randomUUID().toString(), Priority.EVENT);
        Map<String, JsonValue> ids = new LinkedHashMap<>();
        document.related().forEach(related -> {
            RecordShape shape = new RecordShape(related.name(), table(related.table()), null, shaped(related.fields()));
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
        document.fields()
                .forEach(field -> field.related()
                        .ifPresent(related -> values.put(
                                field.crm().name(),
                                Optional.ofNullable(ids.get(related)).orElseThrow())));
        String referralId = UUID.randomUUID().toString();
        RecordShape shape = new RecordShape(
                document.record(), table(document.table()), document.referralKey(), shaped(document.fields()));

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
