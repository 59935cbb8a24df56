package org.cosellbridge.referral;

import static org.cosellbridge.referral.ReferralPath.Kind.ANY;
import static org.cosellbridge.referral.ReferralPath.Kind.BOOLEAN;
import static org.cosellbridge.referral.ReferralPath.Kind.DATETIME;
import static org.cosellbridge.referral.ReferralPath.Kind.LIST;
import static org.cosellbridge.referral.ReferralPath.Kind.NUMBER;
import static org.cosellbridge.referral.ReferralPath.Kind.STRUCTURE;
import static org.cosellbridge.referral.ReferralPath.Kind.TEXT;

import jakarta.json.JsonArray;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonValue;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.cosellbridge.referral.ReferralPath.Kind;

/**
 * The catalogue of every path Partner Center documents for a referral, so that a mapping document cannot name one that does not
 * exist. Below the containers that Partner Center fills freely any name is accepted.
 */
public final class ReferralPaths {
    /** The synthetic path of {@link Referral#state()} as text. */
    public static final String STATE = "state";

    /** The path of how Microsoft can help: PATCH does not take it, it is asked for with Microsoft's own referral; partner-center.md 2.9. */
    public static final String HELP = "inviteContext.assistanceRequestCode";

    /** The path of the consent that shows the deal to Microsoft's sellers: a yes is for good. */
    public static final String CONSENT = "consent.consentToShareReferralWithMicrosoftSellers";

    /** The synthetic path of {@link Referral#link()}. */
    public static final String LINK = "link";

    private static final Pattern STEP = Pattern.compile("([A-Za-z@][A-Za-z0-9_.@]*?)?((?:\\[\\d{0,4}])*)");
    private static final Map<String, Kind> KNOWN = new TreeMap<>();
    private static final Map<String, String> SPELLING = new HashMap<>();
    private static final Set<String> READ_ONLY = Set.of(
            LINK,
            "id",
            "organizationId",
            "organizationName",
            "businessProfileId",
            "createdDateTime",
            "updatedDateTime",
            "expirationDateTime",
            "acceptedDateTime",
            "closedDateTime",
            "direction",
            "eTag",
            "referralSource",
            "callToAction",
            "quality",
            "isSpam",
            "tags",
            "dealSensitivity",
            "createdVia",
            "lastModifiedVia",
            "lastRunId",
            "trackingInfo",
            "registrationStatus",
            "links");
    // in the order in which a PATCH lists them: the fields before the status that may close the referral
    private static final List<String> PATCHABLE = List.of(
            "customerProfile.team",
            "details.closingDateTime",
            "details.currency",
            "details.dealValue",
            "details.notes",
            "details.requirements.solutions",
            "team",
            "externalReferenceId",
            "campaignId",
            "referralProgram",
            "salesStage",
            CONSENT,
            "status",
            "substatus",
            "statusReason");
    private static final Set<String> LISTS = Set.of("team", "ids", "target", "solutions", "registrations");

    static {
        add(TEXT, "", STATE, LINK);
        add(
                TEXT,
                "",
                "id engagementId name externalReferenceId organizationId organizationName businessProfileId status substatus",
                "statusReason qualification type direction eTag campaignId salesStage referralProgram referralSource",
                "callToAction quality mpnId dealSensitivity createdVia lastModifiedVia lastRunId registrationStatus");
        add(DATETIME, "", "createdDateTime updatedDateTime expirationDateTime acceptedDateTime closedDateTime");
        add(BOOLEAN, "", "favorite isSpam");
        add(
                STRUCTURE,
                "",
                "target team customerProfile consent details inviteContext trackingInfo links registrations");
        add(ANY, "", "tags");
        add(TEXT, "target[].", "type id");
        members("team[].");
        add(TEXT, "customerProfile.", "name size");
        add(BOOLEAN, "customerProfile.", "isMatchingComplete");
        add(STRUCTURE, "customerProfile.", "address team ids");
        add(TEXT, "customerProfile.address.", "addressLine1 addressLine2 city state postalCode country region");
        members("customerProfile.team[].");
        add(TEXT, "customerProfile.ids[].", "profileType id");
        add(
                BOOLEAN,
                "consent.",
                "consentToToShareInfoWithOthers consentToContact consentToShareReferralWithMicrosoftSellers",
                "consentToMicrosoftToContactSpecificPartners");
        add(TEXT, "details.", "notes currency customerAction incentiveLevel leadSource");
        add(NUMBER, "details.", "dealValue");
        add(DATETIME, "details.", "closingDateTime");
        add(BOOLEAN, "details.", "customerRequestedContact");
        add(STRUCTURE, "details.", "requirements");
        add(STRUCTURE, "details.requirements.", "industries products services solutions");
        add(TEXT, "details.requirements.", "industries[].id products[].id services[].id");
        add(TEXT, "details.requirements.solutions[].", "id name type solutionType publisherName currency");
        add(NUMBER, "details.requirements.solutions[].", "price quantity");
        add(DATETIME, "details.requirements.solutions[].", "closingDateTime");
        add(ANY, "details.requirements.", "offers salesPlays additionalRequirements");
        add(STRUCTURE, "inviteContext.", "invitedBy");
        add(
                TEXT,
                "inviteContext.",
                "notes assistanceRequestCode invitedMpnId invitedBy.organizationId invitedBy.organizationName");
        add(
                TEXT,
                "trackingInfo.",
                "microsoftMsxId microsoftUSFedOpportunityId microsoftUSFedLeadId migratedPSCDealId migratedPSCPartnerDealId");
        add(TEXT, "registrations[].", "id status statusReason");
        add(DATETIME, "registrations[].", "registrationDateTime");
        add(ANY, "registrations[].", "contract solutionDetails statusHistory");
        add(STRUCTURE, "links.", "relatedReferrals self");
        add(TEXT, "links.", "relatedReferrals.uri relatedReferrals.method self.uri self.method");
        SPELLING.put("attributes", "attributes");
    }

