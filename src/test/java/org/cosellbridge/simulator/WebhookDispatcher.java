package org.cosellbridge.simulator;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Sends events to the registered URL as Partner Center does: signed, with up to ten attempts and growing delays. Nothing promises
 * order or uniqueness, and the knobs take both away: duplicates, random waits, holding back, losing. Thread-safe.
 */
public final class WebhookDispatcher implements AutoCloseable {
    /** The waits between the ten attempts, before they are scaled. */
    public static final List<Duration> DOCUMENTED_DELAYS = List.of(
            Duration.ofSeconds(1),
            Duration.ofSeconds(5),
            Duration.ofSeconds(15),
            Duration.ofMinutes(1),
            Duration.ofMinutes(2),
            Duration.ofMinutes(5),
            Duration.ofMinutes(10),
            Duration.ofMinutes(20),
            Duration.ofMinutes(30));

    private static final Duration ANSWER_WITHIN = Duration.ofSeconds(5);
    private static final int SENDERS = 8;

    private final Supplier<@Nullable Target> target;
    private final Supplier<URI> certificateUrl;
    private final HttpClient http;
    private final ExecutorService senders;
    private final List<Progress> deliveries = new CopyOnWriteArrayList<>();
    private final List<Progress> held = new ArrayList<>();
    private final Random random = new Random(7);
    private final Supplier<TestAuthority.Signer> firstSigner;
    private volatile TestAuthority.@Nullable Signer signer;
    private volatile List<Duration> delays = DOCUMENTED_DELAYS;
    private volatile Duration timeout = ANSWER_WITHIN;
    private volatile Duration shuffleWithin = Duration.ZERO;
    private volatile Predicate<WebhookEvent> lost = event -> false;
    private volatile int copies = 1;
    private boolean holding;

    WebhookDispatcher(
            Supplier<@Nullable Target> target,
            Supplier<URI> certificateUrl,
            Supplier<TestAuthority.Signer> firstSigner) {
        this.target = target;
        this.certificateUrl = certificateUrl;
        this.firstSigner = firstSigner;
        this.senders = Executors.newFixedThreadPool(SENDERS, daemons("dispatcher"));
        this.http = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(ANSWER_WITHIN)
                .executor(Executors.newCachedThreadPool(daemons("dispatcher-http")))
                .build();
    }

    /** Scales the waits between attempts: 0.001 makes a second a millisecond. */
    public WebhookDispatcher delayFactor(double factor) {
        delays = DOCUMENTED_DELAYS.stream()
                .map(delay -> Duration.ofNanos((long) (delay.toNanos() * factor)))
                .toList();
        return this;
    }

    /** The waits between attempts; there is one attempt more than waits. */
    public WebhookDispatcher delays(List<Duration> waits) {
        delays = List.copyOf(waits);
        return this;
    }

    /** How long an answer may take. Default 5 s. */
    public WebhookDispatcher timeout(Duration longest) {
        timeout = longest;
        return this;
    }

    /** Sends each event this many times. Default once. */
    public WebhookDispatcher copies(int times) {
        copies = times;
        return this;
    }

    /** Sends each event after a random wait up to this, so that events overtake each other. Default zero. */
    public WebhookDispatcher shuffleWithin(Duration longest) {
        shuffleWithin = longest;
        return this;
    }

    /** Loses the events that fit: they are never sent. */
    public WebhookDispatcher lose(Predicate<WebhookEvent> events) {
        lost = events;
        return this;
    }

    /** From now on signs with this key; its certificate is what the certificate address serves. */
    public WebhookDispatcher signWith(TestAuthority.Signer fresh) {
        signer = fresh;
        return this;
    }

    /** Who signs. Made when it is needed first, since making keys is slow. */
    public TestAuthority.Signer signer() {
        TestAuthority.Signer known = signer;
        return known == null ? firstSigner() : known;
    }

    private synchronized TestAuthority.Signer firstSigner() {
        TestAuthority.Signer known = signer;
        if (known == null) {
            known = firstSigner.get();
            signer = known;
        }
        return known;
    }

    /** Keeps events back until {@link #release}. */
    public synchronized void hold() {
        holding = true;
    }

    /** Sends what was kept back, in the order in which it happened. */
    public void release() {
        release(waiting -> {});
    }

    /** Sends what was kept back in an order made from this seed. */
    public void releaseShuffled(long seed) {
        release(waiting -> Collections.shuffle(waiting, new Random(seed)));
    }

    private synchronized void release(Consumer<List<Progress>> arrange) {
        holding = false;
        arrange.accept(held);
        held.forEach(progress -> start(progress, Duration.ZERO));
        held.clear();
    }

    /** Every delivery so far, in the order in which the events happened. */
    public List<Delivery> deliveries() {
        return deliveries.stream().map(Progress::shown).toList();
    }

    /** Whether no delivery waits for an attempt. Held ones wait. */
    public boolean isIdle() {
        return deliveries.stream().noneMatch(progress -> progress.shown().state() == Delivery.State.WAITING);
    }

