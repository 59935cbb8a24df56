package org.cosellbridge.mapping;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.cosellbridge.referral.ReferralFixtures.object;
import static org.cosellbridge.referral.ReferralFixtures.text;
import static org.cosellbridge.referral.ReferralFixtures.with;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.cosellbridge.referral.Direction;
import org.cosellbridge.referral.Referral;
import org.cosellbridge.referral.ReferralFixtures;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MappingDocumentTest {
    private static final String KEY =
            "{'name':'id','path':'id','field':'new_referral','type':'text','direction':'to-crm'}";

    @Test
    void theSmallestDocumentCompiles() {
        MappingDocument document = document("");

        assertThat(document.fields()).hasSize(1);
        assertThat(document.related()).isEmpty();
        assertThat(document.findField("id")).isPresent();
        assertThat(document.findField("nothing")).isEmpty();
    }

    @Test
    void theVersionFollowsTheContentNotTheLayout() {
        String json = json("");

        assertThat(MappingLibrary.parse("a", json).version())
                .isEqualTo(
                        MappingLibrary.parse("b", json.replace(",", ",\n   ")).version())
                .isNotEqualTo(MappingLibrary.parse("a", json.replace("new_referral", "new_other"))
                        .version());
    }

    @Test
    void listsAllFaultsAtOnceWithPlaceAndReason() {
        List<MappingFault> faults = faults("""
                ,{'name':'a','path':'details.dealvalue','field':'a','type':'money','direction':'both'}
                ,{'name':'a','path':'details.notes','field':'b','type':'text','direction':'sideways'}
                ,{'name':'c','path':'details.notes','field':'c','type':'text','direction':'both','maxLength':10}
                ,{'name':'c','path':'details.notes','field':'d','type':'text','direction':'to-crm','transform':{'toCrm':'$upper('}}
                ,{'name':'e','constant':1,'field':'e','type':'number','direction':'both'}
                ,{'name':'f','path':'name','field':'f','type':'text','direction':'to-crm','lockedBy':'nowhere','unheard':1}
                ,{'name':'g','related':'account','field':'g','type':'reference','direction':'to-crm'}""");

        assertThat(faults)
                .extracting(MappingFault::place)
                .contains(
                        "/fields/1/path",
                        "/fields/2/direction",
                        "/fields/3/maxLength",
                        "/fields/4/name",
                        "/fields/4/transform/toCrm",
                        "/fields/5/direction",
                        "/fields/6",
                        "/fields/7/related");
        assertThat(faults).allSatisfy(fault -> assertThat(fault.reason()).isNotBlank());
        assertThat(faults.toString()).contains("Known are: details.dealValue");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                // paths and sources
                "'path':'details.price','type':'text','direction':'to-crm'|/fields/1/path|does not exist",
                "'type':'text','direction':'to-crm'|/fields/1|exactly one of",
                "'path':'name','constant':'x','type':'text','direction':'to-crm'|/fields/1|exactly one of",
                "'constant':'x','type':'text','direction':'to-partner-center'|/fields/1/direction|without a path",
                "'transform':{'toCrm':'name'},'type':'text','direction':'both'|/fields/1/direction|without a path",
                "'transform':{'toPartnerCenter':'x'},'type':'text','direction':'to-crm'|/fields/1/transform|needs 'toCrm'",
                "'path':'trackingInfo.microsoftMsxId','type':'text','direction':'both'|/fields/1/direction|alone sets",
                "'path':'name','type':'reference','direction':'to-crm'|/fields/1|names the related record",
                "'related':'nobody','type':'reference','direction':'to-crm'|/fields/1/related|no related record",
                // types
                "'path':'details.currency','type':'lookup','direction':'to-crm','match':'x'|/fields/1|needs 'target'",
                "'path':'state','type':'state','direction':'to-crm'|/fields/1|needs 'states'",
                "'path':'state','type':'state','direction':'to-crm','states':{'1':{'step':'set','fields':{'x':1},'closing':{'a':'new_referral'}}}|/fields/1/states/1/closing|Only the steps win and lose",
                "'path':'state','type':'state','direction':'to-crm','states':{'1':{'step':'win','fields':{'x':1},'closing':{'a':'nowhere'}}}|/fields/1/states/1/closing/a|no field with a plain value",
                "'path':'details.dealValue','type':'date','direction':'to-crm'|/fields/1|Give a transform",
                "'path':'details.closingDateTime','type':'number','direction':'to-crm'|/fields/1|Give a transform",
                "'path':'details.requirements.solutions[].id','type':'text','direction':'to-crm'|/fields/1|or a separator",
                "'path':'customerProfile.team','type':'text','direction':'to-crm'|/fields/1|Give a transform",
                "'path':'name','type':'text','direction':'to-crm','separator':';'|/fields/1/separator|empty brackets",
                "'path':'name','type':'text','direction':'to-crm','scale':2|/fields/1/scale|rounded",
                "'path':'name','type':'text','direction':'to-crm','oneWay':true|/fields/1/oneWay|one-way",
                "'path':'details.dealValue','type':'money','direction':'to-crm','default':{'toCrm':'much'}|/fields/1/default/toCrm|not a number",
                "'constant':'perhaps','type':'boolean','direction':'to-crm'|/fields/1/constant|not true or false",
                // JSONata
                "'path':'name','type':'text','direction':'to-crm','transform':{'toCrm':'(('}|/fields/1/transform/toCrm|does not compile",
                "'path':'name','type':'text','direction':'to-crm','transform':{'toCrm':'$now()'}|/fields/1/transform/toCrm|not available",
                // round trips
                "'path':'name','type':'text','direction':'both','transform':{'toCrm':'$uppercase($value)'}|/fields/1/transform|Only one direction",
                "'path':'name','type':'text','direction':'both','maxLength':20|/fields/1/maxLength|lossy",
                "'path':'details.dealValue','type':'money','direction':'both','scale':0|/fields/1/scale|lossy",
                "'path':'salesStage','type':'choice','direction':'both','values':[{'partnerCenter':'a','crm':1},{'partnerCenter':'b','crm':1}]|/fields/1/values|several rows",
                // others
                "'path':'name','type':'text','direction':'to-crm','lockedBy':'x'|/fields/1/lockedBy|no field of the type boolean",
                "'path':'name','type':'text','direction':'to-crm','personal':'x'|/fields/1/personal|no subject",
                "'path':'name','type':'text','direction':'to-crm','when':{'toCrm':['sometimes']}|/fields/1/when/toCrm/0|",
                "'path':'name','type':'text','direction':'to-crm','colour':'red'|/fields/1|colour"
            })
    void refuses(String members, String place, String reason) {
        assertThat(faults(",{'name':'x','field':'x'," + members + "}"))
                .singleElement()
                .satisfies(fault -> {
                    assertThat(fault.place()).isEqualTo(place);
                    assertThat(fault.reason()).contains(reason == null ? "" : reason);
                });
    }

    @Test
    void refusesATableThatWouldChangeAValueForEver() {
        String table = ",{'name':'x','field':'x','path':'salesStage','type':'choice','direction':'both','lossy':true,"
                + "'values':[%s]}";
        String first = "{'partnerCenter':'a','crm':1}";
        String again = "{'partnerCenter':'a','crm':2}";
        String other = "{'partnerCenter':'b','crm':1}";

        assertThat(faults(table.formatted(first + "," + again + "," + other))).isEmpty();
        // "b" becomes 1, 1 comes back as "a", and "a" becomes 2
        assertThat(faults(table.formatted(again + "," + first + "," + other)))
                .extracting(MappingFault::place)
                .containsExactly("/fields/1/values");
    }

    @Test
    void aMissingMemberDoesNotHideOtherFaults() {
        String json = json(",{'name':'x','path':'nowhere','field':'x','type':'text','direction':'to-crm'}")
                .replace("\"connector\":\"dynamics\",", "");

        MappingException refused =
                catchThrowableOfType(MappingException.class, () -> MappingLibrary.parse("doc", json));

        assertThat(refused.faults()).extracting(MappingFault::place).containsExactly("", "/fields/1/path");
    }

    @Test
    void refusesTwoWritersOfOneCrmField() {
        assertThat(faults("""
                ,{'name':'x','path':'name','field':'same','type':'text','direction':'to-crm'}
                ,{'name':'y','path':'details.notes','field':'same','type':'text','direction':'to-crm'}
                ,{'name':'z','path':'details.notes','field':'same','type':'text','direction':'off'}"""))
                .singleElement()
                .hasToString("doc at /fields/2/field: The CRM field 'same' is written by the field 'x' already."
                        + " Switch one of them off.");
    }

    @Test
    void refusesAKeyThatNothingWrites() {
        assertThat(catchThrowableOfType(
                                MappingException.class,
                                () -> MappingLibrary.parse(
                                        "doc", json("").replace("\"field\":\"new_referral\"", "\"field\":\"other\"")))
                        .faults())
                .extracting(MappingFault::place)
                .containsExactly("/referralKey");
    }

    @Test
    void refusesRelatedRecordsThatDoNotFit() {
        String account = """
                {'name':'%s','table':{'name':'account','set':'accounts','key':'accountid'},'match':[['%s']],
                 'fields':[{'name':'name','path':'customerProfile.name','field':'name','type':'text'}%s]}""";
        List<MappingFault> faults = faults(
                ",{'name':'a','related':'one','field':'a','type':'reference','direction':'to-crm'}",
                account.formatted("one", "title", ",{'name':'up','related':'two','field':'p','type':'reference'}")
                        + ","
                        + account.formatted("two", "name", "")
                        + ","
                        + account.formatted("three", "name", "")
                        + ","
                        + account.formatted("two", "name", ""));

        assertThat(faults)
                .extracting(MappingFault::place)
                .containsExactlyInAnyOrder(
                        "/related/0/match/0/0", "/related/0/fields/1/related", "/related/2/name", "/related/3/name");
    }

    @Test
    void refusesWhatIsNotJson() {
        assertThatThrownBy(() -> MappingLibrary.parse("doc", "{,"))
                .isInstanceOf(MappingException.class)
                .hasMessageContaining("not a JSON object");
        assertThatThrownBy(() -> MappingLibrary.parse("doc", "{'record':'a','record':'b'}".replace('\'', '"')))
                .isInstanceOf(MappingException.class)
                .hasMessageContaining("repeated members");
        assertThatThrownBy(() -> MappingLibrary.parse("doc", "[]")).isInstanceOf(MappingException.class);
    }

    @Test
    void loadsAFolderAndNamesWhatIsMissingOrMisplaced(@TempDir Path folder) throws IOException {
        Files.writeString(folder.resolve("opportunity.json"), json(""));

        assertThat(MappingLibrary.load(folder, "dynamics", List.of("opportunity")))
                .extracting(MappingDocument::record)
                .containsExactly("opportunity");
        assertThatThrownBy(() -> MappingLibrary.load(folder, "salesforce", List.of("opportunity", "lead")))
                .isInstanceOf(MappingException.class)
                .hasMessageContaining("/connector")
                .hasMessageContaining("lead.json")
                .hasMessageContaining("does not exist");
        assertThatThrownBy(() -> MappingLibrary.builtIn("dynamics", List.of("quote")))
                .isInstanceOf(MappingException.class)
                .hasMessageContaining("no built-in mapping document");
    }

    @Test
    void aValueThatCannotBeExpressedIsNamedButNotShown() {
        FieldMapping field = field("'path':'details.dealValue','type':'money','direction':'to-crm'");

        assertThatThrownBy(() -> field.toCrm(view("/details/dealValue", text("SECRET"))))
                .isInstanceOf(MappingException.class)
                .hasMessageContaining("Field 'x' (x)")
                .hasMessageNotContaining("SECRET");
    }

    @Test
    void aFailingTransformIsNamedButItsValueIsNotShown() {
        FieldMapping field = field(
                "'path':'details.notes','type':'number','direction':'to-crm','transform':{'toCrm':'$number($value)'}");

        assertThatThrownBy(() -> field.toCrm(view("/details/notes", text("SECRET"))))
                .isInstanceOf(MappingException.class)
                .hasMessageContaining("JSONata failed")
                .hasMessageNotContaining("SECRET");
    }

    @Test
    void anUnlistedValueWithoutDefaultIsRefused() {
        FieldMapping field = field(
                "'path':'salesStage','type':'choice','direction':'to-crm','values':[{'partnerCenter':'10','crm':0}]");

        assertThat(field.toCrm(view("/salesStage", text("10")))).isEqualTo(Json.createValue(0));
        assertThat(field.toCrm(view("/salesStage", Json.createValue(10)))).isEqualTo(Json.createValue(0));
        assertThat(field.toCrm(view("/salesStage", JsonValue.NULL))).isEqualTo(JsonValue.NULL);
        assertThatThrownBy(() -> field.toCrm(view("/salesStage", text("SECRET"))))
                .isInstanceOf(MappingException.class)
                .hasMessageContaining("not in the value table")
                .hasMessageNotContaining("SECRET");
    }

    @Test
    void aDefaultOfNullLeavesAnUnlistedValueWhereItIs() {
        FieldMapping field = field(
                "'path':'salesStage','type':'choice','direction':'to-crm','values':[{'partnerCenter':'10','crm':0}],"
                        + "'default':{'toCrm':null}");

        assertThat(field.toCrm(view("/salesStage", text("10")))).isEqualTo(Json.createValue(0));
        assertThat(field.toCrm(view("/salesStage", text("new")))).isEqualTo(JsonValue.NULL);
        assertThat(field.explain(view("/salesStage", text("new")), Occasion.UPDATE)
                        .reason())
                .isEqualTo("not in the value table: left alone");
    }

    @Test
    void aDefaultFillsAnEmptyValueOnly() {
        FieldMapping field = field("'path':'details.notes','type':'text','direction':'to-crm','default':{'toCrm':'-'}");

        assertThat(field.toCrm(view("/details/notes", text(" ")))).isEqualTo(text("-"));
        assertThat(field.toCrm(view("/details/notes", text("a")))).isEqualTo(text("a"));
    }

    @Test
    void cutsTextToTheCrmWithAMark() {
        FieldMapping field =
                field("'path':'details.notes','type':'text','direction':'both','maxLength':5,'lossy':true");

        assertThat(field.lossy()).isTrue();
        assertThat(field.toCrm(view("/details/notes", text("123456")))).isEqualTo(text("1234…"));
        assertThat(field.toCrm(view("/details/notes", text("12345")))).isEqualTo(text("12345"));
        assertThat(field.toCrm(view("/details/notes", text("123\ud83d\ude00456"))))
                .isEqualTo(text("123…"));
        assertThat(field.toPartnerCenter(object("{\"x\":\"1234567\"}"))).isEqualTo(text("1234567"));
    }

    @Test
    void comparesByMeaning() {
        FieldMapping money = field("'path':'details.dealValue','type':'money','direction':'both'");
        FieldMapping day = field("'path':'details.closingDateTime','type':'date','direction':'both'");
        FieldMapping instant = field("'path':'details.closingDateTime','type':'datetime','direction':'both'");
        FieldMapping name = field("'path':'name','type':'text','direction':'both','marks':true");
        FieldMapping choice = field("'path':'salesStage','type':'choice','direction':'both'");

        assertThat(money.sameInCrm(Json.createValue(5), Json.createValue(new java.math.BigDecimal("5.000"))))
                .isTrue();
        assertThat(money.sameInPartnerCenter(text("10000"), Json.createValue(10000)))
                .isTrue();
        assertThat(money.sameInPartnerCenter(Json.createValue(1.001), Json.createValue(1)))
                .isTrue();
        assertThat(money.sameInPartnerCenter(Json.createValue(1.01), Json.createValue(1)))
                .isFalse();
        assertThat(money.sameInCrm(JsonValue.NULL, Json.createValue(0))).isFalse();
        assertThat(day.sameInPartnerCenter(text("2026-01-02T00:00:00Z"), text("2026-01-02T23:59:59.1Z")))
                .isTrue();
        assertThat(day.toPartnerCenter(object("{\"x\":\"2026-01-02\"}"))).isEqualTo(text("2026-01-02T00:00:00Z"));
        assertThat(instant.sameInCrm(text("2026-01-02T00:00:00.5Z"), text("2026-01-02T01:00:00+01:00")))
                .isTrue();
        assertThat(name.sameInCrm(text("✔ ✘ R&amp;D\r\n"), text("R&D"))).isTrue();
        assertThat(name.sameInCrm(text("Cafe\u0301"), text("Café"))).isTrue();
        assertThat(name.sameInCrm(text(""), JsonValue.NULL)).isTrue();
        assertThat(name.sameInCrm(text("a"), text("A"))).isFalse();
        assertThat(choice.sameInCrm(text("4"), Json.createValue(4))).isTrue();
        assertThat(document("")
                        .fields()
                        .get(0)
                        .sameInCrm(
                                text(ReferralFixtures.ID.toUpperCase(java.util.Locale.ROOT)),
                                text(ReferralFixtures.ID)))
                .isTrue();
    }

    @Test
    void saysWhenAFieldTravels() {
        FieldMapping field = field(
                "'path':'name','type':'text','direction':'both','when':{'toCrm':['create'],'toPartnerCenter':[]}");

        assertThat(field.travels(Direction.TO_CRM, Occasion.CREATE)).isTrue();
        assertThat(field.travels(Direction.TO_CRM, Occasion.UPDATE)).isFalse();
        assertThat(field.travels(Direction.TO_PARTNER_CENTER, Occasion.CREATE)).isFalse();
        assertThat(field.conflictRule()).isEqualTo(ConflictRule.NEWEST);
        assertThat(field.mayErase()).isFalse();
    }

    @Test
    void theSchemaIsItselfValidAndDescribesEveryMember() {
        JsonObject schema = object(MappingLibrary.schema());

        schema.getJsonObject("$defs")
                .getJsonObject("field")
                .getJsonObject("properties")
                .forEach((name, member) -> assertThat(
                                member.asJsonObject().containsKey("description") || name.equals("description"))
                        .as(name)
                        .isTrue());
    }

    private static FieldMapping field(String members) {
        return document(",{'name':'x','field':'x'," + members + "}")
                .findField("x")
                .orElseThrow();
    }

    private static JsonObject view(String pointer, JsonValue value) {
        return Referral.parse(with(ReferralFixtures.coSell(), pointer, value)).view();
    }

    private static List<MappingFault> faults(String fields) {
        return faults(fields, "");
    }

    private static List<MappingFault> faults(String fields, String related) {
        try {
            MappingLibrary.parse("doc", json(fields, related));
            return List.of();
        } catch (MappingException refused) {
            return refused.faults();
        }
    }

    private static MappingDocument document(String fields) {
        return MappingLibrary.parse("doc", json(fields));
    }

    private static String json(String fields) {
        return json(fields, "");
    }

    private static String json(String fields, String related) {
        return ("{'connector':'dynamics','record':'opportunity','table':{'name':'o','set':'os','key':'oid'},"
                        + "'referralKey':'new_referral','fields':[" + KEY + fields + "],'related':[" + related + "]}")
                .replace('\'', '"');
    }
}
