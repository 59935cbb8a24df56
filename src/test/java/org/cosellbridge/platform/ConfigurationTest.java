package org.cosellbridge.platform;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigurationTest {
    private static final String KEY = "cosell.test.key";

    private static Configuration with(String value) {
        return Configuration.of(Map.of(KEY, value));
    }

    private static final Configuration EMPTY = Configuration.of(Map.of());

    @Test
    void textIsTrimmedAndBlankIsAbsent() {
        assertThat(with("  a b ").findText(KEY)).contains("a b");
        assertThat(with("   ").findText(KEY)).isEmpty();
        assertThat(with("   ").text(KEY, "x")).isEqualTo("x");
        assertThat(EMPTY.findText(KEY)).isEmpty();
        assertThat(EMPTY.text(KEY, "x")).isEqualTo("x");
    }

    @Test
    void requiredTextThatIsMissingIsAFaultThatSaysWhatItIsFor() {
        Configuration configuration = Configuration.of(Map.of());
        assertThat(configuration.requiredText(KEY, "It opens the door.")).isEmpty();
        assertThat(configuration.faults()).containsExactly(KEY + " is missing. It opens the door.");
    }

    @Test
    void listLeavesOutWhatIsEmpty() {
        assertThat(with(" a, ,b,,c ,").list(KEY, "")).containsExactly("a", "b", "c");
        assertThat(EMPTY.list(KEY, "x,y")).containsExactly("x", "y");
        assertThat(EMPTY.list(KEY, "")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"1,1", "9,9", "+5,5", "05,5"})
    void numberIsReadWithinItsLimits(String value, int number) {
        Configuration configuration = with(value);
        assertThat(configuration.number(KEY, 3, 1, 9)).isEqualTo(number);
        assertThat(configuration.faults()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "10", "-1", "five", "5.0", "99999999999999", "5 5"})
    void numberOutsideItsLimitsIsAFaultAndTheDefaultIsAnswered(String value) {
        Configuration configuration = with(value);
        assertThat(configuration.number(KEY, 3, 1, 9)).isEqualTo(3);
        assertThat(configuration.faults())
                .containsExactly(KEY + " is '" + value + "' but must be a whole number from 1 to 9.");
    }

    @ParameterizedTest
    @CsvSource({"PT1S,1", "P1D,86400", "PT0.5S,0", "pt2m,120"})
    void durationIsReadAsIso(String value, long seconds) {
        Configuration configuration = with(value);
        assertThat(configuration.duration(KEY, Duration.ofHours(1)).toSeconds()).isEqualTo(seconds);
        assertThat(configuration.faults()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"PT0S", "-PT1S", "PT-1S", "1s", "60", "P1Y"})
    void durationThatIsNoneOrNotAboveZeroIsAFault(String value) {
        Configuration configuration = with(value);
        assertThat(configuration.duration(KEY, Duration.ofHours(1))).isEqualTo(Duration.ofHours(1));
        assertThat(configuration.faults())
                .containsExactly(
                        KEY + " is '" + value + "' but must be an ISO-8601 duration above zero, such as PT1S.");
    }

    @Test
    void flagIsTrueOrFalse() {
        assertThat(with("TRUE").flag(KEY, false)).isTrue();
        assertThat(with("false").flag(KEY, true)).isFalse();
        assertThat(EMPTY.flag(KEY, true)).isTrue();
        Configuration configuration = with("yes");
        assertThat(configuration.flag(KEY, false)).isFalse();
        assertThat(configuration.faults()).containsExactly(KEY + " is 'yes' but must be true or false.");
    }

    @Test
    void choiceIsOneOfTheWords() {
        assertThat(with("b").choice(KEY, "a", List.of("a", "b"))).isEqualTo("b");
        assertThat(EMPTY.choice(KEY, "a", List.of("a", "b"))).isEqualTo("a");
        Configuration configuration = with("B");
        assertThat(configuration.choice(KEY, "a", List.of("a", "b"))).isEqualTo("a");
        assertThat(configuration.faults()).containsExactly(KEY + " is 'B' but must be one of a, b.");
    }

    @ParameterizedTest
    @CsvSource({
        "https://example.com,https://example.com",
        "https://example.com/,https://example.com",
        "https://example.com:8443/a//,https://example.com:8443/a",
        "http://localhost:8080,http://localhost:8080",
        "http://127.0.0.1,http://127.0.0.1",
        "http://[::1]:80,http://[::1]:80"
    })
    void remoteUrlIsHttpsOrOfThisMachine(String value, String url) {
        Configuration configuration = with(value);
        assertThat(configuration.remoteUrl(KEY, "https://default.example")).isEqualTo(URI.create(url));
        assertThat(configuration.requiredUrl(KEY, "It is needed.")).isEqualTo(URI.create(url));
        assertThat(configuration.faults()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://example.com",
                "http://localhost.example.com",
                "http://127.0.0.1.example.com",
                "http://10.0.0.1",
                "ftp://example.com",
                "https://",
                "https:/example.com",
                "example.com",
                "https://exa mple.com",
                "https://user:pass-phrase@example.com",
                "https://example.com?sig=pass-phrase",
                "https://example.com#pass-phrase",
                "pass-phrase"
            })
    void anotherUrlIsAFaultThatDoesNotRepeatIt(String value) {
        Configuration configuration = with(value);
        assertThat(configuration.remoteUrl(KEY, "https://default.example"))
                .isEqualTo(URI.create("https://default.example"));
        assertThat(configuration.requiredUrl(KEY, "It is needed.").getHost()).isEqualTo("missing.invalid");
        assertThat(configuration.faults())
                .singleElement()
                .satisfies(fault -> assertThat(fault)
                        .startsWith(KEY + " must be an https URL")
                        .doesNotContain(value)
                        .doesNotContain("pass-phrase"));
    }

    @Test
    void requiredUrlThatIsMissingIsAFaultAndReachesNobody() {
        Configuration configuration = Configuration.of(Map.of());
        assertThat(configuration.requiredUrl(KEY, "It is needed.").getHost()).endsWith(".invalid");
        assertThat(configuration.faults()).containsExactly(KEY + " is missing. It is needed.");
    }

    @Test
    void valueThatTheSourceCannotReadIsAFaultThatDoesNotRepeatIt() {
        Configuration configuration = Configuration.from(key -> {
            throw new NoSuchElementException("Could not expand value pass-phrase in property " + key);
        });
        assertThat(configuration.findText(KEY)).isEmpty();
        assertThat(configuration.faults())
                .singleElement()
                .satisfies(fault ->
                        assertThat(fault).startsWith(KEY + " cannot be read.").doesNotContain("pass-phrase"));
    }

    @Test
    void everyFaultIsKeptOnceAndSorted() {
        Configuration configuration = Configuration.of(Map.of("b", "x", "a", "x"));
        configuration.number("b", 1, 1, 2);
        configuration.number("b", 1, 1, 2);
        configuration.flag("a", true);
        configuration.requiredText("c", "It is needed.");
        assertThat(configuration.faults())
                .hasSize(3)
                .isSorted()
                .anyMatch(fault -> fault.startsWith("a "))
                .anyMatch(fault -> fault.startsWith("b "))
                .anyMatch(fault -> fault.startsWith("c "));
    }

    @Test
    void everyKeyAskedForIsKnown() {
        Configuration configuration = with("x");
        configuration.findText("b");
        configuration.number("a", 1, 1, 2);
        configuration.remoteUrl("c", "https://default.example");
        configuration.list(KEY, "");
        assertThat(configuration.keys()).containsExactly("a", "b", "c", KEY);
    }

    @ParameterizedTest
    @CsvSource({
        "localhost,true",
        "LOCALHOST,true",
        "127.0.0.1,true",
        "127.1.2.3,true",
        "::1,true",
        "[::1],true",
        "localhost.example.com,false",
        "127.0.0.1.example.com,false",
        "1270.0.0.1,false",
        "0.0.0.0,false",
        "10.0.0.1,false",
        "[::2],false"
    })
    void loopbackIsThisMachineOnly(String host, boolean loopback) {
        assertThat(Configuration.isLoopback(host)).isEqualTo(loopback);
    }

    @Test
    void startIsRefusedWithEveryFaultInOneMessage() {
        assertThat(org.assertj.core.api.Assertions.catchThrowable(
                        () -> Startup.refuseFaults(List.of("a is missing.", "b is missing."))))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("2 faults")
                .hasMessageContaining("a is missing.")
                .hasMessageContaining("b is missing.");
    }
}
