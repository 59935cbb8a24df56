package org.cosellbridge.webhook;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256, which every Java runtime has. */
final class Sha256 {
    private Sha256() {}

    /** The hash. */
    static byte[] of(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("This Java runtime has no SHA-256.", impossible);
        }
    }

    /** The hash in hexadecimal digits. */
    static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(of(bytes));
    }

    /** The hash of a text's UTF-8 form, in hexadecimal digits. */
    static String hex(String text) {
        return hex(text.getBytes(StandardCharsets.UTF_8));
    }
}
