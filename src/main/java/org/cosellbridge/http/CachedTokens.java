package org.cosellbridge.http;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.cosellbridge.platform.SecretBox;

/**
 * Keeps tokens for as long as they are used: of Entra until 80 % of their life or five minutes before their end, whichever comes
 * first, but for half of their life at least; of Salesforce for an hour. Whoever needs a token that is being fetched waits for that
 * fetch and shares its result, also its failure.
 */
@Singleton
class CachedTokens implements Tokens {
    private final EntraSignIn entra;
    private final SalesforceSignIn salesforce;
    private final Clock clock;
    private final ConcurrentMap<Grant, AccessToken> cache = new ConcurrentHashMap<>();
    private final ConcurrentMap<Grant, CompletableFuture<AccessToken>> flights = new ConcurrentHashMap<>();

    @Inject
    CachedTokens(OutboundClient client, RefreshTokenRepository refreshTokens, SecretBox box, Clock clock) {
        this.entra = new EntraSignIn(client, refreshTokens, box, clock);
        this.salesforce = new SalesforceSignIn(client, clock);
        this.clock = clock;
    }

    @Override
    public AccessToken accessToken(Grant grant, Duration timeout, String correlationId) {
        Optional<AccessToken> cached = findCached(grant);
        if (cached.isPresent()) {
            return cached.get();
        }
        CompletableFuture<AccessToken> mine = new CompletableFuture<>();
        CompletableFuture<AccessToken> running = flights.putIfAbsent(grant, mine);
        if (running != null) {
            return join(running, grant, timeout);
        }
        try {
            // Between the look into the cache and this flight another one may have ended.
            AccessToken token = findCached(grant).orElseGet(() -> fetch(grant, timeout, correlationId));
            mine.complete(token);
            return token;
        } catch (RuntimeException failed) {
            mine.completeExceptionally(failed);
            throw failed;
        } finally {
            flights.remove(grant, mine);
            // Only an Error gets here with the flight still open: those who wait must not wait for ever.
            mine.completeExceptionally(new OutboundException.Unreachable("The sign-in ended without a result.", null));
        }
    }

    @Override
    public void forget(Grant grant) {
        cache.remove(grant);
    }

    @Override
    public void forget(Grant grant, AccessToken refused) {
        cache.remove(grant, refused);
    }

    private Optional<AccessToken> findCached(Grant grant) {
        return Optional.ofNullable(cache.get(grant))
                .filter(cached -> clock.instant().isBefore(cached.until()));
    }

    private AccessToken fetch(Grant grant, Duration timeout, String correlationId) {
        AccessToken token = grant instanceof Grant.Entra credentials
                ? entra.signIn(credentials, timeout, correlationId)
                : salesforce.signIn((Grant.Salesforce) grant, timeout, correlationId);
        cache.put(grant, token);
        return token;
    }

    private static AccessToken join(CompletableFuture<AccessToken> running, Grant grant, Duration timeout) {
        try {
            return running.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException failed) {
            // The exceptions of a sign-in hold no state of the thread that made them, so all who waited get the same
            // one.
            if (failed.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new OutboundException.Unreachable("The sign-in for " + grant + " failed.", failed);
        } catch (TimeoutException late) {
            throw new OutboundException.Unreachable("The sign-in for " + grant + " did not end in time.", late);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new OutboundException.Unreachable("The wait for the sign-in was interrupted.", stopped);
        }
    }
}
