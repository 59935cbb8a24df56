package org.cosellbridge.simulator;

import static org.cosellbridge.simulator.JsonTree.JSON;
import static org.cosellbridge.simulator.JsonTree.at;
import static org.cosellbridge.simulator.JsonTree.isTrue;
import static org.cosellbridge.simulator.JsonTree.objects;
import static org.cosellbridge.simulator.JsonTree.text;
import static org.cosellbridge.simulator.JsonTree.with;

import jakarta.json.JsonArray;
import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Currency;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What Partner Center lets a partner do to a referral. A refusal leaves everything as it was. What works but no careful client does is
 * a broken rule.
 */
final class ReferralRules {
    static final String MICROSOFT = "msft";

    static final Set<String> HELP_CODES = Set.of(
            "WorkloadSpecificValueProposition",
            "CustomerTechnicalArchitecture",
            "ProofOfConceptOrDemo",
            "QuotesOrLicensing",
            "PostSalesCustomerSuccess",
            "GeneralOrOther");
    static final Set<String> STATUSES = Set.of("None", "New", "Active", "Closed");
    static final Set<String> SUBSTATUSES =
            Set.of("None", "Pending", "Received", "Accepted", "Won", "Lost", "Declined", "Expired");
    static final Set<String> QUALIFICATIONS = Set.of("None", "Direct", "MarketingQualified", "SalesQualified");
    static final Set<String> TYPES = Set.of("Independent", "Shared");
    static final Set<String> DIRECTIONS = Set.of("Incoming", "Outgoing");

    /** The members a referral may have. */
    static final Set<String> MEMBERS = Set.of(
            "id",
            "engagementId",
            "name",
            "externalReferenceId",
            "organizationId",
            "organizationName",
            "createdDateTime",
            "updatedDateTime",
            "expirationDateTime",
            "acceptedDateTime",
            "closedDateTime",
            "status",
            "substatus",
            "statusReason",
            "qualification",
            "type",
            "direction",
            "eTag",
            "favorite",
            "campaignId",
            "salesStage",
            "referralProgram",
            "referralSource",
            "callToAction",
            "quality",
            "isSpam",
            "tags",
            "mpnId",
            "dealSensitivity",
            "createdVia",
            "lastModifiedVia",
            "lastRunId",
            "target",
            "customerProfile",
            "consent",
            "details",
            "team",
            "inviteContext",
            "trackingInfo",
            "registrations",
            "registrationStatus",
            "links");

    private static final String CONSENT_TO_SHARE = "/consent/consentToShareReferralWithMicrosoftSellers";
    private static final String CONTACTS = "/customerProfile/team";
    private static final String SOLUTIONS = "/details/requirements/solutions";
    private static final String TEAM = "/team";
    private static final Set<String> TEXTS = Set.of(
            "/campaignId",
            "/details/notes",
            "/externalReferenceId",
            "/referralProgram",
            "/salesStage",
            "/statusReason");
    private static final Set<String> ARRAYS = Set.of(CONTACTS, SOLUTIONS, TEAM);
    private static final Set<String> TARGETS = Set.of("None", "BusinessProfileLocation", "SolutionProfile");
    private static final Set<String> SIZES = Set.of(
            "1to50employees",
            "51to500employees",
            "Morethan500employees",
            "1to9employees",
            "10to50employees",
            "51to250employees",
            "251to1000employees",
            "1001to5000employees",
            "5001to10000employees",
            "10001to20000employees",
            "Morethan20000employees");
    private static final Map<String, Set<String>> SUBSTATUSES_OF = Map.of(
            "New", Set.of("Pending", "Received"),
            "Active", Set.of("Accepted"),
            "Closed", Set.of("Won", "Lost", "Declined", "Expired"));
    private static final Set<String> SERVER_OWNED = Set.of(
            "id",
            "engagementId",
            "organizationId",
            "organizationName",
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
            "registrations",
            "registrationStatus",
            "links",
            "@odata.context");
    private static final Set<String> FIXED_AFTER_CREATE =
            Set.of("type", "qualification", "target", "inviteContext", "mpnId");
    private static final Set<String> COUNTRIES = Set.of(Locale.getISOCountries());
    private static final Set<String> CURRENCIES = Currency.getAvailableCurrencies().stream()
            .map(Currency::getCurrencyCode)
            .collect(Collectors.toUnmodifiableSet());
    private static final Set<String> SOLUTION_TYPES = Set.of("Category", "Name", "None");
    private static final String REFERENCE = "/externalReferenceId";
    private static final String DEAL_VALUE = "/details/dealValue";
    private static final String CLOSING = "/details/closingDateTime";
    private static final Duration ANSWER_DEADLINE = Duration.ofDays(14);
    private static final int MOST_ENTRIES = 50;
    private static final int LONGEST_SOLUTION_ID = 100;