    private ReferralPaths() {}

    /** The path, if it names a place that a referral can have. Spelling counts. */
    public static Optional<ReferralPath> find(String text) {
        List<String> steps = new ArrayList<>();
        for (String part : text.split("\\.", -1)) {
            Matcher step = STEP.matcher(part);
            if (part.isEmpty() || !step.matches() || step.group(1) == null) {
                return Optional.empty();
            }
            steps.add(step.group(1));
            Matcher brackets = Pattern.compile("\\[\\d*]").matcher(step.group(2));
            while (brackets.find()) {
                steps.add(brackets.group());
            }
        }
        return kind(steps)
                .map(kind -> new ReferralPath(text, steps, kind, READ_ONLY.contains(steps.get(0)), isPatchable(steps)));
    }

    private static Optional<Kind> kind(List<String> steps) {
        boolean list = steps.contains("[]");
        StringBuilder walked = new StringBuilder();
        for (int i = 0; i < steps.size(); i++) {
            String step = steps.get(i);
            if (step.startsWith("[")) {
                walked.append("[]");
            } else {
                walked.append(i == 0 ? "" : ".").append(step);
            }
            Kind here = KNOWN.get(walked.toString());
            if (here == ANY && i < steps.size() - 1) {
                return Optional.of(list ? LIST : ANY);
            }
        }
        String canonical = walked.toString();
        Kind kind = KNOWN.get(canonical);
        if (kind == null
                && canonical.endsWith("[]")
                && KNOWN.containsKey(canonical.substring(0, canonical.length() - 2))) {
            String container = canonical.substring(0, canonical.length() - 2);
            boolean isList = KNOWN.keySet().stream().anyMatch(known -> known.startsWith(container + "[]"));
            return isList ? Optional.of(STRUCTURE) : Optional.empty();
        }
        if (kind == null) {
            return Optional.empty();
        }
        return Optional.of(list && kind != STRUCTURE ? LIST : kind);
    }

    /**
     * Which of {@link #patchable} takes a change at a path with these steps: the place itself or the list around it. Empty when
     * none does, and for the synthetic {@link #STATE}, which is two of them.
     */
    static Optional<String> findPatchable(List<String> steps) {
        StringBuilder walked = new StringBuilder();
        for (String step : steps) {
            if (!step.startsWith("[")) {
                walked.append(walked.isEmpty() ? "" : ".").append(step);
                if (PATCHABLE.contains(walked.toString())) {
                    return Optional.of(walked.toString());
                }
            }
        }
        return Optional.empty();
    }

    private static boolean isPatchable(List<String> steps) {
        return steps.equals(List.of(STATE)) || findPatchable(steps).isPresent();
    }

    /**
     * The paths that Partner Center's documented PATCH takes, lists as wholes, in the order in which they are to be sent: the fields
     * before the status that may close the referral.
     */
    public static List<String> patchable() {
        return PATCHABLE;
    }

    /**
     * A referral's document with the known member names in their documented spelling and with lists where lists belong: Partner
     * Center does not insist on either. Unknown members stay as they came; the annotations of the transport ({@code @odata.…}) are
     * left out.
     */
    public static JsonObject spelled(JsonObject document) {
        JsonObjectBuilder copy = ReferralJson.PROVIDER.createObjectBuilder();
        document.forEach((given, value) -> {
            if (!given.startsWith("@odata.")) {
                String name = spelling(given);
                JsonValue inner = spelled(value);
                copy.add(name, LISTS.contains(name) && inner instanceof JsonObject single ? list(single) : inner);
            }
        });
        return copy.build();
    }

    private static JsonValue spelled(JsonValue value) {
        if (value instanceof JsonObject object) {
            return spelled(object);
        }
        if (value instanceof JsonArray array) {
            JsonArrayBuilder copy = ReferralJson.PROVIDER.createArrayBuilder();
            array.forEach(element -> copy.add(spelled(element)));
            return copy.build();
        }
        return value;
    }

    private static JsonArray list(JsonObject single) {
        return single.isEmpty()
                ? JsonValue.EMPTY_JSON_ARRAY
                : ReferralJson.PROVIDER.createArrayBuilder().add(single).build();
    }

    /** Every documented path; {@code []} stands where a list has its elements. */
    public static SortedSet<String> known() {
        return new TreeSet<>(KNOWN.keySet());
    }

    /** The documented spelling of a member name; the name itself when it is not known. */
    private static String spelling(String name) {
        return SPELLING.getOrDefault(name.toLowerCase(Locale.ROOT), name);
    }

    private static void members(String prefix) {
        add(TEXT, prefix, "firstName lastName phoneNumber email title emailValidationStatus phoneValidationStatus");
        add(STRUCTURE, prefix, "contactPreference");
        add(TEXT, prefix, "contactPreference.locale");
        add(BOOLEAN, prefix, "contactPreference.disableNotifications");
    }

    private static void add(Kind kind, String prefix, String... names) {
        for (String line : names) {
            for (String name : line.split(" ", -1)) {
                String path = prefix + name;
                KNOWN.put(path, kind);
                for (String member : path.split("[.\\[\\]]+", -1)) {
                    SPELLING.put(member.toLowerCase(Locale.ROOT), member);
                }
            }
        }
    }
}
