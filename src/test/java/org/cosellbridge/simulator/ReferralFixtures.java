package org.cosellbridge.simulator;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonValue;
import java.time.LocalDate;
import java.util.List;

/**
 * Referrals as they travel, without what Partner Center fills in. The same index gives the same referral; different indices give different
 * customers, contacts and deals.
 */
public final class ReferralFixtures {
    private static final List<String> CUSTOMERS = List.of(
            "Northwind Traders",
            "Fabrikam Manufacturing",
            "Adventure Works Cycles",
            "Tailspin Toys",
            "Wingtip Airlines",
            "Litware Instruments",
            "Proseware Media",
            "Alpine Ski House",
            "Coho Winery",
            "Woodgrove Bank",
            "Blue Yonder Logistics",
            "Lucerne Publishing",
            "Trey Research",
            "Humongous Insurance",
            "Margie's Travel",
            "Graphic Design Institute",
            "City Power & Light",
            "Fourth Coffee",
            "Southridge Video",
            "Consolidated Messenger");
    private static final List<String> PROJECTS = List.of(
            "ERP rollout",
            "data platform",
            "contact centre",
            "move to the cloud",
            "field service app",
            "identity clean-up",
            "backup as a service");
    private static final List<String> FIRST_NAMES =
            List.of("Ana", "Bruno", "Chidi", "Dana", "Emre", "Freya", "Goran", "Hanna", "Ivo", "Jin", "Kiran");
    private static final List<String> LAST_NAMES = List.of(
            "Diaz", "Larsson", "Okafor", "Novak", "Yilmaz", "Berg", "Petrov", "Keller", "Costa", "Park", "Rao", "Weber",
            "Moreau");
    private static final List<JsonObject> PLACES = List.of(
            place("1 Main St", "Seattle", "WA", "98101", "US"),
            place("Lindenstraße 4", "München", "BY", "80331", "DE"),
            place("12 Rue du Lac", "Lyon", "ARA", "69003", "FR"),
            place("88 King St W", "Toronto", "ON", "M5X 1A9", "CA"),
            place("Storgatan 21", "Malmö", "M", "211 42", "SE"));
    private static final List<String> SIZES =
            List.of("10to50employees", "51to250employees", "251to1000employees", "1001to5000employees");
    private static final List<String> HELP = List.of(
            "ProofOfConceptOrDemo",
            "CustomerTechnicalArchitecture",
            "QuotesOrLicensing",
            "WorkloadSpecificValueProposition");
    private static final LocalDate FIRST_CLOSING_DAY = LocalDate.of(2027, 1, 15);
    private static final int CLOSING_DAYS = 200;

    private ReferralFixtures() {}

    /** The body of the smallest documented create: a private deal. */
    public static JsonObject createRequest(int index) {
        return deal(index, "Independent", "SalesQualified", false).build();
    }

    /** A private deal of our own: nobody at Microsoft sees it. */
    public static JsonObject privateDeal(int index) {
        return createRequest(index);
    }

    /** A deal of our own that Microsoft's sellers may see but were not asked to help with. */
    public static JsonObject partnerLed(int index) {
        return deal(index, "Shared", "SalesQualified", true).build();
    }

    /** The second call of a co-sell create: asks Microsoft to join the engagement of our own referral. */
    public static JsonObject invitationToMicrosoft(int index, String engagementId, String organizationId) {
        return deal(index, "Shared", "SalesQualified", true)
                .add("engagementId", engagementId)
                .add(
                        "target",
                        Json.createArrayBuilder()
                                .add(Json.createObjectBuilder()
                                        .add("type", "BusinessProfileLocation")
                                        .add("id", "msft")))
                .add(
                        "inviteContext",
                        Json.createObjectBuilder()
                                .add("assistanceRequestCode", of(HELP, index))
                                .add("notes", "Please join the first demo.")
                                .add("invitedBy", Json.createObjectBuilder().add("organizationId", organizationId)))
                .build();
    }

    /** A co-sell opportunity that a Microsoft seller sends us; not answered yet. */
    public static JsonObject cosellFromMicrosoft(int index) {
        return fromMicrosoft(deal(index, "Shared", "SalesQualified", true), index, of(HELP, index))
                .build();
    }

    /** A lead from the commercial marketplace; not answered yet. */
    public static JsonObject marketplaceLead(int index) {
        return fromMicrosoft(deal(index, "Independent", "Direct", false), index, "Unknown")
                .add("referralSource", index % 2 == 0 ? "AppSource" : "AzureMarketplace")
                .add("callToAction", index % 2 == 0 ? "ContactMe" : "FreeTrial")
                .build();
    }

