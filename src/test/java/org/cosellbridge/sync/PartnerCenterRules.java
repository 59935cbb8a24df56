package org.cosellbridge.sync;

import jakarta.json.JsonArray;
import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Collection;
import java.util.Currency;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.cosellbridge.connector.PartnerCenter;
import org.cosellbridge.connector.RejectedException;
import org.cosellbridge.referral.ReferralPaths;
import org.cosellbridge.referral.ReferralState;
import org.jspecify.annotations.Nullable;

/**
 * What Partner Center lets a partner do to a referral, and what it lets happen although no careful client does it. Everything of either
 * kind is told to the consumer, so that a test can say that none happened.
 */
final class PartnerCenterRules {
    static final String MICROSOFT = "msft";
    private static final String SHARED = "consent.consentToShareReferralWithMicrosoftSellers";
    private static final String CONTACTS = "customerProfile.team";
    private static final String REFERENCE = "externalReferenceId";
    private static final String SOLUTIONS = "details.requirements.solutions";
    private static final String HELP = "inviteContext.assistanceRequestCode";
    private static final Set<String> SERVER_OWNED = Set.of(
            "id", "organizationId", "createdDateTime", "updatedDateTime", "acceptedDateTime", "closedDateTime", "eTag");
    private static final Set<String> CURRENCIES = Currency.getAvailableCurrencies().stream()
            .map(Currency::getCurrencyCode)
            .collect(Collectors.toUnmodifiableSet());

    private final Consumer<String> broken;

    PartnerCenterRules(Consumer<String> broken) {
        this.broken = broken;
    }

    /** What becomes of a create: our own referral, or Microsoft's in the engagement of ours. Without id, times and eTag. */
    JsonObject created(JsonObject body, Collection<JsonObject> all, String engagement) {
        SERVER_OWNED.stream().filter(body::containsKey).forEach(name -> {
            throw refused(name, "is Partner Center's own");
        });
        requireDeal(body);
        boolean toMicrosoft = body.get("target") instanceof JsonArray targets
                && targets.stream()
                        .anyMatch(target -> text(target.asJsonObject(), "id").equals(MICROSOFT));
        return toMicrosoft ? invitation(body, all) : own(body, all, engagement);
    }

    private JsonObject own(JsonObject body, Collection<JsonObject> all, String engagement) {
        require(text(body, "engagementId").isEmpty(), "engagementId", "is chosen by Partner Center");
        checkReference(body, "", all);
        return typed(StoredJson.JSON
                .createObjectBuilder(body)
                .add("organizationId", SyncFixture.OURS)
                .add("engagementId", engagement)
                .add("status", "Active")
                .add("substatus", "Accepted")
                .add("inviteContext", invitedBy(SyncFixture.OURS, "Unknown"))
                .build());
    }

    private JsonObject invitation(JsonObject body, Collection<JsonObject> all) {
        List<JsonObject> engagement = all.stream()
                .filter(other -> text(other, "engagementId").equals(text(body, "engagementId")))
                .toList();
        Optional<JsonObject> own = engagement.stream()
                .filter(other -> text(other, "organizationId").equals(SyncFixture.OURS))
                .findFirst();
        require(own.isPresent(), "engagementId", "is none of ours");
        require(!state(own.orElseThrow()).isTerminal(), "engagementId", "is that of a closed deal");
        require(
                engagement.stream()
                        .noneMatch(other -> text(other, "organizationId").equals(MICROSOFT)),
                "engagementId",
                "has a referral of Microsoft's already");
        require(isTrue(own.orElseThrow(), SHARED) && isTrue(body, SHARED), SHARED, "must be true to ask for help");
        require(text(body, "type").equals("Shared"), "type", "of a co-sell referral is Shared");
        String code = text(body, HELP);
        require(!code.isBlank() && !code.equals("Unknown"), HELP, "must say how Microsoft can help");
        require(hasContact(body), CONTACTS, "must hold a whole contact when help is asked for");
        require(
                text(body, "inviteContext.invitedBy.organizationId").equals(SyncFixture.OURS),
                "inviteContext.invitedBy.organizationId",
                "is ourselves");
        return StoredJson.JSON
                .createObjectBuilder(body)
                .add("organizationId", MICROSOFT)
                .add("status", "New")
                .add("substatus", "Pending")
                .add("inviteContext", invitedBy(SyncFixture.OURS, code))
                .build();
    }