    private final ReferralStore store;
    private final String organizationId;
    private final String organizationName;
    private final Consumer<String> brokenRules;

    ReferralRules(ReferralStore store, String organizationId, String organizationName, Consumer<String> brokenRules) {
        this.store = store;
        this.brokenRules = brokenRules;
        this.organizationId = organizationId;
        this.organizationName = organizationName;
    }

    /** Whether a partner has no business to send this member; an engagement may be named, to attach a second referral. */
    static boolean isServerOwned(String member) {
        return SERVER_OWNED.contains(member) && !member.equals("engagementId");
    }

    /** Whether a create asks Microsoft to join the engagement. */
    static boolean isForMicrosoft(JsonObject body) {
        return objects(body, "/target").stream()
                .anyMatch(target ->
                        "BusinessProfileLocation".equals(text(target, "/type").orElse(""))
                                && MICROSOFT.equals(text(target, "/id").orElse("")));
    }

    /** The referral a create makes. Not stored yet. */
    JsonObject created(JsonObject body) {
        checkDeal(body);
        JsonObject content = JsonTree.without(body, SERVER_OWNED.toArray(String[]::new));
        return isForMicrosoft(body) ? invitation(body, content) : ownDeal(body, content);
    }

    private JsonObject ownDeal(JsonObject body, JsonObject content) {
        if (text(body, "/engagementId").isPresent()) {
            throw ReferralErrors.invalid(
                    "/engagementId", "invalidEngagement", "Only another organisation's referral joins an engagement.");
        }
        checkReference(body, "");
        // New and Pending may be sent; a deal of one's own is accepted from its beginning.
        String now = store.now();
        JsonObject own = with(with(content, "/status", "Active"), "/substatus", "Accepted");
        own = with(with(own, "/organizationId", organizationId), "/organizationName", organizationName);
        own = with(with(own, "/createdDateTime", now), "/acceptedDateTime", now);
        own = with(own, "/inviteContext/invitedBy", organization(organizationId, organizationName));
        return complete(with(own, "/engagementId", UUID.randomUUID().toString()), "Outgoing");
    }

    private JsonObject invitation(JsonObject body, JsonObject content) {
        String engagementId = text(body, "/engagementId")
                .orElseThrow(() -> ReferralErrors.invalid(
                        "/engagementId", "missingRequiredField", "Microsoft is invited to an engagement."));
        List<JsonObject> engagement = store.listEngagement(engagementId);
        JsonObject own = engagement.stream()
                .filter(referral ->
                        organizationId.equals(text(referral, "/organizationId").orElse("")))
                .findFirst()
                .orElseThrow(() -> ReferralErrors.invalid(
                        "/engagementId", "invalidEngagement", "You take no part in this engagement."));
        if (isTerminal(own)) {
            throw ReferralErrors.invalid("/engagementId", "terminalState", "The deal is closed.");
        }
        if (engagement.stream()
                .anyMatch(referral ->
                        MICROSOFT.equals(text(referral, "/organizationId").orElse("")))) {
            brokenRules.accept("asked Microsoft twice: engagement " + engagementId);
            throw ReferralErrors.of(409, "invalidRequest", "Microsoft takes part in this engagement already.")
                    .refused();
        }
        if (!isTrue(own, CONSENT_TO_SHARE) || !isTrue(body, CONSENT_TO_SHARE)) {
            throw ReferralErrors.invalid(
                    CONSENT_TO_SHARE, "missingConsent", "Microsoft sellers are asked for help only with consent.");
        }
        if (!"Shared".equals(text(body, "/type").orElse(""))) {
            throw ReferralErrors.invalid("/type", "invalidEnumValue", "A co-sell referral is Shared.");
        }
        if (!HELP_CODES.contains(
                text(body, "/inviteContext/assistanceRequestCode").orElse(""))) {
            throw ReferralErrors.invalid(
                    "/inviteContext/assistanceRequestCode", "invalidEnumValue", "Say how Microsoft can help.");
        }
        if (!organizationId.equals(
                text(body, "/inviteContext/invitedBy/organizationId").orElse(""))) {
            throw ReferralErrors.invalid(
                    "/inviteContext/invitedBy/organizationId", "invalidOrganization", "You invite as yourself.");
        }
        JsonObject theirs = with(with(content, "/status", "New"), "/substatus", "Pending");
        theirs = with(theirs, "/expirationDateTime", answerDeadline());
        theirs = with(with(theirs, "/organizationId", MICROSOFT), "/organizationName", "Microsoft");
        theirs = with(theirs, "/inviteContext/invitedBy", organization(organizationId, organizationName));
        return complete(with(theirs, "/engagementId", engagementId), "Outgoing");
    }