    /** A lead that Microsoft's sales or marketing has qualified; not answered yet. */
    public static JsonObject qualifiedLead(int index) {
        return fromMicrosoft(
                        deal(index, "Independent", index % 2 == 0 ? "MarketingQualified" : "SalesQualified", false),
                        index,
                        "Unknown")
                .build();
    }

    /** The customer's name at this index. */
    public static String customerName(int index) {
        int round = index / CUSTOMERS.size();
        return of(CUSTOMERS, index) + (round == 0 ? "" : " " + (round + 1));
    }

    /** The e-mail address of the customer's contact at this index. */
    public static String contactEmail(int index) {
        return "contact" + index + "@customer-" + index + ".example";
    }

    private static JsonObjectBuilder fromMicrosoft(JsonObjectBuilder deal, int index, String help) {
        return deal.add("status", "New")
                .add("substatus", "Pending")
                .add(
                        "inviteContext",
                        Json.createObjectBuilder()
                                .add("notes", "Customer asked for a partner, request " + index + ".")
                                .add("assistanceRequestCode", help)
                                .add("invitedMpnId", "1234567")
                                .add("invitedBy", ReferralRules.organization(ReferralRules.MICROSOFT, "Microsoft")));
    }

    private static JsonObjectBuilder deal(int index, String type, String qualification, boolean visible) {
        return Json.createObjectBuilder()
                .add("name", customerName(index) + " " + of(PROJECTS, index))
                .add("qualification", qualification)
                .add("type", type)
                .add(
                        "customerProfile",
                        Json.createObjectBuilder()
                                .add("name", customerName(index))
                                .add("address", address(index))
                                .add("size", of(SIZES, index))
                                .add(
                                        "team",
                                        Json.createArrayBuilder()
                                                .add(member(
                                                        of(FIRST_NAMES, index),
                                                        of(LAST_NAMES, index),
                                                        String.format("+1 206 555 %04d", index % 10_000),
                                                        contactEmail(index))))
                                .add("ids", JsonValue.EMPTY_JSON_ARRAY))
                .add(
                        "consent",
                        Json.createObjectBuilder()
                                .add("consentToToShareInfoWithOthers", true)
                                .add("consentToContact", true)
                                .add("consentToShareReferralWithMicrosoftSellers", visible))
                .add(
                        "details",
                        Json.createObjectBuilder()
                                .add("notes", "Deal " + index + ": the customer evaluates our app.")
                                .add("dealValue", 25_000 + 1_000 * (index % 100))
                                .add("currency", index % 2 == 0 ? "USD" : "EUR")
                                .add("closingDateTime", FIRST_CLOSING_DAY.plusDays(index % CLOSING_DAYS) + "T00:00:00Z")
                                .add("requirements", requirements()))
                .add(
                        "team",
                        Json.createArrayBuilder().add(member("Sam", "Seller", "+1 206 555 0111", "sam@ourco.example")))
                .add("target", JsonValue.EMPTY_JSON_ARRAY);
    }

    private static JsonObjectBuilder requirements() {
        return Json.createObjectBuilder()
                .add(
                        "solutions",
                        Json.createArrayBuilder()
                                .add(Json.createObjectBuilder()
                                        .add("type", "Name")
                                        .add("id", "SOL-11111-AAA")
                                        .add("name", "Our App")
                                        .add("publisherName", "Our Co")
                                        .add("solutionType", "3P")))
                .add(
                        "additionalRequirements",
                        Json.createObjectBuilder()
                                .add("iot", JsonValue.EMPTY_JSON_OBJECT)
                                .add(
                                        "attributes",
                                        Json.createArrayBuilder()
                                                .add(Json.createObjectBuilder()
                                                        .add("type", "CustomerMarketplaceIntent")
                                                        .add("id", "HaveNotDecided"))));
    }

    private static JsonObject member(String firstName, String lastName, String phone, String email) {
        return Json.createObjectBuilder()
                .add("firstName", firstName)
                .add("lastName", lastName)
                .add("phoneNumber", phone)
                .add("email", email)
                .build();
    }

    private static JsonObject place(String line, String city, String state, String postalCode, String country) {
        return Json.createObjectBuilder()
                .add("addressLine1", line)
                .add("addressLine2", "")
                .add("city", city)
                .add("state", state)
                .add("postalCode", postalCode)
                .add("country", country)
                .addNull("region")
                .build();
    }

    private static JsonObject address(int index) {
        return of(PLACES, index);
    }

    private static <T> T of(List<T> list, int index) {
        return list.get(index % list.size());
    }
}
