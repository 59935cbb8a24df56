package org.cosellbridge.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import jakarta.json.JsonValue;
import jakarta.ws.rs.WebApplicationException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.cosellbridge.audit.AuditEntry;
import org.cosellbridge.audit.AuditKind;
import org.cosellbridge.audit.FieldChange;
import org.cosellbridge.connector.Priority;
import org.cosellbridge.platform.Problem;
import org.cosellbridge.referral.Direction;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Conflicts that people decide, on the documents of the fixture and a few fields more. */
class DecisionsTest {
    private static final String A = "aaaaaaaa-0000-0000-0000-000000000001";
    private static final String MORE = """
            {"name":"phone","path":"customerProfile.team[0].phoneNumber","field":"telephone1","type":"text","direction":"both","personal":"contact"},
            {"name":"products","path":"details.requirements.solutions[].id","field":"products","type":"text","separator":";","lossy":true,"maxLength":10,"direction":"both"},
            {"name":"day","path":"details.closingDateTime","field":"day","type":"date","direction":"both"},
            {"name":"stage","path":"salesStage","field":"stage","type":"choice","direction":"both","lossy":true,"default":{"toCrm":9},
             "values":[{"partnerCenter":"Early","crm":1},{"partnerCenter":"Late","crm":2},{"partnerCenter":"Other","crm":9}]},
            {"name":"shouted","path":"campaignId","field":"shouted","type":"text","direction":"both","lossy":true,"transform":{"toCrm":"$uppercase($value) & name"}},
            {"name":"share","path":"consent.consentToShareReferralWithMicrosoftSellers","field":"share","type":"boolean","direction":"both","oneWay":true},
            {"name":"code","path":"referralProgram","field":"code","type":"text","direction":"to-partner-center"},
            """;
    private final SyncFixture fixture = new SyncFixture();
    private String link = "";

