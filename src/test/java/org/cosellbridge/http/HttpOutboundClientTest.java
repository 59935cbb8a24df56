package org.cosellbridge.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HttpOutboundClientTest {
    private static final String CORRELATION = "019a9d5e-7d2b-7c11-8a54-6f1d2c3b4a59";

    private final OutboundFixtures outbound = new OutboundFixtures(Clock.systemUTC(), Duration.ofMillis(300));
    private final AtomicInteger calls = new AtomicInteger();
    private final ConcurrentLinkedQueue<Map<String, List<String>>> headers = new ConcurrentLinkedQueue<>();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final CountDownLatch ended = new CountDownLatch(1);
    private HttpServer server;
    private volatile Answering answering = exchange -> answer(exchange, 200, "ok");

    HttpOutboundClientTest() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    }

    @BeforeEach
    void start() {
        server.setExecutor(threads);
        server.createContext("/", exchange -> {
            calls.incrementAndGet();
            headers.add(Map.copyOf(exchange.getRequestHeaders()));
            answering.answer(exchange);
        });
        server.start();
    }

    @AfterEach
    void stop() {
        ended.countDown();
        server.stop(0);
        threads.shutdownNow();
        outbound.close();
    }

    private interface Answering {
        void answer(HttpExchange exchange) throws IOException;
    }

    private static void answer(HttpExchange exchange, int status, String body, String... header) throws IOException {
        for (int i = 0; i < header.length; i += 2) {
            exchange.getResponseHeaders().set(header[i], header[i + 1]);
        }
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(bytes);
        }
    }

    private URI at(String path) {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + path);
    }

    private HttpCall call(URI uri, Map<String, String> sent, Duration timeout) {
        return HttpCall.get("crm", uri, sent, timeout, 1, CORRELATION);
    }

    private HttpAnswer send() {
        return outbound.client().send(call(at("/x"), Map.of(), Duration.ofSeconds(10)));
    }

    private OutboundException.Refused refusal() {
        return catchThrowableOfType(OutboundException.Refused.class, this::send);
    }

    @Test
    void answersWhateverCameBack() {
        answering = exchange -> answer(exchange, 418, "tea", "X-Pot", "brown");

        HttpAnswer answer = send();

        assertThat(answer.status()).isEqualTo(418);
        assertThat(answer.body()).asString(StandardCharsets.UTF_8).isEqualTo("tea");
        assertThat(answer.header("x-pot")).contains("brown");
    }

    @Test
    void sendsTheBody() {
        List<String> bodies = new ArrayList<>();
        answering = exchange -> {
            bodies.add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
            answer(exchange, 204, "");
        };

        outbound.client()
                .send(new HttpCall(
                        "crm",
                        "PATCH",
                        at("/x"),
                        Map.of("Content-Type", "application/json"),
                        "{\"a\":1}".getBytes(StandardCharsets.UTF_8),
                        Duration.ofSeconds(10),
                        1,
                        CORRELATION,
                        false));

        assertThat(bodies).containsExactly("{\"a\":1}");
    }

    @Test
    void addsCorrelationHeadersThatTheCallerDidNotSet() {
        send();
        outbound.client().send(call(at("/x"), Map.of("Client-Request-Id", "mine"), Duration.ofSeconds(10)));

        List<Map<String, List<String>>> sent = List.copyOf(headers);
        assertThat(sent.get(0).get("Ms-correlationid")).containsExactly(CORRELATION);
        assertThat(sent.get(0).get("Client-request-id")).hasSize(1).doesNotContain(CORRELATION);
        assertThat(sent.get(1).get("Client-request-id")).containsExactly("mine");
    }

    @Test
    void speaksPlainHttpToThisMachineOnly() {
        assertThatThrownBy(() -> outbound.client()
                        .send(call(URI.create("http://crm.example/x"), Map.of(), Duration.ofSeconds(1))))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void followsNoRedirect() {
        answering = exchange ->
                answer(exchange, 302, "", "Location", at("/elsewhere").toString());

        assertThat(send().status()).isEqualTo(302);
        assertThat(calls).hasValue(1);
    }

    @Test
    void countsTheBodyIntoTheTimeOut() {
        answering = exchange -> {
            exchange.sendResponseHeaders(200, 100);
            exchange.getResponseBody().write(1);
            exchange.getResponseBody().flush();
            awaitEnd();
        };
        long startedAt = System.nanoTime();

        assertThatThrownBy(() -> outbound.client().send(call(at("/x"), Map.of(), Duration.ofMillis(400))))
                .isInstanceOf(OutboundException.Unreachable.class)
                .hasMessageContaining("within 400 ms");
        assertThat(Duration.ofNanos(System.nanoTime() - startedAt)).isLessThan(Duration.ofSeconds(3));
    }

    @Test
    void readsNoMoreThanAllowed() {
        answering = exchange -> answer(exchange, 200, "x".repeat(2000));
        OutboundClient small = new HttpOutboundClient(
                new Wire(outbound.circuits(), outbound.permits(), Clock.systemUTC(), 1000), Clock.systemUTC());

        assertThatThrownBy(() -> small.send(call(at("/x"), Map.of(), Duration.ofSeconds(10))))
                .isInstanceOf(OutboundException.Unreachable.class)
                .hasMessageContaining("1000 bytes");
    }

    @Test
    void aCutConnectionIsUnreachable() {
        answering = HttpExchange::close;

        assertThatThrownBy(this::send)
                .isInstanceOf(OutboundException.Unreachable.class)
                .hasMessageContaining("cut");
    }

    @Test
    void nobodyListeningIsUnreachable() throws IOException {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        URI nobody = URI.create("http://127.0.0.1:" + port + "/");

        assertThatThrownBy(() -> outbound.client().send(call(nobody, Map.of(), Duration.ofSeconds(10))))
                .isInstanceOf(OutboundException.Unreachable.class)
                .hasMessageContaining("cannot be reached");
    }

    @Test
    void callsNobodyBeforeRetryAfterHasPassed() {
        answering = exchange -> answer(exchange, 429, "", "Retry-After", "2");
        Instant before = Instant.now();
        assertThat(send().status()).isEqualTo(429);
        answering = exchange -> answer(exchange, 200, "ok");

        assertThat(refusal().notBefore()).isAfterOrEqualTo(before.plusSeconds(2).minusMillis(5));
        assertThat(calls).hasValue(1);
        Awaitility.await().pollInterval(Duration.ofMillis(50)).until(() -> refusal() == null);
        assertThat(Duration.between(before, Instant.now())).isGreaterThanOrEqualTo(Duration.ofSeconds(2));
    }

    @Test
    void understandsADateInRetryAfter() {
        String date = DateTimeFormatter.RFC_1123_DATE_TIME.format(
                Instant.now().plusSeconds(90).atOffset(ZoneOffset.UTC));
        answering = exchange -> answer(exchange, 503, "", "Retry-After", date);
        send();

        assertThat(refusal().notBefore())
                .isBetween(Instant.now().plusSeconds(80), Instant.now().plusSeconds(95));
    }

    @Test
    void pausesATrottledSystemThatDoesNotSayForHowLong() {
        answering = exchange -> answer(exchange, 429, "");
        send();

        assertThat(refusal().notBefore())
                .isBetween(Instant.now().plusSeconds(1), Instant.now().plusSeconds(6));
    }

    @Test
    void fiveFailuresInARowOpenTheCircuitAndAProbeClosesIt() {
        answering = exchange -> answer(exchange, 500, "");
        for (int failure = 0; failure < 5; failure++) {
            assertThat(send().status()).isEqualTo(500);
        }
        answering = exchange -> answer(exchange, 200, "ok");

        assertThat(refusal().notBefore()).isAfter(Instant.now().minusMillis(1));
        assertThat(calls).hasValue(5);
        assertThat(outbound.systems().of("crm").circuitOpen()).isTrue();
        assertThat(outbound.systems().of("crm").circuitSince()).isNotNull();
        Awaitility.await().pollInterval(Duration.ofMillis(20)).until(() -> refusal() == null);
        assertThat(outbound.systems().of("crm").circuitOpen()).isFalse();
    }

    @Test
    void aFailingProbeKeepsTheCircuitOpen() {
        answering = exchange -> answer(exchange, 502, "");
        for (int failure = 0; failure < 5; failure++) {
            send();
        }
        Awaitility.await().pollInterval(Duration.ofMillis(20)).until(() -> refusal() == null);

        assertThat(calls).hasValue(6);
        assertThat(refusal()).isNotNull();
        assertThat(calls).hasValue(6);
    }

    @Test
    void oneProbeAtATimeGoesThroughAnOpenCircuit() throws Exception {
        answering = exchange -> answer(exchange, 500, "");
        for (int failure = 0; failure < 5; failure++) {
            send();
        }
        CountDownLatch probing = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        answering = exchange -> {
            probing.countDown();
            await(go);
            answer(exchange, 200, "ok");
        };
        var probe = threads.submit(() -> {
            Awaitility.await().pollInterval(Duration.ofMillis(20)).until(() -> refusal() == null);
            return true;
        });
        probing.await();

        assertThat(refusal()).isNotNull();
        assertThat(calls).hasValue(6);
        go.countDown();
        assertThat(probe.get()).isTrue();
        assertThat(refusal()).isNull();
    }

    @Test
    void anAnswerBetweenFailuresKeepsTheCircuitClosed() {
        for (int failure = 0; failure < 12; failure++) {
            int status = failure % 4 == 3 ? 404 : 500;
            answering = exchange -> answer(exchange, status, "");
            assertThat(send().status()).isEqualTo(status);
        }
    }

    @Test
    void oneSystemsCircuitHoldsNoOther() {
        answering = exchange -> answer(exchange, 500, "");
        for (int failure = 0; failure < 5; failure++) {
            send();
        }

        HttpAnswer other = outbound.client()
                .send(HttpCall.get("other", at("/x"), Map.of(), Duration.ofSeconds(5), 1, CORRELATION));

        assertThat(other.status()).isEqualTo(500);
    }

    @Test
    void theWireLogShowsNeitherValuesNorTokens() {
        List<String> lines = new ArrayList<>();
        Logger logger = Logger.getLogger(Wire.class.getName());
        Handler handler = new Handler() {
            @Override
            public void publish(LogRecord line) {
                lines.add(line.getMessage());
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        Level before = logger.getLevel();
        logger.addHandler(handler);
        logger.setLevel(Level.FINE);
        try {
            outbound.client()
                    .send(call(
                            at("/accounts(name='Secret%20Ltd')?$filter=email%20eq%20'a@b.c'&code=hidden"),
                            Map.of("Authorization", "Bearer topsecret"),
                            Duration.ofSeconds(10)));
        } finally {
            logger.removeHandler(handler);
            logger.setLevel(before);
        }

        assertThat(lines)
                .singleElement()
                .asString()
                .contains("GET 127.0.0.1/accounts", "200", CORRELATION)
                .doesNotContain("Secret", "a@b.c", "hidden", "topsecret");
    }

    private void awaitEnd() {
        await(ended);
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }
}
