package org.cosellbridge.connector.partnercenter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.cosellbridge.connector.Connector;
import org.cosellbridge.connector.ConnectorContract;
import org.cosellbridge.connector.RecordShape;
import org.cosellbridge.connector.RejectedException;
import org.cosellbridge.connector.RemoteRecord;
import org.cosellbridge.connector.RetryableException;
import org.cosellbridge.http.OutboundFixtures;
import org.cosellbridge.platform.Configuration;
import org.cosellbridge.platform.Ids;
import org.cosellbridge.platform.Page;
import org.cosellbridge.referral.DealType;
import org.cosellbridge.referral.NewReferral;
import org.cosellbridge.referral.Referral;
import org.cosellbridge.referral.ReferralPatch;
import org.cosellbridge.simulator.EntraSimulator;
import org.cosellbridge.simulator.Fault;
import org.cosellbridge.simulator.PartnerCenterSimulator;
import org.cosellbridge.simulator.ReferralFixtures;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PartnerCenterConnectorTest implements ConnectorContract {
    private static final String CLIENT = "11111111-2222-3333-4444-555555555555";

    private final EntraSimulator entra = new EntraSimulator(0, "contoso-tenant");
    private final PartnerCenterSimulator center = new PartnerCenterSimulator(0, entra);
    private final OutboundFixtures outbound = new OutboundFixtures();
    private @Nullable PartnerCenterConnector connector;
    private int made;

    @BeforeEach
    void start() {
        entra.start()
                .app(CLIENT)
                .secret("s3cr3t")
                .audience(PartnerCenterSimulator.REFERRALS_AUDIENCE)
                .refreshToken("first", "service@contoso.example");
        center.start();
    }

    @AfterEach
    void stop() {
        center.close();
        entra.close();
        outbound.close();
    }

    @Override
    public PartnerCenterConnector connector() {
        if (connector == null) {
            PartnerCenterErrors errors = new PartnerCenterErrors(Clock.systemUTC());
            PartnerCenterSettings settings = new PartnerCenterSettings(Configuration.of(Map.of(
                    "cosell.partner-center.referrals-url",
                    center.url().toString(),
                    "cosell.partner-center.authority",
                    entra.url().toString(),
                    "cosell.partner-center.tenant-id",
                    entra.tenant(),
                    "cosell.partner-center.client-id",
                    CLIENT,
                    "cosell.partner-center.client-secret",
                    "s3cr3t",
                    "cosell.partner-center.refresh-token",
                    "first")));
            connector = new PartnerCenterConnector(
                    new PartnerCenterClient(
                            outbound.client(),
                            outbound.tokens(),
                            outbound.permits(),
                            new Ids(Clock.systemUTC(), new Random(1)),
                            errors,
                            settings),
                    errors);
        }
        return connector;
    }

    @Override
    public RecordShape shape() {
        return RecordShape.referral();
    }

    @Override
    public String givenRecord() {
        return center.seed(ReferralFixtures.privateDeal(made++));
    }

    @Override
    public String referralIdOf(String id) {
        return id;
    }

    @Override
    public Map<String, JsonValue> matchOf(String id) {
        return Map.of("engagementId", center.referral(id).get("engagementId"));
    }

    @Override
    public String absentId() {
        return "00000000-0000-4000-8000-00000000dead";
    }

    @Override
    public Map<String, JsonValue> change() {
        return Map.of("details.notes", Json.createValue("Call back"), "details.dealValue", Json.createValue(4711));
    }

    @Override
    public JsonValue valueOf(RemoteRecord record, String field) {
        return record.values().getValue("/" + field.replace('.', '/'));
    }

    @Override
    public void changedByAnother(String id) {
        center.edit(id, "/details/notes", "Somebody was here");
    }

    @Override
    public void answerNext(int status, @Nullable Duration retryAfter) {
        center.server()
                .faults()
                .next(
                        1,
                        retryAfter == null
                                ? Fault.status(status)
                                : Fault.status(status, Math.toIntExact(retryAfter.toSeconds())));
    }

    @Override
    public void cutNext(int calls) {
        if (calls == 0) {
            center.server().faults().clear();
        } else {
            center.server().faults().next(calls, Fault.cut());
        }
    }

    @Override
    public void revokeCredentials() {
        entra.revoke(CLIENT);
    }

    @Override
    public void restoreCredentials() {
        entra.restore(CLIENT);
    }

    @Override
    public int calls() {
        return center.server().log().count();
    }

    @Override
    public List<String> brokenRules() {
        List<String> broken = new ArrayList<>(center.server().log().brokenRules());
        broken.addAll(entra.server().log().brokenRules());
        return broken;
    }

    private List<RemoteRecord> walk(Instant since) {
        List<RemoteRecord> all = new ArrayList<>();
        String cursor = null;
        do {
            Page<RemoteRecord> page = connector().listChangedSince(call(), since, cursor);
            all.addAll(page.items());
            cursor = page.next();
        } while (cursor != null);
        return all;
    }

    @Test
    void isAConnectorNamedPartnerCenter() {
        Connector named = connector();

        assertThat(named.system()).isEqualTo("partner-center");
    }

    @Test
    void walksThroughEveryReferralOfManyPagesNewestFirst() {
        List<String> ids = IntStream.range(0, 230).mapToObj(i -> givenRecord()).toList();

        List<RemoteRecord> rows = walk(Instant.EPOCH);

        assertThat(rows).extracting(row -> row.ref().id()).containsExactlyInAnyOrderElementsOf(ids);
        assertThat(rows).isSortedAccordingTo((one, other) -> other.modifiedAt().compareTo(one.modifiedAt()));
        assertThat(rows).allMatch(row -> !row.version().isEmpty());
        assertThat(center.server().log().count("list referrals")).isEqualTo(3);
    }

    @Test
    void aRowOfTheListIsTheReferralAsASingleReadAnswersIt() {
        String id = givenRecord();

        assertThat(walk(Instant.EPOCH))
                .containsExactly(connector().findRecord(call(), shape(), id).orElseThrow());
    }

    @Test
    void walksNoFurtherThanAsked() {
        IntStream.range(0, 150).forEach(i -> givenRecord());
        Instant since = connector()
                .findRecord(call(), shape(), givenRecord())
                .orElseThrow()
                .modifiedAt();

        assertThat(walk(since)).hasSize(1);
        assertThat(center.server().log().count("list referrals")).isEqualTo(1);
    }

    @Test
    void findsMicrosoftsReferralBesideOurs() {
        String id = center.seed(ReferralFixtures.cosellFromMicrosoft(1));

        assertThat(connector().listMatching(call(), shape(), matchOf(id), 10))
                .extracting(row -> row.values().getString("organizationId"))
                .containsExactlyInAnyOrder("msft", PartnerCenterSimulator.ORGANIZATION);
    }

    @Test
    void aReferralThatIsHiddenIsNotThere() {
        String id = givenRecord();
        center.hide(id);

        assertThat(connector().findRecord(call(), shape(), id)).isEmpty();
    }

    @Test
    void createsAReferral() {
        Map<String, JsonValue> values = new HashMap<>(ReferralFixtures.createRequest(7));

        RemoteRecord created =
                connector().createRecord(call(), shape(), null, null, values).orElseThrow();

        JsonObject held = center.referral(created.ref().id());
        assertThat(created.values().getString("name")).isEqualTo(held.getString("name"));
        assertThat(created.version()).isEqualTo(held.getString("eTag"));
        assertThat(center.referrals()).hasSize(1);
    }

    private RemoteRecord create(JsonObject document) {
        return connector()
                .createRecord(call(), shape(), null, null, new HashMap<>(document))
                .orElseThrow();
    }

    @Test
    void createsADealOfEachTypeAsTheDomainDrawsIt() {
        JsonObject draft = ReferralFixtures.createRequest(7);

        RemoteRecord hidden = create(NewReferral.own(draft, DealType.PRIVATE, "crm-1"));
        RemoteRecord seen = create(NewReferral.own(draft, DealType.PARTNER_LED, "crm-2"));
        RemoteRecord own = create(NewReferral.own(draft, DealType.CO_SELL, "crm-3"));
        RemoteRecord microsofts =
                create(NewReferral.forMicrosoft(draft, Referral.parse(own.values()), "ProofOfConceptOrDemo"));

        assertThat(hidden.values().getString("type")).isEqualTo("Independent");
        assertThat(hidden.values().getJsonArray("target")).isEmpty();
        assertThat(seen.values().getString("type")).isEqualTo("Shared");
        assertThat(own.values().getJsonArray("target")).hasSize(1);
        assertThat(microsofts.values().getString("organizationId")).isEqualTo("msft");
        assertThat(microsofts.values().get("engagementId"))
                .isEqualTo(own.values().get("engagementId"));
        assertThat(microsofts.values().getJsonObject("details"))
                .isEqualTo(own.values().getJsonObject("details"));
        assertThat(walk(Instant.EPOCH))
                .extracting(row -> row.values().getValue("/externalReferenceId").toString())
                .containsExactlyInAnyOrder("\"crm-1\"", "\"crm-2\"", "\"crm-3\"", "null");
        assertThat(brokenRules()).isEmpty();
    }

    @Test
    void aDraftThatLacksNothingIsTaken() {
        for (int i = 0; i < 10; i++) {
            JsonObject draft = ReferralFixtures.createRequest(i);

            assertThat(NewReferral.missing(draft, DealType.CO_SELL)).isEmpty();
            create(NewReferral.own(draft, DealType.CO_SELL, "crm-" + i));
        }
        assertThat(center.referrals()).hasSize(10);
    }

    @Test
    void aDraftThatLacksSomethingIsRefused() {
        JsonObject draft = Json.createObjectBuilder(ReferralFixtures.createRequest(1))
                .remove("name")
                .build();

        assertThat(NewReferral.missing(draft, DealType.PRIVATE)).hasSize(1);
        assertThatThrownBy(() -> create(NewReferral.own(draft, DealType.PRIVATE, "crm-1")))
                .isInstanceOf(RejectedException.class)
                .hasMessageContaining("/name");
    }

    @Test
    void aPatchOfTheDomainIsTakenAsItIs() {
        RemoteRecord read =
                connector().findRecord(call(), shape(), givenRecord()).orElseThrow();
        Map<String, JsonValue> patch = ReferralPatch.of(
                read.values(),
                Map.of(
                        "details.dealValue", Json.createValue("4711"),
                        "details.currency", read.values().getValue("/details/currency"),
                        "details.requirements.solutions[].id",
                                Json.createArrayBuilder()
                                        .add("SOL-33333-CCC")
                                        .add("SOL-11111-AAA")
                                        .build(),
                        "customerProfile.team[0].email", Json.createValue("new@customer.example"),
                        "consent.consentToShareReferralWithMicrosoftSellers", JsonValue.TRUE,
                        "state", Json.createValue("Closed/Lost"),
                        "statusReason", Json.createValue("The budget was cut")));

        RemoteRecord after = connector().updateRecord(call(), shape(), read, patch);

        assertThat(after.values().getString("substatus")).isEqualTo("Lost");
        assertThat(after.values().getValue("/details/requirements/solutions/1/name"))
                .isEqualTo(Json.createValue("Our App"));
        assertThat(center.unchangedValues()).isEmpty();
        assertThat(brokenRules()).isEmpty();
    }

    @Test
    void aCreateWhoseAnswerIsLostIsNotRepeated() {
        connector().findRecord(call(), shape(), absentId());
        center.server().faults().next(1, Fault.loseAnswer());
        Map<String, JsonValue> values = new HashMap<>(ReferralFixtures.createRequest(7));

        RetryableException lost = catchThrowableOfType(
                RetryableException.class, () -> connector().createRecord(call(), shape(), null, null, values));

        assertThat(lost.systemWide()).isTrue();
        assertThat(center.referrals()).hasSize(1);
    }

    @Test
    void closesAReferralTogetherWithItsLastFields() {
        RemoteRecord read =
                connector().findRecord(call(), shape(), givenRecord()).orElseThrow();

        RemoteRecord closed = connector()
                .updateRecord(
                        call(),
                        shape(),
                        read,
                        Map.of(
                                "status", Json.createValue("Closed"),
                                "substatus", Json.createValue("Lost"),
                                "statusReason", Json.createValue("The budget was cut"),
                                "details.dealValue", Json.createValue(9)));

        assertThat(closed.values().getString("status")).isEqualTo("Closed");
        assertThat(center.server().log().count("patch referral")).isEqualTo(1);
        assertThatThrownBy(() -> connector().updateRecord(call(), shape(), closed, change()))
                .isInstanceOf(RejectedException.class);
    }

    @Test
    void goesOnWithANewTokenWhenTheOldOneIsRefused() {
        String id = givenRecord();
        connector().findRecord(call(), shape(), id);
        entra.expireTokens();

        assertThat(connector().findRecord(call(), shape(), id)).isPresent();
    }

    @Test
    void neverCallsMoreOftenThanSixtyTimesAMinute() {
        String id = givenRecord();
        List<RetryableException> held = new ArrayList<>();
        for (int i = 0; i < 70; i++) {
            RetryableException refused = catchThrowableOfType(
                    RetryableException.class, () -> connector().findRecord(call(), shape(), id));
            if (refused != null) {
                held.add(refused);
            }
        }

        assertThat(calls()).isEqualTo(60);
        assertThat(held)
                .hasSize(10)
                .allMatch(RetryableException::systemWide)
                .allMatch(refused -> refused.notBefore().isPresent());
    }
}
