package org.cosellbridge.sync;

import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import jakarta.ws.rs.WebApplicationException;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;
import org.cosellbridge.connector.PartnerCenter;
import org.cosellbridge.connector.RecordRef;
import org.cosellbridge.mapping.MappingDocument;
import org.cosellbridge.referral.ReferralId;
import org.cosellbridge.referral.ReferralState;
import org.cosellbridge.referral.Status;
import org.jspecify.annotations.Nullable;

/** Sellers in the CRM and colleagues at Partner Center and at Microsoft, who do at random what their screens let them do. */
final class People {
    static final String CRM = "crm";
    static final String PARTNER_CENTER = PartnerCenter.SYSTEM;
    private static final String SYNC = "cosell_syncwithpartnercenter";
    private static final String KEY = "cosell_referralidentifier";
    private static final String LOCK = "isrevenuesystemcalculated";
    private static final String SHARED = "consent.consentToShareReferralWithMicrosoftSellers";
    private static final List<String> CURRENCIES = List.of("USD", "EUR", "GBP");

    private final SyncFixture fixture;
    private final Random random;
    private final Map<String, MappingDocument> documents = new LinkedHashMap<>();
    private final Consumer<String> story;
    private int words;

    /** Whether a seller entered a referral's id by hand, perhaps in a record that was not the only one. */
    boolean adopts;

    /** What persons did, oldest first. */
    final List<Edit> edits = new ArrayList<>();

    /**
     * What a person left in a field.
     *
     * @param system on which side
     * @param id the referral, or the record as {@code kind/id}
     * @param field the field's name in the mapping document
     * @param value as it stands there
     */
    record Edit(String system, String id, String field, JsonValue value, Instant at) {}

    People(SyncFixture fixture, Random random, Consumer<String> story) {
        this.fixture = fixture;
        this.random = random;
        this.story = story;
        fixture.documents.forEach(document -> documents.put(document.record(), document));
    }

    MappingDocument document(String kind) {
        return Objects.requireNonNull(documents.get(kind), kind);
    }

    private boolean chance(double probability) {
        return random.nextDouble() < probability;
    }

    private <T> T one(List<T> list) {
        return list.get(random.nextInt(list.size()));
    }

    private static JsonValue text(String text) {
        return Json.createValue(text);
    }

    // ---- how a deal begins

    /** A seller creates an opportunity, mostly to be shared with Partner Center. */
    void sellerCreates(boolean complete, boolean switchedOn) {
        JsonObjectBuilder account = Json.createObjectBuilder()
                .add("name", word("Customer"))
                .add("address1_line1", "1 Main St")
                .add("address1_city", "Seattle")
                .add("address1_postalcode", "98101");
        if (complete || chance(0.5)) {
            account.add("address1_country", "us");
        }
        String customer = fixture.crm.arrives("account", account.build());
        JsonObjectBuilder deal = Json.createObjectBuilder()
                .add("name", word("Deal"))
                .add("statuscode", "1")
                .add(LOCK, false)
                .add("description", word("note"))
                .add("parentaccountid", customer)
                .add("transactioncurrencyid", one(CURRENCIES));
        if (complete || chance(0.5)) {
            deal.add("estimatedvalue", amount()).add("estimatedclosedate", day());
        }
        if (complete || chance(0.5)) {
            deal.add("cosell_products", products());
        }
        if (chance(0.6)) {
            String contact = fixture.crm.arrives(
                    "contact",
                    Json.createObjectBuilder()
                            .add("firstname", "Ana")
                            .add("lastname", "Diaz")
                            .add("emailaddress1", "ana@contoso.example")
                            .add("telephone1", "2065550100")
                            .build());
            deal.add("parentcontactid", contact);
        }
        if (chance(0.4)) {
            deal.add("cosell_howcanmicrosofthelp", 100000001 + random.nextInt(6));
        }
        if (chance(0.3)) {
            deal.add("cosell_visibletomicrosoft", true);
        }
        JsonObject values = deal.add(SYNC, switchedOn).build();
        String id = fixture.crm.arrives("opportunity", values);
        document("opportunity").fields().forEach(mapping -> {
            JsonValue value = values.get(mapping.crm().name());
            if (value != null) {
                note(CRM, "opportunity/" + id, mapping.name(), value);
            }
        });
        story.accept("A seller creates opportunity/" + id + " " + values);
    }

