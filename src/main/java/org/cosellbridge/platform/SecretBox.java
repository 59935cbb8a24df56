package org.cosellbridge.platform;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Encrypts what must not stand in the database in the clear (refresh tokens, the keys of data subjects) with
 * {@code cosell.secret-key}: AES-256-GCM, a fresh 96-bit nonce in front of each text. A text opens only under the purpose it was
 * closed for. Thread-safe.
 */
@Singleton
public class SecretBox implements StartCheck {
    /** The key that must be set, and how to make one. */
    public static final String KEY = "cosell.secret-key";

    private static final int NONCE = 12;
    private static final int TAG = 16;
    private final byte[] key;
    private final SecureRandom random = new SecureRandom();

    @Inject
    SecretBox(Configuration configuration) {
        String text = configuration.requiredText(
                KEY, "It encrypts stored tokens and personal values. Make one with: openssl rand -base64 32");
        byte[] bytes = new byte[32];
        if (!text.isEmpty()) {
            try {
                byte[] decoded = Base64.getDecoder().decode(text);
                if (decoded.length == 32) {
                    bytes = decoded;
                } else {
                    configuration.fault(KEY, "must be the Base64 of 32 bytes, not of " + decoded.length + ".");
                }
            } catch (IllegalArgumentException notBase64) {
                configuration.fault(KEY, "must be the Base64 of 32 bytes. Make one with: openssl rand -base64 32");
            }
        }
        this.key = bytes;
    }

    @Override
    public void check(Configuration configuration) {
        // the constructor noted every fault
    }

    /** A box with this configuration; for tests. */
    public static SecretBox of(Configuration configuration) {
        return new SecretBox(configuration);
    }

    /** The nonce and the encrypted bytes. */
    public byte[] close(String purpose, byte[] clear) {
        byte[] nonce = new byte[NONCE];
        random.nextBytes(nonce);
        byte[] closed = aes(Cipher.ENCRYPT_MODE, key, nonce, purpose, clear);
        byte[] both = Arrays.copyOf(nonce, NONCE + closed.length);
        System.arraycopy(closed, 0, both, NONCE, closed.length);
        return both;
    }

    /** The bytes that {@link #close} was given under the same purpose. Throws {@link IllegalStateException} when the key is another. */
    public byte[] open(String purpose, byte[] closed) {
        if (closed.length < NONCE + TAG) {
            throw new IllegalStateException("A stored secret was cut.");
        }
        byte[] nonce = Arrays.copyOf(closed, NONCE);
        return aes(Cipher.DECRYPT_MODE, key, nonce, purpose, Arrays.copyOfRange(closed, NONCE, closed.length));
    }

    /** A keyed fingerprint of a text: equal texts have equal ones, and without the key nobody can tell which text it was. */
    public byte[] fingerprint(String purpose, String text) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            mac.update(purpose.getBytes(StandardCharsets.UTF_8));
            mac.update((byte) 0);
            return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException missing) {
            throw new IllegalStateException("This Java runtime has no HmacSHA256.", missing);
        }
    }

    /** AES-256-GCM with a key of the caller's, for keys that are themselves kept closed in this box. */
    public static byte[] aes(int mode, byte[] key, byte[] nonce, String purpose, byte[] text) {
        try {
            Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
            cipher.init(mode, new SecretKeySpec(key, "AES"), new GCMParameterSpec(128, nonce));
            cipher.updateAAD(purpose.getBytes(StandardCharsets.UTF_8));
            return cipher.doFinal(text);
        } catch (GeneralSecurityException wrong) {
            throw new IllegalStateException(
                    "A stored secret cannot be opened: it was closed with another " + KEY + " or was altered.", wrong);
        }
    }
}
