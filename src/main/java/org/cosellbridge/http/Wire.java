package org.cosellbridge.http;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Clock;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.logging.Logger;
import javax.net.ssl.SSLException;
import org.eclipse.microprofile.faulttolerance.Bulkhead;
import org.eclipse.microprofile.faulttolerance.Retry;
import org.eclipse.microprofile.faulttolerance.Timeout;

/**
 * Sends one call: past the circuit, the pause and the permits, then over the wire. The policies that are the same for every system
 * stand here as annotations: the number of calls at the same time, the outermost time-out, and the repetition of what may be
 * repeated after a cut connection. Each repetition is a call of its own and needs a permit of its own.
 *
 * <p>The wire log (level FINE) names method, host, path, status, time and correlation id: no bodies, no tokens, no values of a
 * query and none that stand in quotes within a path.
 */
@Singleton
class Wire {
    private static final Logger LOG = Logger.getLogger(Wire.class.getName());
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
    private static final int MOST_AT_ONCE = 64;
    private static final long OUTERMOST_SECONDS = 60;
    private static final int MOST_STRIKES = 7;

    private final Circuits circuits;
    private final Permits permits;
    private final Clock clock;
    private final long mostBytes;
    private final ConcurrentMap<String, Integer> strikes = new ConcurrentHashMap<>();
    // HTTP/1.1: a cut connection then concerns one call. The JDK itself sends a GET once more when a kept-alive
    // connection
    // turns out to be closed before a byte of the answer came; it has no switch for one client, and a GET bears it.
    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(CONNECT_TIMEOUT)
            .build();

    @Inject
    Wire(Circuits circuits, Permits permits, Clock clock) {
        this(circuits, permits, clock, OutboundClient.MAX_BODY);
    }

    Wire(Circuits circuits, Permits permits, Clock clock, long mostBytes) {
        this.circuits = circuits;
        this.permits = permits;
        this.clock = clock;
        this.mostBytes = mostBytes;
    }

    /** Sends a call that is the same done twice as done once. */
    @Bulkhead(MOST_AT_ONCE)
    @Timeout(value = OUTERMOST_SECONDS, unit = ChronoUnit.SECONDS)
    @Retry(maxRetries = 2, delay = 250, jitter = 200, retryOn = CutConnectionException.class)
    public HttpAnswer sendRepeatable(HttpCall call, Deadline deadline) {
        return send(call, deadline);
    }

    /** Sends a call that must not be repeated by itself. */
    @Bulkhead(MOST_AT_ONCE)
    @Timeout(value = OUTERMOST_SECONDS, unit = ChronoUnit.SECONDS)
    public HttpAnswer sendOnce(HttpCall call, Deadline deadline) {
        return send(call, deadline);
    }

    private HttpAnswer send(HttpCall call, Deadline deadline) {
        if (deadline.isOver()) {
            throw new OutboundException.Unreachable("No time is left to call " + call.system() + ".", null);
        }
        try (Circuits.Admission admission = circuits.admit(call.system())) {
            permits.take(call.system(), call.rank(), deadline);
            long startedAt = System.nanoTime();
            HttpAnswer answer;
            try {
                answer = exchange(call, deadline);
            } catch (CutConnectionException | OutboundException.Unreachable failed) {
                log(call, failed.getClass().getSimpleName(), startedAt);
                admission.failed();
                throw failed;
            }
            log(call, Integer.toString(answer.status()), startedAt);
            if (answer.status() >= 500) {
                admission.failed();
            } else {
                admission.succeeded();
            }
            notePause(call.system(), answer);
            return answer;
        }
    }

    private void notePause(String system, HttpAnswer answer) {
        if (answer.status() != 429) {
            strikes.remove(system);
        }
        if (answer.status() == 429 || answer.status() == 503) {
            RetryAfter.delay(answer, clock).ifPresentOrElse(wait -> permits.pause(system, wait), () -> {
                if (answer.status() == 429) {
                    permits.pause(system, ownPause(system));
                }
            });
        }
    }