    /** A deal of ours is entered in the portal, or Microsoft sends one, or a lead. */
    void referralArrives() {
        boolean lead = chance(0.35);
        boolean fromMicrosoft = lead || chance(0.5);
        boolean shared = !lead && (fromMicrosoft || chance(0.5));
        JsonObject referral = Json.createObjectBuilder()
                .add("name", word("Referral"))
                .add("status", fromMicrosoft ? "New" : "Active")
                .add("substatus", fromMicrosoft ? "Pending" : "Accepted")
                .add("type", shared ? "Shared" : "Independent")
                .add("qualification", lead && chance(0.5) ? "Direct" : "SalesQualified")
                .add(
                        "inviteContext",
                        PartnerCenterRules.invitedBy(
                                fromMicrosoft ? PartnerCenterRules.MICROSOFT : SyncFixture.OURS, "Unknown"))
                .add(
                        "customerProfile",
                        SyncFixture.json(
                                "{\"name\":\"" + word("Customer")
                                        + "\",\"address\":{\"addressLine1\":\"1 Main St\",\"city\":\"Seattle\",\"postalCode\":\"98101\",\"country\":\"US\"},"
                                        + "\"team\":[{\"firstName\":\"Bo\",\"lastName\":\"Li\",\"phoneNumber\":\"1\",\"email\":\"bo@fabrikam.example\"}]}"))
                .add(
                        "consent",
                        Json.createObjectBuilder()
                                .add("consentToToShareInfoWithOthers", true)
                                .add("consentToContact", true)
                                .add("consentToShareReferralWithMicrosoftSellers", shared))
                .add(
                        "details",
                        Json.createObjectBuilder()
                                .add("notes", chance(0.8) ? text(notes()) : JsonValue.NULL)
                                .add("dealValue", amount())
                                .add("currency", one(CURRENCIES))
                                .add("closingDateTime", time())
                                .add("requirements", Json.createObjectBuilder().add("solutions", solutions())))
                .build();
        String id = fixture.partnerCenter.arrives(referral);
        story.accept("Referral " + id + " arrives at Partner Center " + referral);
        if (shared && chance(0.2)) {
            joins(id, fromMicrosoft ? "Active/Accepted" : "New/Pending", fromMicrosoft ? "Unknown" : "GeneralOrOther");
        }
    }

    private void joins(String id, String state, String helpCode) {
        story.accept("Microsoft takes part in the deal of " + id + " as "
                + fixture.partnerCenter.joins(id, state, helpCode) + ", " + helpCode);
    }

    /** A seller creates a lead and wants it shared, which Partner Center does not do. */
    void sellerCreatesLead() {
        String id = fixture.crm.arrives(
                "lead",
                Json.createObjectBuilder()
                        .add("subject", word("Lead"))
                        .add("statuscode", "1")
                        .add(SYNC, true)
                        .build());
        story.accept("A seller creates lead/" + id);
    }

    /** A seller has the opportunity already and enters the id of a referral that came; false when there is none. */
    boolean sellerAdopts() {
        List<JsonObject> free = fixture.partnerCenter.all().stream()
                .filter(referral -> referral.getString("organizationId").equals(SyncFixture.OURS))
                .filter(referral -> records().stream()
                        .noneMatch(ref -> CrmRules.text(row(ref).getOrDefault(KEY, JsonValue.NULL))
                                .equals(referral.getString("id"))))
                .toList();
        if (free.isEmpty()) {
            return false;
        }
        String referral = one(free).getString("id");
        adopts = true;
        sellerCreates(chance(0.5), chance(0.5));
        RecordRef ref = records().stream()
                .filter(record -> record.kind().equals("opportunity"))
                .reduce((one, other) -> other)
                .orElseThrow();
        fixture.crm.edit(ref.kind(), ref.id(), KEY, text(referral).toString());
        story.accept("A seller enters the referral " + referral + " in " + ref);
        return true;
    }

    /** An operator decides a conflict; false when none is open. */
    boolean operatorDecides() {
        List<Links.FindingView> open =
                fixture.faces().listFindings(Finding.CONFLICT, null, null, 50).items();
        if (open.isEmpty()) {
            return false;
        }
        Links.FindingView conflict = one(open);
        String side = one(List.of("crm", "partner-center"));
        try {
            fixture.transaction(() -> fixture.faces()
                    .resolve(
                            conflict.id(),
                            DecisionBody.parse(
                                    Json.createObjectBuilder().add("side", side).build()),
                            "user:olga"));
        } catch (WebApplicationException impossible) {
            return false; // the field does not go that way
        }
        story.accept("An operator decides " + conflict.field() + " of " + conflict.record() + " for " + side);
        return true;
    }

