package org.cosellbridge.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.util.Base64;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.cosellbridge.simulator.TestAuthority;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PemTest {
    private static final TestAuthority.Signer SIGNER = new TestAuthority("Test").issueDispatcher();
    private static final PrivateKey KEY = SIGNER.key();

    private static String pkcs8() {
        return "-----BEGIN PRIVATE KEY-----\n" + Base64.getMimeEncoder().encodeToString(KEY.getEncoded())
                + "\n-----END PRIVATE KEY-----\n";
    }

    private static String pkcs1() throws IOException {
        byte[] bytes = PrivateKeyInfo.getInstance(KEY.getEncoded())
                .parsePrivateKey()
                .toASN1Primitive()
                .getEncoded();
        return "-----BEGIN RSA PRIVATE KEY-----\n" + Base64.getMimeEncoder().encodeToString(bytes)
                + "\n-----END RSA PRIVATE KEY-----\n";
    }

    @Test
    void readsBothFormsOfAKey() throws IOException {
        assertThat(Pem.privateKey(pkcs8())).isEqualTo(KEY);
        assertThat(Pem.privateKey(pkcs1())).isEqualTo(KEY);
    }

    @Test
    void readsAKeyOnOneLine() {
        assertThat(Pem.privateKey(pkcs8().replace("\r", "").replace("\n", "\\n")))
                .isEqualTo(KEY);
        assertThat(Pem.privateKey(pkcs8().replace("\r", "").replace("\n", " "))).isEqualTo(KEY);
    }

    @Test
    void readsAFileWhenTheTextIsNoPem(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("key.pem"), pkcs8());
        Path certificate = Files.writeString(folder.resolve("cert.pem"), TestAuthority.pem(SIGNER.certificate()));

        assertThat(Pem.privateKey(file.toString())).isEqualTo(KEY);
        assertThat(Pem.certificate(certificate.toString())).isEqualTo(SIGNER.certificate());
    }

    @Test
    void saysWhatIsWrongWithoutTheText() {
        assertThatThrownBy(() -> Pem.privateKey(
                        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nc2VjcmV0\n-----END ENCRYPTED PRIVATE KEY-----"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("encrypted")
                .hasMessageNotContaining("c2VjcmV0");
        assertThatThrownBy(() -> Pem.privateKey("/no/such/file"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("neither PEM text nor the path");
        assertThatThrownBy(() -> Pem.certificate(pkcs8()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no CERTIFICATE");
    }
}
