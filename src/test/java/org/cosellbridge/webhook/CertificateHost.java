package org.cosellbridge.webhook;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.cosellbridge.simulator.TestAuthority;

/** A host of certificates on this machine that counts its calls. */
final class CertificateHost implements AutoCloseable {
    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final Map<String, byte[]> files = new ConcurrentHashMap<>();
    private final AtomicInteger calls = new AtomicInteger();
    private final CountDownLatch end = new CountDownLatch(1);

    CertificateHost() {
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 50);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        server.setExecutor(threads);
        server.createContext("/", this::answer);
        server.start();
    }

    /** {@code host:port}, as it is listed. */
    String place() {
        return "127.0.0.1:" + server.getAddress().getPort();
    }

    String url(String path) {
        return "http://" + place() + path;
    }

    String holdDer(String path, X509Certificate certificate) {
        try {
            return hold(path, certificate.getEncoded());
        } catch (CertificateEncodingException failed) {
            throw new IllegalStateException(failed);
        }
    }

    String holdPem(String path, X509Certificate certificate) {
        return hold(path, TestAuthority.pem(certificate).getBytes(StandardCharsets.US_ASCII));
    }

    String hold(String path, byte[] file) {
        files.put(path, file);
        return url(path);
    }

    int calls() {
        return calls.get();
    }

    private void answer(HttpExchange exchange) throws IOException {
        calls.incrementAndGet();
        String path = exchange.getRequestURI().getPath();
        if (path.equals("/redirect")) {
            exchange.getResponseHeaders().add("Location", url("/cert.cer"));
            exchange.sendResponseHeaders(302, -1);
        } else if (path.equals("/never")) {
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().write('M');
            exchange.getResponseBody().flush();
            awaitEnd();
        } else if (files.containsKey(path)) {
            byte[] file = files.getOrDefault(path, new byte[0]);
            exchange.sendResponseHeaders(200, file.length);
            exchange.getResponseBody().write(file);
        } else {
            exchange.sendResponseHeaders(404, -1);
        }
        exchange.close();
    }

    private void awaitEnd() {
        try {
            end.await();
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        end.countDown();
        server.stop(0);
        threads.shutdownNow();
    }
}
