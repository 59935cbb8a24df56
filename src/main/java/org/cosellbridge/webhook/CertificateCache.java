package org.cosellbridge.webhook;

import java.io.IOException;
import java.net.URI;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Certificates by URL. What was fetched is kept until it ends, a day at most; what failed is not tried again for a minute; many
 * threads that need one URL share one fetch. Strangers choose the URLs, so everything is bounded: the entries kept, the fetches at
 * one time, and the fetches of URLs that proved nothing yet within one minute. A URL whose certificate verified a delivery is proven:
 * it has a place of its own and never competes with strangers, who can make up any number of URLs that lead to a certificate.
 * Thread-safe.
 */
final class CertificateCache {
    /** How long a fetched certificate is used at most. */
    static final Duration MAX_AGE = Duration.ofHours(24);

    /** How long a failed URL is not tried again. */
    static final Duration NEGATIVE_AGE = Duration.ofSeconds(60);

    /** How old a certificate must be before a doubt about it is worth another fetch. */
    static final Duration DOUBT_AGE = Duration.ofMinutes(5);

    /** Fetches of URLs that are not proven that may start within one minute. */
    static final int FETCHES_PER_MINUTE = 30;

    private static final Logger LOG = Logger.getLogger(CertificateCache.class.getName());
    private static final int FETCHES_AT_ONCE = 4;
    private static final int MAX_FETCHED = 64;
    private static final int MAX_PROVEN = 16;
    private static final int MAX_FAILED = 1_024;
    private static final Duration WAIT_FOR_OTHERS = Duration.ofSeconds(6);

    private final CertificateFetcher fetcher;
    private final Clock clock;
    private final Map<URI, Lookup.Found> fetched = bounded(MAX_FETCHED);
    private final Map<URI, Boolean> proven = bounded(MAX_PROVEN);
    private final Map<URI, Lookup.Found> provenFetched = bounded(MAX_PROVEN);
    private final Map<URI, Instant> failed = bounded(MAX_FAILED);
    private final ConcurrentMap<URI, CompletableFuture<Lookup>> flights = new ConcurrentHashMap<>();
    private long minute;
    private int fetchesInMinute;
    private int fetchesNow;

    CertificateCache(CertificateFetcher fetcher, Clock clock) {
        this.fetcher = fetcher;
        this.clock = clock;
    }

    /** What a look for a URL's certificates found. */
    sealed interface Lookup {
        /**
         * Certificates.
         *
         * @param certificates at least one, in the order of the file
         * @param fetchedAt when
         */
        record Found(List<X509Certificate> certificates, Instant fetchedAt) implements Lookup {
            public Found {
                certificates = List.copyOf(certificates);
            }

            private Instant end() {
                Instant end = fetchedAt.plus(MAX_AGE);
                for (X509Certificate certificate : certificates) {
                    Instant notAfter = certificate.getNotAfter().toInstant();
                    end = notAfter.isBefore(end) ? notAfter : end;
                }
                // one that is over already is still kept long enough not to be fetched for every request
                Instant least = fetchedAt.plus(NEGATIVE_AGE);
                return end.isBefore(least) ? least : end;
            }
        }

        /**
         * None.
         *
         * @param refusal why
         */
        record Missing(Refusal refusal) implements Lookup {}
    }

    /** The certificates at this URL, from the cache or fetched. */
    Lookup find(URI url) {
        return find(url, Instant.MIN);
    }

    /**
     * The certificates at this URL now, for when a signature does not fit the ones known: a certificate may have been renewed in
     * place. Empty when those are too fresh to be doubted, so that wrong signatures cannot make us fetch again and again.
     */
    Optional<Lookup.Found> findNewer(URI url, Lookup.Found known) {
        if (known.fetchedAt().plus(DOUBT_AGE).isAfter(clock.instant())) {
            return Optional.empty();
        }
        return find(url, known.fetchedAt().plusNanos(1)) instanceof Lookup.Found newer
                ? Optional.of(newer)
                : Optional.empty();
    }

