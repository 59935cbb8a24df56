package org.cosellbridge.connector;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.cosellbridge.platform.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConnectionSettingsTest {
    private static final String KEY = "cosell.crm.crm.poll-interval";

    private static Duration pollInterval(Configuration configuration) {
        return ConnectionSettings.read(configuration, new ConnectionName("crm")).pollInterval();
    }

    private static List<String> faults(Configuration configuration) {
        return configuration.faults().stream()
                .filter(fault -> fault.startsWith(KEY))
                .toList();
    }

    @Test
    void aFeedIsPolledEveryMinuteUnlessSaidOtherwise() {
        Configuration configuration = Configuration.of(Map.of());

        assertThat(pollInterval(configuration)).isEqualTo(Duration.ofMinutes(1));
        assertThat(faults(configuration)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"PT1S,1", "PT5M,300", "PT1H,3600"})
    void takesAnIntervalFromASecondToAnHour(String text, long seconds) {
        Configuration configuration = Configuration.of(Map.of(KEY, text));

        assertThat(pollInterval(configuration)).isEqualTo(Duration.ofSeconds(seconds));
        assertThat(faults(configuration)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"PT0.999S", "PT1H0.001S", "P1D", "PT0S", "-PT5S", "often"})
    void refusesAnyOther(String text) {
        Configuration configuration = Configuration.of(Map.of(KEY, text));

        assertThat(pollInterval(configuration)).isEqualTo(Duration.ofMinutes(1));
        assertThat(faults(configuration)).hasSize(1);
    }

    private static final Map<String, String> SALESFORCE = Map.of(
            "cosell.crm.crm.type", "salesforce",
            "cosell.crm.crm.url", "https://contoso.my.salesforce.com",
            "cosell.crm.crm.client-id", "3MVG9");

    private static Configuration salesforce(String... more) {
        Map<String, String> keys = new HashMap<>(SALESFORCE);
        for (int i = 0; i < more.length; i += 2) {
            keys.put("cosell.crm.crm." + more[i], more[i + 1]);
        }
        return Configuration.of(keys);
    }

    @Test
    void salesforceSignsInAtItsOwnDomainWithASecretAndAtTheLoginHostWithAKey() {
        Configuration secret = salesforce("client-secret", "s3cr3t");
        Configuration key = salesforce("private-key", "/etc/key.pem", "username", "integration@contoso.example");

        ConnectionSettings bySecret = ConnectionSettings.read(secret, new ConnectionName("crm"));
        ConnectionSettings byKey = ConnectionSettings.read(key, new ConnectionName("crm"));

        assertThat(secret.faults()).isEmpty();
        assertThat(key.faults()).isEmpty();
        assertThat(bySecret.authority()).hasToString("https://contoso.my.salesforce.com");
        assertThat(bySecret.apiVersion()).isEqualTo("v67.0");
        assertThat(byKey.authority()).hasToString("https://login.salesforce.com");
        assertThat(byKey.username()).isEqualTo("integration@contoso.example");
    }

    @Test
    void salesforceNeedsASecretOrAKeyWithAUser() {
        for (Configuration configuration : List.of(salesforce(), salesforce("private-key", "/etc/key.pem"))) {
            ConnectionSettings.read(configuration, new ConnectionName("crm"));

            assertThat(configuration.faults())
                    .singleElement()
                    .asString()
                    .startsWith("cosell.crm.crm.client-secret is missing.")
                    .contains("cosell.crm.crm.username");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"67.0", "v59.0", "v67", "v9.2", "latest"})
    void refusesAVersionThatSalesforceDoesNotWriteSo(String version) {
        Configuration configuration = salesforce("client-secret", "s3cr3t", "api-version", version);

        assertThat(ConnectionSettings.read(configuration, new ConnectionName("crm"))
                        .apiVersion())
                .isEqualTo("v67.0");
        assertThat(configuration.faults()).singleElement().asString().startsWith("cosell.crm.crm.api-version");
    }
}
