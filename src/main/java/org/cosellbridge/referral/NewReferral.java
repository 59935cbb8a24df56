package org.cosellbridge.referral;

import static org.cosellbridge.referral.ReferralJson.PROVIDER;
import static org.cosellbridge.referral.ReferralJson.read;
import static org.cosellbridge.referral.ReferralJson.text;
import static org.cosellbridge.referral.ReferralJson.with;

import jakarta.json.JsonArray;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonValue;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Currency;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The documents that create a deal at Partner Center. A deal is one referral of our own; when Microsoft is asked to help, a second
 * one for Microsoft joins its engagement. Both come from a draft: the deal as the mapping draws it from the record, in the form of a
 * referral.
 */
public final class NewReferral {
    private static final int MOST_SOLUTIONS = 50;
    private static final int LONGEST_SOLUTION_ID = 100;
    private static final String SOLUTION_IDS = ReferralJson.SOLUTIONS + "[].id";
    private static final String COUNTRY = "customerProfile.address.country";
    private static final String CURRENCY = "details.currency";
    private static final String DEAL_VALUE = "details.dealValue";
    private static final String CLOSING = "details.closingDateTime";
    private static final String HELP_NOTES = "inviteContext.notes";
    private static final String MAY_SHARE = "consent.consentToToShareInfoWithOthers";
    private static final String MAY_CONTACT = "consent.consentToContact";
    /** What a draft does not decide: it follows from the type of the deal, or Partner Center sets it. */
    private static final Set<String> NOT_FROM_DRAFT = Set.of(
            ReferralPaths.STATE,
            "engagementId",
            "externalReferenceId",
            "status",
            "substatus",
            "statusReason",
            "type",
            "target",
            "inviteContext",
            "registrations");

    private static final Set<String> HELP_CODES = Set.of(
            "WorkloadSpecificValueProposition",
            "CustomerTechnicalArchitecture",
            "ProofOfConceptOrDemo",
            "QuotesOrLicensing",
            "PostSalesCustomerSuccess",
            "GeneralOrOther");
    private static final Set<String> COUNTRIES =
            Arrays.stream(Locale.getISOCountries()).collect(Collectors.toUnmodifiableSet());
    private static final Set<String> CURRENCIES = Currency.getAvailableCurrencies().stream()
            .map(Currency::getCurrencyCode)
            .collect(Collectors.toUnmodifiableSet());
    private static final Map<String, String> CONTACT = Map.of(
            "firstName", "the first name",
            "lastName", "the last name",
            "phoneNumber", "the phone number",
            "email", "the e-mail address");

    private NewReferral() {}

    /**
     * Something that Partner Center requires and a draft lacks.
     *
     * @param path where it belongs, as mappings name it, such as {@code customerProfile.address.country}
     * @param need the end of a sentence that begins with what the field is called: {@code needs a closing date}
     */
    public record Missing(String path, String need) {}

    /**
     * The document of our own referral, the first or only one of a deal. Whether Microsoft sees the deal follows from its type alone.
     * No status is sent: a deal of one's own is accepted from its beginning. A private or partner-led deal has no target, a co-sell
     * one its first solution. What the draft leaves open: the qualification is {@code SalesQualified}, nobody may be contacted.
     *
     * @param externalReferenceId the id of the record, by which the referral is found again when the answer to its create is lost
     */
    public static JsonObject own(JsonObject draft, DealType dealType, String externalReferenceId) {
        JsonObject own = deal(draft, dealType);
        own = with(own, "externalReferenceId", externalReferenceId);
        return with(own, "target", dealType == DealType.CO_SELL ? firstSolution(own) : JsonValue.EMPTY_JSON_ARRAY);
    }