    // ---- what persons change

    /** Somebody at Partner Center changes a referral; false when there is nothing to change. */
    boolean editsReferral() {
        List<JsonObject> open = fixture.partnerCenter.all().stream()
                .filter(referral -> !PartnerCenterRules.state(referral).isTerminal())
                .toList();
        if (open.isEmpty()) {
            return false;
        }
        JsonObject referral = one(open);
        String id = referral.getString("id");
        if (referral.getString("organizationId").equals(PartnerCenterRules.MICROSOFT)) {
            microsoftAnswers(referral);
            return true;
        }
        if (chance(0.03) && PartnerCenterRules.state(referral).status() == Status.NEW) {
            fixture.partnerCenter.set(id, "status", text("Closed"));
            fixture.partnerCenter.set(id, "substatus", text("Expired"));
            story.accept("Referral " + id + " expires");
            return true;
        }
        // what is hidden before its create was answered could not be found by anybody
        if (chance(0.02) && isLinked(id)) {
            boolean hides = chance(0.5);
            fixture.partnerCenter.hide(id, hides);
            story.accept("Referral " + id + " is " + (hides ? "hidden" : "shown"));
            return true;
        }
        if (chance(0.03) && asksInPortal(referral)) {
            return true;
        }
        Map<String, JsonValue> changes = new LinkedHashMap<>();
        String field = "";
        switch (random.nextInt(14)) {
            case 0, 1, 2 -> {
                field = "dealValue";
                changes.put("details.dealValue", Json.createValue(amount()));
            }
            case 3, 4 -> {
                field = "closingDate";
                changes.put("details.closingDateTime", text(time()));
            }
            case 5, 6, 7 -> {
                field = "notes";
                changes.put("details.notes", text(notes()));
            }
            case 8 -> {
                field = "currency";
                changes.put("details.currency", text(one(CURRENCIES)));
            }
            case 9 -> {
                field = "products";
                changes.put("details.requirements.solutions", solutions().build());
            }
            case 10 -> {
                field = "name";
                changes.put("name", text(word("Renamed")));
            }
            case 11 -> {
                field = "visibleToMicrosoft";
                changes.put(SHARED, JsonValue.TRUE);
            }
            default -> {
                ReferralState from = PartnerCenterRules.state(referral);
                List<ReferralState> next =
                        List.of("Active/Accepted", "Closed/Declined", "Closed/Won", "Closed/Lost").stream()
                                .map(ReferralState::parse)
                                .filter(from::mayBeMovedTo)
                                .filter(to -> to.status() == Status.ACTIVE || chance(0.4))
                                .toList();
                if (!next.isEmpty()) {
                    String[] state = one(next).text().split("/", -1);
                    field = "state";
                    changes.put("status", text(state[0]));
                    changes.put("substatus", text(state[1]));
                }
            }
        }
        changes.entrySet()
                .removeIf(change -> PartnerCenterRules.isSame(
                        change.getKey(), PartnerCenterRules.at(referral, change.getKey()), change.getValue()));
        if (changes.isEmpty() || (field.equals("state") && changes.size() < 2)) {
            return false;
        }
        fixture.partnerCenter.edit(id, changes);
        story.accept("A person at Partner Center changes " + id + " " + shortened(changes));
        String written = field;
        changes.values().stream()
                .findFirst()
                .ifPresent(value -> note(
                        PARTNER_CENTER,
                        id,
                        written,
                        document("opportunity")
                                .findField(written)
                                .orElseThrow()
                                .fromReferral(org.cosellbridge.referral.Referral.parse(fixture.partnerCenter.get(id))
                                        .view())));
        return true;
    }

    private boolean asksInPortal(JsonObject referral) {
        boolean possible = PartnerCenterRules.at(referral, SHARED) == JsonValue.TRUE
                && fixture.partnerCenter.all().stream()
                                .filter(other ->
                                        other.getString("engagementId").equals(referral.getString("engagementId")))
                                .count()
                        == 1;
        if (possible) {
            joins(referral.getString("id"), "New/Pending", "QuotesOrLicensing");
        }
        return possible;
    }

