package org.cosellbridge.mapping;

import static org.assertj.core.api.Assertions.assertThat;
import static org.cosellbridge.referral.ReferralFixtures.object;
import static org.cosellbridge.referral.ReferralFixtures.text;
import static org.cosellbridge.referral.ReferralFixtures.with;

import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonValue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.cosellbridge.referral.Direction;
import org.cosellbridge.referral.Referral;
import org.cosellbridge.referral.ReferralFixtures;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Runs the examples of the guide as they stand there: one field each, or members of a document. */
class MappingGuideTest {
    private static final Pattern EXAMPLE = Pattern.compile("```json\\n(.*?)```", Pattern.DOTALL);
    private static final Map<String, String> EXAMPLES = new LinkedHashMap<>();
    private static final Map<String, JsonObject> MEMBERS = new LinkedHashMap<>();
    private static String guide = "";

    @BeforeAll
    static void read() throws IOException {
        guide = Files.readString(Path.of("src/site/markdown/mapping.md"));
        Matcher example = EXAMPLE.matcher(guide);
        while (example.find()) {
            JsonObject json = object(example.group(1));
            if (json.containsKey("name")) {
                EXAMPLES.put(json.getString("name"), example.group(1));
            } else {
                json.keySet().forEach(member -> MEMBERS.put(member, json));
            }
        }
    }

    @Test
    void everyExampleCompiles() {
        assertThat(EXAMPLES).hasSize(9);
        assertThat(MEMBERS).containsOnlyKeys("section", "newReferral", "fields", "related");
        EXAMPLES.keySet().forEach(name -> assertThat(example(name).name()).isEqualTo(name));
    }

    @Test
    void aRenamedColumn() {
        assertThat(example("dealValue").toCrm(view("/name", text("a")))).isEqualTo(Json.createValue(50000));
        assertThat(example("dealValue").crm().name()).isEqualTo("contoso_dealvalue");
    }

    @Test
    void aStageOfSalesforceNeedsNoFields() {
        FieldMapping stage = example("stage");

        assertThat(stage.crm().states().get("won")).isEqualTo(new CrmField.StateStep(CrmField.Step.WIN, Map.of()));
        assertThat(stage.toPartnerCenter(object("{\"StageName\":\"won\"}"))).isEqualTo(text("Closed/Won"));
        assertThat(stage.toPartnerCenter(object("{\"StageName\":\"Lost to a competitor\"}")))
                .isEqualTo(text("Closed/Lost"));
    }

    @Test
    void aCustomColumn() {
        FieldMapping size = example("customerSize");

        assertThat(size.toCrm(view("/name", text("a")))).isEqualTo(text("51to250employees"));
        assertThat(size.travels(Direction.TO_CRM, Occasion.CREATE)).isTrue();
        assertThat(size.travels(Direction.TO_CRM, Occasion.UPDATE)).isFalse();
        assertThat(size.travels(Direction.TO_PARTNER_CENTER, Occasion.UPDATE)).isFalse();
    }

    @Test
    void aValueTable() {
        FieldMapping stage = example("salesStage");

        assertThat(stage.toCrm(view("/salesStage", text("40")))).isEqualTo(Json.createValue(1));
        assertThat(stage.toPartnerCenter(object("{\"salesstage\":1}"))).isEqualTo(text("40"));
        assertThat(stage.toCrm(view("/salesStage", text("10")))).isEqualTo(Json.createValue(0));
        assertThat(stage.toCrm(view("/salesStage", JsonValue.NULL))).isEqualTo(JsonValue.NULL);
    }

    @Test
    void oneDirection() {
        FieldMapping notes = example("notes");

        assertThat(notes.travels(Direction.TO_CRM, Occasion.CREATE)).isFalse();
        assertThat(notes.travels(Direction.TO_PARTNER_CENTER, Occasion.UPDATE)).isTrue();
        assertThat(notes.toPartnerCenter(object("{\"description\":\"Call back.\"}")))
                .isEqualTo(text("Call back."));
    }

    @Test
    void jsonataInBothDirections() {
        FieldMapping currency = example("currencyText");

        assertThat(currency.toCrm(view("/details/currency", text("EUR")))).isEqualTo(text("eur"));
        assertThat(currency.toPartnerCenter(object("{\"contoso_currency\":\"eur\"}")))
                .isEqualTo(text("EUR"));
        assertThat(example("customerLine").toCrm(view("/customerProfile/address/city", JsonValue.NULL)))
                .isEqualTo(text("Northwind Traders, us"));
    }

    @Test
    void states() {
        FieldMapping state = example("state");

        assertThat(state.toCrm(view("/substatus", text("Accepted")))).isEqualTo(text("1"));
        assertThat(state.toPartnerCenter(object("{\"statuscode\":\"3\"}"))).isEqualTo(text("Closed/Won"));
        assertThat(state.crm().states())
                .containsEntry(
                        "4", new CrmField.StateStep(CrmField.Step.LOSE, Map.of("statecode", 2, "statuscode", 4)));
    }