    /** The URL led to a certificate that verified a delivery: from now on it is none of the strangers'. */
    synchronized void prove(URI url) {
        proven.put(url, true);
        Lookup.Found found = fetched.remove(url);
        if (found != null) {
            provenFetched.put(url, found);
        }
    }

    private Lookup find(URI url, Instant fetchedSince) {
        Optional<Lookup> kept = findKept(url, fetchedSince);
        if (kept.isPresent()) {
            return kept.get();
        }
        CompletableFuture<Lookup> mine = new CompletableFuture<>();
        CompletableFuture<Lookup> others = flights.putIfAbsent(url, mine);
        if (others != null) {
            return await(others);
        }
        try {
            // another flight may have landed between the look above and this one's start
            Lookup result = findKept(url, fetchedSince).orElseGet(() -> fetchIfAllowed(url));
            mine.complete(result);
            return result;
        } finally {
            flights.remove(url, mine);
            mine.complete(new Lookup.Missing(Refusal.CERTIFICATE_NOT_FETCHED)); // only when the fetch threw
        }
    }

    private synchronized Optional<Lookup> findKept(URI url, Instant fetchedSince) {
        Instant now = clock.instant();
        Lookup.Found found = proven.containsKey(url) ? provenFetched.get(url) : fetched.get(url);
        if (found != null && !found.fetchedAt().isBefore(fetchedSince) && now.isBefore(found.end())) {
            return Optional.of(found);
        }
        Instant until = failed.get(url);
        return until != null && now.isBefore(until)
                ? Optional.of(new Lookup.Missing(Refusal.CERTIFICATE_NOT_FETCHED))
                : Optional.empty();
    }

    private Lookup fetchIfAllowed(URI url) {
        boolean strange = !isProven(url);
        if (strange && !takeFromBudget()) {
            return new Lookup.Missing(Refusal.FETCH_BUDGET_SPENT);
        }
        try {
            List<X509Certificate> certificates = fetcher.fetch(url);
            return keep(url, new Lookup.Found(certificates, clock.instant()));
        } catch (IOException unavailable) {
            LOG.log(Level.FINE, unavailable, () -> "A certificate could not be fetched from " + url.getHost() + ".");
            return keepFailure(url);
        } finally {
            if (strange) {
                endFetch();
            }
        }
    }

    private synchronized boolean isProven(URI url) {
        return proven.get(url) != null; // a look that counts as use
    }

    private synchronized boolean takeFromBudget() {
        long now = clock.instant().getEpochSecond() / 60;
        if (now != minute) {
            minute = now;
            fetchesInMinute = 0;
        }
        if (fetchesInMinute >= FETCHES_PER_MINUTE || fetchesNow >= FETCHES_AT_ONCE) {
            return false;
        }
        fetchesInMinute++;
        fetchesNow++;
        return true;
    }

    private synchronized void endFetch() {
        fetchesNow--;
    }

    private synchronized Lookup keep(URI url, Lookup.Found found) {
        (proven.containsKey(url) ? provenFetched : fetched).put(url, found);
        failed.remove(url);
        return found;
    }

    private synchronized Lookup keepFailure(URI url) {
        failed.put(url, clock.instant().plus(NEGATIVE_AGE));
        return new Lookup.Missing(Refusal.CERTIFICATE_NOT_FETCHED);
    }

    private static Lookup await(CompletableFuture<Lookup> others) {
        try {
            return others.get(WAIT_FOR_OTHERS.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException none) {
            return new Lookup.Missing(Refusal.CERTIFICATE_NOT_FETCHED);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            return new Lookup.Missing(Refusal.CERTIFICATE_NOT_FETCHED);
        }
    }

    /** Forgets what was not used for longest. */
    private static <V> Map<URI, V> bounded(int most) {
        return new LinkedHashMap<>(16, 0.75f, true) {
            @Override
            protected boolean removeEldestEntry(Map.Entry<URI, V> eldest) {
                return size() > most;
            }
        };
    }
}