    /** Until when a referral sent now is answered, or it expires. */
    static String answerDeadline() {
        return ReferralStore.format(Instant.now().plus(ANSWER_DEADLINE));
    }

    /** The server takes a reference for a second time; whoever sent it made a second referral of one deal. */
    private void checkReference(JsonObject referral, String id) {
        Optional<String> reference = text(referral, REFERENCE).filter(text -> !text.isBlank());
        if (reference.isPresent()
                && store.list().stream()
                        .filter(other -> organizationId.equals(other.getString("organizationId")))
                        .filter(other -> !ReferralStore.id(other).equals(id))
                        .anyMatch(other -> reference.equals(text(other, REFERENCE)))) {
            brokenRules.accept("duplicate referral: " + reference.get());
        }
    }

    /** Adds what the server owns and the partner did not send. */
    JsonObject complete(JsonObject referral, String direction) {
        String now = store.now();
        JsonObject defaults = JSON.createObjectBuilder()
                .add("id", UUID.randomUUID().toString())
                .add("engagementId", UUID.randomUUID().toString())
                .addNull("externalReferenceId")
                .add("organizationId", organizationId)
                .add("organizationName", organizationName)
                .add("createdDateTime", now)
                .addNull("expirationDateTime")
                .addNull("acceptedDateTime")
                .addNull("closedDateTime")
                .addNull("statusReason")
                .add("qualification", "SalesQualified")
                .add("direction", direction)
                .add("favorite", false)
                .addNull("campaignId")
                .addNull("salesStage")
                .addNull("referralProgram")
                .addNull("referralSource")
                .addNull("callToAction")
                .add("quality", "Unknown")
                .add("isSpam", false)
                .add("tags", JsonValue.EMPTY_JSON_ARRAY)
                .add("dealSensitivity", "None")
                .addNull("createdVia")
                .addNull("lastModifiedVia")
                .add("target", JsonValue.EMPTY_JSON_ARRAY)
                .add("team", JsonValue.EMPTY_JSON_ARRAY)
                .add("inviteContext", JsonValue.EMPTY_JSON_OBJECT)
                .add(
                        "trackingInfo",
                        JSON.createObjectBuilder()
                                .addNull("microsoftMsxId")
                                .addNull("microsoftUSFedOpportunityId")
                                .addNull("microsoftUSFedLeadId")
                                .addNull("migratedPSCDealId")
                                .addNull("migratedPSCPartnerDealId"))
                .add("registrations", JsonValue.EMPTY_JSON_ARRAY)
                .add("registrationStatus", "None")
                .build();
        JsonObject whole = JsonTree.overlay(defaults, referral);
        if (at(whole, "/inviteContext/assistanceRequestCode").isEmpty()) {
            whole = with(whole, "/inviteContext/assistanceRequestCode", "Unknown");
        }
        if (at(whole, CONTACTS).isEmpty()) {
            whole = with(whole, CONTACTS, JsonValue.EMPTY_JSON_ARRAY);
        }
        whole = withType(with(whole, "/customerProfile/isMatchingComplete", JsonValue.FALSE));
        // The documented links are misspelled and must not be followed.
        return with(
                whole,
                "/links",
                JSON.createObjectBuilder()
                        .add(
                                "relatedReferrals",
                                link(
                                        "https://api.partner.microsoft.com/v1.0/engagments/referrals?$filter=engagementId eq "
                                                + whole.getString("engagementId")))
                        .add(
                                "self",
                                link("https://api.partner.microsoft.com/v1.0engagements/referrals/"
                                        + whole.getString("id")))
                        .build());
    }

