package org.cosellbridge.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is read of Dataverse's payload, and what a payload may hold that nobody reads. */
class DynamicsEventTest {
    private static final String ROW = DynamicsPayload.ROW;
    private static final String OTHER = "b1b2c3d4-0000-4000-8000-000000000002";

    private static DynamicsEvent parse(DynamicsPayload payload) throws RefusedException {
        return DynamicsEvent.parse(payload.bytes());
    }

    private static DynamicsEvent parse(String json) throws RefusedException {
        return DynamicsEvent.parse(json.getBytes(StandardCharsets.UTF_8));
    }

    private static void assertMalformed(byte[] body) {
        assertThatThrownBy(() -> DynamicsEvent.parse(body))
                .isInstanceOfSatisfying(
                        RefusedException.class,
                        refused -> assertThat(refused.refusal()).isEqualTo(Refusal.EVENT_MALFORMED));
    }

    @Test
    void readsTheDocumentedPayload() throws RefusedException {
        DynamicsEvent event = parse(DynamicsPayload.update("opportunity"));

        assertThat(event)
                .isEqualTo(new DynamicsEvent(
                        "Update",
                        "opportunity",
                        List.of(ROW),
                        DynamicsPayload.ORGANIZATION,
                        "f1000000-0000-4000-8000-000000000001",
                        Instant.ofEpochMilli(1_795_160_401_000L),
                        "/Date(1795160401000-0800)/"));
        assertThat(event.isAboutRows()).isTrue();
    }

    @Test
    void threeMembersAreEnough() throws RefusedException {
        DynamicsEvent event = parse("\uFEFF{\"MessageName\":\"Delete\",\"PrimaryEntityName\":\"lead\","
                + "\"PrimaryEntityId\":\"" + ROW.toUpperCase(Locale.ROOT) + "\"}");

        assertThat(event).isEqualTo(new DynamicsEvent("Delete", "lead", List.of(ROW), null, null, null, ""));
    }

