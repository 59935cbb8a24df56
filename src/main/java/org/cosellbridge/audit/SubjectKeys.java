package org.cosellbridge.audit;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import jakarta.json.spi.JsonProvider;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import javax.crypto.Cipher;
import org.cosellbridge.platform.Ids;
import org.cosellbridge.platform.SecretBox;
import org.jspecify.annotations.Nullable;

/**
 * The keys of data subjects and what is sealed with them: AES-256-GCM with a fresh nonce for each value, bound to the key's id. A
 * key is stored closed in the secret box, a subject only as a keyed fingerprint.
 *
 * <p>Opened keys are remembered for {@link #REMEMBERED}, so an erasure is complete on every node after that time. A value that was
 * sealed in between under an erased key is erased too. Thread-safe.
 */
@Singleton
class SubjectKeys implements PersonalValues {
    /** What an erased value is opened to. */
    static final String ERASED = "erased";

    /** How long a node remembers an opened key. */
    static final Duration REMEMBERED = Duration.ofSeconds(30);

    private static final String PURPOSE = "subject-key";
    private static final int MOST_REMEMBERED = 2000;
    private static final int NONCE = 12;
    private static final Set<String> SEALED_FORM = Set.of("key", "sealed");
    private static final JsonProvider JSON = JsonProvider.provider();

    private final SubjectKeyRepository keys;
    private final SecretBox box;
    private final Ids ids;
    private final Clock clock;
    private final SecureRandom random = new SecureRandom();
    private final Map<String, Remembered> remembered = new LinkedHashMap<>();

    @Inject
    SubjectKeys(SubjectKeyRepository keys, SecretBox box, Ids ids, Clock clock) {
        this.keys = keys;
        this.box = box;
        this.ids = ids;
        this.clock = clock;
    }

    @Override
    public JsonValue seal(String subject, JsonValue value) {
        if (value.getValueType() == JsonValue.ValueType.NULL) {
            return value;
        }
        Key key = keyOf(subject);
        byte[] nonce = new byte[NONCE];
        random.nextBytes(nonce);
        byte[] closed = SecretBox.aes(
                Cipher.ENCRYPT_MODE, key.bytes, nonce, key.id, value.toString().getBytes(StandardCharsets.UTF_8));
        byte[] both = Arrays.copyOf(nonce, NONCE + closed.length);
        System.arraycopy(closed, 0, both, NONCE, closed.length);
        return JSON.createObjectBuilder()
                .add("key", key.id)
                .add("sealed", Base64.getEncoder().encodeToString(both))
                .build();
    }

    @Override
    public JsonValue open(JsonValue value) {
        if (!(value instanceof JsonObject sealed)
                || !sealed.keySet().equals(SEALED_FORM)
                || !(sealed.get("key") instanceof JsonString id)
                || !(sealed.get("sealed") instanceof JsonString text)) {
            return value;
        }
        Optional<SubjectKeyRepository.StoredKey> stored = Optional.empty();
        Key key = recall("id:" + id.getString());
        if (key == null) {
            stored = keys.find(id.getString());
            if (stored.isEmpty()) {
                return value; // looks like a sealed form, but none of ours: a key's row is never deleted
            }
            byte @Nullable [] wrapped = stored.get().wrapped();
            if (wrapped == null) {
                return JSON.createValue(ERASED);
            }
            key = new Key(id.getString(), box.open(purpose(id.getString()), wrapped));
            remember("id:" + key.id, key);
        }
        return parse(opened(key, text.getString()));
    }

    private static String opened(Key key, String sealed) {
        byte[] both;
        try {
            both = Base64.getDecoder().decode(sealed);
        } catch (IllegalArgumentException notBase64) {
            throw new IllegalStateException("A sealed personal value was altered.", notBase64);
        }
        if (both.length < NONCE) {
            throw new IllegalStateException("A sealed personal value was cut.");
        }
        byte[] clear = SecretBox.aes(
                Cipher.DECRYPT_MODE,
                key.bytes,
                Arrays.copyOf(both, NONCE),
                key.id,
                Arrays.copyOfRange(both, NONCE, both.length));
        return new String(clear, StandardCharsets.UTF_8);
    }

    private static JsonValue parse(String text) {
        try (JsonReader reader = JSON.createReader(new StringReader(text))) {
            return reader.readValue();
        }
    }

    /**
     * Erases the key of this subject, in the caller's transaction (one is required): every value sealed with it is gone for good. The caller appends
     * the entry that tells of it. A subject that turns up again gets a new key.
     *
     * @param reason why, without personal data; at most 1000 characters
     * @return false when nothing was ever sealed for this subject, or it is erased already
     */
    boolean erase(String subject, String reason) {
        boolean erased = keys.erase(fingerprint(subject), reason, clock.instant());
        synchronized (remembered) {
            remembered.clear();
        }
        return erased;
    }

    private Key keyOf(String subject) {
        String fingerprint = fingerprint(subject);
        Key known = recall("subject:" + fingerprint);
        if (known != null) {
            return known;
        }
        byte[] fresh = new byte[32];
        random.nextBytes(fresh);
        String freshId = ids.next().toString();
        SubjectKeyRepository.StoredKey stored =
                keys.getOrInsert(fingerprint, freshId, box.close(purpose(freshId), fresh), clock.instant());
        byte @Nullable [] wrapped = stored.wrapped();
        if (wrapped == null) {
            throw new IllegalStateException("A subject's fingerprint leads to an erased key.");
        }
        Key key = new Key(stored.id(), box.open(purpose(stored.id()), wrapped));
        remember("subject:" + fingerprint, key);
        return key;
    }

    private static String purpose(String id) {
        return PURPOSE + ":" + id;
    }

    private String fingerprint(String subject) {
        return HexFormat.of().formatHex(box.fingerprint(PURPOSE, subject.strip().toLowerCase(Locale.ROOT)));
    }

    private @Nullable Key recall(String name) {
        Instant now = clock.instant();
        synchronized (remembered) {
            Remembered found = remembered.get(name);
            if (found == null || now.isBefore(found.since) || now.isAfter(found.since.plus(REMEMBERED))) {
                remembered.remove(name);
                return null;
            }
            return found.key;
        }
    }

    private void remember(String name, Key key) {
        synchronized (remembered) {
            remembered.remove(name);
            if (remembered.size() >= MOST_REMEMBERED) {
                remembered.remove(remembered.keySet().iterator().next());
            }
            remembered.put(name, new Remembered(key, clock.instant()));
        }
    }

    private record Key(String id, byte[] bytes) {}

    private record Remembered(Key key, Instant since) {}
}