    @BeforeEach
    void link() {
        fixture.documents = List.of(SyncFixture.document(
                SyncFixture.OPPORTUNITY.replaceFirst("\"fields\":\\[", "\"fields\":[" + MORE.replace("$", "\\$"))));
        fixture.partnerCenter.put(A, "e1");
        fixture.attempt(A);
        link = fixture.link(A).id();
        fixture.trail.clear();
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    private static JsonValue json(String json) {
        return StoredJson.value(json);
    }

    private Finding open(String kind, String field, String partnerCenter, String crm, @Nullable String subject) {
        String recordField =
                fixture.documents.get(0).findField(field).orElseThrow().crm().name();
        List<Finding> before = fixture.findings.listOpen(link).stream()
                .filter(finding -> finding.field().equals(field))
                .toList();
        Finding finding = new Finding(
                before.isEmpty() ? null : before.get(0).id(),
                kind,
                link,
                field,
                recordField,
                "review",
                "Both.",
                json(partnerCenter),
                json(crm),
                null);
        fixture.transaction(() -> fixture.findings.save(finding, subject));
        return fixture.findings.listOpen(link).stream()
                .filter(found -> found.field().equals(field))
                .findFirst()
                .orElseThrow();
    }

    private String conflict(String field, String partnerCenter, String crm) {
        return String.valueOf(
                open(Finding.CONFLICT, field, partnerCenter, crm, null).id());
    }

    private Links.FindingView resolve(String conflict, String body) {
        return resolve(conflict, body, "user:olga");
    }

    private Links.FindingView resolve(String conflict, String body, String actor) {
        AtomicReference<Links.@Nullable FindingView> view = new AtomicReference<>();
        fixture.transaction(
                () -> view.set(fixture.faces().resolve(conflict, DecisionBody.parse(StoredJson.object(body)), actor)));
        return java.util.Objects.requireNonNull(view.get());
    }

    private static void refused(int status, String part, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOfSatisfying(WebApplicationException.class, refused -> {
            assertThat(refused.getResponse().getStatus()).isEqualTo(status);
            assertThat(((Problem) refused.getResponse().getEntity()).detail()).contains(part);
        });
    }

    private AuditEntry decided() {
        return fixture.trail.stream()
                .filter(entry -> entry.kind() == AuditKind.CONFLICT_DECIDED)
                .reduce((first, second) -> second)
                .orElseThrow();
    }

    @Test
    void aSideThatIsChosenIsStoredShownToldAndCarriedOutNext() {
        String id = conflict("notes", "\"theirs\"", "\"ours\"");

        Links.FindingView view = resolve(id, "{\"side\":\"crm\"}");

        assertThat(fixture.decisions.find(link))
                .containsOnlyKeys("notes")
                .containsEntry(
                        "notes", new Decided(Decided.Side.CRM, null, json("\"theirs\""), json("\"ours\""), "olga"));
        Links.DecisionView shown = java.util.Objects.requireNonNull(view.decision());
        assertThat(shown.side()).isEqualTo("crm");
        assertThat(shown.decider()).isEqualTo("olga");
        assertThat(shown.value()).isNull();
        assertThat(fixture.faces().get(link, false).conflicts())
                .extracting(Links.FindingView::decision)
                .containsExactly(shown);
        AuditEntry entry = decided();
        assertThat(entry.actor()).isEqualTo("user:olga");
        assertThat(entry.outcome()).isEqualTo("crm");
        assertThat(entry.referral()).isEqualTo(A);
        assertThat(entry.record()).startsWith("opportunity/");
        assertThat(entry.changes())
                .containsExactly(new FieldChange(
                        "notes",
                        "description",
                        Direction.TO_PARTNER_CENTER,
                        null,
                        json("\"theirs\""),
                        json("\"ours\""),
                        json("\"ours\""),
                        "decided",
                        "olga",
                        null));
        assertThat(fixture.wanted)
                .extracting(want -> want.subject().key(), Want::priority, Want::correlationId)
                .containsExactly(tuple("crm/referral/" + A, Priority.PERSON, entry.correlation()));
    }

    @Test
    void aTypedValueIsToldAsBothSidesShallHoldIt() {
        String id = conflict("day", "\"2026-12-01T00:00:00Z\"", "\"2026-12-02\"");

        resolve(id, "{\"value\":\"2026-12-24\"}");

        assertThat(fixture.decisions.find(link).get("day"))
                .isEqualTo(new Decided(
                        Decided.Side.VALUE,
                        json("\"2026-12-24T00:00:00Z\""),
                        json("\"2026-12-01T00:00:00Z\""),
                        json("\"2026-12-02\""),
                        "olga"));
        assertThat(decided().changes())
                .extracting(FieldChange::direction, FieldChange::written)
                .containsExactly(
                        tuple(Direction.TO_CRM, json("\"2026-12-24\"")),
                        tuple(Direction.TO_PARTNER_CENTER, json("\"2026-12-24T00:00:00Z\"")));
    }

    @Test
    void aTypedValueIsSpelledAsTheValueTableSpellsIt() {
        resolve(conflict("stage", "\"Early\"", "2"), "{\"value\":\"other\"}");

        assertThat(fixture.decisions.find(link).values())
                .extracting(Decided::value)
                .containsExactly(json("\"Other\""));
    }

    @Test
    void aPersonMayDecideForNothing() {
        resolve(conflict("notes", "\"theirs\"", "\"ours\""), "{\"value\":null}");

        assertThat(fixture.decisions.find(link).values())
                .extracting(Decided::value)
                .containsExactly(JsonValue.NULL);
    }

    @Test
    void decidingAgainReplacesTheDecisionAndIsToldAgain() {
        String id = conflict("notes", "\"theirs\"", "\"ours\"");
        resolve(id, "{\"value\":\"third\"}");

        Links.FindingView view = resolve(id, "{\"side\":\"partner-center\"}", "user:otto");

        assertThat(fixture.decisions.find(link).get("notes"))
                .isEqualTo(
                        new Decided(Decided.Side.PARTNER_CENTER, null, json("\"theirs\""), json("\"ours\""), "otto"));
        assertThat(java.util.Objects.requireNonNull(view.decision()).decider()).isEqualTo("otto");
        assertThat(fixture.count(AuditKind.CONFLICT_DECIDED)).isEqualTo(2);
        assertThat(fixture.wanted).hasSize(2);
    }

    @Test
    void onlyAnOpenConflictCanBeDecided() {
        refused(404, "There is no conflict", () -> resolve("nothing", "{\"side\":\"crm\"}"));
        String difference =
                String.valueOf(open(Finding.DIFFERENCE, "value", "1", "2", null).id());
        refused(404, "There is no conflict", () -> resolve(difference, "{\"side\":\"crm\"}"));
        Finding conflict = open(Finding.CONFLICT, "notes", "\"a\"", "\"b\"", null);
        fixture.transaction(() -> fixture.findings.close(conflict));
        refused(409, "is closed", () -> resolve(String.valueOf(conflict.id()), "{\"side\":\"crm\"}"));
        assertThat(fixture.wanted).isEmpty();
        assertThat(fixture.trail).isEmpty();
    }

    @Test
    void aDecisionThatMeetsTheClosingOfItsConflictLeavesNothingBehind() throws Exception {
        Finding conflict = open(Finding.CONFLICT, "notes", "\"a\"", "\"b\"", null);
        CountDownLatch closing = new CountDownLatch(1);
        CountDownLatch deciding = new CountDownLatch(1);
        CompletableFuture<Void> attempt = CompletableFuture.runAsync(() -> fixture.transaction(() -> {
            fixture.findings.close(conflict);
            closing.countDown();
            await(deciding);
        }));
        closing.await();
        CompletableFuture<Void> person = CompletableFuture.runAsync(() -> {
            deciding.countDown();
            refused(409, "is closed", () -> resolve(String.valueOf(conflict.id()), "{\"side\":\"crm\"}"));
        });

        attempt.get();
        person.get();

        assertThat(fixture.stored("select field from sync_decision")).isEmpty();
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException stopped) {
            throw new IllegalStateException(stopped);
        }
    }

