package org.cosellbridge.mapping;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.cosellbridge.referral.ReferralFixtures.object;
import static org.cosellbridge.referral.ReferralFixtures.text;

import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a referral is created with. */
class DraftTest {
    private static final String PRODUCTS =
            ",{'name':'products','path':'details.requirements.solutions[].id','field':'products',"
                    + "'type':'text','separator':';','direction':'both','lossy':true}";

    @Test
    void aDocumentWithoutTemplateCreatesNoReferral() {
        MappingDocument document = MappingLibrary.parse("doc", json("", "", ""));

        assertThat(document.newReferral()).isEmpty();
        assertThatThrownBy(() -> document.draft(JsonValue.EMPTY_JSON_OBJECT, Map.of()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("dynamics/opportunity");
    }

    @Test
    void theRecordsValuesStandOnTopOfTheTemplate() {
        MappingDocument document = document(
                "'name':'New deal','details':{'notes':'none','currency':'USD'}",
                ",{'name':'name','path':'name','field':'topic','type':'text','direction':'both','marks':true}"
                        + ",{'name':'value','path':'details.dealValue','field':'value','type':'money','direction':'both'}"
                        + ",{'name':'notes','path':'details.notes','field':'notes','type':'text','direction':'both'}");

        assertThat(document.newReferral()).contains(object("""
                {"name":"New deal","details":{"notes":"none","currency":"USD"}}"""));
        assertThat(draft(document, "{'topic':'\u2714 Big deal','value':10.50,'notes':''}"))
                .isEqualTo(object("""
                {"name":"Big deal","details":{"notes":"none","currency":"USD","dealValue":10.5}}"""));
        assertThat(draft(document, "{}")).isEqualTo(document.newReferral().orElseThrow());
    }

    @Test
    void onlyWhatTravelsOnCreateIsPartOfIt() {
        MappingDocument document = document(
                "'qualification':'SalesQualified'",
                field("notes", "details.notes", "'direction':'both','when':{'toPartnerCenter':['update']}")
                        + field("stage", "salesStage", "'direction':'to-crm'")
                        + field("campaign", "campaignId", "'direction':'off'")
                        + field("program", "referralProgram", "'direction':'to-partner-center'"));

        assertThat(draft(document, "{'notes':'a','stage':'b','campaign':'c','program':'d'}"))
                .isEqualTo(object("""
                {"qualification":"SalesQualified","referralProgram":"d"}"""));
    }

    @Test
    void whatIsDecidedForEachReferralIsNoPartOfIt() {
        MappingDocument document = document(
                "'qualification':'SalesQualified'",
                field("state", "state", "'direction':'both'")
                        + field("type", "type", "'direction':'to-partner-center'")
                        + field("target", "target[0].id", "'direction':'to-partner-center'")
                        + field("crm", "externalReferenceId", "'direction':'to-partner-center'")
                        + field("reason", "statusReason", "'direction':'to-partner-center'"));

        assertThat(draft(
                        document, "{'state':'Active/Accepted','type':'Shared','target':'msft','crm':'1','reason':'x'}"))
                .isEqualTo(object("{\"qualification\":\"SalesQualified\"}"));
    }

    @Test
    void listsAreBuiltByIndexAndByElement() {
        MappingDocument document = document(
                "'team':[{'title':'Sales desk','phoneNumber':'1'}]",
                field("first", "customerProfile.team[0].firstName", "'direction':'both'")
                        + field("mail", "customerProfile.team[0].email", "'direction':'both'")
                        + field("second", "customerProfile.team[1].email", "'direction':'both'")
                        + field("own", "team[0].email", "'direction':'both'")
                        + PRODUCTS);

        assertThat(draft(
                        document,
                        "{'first':'Ana','mail':'ana@a.example','second':'bo@a.example','own':'sam@b.example',"
                                + "'products':'SOL-1; SOL-2,SOL-1'}"))
                .isEqualTo(object("""
                        {"team":[{"title":"Sales desk","phoneNumber":"1","email":"sam@b.example"}],
                         "customerProfile":{"team":[{"firstName":"Ana","email":"ana@a.example"},{"email":"bo@a.example"}]},
                         "details":{"requirements":{"solutions":[{"id":"SOL-1"},{"id":"SOL-2"}]}}}"""));
    }

    @Test
    void anElementThatNobodyFillsIsLeftOut() {
        MappingDocument document = document(
                "'qualification':'SalesQualified'",
                field("second", "customerProfile.team[1].email", "'direction':'both'"));

        assertThat(draft(document, "{'second':'bo@a.example'}")).isEqualTo(object("""
                {"qualification":"SalesQualified","customerProfile":{"team":[{"email":"bo@a.example"}]}}"""));
    }

    @Test
    void everySolutionGetsWhatTheTemplateSays() {
        MappingDocument document = document(
                "'details':{'requirements':{'industries':[{'id':'Education'}],"
                        + "'solutions':[{'type':'Name','publisherName':'Contoso'}]}}",
                PRODUCTS);

        assertThat(draft(document, "{'products':'SOL-1;SOL-2'}")).isEqualTo(object("""
                {"details":{"requirements":{"industries":[{"id":"Education"}],"solutions":[
                  {"type":"Name","publisherName":"Contoso","id":"SOL-1"},
                  {"type":"Name","publisherName":"Contoso","id":"SOL-2"}]}}}"""));
        assertThat(draft(document, "{'products':' '}")).isEqualTo(object("""
                {"details":{"requirements":{"industries":[{"id":"Education"}]}}}"""));
    }

    @Test
    void aSolutionOfEveryRecordIsADefault() {
        MappingDocument document = document(
                "'details':{'requirements':{'solutions':[{'type':'Name'}]}}",
                PRODUCTS.replace("'lossy'", "'default':{'toPartnerCenter':'SOL-9'},'lossy'"));

        assertThat(draft(document, "{}")).isEqualTo(object("""
                {"details":{"requirements":{"solutions":[{"type":"Name","id":"SOL-9"}]}}}"""));
    }

    @Test
    void sharingAndAskingForHelpComeFromAFilledFieldAlone() {
        MappingDocument document = document(
                "'qualification':'SalesQualified'",
                ",{'name':'share','path':'consent.consentToShareReferralWithMicrosoftSellers','field':'share','type':'boolean',"
                        + "'direction':'to-partner-center','default':{'toPartnerCenter':true}}"
                        + ",{'name':'contact','path':'consent.consentToContact','field':'contact','type':'boolean',"
                        + "'direction':'to-partner-center','default':{'toPartnerCenter':true}}"
                        + ",{'name':'help','path':'inviteContext.assistanceRequestCode','field':'help','type':'choice',"
                        + "'direction':'to-partner-center','values':[{'partnerCenter':'GeneralOrOther','crm':null},"
                        + "{'partnerCenter':'QuotesOrLicensing','crm':1}],'default':{'toPartnerCenter':'ProofOfConceptOrDemo'}}");

        assertThat(draft(document, "{}")).isEqualTo(object("""
                {"qualification":"SalesQualified","consent":{"consentToContact":true}}"""));
        assertThat(draft(document, "{'help':7}")).doesNotContainKey("inviteContext");
        assertThat(draft(document, "{'share':true,'contact':false,'help':1}")).isEqualTo(object("""
                {"qualification":"SalesQualified",
                 "consent":{"consentToShareReferralWithMicrosoftSellers":true,"consentToContact":false},
                 "inviteContext":{"assistanceRequestCode":"QuotesOrLicensing"}}"""));
        assertThat(draft(document, "{'share':false}").getJsonObject("consent"))
                .containsEntry("consentToShareReferralWithMicrosoftSellers", JsonValue.FALSE);
    }

    @Test
    void relatedRecordsFillItWhenTheyAreThereAndTravel() {
        MappingDocument document = MappingLibrary.parse(
                "doc",
                json(
                        ",{'name':'account','related':'account','field':'account','type':'reference','direction':'to-crm'}"
                                + ",{'name':'partner','related':'partner','field':'partner','type':'reference','direction':'to-crm'}"
                                + field("topic", "name", "'direction':'both'"),
                        template("'qualification':'SalesQualified'"),
                        related("account", "both", "customerProfile.name") + ","
                                + related("partner", "to-crm", "customerProfile.size")));
        Map<String, JsonObject> rows =
                Map.of("account", wire("{'value':'Northwind'}"), "partner", wire("{'value':'51to250employees'}"));

        assertThat(document.draft(wire("{'topic':'Deal'}"), rows)).isEqualTo(object("""
                {"qualification":"SalesQualified","name":"Deal","customerProfile":{"name":"Northwind"}}"""));
        assertThat(document.draft(wire("{'topic':'Deal'}"), Map.of())).isEqualTo(object("""
                {"qualification":"SalesQualified","name":"Deal"}"""));
    }

    @Test
    void aDefaultOfARelatedRecordThatIsNotThereSaysNothing() {
        MappingDocument document = MappingLibrary.parse(
                "doc",
                json(
                        ",{'name':'account','related':'account','field':'account','type':'reference','direction':'to-crm'}",
                        template("'qualification':'SalesQualified'"),
                        related("account", "both", "customerProfile.size")
                                .replace(
                                        "'type':'text'",
                                        "'type':'text','default':{'toPartnerCenter':'1to9employees'}")));

        assertThat(document.draft(JsonValue.EMPTY_JSON_OBJECT, Map.of())).doesNotContainKey("customerProfile");
        assertThat(document.draft(JsonValue.EMPTY_JSON_OBJECT, Map.of("account", wire("{'value':null}")))
                        .getJsonObject("customerProfile"))
                .containsEntry("size", text("1to9employees"));
    }

    @Test
    void aValueThatCannotBeExpressedIsNamedButNotShown() {
        MappingDocument document = document(
                "'qualification':'SalesQualified'",
                ",{'name':'value','path':'details.dealValue','field':'value','type':'text','direction':'to-partner-center'}");

        assertThatThrownBy(() -> draft(document, "{'value':'SECRET'}"))
                .isInstanceOf(MappingException.class)
                .hasMessageContaining("Field 'value'")
                .hasMessageNotContaining("SECRET");
    }

    @Test
    void aTemplateMayHoldWhateverPartnerCenterTakes() {
        assertThat(faults("'name':'x','qualification':'SalesQualified','mpnId':'1','favorite':true,"
                        + "'customerProfile':{'size':null,'address':{'country':'US','addressLine2':''},'ids':[],'team':[{'title':'CIO',"
                        + "'contactPreference':{'locale':'en','disableNotifications':true}}]},"
                        + "'consent':{'consentToContact':true,'consentToShareReferralWithMicrosoftSellers':false},"
                        + "'details':{'dealValue':1,'closingDateTime':'2026-12-31','requirements':{'services':[{'id':'Hardware'}],"
                        + "'additionalRequirements':{'iot':{},'anything':[{'at':['all']}]}}}"))
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                // what is not ours to say
                "'id':'x'|/id|Partner Center alone sets",
                "'eTag':'x'|/eTag|Partner Center alone sets",
                "'organizationId':'x'|/organizationId|Partner Center alone sets",
                "'direction':'Outgoing'|/direction|Partner Center alone sets",
                "'links':{}|/links|Partner Center alone sets",
                "'link':'x'|/link|Partner Center alone sets",
                "'trackingInfo':{}|/trackingInfo|Partner Center alone sets",
                "'customerProfile':{'isMatchingComplete':true}|/customerProfile/isMatchingComplete|Partner Center alone sets",
                "'team':[{'emailValidationStatus':'x'}]|/team/0/emailValidationStatus|Partner Center alone sets",
                "'engagementId':'x'|/engagementId|decided for each",
                "'status':'Active'|/status|decided for each",
                "'substatus':'Accepted'|/substatus|decided for each",
                "'statusReason':'x'|/statusReason|decided for each",
                "'state':'Active/Accepted'|/state|decided for each",
                "'type':'Shared'|/type|decided for each",
                "'target':[]|/target|decided for each",
                "'inviteContext':{'assistanceRequestCode':'GeneralOrOther'}|/inviteContext|decided for each",
                "'externalReferenceId':'x'|/externalReferenceId|decided for each",
                "'registrations':[]|/registrations|decided for each",
                "'consent':{'consentToShareReferralWithMicrosoftSellers':true}|/consent/consentToShareReferralWithMicrosoftSellers|cannot be taken back",
                // what is nowhere
                "'colour':'red'|/colour|does not exist",
                "'Name':'x'|/Name|does not exist",
                "'details.notes':'x'|/details.notes|does not exist",
                "'details':{'price':1}|/details/price|does not exist",
                "'consent':{'consentToShareInfoWithOthers':true}|/consent/consentToShareInfoWithOthers|does not exist",
                "'team':[{'surname':'x'}]|/team/0/surname|does not exist",
                // what has another form
                "'name':1|/name|a text",
                "'details':{'dealValue':'1'}|/details/dealValue|a number",
                "'favorite':'yes'|/favorite|true or false",
                "'favorite':1|/favorite|true or false",
                "'details':{'closingDateTime':'soon'}|/details/closingDateTime|a date-time",
                "'details':[]|/details|an object",
                "'team':{'email':'x'}|/team|a list",
                "'team':['x']|/team/0|an object",
                // solutions
                "'details':{'requirements':{'solutions':[{'type':'Name'},{'type':'Name'}]}}|/details/requirements/solutions|One element",
                "'details':{'requirements':{'solutions':[{'id':'SOL-1'}]}}|/details/requirements/solutions/0/id|a default"
            })
    void refuses(String template, String place, String reason) {
        assertThat(faults(template)).singleElement().satisfies(fault -> {
            assertThat(fault.place()).isEqualTo("/newReferral" + place);
            assertThat(fault.reason()).contains(reason);
        });
    }

    @Test
    void refusesReferralsThatNoSellerCouldAskFor() {
        String json = json("", template("'name':'x'").replace("'sync'", "'status'"), "");

        assertThatThrownBy(() -> MappingLibrary.parse("doc", json))
                .isInstanceOfSatisfying(
                        MappingException.class,
                        refused -> assertThat(refused.faults())
                                .singleElement()
                                .satisfies(fault -> assertThat(fault.place()).isEqualTo("/newReferral")));
    }

    private static List<MappingFault> faults(String template) {
        try {
            MappingLibrary.parse("doc", json("", template(template), ""));
            return List.of();
        } catch (MappingException refused) {
            return refused.faults();
        }
    }

    private static MappingDocument document(String template, String fields) {
        return MappingLibrary.parse("doc", json(fields, template(template), ""));
    }

    private static JsonObject draft(MappingDocument document, String record) {
        return document.draft(wire(record), Map.of());
    }

    private static JsonObject wire(String json) {
        return object(json.replace('\'', '"'));
    }

    private static String field(String name, String path, String more) {
        return ",{'name':'" + name + "','path':'" + path + "','field':'" + name + "','type':'text'," + more + "}";
    }

    private static String related(String name, String direction, String path) {
        return "{'name':'" + name + "','table':{'name':'t','set':'ts','key':'tid'},'direction':'" + direction
                + "','match':[['value']],'fields':[{'name':'value','path':'" + path
                + "','field':'value','type':'text'}]}";
    }

    private static String template(String members) {
        return ",'section':{'sync':'new_sync'},'newReferral':{" + members + "}";
    }

    private static String json(String fields, String members, String related) {
        return ("{'connector':'dynamics','record':'opportunity','table':{'name':'o','set':'os','key':'oid'},"
                        + "'referralKey':'new_referral','fields':["
                        + "{'name':'id','path':'id','field':'new_referral','type':'text','direction':'to-crm'}" + fields
                        + "],'related':[" + related + "]" + members + "}")
                .replace('\'', '"');
    }
}