    @Test
    void aCutPayloadIsAsGoodAsAWholeOne() throws RefusedException {
        assertThat(parse(DynamicsPayload.update("lead").cut())).isEqualTo(parse(DynamicsPayload.update("lead")));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Create",
                "Update",
                "Delete",
                "Restore",
                "Assign",
                "SetState",
                "WinOpportunity",
                "LoseOpportunity"
            })
    void isAboutItsPrimaryRow(String message) throws RefusedException {
        DynamicsEvent event = parse(DynamicsPayload.of(message, "opportunity"));

        assertThat(event.isAboutRows()).isTrue();
        assertThat(event.rows()).containsExactly(ROW);
    }

    @ParameterizedTest
    @ValueSource(strings = {"RetrieveMultiple", "new_MyAction", "update", "Associate"})
    void otherMessagesAreAboutNoRow(String message) throws RefusedException {
        assertThat(parse(DynamicsPayload.of(message, "opportunity")).isAboutRows())
                .isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"WinOpportunity", "LoseOpportunity"})
    void aCloseWithoutPrimaryRowNamesItInItsActivity(String message) throws RefusedException {
        JsonObject close = Json.createObjectBuilder()
                .add("LogicalName", "opportunityclose")
                .add(
                        "Attributes",
                        DynamicsPayload.parameters(
                                DynamicsPayload.pair("subject", Json.createValue("won")),
                                DynamicsPayload.pair("opportunityid", DynamicsPayload.reference("opportunity", OTHER))))
                .build();
        DynamicsPayload payload = DynamicsPayload.of(message, "opportunity")
                .with("PrimaryEntityId", DynamicsPayload.NO_ROW)
                .with(
                        "InputParameters",
                        DynamicsPayload.parameters(
                                DynamicsPayload.pair("Status", JsonValue.NULL),
                                DynamicsPayload.pair("OpportunityClose", close)));

        assertThat(parse(payload).rows()).containsExactly(OTHER);
        assertThat(parse(payload.with("PrimaryEntityId", ROW)).rows())
                .as("the primary row wins")
                .containsExactly(ROW);
        assertThat(parse(payload.cut()).rows()).isEmpty();
    }

    @Test
    void otherActionsNameTheirRowInAParameterToo() throws RefusedException {
        assertThat(parse(inParameter("QualifyLead", "LeadId")).rows()).containsExactly(OTHER);
        assertThat(parse(inParameter("SetStateDynamicEntity", "EntityMoniker")).rows())
                .containsExactly(OTHER);
        assertThat(parse(inParameter("Assign", "Target")).rows()).containsExactly(OTHER);
        assertThat(parse(inParameter("Assign", "Assignee")).rows()).isEmpty();
    }

    private static DynamicsPayload inParameter(String message, String key) {
        return DynamicsPayload.of(message, "lead")
                .with("PrimaryEntityId", DynamicsPayload.NO_ROW)
                .with(
                        "InputParameters",
                        DynamicsPayload.parameters(
                                DynamicsPayload.pair(key, DynamicsPayload.reference("lead", OTHER))));
    }

    @Test
    void aMergeIsAboutBothRows() throws RefusedException {
        DynamicsPayload merge = DynamicsPayload.of("Merge", "lead")
                .with(
                        "InputParameters",
                        DynamicsPayload.parameters(
                                DynamicsPayload.pair("Target", DynamicsPayload.reference("lead", ROW)),
                                DynamicsPayload.pair("SubordinateId", Json.createValue(OTHER))));

        assertThat(parse(merge).rows()).containsExactly(ROW, OTHER);
    }

    @Test
    void aTimeThatCannotBeReadIsNoReasonToRefuse() throws RefusedException {
        assertThat(time("/Date(1795160401000)/")).isEqualTo(Instant.ofEpochMilli(1_795_160_401_000L));
        assertThat(time("/Date(1795160401000+0530)/")).isEqualTo(Instant.ofEpochMilli(1_795_160_401_000L));
        assertThat(time("2026-11-20T07:40:01Z")).isNull();
        assertThat(time("/Date(999999999999999)/")).isNull();
        assertThat(time("/Date(-1)/")).isNull();
        assertThat(parse(DynamicsPayload.update("lead").with("OperationCreatedOn", "x".repeat(100)))
                        .operationTimeText())
                .isEmpty();
        assertThat(parse(DynamicsPayload.update("lead").with("OperationCreatedOn", JsonValue.TRUE))
                        .operationTimeText())
                .isEmpty();
    }

    private static @Nullable Instant time(String text) throws RefusedException {
        return parse(DynamicsPayload.update("lead").with("OperationCreatedOn", text))
                .operationTime();
    }

    @Test
    void contextsWithinContextsAreReadAndEndlessOnesRefused() throws RefusedException {
        assertThat(parse(DynamicsPayload.update("lead").within(16)).rows()).containsExactly(ROW);
        assertMalformed(DynamicsPayload.update("lead").within(200).bytes());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "garbage",
                "[]",
                "{",
                "{}",
                "null",
                "\"Update\"",
                "{\"MessageName\":\"Update\"}",
                "{\"MessageName\":\"Update\",\"PrimaryEntityName\":\"lead\"}",
                "{\"MessageName\":\"Update\",\"PrimaryEntityName\":\"lead\",\"PrimaryEntityId\":null}",
                "{\"MessageName\":\"Update\",\"PrimaryEntityName\":\"lead\",\"PrimaryEntityId\":7}",
                "{\"MessageName\":\"Update\",\"PrimaryEntityName\":\"lead\",\"PrimaryEntityId\":\"7\"}",
                "{\"MessageName\":\"Update\",\"PrimaryEntityName\":\"lead\",\"PrimaryEntityId\":{\"Id\":\"" + ROW
                        + "\"}}",
                "{\"MessageName\":\"Update\",\"PrimaryEntityName\":\"le ad\",\"PrimaryEntityId\":\"" + ROW + "\"}",
                "{\"MessageName\":\"Update\",\"PrimaryEntityName\":\"\",\"PrimaryEntityId\":\"" + ROW + "\"}",
                "{\"MessageName\":\"Update\",\"PrimaryEntityName\":[\"lead\"],\"PrimaryEntityId\":\"" + ROW + "\"}",
                "{\"MessageName\":7,\"PrimaryEntityName\":\"lead\",\"PrimaryEntityId\":\"" + ROW + "\"}",
                "{\"MessageName\":\"Up\\u0000date\",\"PrimaryEntityName\":\"lead\",\"PrimaryEntityId\":\"" + ROW
                        + "\"}",
                "{\"MessageName\":\"Update\",\"PrimaryEntityName\":\"lead\",\"PrimaryEntityId\":\"" + ROW + "\"} x",
                "{\"MessageName\":\"Update\",\"PrimaryEntityName\":\"lead\",\"PrimaryEntityId\":\"" + ROW + "\"",
            })
    void refusesWhatIsNoEvent(String json) {
        assertMalformed(json.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void refusesAMemberThatStandsTwice() throws RefusedException {
        String members =
                "\"MessageName\":\"Update\",\"PrimaryEntityName\":\"lead\",\"PrimaryEntityId\":\"" + ROW + "\"";

        assertMalformed(("{" + members + ",\"PrimaryEntityId\":\"" + OTHER + "\"}").getBytes(StandardCharsets.UTF_8));
        assertThat(parse("{" + members + ",\"Odd\":[{\"a\":1,\"a\":2},{\"a\":3}]}")
                        .rows())
                .as("further in it does not matter")
                .containsExactly(ROW);
    }

    @Test
    void refusesBytesThatAreNoUtf8() {
        assertMalformed(DynamicsPayload.update("lead")
                .with("OrganizationName", "caf\u00e9")
                .json()
                .toString()
                .getBytes(StandardCharsets.ISO_8859_1));
    }

    @Test
    void nothingOddInMembersThatNobodyReadsMatters() throws RefusedException {
        String odd = "{\"MessageName\":\"Update\",\"PrimaryEntityName\":\"lead\",\"PrimaryEntityId\":\"" + ROW
                + "\",\"InputParameters\":{\"key\":7},\"OrganizationId\":[],\"CorrelationId\":\"x\",\"New\":1e5,"
                + "\"SharedVariables\":\"tag\",\"Depth\":\"deep\"}";

        assertThat(parse(odd)).isEqualTo(new DynamicsEvent("Update", "lead", List.of(ROW), null, null, null, ""));
    }

    @Test
    void endlessNestingCostsNoStack() {
        for (String open : new String[] {"[", "{\"a\":"}) {
            assertMalformed(("{\"MessageName\":\"Update\",\"PrimaryEntityName\":\"lead\",\"PrimaryEntityId\":\"" + ROW
                            + "\",\"InputParameters\":" + open.repeat(50_000))
                    .getBytes(StandardCharsets.UTF_8));
        }
    }
}