    /** A throttled system that does not say for how long: 2 s, twice as long each time in a row, up to about 5 minutes. */
    private Duration ownPause(String system) {
        int strike = strikes.merge(system, 1, (before, one) -> Math.min(MOST_STRIKES, before + one));
        long millis = 2000L << strike;
        return Duration.ofMillis(millis / 2 + ThreadLocalRandom.current().nextLong(millis / 2));
    }

    private HttpAnswer exchange(HttpCall call, Deadline deadline) {
        HttpRequest request = request(call, deadline);
        // A request's own time-out ends with the headers; waiting for the future covers the body too.
        CompletableFuture<HttpResponse<byte[]>> answer = client.sendAsync(request, head -> new LimitedBody(mostBytes));
        try {
            HttpResponse<byte[]> response = answer.get(deadline.remaining().toNanos(), TimeUnit.NANOSECONDS);
            return new HttpAnswer(response.statusCode(), response.headers().map(), response.body());
        } catch (TimeoutException late) {
            answer.cancel(true);
            throw late(call, late);
        } catch (InterruptedException stopped) {
            answer.cancel(true);
            Thread.currentThread().interrupt();
            throw new OutboundException.Unreachable("The call to " + call.system() + " was interrupted.", stopped);
        } catch (ExecutionException failed) {
            throw failure(call, failed.getCause() == null ? failed : failed.getCause());
        }
    }

    private static RuntimeException failure(HttpCall call, Throwable cause) {
        String host = call.uri().getHost();
        if (cause instanceof HttpTimeoutException) {
            return late(call, cause);
        }
        if (cause instanceof ConnectException || cause instanceof UnresolvedAddressException) {
            return new OutboundException.Unreachable(call.system() + " cannot be reached at " + host + ".", cause);
        }
        if (cause instanceof SSLException) {
            return new OutboundException.Unreachable(
                    "No secure connection to " + call.system() + " at " + host + " could be made.", cause);
        }
        if (cause instanceof LimitedBody.TooLongException tooLong) {
            return new OutboundException.Unreachable(
                    "The answer of " + call.system() + " is not read: " + tooLong.getMessage(), cause);
        }
        if (cause instanceof IOException) {
            return new CutConnectionException("The connection to " + call.system() + " was cut.", cause);
        }
        if (cause instanceof RuntimeException bug) {
            return bug;
        }
        return new OutboundException.Unreachable("The call to " + call.system() + " failed.", cause);
    }

    private static OutboundException.Unreachable late(HttpCall call, Throwable cause) {
        return new OutboundException.Unreachable(
                call.system() + " did not answer within " + call.timeout().toMillis() + " ms.", cause);
    }

    private static HttpRequest request(HttpCall call, Deadline deadline) {
        Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        headers.putAll(call.headers());
        String id = UUID.randomUUID().toString();
        headers.putIfAbsent("client-request-id", id);
        headers.putIfAbsent("MS-CorrelationId", isGuid(call.correlationId()) ? call.correlationId() : id);
        byte[] body = call.body();
        HttpRequest.Builder request = HttpRequest.newBuilder(call.uri())
                .timeout(deadline.remaining().plusMillis(1))
                .method(call.method(), body == null ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(body));
        headers.forEach(request::header);
        return request.build();
    }

    private static boolean isGuid(String text) {
        return text.matches("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");
    }

    private static void log(HttpCall call, String outcome, long startedAt) {
        LOG.fine(() -> call.method() + " " + masked(call.uri()) + " " + outcome + " "
                + TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startedAt) + " ms, correlation "
                + call.correlationId());
    }

    /** Host and path, with neither the values of the query nor quoted values (alternate keys) of the path. */
    static String masked(URI uri) {
        String path = uri.getRawPath() == null ? "" : uri.getRawPath();
        String query = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery().replaceAll("=[^&]*", "=…");
        return uri.getHost() + path.replaceAll("(?i)('|%27).*('|%27)", "'…'") + query;
    }
}
