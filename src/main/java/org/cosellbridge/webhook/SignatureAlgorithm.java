package org.cosellbridge.webhook;

import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** The signature algorithms that are accepted: RSASSA-PKCS1-v1_5 with a hash nobody breaks. */
enum SignatureAlgorithm {
    /** With SHA-256, what Partner Center uses. */
    RSA_SHA256("SHA256withRSA"),
    /** With SHA-384. */
    RSA_SHA384("SHA384withRSA"),
    /** With SHA-512. */
    RSA_SHA512("SHA512withRSA");

    private static final byte[] BYTE_ORDER_MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};
    private final String jcaName;

    SignatureAlgorithm(String jcaName) {
        this.jcaName = jcaName;
    }

    /** The algorithm of a header value such as {@code rsa-sha256}, in any case. */
    static Optional<SignatureAlgorithm> parse(String header) {
        String word = header.trim().toLowerCase(Locale.ROOT);
        return Arrays.stream(values())
                .filter(algorithm -> algorithm.word().equals(word))
                .findFirst();
    }

    /** How the sender names it. */
    String word() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Whether the key's owner signed the body, or the body without its byte order mark: the sender signs what it decoded. */
    boolean verifies(PublicKey key, byte[] body, byte[] signature) {
        return verifiesExactly(key, body, 0, signature)
                || (startsWithMark(body) && verifiesExactly(key, body, BYTE_ORDER_MARK.length, signature));
    }

    /** Whether the bytes begin with the UTF-8 byte order mark. */
    static boolean startsWithMark(byte[] body) {
        return body.length >= BYTE_ORDER_MARK.length
                && Arrays.equals(body, 0, BYTE_ORDER_MARK.length, BYTE_ORDER_MARK, 0, BYTE_ORDER_MARK.length);
    }

    private boolean verifiesExactly(PublicKey key, byte[] body, int from, byte[] bytes) {
        try {
            Signature signature = Signature.getInstance(jcaName);
            signature.initVerify(key);
            signature.update(body, from, body.length - from);
            return signature.verify(bytes);
        } catch (SignatureException notASignature) {
            return false; // wrong length or padding: no signature of this key
        } catch (GeneralSecurityException missing) {
            throw new IllegalStateException(
                    "This Java runtime cannot verify " + jcaName + " with an RSA key.", missing);
        }
    }
}
