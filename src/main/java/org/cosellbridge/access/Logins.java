package org.cosellbridge.access;

import at.favre.lib.crypto.bcrypt.BCrypt;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Checks names and passwords against the embedded store.
 *
 * <p>A check costs about a tenth of a second by design. So a right login is remembered for {@link #REMEMBERED} (as a keyed hash, not as
 * the password), at most one check per processor runs at a time, and {@link LoginBrake} slows guessing down. An unknown name costs as
 * much time as a known one, as long as all hashes have one cost. Thread-safe.
 */
@Singleton
class Logins {
    static final Duration REMEMBERED = Duration.ofSeconds(60);
    static final int MOST_REMEMBERED = 1000;

    /** What bcrypt looks at; a longer password would be cut silently, so it is refused. */
    static final int LONGEST_PASSWORD = 72;

    private static final Duration LONGEST_QUEUE = Duration.ofSeconds(2);

    private final AccessSettings settings;
    private final Clock clock;
    private final Verifier verifier;
    private final LoginBrake brake;
    private final Semaphore checks = new Semaphore(Runtime.getRuntime().availableProcessors());
    private final byte[] processKey = new byte[32];
    private final String nobodysHash;
    private final Map<String, Instant> remembered = new LinkedHashMap<>();

    @Inject
    Logins(AccessSettings settings, Clock clock) {
        this(
                settings,
                clock,
                (password, hash) ->
                        BCrypt.verifyer().verify(password, hash.getBytes(StandardCharsets.US_ASCII)).verified);
    }

    /** Logins that are checked by this; for tests. */
    Logins(AccessSettings settings, Clock clock, Verifier verifier) {
        this.settings = settings;
        this.clock = clock;
        this.verifier = verifier;
        this.brake = new LoginBrake(clock);
        SecureRandom random = new SecureRandom();
        random.nextBytes(processKey);
        byte[] nobodysPassword = new byte[24];
        random.nextBytes(nobodysPassword);
        int cost = settings.users().stream().mapToInt(User::cost).max().orElse(AccessSettings.LEAST_COST);
        this.nobodysHash = BCrypt.withDefaults()
                .hashToString(
                        cost,
                        Base64.getEncoder().encodeToString(nobodysPassword).toCharArray());
    }

    /** Whether this name and password belong together; {@code source} is where the call comes from. */
    LoginVerdict check(String name, String password, String source) {
        Optional<User> user = settings.find(name);
        String fingerprint = fingerprint(name, password);
        if (user.isPresent() && isRemembered(fingerprint)) {
            return new LoginVerdict.Accepted(user.get());
        }
        Optional<Duration> wait = brake.findWait(source, name);
        if (wait.isPresent()) {
            return new LoginVerdict.TooMany(wait.get());
        }
        Boolean right = matches(user.map(User::hash).orElse(nobodysHash), password);
        if (right == null) {
            return new LoginVerdict.TooMany(LONGEST_QUEUE);
        }
        if (user.isPresent() && right) {
            brake.succeeded(source, name);
            remember(fingerprint);
            return new LoginVerdict.Accepted(user.get());
        }
        brake.failed(source, name);
        return new LoginVerdict.Wrong();
    }

    /** Null when the check could not be made because too many wait. */
    private @Nullable Boolean matches(String hash, String password) {
        byte[] bytes = password.getBytes(StandardCharsets.UTF_8);
        boolean usable = bytes.length <= LONGEST_PASSWORD && !password.isEmpty() && password.indexOf(0) < 0;
        try {
            if (!checks.tryAcquire(LONGEST_QUEUE.toMillis(), TimeUnit.MILLISECONDS)) {
                return null;
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            return null;
        }
        try {
            // an unusable password is checked too, as another one, so that it takes the same time
            byte[] checked = usable ? bytes : new byte[] {'-'};
            return verifier.verify(checked, hash) && usable;
        } finally {
            checks.release();
        }
    }

    private boolean isRemembered(String fingerprint) {
        Instant now = clock.instant();
        synchronized (remembered) {
            Instant since = remembered.get(fingerprint);
            if (since == null || now.isBefore(since) || !now.isBefore(since.plus(REMEMBERED))) {
                remembered.remove(fingerprint);
                return false;
            }
            return true;
        }
    }

    private void remember(String fingerprint) {
        synchronized (remembered) {
            remembered.remove(fingerprint);
            if (remembered.size() >= MOST_REMEMBERED) {
                remembered.remove(remembered.keySet().iterator().next());
            }
            remembered.put(fingerprint, clock.instant());
        }
    }

    private String fingerprint(String name, String password) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(processKey, "HmacSHA256"));
            mac.update(name.getBytes(StandardCharsets.UTF_8));
            mac.update((byte) 0);
            return Base64.getEncoder().encodeToString(mac.doFinal(password.getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException missing) {
            throw new IllegalStateException("This Java runtime has no HmacSHA256.", missing);
        }
    }

    /** The costly part of a check. */
    @FunctionalInterface
    interface Verifier {
        /** Whether the hash is one of this password. */
        boolean verify(byte[] password, String hash);
    }
}