    /** Sends each event once, at the same time from several threads, without retry. Answers the attempts in the given order. */
    public List<Delivery.Attempt> deliver(int threads, List<WebhookEvent> events) {
        Target to = target.get();
        if (to == null) {
            throw new IllegalStateException("Nobody is registered.");
        }
        ExecutorService pool = Executors.newFixedThreadPool(threads, daemons("deliver"));
        try {
            List<Callable<Delivery.Attempt>> sends = new ArrayList<>();
            events.forEach(event -> sends.add(() -> send(event, to)));
            List<Delivery.Attempt> attempts = new ArrayList<>();
            for (Future<Delivery.Attempt> sent : pool.invokeAll(sends)) {
                attempts.add(sent.get());
            }
            return attempts;
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(stopped);
        } catch (ExecutionException failed) {
            throw new IllegalStateException(failed);
        } finally {
            pool.shutdownNow();
        }
    }

    /** Sends each event once, one after the other, without retry. */
    public List<Delivery.Attempt> deliver(WebhookEvent... events) {
        return deliver(1, Arrays.asList(events));
    }

    @Override
    public void close() {
        senders.shutdownNow();
    }

    /** An event happened. It is sent if somebody registered for its name. */
    void raise(WebhookEvent event) {
        raise(event, attempt -> {});
    }

    /** The same; every attempt is told. */
    void raise(WebhookEvent event, Consumer<Delivery.Attempt> attempted) {
        Target to = target.get();
        if (to == null || !to.events().contains(event.name())) {
            return;
        }
        for (int copy = 0; copy < copies; copy++) {
            Progress progress = new Progress(event, to.url(), attempted);
            deliveries.add(progress);
            if (lost.test(event)) {
                progress.state = Delivery.State.DROPPED;
            } else {
                sendOrHold(progress);
            }
        }
    }

    private synchronized void sendOrHold(Progress progress) {
        if (holding) {
            held.add(progress);
        } else {
            start(progress, Duration.ofNanos((long) (random.nextDouble() * shuffleWithin.toNanos())));
        }
    }

    private void start(Progress progress, Duration wait) {
        CompletableFuture.delayedExecutor(wait.toNanos(), TimeUnit.NANOSECONDS, senders)
                .execute(() -> attempt(progress));
    }

    private void attempt(Progress progress) {
        Target to = target.get();
        Delivery.Attempt attempt = send(progress.event, to == null ? new Target(progress.to, List.of(), false) : to);
        int tries = progress.add(attempt, delays.size());
        progress.attempted.accept(attempt);
        if (!attempt.isAccepted() && tries <= delays.size()) {
            start(progress, delays.get(tries - 1));
        }
    }

    private Delivery.Attempt send(WebhookEvent event, Target to) {
        Instant sent = Instant.now();
        long started = System.nanoTime();
        byte[] body = event.body();
        HttpRequest.Builder request =
                HttpRequest.newBuilder(to.url()).timeout(timeout).POST(HttpRequest.BodyPublishers.ofByteArray(body));
        headers(body, to.usesMsSignatureHeader()).forEach(request::header);
        try {
            HttpResponse<Void> answer = http.send(request.build(), HttpResponse.BodyHandlers.discarding());
            return new Delivery.Attempt(sent, answer.statusCode(), "", Duration.ofNanos(System.nanoTime() - started));
        } catch (IOException failed) {
            return new Delivery.Attempt(sent, 0, failed.toString(), Duration.ofNanos(System.nanoTime() - started));
        } catch (InterruptedException closing) {
            Thread.currentThread().interrupt();
            return new Delivery.Attempt(sent, 0, "closed", Duration.ofNanos(System.nanoTime() - started));
        }
    }

    private Map<String, String> headers(byte[] body, boolean usesMsSignatureHeader) {
        return Map.of(
                usesMsSignatureHeader ? "x-ms-signature" : "Authorization",
                "Signature " + signer().sign(body, "SHA256withRSA"),
                "X-MS-Certificate-Url",
                certificateUrl.get().toString(),
                "X-MS-Signature-Algorithm",
                "rsa-sha256",
                "Content-Type",
                "application/json",
                "Accept-Encoding",
                "gzip, deflate");
    }

    private static ThreadFactory daemons(String name) {
        AtomicInteger count = new AtomicInteger();
        return work -> {
            Thread thread = new Thread(work, name + "-" + count.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
    }

    /**
     * Who is told.
     *
     * @param url the registered URL
     * @param events the names of the events that are wanted
     * @param usesMsSignatureHeader whether the signature travels in {@code x-ms-signature} instead of {@code Authorization}
     */
    record Target(URI url, List<String> events, boolean usesMsSignatureHeader) {}

    private static final class Progress {
        private final WebhookEvent event;
        private final URI to;
        private final Consumer<Delivery.Attempt> attempted;
        private final List<Delivery.Attempt> attempts = new CopyOnWriteArrayList<>();
        private volatile Delivery.State state = Delivery.State.WAITING;

        Progress(WebhookEvent event, URI to, Consumer<Delivery.Attempt> attempted) {
            this.event = event;
            this.to = to;
            this.attempted = attempted;
        }

        int add(Delivery.Attempt attempt, int retries) {
            attempts.add(attempt);
            if (attempt.isAccepted()) {
                state = Delivery.State.DELIVERED;
            } else if (attempts.size() > retries) {
                state = Delivery.State.GIVEN_UP;
            }
            return attempts.size();
        }

        Delivery shown() {
            return new Delivery(event, to, state, attempts);
        }
    }
}
