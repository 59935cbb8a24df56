package org.cosellbridge.http;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads RSA keys and certificates from PEM text, or from the file that a text names which does not begin with {@code -----BEGIN}.
 * Everything that cannot be read is an {@link IllegalArgumentException} whose message names the reason and never the text.
 */
public final class Pem {
    private static final String BEGIN = "-----BEGIN";
    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \\1-----", Pattern.DOTALL);

    // What stands before a PKCS#1 key to make it a PKCS#8 one: version 0 and the algorithm rsaEncryption.
    private static final byte[] RSA_ALGORITHM = {
        0x02,
        0x01,
        0x00,
        0x30,
        0x0d,
        0x06,
        0x09,
        0x2a,
        (byte) 0x86,
        0x48,
        (byte) 0x86,
        (byte) 0xf7,
        0x0d,
        0x01,
        0x01,
        0x01,
        0x05,
        0x00
    };

    private Pem() {}

    /** The RSA private key, in PKCS#8 or PKCS#1 form, not encrypted. */
    public static PrivateKey privateKey(String pemOrPath) {
        Matcher block = BLOCK.matcher(text(pemOrPath));
        while (block.find()) {
            String kind = block.group(1);
            if (kind.equals("ENCRYPTED PRIVATE KEY") || block.group(2).contains("Proc-Type")) {
                throw new IllegalArgumentException("The private key is encrypted; an unencrypted one is needed.");
            }
            if (kind.equals("PRIVATE KEY")) {
                return rsaKey(bytes(block.group(2)));
            }
            if (kind.equals("RSA PRIVATE KEY")) {
                return rsaKey(asPkcs8(bytes(block.group(2))));
            }
        }
        throw new IllegalArgumentException("There is no PRIVATE KEY or RSA PRIVATE KEY block in the text.");
    }

    /** The first certificate. */
    public static X509Certificate certificate(String pemOrPath) {
        Matcher block = BLOCK.matcher(text(pemOrPath));
        while (block.find()) {
            if (block.group(1).equals("CERTIFICATE")) {
                try {
                    return (X509Certificate) CertificateFactory.getInstance("X.509")
                            .generateCertificate(new ByteArrayInputStream(bytes(block.group(2))));
                } catch (GeneralSecurityException broken) {
                    throw new IllegalArgumentException("The certificate cannot be read.", broken);
                }
            }
        }
        throw new IllegalArgumentException("There is no CERTIFICATE block in the text.");
    }

    private static String text(String pemOrPath) {
        String trimmed = pemOrPath.trim();
        if (trimmed.startsWith(BEGIN)) {
            // Where a value must stand on one line, people write \n for the line ends.
            return trimmed.replace("\\n", "\n");
        }
        try {
            return Files.readString(Path.of(trimmed), StandardCharsets.US_ASCII);
        } catch (IOException | InvalidPathException unreadable) {
            throw new IllegalArgumentException(
                    "It is neither PEM text nor the path of a file that can be read.", unreadable);
        }
    }

    private static byte[] bytes(String base64) {
        try {
            return Base64.getDecoder().decode(base64.replaceAll("\\s", ""));
        } catch (IllegalArgumentException notBase64) {
            throw new IllegalArgumentException("The text between BEGIN and END is not Base64.", notBase64);
        }
    }

    private static PrivateKey rsaKey(byte[] pkcs8) {
        try {
            return KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
        } catch (GeneralSecurityException broken) {
            throw new IllegalArgumentException("The private key is not an RSA key or is damaged.", broken);
        }
    }

    private static byte[] asPkcs8(byte[] pkcs1) {
        byte[] key = der((byte) 0x04, pkcs1);
        byte[] content = ByteBuffer.allocate(RSA_ALGORITHM.length + key.length)
                .put(RSA_ALGORITHM)
                .put(key)
                .array();
        return der((byte) 0x30, content);
    }

    private static byte[] der(byte tag, byte[] content) {
        int length = content.length;
        ByteBuffer der = ByteBuffer.allocate(length + 6).put(tag);
        if (length < 0x80) {
            der.put((byte) length);
        } else if (length < 0x100) {
            der.put((byte) 0x81).put((byte) length);
        } else if (length < 0x10000) {
            der.put((byte) 0x82).putShort((short) length);
        } else {
            der.put((byte) 0x83).put((byte) (length >> 16)).putShort((short) length);
        }
        der.put(content);
        byte[] exact = new byte[der.position()];
        der.flip().get(exact);
        return exact;
    }
}
