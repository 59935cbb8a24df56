package org.cosellbridge.mapping;

import static org.assertj.core.api.Assertions.assertThat;
import static org.cosellbridge.referral.ReferralFixtures.object;
import static org.cosellbridge.referral.ReferralFixtures.text;
import static org.cosellbridge.referral.ReferralFixtures.with;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonValue;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.cosellbridge.referral.Direction;
import org.cosellbridge.referral.Referral;
import org.cosellbridge.referral.ReferralFixtures;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BuiltInDocumentsTest {
    private static final List<MappingDocument> ALL = MappingLibrary.builtIn("dynamics", List.of("opportunity", "lead"));
    private static final MappingDocument OPPORTUNITY = ALL.get(0);
    private static final MappingDocument LEAD = ALL.get(1);
    private static final Map<String, JsonObject> RELATED =
            Map.of("account", object("""
                    {"name":"Northwind Traders","address1_line1":"1 Main St","address1_line2":null,"address1_city":"Seattle",
                     "address1_stateorprovince":"WA","address1_postalcode":"98101","address1_country":"us"}"""), "contact", object("""
                    {"firstname":"Ana","lastname":"Diaz","emailaddress1":"ana@northwind.example","telephone1":"2065550100",
                     "jobtitle":null,"parentcustomerid":"0d1b5a6e-3f57-4f0b-9b53-0f6b6a4f1c11"}"""), "owner", object("""
                    {"firstname":"Sam","lastname":"Seller","internalemailaddress":"sam@ourco.example",
                     "address1_telephone1":"2065550111"}"""));

    @Test
    void bothAreThere() {
        assertThat(OPPORTUNITY.label()).matches("dynamics/opportunity@[0-9a-f]{12}");
        assertThat(OPPORTUNITY.table()).isEqualTo(new CrmTable("opportunity", "opportunities", "opportunityid"));
        assertThat(OPPORTUNITY.referralKey()).isEqualTo("cosell_referralidentifier");
        assertThat(LEAD.table()).isEqualTo(new CrmTable("lead", "leads", "leadid"));
        assertThat(LEAD.related()).isEmpty();
    }

    @Test
    void anOpportunityIsCreatedWithEveryRowThatHasADynamicsSide() {
        assertThat(created(OPPORTUNITY, ReferralFixtures.coSell())).isEqualTo(object("""
                {"cosell_referralidentifier":"0d1b5a6e-3f57-4f0b-9b53-0f6b6a4f1c11",
                 "cosell_referrallink":"https://partner.microsoft.com/referrals/v2/inbox?id=0d1b5a6e-3f57-4f0b-9b53-0f6b6a4f1c11",
                 "cosell_syncwithpartnercenter":true,
                 "name":"Northwind Traders @ Our App",
                 "estimatedvalue":50000,
                 "isrevenuesystemcalculated":false,
                 "transactioncurrencyid":"USD",
                 "estimatedclosedate":"2026-12-31",
                 "description":"Customer evaluates our app.\\nR&D pays.",
                 "statuscode":"1",
                 "cosell_howcanmicrosofthelp":100000003,
                 "cosell_products":"SOL-11111-AAA;SOL-22222-BBB",
                 "cosell_visibletomicrosoft":false,
                 "cosell_microsoftcrmidentifier":"7-ABCDEFGH",
                 "cosell_referralprogram":"Co-sell"}"""));
    }

    @Test
    void aLeadIsCreatedWithEveryRowThatHasADynamicsSide() {
        assertThat(created(LEAD, ReferralFixtures.lead())).isEqualTo(object("""
                {"cosell_referralidentifier":"0d1b5a6e-3f57-4f0b-9b53-0f6b6a4f1c11",
                 "cosell_referrallink":"https://partner.microsoft.com/referrals/v2/inbox?id=0d1b5a6e-3f57-4f0b-9b53-0f6b6a4f1c11",
                 "cosell_syncwithpartnercenter":true,
                 "subject":"Northwind Traders @ Our App",
                 "companyname":"Northwind Traders",
                 "firstname":"Ana","lastname":"Diaz","emailaddress1":"Ana@northwind.example",
                 "telephone1":"2065550100","jobtitle":"CIO",
                 "address1_line1":"1 Main St","address1_city":"Seattle","address1_stateorprovince":"WA",
                 "address1_postalcode":"98101","address1_country":"US",
                 "estimatedamount":50000,"transactioncurrencyid":"USD","estimatedclosedate":"2026-12-31",
                 "description":"Customer evaluates our app.\\nR&D pays.",
                 "leadsourcecode":4,"statuscode":"1",
                 "cosell_howcanmicrosofthelp":100000003,
                 "cosell_products":"SOL-11111-AAA;SOL-22222-BBB",
                 "cosell_visibletomicrosoft":false,
                 "cosell_microsoftcrmidentifier":"7-ABCDEFGH",
                 "cosell_referralprogram":"Co-sell"}"""));
    }

    @Test
    void aLeadWithoutContactIsNamedAfterItsCompany() {
        JsonObject lead = with(ReferralFixtures.lead(), "/customerProfile/team", JsonValue.EMPTY_JSON_ARRAY);

        assertThat(created(LEAD, lead))
                .containsEntry("lastname", text("Northwind Traders"))
                .doesNotContainKeys("firstname", "emailaddress1", "telephone1");
    }

    @Test
    void updatesMoveWhatMicrosoftsOwnFlowsUpdate() {
        assertThat(travelling(OPPORTUNITY, Direction.TO_CRM, Occasion.UPDATE))
                .containsExactly(
                        "dealValue",
                        "currency",
                        "closingDate",
                        "notes",
                        "state",
                        "visibleToMicrosoft",
                        "microsoftCrmId",
                        "referralProgram");
        assertThat(travelling(OPPORTUNITY, Direction.TO_PARTNER_CENTER, Occasion.UPDATE))
                .containsExactly(
                        "dealValue", "currency", "closingDate", "notes", "state", "products", "visibleToMicrosoft");
        assertThat(travelling(OPPORTUNITY, Direction.TO_PARTNER_CENTER, Occasion.CREATE))
                .contains("name", "microsoftHelp");
    }

    @Test
    void theDealValueIsLockedWhileProductsDetermineIt() {
        FieldMapping value = field(OPPORTUNITY, "dealValue");

        assertThat(value.lockedBy()).contains("isrevenuesystemcalculated");
        assertThat(value.crm().type()).isEqualTo(CrmType.MONEY);
        assertThat(field(OPPORTUNITY, "visibleToMicrosoft").oneWay()).isTrue();
    }

    @Test
    void currenciesAreBoundByTheirIsoCode() {
        CrmField currency = field(OPPORTUNITY, "currency").crm();

        assertThat(currency.type()).isEqualTo(CrmType.LOOKUP);
        assertThat(currency.target())
                .isEqualTo(new CrmTable("transactioncurrency", "transactioncurrencies", "transactioncurrencyid"));
        assertThat(currency.match()).isEqualTo("isocurrencycode");
    }

    @ParameterizedTest
    @CsvSource({
        "New,    Pending,  2, New/Pending",
        "New,    Received, 2, New/Pending",
        "Active, Accepted, 1, Active/Accepted",
        "Closed, Won,      3, Closed/Won",
        "Closed, Lost,     4, Closed/Lost",
        "Closed, Declined, 4, Closed/Lost",
        "Closed, Expired,  4, Closed/Lost",
        "Closed, Error,    4, Closed/Lost"
    })
    void statesOfAnOpportunity(String status, String substatus, String crm, String back) {
        FieldMapping state = field(OPPORTUNITY, "state");
        JsonObject view = view(state(ReferralFixtures.coSell(), status, substatus));

        assertThat(state.toCrm(view)).isEqualTo(text(crm));
        assertThat(state.toPartnerCenter(object("{\"statuscode\":\"" + crm + "\"}")))
                .isEqualTo(text(back));
        assertThat(state.sameInPartnerCenter(text(back), state.fromReferral(view)))
                .isTrue();
    }

    @Test
    void closingStatesHaveTheirSteps() {
        Map<String, CrmField.StateStep> states =
                field(OPPORTUNITY, "state").crm().states();

        assertThat(states.get("3"))
                .isEqualTo(new CrmField.StateStep(
                        CrmField.Step.WIN,
                        Map.of("statecode", 1, "statuscode", 3),
                        Map.of("actualrevenue", "estimatedvalue", "actualend", "actualclosedate")));
        assertThat(states.get("5"))
                .isEqualTo(new CrmField.StateStep(
                        CrmField.Step.LOSE,
                        Map.of("statecode", 2, "statuscode", 5),
                        Map.of("actualend", "actualclosedate")));
        assertThat(field(OPPORTUNITY, "state").sameInCrm(text("4"), text("5"))).isTrue();
        assertThat(field(OPPORTUNITY, "state").sameInCrm(text("4"), text("3"))).isFalse();
    }

    @ParameterizedTest
    @CsvSource({"1, Active/Accepted", "2, New/Pending", "3, Closed/Won", "4, Closed/Lost", "5, Closed/Lost"})
    void whatASellerDoesToAnOpportunity(String crm, String state) {
        assertThat(field(OPPORTUNITY, "state").toPartnerCenter(object("{\"statuscode\":\"" + crm + "\"}")))
                .isEqualTo(text(state));
    }

    @ParameterizedTest
    @CsvSource({
        "1, New/Pending",
        "2, New/Pending",
        "3, Active/Accepted",
        "4, Closed/Declined",
        "5, Closed/Declined",
        "6, Closed/Declined",
        "7, Closed/Declined"
    })
    void whatASellerDoesToALead(String crm, String state) {
        assertThat(field(LEAD, "state").toPartnerCenter(object("{\"statuscode\":\"" + crm + "\"}")))
                .isEqualTo(text(state));
    }

    @ParameterizedTest
    @CsvSource({
        "New,    Pending,  1",
        "New,    Received, 1",
        "Active, Accepted, 3",
        "Closed, Declined, 7",
        "Closed, Expired,  7"
    })
    void statesOfALead(String status, String substatus, String crm) {
        assertThat(field(LEAD, "state").toCrm(view(state(ReferralFixtures.lead(), status, substatus))))
                .isEqualTo(text(crm));
    }

    @ParameterizedTest
    @CsvSource({
        "WorkloadSpecificValueProposition, 100000001",
        "CustomerTechnicalArchitecture,    100000002",
        "ProofOfConceptOrDemo,             100000003",
        "QuotesOrLicensing,                100000004",
        "PostSalesCustomerSuccess,         100000005",
        "GeneralOrOther,                   100000006",
        "SomethingNewInThisList,           100000006",
    })
    void helpCodes(String code, int choice) {
        JsonObject view = view(with(ReferralFixtures.coSell(), "/inviteContext/assistanceRequestCode", text(code)));

        assertThat(field(OPPORTUNITY, "microsoftHelp").toCrm(view)).isEqualTo(Json.createValue(choice));
    }

    @Test
    void noHelpIsAnEmptyChoice() {
        FieldMapping help = field(OPPORTUNITY, "microsoftHelp");
        JsonObject view =
                view(with(ReferralFixtures.coSell(), "/inviteContext/assistanceRequestCode", text("Unknown")));

        assertThat(help.toCrm(view)).isEqualTo(JsonValue.NULL);
        assertThat(help.toPartnerCenter(JsonValue.EMPTY_JSON_OBJECT)).isEqualTo(text("Unknown"));
        assertThat(help.sameInPartnerCenter(text("Unknown"), JsonValue.NULL)).isTrue();
    }

    @Test
    void theAccountIsFoundByNameAndPostalCodeAndCreatedWithItsAddress() {
        RelatedMapping account = OPPORTUNITY.related().get(0);
        JsonObject view = view(ReferralFixtures.coSell());

        assertThat(account.name()).isEqualTo("account");
        assertThat(account.required()).isTrue();
        assertThat(account.references()).containsExactly("parentAccount", "customer");
        assertThat(account.parents()).isEmpty();
        assertThat(account.match(view)).containsExactly("name", "postalCode");
        assertThat(account.matchKey(view)).contains("account|name=northwind traders|postalCode=98101");
        assertThat(values(account.fields(), view)).isEqualTo(object("""
                {"name":"Northwind Traders","address1_line1":"1 Main St","address1_city":"Seattle",
                 "address1_stateorprovince":"WA","address1_postalcode":"98101","address1_country":"US"}"""));
        assertThat(field(OPPORTUNITY, "customer").crm().reference()).isEqualTo("customerid_account");
        assertThat(field(OPPORTUNITY, "customer").crm().target()).isEqualTo(account.table());
    }

    @Test
    void blanksAndCaseDoNotMakeAnotherAccount() {
        RelatedMapping account = OPPORTUNITY.related().get(0);
        JsonObject other = with(ReferralFixtures.coSell(), "/customerProfile/name", text(" NORTHWIND \u00a0 Traders "));

        assertThat(account.matchKey(view(other))).isEqualTo(account.matchKey(view(ReferralFixtures.coSell())));
    }

    @Test
    void theContactIsFoundByEmailElseByNameAndBelongsToTheAccount() {
        RelatedMapping contact = OPPORTUNITY.related().get(1);
        JsonObject view = view(ReferralFixtures.coSell());
        JsonObject noEmail = view(with(ReferralFixtures.coSell(), "/customerProfile/team/0/email", text(" ")));
        JsonObject nobody = view(with(ReferralFixtures.coSell(), "/customerProfile/team", JsonValue.EMPTY_JSON_ARRAY));

        assertThat(contact.references()).containsExactly("contact");
        assertThat(contact.parents()).containsExactly(Map.entry("account", "account"));
        assertThat(contact.findField("account").orElseThrow().crm().reference()).isEqualTo("parentcustomerid_account");
        assertThat(contact.match(view)).containsExactly("email");
        assertThat(contact.match(noEmail)).containsExactly("lastName", "firstName");
        assertThat(contact.matchKey(noEmail)).contains("contact|lastName=diaz|firstName=ana");
        assertThat(contact.match(nobody)).isEmpty();
        assertThat(contact.matchKey(nobody)).isEmpty();
        assertThat(contact.fields())
                .filteredOn(field -> field.related().isEmpty())
                .allMatch(FieldMapping::personal);
    }

    @Test
    void personalValuesNameTheirSubject() {
        FieldMapping phone = field(LEAD, "phone");
        JsonObject noEmail = with(ReferralFixtures.lead(), "/customerProfile/team/0/email", JsonValue.NULL);
        JsonObject nobody = with(ReferralFixtures.lead(), "/customerProfile/team", JsonValue.EMPTY_JSON_ARRAY);

        assertThat(phone.subject(view(ReferralFixtures.lead()))).contains("ana@northwind.example");
        assertThat(phone.subject(view(noEmail))).contains("ana|diaz|northwind traders");
        assertThat(phone.subject(view(nobody))).contains("referral|" + ReferralFixtures.ID);
        assertThat(field(LEAD, "company").subject(view(nobody))).isEmpty();
    }

    @Test
    void bothHaveTheSectionThatIsInstalledInDynamics() {
        for (MappingDocument document : ALL) {
            assertThat(document.section())
                    .isEqualTo(new Section(
                            "cosell_syncwithpartnercenter", "cosell_syncstatus", 255, "cosell_audit", 10_000, false));
            assertThat(document.nameField()).map(FieldMapping::name).contains("name");
        }
    }

    @Test
    void sellersReadTheLabelsOfTheirForms() {
        assertThat(ALL.stream().flatMap(BuiltInDocumentsTest::allFields))
                .allSatisfy(field -> assertThat(field.label())
                        .as(field.name())
                        .isNotEqualTo(field.crm().name()));
        assertThat(Stream.of("name", "dealValue", "closingDate", "products", "microsoftHelp", "sync")
                        .map(name -> field(OPPORTUNITY, name).label()))
                .containsExactly(
                        "Topic",
                        "Est. Revenue",
                        "Est. Close Date",
                        "Products",
                        "How can Microsoft help?",
                        "Sync with Partner Center");
        assertThat(relatedField("account", "name").label()).isEqualTo("Account Name");
        assertThat(relatedField("account", "country").label()).isEqualTo("Address 1: Country/Region");
        assertThat(relatedField("contact", "lastName").label()).isEqualTo("Last Name");
        assertThat(relatedField("owner", "email").label()).isEqualTo("Primary Email");
        assertThat(field(LEAD, "country").label()).isEqualTo("Country/Region");
    }

    @Test
    void referralsAreCreatedFromOpportunitiesAndNotFromLeads() {
        assertThat(LEAD.newReferral()).isEmpty();
        assertThat(OPPORTUNITY.newReferral()).contains(object("""
                {"qualification":"SalesQualified",
                 "consent":{"consentToToShareInfoWithOthers":true,"consentToContact":true},
                 "details":{"requirements":{"solutions":[{"type":"Name"}],"additionalRequirements":{"attributes":[
                   {"type":"CustomerMarketplaceIntent","id":"HaveNotDecided"}]}}}}"""));
    }

    @Test
    void anOpportunityAndItsRelatedRecordsMakeAReferral() {
        assertThat(OPPORTUNITY.draft(opportunity(), RELATED)).isEqualTo(object("""
                {"qualification":"SalesQualified",
                 "name":"Northwind ERP rollout",
                 "customerProfile":{"name":"Northwind Traders",
                   "address":{"addressLine1":"1 Main St","city":"Seattle","state":"WA","postalCode":"98101","country":"US"},
                   "team":[{"firstName":"Ana","lastName":"Diaz","email":"ana@northwind.example","phoneNumber":"2065550100"}]},
                 "consent":{"consentToToShareInfoWithOthers":true,"consentToContact":true,
                   "consentToShareReferralWithMicrosoftSellers":true},
                 "details":{"notes":"Customer evaluates\\nour app.","dealValue":50000,"currency":"USD",
                   "closingDateTime":"2026-11-14T00:00:00Z",
                   "requirements":{"solutions":[{"type":"Name","id":"SOL-11111-AAA"},{"type":"Name","id":"SOL-22222-BBB"}],
                     "additionalRequirements":{"attributes":[{"type":"CustomerMarketplaceIntent","id":"HaveNotDecided"}]}}},
                 "team":[{"firstName":"Sam","lastName":"Seller","email":"sam@ourco.example","phoneNumber":"2065550111"}],
                 "inviteContext":{"assistanceRequestCode":"ProofOfConceptOrDemo"}}"""));
    }

    @Test
    void anOpportunityThatSaysNothingMakesWhatTheTemplateSaysButNoSolution() {
        assertThat(OPPORTUNITY.draft(JsonValue.EMPTY_JSON_OBJECT, Map.of())).isEqualTo(object("""
                {"qualification":"SalesQualified",
                 "consent":{"consentToToShareInfoWithOthers":true,"consentToContact":true},
                 "details":{"requirements":{"additionalRequirements":{"attributes":[
                   {"type":"CustomerMarketplaceIntent","id":"HaveNotDecided"}]}}}}"""));
    }

    @Test
    void aReferralMadeOfARecordComesBackAsThatRecord() {
        JsonObject made = with(
                with(
                        with(OPPORTUNITY.draft(opportunity(), RELATED), "/id", text(ReferralFixtures.ID)),
                        "/status",
                        text("Active")),
                "/substatus",
                text("Accepted"));

        for (FieldMapping field : OPPORTUNITY.fields()) {
            if (field.travels(Direction.TO_PARTNER_CENTER, Occasion.CREATE)) {
                assertThat(field.sameInCrm(field.toCrm(view(made)), field.fromRecord(opportunity())))
                        .as(field.name())
                        .isTrue();
            }
        }
        for (RelatedMapping related : OPPORTUNITY.related()) {
            JsonObject row = Optional.ofNullable(RELATED.get(related.name())).orElseThrow();
            related.fields().stream()
                    .filter(field -> field.travels(Direction.TO_CRM, Occasion.CREATE))
                    .filter(field -> field.travels(Direction.TO_PARTNER_CENTER, Occasion.CREATE))
                    .filter(field -> !field.name().equals("country"))
                    .forEach(field -> assertThat(field.sameInCrm(field.toCrm(view(made)), field.fromRecord(row)))
                            .as("%s of %s", field.name(), related.name())
                            .isTrue());
        }
    }

    @Test
    void aCountryIsInCapitalsOnBothSides() {
        FieldMapping country = relatedField("account", "country");

        assertThat(country.toCrm(view(ReferralFixtures.coSell()))).isEqualTo(text("US"));
        assertThat(country.toPartnerCenter(object("{\"address1_country\":\" de \"}")))
                .isEqualTo(text("DE"));
        assertThat(country.toPartnerCenter(JsonValue.EMPTY_JSON_OBJECT)).isEqualTo(JsonValue.NULL);
    }

    @Test
    void aStateComesFromEitherMemberAndGoesToOne() {
        FieldMapping state = relatedField("account", "state");
        JsonObject both = with(ReferralFixtures.coSell(), "/customerProfile/address/state", text("Washington"));

        assertThat(state.path()).contains("customerProfile.address.state");
        assertThat(state.toCrm(view(ReferralFixtures.coSell()))).isEqualTo(text("WA"));
        assertThat(state.toCrm(view(both))).isEqualTo(text("Washington"));
        assertThat(state.toPartnerCenter(object("{\"address1_stateorprovince\":\"WA\"}")))
                .isEqualTo(text("WA"));
    }

    @Test
    void theOwnerIsOnlyRead() {
        RelatedMapping owner = related("owner");

        assertThat(owner.isReadOnly()).isTrue();
        assertThat(owner.travels(Direction.TO_PARTNER_CENTER)).isTrue();
        assertThat(owner.required()).isFalse();
        assertThat(owner.references()).containsExactly("owner");
        assertThat(owner.table()).isEqualTo(new CrmTable("systemuser", "systemusers", "systemuserid"));
        assertThat(owner.matchKey(view(ReferralFixtures.coSell()))).isEmpty();
        assertThat(owner.fields()).allMatch(FieldMapping::personal);
        assertThat(field(OPPORTUNITY, "owner").crm().target()).isEqualTo(owner.table());
        assertThat(field(OPPORTUNITY, "owner").travels(Direction.TO_CRM, Occasion.CREATE))
                .isFalse();
        assertThat(Stream.of("account", "contact").map(name -> related(name).isReadOnly()))
                .containsOnly(false);
        assertThat(Stream.of("account", "contact").map(name -> related(name).travels(Direction.TO_PARTNER_CENTER)))
                .containsOnly(true);
    }

    @Test
    void anOpportunityPointsToTheLeadItWasMadeOf() {
        FieldMapping lead = field(OPPORTUNITY, "originatingLead");

        assertThat(lead.crm().name()).isEqualTo("originatingleadid");
        assertThat(lead.crm().type()).isEqualTo(CrmType.REFERENCE);
        assertThat(lead.crm().target()).isEqualTo(LEAD.table());
        assertThat(lead.related()).isEmpty();
        assertThat(lead.label()).isEqualTo("Originating Lead");
    }

    @Test
    void explainsAReferral() {
        List<Explained> explained = OPPORTUNITY.explain(view(ReferralFixtures.coSell()), Occasion.UPDATE);

        assertThat(explained)
                .contains(
                        new Explained(
                                "dealValue",
                                "estimatedvalue",
                                Json.createValue(50000),
                                Json.createValue(50000),
                                "copied"),
                        new Explained("state", "statuscode", text("Active/Accepted"), text("1"), "by the value table"),
                        new Explained(
                                "name",
                                "name",
                                text("Northwind Traders @ Our App"),
                                text("Northwind Traders @ Our App"),
                                "does not travel to the CRM on update"),
                        new Explained(
                                "contact", "parentcontactid", JsonValue.NULL, JsonValue.NULL, "gets the id of contact"),
                        new Explained(
                                "owner",
                                "ownerid",
                                JsonValue.NULL,
                                JsonValue.NULL,
                                "does not travel to the CRM on update"))
                .hasSize(OPPORTUNITY.fields().size());
    }

    private static JsonObject opportunity() {
        return object("""
                {"name":"✔ Northwind ERP rollout","estimatedvalue":50000.00,"isrevenuesystemcalculated":false,
                 "transactioncurrencyid":"USD","estimatedclosedate":"2026-11-14",
                 "description":"Customer evaluates\\r\\nour app.","statuscode":"1",
                 "cosell_syncwithpartnercenter":true,"cosell_referralidentifier":null,
                 "cosell_howcanmicrosofthelp":100000003,"cosell_products":"SOL-11111-AAA\\nSOL-22222-BBB",
                 "cosell_visibletomicrosoft":true,"ownerid":"0d1b5a6e-3f57-4f0b-9b53-0f6b6a4f1c11"}""");
    }

    private static RelatedMapping related(String name) {
        return OPPORTUNITY.related().stream()
                .filter(related -> related.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static FieldMapping relatedField(String record, String name) {
        return related(record).findField(name).orElseThrow();
    }

    private static Stream<FieldMapping> allFields(MappingDocument document) {
        return Stream.concat(
                document.fields().stream(), document.related().stream().flatMap(related -> related.fields().stream()));
    }

    private static JsonObject created(MappingDocument document, JsonObject referral) {
        return values(
                document.fields().stream()
                        .filter(field -> field.travels(Direction.TO_CRM, Occasion.CREATE))
                        .toList(),
                view(referral));
    }

    private static JsonObject values(List<FieldMapping> fields, JsonObject view) {
        JsonObjectBuilder values = Json.createObjectBuilder();
        for (FieldMapping field : fields) {
            JsonValue value = field.toCrm(view);
            if (value != JsonValue.NULL) {
                values.add(field.crm().name(), value);
            }
        }
        return values.build();
    }

    private static List<String> travelling(MappingDocument document, Direction direction, Occasion occasion) {
        return document.fields().stream()
                .filter(field -> field.travels(direction, occasion))
                .map(FieldMapping::name)
                .toList();
    }

    private static FieldMapping field(MappingDocument document, String name) {
        return document.findField(name).orElseThrow();
    }

    private static JsonObject state(JsonObject referral, String status, String substatus) {
        return with(with(referral, "/status", text(status)), "/substatus", text(substatus));
    }

    private static JsonObject view(JsonObject referral) {
        return Referral.parse(referral).view();
    }
}
