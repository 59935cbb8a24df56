package org.cosellbridge.connector.salesforce;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.json.Json;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import org.cosellbridge.connector.ConnectorException;
import org.cosellbridge.connector.RecordGoneException;
import org.cosellbridge.connector.RecordRef;
import org.cosellbridge.connector.RejectedException;
import org.cosellbridge.connector.RetryableException;
import org.cosellbridge.connector.SetupException;
import org.cosellbridge.connector.StalePreconditionException;
import org.cosellbridge.connector.SyncTokenExpiredException;
import org.cosellbridge.http.HttpAnswer;
import org.cosellbridge.http.OutboundException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SalesforceErrorsTest {
    private static final Instant NOW = Instant.parse("2026-11-20T07:40:00Z");
    private static final RecordRef REF = new RecordRef("opportunity", "006000000000001AAA");

    private final SalesforceErrors errors = new SalesforceErrors("crm", Clock.fixed(NOW, ZoneOffset.UTC));

    private static HttpAnswer answer(int status, String body) {
        return new HttpAnswer(status, Map.of(), body.getBytes(StandardCharsets.UTF_8));
    }

    private static HttpAnswer answer(int status, String code, String message) {
        return answer(status, "[{\"message\":\"" + message + "\",\"errorCode\":\"" + code + "\"}]");
    }

    private static String meaning(ConnectorException failure) {
        if (failure instanceof RetryableException retryable) {
            return retryable.systemWide() ? "away" : "retry";
        }
        if (failure instanceof SetupException) {
            return "setup";
        }
        if (failure instanceof RecordGoneException) {
            return "gone";
        }
        if (failure instanceof StalePreconditionException) {
            return "stale";
        }
        return failure instanceof SyncTokenExpiredException ? "expired" : "rejected";
    }

    @ParameterizedTest
    @CsvSource({
        "401, INVALID_SESSION_ID, setup",
        "401, INVALID_AUTH_HEADER, setup",
        "403, REQUEST_LIMIT_EXCEEDED, away",
        "403, API_DISABLED_FOR_ORG, setup",
        "403, API_CURRENTLY_DISABLED, setup",
        "403, INSUFFICIENT_ACCESS, setup",
        "400, INSUFFICIENT_ACCESS_OR_READONLY, setup",
        "400, INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY, setup",
        "404, NOT_FOUND, gone",
        "404, ENTITY_IS_DELETED, gone",
        "400, ENTITY_IS_DELETED, gone",
        "400, MALFORMED_ID, rejected",
        "400, INVALID_FIELD, setup",
        "400, INVALID_FIELD_FOR_INSERT_UPDATE, setup",
        "400, INVALID_TYPE, setup",
        "400, JSON_PARSER_ERROR, rejected",
        "400, MALFORMED_QUERY, rejected",
        "400, QUERY_TOO_COMPLICATED, rejected",
        "400, REQUIRED_FIELD_MISSING, rejected",
        "400, STRING_TOO_LONG, rejected",
        "400, NUMBER_OUTSIDE_VALID_RANGE, rejected",
        "400, INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST, rejected",
        "400, INVALID_CROSS_REFERENCE_KEY, rejected",
        "400, FIELD_INTEGRITY_EXCEPTION, rejected",
        "400, FIELD_CUSTOM_VALIDATION_EXCEPTION, rejected",
        "400, CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY, rejected",
        "400, CANNOT_EXECUTE_FLOW_TRIGGER, rejected",
        "400, DUPLICATE_VALUE, rejected",
        "400, DUPLICATES_DETECTED, rejected",
        "400, CANNOT_UPDATE_CONVERTED_LEAD, rejected",
        "400, ENTITY_IS_LOCKED, retry",
        "400, UNABLE_TO_LOCK_ROW, retry",
        "500, UNABLE_TO_LOCK_ROW, retry",
        "503, SERVER_UNAVAILABLE, away",
        "500, UNKNOWN_EXCEPTION, retry",
        "400, QUERY_TIMEOUT, retry",
        "500, QUERY_TIMEOUT, retry",
        "400, EXCEEDED_ID_LIMIT, expired",
        "400, INVALID_REPLICATION_DATE, expired",
        "400, INVALID_QUERY_LOCATOR, expired",
        "403, STORAGE_LIMIT_EXCEEDED, setup",
        "405, METHOD_NOT_ALLOWED, rejected",
        "410, UNSUPPORTED_API_VERSION, setup",
        "404, UNSUPPORTED_API_VERSION, setup",
        "400, SOMETHING_NEW, rejected",
        "429, UNKNOWN_EXCEPTION, away",
    })
    void decidesByTheCodeFirst(int status, String code, String meaning) {
        assertThat(meaning(errors.from(answer(status, code, "Told."), REF))).isEqualTo(meaning);
    }

    @ParameterizedTest
    @CsvSource({
        "300, rejected",
        "302, setup",
        "401, setup",
        "403, setup",
        "404, setup",
        "408, retry",
        "410, setup",
        "412, stale",
        "415, rejected",
        "420, retry",
        "429, away",
        "500, retry",
        "502, away",
        "503, away",
    })
    void decidesByTheStatusWhereAPageForPeopleComes(int status, String meaning) {
        assertThat(meaning(errors.from(answer(status, "<html>Down for maintenance</html>"), REF)))
                .isEqualTo(meaning);
        assertThat(meaning(errors.from(answer(status, ""), REF))).isEqualTo(meaning);
    }

    @Test
    void anAddressThatIsNotThereIsNoMissingRecord() {
        assertThat(meaning(errors.from(answer(404, "NOT_FOUND", "The requested resource does not exist"), null)))
                .isEqualTo("setup");
    }

    @Test
    void waitsLongWhenTheCallsOfTheDayAreUsedUpAndShortForLongCallsAtTheSameTime() {
        ConnectorException day =
                errors.from(answer(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."), null);
        ConnectorException atOnce = errors.from(
                answer(403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded."),
                null);

        assertThat(((RetryableException) day).notBefore()).contains(NOW.plus(Duration.ofMinutes(15)));
        assertThat(((RetryableException) atOnce).notBefore()).contains(NOW.plusSeconds(30));
    }

    @Test
    void aTriggerThatMetALockIsTriedAgain() {
        assertThat(meaning(errors.from(
                        answer(
                                400,
                                "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
                                "DealTrigger: execution of AfterUpdate caused by UNABLE_TO_LOCK_ROW"),
                        REF)))
                .isEqualTo("retry");
    }

    @Test
    void namesTheDuplicateRuleAndWhatItsAdminSays() {
        ConnectorException refused = errors.from(answer(400, """
                        [{"duplicateResult":{"allowSave":false,"duplicateRule":"Standard_Account_Duplicate_Rule",
                          "errorMessage":"Ask Kim before you add a customer.","matchResults":[]},
                          "errorCode":"DUPLICATES_DETECTED","message":"Use one of these records?"}]"""), null);

        assertThat(refused)
                .isInstanceOf(RejectedException.class)
                .hasMessageContaining("'Standard_Account_Duplicate_Rule'")
                .hasMessageContaining("Ask Kim before you add a customer.")
                .hasMessageContaining("correct or merge");
    }

    @Test
    void showsTheAdminsTextWithoutWhatWasSent() {
        ConnectorException refused = errors.from(
                answer(
                        400,
                        "FIELD_CUSTOM_VALIDATION_EXCEPTION",
                        "Give a loss reason for Contoso secret deal, or call ana@contoso.example at +1 425 555 0100."),
                REF,
                List.of(Json.createValue("Contoso secret deal")));

        assertThat(refused)
                .isInstanceOf(RejectedException.class)
                .hasMessageContaining("Give a loss reason for")
                .hasMessageContaining("FIELD_CUSTOM_VALIDATION_EXCEPTION")
                .hasMessageNotContaining("secret deal")
                .hasMessageNotContaining("ana@")
                .hasMessageNotContaining("0100");
    }

    @Test
    void refusedCredentialsAreAMatterOfTheSetUpAndNoAnswerIsNot() {
        assertThat(meaning(errors.from(new OutboundException.SignInFailed("No."))))
                .isEqualTo("setup");
        assertThat(meaning(errors.from(new OutboundException.Unreachable("Away.", null))))
                .isEqualTo("away");
        assertThat(errors.from(new OutboundException.Refused("Later.", NOW.plusSeconds(9))))
                .isInstanceOfSatisfying(
                        RetryableException.class,
                        held -> assertThat(held.notBefore()).contains(NOW.plusSeconds(9)));
    }
}