    /**
     * The document of the referral that asks Microsoft to join the engagement of our own one. It has no external reference, although
     * it tells of the same deal: by that reference we look for our own referral after a lost answer, and must not find Microsoft's,
     * which we cannot write to. Microsoft's is found by its engagement.
     *
     * @param draft the same deal as for our own; its {@code inviteContext.notes} are what Microsoft is told
     * @param own our own referral as Partner Center created it
     * @param assistanceRequestCode how Microsoft can help
     * @throws IllegalArgumentException if our own referral has no engagement or no organisation
     */
    public static JsonObject forMicrosoft(JsonObject draft, Referral own, String assistanceRequestCode) {
        EngagementId engagement = own.findEngagementId()
                .orElseThrow(() -> new IllegalArgumentException("Microsoft joins the engagement of a referral."));
        OrganizationId organization = own.organizationId()
                .orElseThrow(() -> new IllegalArgumentException("A referral's organisation invites Microsoft."));
        JsonObject theirs = with(deal(draft, DealType.CO_SELL), "engagementId", engagement.value());
        theirs = with(theirs, "target", target("BusinessProfileLocation", OrganizationId.MICROSOFT.value()));
        theirs = with(theirs, ReferralPaths.HELP, assistanceRequestCode);
        theirs = with(theirs, "inviteContext.invitedBy.organizationId", organization.value());
        return with(theirs, HELP_NOTES, read(ReferralPaths.spelled(draft), HELP_NOTES));
    }

    /**
     * Everything that Partner Center requires of such a deal and the draft lacks, at once, so that a person can supply it at once.
     * Empty when the deal can be created.
     */
    public static List<Missing> missing(JsonObject draft, DealType dealType) {
        JsonObject deal = ReferralPaths.spelled(draft);
        List<Missing> missing = new ArrayList<>();
        needText(deal, "name", "needs a name", missing);
        needText(deal, "customerProfile.name", "needs the name of the customer's company", missing);
        needText(
                deal,
                "customerProfile.address.addressLine1",
                "needs the first line of the customer's address",
                missing);
        needText(deal, "customerProfile.address.city", "needs the customer's city", missing);
        need(
                COUNTRIES.contains(upperCase(text(deal, COUNTRY))),
                COUNTRY,
                "needs a two-letter country code (ISO 3166-1), such as DE",
                missing);
        need(
                ReferralJson.number(read(deal, DEAL_VALUE))
                        .map(BigDecimal::signum)
                        .filter(sign -> sign > 0)
                        .isPresent(),
                DEAL_VALUE,
                "needs an amount above zero",
                missing);
        need(
                CURRENCIES.contains(upperCase(text(deal, CURRENCY))),
                CURRENCY,
                "needs a currency code (ISO 4217), such as EUR",
                missing);
        need(ReferralJson.time(read(deal, CLOSING)).isPresent(), CLOSING, "needs a closing date", missing);
        needSolutions(deal, missing);
        if (dealType == DealType.CO_SELL) {
            needContact(deal, missing);
            String code = text(deal, ReferralPaths.HELP);
            need(
                    code.isEmpty() || HELP_CODES.contains(code),
                    ReferralPaths.HELP,
                    "needs one of the ways in which Microsoft can help, such as ProofOfConceptOrDemo",
                    missing);
        }
        need(
                read(deal, MAY_SHARE) == JsonValue.TRUE,
                MAY_SHARE,
                "needs the customer's consent to share the deal with others",
                missing);
        return List.copyOf(missing);
    }