    private void microsoftAnswers(JsonObject theirs) {
        boolean accepts = PartnerCenterRules.state(theirs).status() == Status.NEW && chance(0.7);
        if (!accepts) {
            return;
        }
        String id = theirs.getString("id");
        fixture.partnerCenter.edit(id, Map.of("status", text("Active"), "substatus", text("Accepted")));
        String msx = word("7-");
        fixture.partnerCenter.set(
                id,
                "trackingInfo",
                Json.createObjectBuilder().add("microsoftMsxId", msx).build());
        story.accept("Microsoft accepts " + id + " as " + msx);
    }

    /** A seller changes a record; false when there is nothing to change. */
    boolean editsRecord() {
        List<RecordRef> records = records();
        if (records.isEmpty()) {
            return false;
        }
        RecordRef ref = one(records);
        JsonObject row = row(ref);
        String state = row.getString("statuscode", "1");
        boolean lead = ref.kind().equals("lead");
        boolean closed = state.compareTo("2") > 0;
        if (closed) {
            return !lead && chance(0.2) && set(ref, "state", text("1"));
        }
        return switch (random.nextInt(20)) {
            case 0, 1, 2 -> row.get(LOCK) != JsonValue.TRUE && set(ref, "dealValue", value());
            case 3, 4 -> set(ref, "closingDate", chance(0.9) ? text(day()) : JsonValue.NULL);
            case 5, 6, 7 -> set(ref, "notes", chance(0.9) ? text(recordNotes()) : JsonValue.NULL);
            case 8 -> set(ref, "currency", text(one(CURRENCIES)));
            case 9 -> set(ref, "products", chance(0.85) ? text(products()) : JsonValue.NULL);
            case 10 -> set(ref, "name", text(word("Renamed")));
            case 11 -> set(ref, "visibleToMicrosoft", chance(0.7) ? JsonValue.TRUE : JsonValue.FALSE);
            case 12 ->
                set(
                        ref,
                        "microsoftHelp",
                        chance(0.85) ? Json.createValue(100000001 + random.nextInt(6)) : JsonValue.NULL);
            case 13, 14 -> lead ? leadMoves(ref, row) : opportunityMoves(ref, state);
            case 15, 16 ->
                set(ref, "sync", row.get(SYNC) == JsonValue.TRUE && chance(0.6) ? JsonValue.FALSE : JsonValue.TRUE);
            case 17 -> !lead && locks(ref, row);
            case 18 -> chance(0.15) && deletes(ref);
            default -> lead && leadMoves(ref, row);
        };
    }

    private boolean opportunityMoves(RecordRef ref, String state) {
        String next = one(List.of("1", "1", "2", "3", "4", "5"));
        return !next.equals(state) && (next.compareTo("2") <= 0 || chance(0.4)) && set(ref, "state", text(next));
    }

    /** A lead is contacted, given up, or made an opportunity. */
    private boolean leadMoves(RecordRef ref, JsonObject row) {
        if (chance(0.5)) {
            String next = one(List.of("2", "7", "3"));
            return chance(0.5) && set(ref, "state", text(next));
        }
        JsonObjectBuilder made = Json.createObjectBuilder()
                .add("originatingleadid", ref.id())
                .add("statuscode", "1")
                .add(LOCK, false)
                .add("name", row.getOrDefault("subject", JsonValue.NULL))
                .add("estimatedvalue", row.getOrDefault("estimatedamount", JsonValue.NULL))
                .add("transactioncurrencyid", row.getOrDefault("transactioncurrencyid", JsonValue.NULL));
        if (chance(0.3)) {
            made.add(SYNC, true);
        }
        set(ref, "state", text("3"));
        String id = fixture.crm.arrives("opportunity", made.build());
        story.accept("A seller qualifies " + ref + " as opportunity/" + id);
        return true;
    }

    private boolean locks(RecordRef ref, JsonObject row) {
        boolean lock = row.get(LOCK) != JsonValue.TRUE;
        fixture.crm.edit(ref.kind(), ref.id(), LOCK, String.valueOf(lock));
        story.accept("The CRM " + (lock ? "computes" : "no longer computes") + " the value of " + ref);
        return !lock || set(ref, "dealValue", Json.createValue(amount()));
    }

    private boolean isLinked(String referral) {
        return fixture.links
                .findByReferral(SyncFixture.CRM, new ReferralId(referral))
                .filter(link -> link.record() != null)
                .isPresent();
    }

