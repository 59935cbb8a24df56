package org.cosellbridge.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.cosellbridge.platform.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DynamicsWebhookSettingsTest {
    private static final String SECRET = "cosell.crm.crm.webhook-secret";
    private static final String ORGANIZATION = "cosell.crm.crm.organization-id";

    private static Configuration with(Map<String, String> keys) {
        Map<String, String> all = new LinkedHashMap<>(Map.of("cosell.connections", "crm, other ,bad name"));
        all.putAll(keys);
        return Configuration.of(all);
    }

    private static List<String> faults(Map<String, String> keys) {
        Configuration configuration = with(keys);
        new DynamicsWebhookSettings(configuration).check(configuration);
        return configuration.faults();
    }

    @Test
    void everyKeyMayBeMissing() {
        assertThat(faults(Map.of())).isEmpty();
        DynamicsWebhookSettings settings = new DynamicsWebhookSettings(with(Map.of()));
        assertThat(settings.list())
                .extracting(sender -> sender.connection().value())
                .containsExactly("crm", "other");
        assertThat(settings.find("crm").orElseThrow().secrets().isSet()).isFalse();
        assertThat(settings.find("bad name")).isEmpty();
        assertThat(settings.find("CRM")).isEmpty();
    }

    @Test
    void readsSecretsAndOrganization() {
        DynamicsWebhookSettings.Sender sender = new DynamicsWebhookSettings(with(Map.of(
                        SECRET, "0123456789abcdef, fedcba9876543210",
                        ORGANIZATION, "C7000000-0000-4000-8000-000000000007")))
                .find("crm")
                .orElseThrow();

        assertThat(sender.organization()).isEqualTo("c7000000-0000-4000-8000-000000000007");
        assertThat(sender.secrets().match("0123456789abcdef")).isTrue();
        assertThat(sender.secrets().match("fedcba9876543210")).isTrue();
        assertThat(sender.secrets().match("0123456789abcdef, fedcba9876543210")).isFalse();
        assertThat(sender.secrets().match("")).isFalse();
        assertThat(sender.toString()).doesNotContain("0123456789abcdef");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0123456789abcde",
                "0123456789abcdef,short",
                "0123456789 abcdef",
                "0123456789abcdé",
                "0123456789abcdefé"
            })
    void aSecretThatIsNoneIsAFaultAndNotRepeated(String secret) {
        assertThat(faults(Map.of(SECRET, secret)))
                .isNotEmpty()
                .allSatisfy(fault -> assertThat(fault)
                        .startsWith(SECRET + " holds a secret with ")
                        .doesNotContain("0123456789"));
    }

    @Test
    void anOrganizationThatIsNoGuidIsAFault() {
        assertThat(faults(Map.of(ORGANIZATION, "contoso.crm4.dynamics.com")))
                .singleElement()
                .asString()
                .startsWith(ORGANIZATION + " must be a GUID");
    }

    @Test
    void aConnectionOfAnotherKindHasNoReceiverHere() {
        DynamicsWebhookSettings settings = new DynamicsWebhookSettings(with(Map.of(
                "cosell.crm.crm.type", "salesforce", SECRET, "0123456789abcdef", ORGANIZATION, "00D000000000001")));

        assertThat(settings.find("crm")).isEmpty();
        assertThat(settings.find("other")).isPresent();
    }

    @Test
    void healthNamesTheKeyThatIsMissing() {
        DynamicsWebhookSettings settings = new DynamicsWebhookSettings(with(Map.of(SECRET, "0123456789abcdef")));

        assertThat(new DynamicsWebhookHealthCheck(settings).receivers())
                .containsExactly(
                        Map.entry("crm", "on"), Map.entry("other", "off: cosell.crm.other.webhook-secret is not set"));
    }
}