    /** The type follows from consent for what a partner makes; what Microsoft sends has the type it has. */
    private static JsonObject withType(JsonObject referral) {
        boolean fromMicrosoft = MICROSOFT.equals(
                text(referral, "/inviteContext/invitedBy/organizationId").orElse(""));
        return fromMicrosoft
                ? referral
                : with(referral, "/type", isTrue(referral, CONSENT_TO_SHARE) ? "Shared" : "Independent");
    }

    /** The referral as the patch leaves it. Not stored yet. */
    JsonObject patched(JsonObject current, JsonArray operations) {
        checkOwn(current);
        if (operations.isEmpty()) {
            throw ReferralErrors.invalid("/", "invalidPatch", "The patch is empty.");
        }
        Set<String> paths = new LinkedHashSet<>();
        JsonObject patched = current;
        for (JsonValue operation : operations) {
            if (!(operation instanceof JsonObject step)) {
                throw ReferralErrors.invalid("/", "invalidPatch", "Each operation is an object.");
            }
            String path = text(step, "/path").orElse("");
            paths.add(path);
            patched = apply(patched, step, path);
        }
        if (isTerminal(current) && !paths.equals(Set.of("/registrations/-"))) {
            throw ReferralErrors.invalid("/status", "terminalState", "A closed referral does not change.");
        }
        if (paths.contains("/status") != paths.contains("/substatus")) {
            throw ReferralErrors.invalid("/status", "invalidTransition", "status and substatus are sent together.");
        }
        JsonObject settled = settled(current, patched);
        noteUnchanged(current, settled, paths);
        return settled;
    }

    private void noteUnchanged(JsonObject current, JsonObject settled, Set<String> paths) {
        // a status travels with its substatus, even where only one of the two moves
        boolean moves = !isSame(current, settled, "/status") || !isSame(current, settled, "/substatus");
        for (String path : paths) {
            boolean ofState = path.equals("/status") || path.equals("/substatus");
            if (!path.endsWith("/-") && isSame(current, settled, path) && !(ofState && moves)) {
                store.noteUnchanged(ReferralStore.id(current) + path);
            }
        }
    }

    private static boolean isSame(JsonObject one, JsonObject other, String path) {
        Optional<JsonValue> first = at(one, path);
        Optional<JsonValue> second = at(other, path);
        if (first.isPresent() && second.isPresent()) {
            return switch (path) {
                case DEAL_VALUE ->
                    first.flatMap(JsonTree::number)
                            .flatMap(amount -> second.flatMap(JsonTree::number).map(amount::compareTo))
                            .equals(Optional.of(0));
                case CLOSING ->
                    first.get() instanceof JsonString before
                            && second.get() instanceof JsonString after
                            && Instant.parse(before.getString()).equals(Instant.parse(after.getString()));
                default -> first.equals(second);
            };
        }
        return first.equals(second);
    }

    /** The referral as a replacement leaves it. Not stored yet. */
    JsonObject replaced(JsonObject current, JsonObject body) {
        checkOwn(current);
        if (isTerminal(current)) {
            throw ReferralErrors.invalid("/status", "terminalState", "A closed referral does not change.");
        }
        if (body.containsKey("links")) {
            throw ReferralErrors.invalid("/links", "readOnly", "links must be removed.");
        }
        for (String member : SERVER_OWNED) {
            if (body.containsKey(member) && !Objects.equals(body.get(member), current.get(member))) {
                throw ReferralErrors.invalid("/" + member, "readOnly", member + " is read-only.");
            }
        }
        for (String member : FIXED_AFTER_CREATE) {
            if (!Objects.equals(body.get(member), current.get(member))) {
                throw ReferralErrors.invalid("/" + member, "readOnly", member + " does not change after the create.");
            }
        }
        for (String path : List.of("/customerProfile/name", "/customerProfile/address", "/customerProfile/ids")) {
            if (!at(body, path).equals(at(current, path))) {
                throw ReferralErrors.invalid(path, "readOnly", path + " does not change after the create.");
            }
        }
        checkDeal(body);
        JsonObject kept = JSON.createObjectBuilder().build();
        for (Map.Entry<String, JsonValue> member : current.entrySet()) {
            if (SERVER_OWNED.contains(member.getKey())) {
                kept = with(kept, "/" + member.getKey(), member.getValue());
            }
        }
        return settled(current, JsonTree.overlay(body, kept));
    }