    static JsonObject invitedBy(String organization, String helpCode) {
        return StoredJson.JSON
                .createObjectBuilder()
                .add("assistanceRequestCode", helpCode)
                .add("invitedBy", StoredJson.JSON.createObjectBuilder().add("organizationId", organization))
                .build();
    }

    private void requireDeal(JsonObject body) {
        for (String path : List.of(
                "name",
                "qualification",
                "customerProfile.name",
                "customerProfile.address.addressLine1",
                "customerProfile.address.city",
                "customerProfile.address.country")) {
            require(!text(body, path).isBlank(), path, "is required");
        }
        for (String path : List.of(
                "consent.consentToToShareInfoWithOthers", "consent.consentToContact", SHARED, "details.dealValue")) {
            require(at(body, path) != JsonValue.NULL, path, "is required");
        }
        require(isTrue(body, "consent.consentToToShareInfoWithOthers"), "consent", "must let the deal be shared");
        requireSolutions(at(body, SOLUTIONS));
        for (String path : List.of("details.dealValue", "details.currency", "details.closingDateTime")) {
            checkValue(path, at(body, path));
        }
    }

    /** Counted, not refused: the server takes a reference for a second time. */
    private void checkReference(JsonObject referral, String id, Collection<JsonObject> all) {
        String reference = text(referral, REFERENCE);
        all.stream()
                .filter(other -> !reference.isBlank()
                        && !text(other, "id").equals(id)
                        && text(other, "organizationId").equals(SyncFixture.OURS)
                        && text(other, REFERENCE).equalsIgnoreCase(reference))
                .forEach(other -> broken.accept("A second referral names the record " + reference + "."));
    }

    /** The referral as a patch leaves it. {@code byPerson}: through the portal, which also lets the name be edited. */
    JsonObject patched(
            JsonObject current, Map<String, JsonValue> changes, Collection<JsonObject> all, boolean byPerson) {
        require(
                byPerson || text(current, "organizationId").equals(SyncFixture.OURS),
                "organizationId",
                "is another's: each changes only its own referral");
        require(!changes.isEmpty(), "", "the patch is empty");
        require(!state(current).isTerminal(), "status", "is terminal, and nothing can be changed any more");
        JsonObject next = current;
        for (Map.Entry<String, JsonValue> change : changes.entrySet()) {
            String path = change.getKey();
            require(
                    ReferralPaths.patchable().contains(path) || (byPerson && path.equals("name")),
                    path,
                    "cannot be patched");
            checkValue(path, change.getValue());
            boolean ofState = path.equals("status") || path.equals("substatus");
            if (!ofState && isSame(path, at(current, path), change.getValue())) {
                broken.accept("An unchanged value is sent: " + path + ".");
            }
            next = with(next, path, change.getValue());
        }
        require(
                changes.containsKey("status") == changes.containsKey("substatus"),
                "status",
                "goes together with substatus");
        if (changes.containsKey("status")) {
            ReferralState from = state(current);
            ReferralState to = state(next);
            require(from.mayBeMovedTo(to), "status", "does not go from " + from + " to " + to);
        }
        if (isTrue(current, SHARED)) {
            require(isTrue(next, SHARED), SHARED, "is never taken back");
            require(
                    at(current, CONTACTS).equals(at(next, CONTACTS)),
                    CONTACTS,
                    "does not change once Microsoft sees the deal");
        }
        if (changes.containsKey(REFERENCE)) {
            checkReference(next, text(current, "id"), all);
        }
        return typed(next);
    }

    private void checkValue(String path, JsonValue value) {
        switch (path) {
            case "details.dealValue" ->
                require(
                        value instanceof JsonNumber number
                                && number.bigDecimalValue().signum() > 0,
                        path,
                        "must be a number above zero");
            case "details.currency" ->
                require(
                        value instanceof JsonString code && CURRENCIES.contains(code.getString()),
                        path,
                        "must be an ISO code");
            case "details.closingDateTime" -> require(isTime(value), path, "must be a UTC time");
            case SOLUTIONS -> requireSolutions(value);
            case SHARED -> require(value == JsonValue.TRUE || value == JsonValue.FALSE, path, "must be true or false");
            case "status", "substatus", "name", REFERENCE -> require(value instanceof JsonString, path, "must be text");
            default -> {
                // the others are texts or lists of their own, which nobody here writes
            }
        }
    }