    @Test
    void aDecisionGoesWithItsConflict() {
        Finding conflict = open(Finding.CONFLICT, "notes", "\"a\"", "\"b\"", null);
        resolve(String.valueOf(conflict.id()), "{\"side\":\"crm\"}");
        resolve(conflict("value", "1", "2"), "{\"side\":\"crm\"}");

        fixture.transaction(() -> fixture.findings.close(conflict));

        assertThat(fixture.decisions.find(link)).containsOnlyKeys("value");
        fixture.transaction(() -> {
            assertThat(fixture.decisions.forget(link, "value")).isTrue();
            assertThat(fixture.decisions.forget(link, "notes")).isFalse();
        });
        assertThat(fixture.decisions.find(link)).isEmpty();
    }

    @Test
    void aDecisionEndsWhenASideNoLongerHoldsWhatThePersonSaw() {
        Finding conflict = open(Finding.CONFLICT, "notes", "\"a\"", "\"b\"", null);
        resolve(String.valueOf(conflict.id()), "{\"side\":\"crm\"}");
        List<Boolean> ended = new ArrayList<>();

        fixture.transaction(() -> ended.add(fixture.findings.save(conflict, null)));
        assertThat(fixture.decisions.find(link)).containsOnlyKeys("notes");
        Finding moved = new Finding(
                conflict.id(),
                Finding.CONFLICT,
                link,
                "notes",
                "description",
                "review",
                "Both.",
                json("\"a\""),
                json("\"c\""),
                null);
        fixture.transaction(() -> ended.add(fixture.findings.save(moved, null)));

        assertThat(ended).containsExactly(false, true);
        assertThat(fixture.decisions.find(link)).isEmpty();
        assertThat(fixture.faces()
                        .listFindings(Finding.CONFLICT, link, null, null)
                        .items())
                .extracting(Links.FindingView::decision)
                .containsOnlyNulls();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                // the name goes to Partner Center only when a referral is created
                "name|{\"side\":\"crm\"}|Decide for {\"side\":\"partner-center\"}",
                "name|{\"value\":\"x\"}|Decide for {\"side\":\"partner-center\"}",
                "contactName|{\"side\":\"crm\"}|Decide for {\"side\":\"partner-center\"}",
                "code|{\"side\":\"partner-center\"}|Decide for {\"side\":\"crm\"}",
                "code|{\"value\":\"x\"}|Decide for {\"side\":\"crm\"}",
                "referralId|{\"side\":\"partner-center\"}|to neither side"
            })
    void aSideThatTheFieldDoesNotReachCannotBeDecidedAgainst(String field, String body, String part) {
        String id = conflict(field, "\"a\"", "\"b\"");

        refused(409, part, () -> resolve(id, body));

        assertThat(fixture.decisions.find(link)).isEmpty();
        assertThat(fixture.wanted).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "name|{\"side\":\"partner-center\"}",
                "code|{\"side\":\"crm\"}",
                "notes|{\"side\":\"crm\"}",
                "notes|{\"side\":\"partner-center\"}",
                "state|{\"value\":\"closed/lost\"}",
                "state|{\"value\":\"New/Pending\"}",
                "value|{\"value\":12.50}",
                "products|{\"value\":[\"SOL-1\",\"S2\"]}",
                "phone|{\"value\":\"+49 1\"}",
                "shouted|{\"value\":\"quiet\"}"
            })
    void whatReachesBothSidesCanBeDecided(String field, String body) {
        resolve(conflict(field, "\"a\"", "\"b\""), body);

        assertThat(fixture.decisions.find(link)).containsOnlyKeys(field);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "state|\"Active/Dreaming\"|value table",
                "stage|\"Nowhere\"|not in the mapping's value table",
                "state|7|in quotes",
                "notes|\"longer than what the CRM takes\"|cut or changed",
                "notes|{\"a\":1}|in quotes",
                "products|[\"SOL-1\",\"SOL-2\",\"SOL-3\"]|cut or changed",
                "products|\"SOL-1\"|list of texts",
                "value|\"12\"|without quotes",
                "value|true|without quotes",
                "day|\"tomorrow\"|ISO 8601",
                "day|20261224|a time here"
            })
    void aValueThatASideCannotHoldIsRefusedWithASentence(String field, String value, String part) {
        String id = conflict(field, "\"a\"", "\"b\"");

        refused(422, part, () -> resolve(id, "{\"value\":" + value + "}"));

        assertThat(fixture.decisions.find(link)).isEmpty();
        assertThat(fixture.trail).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "state|\"Closed/Won\"|\"lost\"|{\"side\":\"crm\"}|409|reached its end",
                "state|\"Closed/Won\"|\"lost\"|{\"value\":\"Closed/Declined\"}|422|reached its end",
                "value|2|0|{\"side\":\"crm\"}|409|above zero",
                "value|2|3|{\"value\":-1}|422|above zero",
                "share|true|false|{\"side\":\"crm\"}|409|does not take it back"
            })
    void whatPartnerCenterCanNeverTakeIsRefusedBeforeAnybodyTries(
            String field, String partnerCenter, String crm, String body, int status, String part) {
        String id = conflict(field, partnerCenter, crm);

        refused(status, part, () -> resolve(id, body));

        assertThat(fixture.decisions.find(link)).isEmpty();
        assertThat(fixture.trail).isEmpty();
        resolve(id, "{\"side\":\"partner-center\"}");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "state|\"New/Pending\"|\"won\"|{\"side\":\"crm\"}",
                "state|\"Active/Accepted\"|\"lost\"|{\"side\":\"crm\"}",
                "state|\"Active/Dreaming\"|\"lost\"|{\"side\":\"crm\"}",
                "state|\"Closed/Won\"|\"lost\"|{\"value\":\"Closed/Won\"}",
                "value|0|2|{\"side\":\"crm\"}",
                "share|false|true|{\"side\":\"crm\"}"
            })
    void whatPartnerCenterMayTakeCanBeDecided(String field, String partnerCenter, String crm, String body) {
        resolve(conflict(field, partnerCenter, crm), body);

        assertThat(fixture.decisions.find(link)).containsOnlyKeys(field);
    }

    @Test
    void personalValuesAreSealedUnderTheFindingsOwnSubject() {
        String id = String.valueOf(open(Finding.CONFLICT, "phone", "\"12\"", "\"34\"", "ana@contoso.example")
                .id());

        resolve(id, "{\"value\":\"56\"}");

        String row = String.join(" ", fixture.stored("select concat(decided, partner_center, crm) from sync_decision"));
        assertThat(row).contains("sealed", "ana@contoso.example").doesNotContain("12", "34", "56");
        assertThat(fixture.decisions.find(link).get("phone"))
                .isEqualTo(new Decided(Decided.Side.VALUE, json("\"56\""), json("\"12\""), json("\"34\""), "olga"));
        assertThat(decided().changes())
                .extracting(FieldChange::subject)
                .containsExactly("ana@contoso.example", "ana@contoso.example");
    }

    @Test
    void personalValuesOfAFindingThatKnowsNoSubjectBelongToTheReferral() {
        resolve(conflict("phone", "\"111\"", "\"222\""), "{\"side\":\"crm\"}");

        assertThat(decided().changes()).extracting(FieldChange::subject).containsExactly("referral " + A);
    }

    // ---- what attempts tell of decisions that end

    private static final String B = "aaaaaaaa-0000-0000-0000-000000000002";

    /** A conflict about the value of another deal, whose record has a Sync Status: its id. */
    private String conflictAboutValue() {
        fixture.documents = List.of(SyncFixture.document(SyncFixture.OPPORTUNITY
                .replace("\"lockedBy\":\"calculated\"", "\"conflict\":\"review\",\"lockedBy\":\"calculated\"")
                .replace(
                        "\"referralKey\":\"refid\",",
                        "\"referralKey\":\"refid\",\"section\":{\"status\":\"status\"},")));
        fixture.partnerCenter.put(B, "e2");
        fixture.attempt(B);
        edit("estimatedvalue", "200");
        fixture.partnerCenter.put(B, "e2", "details", "{\"notes\":\"first\",\"dealValue\":300}");
        assertThat(fixture.attempt(B).word()).isEqualTo("conflict");
        fixture.trail.clear();
        return String.valueOf(
                fixture.findings.listOpen(fixture.link(B).id()).get(0).id());
    }

    private void edit(String field, String json) {
        fixture.crm.edit(
                "opportunity", fixture.link(B).findRecord().orElseThrow().id(), field, json);
    }

    private AuditEntry told(AuditKind kind) {
        List<AuditEntry> told =
                fixture.trail.stream().filter(entry -> entry.kind() == kind).toList();
        assertThat(told).hasSize(1);
        return told.get(0);
    }

    @Test
    void aNewerDecisionOutlivesTheEndOfTheOlderOne() {
        String conflict = conflictAboutValue();
        edit("calculated", "true");
        resolve(conflict, "{\"side\":\"partner-center\"}");
        AtomicBoolean first = new AtomicBoolean(true);
        fixture.weather = new SyncFixture.Weather() {
            @Override
            public void before(String system, boolean write) {
                if (write && first.getAndSet(false)) {
                    resolve(conflict, "{\"side\":\"crm\"}", "user:otto");
                }
            }
        };

        fixture.attempt(B);

        assertThat(first).isFalse();
        assertThat(fixture.decisions.find(fixture.link(B).id()))
                .hasEntrySatisfying(
                        "value", decided -> assertThat(decided.decider()).isEqualTo("otto"));
        assertThat(fixture.findings.listOpen(fixture.link(B).id()))
                .extracting(Finding::kind)
                .containsExactly(Finding.CONFLICT);
        assertThat(fixture.count(AuditKind.CONFLICT_CLOSED)).isZero();
        fixture.attempt(B);
        assertThat(fixture.partnerCenter.get(B).getJsonObject("details").getInt("dealValue"))
                .isEqualTo(200);
        assertThat(fixture.findings.listOpen(fixture.link(B).id())).isEmpty();
        assertThat(fixture.stored("select field from sync_decision")).isEmpty();
    }

    @Test
    void theEndOfARefusedDecisionNamesTheValueAndWhoDecided() {
        String conflict = conflictAboutValue();
        edit("calculated", "true");
        resolve(conflict, "{\"side\":\"partner-center\"}");

        fixture.attempt(B);

        assertThat(told(AuditKind.DECISION_ENDED).changes())
                .extracting(
                        FieldChange::field,
                        FieldChange::direction,
                        FieldChange::partnerCenter,
                        FieldChange::crm,
                        FieldChange::written,
                        FieldChange::rule,
                        FieldChange::decider)
                .containsExactly(tuple("value", Direction.TO_CRM, json("300"), json("200"), null, "locked", "olga"));
        assertThat(told(AuditKind.CONFLICT_CLOSED).reason())
                .isEqualTo("The conflict about value is told as a difference from now on.");
    }

    @Test
    void theEndOfAnOutdatedDecisionNamesTheValueAndWhoDecided() {
        String conflict = conflictAboutValue();
        resolve(conflict, "{\"side\":\"partner-center\"}");
        edit("estimatedvalue", "250");

        fixture.attempt(B);

        assertThat(told(AuditKind.DECISION_ENDED).outcome()).isEqualTo("outdated");
        assertThat(told(AuditKind.DECISION_ENDED).changes())
                .extracting(FieldChange::field, FieldChange::crm, FieldChange::written, FieldChange::decider)
                .containsExactly(tuple("value", json("250"), null, "olga"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                // what only the CRM has moved would go to Partner Center
                "crm|estimatedvalue|0|above-zero|TO_PARTNER_CENTER",
                "crm|estimatedvalue|null|empty-never-erases|TO_PARTNER_CENTER",
                "crm|firstname|\"Eva\"|one-way|TO_PARTNER_CENTER",
                "pc|details|{\"dealValue\":100}|empty-never-erases|TO_CRM"
            })
    void aDifferenceSaysWhichWayTheValueWouldGo(
            String side, String field, String value, String reason, Direction direction) {
        conflictAboutValue();
        edit("estimatedvalue", "100");
        fixture.partnerCenter.put(B, "e2", "details", "{\"notes\":\"first\",\"dealValue\":100}");
        fixture.attempt(B);
        fixture.trail.clear();
        if (side.equals("crm")) {
            edit(field, value);
        } else {
            fixture.partnerCenter.put(B, "e2", field, value);
        }

        fixture.attempt(B);

        assertThat(told(AuditKind.DIFFERENCE_OPENED).changes())
                .extracting(FieldChange::rule, FieldChange::direction)
                .containsExactly(tuple(reason, direction));
    }
}