    private void checkOwn(JsonObject current) {
        if (!organizationId.equals(text(current, "/organizationId").orElse(""))) {
            throw ReferralErrors.accessDenied("Each organisation changes only its own referral.");
        }
    }

    /** Checks what follows from the change as a whole and sets what the server derives. */
    private JsonObject settled(JsonObject current, JsonObject changed) {
        if (isTrue(current, CONSENT_TO_SHARE)) {
            if (!isTrue(changed, CONSENT_TO_SHARE)) {
                throw ReferralErrors.invalid(CONSENT_TO_SHARE, "readOnly", "Consent is not taken back.");
            }
            if (!contacts(current).equals(contacts(changed))) {
                throw ReferralErrors.invalid(CONTACTS, "readOnly", "Customer contacts do not change once shared.");
            }
        }
        JsonObject settled = withType(changed);
        String from = text(current, "/status").orElse("");
        String to = text(settled, "/status").orElse("");
        String substatus = text(settled, "/substatus").orElse("");
        checkTransition(current, from, to, substatus);
        if (from.equals("New") && (substatus.equals("Won") || substatus.equals("Lost"))) {
            // The table permits it; only what was accepted is won or lost.
            brokenRules.accept("a referral is closed as " + substatus + " without being accepted");
        }
        if (!text(current, REFERENCE).equals(text(settled, REFERENCE))) {
            checkReference(settled, ReferralStore.id(current));
        }
        if (!from.equals(to)) {
            settled = with(settled, "/expirationDateTime", JsonValue.NULL);
            settled = with(settled, to.equals("Active") ? "/acceptedDateTime" : "/closedDateTime", store.now());
        }
        return settled;
    }

    private static void checkTransition(JsonObject current, String from, String to, String substatus) {
        if (!SUBSTATUSES_OF.getOrDefault(to, Set.of()).contains(substatus)) {
            throw ReferralErrors.invalid(
                    "/substatus", "invalidTransition", to + " does not go with " + substatus + ".");
        }
        String oldSubstatus = text(current, "/substatus").orElse("");
        if (from.equals(to) && substatus.equals(oldSubstatus)) {
            return;
        }
        boolean legal = switch (from) {
            case "New" -> to.equals("Active") || (!substatus.equals("Expired") && !substatus.equals("Pending"));
            case "Active" -> substatus.equals("Won") || substatus.equals("Lost");
            default -> false;
        };
        if (!legal) {
            throw ReferralErrors.invalid(
                    "/status",
                    "invalidTransition",
                    from + "/" + oldSubstatus + " does not become " + to + "/" + substatus + ".");
        }
    }

    private static boolean isTerminal(JsonObject referral) {
        return "Closed".equals(text(referral, "/status").orElse(""));
    }