    private void requireSolutions(JsonValue value) {
        require(
                value instanceof JsonArray list
                        && !list.isEmpty()
                        && list.stream()
                                .allMatch(one -> one instanceof JsonObject solution
                                        && !text(solution, "id").isBlank()
                                        && Set.of("Category", "Name", "None").contains(text(solution, "type"))),
                SOLUTIONS,
                "must hold at least one solution with id and type");
    }

    private static boolean isTime(JsonValue value) {
        try {
            return value instanceof JsonString text
                    && text.getString().endsWith("Z")
                    && Instant.parse(text.getString()).isAfter(Instant.EPOCH);
        } catch (DateTimeException malformed) {
            return false;
        }
    }

    private static boolean isSame(String path, JsonValue one, JsonValue other) {
        if (one instanceof JsonNumber first && other instanceof JsonNumber second) {
            return first.bigDecimalValue().compareTo(second.bigDecimalValue()) == 0;
        }
        if (path.equals("details.closingDateTime") && isTime(one) && isTime(other)) {
            return Instant.parse(((JsonString) one).getString())
                    .equals(Instant.parse(((JsonString) other).getString()));
        }
        return one.equals(other);
    }

    private static boolean hasContact(JsonObject body) {
        return at(body, CONTACTS) instanceof JsonArray contacts
                && contacts.stream()
                        .map(JsonValue::asJsonObject)
                        .anyMatch(contact -> List.of("firstName", "lastName", "phoneNumber", "email").stream()
                                .noneMatch(member -> text(contact, member).isBlank()));
    }

    /** The type follows from the consent for what a partner makes, not for what Microsoft sends. */
    private static JsonObject typed(JsonObject referral) {
        boolean fromMicrosoft =
                text(referral, "inviteContext.invitedBy.organizationId").equals(MICROSOFT);
        return fromMicrosoft || at(referral, SHARED) == JsonValue.NULL
                ? referral
                : with(
                        referral,
                        "type",
                        StoredJson.JSON.createValue(isTrue(referral, SHARED) ? "Shared" : "Independent"));
    }

    static ReferralState state(JsonObject referral) {
        return ReferralState.parse(text(referral, "status"), text(referral, "substatus"));
    }

    private static boolean isTrue(JsonObject referral, String path) {
        return at(referral, path) == JsonValue.TRUE;
    }

    static String text(JsonObject referral, String path) {
        return at(referral, path) instanceof JsonString text ? text.getString() : "";
    }

    /** The value at this path of plain members; JSON null when there is none. */
    static JsonValue at(JsonObject referral, String path) {
        JsonValue value = referral;
        for (String name : path.split("\\.", -1)) {
            value = value instanceof JsonObject object ? object.getOrDefault(name, JsonValue.NULL) : JsonValue.NULL;
        }
        return value;
    }

    /** The document with this value at this path of plain members. */
    static JsonObject with(@Nullable JsonObject into, String path, JsonValue value) {
        JsonObjectBuilder copy = StoredJson.JSON.createObjectBuilder(into == null ? JsonValue.EMPTY_JSON_OBJECT : into);
        int dot = path.indexOf('.');
        if (dot < 0) {
            return copy.add(path, value).build();
        }
        JsonValue inner = into == null ? null : into.get(path.substring(0, dot));
        return copy.add(
                        path.substring(0, dot),
                        with(inner instanceof JsonObject object ? object : null, path.substring(dot + 1), value))
                .build();
    }

    private void require(boolean holds, String path, String sentence) {
        if (!holds) {
            throw refused(path, sentence);
        }
    }

    private RejectedException refused(String path, String sentence) {
        broken.accept("Refused: " + path + " " + sentence + ".");
        return new RejectedException(PartnerCenter.SYSTEM, "Refused: " + path + " " + sentence + ".");
    }
}
