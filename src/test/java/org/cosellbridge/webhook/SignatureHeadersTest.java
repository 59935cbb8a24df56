package org.cosellbridge.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.InputStream;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SignatureHeadersTest {
    private final Map<String, List<String>> headers = new HashMap<>(Map.of(
            "X-MS-Certificate-Url", List.of("https://certs.example.com/a.cer"),
            "x-ms-signature-algorithm", List.of("rsa-sha256")));

    private SignatureHeaders parse() throws RefusedException {
        return SignatureHeaders.parse(new WebhookRequest("192.0.2.1", headers, InputStream.nullInputStream()));
    }

    private void assertRefused(Refusal refusal) {
        assertThatThrownBy(this::parse)
                .isInstanceOfSatisfying(
                        RefusedException.class,
                        refused -> assertThat(refused.refusal()).isEqualTo(refusal));
    }

    @Test
    void readsSignatureFromAuthorizationInAnyCase() throws RefusedException {
        headers.put("Authorization", List.of("sIGNATURE  AQID"));
        assertThat(parse().signature()).containsExactly(1, 2, 3);
        assertThat(parse().kept()).containsEntry("authorization", "sIGNATURE  AQID");
    }

    @Test
    void prefersItsOwnHeaderAndKeepsNothingOfAuthorization() throws RefusedException {
        headers.put("Authorization", List.of("Signature AAAA"));
        headers.put("x-ms-signature", List.of("Signature AQID"));
        headers.put("User-Agent", List.of("Dispatcher\u0001/1"));
        headers.put("Cookie", List.of("a=b"));
        assertThat(parse().signature()).containsExactly(1, 2, 3);
        assertThat(parse().kept())
                .containsOnlyKeys("x-ms-certificate-url", "x-ms-signature-algorithm", "x-ms-signature", "user-agent")
                .containsEntry("user-agent", "Dispatcher?/1");
    }

    @Test
    void ignoresOtherSchemesOfAuthorization() throws RefusedException {
        headers.put("Authorization", List.of("Bearer abc", "Signature AQID"));
        assertThat(parse().signature()).containsExactly(1, 2, 3);
        headers.put("Authorization", List.of("Basic abc"));
        assertRefused(Refusal.SIGNATURE_MISSING);
    }

    @Test
    void refusesRequestWithoutSignature() {
        assertRefused(Refusal.SIGNATURE_MISSING);
    }

    @ParameterizedTest
    @ValueSource(strings = {"AQID", "Signature", "Signature not*base64", "Signature AQID AQID", "Bearer AQID"})
    void refusesMalformedSignature(String value) {
        headers.put("x-ms-signature", List.of(value));
        assertRefused(Refusal.SIGNATURE_MALFORMED);
    }

    @Test
    void refusesMissingAndRepeatedHeaders() {
        headers.put("x-ms-signature", List.of("Signature AQID", "Signature AQIE"));
        assertRefused(Refusal.HEADERS_MALFORMED);
        headers.put("x-ms-signature", List.of("Signature AQID"));
        headers.put("x-ms-signature-algorithm", List.of("rsa-sha256", "rsa-sha512"));
        assertRefused(Refusal.HEADERS_MALFORMED);
        headers.remove("x-ms-signature-algorithm");
        assertRefused(Refusal.HEADERS_MALFORMED);
        headers.put("x-ms-signature-algorithm", List.of("rsa-sha256"));
        headers.put("X-MS-Certificate-Url", List.of(" "));
        assertRefused(Refusal.HEADERS_MALFORMED);
    }
}