    private boolean deletes(RecordRef ref) {
        boolean ours = row(ref).get(KEY) instanceof JsonString;
        if (ours && fixture.links.findByRecord(SyncFixture.CRM, ref).isEmpty()) {
            return false; // nobody can tell a create that was undone before its answer from one that never arrived
        }
        fixture.crm.delete(ref.kind(), ref.id());
        story.accept("A seller deletes " + ref);
        return true;
    }

    private boolean set(RecordRef ref, String field, JsonValue value) {
        String column =
                document(ref.kind()).findField(field).orElseThrow().crm().name();
        JsonValue held = row(ref).getOrDefault(column, JsonValue.NULL);
        if (held.equals(value)) {
            return false;
        }
        fixture.crm.edit(ref.kind(), ref.id(), column, value.toString());
        note(CRM, ref.toString(), field, value);
        story.accept("A seller changes " + ref + " " + shortened(Map.of(column, value)));
        return true;
    }

    private void note(String system, String id, String field, JsonValue value) {
        edits.add(new Edit(system, id, field, value, fixture.clock.instant()));
    }

    static String shortened(Map<String, JsonValue> changes) {
        Map<String, String> shown = new LinkedHashMap<>();
        changes.forEach((name, value) -> {
            String text = value.toString();
            shown.put(name, text.length() > 60 ? text.substring(0, 50) + "...(" + text.length() + ")" : text);
        });
        return shown.toString();
    }

    // ---- what they meet

    /** Every opportunity and lead there is. */
    List<RecordRef> records() {
        List<RecordRef> records = new ArrayList<>();
        documents
                .keySet()
                .forEach(kind -> fixture.crm.table(kind).keySet().forEach(id -> records.add(new RecordRef(kind, id))));
        return records;
    }

    JsonObject row(RecordRef ref) {
        return Optional.ofNullable(findRow(ref)).orElseThrow();
    }

    @Nullable
    JsonObject findRow(RecordRef ref) {
        return fixture.crm.table(ref.kind()).get(ref.id());
    }

    boolean isSwitchedOn(RecordRef ref) {
        return row(ref).get(SYNC) == JsonValue.TRUE;
    }

    boolean isLinkable(RecordRef ref) {
        return isSwitchedOn(ref)
                || (row(ref).get(KEY) instanceof JsonString key
                        && !key.getString().isBlank());
    }

    boolean carries(RecordRef ref, String referral) {
        return CrmRules.text(row(ref).getOrDefault(KEY, JsonValue.NULL)).equals(referral);
    }

    // ---- what they type

    private String word(String kind) {
        return kind + " " + ++words;
    }

    private BigDecimal amount() {
        return BigDecimal.valueOf(100 + random.nextInt(1_000_000), random.nextInt(3));
    }

    private JsonValue value() {
        double kind = random.nextDouble();
        return kind < 0.06 ? Json.createValue(0) : kind < 0.1 ? JsonValue.NULL : Json.createValue(amount());
    }

    private String day() {
        return String.format(java.util.Locale.ROOT, "2027-%02d-%02d", 1 + random.nextInt(12), 1 + random.nextInt(28));
    }

    private String time() {
        return day() + one(List.of("T00:00:00Z", "T00:00:00.0000000Z", "T23:30:00Z"));
    }

    private String notes() {
        double kind = random.nextDouble();
        String text = word("note");
        return kind < 0.2
                ? text + " long".repeat(500 + random.nextInt(300))
                : kind < 0.3 ? text + " R&amp;D\r\nnext line" : kind < 0.35 ? "" : text;
    }

    private String recordNotes() {
        double kind = random.nextDouble();
        String text = word("remark");
        return kind < 0.15 ? text + " & <more>\nnext line  " : kind < 0.2 ? text + "x".repeat(1800) : text;
    }

    private String products() {
        return one(List.of("SOL-1-AAA", "SOL-2-BBB;SOL-1-AAA", "SOL-3-CCC, SOL-1-AAA", "SOL-2-BBB\nSOL-3-CCC"));
    }

    private JsonArrayBuilder solutions() {
        JsonArrayBuilder list = Json.createArrayBuilder();
        for (int i = 1 + random.nextInt(3); i > 0; i--) {
            String letter = one(List.of("AAA", "BBB", "CCC"));
            list.add(Json.createObjectBuilder()
                    .add("id", "SOL-" + i + "-" + letter)
                    .add("type", "Name")
                    .add("name", "Solution " + i));
        }
        return list;
    }
}