    @Test
    void aSection() {
        assertThat(documentWith("section").section())
                .isEqualTo(new Section("contoso_sync", "contoso_syncstatus", 100, "contoso_audit", 4000, false));
    }

    @Test
    void aReferralCreatedFromARecord() {
        MappingDocument document = documentWith("section", "newReferral", "related");

        JsonObject draft = document.draft(
                object("{\"contoso_products\":\"SOL-1;SOL-2\"}"),
                Map.of("owner", object("{\"firstname\":\"Sam\",\"internalemailaddress\":\"sam@ourco.example\"}")));

        assertThat(draft).isEqualTo(object("""
                {"qualification":"SalesQualified",
                 "consent":{"consentToToShareInfoWithOthers":true,"consentToContact":false},
                 "details":{"requirements":{"solutions":[
                   {"type":"Name","publisherName":"Contoso","id":"SOL-1"},
                   {"type":"Name","publisherName":"Contoso","id":"SOL-2"}]}},
                 "team":[{"firstName":"Sam","email":"sam@ourco.example"}]}"""));
    }

    @Test
    void anOwnerThatIsOnlyRead() {
        RelatedMapping owner = documentWith("related").related().get(0);

        assertThat(owner.isReadOnly()).isTrue();
        assertThat(owner.references()).containsExactly("owner");
    }

    @Test
    void aRecordThatIsNoRelatedOne() {
        FieldMapping lead = example("originatingLead");

        assertThat(lead.crm().target()).isEqualTo(new CrmTable("lead", "leads", "leadid"));
        assertThat(lead.related()).isEmpty();
        assertThat(lead.travels(Direction.TO_CRM, Occasion.CREATE)).isFalse();
    }

    @Test
    void theGuideNamesEveryMember() {
        JsonObject schema = object(MappingLibrary.schema());
        JsonObject definitions = schema.getJsonObject("$defs");

        assertThat(schema.getJsonObject("properties").keySet()).allSatisfy(this::isNamed);
        assertThat(definitions
                        .getJsonObject("field")
                        .getJsonObject("properties")
                        .keySet())
                .allSatisfy(this::isNamed);
        assertThat(schema.getJsonObject("properties")
                        .getJsonObject("section")
                        .getJsonObject("properties")
                        .keySet())
                .allSatisfy(this::isNamed);
        assertThat(definitions
                        .getJsonObject("related")
                        .getJsonObject("properties")
                        .keySet())
                .allSatisfy(this::isNamed);
        for (CrmType type : CrmType.values()) {
            isNamed(type.word());
        }
    }

    private void isNamed(String member) {
        assertThat(guide).contains("`" + member + "`");
    }

    private static FieldMapping example(String name) {
        String document = """
                {"connector": "%s", "record": "opportunity",
                 "table": {"name": "opportunity", "set": "opportunities", "key": "opportunityid"},
                 "referralKey": "contoso_referral",
                 "fields": [
                   {"name": "id", "path": "id", "field": "contoso_referral", "type": "text", "direction": "to-crm"},
                   %s
                 ]}""".formatted(name.equals("stage") ? "salesforce" : "dynamics", EXAMPLES.get(name));
        return MappingLibrary.parse(name, document).findField(name).orElseThrow();
    }

    /** A document with these members of the guide and, as its only own field beside the id, one with products. */
    private static MappingDocument documentWith(String... members) {
        JsonObjectBuilder document = Json.createObjectBuilder(object("""
                {"connector": "dynamics", "record": "opportunity",
                 "table": {"name": "opportunity", "set": "opportunities", "key": "opportunityid"},
                 "referralKey": "contoso_referral"}"""));
        JsonArrayBuilder fields = Json.createArrayBuilder().add(object("""
                        {"name": "id", "path": "id", "field": "contoso_referral", "type": "text", "direction": "to-crm"}""")).add(object("""
                        {"name": "products", "path": "details.requirements.solutions[].id", "field": "contoso_products",
                         "type": "text", "separator": ";", "direction": "to-partner-center"}"""));
        for (String member : members) {
            JsonObject example = Optional.ofNullable(MEMBERS.get(member)).orElseThrow();
            document.add(member, example.get(member));
            if (example.containsKey("fields")) {
                example.getJsonArray("fields").forEach(fields::add);
            }
        }
        return MappingLibrary.parse(
                "guide", document.add("fields", fields).build().toString());
    }

    private static JsonObject view(String pointer, JsonValue value) {
        return Referral.parse(with(ReferralFixtures.coSell(), pointer, value)).view();
    }
}
