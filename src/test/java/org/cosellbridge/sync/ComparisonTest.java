package org.cosellbridge.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.cosellbridge.connector.RecordRef;
import org.cosellbridge.connector.RemoteRecord;
import org.cosellbridge.mapping.ConflictRule;
import org.cosellbridge.mapping.FieldMapping;
import org.cosellbridge.mapping.MappingDocument;
import org.cosellbridge.mapping.MappingLibrary;
import org.cosellbridge.referral.Referral;
import org.cosellbridge.referral.ReferralPath;
import org.cosellbridge.referral.ReferralPaths;
import org.cosellbridge.referral.ReferralState;
import org.cosellbridge.sync.Merge.Action;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ComparisonTest {
    private static final String ID = "aaaaaaaa-0000-0000-0000-000000000001";
    private static final Instant EARLY = Instant.parse("2026-11-20T10:00:00Z");

    private static final String NOTES =
            "{'name':'notes','path':'details.notes','field':'description','type':'text','maxLength':20,'lossy':true,'direction':'both'}";
    private static final String PROGRAM =
            "{'name':'program','path':'referralProgram','field':'program','type':'text','direction':'both'}";
    private static final String VALUE =
            "{'name':'value','path':'details.dealValue','field':'value','type':'money','direction':'both','lockedBy':'calculated'},"
                    + "{'name':'calculated','constant':false,'field':'calculated','type':'boolean','direction':'to-crm','when':{'toCrm':['create']}}";
    private static final String PRODUCTS =
            "{'name':'products','path':'details.requirements.solutions[].id','field':'products','type':'text','separator':';','lossy':true,'direction':'both','when':{'toCrm':['create']}}";
    private static final String NAME =
            "{'name':'name','path':'name','field':'name','type':'text','direction':'both','when':{'toCrm':['create'],'toPartnerCenter':['create']}}";
    private static final String KEY =
            "{'name':'referralId','path':'id','field':'refid','type':'text','direction':'to-crm','when':{'toCrm':['create']}}";
    private static final String LINK =
            "{'name':'referralLink','path':'link','field':'link','type':'text','direction':'to-crm','when':{'toCrm':['create']}}";
    private static final String SYNC =
            "{'name':'sync','constant':true,'field':'sync','type':'boolean','direction':'to-crm','when':{'toCrm':['create']}}";
    private static final String COMPANY =
            "{'name':'company','path':'customerProfile.name','field':'company','type':'text','direction':'to-crm','when':{'toCrm':['create']}}";
    private static final String SHARE =
            "{'name':'share','path':'consent.consentToShareReferralWithMicrosoftSellers','field':'share','type':'boolean','direction':'both','oneWay':true}";
    private static final String HELP =
            "{'name':'help','path':'inviteContext.assistanceRequestCode','field':'help','type':'choice','direction':'both','when':{'toCrm':['create'],'toPartnerCenter':['create']},"
                    + "'values':[{'partnerCenter':'Unknown','crm':null},{'partnerCenter':'ProofOfConceptOrDemo','crm':3},{'partnerCenter':'QuotesOrLicensing','crm':4},{'partnerCenter':'GeneralOrOther','crm':6}],'default':{'toCrm':6}}";
    private static final String STATE =
            "{'name':'state','path':'state','field':'status','type':'state','lossy':true,'direction':'both',"
                    + "'states':{'hold':{'step':'set','fields':{'s':2}},'open':{'step':'set','fields':{'s':1}},'won':{'step':'win','fields':{'s':3}},'lost':{'step':'lose','fields':{'s':4}},'odd':{'step':'set','fields':{'s':9}}},"
                    + "'values':[{'partnerCenter':'Active/Accepted','crm':'open'},{'partnerCenter':'New/Pending','crm':'hold'},{'partnerCenter':'New/Received','crm':'hold'},{'partnerCenter':'Closed/Won','crm':'won'},{'partnerCenter':'Closed/Lost','crm':'lost'},{'partnerCenter':'Closed/Declined','crm':'lost'}],'default':{'toCrm':null}}";

    private static MappingDocument document(List<String> fields) {
        return SyncFixture.document(
                ("{'connector':'dynamics','record':'opportunity','table':{'name':'opportunity','set':'opportunities','key':'opportunityid'},'referralKey':'refid','fields':["
                                + String.join(",", fields)
                                + "]}")
                        .replace('\'', '"'));
    }

    private static JsonValue json(String text) {
        return StoredJson.value(text.replace('\'', '"'));
    }

    /** A word of a table as JSON text, {@code null} as JSON null. */
    private static String quoted(String word) {
        return word.equals("null") ? word : "'" + word + "'";
    }

    /** A referral and a record that are looked at and written until nothing is left to be written, as an attempt does it. */
    private static final class Pair {
        private MappingDocument document;
        private JsonObject referral;
        private JsonObject record;
        private Optional<Baseline> baseline = Optional.empty();
        private Optional<Plan> plan = Optional.empty();
        private ConflictRule adoption = ConflictRule.REVIEW;
        private Map<String, Decided> decisions = Map.of();
        private Instant crmAt = EARLY;
        private Instant partnerCenterAt = EARLY;
        private int version;
        private final List<String> writes = new ArrayList<>();

        Pair(MappingDocument document, JsonObject referral, JsonObject record) {
            this.document = document;
            this.referral = referral;
            this.record = record;
        }

        Pair(String... fields) {
            List<String> all = new ArrayList<>(List.of(fields));
            boolean linked = !all.contains(KEY);
            if (linked) {
                all.add(KEY);
            }
            document = document(all);
            record = json(linked ? "{'calculated':false,'refid':'" + ID + "'}" : "{}")
                    .asJsonObject();
            referral = json("{'id':'" + ID + "','status':'Active','substatus':'Accepted'}")
                    .asJsonObject();
        }

        /** Partner Center holds this, without us. */
        Pair partnerCenter(String path, String value) {
            partnerCenterAt = partnerCenterAt.plusSeconds(10);
            referral = path(path).write(referral, json(value));
            return this;
        }

        /** The CRM holds this, without us. */
        Pair crm(String field, String value) {
            crmAt = crmAt.plusSeconds(10);
            record = StoredJson.JSON
                    .createObjectBuilder(record)
                    .add(field, json(value))
                    .build();
            return this;
        }

        /** Both sides as they are now are what they agreed on. */
        Pair agreed() {
            Map<String, Baseline.FieldBaseline> fields = new java.util.LinkedHashMap<>();
            for (FieldMapping mapping : document.fields()) {
                fields.put(
                        mapping.name(),
                        new Baseline.FieldBaseline(
                                mapping.fromReferral(parsed().view()), mapping.fromRecord(record), null, null));
            }
            baseline = Optional.of(new Baseline(document.label(), "", "", EARLY, fields));
            return this;
        }

        Referral parsed() {
            return Referral.parse(StoredJson.JSON
                    .createObjectBuilder(referral)
                    .add("eTag", "\"" + version + "\"")
                    .add("updatedDateTime", partnerCenterAt.toString())
                    .build());
        }

        RemoteRecord read() {
            return new RemoteRecord(new RecordRef("opportunity", "o"), String.valueOf(version), crmAt, record);
        }

        Comparison compare() {
            return Comparison.of(document, parsed(), read(), baseline, plan, adoption, decisions);
        }

        Comparison.Field field(String name) {
            return compare().fields().stream()
                    .filter(field -> field.name().equals(name))
                    .findFirst()
                    .orElseThrow();
        }

        String decides(String name) {
            Comparison.Field field = field(name);
            return field.action() + " " + field.decision().rule();
        }

        /** Rounds, each with at most one side written, until nothing is left; every write has to be one that the side takes. */
        Pair settle() {
            for (int round = 0; round < 6; round++) {
                Comparison now = compare();
                Optional<RemoteRecord> writtenRecord = Optional.empty();
                Optional<Referral> writtenReferral = Optional.empty();
                if (!now.changes().isEmpty()) {
                    now.changes().forEach(this::writeRecord);
                    writtenRecord = Optional.of(read());
                } else if (!now.changesForPartnerCenter().isEmpty()) {
                    assertThat(parsed().isTerminal()).isFalse();
                    now.changesForPartnerCenter().forEach(this::writeReferral);
                    writtenReferral = Optional.of(parsed());
                }
                now.with(Action.ASK_MICROSOFT).forEach(this::ask);
                baseline = Optional.of(now.next(writtenRecord, writtenReferral, EARLY));
                plan = Optional.empty();
                if (writtenRecord.isEmpty()
                        && writtenReferral.isEmpty()
                        && now.with(Action.ASK_MICROSOFT).isEmpty()) {
                    return this;
                }
            }
            throw new AssertionError("never at rest: " + writes);
        }

        private void writeRecord(String field, JsonValue value) {
            writes.add("crm " + field + "=" + value);
            crmAt = crmAt.plusSeconds(1);
            version++;
            record = StoredJson.JSON
                    .createObjectBuilder(record)
                    .add(field, value)
                    .build();
        }

        private void writeReferral(String path, JsonValue value) {
            writes.add("pc " + path + "=" + value);
            assertThat(path(path).patchable()).as(path).isTrue();
            if (path.equals("state")) {
                ReferralState next = ReferralState.parse(((jakarta.json.JsonString) value).getString());
                assertThat(parsed().state().mayBeMovedTo(next))
                        .as(value.toString())
                        .isTrue();
            }
            partnerCenterAt = partnerCenterAt.plusSeconds(1);
            version++;
            referral = path(path).write(referral, value);
        }

        private void ask(Comparison.Field field) {
            writes.add("ask " + field.valueForPartnerCenter());
            referral = path("inviteContext.assistanceRequestCode").write(referral, field.valueForPartnerCenter());
        }

        private static ReferralPath path(String text) {
            return ReferralPaths.find(text).orElseThrow();
        }

        JsonValue held(String path) {
            return path(path).read(parsed().view());
        }
    }

    // ---- both deltas

    @Test
    void whatASellerEditsTravelsByItsPathAndWhatMicrosoftEditsByItsField() {
        Pair pair = new Pair(NOTES, PROGRAM, VALUE, PRODUCTS)
                .partnerCenter("details.notes", "'first'")
                .partnerCenter("details.dealValue", "100")
                .partnerCenter("details.requirements.solutions", "[{'id':'SOL-1','name':'One'}]")
                .crm("description", "'first'")
                .crm("value", "100.00")
                .crm("products", "'SOL-1'")
                .agreed()
                .crm("description", "'second'")
                .crm("products", "'SOL-2;SOL-1'")
                .partnerCenter("details.dealValue", "200");

        Comparison comparison = pair.compare();

        assertThat(comparison.changes()).containsExactly(Map.entry("value", json("200")));
        assertThat(comparison.changesForPartnerCenter())
                .containsExactly(
                        Map.entry("details.notes", json("'second'")),
                        Map.entry("details.requirements.solutions[].id", json("['SOL-2','SOL-1']")));
        assertThat(comparison.planned().keySet()).containsExactly("value");
        assertThat(comparison.plannedForPartnerCenter())
                .containsEntry(
                        "notes",
                        new Plan.PlannedField(
                                json("'first'"), json("'first'"), json("'second'"), json("'second'"), "only-moved"));
        assertThat(comparison.stemsFromUs()).isFalse();

        pair.settle();
        assertThat(pair.held("details.requirements.solutions"))
                .isEqualTo(json("[{'id':'SOL-2'},{'id':'SOL-1','name':'One'}]"));
        assertThat(pair.compare().fields()).allMatch(field -> field.decision().equal());
        assertThat(pair.writes).hasSize(3);
    }

    @Test
    void afterAWriteToPartnerCenterItsAnswerAndItsSourceAreTheBaselineAndNothingElseMoves() {
        Pair pair = new Pair(NOTES, VALUE, PROGRAM)
                .partnerCenter("details.notes", "'a'")
                .partnerCenter("details.dealValue", "1")
                .partnerCenter("referralProgram", "'p'")
                .crm("description", "'a'")
                .crm("value", "1")
                .crm("program", "'p'")
                .agreed()
                .crm("description", "'b'")
                .partnerCenter("details.dealValue", "2");
        Comparison comparison = pair.compare();
        Referral answered = Referral.parse(StoredJson.JSON
                .createObjectBuilder(
                        ReferralPaths.find("details.notes").orElseThrow().write(pair.referral, json("'b '")))
                .add("eTag", "\"new\"")
                .build());

        Baseline next = comparison.next(Optional.empty(), Optional.of(answered), EARLY.plusSeconds(99));

        assertThat(next.partnerCenterVersion()).isEqualTo("\"new\"");
        assertThat(next.fields().get("notes"))
                .isEqualTo(new Baseline.FieldBaseline(json("'b '"), json("'b'"), null, null));
        assertThat(next.fields().get("value"))
                .isEqualTo(new Baseline.FieldBaseline(
                        json("1"), json("1"), new Baseline.Move(json("2"), pair.partnerCenterAt), null));
        assertThat(next.fields().get("program"))
                .isEqualTo(new Baseline.FieldBaseline(json("'p'"), json("'p'"), null, null));
    }

    @Test
    void aMoveInTheCrmKeepsItsTimeWhileTheOtherDeltaIsWritten() {
        Pair pair = new Pair(NOTES, PROGRAM)
                .crm("description", "'a'")
                .partnerCenter("details.notes", "'a'")
                .agreed()
                .crm("description", "'b'");
        Instant moved = pair.crmAt;
        Baseline next = pair.compare().next(Optional.empty(), Optional.empty(), EARLY);
        pair.baseline = Optional.of(next);
        pair.crmAt = moved.plusSeconds(1000);

        assertThat(pair.field("notes").crmMovedAt()).isEqualTo(moved);
    }

    // ---- state

    @Test
    void wonGoesOverAcceptedOneStepARoundAndArrives() {
        Pair pair = new Pair(STATE)
                .partnerCenter("state", "'New/Received'")
                .crm("status", "'hold'")
                .agreed()
                .crm("status", "'won'");

        assertThat(pair.field("state").inPartnerCenter()).isEqualTo(json("'Closed/Won'"));
        assertThat(pair.field("state").valueForPartnerCenter()).isEqualTo(json("'Active/Accepted'"));
        pair.settle();

        assertThat(pair.writes).containsExactly("pc state=\"Active/Accepted\"", "pc state=\"Closed/Won\"");
        assertThat(pair.field("state").decision().equal()).isTrue();
    }

    @Test
    void aReferralThatWasNeverAcceptedIsDeclinedAndOneThatWasIsLost() {
        Pair waiting = new Pair(STATE)
                .partnerCenter("state", "'New/Received'")
                .crm("status", "'hold'")
                .agreed()
                .crm("status", "'lost'");
        assertThat(waiting.settle().writes).containsExactly("pc state=\"Closed/Declined\"");
        assertThat(waiting.decides("state")).isEqualTo("NOTHING equal");

        Pair lead = new Pair(STATE.replace("{'partnerCenter':'Closed/Lost','crm':'lost'},", "")
                        .replace("'crm':'lost'}]", "'crm':'lost'},{'partnerCenter':'Closed/Lost','crm':'lost'}]"))
                .partnerCenter("state", "'Active/Accepted'")
                .crm("status", "'open'")
                .agreed()
                .crm("status", "'lost'");
        assertThat(lead.settle().writes).containsExactly("pc state=\"Closed/Lost\"");
        assertThat(lead.decides("state")).isEqualTo("NOTHING equal");
    }

    @Test
    void aSellerWhoTakesAStateBackBetweenTwoStepsIsHeard() {
        Pair pair = new Pair(STATE)
                .partnerCenter("state", "'New/Received'")
                .crm("status", "'hold'")
                .agreed()
                .crm("status", "'won'");
        Comparison first = pair.compare();
        first.changesForPartnerCenter().forEach(pair::writeReferral);
        pair.baseline = Optional.of(first.next(Optional.empty(), Optional.of(pair.parsed()), EARLY));
        assertThat(pair.decides("state")).isEqualTo("TO_PARTNER_CENTER only-moved");

        pair.crm("status", "'open'");
        assertThat(pair.decides("state")).isEqualTo("NOTHING equal");
        pair.crm("status", "'hold'");
        assertThat(pair.decides("state")).isEqualTo("DIFFERENCE transition");
    }

    @ParameterizedTest
    @CsvSource({
        "New/Received,    hold, open, TO_PARTNER_CENTER only-moved",
        "New/Received,    hold, lost, TO_PARTNER_CENTER only-moved",
        "Active/Accepted, open, hold, DIFFERENCE transition",
        "Active/Accepted, open, won,  TO_PARTNER_CENTER only-moved",
        "Active/Accepted, open, odd,  DIFFERENCE not-expressible",
        "Closed/Won,      won,  open, DIFFERENCE ended",
        "Closed/Lost,     lost, won,  DIFFERENCE ended",
    })
    void aStateTravelsOnlyAsPartnerCenterTakesIt(String state, String agreed, String now, String decision) {
        Pair pair = new Pair(STATE)
                .partnerCenter("state", "'" + state + "'")
                .crm("status", "'" + agreed + "'")
                .agreed()
                .crm("status", "'" + now + "'");

        assertThat(pair.decides("state")).isEqualTo(decision);
    }

    @Test
    void aStateOfPartnerCenterThatTheMappingDoesNotKnowIsNeverFilledFromTheCrm() {
        Pair pair = new Pair(STATE).partnerCenter("state", "'Active/Escalated'").crm("status", "'won'");
        assertThat(pair.decides("state")).isEqualTo("CONFLICT adoption");

        pair.partnerCenter("state", "'Active/Accepted'")
                .crm("status", "'open'")
                .agreed()
                .partnerCenter("state", "'Active/Escalated'");
        assertThat(pair.decides("state")).isEqualTo("DIFFERENCE no-counterpart");
    }

    @Test
    void aDefaultOrAnEmptyFieldNeverClosesAReferral() {
        String byDefault =
                STATE.replace("'default':{'toCrm':null}", "'default':{'toCrm':null,'toPartnerCenter':'Closed/Lost'}");
        Pair pair = new Pair(byDefault)
                .partnerCenter("state", "'Active/Accepted'")
                .crm("status", "'open'")
                .agreed();

        assertThat(pair.crm("status", "'odd'").decides("state")).isEqualTo("DIFFERENCE not-explicit");
        assertThat(pair.crm("status", "'lost'").decides("state")).isEqualTo("TO_PARTNER_CENTER only-moved");
        String byRow = STATE.replace(
                "{'partnerCenter':'Closed/Declined','crm':'lost'}", "{'partnerCenter':'Closed/Lost','crm':null}");
        Pair empty = new Pair(byRow)
                .partnerCenter("state", "'Active/Accepted'")
                .crm("status", "'open'")
                .agreed();
        assertThat(empty.crm("status", "null").decides("state")).isEqualTo("DIFFERENCE not-explicit");
        String accepts = STATE.replace(
                "'default':{'toCrm':null}", "'default':{'toCrm':null,'toPartnerCenter':'Active/Accepted'}");
        Pair accepted = new Pair(accepts)
                .partnerCenter("state", "'New/Received'")
                .crm("status", "'hold'")
                .agreed();
        assertThat(accepted.crm("status", "'odd'").decides("state")).isEqualTo("TO_PARTNER_CENTER only-moved");
    }

    // ---- what Partner Center takes for good

    @ParameterizedTest
    @CsvSource({
        // base, now at Partner Center, now in the CRM, adoption, decision
        "none,  true,  false, review,         TO_CRM filled",
        "none,  true,  null,  review,         TO_CRM filled",
        "none,  false, null,  review,         NOTHING equal",
        "none,  null,  false, review,         NOTHING equal",
        "none,  null,  null,  review,         NOTHING equal",
        "none,  true,  true,  review,         NOTHING equal",
        "none,  false, true,  review,         CONFLICT adoption",
        "none,  null,  true,  review,         CONFLICT adoption",
        "none,  false, true,  crm,            TO_PARTNER_CENTER adoption",
        "none,  null,  true,  crm,            TO_PARTNER_CENTER adoption",
        "none,  false, true,  partner-center, TO_CRM adoption",
        "none,  true,  false, crm,            TO_CRM filled",
        "false, false, true,  review,         TO_PARTNER_CENTER only-moved",
        "false, false, null,  review,         NOTHING equal",
        "false, true,  false, review,         TO_CRM only-moved",
        "true,  true,  false, review,         DIFFERENCE irreversible",
        "true,  true,  null,  review,         DIFFERENCE irreversible",
    })
    void aYesToSharingTravelsOnceAndIsNeverTakenBack(
            String base, String partnerCenter, String crm, String adoption, String decision) {
        for (boolean mayErase : new boolean[] {false, true}) {
            Pair pair = new Pair(mayErase ? SHARE.replace("'oneWay'", "'mayErase':true,'oneWay'") : SHARE);
            pair.adoption = adoption.equals("crm")
                    ? ConflictRule.CRM
                    : adoption.equals("review") ? ConflictRule.REVIEW : ConflictRule.PARTNER_CENTER;
            if (!base.equals("none")) {
                pair.partnerCenter("consent.consentToShareReferralWithMicrosoftSellers", base)
                        .crm("share", base)
                        .agreed();
            }
            pair.partnerCenter("consent.consentToShareReferralWithMicrosoftSellers", partnerCenter)
                    .crm("share", crm);

            assertThat(pair.decides("share")).isEqualTo(decision);
            pair.settle();
            if (partnerCenter.equals("true")) {
                assertThat(pair.held("consent.consentToShareReferralWithMicrosoftSellers"))
                        .isEqualTo(JsonValue.TRUE);
            }
        }
    }

    @Test
    void nothingIsSharedThatTheSellerDidNotSay() {
        for (String held : List.of("false", "null")) {
            Pair pair = new Pair(SHARE.replace("'oneWay':true", "'oneWay':true,'default':{'toPartnerCenter':true}"))
                    .partnerCenter("consent.consentToShareReferralWithMicrosoftSellers", held)
                    .crm("share", "null");
            pair.adoption = ConflictRule.CRM;
            assertThat(pair.settle().writes).isEmpty();
            assertThat(pair.decides("share")).isEqualTo("NOTHING equal");
            pair.crm("share", "true");
            assertThat(pair.decides("share")).isEqualTo("TO_PARTNER_CENTER only-moved");
        }
    }

    @ParameterizedTest
    @CsvSource({
        // Partner Center then, CRM then, Partner Center now, CRM now, decision
        "none,                 none, null,                   3,    ASK_MICROSOFT filled",
        "none,                 none, Unknown,              3,    ASK_MICROSOFT filled",
        "none,                 none, Unknown,              null, NOTHING equal",
        "none,                 none, ProofOfConceptOrDemo, null, TO_CRM filled",
        "none,                 none, ProofOfConceptOrDemo, 3,    NOTHING equal",
        "none,                 none, ProofOfConceptOrDemo, 4,    DIFFERENCE irreversible",
        "none,                 none, ProofOfConceptOrDemo, 7,    DIFFERENCE irreversible",
        "Unknown,            null, ProofOfConceptOrDemo, 4,    DIFFERENCE irreversible",
        "none,                 none, Unknown,              7,    DIFFERENCE not-expressible",
        "Unknown,            null, Unknown,              3,    ASK_MICROSOFT only-moved",
        "null,                 null, null,                   3,    ASK_MICROSOFT only-moved",
        "Unknown,            null, Unknown,              7,    DIFFERENCE not-expressible",
        "ProofOfConceptOrDemo, 3,  ProofOfConceptOrDemo, 4,    DIFFERENCE irreversible",
        "ProofOfConceptOrDemo, 3,  ProofOfConceptOrDemo, null, DIFFERENCE irreversible",
        "ProofOfConceptOrDemo, 3,  ProofOfConceptOrDemo, 7,    DIFFERENCE irreversible",
        "Unknown,            null, ProofOfConceptOrDemo, null, DIFFERENCE create-only",
        "Unknown,            null, ProofOfConceptOrDemo, 3,    NOTHING equal",
        "Unknown,            null, SomethingNew,         null, DIFFERENCE create-only",
        "ProofOfConceptOrDemo, 3,  SomethingNew,         4,    DIFFERENCE irreversible",
    })
    void helpIsAskedForOnceAndNeverChanged(
            String pcThen, String crmThen, String pcNow, String crmNow, String decision) {
        String path = "inviteContext.assistanceRequestCode";
        Pair pair = new Pair(HELP);
        if (!pcThen.equals("none")) {
            pair.partnerCenter(path, quoted(pcThen)).crm("help", crmThen).agreed();
        }
        pair.partnerCenter(path, "'before'").partnerCenter(path, quoted(pcNow)).crm("help", crmNow);

        assertThat(pair.decides("help")).isEqualTo(decision);
        assertThat(pair.compare().changesForPartnerCenter()).isEmpty();
        pair.settle();
        assertThat(pair.writes).hasSize(decision.startsWith("ASK") || decision.startsWith("TO_CRM") ? 1 : 0);
    }

    @Test
    void noHelpIsAskedForAfterTheEndOrByDefault() {
        Pair ended =
                new Pair(HELP).partnerCenter("state", "'Closed/Won'").agreed().crm("help", "3");
        assertThat(ended.decides("help")).isEqualTo("DIFFERENCE ended");
        Pair byDefault = new Pair(HELP.replace(
                        "'default':{'toCrm':6}", "'default':{'toCrm':6,'toPartnerCenter':'GeneralOrOther'}"))
                .partnerCenter("inviteContext.assistanceRequestCode", "'Unknown'")
                .agreed()
                .crm("help", "77");
        assertThat(byDefault.decides("help")).isEqualTo("DIFFERENCE not-explicit");
    }

    @Test
    void whatMicrosoftIsAskedForIsTheCodeAndCountsAsOursUntilThen() {
        Pair pair = new Pair(HELP, NOTES).crm("help", "4");
        Comparison comparison = pair.compare();

        assertThat(comparison.with(Action.ASK_MICROSOFT))
                .extracting(Comparison.Field::valueForPartnerCenter)
                .containsExactly(json("'QuotesOrLicensing'"));
        assertThat(comparison.plannedForPartnerCenter()).isEmpty();
        assertThat(comparison.stemsFromUs()).isTrue();
        pair.baseline = Optional.of(comparison.next(Optional.empty(), Optional.empty(), EARLY));
        assertThat(pair.decides("help")).isEqualTo("ASK_MICROSOFT only-moved");
    }

    // ---- what travels when a side is created only

    @Test
    void aNameThatTravelsOnlyWithACreateIsADifferenceOnceItMoves() {
        Pair pair = new Pair(NAME)
                .partnerCenter("name", "'Deal'")
                .crm("name", "'Deal'")
                .agreed();
        assertThat(pair.decides("name")).isEqualTo("NOTHING equal");

        pair.crm("name", "'Mine'");
        assertThat(pair.decides("name")).isEqualTo("DIFFERENCE create-only");
        pair.settle();
        assertThat(pair.decides("name")).isEqualTo("DIFFERENCE create-only");
        pair.crm("name", "'Deal'").partnerCenter("name", "'Theirs'");
        assertThat(pair.decides("name")).isEqualTo("DIFFERENCE create-only");
        pair.crm("name", "'Theirs'");
        assertThat(pair.decides("name")).isEqualTo("NOTHING equal");
        assertThat(pair.writes).isEmpty();

        Pair adopted = new Pair(NAME).partnerCenter("name", "'Deal'").crm("name", "'Mine'");
        assertThat(adopted.decides("name")).isEqualTo("DIFFERENCE create-only");
        assertThat(adopted.settle().decides("name")).isEqualTo("DIFFERENCE create-only");
        Pair filled = new Pair(NAME).partnerCenter("name", "'Deal'");
        assertThat(filled.decides("name")).isEqualTo("TO_CRM filled");
    }

    @Test
    void aNameThatPartnerCenterDoesNotPatchIsNeverSentEvenWhereTheMappingSaysSo() {
        Pair pair = new Pair(NAME.replace(",'when':{'toCrm':['create'],'toPartnerCenter':['create']}", ""))
                .partnerCenter("name", "'Deal'")
                .crm("name", "'Deal'")
                .agreed()
                .crm("name", "'Mine'");

        assertThat(pair.decides("name")).startsWith("DIFFERENCE");
        assertThat(pair.compare().changesForPartnerCenter()).isEmpty();
    }

    @Test
    void aRecordThatASellerMadeIsFilledOnceItIsLinkedAndNeverAgain() {
        Pair pair = new Pair(KEY, LINK, COMPANY)
                .partnerCenter("customerProfile.name", "'Contoso'")
                .crm("company", "'Contoso Ltd'");

        Comparison comparison = pair.compare();

        assertThat(comparison.with(Action.TO_CRM))
                .extracting(Comparison.Field::name)
                .containsExactly("referralId", "referralLink");
        assertThat(comparison.changes()).containsEntry("refid", json("'" + ID + "'"));
        assertThat(comparison.stemsFromUs()).isTrue();
        assertThat(pair.decides("company")).isEqualTo("NOTHING does-not-travel");
        pair.settle().crm("refid", "null").crm("link", "null");
        assertThat(pair.compare().changes()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"false", "null"})
    void theSwitchOfALinkedRecordIsSwitchedOnOnceAndASellersNoStands(String held) {
        Pair pair = new Pair(SYNC).crm("sync", held);
        pair.document =
                SyncFixture.document(pair.document.json().replaceFirst("\\{", "{\"section\":{\"sync\":\"sync\"},"));

        assertThat(pair.decides("sync")).isEqualTo("TO_CRM switched-on");
        assertThat(pair.compare().stemsFromUs()).isTrue();
        assertThat(pair.settle().writes).containsExactly("crm sync=true");
        assertThat(pair.crm("sync", held).decides("sync")).isEqualTo("NOTHING does-not-travel");
        pair.baseline = Optional.empty();
        assertThat(pair.crm("sync", "true").decides("sync")).isEqualTo("NOTHING equal");
    }

    @Test
    void aRecordThatCarriesAnotherReferralsIdIsNeverOverwritten() {
        Pair pair = new Pair(KEY).crm("refid", "'bbbbbbbb-0000-0000-0000-000000000002'");

        assertThat(pair.compare().changes()).isEmpty();
        assertThat(pair.settle().writes).isEmpty();
        pair.crm("refid", "'" + ID.toUpperCase(java.util.Locale.ROOT) + "'");
        assertThat(pair.decides("referralId")).isEqualTo("NOTHING equal");
    }

    @Test
    void productsThatAnAdoptedRecordLacksAreFilled() {
        Pair pair = new Pair(PRODUCTS).partnerCenter("details.requirements.solutions", "[{'id':'SOL-1'}]");

        assertThat(pair.decides("products")).isEqualTo("TO_CRM filled");
        pair.settle().crm("products", "'SOL-1;SOL-2'");
        assertThat(pair.decides("products")).isEqualTo("TO_PARTNER_CENTER only-moved");
    }

    // ---- values that Partner Center does not take

    @ParameterizedTest
    @ValueSource(strings = {"0", "-1", "0.00"})
    void aDealsValueMustBeAboveZero(String value) {
        Pair pair = new Pair(VALUE)
                .partnerCenter("details.dealValue", "100")
                .crm("value", "100")
                .agreed()
                .crm("value", value);

        assertThat(pair.decides("value")).isEqualTo("DIFFERENCE above-zero");
        assertThat(pair.crm("value", "0.01").decides("value")).isEqualTo("TO_PARTNER_CENTER only-moved");
    }

    @Test
    void aDealsValueIsNeverErasedAtPartnerCenter() {
        Pair pair = new Pair(VALUE.replace("'lockedBy'", "'mayErase':true,'lockedBy'"))
                .partnerCenter("details.dealValue", "100")
                .crm("value", "100")
                .agreed()
                .crm("value", "null");

        assertThat(pair.decides("value")).isEqualTo("DIFFERENCE above-zero");
    }

    // ---- cut texts

    @Test
    void theLongerTextIsNeverCut() {
        String longer = "'a text that is longer than twenty letters'";
        Pair pair = new Pair(NOTES).partnerCenter("details.notes", longer);
        pair.settle();
        assertThat(pair.decides("notes")).isEqualTo("NOTHING equal");

        pair.crm("description", "'edited'");
        assertThat(pair.decides("notes")).isEqualTo("DIFFERENCE cut");
        pair.adoption = ConflictRule.CRM;
        pair.baseline = Optional.empty();
        assertThat(pair.decides("notes")).isEqualTo("DIFFERENCE cut");
        pair.settle();
        assertThat(pair.held("details.notes")).isEqualTo(json(longer));
    }

    @Test
    void aLongerTextOfTheCrmIsNoCutForm() {
        Pair pair = new Pair(NOTES)
                .partnerCenter("details.notes", "'a text that is longer than twenty letters'")
                .crm("description", "'a text of a seller that is even longer than the other one'");
        pair.adoption = ConflictRule.CRM;

        assertThat(pair.decides("notes")).isEqualTo("TO_PARTNER_CENTER adoption");
    }

    @Test
    void aLongTextOfTheCrmGoesWholeToPartnerCenterAndStaysWholeInTheCrm() {
        Pair pair = new Pair(NOTES)
                .partnerCenter("details.notes", "'short'")
                .crm("description", "'short'")
                .agreed()
                .crm("description", "'a text that is longer than twenty letters'");

        pair.settle();

        assertThat(pair.writes).hasSize(1);
        assertThat(pair.held("details.notes")).isEqualTo(json("'a text that is longer than twenty letters'"));
        assertThat(pair.record.get("description")).isEqualTo(json("'a text that is longer than twenty letters'"));
        assertThat(pair.decides("notes")).isEqualTo("NOTHING equal");
    }

    // ---- what a person decided

    private static Pair inConflict() {
        return new Pair(NOTES.replace("'direction'", "'conflict':'review','direction'"))
                .partnerCenter("details.notes", "'a'")
                .crm("description", "'a'")
                .agreed()
                .partnerCenter("details.notes", "'theirs'")
                .crm("description", "'mine'");
    }

    private static Decided decided(Decided.Side side, @Nullable String value, String partnerCenter, String crm) {
        return new Decided(side, value == null ? null : json(value), json(partnerCenter), json(crm), "ada");
    }

    @ParameterizedTest
    @CsvSource({
        "PARTNER_CENTER, , crm description=\"theirs\"",
        "CRM, , pc details.notes=\"mine\"",
        "VALUE, 'third', pc details.notes=\"third\" crm description=\"third\"",
        "VALUE, 'mine', pc details.notes=\"mine\"",
        "VALUE, 'theirs', crm description=\"theirs\"",
        "VALUE, null, pc details.notes=null crm description=null",
    })
    void whatAPersonDecidedIsDoneOnBothSides(Decided.Side side, @Nullable String value, String writes) {
        Pair pair = inConflict();
        assertThat(pair.decides("notes")).isEqualTo("CONFLICT review");
        assertThat(pair.field("notes").decider()).isNull();
        pair.decisions = Map.of("notes", decided(side, value == null ? null : quoted(value), "'theirs'", "'mine'"));

        assertThat(pair.field("notes").decider()).isEqualTo("ada");
        assertThat(pair.field("notes").decision().rule()).isEqualTo("decided");
        assertThat(pair.compare().stemsFromUs()).isFalse();
        pair.settle();

        assertThat(String.join(" ", pair.writes)).isEqualTo(writes);
        assertThat(pair.field("notes").decision().equal()).isTrue();
    }

    @Test
    void aTypedValueReachesTheCrmEvenWhenTheDecisionIsForgottenHalfway() {
        Pair pair = inConflict();
        pair.decisions = Map.of("notes", decided(Decided.Side.VALUE, "'third'", "'theirs'", "'mine'"));
        Comparison first = pair.compare();
        first.changesForPartnerCenter().forEach(pair::writeReferral);
        pair.baseline = Optional.of(first.next(Optional.empty(), Optional.of(pair.parsed()), EARLY));
        pair.decisions = Map.of();

        assertThat(pair.decides("notes")).isEqualTo("TO_CRM only-moved");
        pair.settle();
        assertThat(pair.record.get("description")).isEqualTo(json("'third'"));
    }

    @Test
    void aDecisionIsIgnoredOnceASideMovedOn() {
        Pair pair = inConflict();
        pair.decisions = Map.of("notes", decided(Decided.Side.CRM, null, "'theirs'", "'mine'"));
        assertThat(pair.decides("notes")).isEqualTo("TO_PARTNER_CENTER decided");

        assertThat(pair.partnerCenter("details.notes", "'newer'").decides("notes"))
                .isEqualTo("CONFLICT review");
        assertThat(pair.partnerCenter("details.notes", "'theirs'")
                        .crm("description", "'newer'")
                        .decides("notes"))
                .isEqualTo("CONFLICT review");
        pair.decisions = Map.of("notes", decided(Decided.Side.VALUE, "'third'", "'theirs'", "'mine'"));
        pair.partnerCenter("details.notes", "'third'");
        assertThat(pair.decides("notes")).isEqualTo("CONFLICT review");
    }

    @Test
    void whatAPersonDecidedEndsAtEveryLimit() {
        Pair value = new Pair(VALUE.replace("'lockedBy'", "'conflict':'review','lockedBy'"))
                .partnerCenter("details.dealValue", "1")
                .crm("value", "1")
                .agreed()
                .partnerCenter("details.dealValue", "2")
                .crm("value", "3");
        value.decisions = Map.of("value", decided(Decided.Side.PARTNER_CENTER, null, "2", "3"));
        assertThat(value.decides("value")).isEqualTo("TO_CRM decided");
        assertThat(value.crm("calculated", "true").decides("value")).isEqualTo("DIFFERENCE locked");
        value.decisions = Map.of("value", decided(Decided.Side.VALUE, "0", "2", "3"));
        assertThat(value.decides("value")).isEqualTo("DIFFERENCE above-zero");
        value.decisions = Map.of("value", decided(Decided.Side.CRM, null, "2", "3"));
        value.partnerCenter("state", "'Closed/Won'");
        assertThat(value.decides("value")).isEqualTo("DIFFERENCE ended");

        Pair state = new Pair(STATE).partnerCenter("state", "'Active/Accepted'").crm("status", "'hold'");
        state.decisions = Map.of("state", decided(Decided.Side.CRM, null, "'Active/Accepted'", "'hold'"));
        assertThat(state.decides("state")).isEqualTo("DIFFERENCE transition");
        state.crm("status", "'odd'");
        state.decisions = Map.of("state", decided(Decided.Side.CRM, null, "'Active/Accepted'", "'odd'"));
        assertThat(state.decides("state")).isEqualTo("DIFFERENCE not-expressible");

        Pair share = new Pair(SHARE)
                .partnerCenter("consent.consentToShareReferralWithMicrosoftSellers", "true")
                .crm("share", "false");
        share.decisions = Map.of("share", decided(Decided.Side.CRM, null, "true", "false"));
        assertThat(share.decides("share")).isEqualTo("DIFFERENCE irreversible");
        share.decisions = Map.of("share", decided(Decided.Side.PARTNER_CENTER, null, "true", "false"));
        assertThat(share.decides("share")).isEqualTo("TO_CRM decided");

        Pair name = new Pair(NAME).partnerCenter("name", "'a'").crm("name", "'b'");
        name.decisions = Map.of("name", decided(Decided.Side.VALUE, "'c'", "'a'", "'b'"));
        assertThat(name.decides("name")).isEqualTo("DIFFERENCE create-only");
    }

    @ParameterizedTest
    @CsvSource({"3, TO_CRM only-moved", "null, DIFFERENCE empty-never-erases"})
    void theSideThatWasChosenCountsAsMovedOnceNothingStandsInItsWayAndErasesNothing(String chosen, String then) {
        Pair pair = new Pair(VALUE.replace("'lockedBy'", "'conflict':'review','lockedBy'"))
                .partnerCenter("details.dealValue", "1")
                .crm("value", "1")
                .agreed()
                .partnerCenter("details.dealValue", chosen)
                .crm("value", "2")
                .crm("calculated", "true");
        pair.decisions = Map.of("value", decided(Decided.Side.PARTNER_CENTER, null, chosen, "2"));
        assertThat(pair.decides("value")).isEqualTo("DIFFERENCE locked");
        pair.settle();
        pair.decisions = Map.of();

        assertThat(pair.decides("value")).isEqualTo("DIFFERENCE locked");
        assertThat(pair.crm("calculated", "false").decides("value")).isEqualTo(then);
        assertThat(pair.crm("value", "4").decides("value")).isEqualTo("CONFLICT review");
    }

    @Test
    void whatAPersonDecidedIsNotOverwrittenBeforeTheClosingThatRefusesIt() {
        Pair pair = new Pair(
                        STATE,
                        NOTES.replace(
                                "'direction'", "'conflict':'review','when':{'toCrm':['update','close']},'direction'"))
                .partnerCenter("state", "'Active/Accepted'")
                .crm("status", "'open'")
                .partnerCenter("details.notes", "'a'")
                .crm("description", "'a'")
                .agreed()
                .partnerCenter("details.notes", "'theirs'")
                .crm("description", "'mine'")
                .partnerCenter("state", "'Closed/Lost'");
        pair.decisions = Map.of("notes", decided(Decided.Side.CRM, null, "'theirs'", "'mine'"));

        assertThat(pair.decides("state")).isEqualTo("TO_CRM only-moved");
        assertThat(pair.decides("notes")).isEqualTo("DIFFERENCE ended");
        assertThat(pair.compare().isDecisionRefused(pair.field("notes"))).isTrue();
    }

    @Test
    void aDecidedStateGoesItsStepsAndThenReachesTheCrm() {
        for (Decided.Side side : List.of(Decided.Side.CRM, Decided.Side.VALUE)) {
            Pair pair = new Pair(STATE.replace("'direction'", "'conflict':'review','direction'"))
                    .partnerCenter("state", "'New/Received'")
                    .crm("status", side == Decided.Side.CRM ? "'won'" : "'open'");
            assertThat(pair.decides("state")).isEqualTo("CONFLICT adoption");
            pair.decisions = Map.of(
                    "state",
                    decided(
                            side,
                            side == Decided.Side.CRM ? null : "'Closed/Won'",
                            "'New/Received'",
                            side == Decided.Side.CRM ? "'won'" : "'open'"));

            pair.settle();

            assertThat(pair.held("state")).as(side.name()).isEqualTo(json("'Closed/Won'"));
            assertThat(pair.record.get("status")).as(side.name()).isEqualTo(json("'won'"));
        }
    }

    @Test
    void aValueForAFieldThatPartnerCenterDoesNotTakeGoesToTheCrmAlone() {
        Pair pair = new Pair(PROGRAM.replace("'both'", "'to-crm','conflict':'review'"))
                .partnerCenter("referralProgram", "'a'")
                .crm("program", "'a'")
                .agreed()
                .partnerCenter("referralProgram", "'b'")
                .crm("program", "'c'");
        pair.decisions = Map.of("program", decided(Decided.Side.VALUE, "'d'", "'b'", "'c'"));

        pair.settle();

        assertThat(pair.writes).containsExactly("crm program=\"d\"");
        assertThat(pair.decides("program")).isEqualTo("NOTHING unmoved");
    }

    // ---- an unfinished plan

    /**
     * Both sides held a. One side moved to x and the other was to get it when the attempt was cut short. {@code side}: the side
     * that was to be written: before (still a), planned (x), other (a person's o); {@code source}: the side whose value was carried
     * over: stays (x) or moves on (y).
     */
    @ParameterizedTest
    @CsvSource({
        "before,  stays, false, forth,                false",
        "before,  stays, true,  back,                 true",
        "before,  moves, false, forth,                false",
        "before,  moves, true,  both,                 true",
        "planned, stays, false, equal,                true",
        "planned, stays, true,  equal,                true",
        "planned, moves, false, forth,                true",
        "planned, moves, true,  forth,                true",
        "other,   stays, false, back,                 true",
        "other,   stays, true,  back,                 true",
        "other,   moves, false, both,                 true",
        "other,   moves, true,  both,                 true",
    })
    void anUnfinishedPlanIsOursAndWhatCameAfterItIsAPersons(
            String side, String source, boolean written, String goes, boolean confirmed) {
        for (Plan.Kind kind : List.of(Plan.Kind.UPDATE, Plan.Kind.UPDATE_REFERRAL)) {
            boolean toCrm = kind == Plan.Kind.UPDATE;
            Pair pair = new Pair(PROGRAM.replace("'direction'", "'conflict':'review','direction'"))
                    .partnerCenter("referralProgram", "'a'")
                    .crm("program", "'a'")
                    .agreed();
            String held = side.equals("before") ? "'a'" : side.equals("planned") ? "'x'" : "'o'";
            String from = source.equals("stays") ? "'x'" : "'y'";
            pair.partnerCenter("referralProgram", toCrm ? from : held).crm("program", toCrm ? held : from);
            pair.plan = Optional.of(plan(
                    kind,
                    written,
                    Map.of(
                            "program",
                            new Plan.PlannedField(
                                    json("'a'"),
                                    json(toCrm ? "'x'" : "'a'"),
                                    json(toCrm ? "'a'" : "'x'"),
                                    json("'x'"),
                                    "only-moved"))));

            String expected = switch (goes) {
                case "equal" -> "NOTHING confirmed-after-restart";
                case "both" -> "CONFLICT review";
                case "forth" -> (toCrm ? "TO_CRM" : "TO_PARTNER_CENTER") + " only-moved";
                default -> (toCrm ? "TO_PARTNER_CENTER" : "TO_CRM") + " only-moved";
            };
            assertThat(pair.decides("program")).as(kind + " " + side).isEqualTo(expected);
            assertThat(pair.field("program").decision().confirmed()).isEqualTo(confirmed);
            assertThat(pair.compare().isPlanCertain()).isEqualTo(written || side.equals("planned"));
        }
    }

    @Test
    void oneFieldThatHoldsItsPlannedValueProvesThatTheWholeReferralWasWritten() {
        Pair pair = new Pair(NOTES, PROGRAM)
                .partnerCenter("details.notes", "'a'")
                .partnerCenter("referralProgram", "'a'")
                .crm("description", "'a'")
                .crm("program", "'a'")
                .agreed()
                .crm("description", "'x'")
                .crm("program", "'x'");
        pair.plan = Optional.of(
                plan(Plan.Kind.UPDATE_REFERRAL, false, pair.compare().plannedForPartnerCenter()));
        pair.partnerCenter("details.notes", "'x'");

        // somebody took the program back to what it was, so that is news
        assertThat(pair.compare().isPlanCertain()).isTrue();
        assertThat(pair.decides("program")).isEqualTo("TO_CRM only-moved");
        assertThat(pair.compare().confirmed()).hasSize(2);
    }

    @Test
    void aStepThatWasWrittenBeforeARestartIsFollowedByTheNext() {
        for (boolean written : new boolean[] {false, true}) {
            Pair pair = new Pair(STATE)
                    .partnerCenter("state", "'New/Received'")
                    .crm("status", "'hold'")
                    .agreed()
                    .crm("status", "'won'");
            pair.plan = Optional.of(
                    plan(Plan.Kind.UPDATE_REFERRAL, written, pair.compare().plannedForPartnerCenter()));
            pair.partnerCenter("state", "'Active/Accepted'");

            assertThat(pair.decides("state")).isEqualTo("TO_PARTNER_CENTER only-moved");
            assertThat(pair.field("state").decision().confirmed()).isTrue();
            assertThat(pair.settle().held("state")).isEqualTo(json("'Closed/Won'"));
        }
    }

    @Test
    void aTypedValueThatWasWrittenBeforeARestartReachesTheCrmWithAndWithoutItsDecision() {
        for (boolean remembered : new boolean[] {false, true}) {
            Pair pair = inConflict();
            pair.decisions = Map.of("notes", decided(Decided.Side.VALUE, "'third'", "'theirs'", "'mine'"));
            pair.plan = Optional.of(
                    plan(Plan.Kind.UPDATE_REFERRAL, false, pair.compare().plannedForPartnerCenter()));
            pair.partnerCenter("details.notes", "'third'");
            if (!remembered) {
                pair.decisions = Map.of();
            }

            assertThat(pair.decides("notes")).isEqualTo("TO_CRM " + (remembered ? "decided" : "only-moved"));
            assertThat(pair.field("notes").decider()).isEqualTo(remembered ? "ada" : null);
            pair.settle();
            assertThat(pair.record.get("description")).isEqualTo(json("'third'"));
        }
    }

    @Test
    void whoDecidedIsKnownStillWhenTheWriteIsConfirmedAfterARestart() {
        Pair pair = inConflict();
        pair.decisions = Map.of("notes", decided(Decided.Side.CRM, null, "'theirs'", "'mine'"));
        pair.plan = Optional.of(
                plan(Plan.Kind.UPDATE_REFERRAL, false, pair.compare().plannedForPartnerCenter()));
        pair.partnerCenter("details.notes", "'mine'");

        assertThat(pair.decides("notes")).isEqualTo("NOTHING confirmed-after-restart");
        assertThat(pair.field("notes").decider()).isEqualTo("ada");
    }

    private static Plan plan(Plan.Kind kind, boolean written, Map<String, Plan.PlannedField> fields) {
        return new Plan("r", kind, "m", new RecordRef("opportunity", "o"), "1", EARLY, written, fields);
    }

    // ---- the built-in documents

    @ParameterizedTest
    @ValueSource(strings = {"opportunity", "lead"})
    void aSellersRecordAndItsReferralComeToRestByTheBuiltInDocuments(String kind) {
        MappingDocument document =
                MappingLibrary.builtIn("dynamics", List.of(kind)).get(0);
        Pair pair = new Pair(
                document,
                json("{'id':'" + ID
                                + "','name':'Deal','status':'New','substatus':'Received','details':{'notes':'n','dealValue':100,'currency':'USD','closingDateTime':'2026-12-01T00:00:00Z',"
                                + "'requirements':{'solutions':[{'id':'SOL-1'}]}},'consent':{'consentToShareReferralWithMicrosoftSellers':false},'inviteContext':{'assistanceRequestCode':'Unknown'}}")
                        .asJsonObject(),
                JsonValue.EMPTY_JSON_OBJECT);
        String state = kind.equals("lead") ? "1" : "2";
        pair.crm("statuscode", "'" + state + "'").settle();
        assertThat(pair.compare().fields())
                .filteredOn(field -> field.mapping().path().isPresent())
                .allMatch(field -> field.decision().equal());
        assertThat(pair.writes).allMatch(write -> write.startsWith("crm "));
        pair.writes.clear();

        pair.crm("cosell_howcanmicrosofthelp", "100000003")
                .crm("cosell_visibletomicrosoft", "true")
                .crm("description", "'more'")
                .crm("estimatedclosedate", "'2026-12-24'")
                .crm("cosell_products", "'SOL-1;SOL-2'")
                .crm("statuscode", kind.equals("lead") ? "'4'" : "'3'")
                .settle();

        assertThat(pair.held("state")).isEqualTo(json(kind.equals("lead") ? "'Closed/Declined'" : "'Closed/Won'"));
        assertThat(pair.held("details.closingDateTime")).isEqualTo(json("'2026-12-24T00:00:00Z'"));
        assertThat(pair.writes)
                .contains(
                        "ask \"ProofOfConceptOrDemo\"",
                        "pc consent.consentToShareReferralWithMicrosoftSellers=true",
                        "pc details.requirements.solutions[].id=[\"SOL-1\",\"SOL-2\"]")
                .noneMatch(write -> write.startsWith("crm "));
        assertThat(pair.compare().with(Action.DIFFERENCE)).isEmpty();
        assertThat(pair.compare().with(Action.CONFLICT)).isEmpty();
    }

    // ---- sentences

    @ParameterizedTest
    @ValueSource(
            strings = {
                "locked",
                "closed",
                "ended",
                "cut",
                "one-way",
                "empty-never-erases",
                "not-expressible",
                "no-counterpart",
                "unreachable",
                "transition",
                "not-explicit",
                "irreversible",
                "create-only",
                "above-zero"
            })
    void everyDifferenceHasASentenceForAPerson(String reason) {
        assertThat(Sentences.of(Finding.DIFFERENCE, reason)).endsWith(".").doesNotContain("(" + reason);
    }

    @Test
    void aWordWithoutASentenceIsAFaultOfOurs() {
        assertThatThrownBy(() -> Sentences.of(Finding.DIFFERENCE, "new-word")).hasMessageContaining("new-word");
    }
}
