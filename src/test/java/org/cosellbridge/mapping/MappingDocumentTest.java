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
                "'type':'reference','direction':'off'|/fields/1|exactly one of",
                "'type':'reference','target':{'name':'l','set':'ls','key':'id'},'direction':'to-crm'|/fields/1/direction|its direction is off",
                "'type':'text','target':{'name':'l','set':'ls','key':'id'},'path':'name','direction':'to-crm'|/fields/1/target|lookup",
                "'related':'nobody','type':'reference','direction':'to-crm'|/fields/1/related|no related record",
                // types
                "'path':'details.currency','type':'lookup','direction':'to-crm','match':'x'|/fields/1|needs 'target'",
                "'path':'state','type':'state','direction':'to-crm'|/fields/1|needs 'states'",
                "'path':'state','type':'state','direction':'to-crm','states':{'1':{'step':'set'}}|/fields/1/states/1|needs 'fields'",
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
                // the same place twice
                "'path':'details.notes','type':'text','direction':'to-partner-center'},{'name':'y','field':'y','path':'details.notes','type':'text','direction':'both'|/fields/2/path|written by the field 'x'",
                "'path':'details.requirements.solutions[].id','type':'text','separator':';','direction':'both'},{'name':'y','field':'y','path':'details.requirements.solutions[].name','type':'text','separator':';','direction':'both'|/fields/2/path|written by the field 'x'",
                "'path':'team[0].email','type':'text','direction':'both'},{'name':'y','field':'y','path':'team','type':'text','direction':'to-partner-center','transform':{'toPartnerCenter':'[]'}|/fields/2/path|written by the field 'x'",
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
    void comparesTheTwoWaysInWhichTheSystemsWriteAValue() {
        FieldMapping day = field("'path':'details.closingDateTime','type':'date','direction':'both'");
        FieldMapping money = field("'path':'details.dealValue','type':'money','direction':'both'");
        FieldMapping notes = field("'path':'details.notes','type':'text','direction':'both'");
        FieldMapping name = field("'path':'name','type':'text','direction':'both','marks':true");

        assertThat(day.sameInCrm(
                        day.toCrm(view("/details/closingDateTime", text("2026-12-31T00:00:00Z"))), text("2026-12-31")))
                .isTrue();
        assertThat(day.sameInCrm(text("2026-12-31"), text("2027-01-01"))).isFalse();
        assertThat(money.sameInCrm(Json.createValue(10), Json.createValue(new java.math.BigDecimal("10.00"))))
                .isTrue();
        assertThat(money.sameInCrm(Json.createValue(10), Json.createValue(100))).isFalse();
        assertThat(notes.sameInPartnerCenter(text("R&amp;D &#233;"), text("R&D \u00e9")))
                .isTrue();
        assertThat(notes.sameInPartnerCenter(text("one\r\ntwo\rthree"), text("one\ntwo\nthree")))
                .isTrue();
        assertThat(notes.sameInPartnerCenter(text("one two"), text("one\ntwo"))).isFalse();
        assertThat(notes.sameInCrm(text("Cafe\u0301"), text("Caf\u00e9"))).isTrue();
        assertThat(notes.sameInCrm(text("\u2714 Deal"), text("Deal"))).isFalse();
        for (String mark : List.of("\u2713", "\u2714", "\u2717", "\u2718", "\u274c", "\u2714\ufe0f")) {
            assertThat(name.sameInCrm(text(mark + " Deal"), text("Deal")))
                    .as(mark)
                    .isTrue();
            assertThat(name.sameInCrm(text(" " + mark + mark + "Deal"), text("Deal")))
                    .as(mark)
                    .isTrue();
            assertThat(name.sameInCrm(text("Deal " + mark), text("Deal")))
                    .as(mark)
                    .isFalse();
            assertThat(name.toPartnerCenter(object("{\"x\":\"" + mark + " Deal\"}")))
                    .isEqualTo(text("Deal"));
        }
    }

    @Test
    void aMarkStandsBeforeANameOnceAndCostsNothingOfIt() {
        FieldMapping name =
                field("'path':'name','type':'text','direction':'both','marks':true,'maxLength':6,'lossy':true");

        assertThat(name.marked("\u2714", text("Deal"))).contains(text("\u2714 Deal"));
        assertThat(name.marked("\u2716", text("\u2714 Deal"))).contains(text("\u2716 Deal"));
        assertThat(name.marked("\u2714", text("A deal"))).isEmpty();
        assertThat(name.marked("\u2714", text("\u2716 "))).isEmpty();
        assertThat(name.marked("\u2714", JsonValue.NULL)).isEmpty();
    }

    @Test
    void aLabelIsWhatPeopleCallTheField() {
        assertThat(field("'path':'name','type':'text','direction':'both','label':'Topic'")
                        .label())
                .isEqualTo("Topic");
        assertThat(field("'path':'name','type':'text','direction':'both'").label())
                .isEqualTo("x");
    }

    @Test
    void expressesAnotherValueAsIfItStoodAtPartnerCenter() {
        FieldMapping value = field("'path':'details.dealValue','type':'money','direction':'both'");
        FieldMapping city = field(
                "'path':'customerProfile.address.city','type':'text','direction':'to-crm',"
                        + "'transform':{'toCrm':'customerProfile.address.city & \\\", \\\" & customerProfile.address.country & $value'}");
        FieldMapping products =
                field("'path':'details.requirements.solutions[].id','type':'text','direction':'to-crm','separator':';',"
                        + "'transform':{'toCrm':'$join(details.requirements.solutions.id, \\\"+\\\")'}");
        FieldMapping constant = field("'constant':5,'type':'number','direction':'to-crm'");
        JsonObject view = view("/details/dealValue", Json.createValue(1));

        assertThat(value.toCrm(view, text("12.345"))).isEqualTo(Json.createValue(new java.math.BigDecimal("12.35")));
        assertThat(value.toCrm(view, JsonValue.NULL)).isEqualTo(JsonValue.NULL);
        assertThatThrownBy(() -> value.toCrm(view, text("much"))).isInstanceOf(MappingException.class);
        assertThat(city.toCrm(view, text("Oslo"))).isEqualTo(text("Oslo, usOslo"));
        assertThat(products.toCrm(view, object("{\"a\":[\"A\",\"B\"]}").getJsonArray("a")))
                .isEqualTo(text("A+B"));
        assertThat(products.toCrm(view, text("A; B"))).isEqualTo(text("A+B"));
        assertThat(constant.toCrm(view, text("x"))).isEqualTo(Json.createValue(5));
        assertThat(value.toCrm(view)).isEqualTo(Json.createValue(1));
    }

    @Test
    void saysWhetherAValueStemsFromTheFieldOrFromTheDocument() {
        FieldMapping plain = field(
                "'path':'details.notes','type':'text','direction':'both','default':{'toCrm':'-','toPartnerCenter':'none'}");
        FieldMapping table = field(
                "'path':'salesStage','type':'choice','direction':'both','lossy':true,"
                        + "'values':[{'partnerCenter':'10','crm':1},{'partnerCenter':'20','crm':null}],'default':{'toPartnerCenter':'30'}");
        FieldMapping madeUp = field("'path':'details.notes','type':'text','direction':'both',"
                + "'transform':{'toCrm':'$value','toPartnerCenter':'$exists($value) ? $value : \\\"made up\\\"'}");
        FieldMapping none = field("'path':'details.notes','type':'text','direction':'both'");
        FieldMapping leftAlone = field("'path':'salesStage','type':'choice','direction':'both',"
                + "'values':[{'partnerCenter':'10','crm':1}],'default':{'toPartnerCenter':null}");

        assertThat(defaulted(plain, "\"a\"")).isFalse();
        assertThat(defaulted(plain, "\" \"")).isTrue();
        assertThat(defaulted(plain, "null")).isTrue();
        assertThat(plain.isDefaulted(Direction.TO_CRM, view("/details/notes", text(""))))
                .isTrue();
        assertThat(plain.isDefaulted(Direction.TO_CRM, view("/details/notes", text("a"))))
                .isFalse();
        assertThat(defaulted(table, "1")).isFalse();
        assertThat(defaulted(table, "2")).isTrue();
        assertThat(defaulted(table, "null")).isTrue();
        assertThat(defaulted(madeUp, "null")).isTrue();
        assertThat(defaulted(madeUp, "\"a\"")).isFalse();
        assertThat(defaulted(none, "null")).isFalse();
        assertThat(defaulted(leftAlone, "2")).isTrue();
        assertThat(defaulted(leftAlone, "1")).isFalse();
    }

    private static boolean defaulted(FieldMapping field, String value) {
        return field.isDefaulted(Direction.TO_PARTNER_CENTER, object("{\"x\":" + value + "}"));
    }

    @Test
    void aReferenceToNoRelatedRecordIsReadAndOff() {
        FieldMapping lead =
                field("'type':'reference','target':{'name':'lead','set':'leads','key':'leadid'},'direction':'off'");
        String id = "0d1b5a6e-3f57-4f0b-9b53-0f6b6a4f1c11";

        assertThat(lead.crm().type()).isEqualTo(CrmType.REFERENCE);
        assertThat(lead.crm().target()).isEqualTo(new CrmTable("lead", "leads", "leadid"));
        assertThat(lead.related()).isEmpty();
        assertThat(lead.fromRecord(object("{\"x\":\"" + id + "\"}"))).isEqualTo(text(id));
        assertThat(lead.fromReferral(view("/name", text("a")))).isEqualTo(JsonValue.NULL);
        assertThat(lead.toCrm(view("/name", text("a")))).isEqualTo(JsonValue.NULL);
        for (Direction direction : Direction.values()) {
            for (Occasion occasion : Occasion.values()) {
                assertThat(lead.travels(direction, occasion)).isFalse();
            }
        }
    }

    @Test
    void aRelatedRecordTravelsTheWaysItSays() {
        MappingDocument document = MappingLibrary.parse(
                "doc",
                json(
                        ",{'name':'a','related':'crm','field':'a','type':'reference','direction':'to-crm'}"
                                + ",{'name':'b','related':'two','field':'b','type':'reference','direction':'to-crm'}"
                                + ",{'name':'c','related':'two','field':'c','type':'reference','direction':'off'}"
                                + ",{'name':'d','related':'read','field':'d','type':'reference','direction':'off'}",
                        related("crm", "", "'match':[['name']],", "") + ","
                                + related("two", "'direction':'both',", "'match':[['name']],", "") + ","
                                + related(
                                        "read",
                                        "'direction':'to-partner-center',",
                                        "",
                                        "'path':'customerProfile.size',")));

        RelatedMapping crm = document.related().get(0);
        RelatedMapping two = document.related().get(1);
        RelatedMapping read = document.related().get(2);
        assertThat(List.of(crm.isReadOnly(), two.isReadOnly(), read.isReadOnly()))
                .containsExactly(false, false, true);
        assertThat(crm.travels(Direction.TO_PARTNER_CENTER)).isFalse();
        assertThat(two.travels(Direction.TO_PARTNER_CENTER)).isTrue();
        assertThat(two.travels(Direction.TO_CRM)).isTrue();
        assertThat(read.travels(Direction.TO_CRM)).isFalse();
        assertThat(two.references()).containsExactly("b", "c");
        assertThat(travels(crm)).containsExactly(true, false, false);
        assertThat(travels(two)).containsExactly(true, true, false);
        assertThat(travels(read)).containsExactly(false, true, false);
        assertThat(read.matchKey(view("/name", text("a")))).isEmpty();
    }

    /** On create to the CRM and to Partner Center, on update to Partner Center. */
    private static List<Boolean> travels(RelatedMapping related) {
        FieldMapping field = related.fields().get(0);
        return List.of(
                field.travels(Direction.TO_CRM, Occasion.CREATE),
                field.travels(Direction.TO_PARTNER_CENTER, Occasion.CREATE),
                field.travels(Direction.TO_PARTNER_CENTER, Occasion.UPDATE));
    }

    private static String related(String name, String direction, String match, String path) {
        return "{'name':'" + name + "','table':{'name':'t','set':'ts','key':'tid'}," + direction + match
                + "'fields':[{'name':'name'," + (path.isEmpty() ? "'path':'customerProfile.name'," : path)
                + "'field':'name','type':'text'}]}";
    }

    @Test
    void refusesRelatedRecordsWhoseDirectionDoesNotFit() {
        String read =
                "{'name':'read','table':{'name':'t','set':'ts','key':'tid'},'direction':'to-partner-center','required':true,"
                        + "'match':[['a']],'fields':["
                        + "{'name':'a','path':'team[0].email','field':'a','type':'text','direction':'both'},"
                        + "{'name':'b','constant':'x','field':'b','type':'text'},"
                        + "{'name':'c','path':'team[0].title','field':'c','type':'text','when':{'toPartnerCenter':['update']}},"
                        + "{'name':'d','path':'state','field':'d','type':'text'}]}";
        String found = "{'name':'found','table':{'name':'t','set':'ts','key':'tid'},"
                + "'fields':[{'name':'a','path':'name','field':'a','type':'text','direction':'both'}]}";
        String twice = "{'name':'twice','table':{'name':'t','set':'ts','key':'tid'},'direction':'both','match':[['a']],"
                + "'fields':[{'name':'a','path':'details.notes','field':'a','type':'text'}]}";

        assertThat(faults(
                        ",{'name':'r','related':'read','field':'r','type':'reference','direction':'to-crm'}"
                                + ",{'name':'f','related':'found','field':'f','type':'reference','direction':'to-crm'}"
                                + ",{'name':'t','related':'twice','field':'t','type':'reference','direction':'to-crm'}"
                                + ",{'name':'n','path':'details.notes','field':'n','type':'text','direction':'both'}",
                        read + "," + found + "," + twice))
                .extracting(MappingFault::place)
                .containsExactlyInAnyOrder(
                        "/fields/1/direction",
                        "/related/0/match",
                        "/related/0/required",
                        "/related/0/fields/0/direction",
                        "/related/0/fields/1/direction",
                        "/related/0/fields/2/when/toPartnerCenter",
                        "/related/0/fields/3/path",
                        "/related/1",
                        "/related/1/fields/0/direction",
                        "/related/2/fields/0/path");
    }

    @Test
    void aRelatedRecordMayBeCutSinceNothingOfItComesBack() {
        assertThat(
                        faults(
                                ",{'name':'a','related':'account','field':'a','type':'reference','direction':'to-crm'}",
                                "{'name':'account','table':{'name':'t','set':'ts','key':'tid'},'direction':'both','match':[['a']],'fields':["
                                        + "{'name':'a','path':'customerProfile.name','field':'a','type':'text','maxLength':10}]}"))
                .isEmpty();
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