    private static void needSolutions(JsonObject deal, List<Missing> missing) {
        JsonArray solutions =
                read(deal, ReferralJson.SOLUTIONS) instanceof JsonArray list ? list : JsonValue.EMPTY_JSON_ARRAY;
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < solutions.size(); i++) {
            ids.add(text(deal, ReferralJson.SOLUTIONS + "[" + i + "].id"));
        }
        need(
                !ids.isEmpty() && ids.stream().noneMatch(String::isBlank),
                SOLUTION_IDS,
                "needs at least one solution id, such as SOL-12345-ABC",
                missing);
        need(
                ids.stream().allMatch(id -> id.length() <= LONGEST_SOLUTION_ID),
                SOLUTION_IDS,
                "needs solution ids of at most " + LONGEST_SOLUTION_ID + " characters",
                missing);
        need(ids.size() <= MOST_SOLUTIONS, SOLUTION_IDS, "needs at most " + MOST_SOLUTIONS + " solution ids", missing);
    }

    private static void needContact(JsonObject deal, List<Missing> missing) {
        int contacts = read(deal, "customerProfile.team") instanceof JsonArray list ? list.size() : 0;
        for (int i = 0; i < contacts; i++) {
            String contact = "customerProfile.team[" + i + "].";
            if (CONTACT.keySet().stream()
                    .noneMatch(member -> text(deal, contact + member).isBlank())) {
                return;
            }
        }
        for (String member : List.of("firstName", "lastName", "phoneNumber", "email")) {
            needText(
                    deal,
                    "customerProfile.team[0]." + member,
                    "needs " + CONTACT.get(member) + " of the customer's contact, because Microsoft is asked to help",
                    missing);
        }
    }

    private static void needText(JsonObject deal, String path, String need, List<Missing> missing) {
        need(!text(deal, path).isBlank(), path, need, missing);
    }

    private static void need(boolean has, String path, String need, List<Missing> missing) {
        if (!has) {
            missing.add(new Missing(path, need));
        }
    }

    /** What both referrals of a deal say. */
    private static JsonObject deal(JsonObject draft, DealType dealType) {
        JsonObjectBuilder members = PROVIDER.createObjectBuilder();
        ReferralPaths.spelled(draft).forEach((name, value) -> {
            boolean readOnly =
                    ReferralPaths.find(name).map(ReferralPath::readOnly).orElse(false);
            if (!readOnly && !NOT_FROM_DRAFT.contains(name) && value != JsonValue.NULL) {
                members.add(name, filled(value));
            }
        });
        JsonObject deal = members.build();
        deal = with(deal, "type", dealType.isShared() ? "Shared" : "Independent");
        if (text(deal, "qualification").isBlank()) {
            deal = with(deal, "qualification", "SalesQualified");
        }
        for (String code : List.of(COUNTRY, CURRENCY)) {
            deal = text(deal, code).isBlank() ? deal : with(deal, code, upperCase(text(deal, code)));
        }
        deal = with(deal, DEAL_VALUE, ReferralJson.typed(ReferralPath.Kind.NUMBER, read(deal, DEAL_VALUE)));
        if (read(deal, ReferralJson.SOLUTIONS) instanceof JsonArray solutions) {
            deal = with(
                    deal, ReferralJson.SOLUTIONS, ReferralJson.typedSolutions(solutions, JsonValue.EMPTY_JSON_ARRAY));
        }
        if (read(deal, MAY_CONTACT) == JsonValue.NULL) {
            deal = with(deal, MAY_CONTACT, JsonValue.FALSE);
        }
        return with(deal, ReferralPaths.CONSENT, dealType.isShared() ? JsonValue.TRUE : JsonValue.FALSE);
    }

    /** The value without the members that are JSON null: to a create they say nothing. */
    private static JsonValue filled(JsonValue value) {
        if (value instanceof JsonObject object) {
            JsonObjectBuilder filled = PROVIDER.createObjectBuilder();
            object.forEach((name, member) -> {
                if (member != JsonValue.NULL) {
                    filled.add(name, filled(member));
                }
            });
            return filled.build();
        }
        if (value instanceof JsonArray array) {
            JsonArrayBuilder filled = PROVIDER.createArrayBuilder();
            array.forEach(element -> filled.add(filled(element)));
            return filled.build();
        }
        return value;
    }

    private static JsonValue firstSolution(JsonObject deal) {
        String id = text(deal, ReferralJson.SOLUTIONS + "[0].id");
        return id.isBlank() ? JsonValue.EMPTY_JSON_ARRAY : target("SolutionProfile", id);
    }

    private static JsonArray target(String type, String id) {
        return PROVIDER.createArrayBuilder()
                .add(PROVIDER.createObjectBuilder().add("type", type).add("id", id))
                .build();
    }

    private static String upperCase(String code) {
        return code.trim().toUpperCase(Locale.ROOT);
    }
}
