package org.cosellbridge.referral;

import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.Optional;

/**
 * One organisation's view of a deal, as Partner Center holds it at one moment. The document is kept exactly as it came; the typed
 * essentials are read from it whatever the case of its member names, and what is unknown is never refused. Immutable.
 */
public final class Referral {
    private static final String INBOX = "https://partner.microsoft.com/referrals/v2/inbox?id=";

    private final JsonObject document;
    private final JsonObject view;
    private final ReferralId id;
    private final ReferralState state;
    private final DealKind kind;

    private Referral(JsonObject document, JsonObject spelled, ReferralId id) {
        this.document = document;
        this.id = id;
        this.state = ReferralState.parse(text(spelled, "status"), text(spelled, "substatus"));
        this.kind = DealKind.classify(
                text(spelled, "type"),
                text(spelled, "qualification"),
                text(spelled, "inviteContext", "invitedBy", "organizationId"));
        this.view = ReferralJson.PROVIDER
                .createObjectBuilder(spelled)
                .add(ReferralPaths.STATE, state.text())
                .add(ReferralPaths.LINK, link())
                .build();
    }

    /**
     * The referral in this document. Throws {@link IllegalArgumentException} when it has no id, since nothing can be done with such
     * a document.
     */
    public static Referral parse(JsonObject wire) {
        JsonObject spelled = ReferralPaths.spelled(wire);
        ReferralId id = ReferralId.parse(text(spelled, "id"))
                .orElseThrow(
                        () -> new IllegalArgumentException("A referral document has no id in the form of a GUID."));
        return new Referral(wire, spelled, id);
    }

    /** Its id. */
    public ReferralId id() {
        return id;
    }

    /** The engagement it belongs to. */
    public Optional<EngagementId> findEngagementId() {
        return findText("engagementId").map(EngagementId::new);
    }

    /** The organisation that owns it. */
    public Optional<OrganizationId> organizationId() {
        return findText("organizationId").map(OrganizationId::new);
    }

    /** The deal's name, empty when it has none. */
    public String name() {
        return text(view, "name");
    }

    /** The version a guarded write hands back, quotes included; empty when the document has none. */
    public String eTag() {
        return text(view, "eTag");
    }

    /** Status and substatus. */
    public ReferralState state() {
        return state;
    }

    /** The status. */
    public Status status() {
        return state.status();
    }

    /** The substatus. */
    public Substatus substatus() {
        return state.substatus();
    }

    /** When it was last changed. */
    public Optional<Instant> updatedDateTime() {
        return findInstant("updatedDateTime");
    }

    /** When it was created. */
    public Optional<Instant> createdDateTime() {
        return findInstant("createdDateTime");
    }

    /** The id of a record in some CRM, as written there by whoever linked it. */
    public Optional<String> externalReferenceId() {
        return findText("externalReferenceId");
    }

    /** What kind of item it is. */
    public DealKind kind() {
        return kind;
    }

    /** Whether its owner has accepted it: it is active, was won or lost, or carries the time of its acceptance. */
    public boolean isAccepted() {
        return switch (state.status()) {
            case ACTIVE -> true;
            case CLOSED ->
                state.substatus() == Substatus.WON
                        || state.substatus() == Substatus.LOST
                        || findText("acceptedDateTime").isPresent();
            case NONE, NEW, UNKNOWN -> false;
        };
    }

    /** Whether its end is reached; Partner Center then refuses every change. */
    public boolean isTerminal() {
        return state.isTerminal();
    }

    /** Whether it is kept as a lead: one of the two leads, and not accepted. What is accepted is kept as an opportunity. */
    public boolean isLead() {
        return kind.isLead() && !isAccepted();
    }

    /** Where a person opens it. */
    public String link() {
        return INBOX + id;
    }

    /** The document exactly as it came. */
    public JsonObject document() {
        return document;
    }

    /**
     * The document as mappings see it: member names in Partner Center's documented spelling, lists always lists, and two members
     * more: {@code state} ({@code Active/Accepted}) and {@code link}.
     */
    public JsonObject view() {
        return view;
    }

    @Override
    public String toString() {
        return "referral " + id;
    }

    private Optional<String> findText(String name) {
        return Optional.of(text(view, name)).filter(value -> !value.isBlank());
    }

    private Optional<Instant> findInstant(String name) {
        return findText(name).flatMap(value -> {
            try {
                return Optional.of(OffsetDateTime.parse(value).toInstant());
            } catch (DateTimeParseException notATime) {
                return Optional.empty();
            }
        });
    }

    private static String text(JsonObject from, String... path) {
        JsonValue value = from;
        for (String name : path) {
            value = value instanceof JsonObject object ? object.getOrDefault(name, JsonValue.NULL) : JsonValue.NULL;
        }
        if (value instanceof JsonString string) {
            return string.getString();
        }
        return value instanceof JsonNumber number ? number.toString() : "";
    }
}
