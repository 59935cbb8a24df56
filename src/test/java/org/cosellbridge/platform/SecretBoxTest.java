package org.cosellbridge.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SecretBoxTest {
    private static final byte[] CLEAR = "a refresh token".getBytes(StandardCharsets.UTF_8);
    private final SecretBox box = box((byte) 1);

    private static SecretBox box(byte seed) {
        byte[] key = new byte[32];
        Arrays.fill(key, seed);
        return SecretBox.of(
                Configuration.of(Map.of(SecretBox.KEY, Base64.getEncoder().encodeToString(key))));
    }

    @Test
    void opensWhatItClosed() {
        assertThat(box.open("token", box.close("token", CLEAR))).isEqualTo(CLEAR);
        assertThat(box.open("token", box.close("token", new byte[0]))).isEmpty();
    }

    @Test
    void closesTheSameTextDifferentlyEachTimeAndShowsNothingOfIt() {
        byte[] closed = box.close("token", CLEAR);
        assertThat(box.close("token", CLEAR)).isNotEqualTo(closed);
        assertThat(new String(closed, StandardCharsets.ISO_8859_1)).doesNotContain("refresh");
    }

    @Test
    void opensNothingForAnotherPurposeOrWithAnotherKey() {
        byte[] closed = box.close("token", CLEAR);
        assertThatThrownBy(() -> box.open("subject-key", closed)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> box((byte) 2).open("token", closed))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining(SecretBox.KEY);
    }

    @Test
    void opensNothingThatWasAlteredInAnyByteOrCutAnywhere() {
        byte[] closed = box.close("token", CLEAR);
        for (int i = 0; i < closed.length; i++) {
            byte[] altered = closed.clone();
            altered[i] ^= 1;
            assertThatThrownBy(() -> box.open("token", altered)).isInstanceOf(IllegalStateException.class);
            byte[] cut = Arrays.copyOf(closed, i);
            assertThatThrownBy(() -> box.open("token", cut)).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void fingerprintIsTheSameForTheSameTextPurposeAndKeyOnly() {
        byte[] fingerprint = box.fingerprint("subject", "a@example.com");
        assertThat(fingerprint).hasSize(32).isEqualTo(box.fingerprint("subject", "a@example.com"));
        assertThat(fingerprint)
                .isNotEqualTo(box.fingerprint("subject", "b@example.com"))
                .isNotEqualTo(box.fingerprint("other", "a@example.com"))
                .isNotEqualTo(box((byte) 2).fingerprint("subject", "a@example.com"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"not base64!", "c2hvcnQ=", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gIQ=="})
    void keyThatIsNotThirtyTwoBytesIsAFaultThatDoesNotRepeatIt(String text) {
        Configuration configuration = Configuration.of(Map.of(SecretBox.KEY, text));
        SecretBox.of(configuration);
        assertThat(configuration.faults())
                .singleElement()
                .satisfies(fault -> assertThat(fault)
                        .startsWith(SecretBox.KEY + " must be the Base64 of 32 bytes")
                        .doesNotContain(text));
    }

    @Test
    void missingKeyIsAFaultThatSaysHowToMakeOne() {
        Configuration configuration = Configuration.of(Map.of());
        SecretBox.of(configuration);
        assertThat(configuration.faults()).singleElement().asString().contains("openssl rand -base64 32");
    }

    @Test
    void configurationFingerprintChangesWithEveryValueAndShowsNone() {
        String key = Base64.getEncoder().encodeToString(new byte[32]);
        String first = fingerprint(Map.of(SecretBox.KEY, key, "a", "pass-phrase", "b", "1"));
        assertThat(first).matches("[0-9a-f]{64}");
        assertThat(fingerprint(Map.of("b", "1", "a", "pass-phrase", SecretBox.KEY, key)))
                .isEqualTo(first);
        assertThat(fingerprint(Map.of(SecretBox.KEY, key, "a", "pass-phrasE", "b", "1")))
                .isNotEqualTo(first);
        assertThat(fingerprint(Map.of(SecretBox.KEY, key, "a", "pass-phrase"))).isNotEqualTo(first);
        assertThat(fingerprint(Map.of(SecretBox.KEY, key, "a", "pass-phrase", "b", "1", "cosell.data-dir", "/x")))
                .isNotEqualTo(first);
    }

    private static String fingerprint(Map<String, String> values) {
        Configuration configuration = Configuration.of(values);
        configuration.findText("a");
        configuration.findText("b");
        return ConfigurationFingerprint.of(configuration).text();
    }
}
