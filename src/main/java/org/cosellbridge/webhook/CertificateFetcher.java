package org.cosellbridge.webhook;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.cosellbridge.platform.Configuration;
import org.jspecify.annotations.Nullable;

/**
 * Fetches certificates from URLs that {@link AllowedHosts} let pass: no redirects, no credentials, at most 64 KiB, the whole answer
 * within 5 s, no address of a private network behind a public name. It stands apart from the outbound client, whose permits and
 * circuits belong to the connections and must not be spent by strangers. Thread-safe.
 */
@Singleton
class CertificateFetcher {
    private static final int MAX_BYTES = 65_536;
    private final Duration timeout;
    private final HttpClient client;

    @Inject
    CertificateFetcher() {
        this(Duration.ofSeconds(5));
    }

    /** A fetcher that waits this long for a whole answer. */
    CertificateFetcher(Duration timeout) {
        this.timeout = timeout;
        this.client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(timeout)
                .build();
    }

    /** The certificates at this URL, at least one. Throws {@link IOException} whenever that is not what is there. */
    List<X509Certificate> fetch(URI url) throws IOException {
        refusePrivateAddress(url);
        HttpRequest request = HttpRequest.newBuilder(url).timeout(timeout).GET().build();
        CompletableFuture<HttpResponse<byte[]>> answer = client.sendAsync(request, head -> new LimitedBody());
        try {
            HttpResponse<byte[]> response = answer.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
            if (response.statusCode() != 200) {
                throw new IOException("The certificate's host answered " + response.statusCode() + ".");
            }
            return CertificateChain.parse(response.body());
        } catch (CertificateException none) {
            throw new IOException("The certificate's host answered something else than a certificate.", none);
        } catch (ExecutionException failed) {
            throw new IOException("The certificate's host cannot be reached or answered too much.", failed);
        } catch (TimeoutException late) {
            answer.cancel(true);
            throw new IOException("The certificate's host did not answer in time.", late);
        } catch (InterruptedException stopped) {
            answer.cancel(true);
            Thread.currentThread().interrupt();
            throw new IOException("The wait for the certificate was interrupted.", stopped);
        }
    }

    /** Behind a proxy the name is the proxy's to resolve; the allow-list and TLS still hold. */
    private static void refusePrivateAddress(URI url) throws IOException {
        if (Configuration.isLoopback(url.getHost()) || goesThroughProxy(url)) {
            return;
        }
        for (InetAddress address : InetAddress.getAllByName(url.getHost())) {
            if (isPrivate(address)) {
                throw new IOException("The certificate's host has an address of a private network.");
            }
        }
    }

    private static boolean goesThroughProxy(URI url) {
        ProxySelector proxies = ProxySelector.getDefault();
        return proxies != null && proxies.select(url).stream().anyMatch(proxy -> proxy.type() != Proxy.Type.DIRECT);
    }

    /** Whether the address is not one of the public internet. */
    static boolean isPrivate(InetAddress address) {
        byte[] bytes = address.getAddress();
        int first = bytes[0] & 0xFF;
        int second = bytes[1] & 0xFF;
        boolean carrierGrade = bytes.length == 4 && first == 100 && (second & 0xC0) == 64;
        boolean thisNetwork = bytes.length == 4 && first == 0;
        boolean uniqueLocal = bytes.length == 16 && (first & 0xFE) == 0xFC;
        return address.isLoopbackAddress()
                || address.isAnyLocalAddress()
                || address.isSiteLocalAddress()
                || address.isLinkLocalAddress()
                || address.isMulticastAddress()
                || carrierGrade
                || thisNetwork
                || uniqueLocal;
    }

    /** Collects a body and breaks off as soon as it is too long. */
    private static final class LimitedBody implements BodySubscriber<byte[]> {
        private final CompletableFuture<byte[]> whole = new CompletableFuture<>();
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private Flow.@Nullable Subscription subscription;

        @Override
        public CompletionStage<byte[]> getBody() {
            return whole;
        }

        @Override
        public void onSubscribe(Flow.Subscription given) {
            subscription = given;
            given.request(Long.MAX_VALUE);
        }

        @Override
        public void onNext(List<ByteBuffer> buffers) {
            for (ByteBuffer buffer : buffers) {
                if (bytes.size() + buffer.remaining() > MAX_BYTES) {
                    if (subscription != null) {
                        subscription.cancel();
                    }
                    whole.completeExceptionally(new IOException("The answer is longer than " + MAX_BYTES + " bytes."));
                    return;
                }
                byte[] part = new byte[buffer.remaining()];
                buffer.get(part);
                bytes.write(part, 0, part.length);
            }
        }

        @Override
        public void onError(Throwable failed) {
            whole.completeExceptionally(failed);
        }

        @Override
        public void onComplete() {
            whole.complete(bytes.toByteArray());
        }
    }
}
