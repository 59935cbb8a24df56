package org.cosellbridge.connector.dynamics;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Clock;
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

class DynamicsErrorsTest {
    private static final Instant NOW = Instant.parse("2026-11-20T07:40:00Z");
    private static final RecordRef REF = new RecordRef("opportunity", "a1b2c3d4-0000-0000-0000-000000000001");

    private final DynamicsErrors errors = new DynamicsErrors("crm", Clock.fixed(NOW, ZoneOffset.UTC));

    private static HttpAnswer answer(int status, String body) {
        return new HttpAnswer(status, Map.of(), body.getBytes(StandardCharsets.UTF_8));
    }

    private static HttpAnswer answer(int status, String code, String message) {
        return answer(status, "{\"error\":{\"code\":\"" + code + "\",\"message\":\"" + message + "\"}}");
    }

    @ParameterizedTest
    @CsvSource({
        "404, 0x80040217, gone",
        "404, 0x80060891, gone",
        "400, 0x80060890, setup",
        "412, 0x80060892, rejected",
        "400, 0x80060892, rejected",
        "412, 0x80040237, rejected",
        "412, 0x80040333, rejected",
        "500, 0x80040333, rejected",
        "412, 0x80060882, stale",
        "412, '', stale",
        "400, 0x8006088D, setup",
        "404, 0x8006088a, setup",
        "400, 0x0, setup",
        "400, 0x80048d19, rejected",
        "400, 0x80040203, rejected",
        "400, 0x8004431A, rejected",
        "400, 0x80044331, rejected",
        "400, 0x80040265, rejected",
        "500, 0x80040216, retry",
        "400, 0x80040216, retry",
        "403, 0x80040220, setup",
        "403, 0x80040231, setup",
        "403, 0x80048306, setup",
        "403, 0x80072560, setup",
        "401, 0x8005F101, setup",
        "403, 0x80050304, setup",
        "429, 0x80072321, throttled",
        "429, 0x80072322, throttled",
        "429, 0x80072326, throttled",
        "429, '', throttled",
        "400, 0x80044339, retry",
        "400, 0x80154B53, retry",
        "500, 0x80044150, retry",
        "500, 0x80044151, retry",
        "403, 0x8004A104, throttled",
        "503, 0x8004A104, throttled",
        "400, 0x80040230, rejected",
        "405, 0x8004022e, rejected",
        "400, 0x80040515, rejected",
        "400, 0x80048479, rejected",
        "403, 0x80081018, setup",
        "500, '', retry",
        "502, '', throttled",
        "503, '', throttled",
        "504, '', retry",
        "501, '', setup",
        "413, '', rejected",
        "302, '', setup",
        "404, '', setup",
        "400, 0x80044352, expired",
        "410, 0x80044352, expired"
    })
    void givesEachCodeItsFamily(int status, String code, String family) {
        ConnectorException meaning = errors.from(answer(status, code, "some text"), REF, true);

        assertThat(meaning.system()).isEqualTo("crm");
        switch (family) {
            case "gone" -> assertThat(meaning).isInstanceOf(RecordGoneException.class);
            case "setup" -> assertThat(meaning).isInstanceOf(SetupException.class);
            case "stale" -> assertThat(meaning).isInstanceOf(StalePreconditionException.class);
            case "expired" -> assertThat(meaning).isInstanceOf(SyncTokenExpiredException.class);
            case "rejected" -> assertThat(meaning).isInstanceOf(RejectedException.class);
            default ->
                assertThat(meaning)
                        .isInstanceOfSatisfying(
                                RetryableException.class,
                                retryable -> assertThat(retryable.systemWide()).isEqualTo(family.equals("throttled")));
        }
    }

    @Test
    void waitsAsLongAsTheServerAsks() {
        HttpAnswer throttled = new HttpAnswer(429, Map.of("Retry-After", List.of("17")), new byte[0]);

        assertThat(errors.from(throttled, null, false))
                .isInstanceOfSatisfying(
                        RetryableException.class,
                        retryable -> assertThat(retryable.notBefore()).contains(NOW.plusSeconds(17)));
    }

    @Test
    void quotesAtMostThreeHundredCharactersOnOneLine() {
        ConnectorException rejected =
                errors.from(answer(400, "0x80040265", "first\\nsecond " + "x".repeat(400)), REF, false);

        assertThat(rejected.getMessage())
                .contains("A business rule in Dynamics 365 refused the change.")
                .contains("first second x")
                .contains("HTTP 400, code 0x80040265")
                .hasSizeLessThan(450);
    }

    @Test
    void neverQuotesWhatWasSentNorAnAddressOrAPhone() {
        ConnectorException rejected = errors.from(
                answer(
                        400,
                        "0x80040265",
                        "Plug-in: contact Ada Lovelace (ada@example.com, +44 20 7946 0000) of Analytical Engines is barred, row"
                                + " a1b2c3d4-0000-0000-0000-000000000001"),
                REF,
                false,
                List.of(
                        jakarta.json.Json.createValue("Ada Lovelace"),
                        jakarta.json.Json.createValue("Analytical Engines"),
                        jakarta.json.Json.createValue("is"),
                        jakarta.json.JsonValue.NULL));

        assertThat(rejected.getMessage())
                .contains("Plug-in: contact … (…, …) of … is barred, row a1b2c3d4-0000-0000-0000-000000000001");
    }

    @Test
    void understandsAnswersThatAreNotJson() {
        assertThat(errors.from(answer(502, "<html>Bad Gateway</html>"), REF, false))
                .isInstanceOf(RetryableException.class);
        assertThat(errors.from(answer(400, "[]"), REF, false)).isInstanceOf(RejectedException.class);
        assertThat(errors.from(answer(400, "{\"error\":\"text\"}"), REF, false)).isInstanceOf(RejectedException.class);
    }

    @Test
    void tellsAnUndeclaredPropertyFromAnUnreadableValue() {
        assertThat(errors.from(answer(400, "0x80048d19", "An undeclared property 'x' which"), REF, false))
                .isInstanceOf(SetupException.class);
    }

    @Test
    void givesCallsWithoutAnAnswerTheirFamily() {
        assertThat(errors.from(new OutboundException.SignInFailed("wrong secret")))
                .isInstanceOf(SetupException.class)
                .hasMessage("wrong secret");
        assertThat(errors.from(new OutboundException.Unreachable("cut", null)))
                .isInstanceOfSatisfying(
                        RetryableException.class,
                        retryable -> assertThat(retryable.systemWide()).isTrue());
        assertThat(errors.from(new OutboundException.Refused("circuit open", NOW)))
                .isInstanceOfSatisfying(
                        RetryableException.class,
                        retryable -> assertThat(retryable.notBefore()).contains(NOW));
    }
}
