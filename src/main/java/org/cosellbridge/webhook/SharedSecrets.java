package org.cosellbridge.webhook;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.List;
import org.cosellbridge.platform.Configuration;

/**
 * The secrets of one connection of which a request must carry one; several are valid while they are exchanged. Only their hashes are
 * kept. A comparison never ends early, and there is one even when there is no secret, so that its time tells nothing. Thread-safe.
 */
final class SharedSecrets {
    /** The fewest characters of a secret. */
    static final int SHORTEST = 16;

    private final List<byte[]> hashes;
    private final boolean set;

    private SharedSecrets(List<byte[]> hashes, boolean set) {
        this.hashes = hashes;
        this.set = set;
    }

    /** The secrets in a key's value, comma separated; one that is too short or cannot travel in a header is a fault. */
    static SharedSecrets read(Configuration configuration, String key) {
        return read(
                configuration,
                key,
                "[\\x21-\\x7E]+",
                "holds a secret with a blank or a character beyond ASCII, which no header carries safely.");
    }

    /** The same for secrets that stand in the address itself. */
    static SharedSecrets readForPath(Configuration configuration, String key) {
        return read(
                configuration,
                key,
                "[A-Za-z0-9._~-]+",
                "holds a secret with another character than letters, digits and . _ ~ -, which no address carries"
                        + " safely.");
    }

    private static SharedSecrets read(Configuration configuration, String key, String characters, String fault) {
        List<String> secrets = configuration.list(key, "");
        if (secrets.stream().anyMatch(secret -> secret.length() < SHORTEST)) {
            configuration.fault(key, "holds a secret with fewer than " + SHORTEST + " characters.");
        }
        if (secrets.stream().anyMatch(secret -> !secret.matches(characters))) {
            configuration.fault(key, fault);
        }
        return secrets.isEmpty()
                ? unset()
                : new SharedSecrets(secrets.stream().map(SharedSecrets::hash).toList(), true);
    }

    /** No secret: nothing matches, in the time it takes to compare one. */
    static SharedSecrets unset() {
        byte[] hashOfNothing = new byte[32];
        new SecureRandom().nextBytes(hashOfNothing);
        return new SharedSecrets(List.of(hashOfNothing), false);
    }

    /** Whether there is any secret. */
    boolean isSet() {
        return set;
    }

    /** Whether this is one of the secrets. */
    boolean match(String sent) {
        byte[] hash = hash(sent);
        boolean matches = false;
        for (byte[] secret : hashes) {
            matches |= MessageDigest.isEqual(secret, hash);
        }
        return matches && set;
    }

    private static byte[] hash(String secret) {
        return Sha256.of(secret.getBytes(StandardCharsets.UTF_8));
    }
}
