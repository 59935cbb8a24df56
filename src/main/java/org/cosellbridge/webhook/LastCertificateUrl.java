package org.cosellbridge.webhook;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.cosellbridge.platform.BareTrace;

/**
 * The certificate's URL of the last delivery that was stored. It is asked for only while strangers spend the budget of fetches, and
 * looked up at most once a minute, so that a flood costs no more than one query in that time. Thread-safe.
 */
final class LastCertificateUrl {
    private static final Logger LOG = Logger.getLogger(LastCertificateUrl.class.getName());
    private static final Duration BETWEEN_LOOKS = Duration.ofMinutes(1);

    private final Supplier<Optional<String>> stored;
    private final Clock clock;
    private final AtomicReference<Instant> nextLook = new AtomicReference<>(Instant.MIN);
    private volatile Optional<String> found = Optional.empty();

    LastCertificateUrl(Supplier<Optional<String>> stored, Clock clock) {
        this.stored = stored;
        this.clock = clock;
    }

    /** Whether it is this one, as far as is known: one caller looks it up, and nobody waits for a database that is away. */
    boolean is(String url) {
        Instant now = clock.instant();
        Instant due = nextLook.get();
        if (!now.isBefore(due) && nextLook.compareAndSet(due, now.plus(BETWEEN_LOOKS))) {
            try {
                found = stored.get();
            } catch (RuntimeException away) {
                LOG.log(
                        Level.WARNING,
                        "The last delivery could not be read; the next look is in a minute.",
                        BareTrace.of(away));
            }
        }
        return found.filter(url::equals).isPresent();
    }
}