    private JsonObject apply(JsonObject referral, JsonObject step, String path) {
        String op = text(step, "/op").orElse("");
        JsonValue value = step.get("value");
        if (!op.equals("replace") && !op.equals("add")) {
            throw ReferralErrors.invalid(path, "invalidPatch", "Only replace and add are supported.");
        }
        if (value == null) {
            throw ReferralErrors.invalid(path, "invalidPatch", "An operation needs a value.");
        }
        if (path.endsWith("/-")) {
            return append(referral, op, path.substring(0, path.length() - 2), value);
        }
        if (TEXTS.contains(path)) {
            require(value instanceof JsonString || value == JsonValue.NULL, path, "invalidValue", "must be text");
            return with(referral, path, value);
        }
        if (ARRAYS.contains(path)) {
            require(value instanceof JsonArray, path, "invalidValue", "must be an array");
            return checkedArray(with(referral, path, value), path);
        }
        switch (path) {
            case CONSENT_TO_SHARE ->
                require(
                        value == JsonValue.TRUE || value == JsonValue.FALSE,
                        path,
                        "invalidValue",
                        "must be true or false");
            case CLOSING -> checkTime(value, path);
            case "/details/currency" -> checkCode(value, path, CURRENCIES);
            case DEAL_VALUE -> {
                if (value instanceof JsonString) {
                    // The documented sample has it as text, and it works; a number that is a number is safe.
                    brokenRules.accept("a PATCH sends " + path + " as text");
                }
                return with(referral, path, JSON.createValue(dealValue(value, path)));
            }
            case "/status" -> checkEnum(value, path, STATUSES);
            case "/substatus" -> checkEnum(value, path, SUBSTATUSES);
            default -> throw ReferralErrors.invalid(path, "readOnly", "'" + path + "' cannot be patched.");
        }
        return with(referral, path, value);
    }

    private JsonObject append(JsonObject referral, String op, String path, JsonValue value) {
        require(op.equals("add"), path, "invalidPatch", "is appended to by add");
        require(value instanceof JsonObject, path, "invalidValue", "takes objects");
        JsonValue entry = value;
        if (path.equals("/registrations")) {
            require(
                    isTerminal(referral)
                            && "Won".equals(text(referral, "/substatus").orElse("")),
                    path,
                    "invalidTransition",
                    "takes deals that are won");
            entry = JSON.createObjectBuilder(value.asJsonObject())
                    .add("id", UUID.randomUUID().toString())
                    .add("registrationDateTime", store.now())
                    .add("status", "ReviewPending")
                    .build();
        } else if (!ARRAYS.contains(path)) {
            throw ReferralErrors.invalid(path, "readOnly", "'" + path + "' cannot be patched.");
        }
        JsonArray longer = JSON.createArrayBuilder(JsonTree.array(referral, path))
                .add(entry)
                .build();
        return checkedArray(with(referral, path, longer), path);
    }

    private static JsonObject checkedArray(JsonObject referral, String path) {
        JsonArray entries = JsonTree.array(referral, path);
        require(entries.size() <= MOST_ENTRIES, path, "tooMany", "takes at most 50 entries");
        require(entries.stream().allMatch(JsonObject.class::isInstance), path, "invalidValue", "takes only objects");
        if (path.equals(SOLUTIONS)) {
            checkSolutions(referral);
        }
        return referral;
    }

    private static void checkSolutions(JsonObject referral) {
        List<JsonObject> solutions = objects(referral, SOLUTIONS);
        require(!solutions.isEmpty(), SOLUTIONS, "missingRequiredField", "Solution ID is required");
        for (JsonObject solution : solutions) {
            String id = text(solution, "/id").orElse("");
            require(
                    !id.isBlank() && id.length() <= LONGEST_SOLUTION_ID,
                    SOLUTIONS,
                    "missingRequiredField",
                    "Solution ID is required");
            checkEnum(solution.get("type"), SOLUTIONS, SOLUTION_TYPES);
        }
    }

