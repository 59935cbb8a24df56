package org.cosellbridge.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.security.auth.x500.X500Principal;
import org.cosellbridge.platform.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SalesforceWebhookSettingsTest {
    private static final String SECRET = "cosell.crm.sf.webhook-secret";
    private static final String ORGANIZATION = "cosell.crm.sf.organization-id";
    private static final String SUBJECT = "cosell.crm.sf.webhook-client-subject";

    private static Configuration with(Map<String, String> keys) {
        Map<String, String> all = new LinkedHashMap<>(Map.of(
                "cosell.connections", "sf, quiet ,bad name,dyn",
                "cosell.crm.sf.type", "salesforce",
                "cosell.crm.quiet.type", "salesforce",
                "cosell.crm.bad name.type", "salesforce"));
        all.putAll(keys);
        return Configuration.of(all);
    }

    private static List<String> faults(Map<String, String> keys) {
        Configuration configuration = with(keys);
        new SalesforceWebhookSettings(configuration).check(configuration);
        return configuration.faults();
    }

    @Test
    void everyKeyMayBeMissing() {
        assertThat(faults(Map.of())).isEmpty();
        SalesforceWebhookSettings settings = new SalesforceWebhookSettings(with(Map.of()));
        assertThat(settings.list())
                .extracting(sender -> sender.connection().value())
                .containsExactly("sf", "quiet");
        assertThat(settings.find("sf").orElseThrow().secrets().isSet()).isFalse();
        assertThat(settings.find("SF")).isEmpty();
        assertThat(settings.find("dyn")).as("a Dynamics 365").isEmpty();
    }

    @Test
    void readsSecretsOrganizationAndSubject() {
        SalesforceWebhookSettings.Sender sender = new SalesforceWebhookSettings(with(Map.of(
                        SECRET, "0123456789abcdef, fedcba9876543210",
                        ORGANIZATION, "00D5g000004XyZ1",
                        SUBJECT, "CN=outbound.example.com, O=Contoso")))
                .find("sf")
                .orElseThrow();

        assertThat(sender.organization()).isEqualTo(new SalesforceId("00D5g000004XyZ1EAK"));
        assertThat(sender.clientSubject()).isEqualTo(new X500Principal("cn=outbound.example.com,o=contoso"));
        assertThat(sender.secrets().match("0123456789abcdef")).isTrue();
        assertThat(sender.secrets().match("fedcba9876543210")).isTrue();
        assertThat(sender.secrets().match("0123456789abcdef, fedcba9876543210")).isFalse();
        assertThat(sender.toString()).doesNotContain("0123456789abcdef");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0123456789abcde",
                "0123456789abcdef,short",
                "0123456789 abcdef",
                "0123456789abcdefé",
                "0123456789abcdef/x",
                "0123456789abcdef%2F",
                "0123456789abcdef;x",
                "0123456789abcdef+x",
                "0123456789abcdef?x"
            })
    void aSecretThatNoAddressCarriesIsAFaultAndNotRepeated(String secret) {
        assertThat(faults(Map.of(SECRET, secret, ORGANIZATION, "00D5g000004XyZ1")))
                .isNotEmpty()
                .allSatisfy(fault -> assertThat(fault)
                        .startsWith(SECRET + " holds a secret with ")
                        .doesNotContain("0123456789"));
    }

    @Test
    void aSecretWithoutOrganizationIsAFault() {
        assertThat(faults(Map.of(SECRET, "0123456789abcdef")))
                .singleElement()
                .asString()
                .startsWith(ORGANIZATION + " is missing. It is the organisation's id");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "contoso.my.salesforce.com",
                "00D5g000004XyZ1EAL",
                "00d5g000004xyz1EAK",
                "0065g00000XyZabAAF",
                "c7000000-0000-4000-8000-000000000007"
            })
    void anOrganizationThatIsNoneIsAFault(String id) {
        assertThat(faults(Map.of(SECRET, "0123456789abcdef", ORGANIZATION, id)))
                .singleElement()
                .asString()
                .startsWith(ORGANIZATION + " must be the organisation's id");
    }

    @Test
    void aSubjectThatIsNoNameIsAFault() {
        assertThat(faults(Map.of(SUBJECT, "outbound.example.com")))
                .singleElement()
                .asString()
                .startsWith(SUBJECT + " must be a distinguished name");
    }

    @Test
    void healthNamesTheKeyThatIsMissing() {
        SalesforceWebhookSettings settings = new SalesforceWebhookSettings(
                with(Map.of(SECRET, "0123456789abcdef", ORGANIZATION, "00D5g000004XyZ1EAK")));

        assertThat(new SalesforceWebhookHealthCheck(settings).receivers())
                .containsExactly(
                        Map.entry("sf", "on"), Map.entry("quiet", "off: cosell.crm.quiet.webhook-secret is not set"));
    }
}