    private void checkDeal(JsonObject body) {
        requireText(body, "/name");
        checkEnum(body.get("type"), "/type", TYPES);
        if (at(body, "/qualification").isPresent()) {
            checkEnum(body.get("qualification"), "/qualification", QUALIFICATIONS);
        }
        requireText(body, "/customerProfile/name");
        requireText(body, "/customerProfile/address/addressLine1");
        requireText(body, "/customerProfile/address/city");
        requireText(body, "/customerProfile/address/country");
        checkCode(
                at(body, "/customerProfile/address/country").orElse(JsonValue.NULL),
                "/customerProfile/address/country",
                COUNTRIES);
        text(body, "/customerProfile/size")
                .filter(size -> !size.isEmpty())
                .ifPresent(size -> require(
                        SIZES.contains(size), "/customerProfile/size", "invalidEnumValue", "is not a known size"));
        for (String consent :
                List.of("/consent/consentToToShareInfoWithOthers", "/consent/consentToContact", CONSENT_TO_SHARE)) {
            JsonValue given = at(body, consent).orElse(JsonValue.NULL);
            require(
                    given == JsonValue.TRUE || given == JsonValue.FALSE,
                    consent,
                    "missingRequiredField",
                    "must be true or false");
        }
        require(
                isTrue(body, "/consent/consentToToShareInfoWithOthers"),
                "/consent/consentToToShareInfoWithOthers",
                "missingConsent",
                "must be true");
        JsonValue dealValue = at(body, DEAL_VALUE).orElse(JsonValue.NULL);
        require(dealValue instanceof JsonNumber, DEAL_VALUE, "missingRequiredField", "must be a number");
        dealValue(dealValue, DEAL_VALUE);
        checkCode(at(body, "/details/currency").orElse(JsonValue.NULL), "/details/currency", CURRENCIES);
        checkTime(at(body, CLOSING).orElse(JsonValue.NULL), CLOSING);
        ARRAYS.forEach(path -> checkedArray(body, path));
        for (JsonObject target : objects(body, "/target")) {
            checkEnum(target.get("type"), "/target", TARGETS);
            require(
                    text(target, "/id").filter(id -> !id.isBlank()).isPresent(),
                    "/target",
                    "missingRequiredField",
                    "needs an id");
        }
        Optional<String> help = text(body, "/inviteContext/assistanceRequestCode")
                .filter(code -> !code.isEmpty() && !code.equals("Unknown"));
        if (help.isPresent()) {
            require(
                    HELP_CODES.contains(help.get()),
                    "/inviteContext/assistanceRequestCode",
                    "invalidEnumValue",
                    "is not a known code");
            require(
                    objects(body, CONTACTS).stream().anyMatch(ReferralRules::isCompleteMember),
                    CONTACTS,
                    "missingRequiredField",
                    "needs a customer contact with name, phone and e-mail when help is asked for");
        }
    }

    private static BigDecimal dealValue(JsonValue value, String path) {
        BigDecimal amount = JsonTree.number(value)
                .orElseThrow(() -> ReferralErrors.invalid(path, "invalidValue", "The deal value must be a number."));
        require(amount.signum() > 0, path, "invalidValue", "must be more than 0");
        return amount;
    }

    private static void requireText(JsonObject body, String path) {
        require(
                text(body, path).filter(text -> !text.isBlank()).isPresent(),
                path,
                "missingRequiredField",
                "is required");
    }

    private static void checkCode(JsonValue value, String path, Set<String> known) {
        require(
                value instanceof JsonString text && known.contains(text.getString()),
                path,
                "invalidValue",
                "is not an ISO code");
    }

    private static void checkEnum(@Nullable JsonValue value, String path, Set<String> known) {
        require(
                value instanceof JsonString text && known.contains(text.getString()),
                path,
                "invalidEnumValue",
                "is not one of " + known);
    }

    private static void checkTime(JsonValue value, String path) {
        boolean valid = false;
        if (value instanceof JsonString text
                && text.getString().toUpperCase(Locale.ROOT).endsWith("Z")) {
            try {
                valid = Instant.parse(text.getString()).isAfter(Instant.EPOCH);
            } catch (DateTimeException malformed) {
                valid = false;
            }
        }
        require(valid, path, "invalidValue", "must be a UTC time");
    }

    private static void require(boolean holds, String path, String detail, String sentence) {
        if (!holds) {
            throw ReferralErrors.invalid(path, detail, "'" + path + "' " + sentence + ".");
        }
    }

    private static boolean isCompleteMember(JsonObject member) {
        return List.of("/firstName", "/lastName", "/phoneNumber", "/email").stream()
                .allMatch(path ->
                        text(member, path).filter(text -> !text.isBlank()).isPresent());
    }

    private static List<List<String>> contacts(JsonObject referral) {
        return objects(referral, CONTACTS).stream()
                .map(member -> List.of(
                        text(member, "/firstName").orElse(""),
                        text(member, "/lastName").orElse(""),
                        text(member, "/phoneNumber").orElse(""),
                        text(member, "/email").orElse("")))
                .toList();
    }

    static JsonObject organization(String id, String name) {
        return JSON.createObjectBuilder()
                .add("organizationId", id)
                .add("organizationName", name)
                .build();
    }

    private static JsonObject link(String uri) {
        return JSON.createObjectBuilder().add("uri", uri).add("method", "GET").build();
    }
}
