package org.cosellbridge.simulator;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * One delivery to a webhook receiver, right in every respect until a method takes one away. Immutable: each method answers a new one, and
 * they combine. What is signed is what the body was before {@link #withTamperedBody} and the like.
 *
 * <pre>{@code WebhookScenario.valid(partnerCenter, id).withTamperedBody().send(receiver)}</pre>
 */
public final class WebhookScenario {
    private static final String CONTENT_TYPE = "Content-Type";
    private static final String CERTIFICATE_URL = "X-MS-Certificate-Url";
    private static final String ALGORITHM = "X-MS-Signature-Algorithm";
    private static final HttpClient HTTP = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .build();
    private static final Duration LONGEST = Duration.ofMinutes(1);
    private static final int HUGE = 1_024 * 1_024;
    private static final int SHORT_KEY = 1_024;
    private static final int USUAL_KEY = 2_048;

    private final TestAuthority authority;
    private final Function<X509Certificate, URI> publish;
    private final Parts parts;

    private WebhookScenario(TestAuthority authority, Function<X509Certificate, URI> publish, Parts parts) {
        this.authority = authority;
        this.publish = publish;
        this.parts = parts;
    }

    /** A valid {@code referral-updated} of this referral, as the simulator's dispatcher sends it. */
    public static WebhookScenario valid(PartnerCenterSimulator simulator, String referralId) {
        return valid(
                simulator.authority(),
                simulator.dispatcher().signer(),
                simulator.certificateUrl(),
                simulator::publish,
                referralId);
    }

    /**
     * A valid {@code referral-updated} of this referral.
     *
     * @param authority issues the certificates of wrong scenarios whose chain is right
     * @param signer signs, with a certificate of the authority
     * @param certificateUrl where the signer's certificate is
     * @param publish makes further certificates available and answers where
     * @param referralId the referral
     */
    public static WebhookScenario valid(
            TestAuthority authority,
            TestAuthority.Signer signer,
            URI certificateUrl,
            Function<X509Certificate, URI> publish,
            String referralId) {
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put(CONTENT_TYPE, "application/json");
        headers.put(CERTIFICATE_URL, certificateUrl.toString());
        headers.put(ALGORITHM, "rsa-sha256");
        return new WebhookScenario(
                authority,
                publish,
                new Parts(
                        WebhookEvent.of("referral-updated", referralId).json(),
                        UnaryOperator.identity(),
                        UnaryOperator.identity(),
                        signer,
                        "SHA256withRSA",
                        UnaryOperator.identity(),
                        "Authorization",
                        headers));
    }

    // Right, but different.

    /** The signature travels in {@code x-ms-signature}. */
    public WebhookScenario inMsSignatureHeader() {
        return new WebhookScenario(authority, publish, parts.withSignatureHeader("x-ms-signature"));
    }

    /** Something in front of the receiver has its own {@code Authorization}; the signature is in {@code x-ms-signature}. */
    public WebhookScenario withForeignAuthorization() {
        return inMsSignatureHeader().withHeader("Authorization", "Bearer of-a-gateway");
    }

    /** An event of this name. */
    public WebhookScenario withEvent(String name) {
        return withMember("EventName", Json.createValue(name));
    }

    /** A name nobody has heard of. */
    public WebhookScenario withUnknownEvent() {
        return withEvent("subscription-frozen");
    }

    /** A test event. */
    public WebhookScenario withTestEvent() {
        return withDocument(
                WebhookEvent.test("00000000-0000-4000-8000-000000000001").json());
    }

    /** The change happened at this time. */
    public WebhookScenario withChangeAt(Instant changed) {
        return withMember(
                "ResourceChangeUtcDate",
                WebhookEvent.of("x", "x", changed).json().get("ResourceChangeUtcDate"));
    }

    /** A member that nobody has documented. */
    public WebhookScenario withUnknownMember() {
        return withMember("PartnerId", Json.createValue("4711"));
    }

    /** A byte order mark before the body, not signed. */
    public WebhookScenario withByteOrderMark() {
        return new WebhookScenario(
                authority,
                publish,
                parts.withSent(body -> join(new byte[] {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF}, body)));
    }

    /** Signed as RSA with another hash, such as {@code 512}, and says so. */
    public WebhookScenario withHash(int bits) {
        return signedBy("SHA" + bits + "withRSA").withHeader(ALGORITHM, "rsa-sha" + bits);
    }

    // Wrong in one way.

    /** The body was changed after it was signed. */
    public WebhookScenario withTamperedBody() {
        return new WebhookScenario(
                authority,
                publish,
                parts.withSent(body -> new String(body, StandardCharsets.UTF_8)
                        .replace("referral-", "referral_")
                        .getBytes(StandardCharsets.UTF_8)));
    }

    /** The issuer is an authority nobody trusts, of another organisation. */
    public WebhookScenario withWrongIssuer() {
        return withIssuer(new TestAuthority("Contoso Ltd"));
    }

    /** The issuer calls itself Microsoft Corporation, but nobody trusts it. */
    public WebhookScenario withUntrustedAuthority() {
        return withIssuer(new TestAuthority("Microsoft Corporation"));
    }

    /** The certificate is of this authority. */
    public WebhookScenario withIssuer(TestAuthority issuer) {
        return withSigner(issuer.issueDispatcher());
    }

    /** The certificate has ended. */
    public WebhookScenario withExpiredCertificate() {
        Instant now = Instant.now();
        return withSigner(authority.issue(
                TestAuthority.LEAF_SUBJECT, now.minus(2, ChronoUnit.HOURS), now.minus(1, ChronoUnit.HOURS), USUAL_KEY));
    }

    /** The certificate is not valid yet. */
    public WebhookScenario withFutureCertificate() {
        Instant now = Instant.now();
        return withSigner(authority.issue(
                TestAuthority.LEAF_SUBJECT, now.plus(1, ChronoUnit.HOURS), now.plus(2, ChronoUnit.HOURS), USUAL_KEY));
    }

    /** The certificate is for something else of the same organisation. */
    public WebhookScenario withWrongSubject() {
        return withSubject("CN=updates.microsoft.com,O=Microsoft Corporation,C=US");
    }

    /** The certificate is for this subject. */
    public WebhookScenario withSubject(String subject) {
        Instant now = Instant.now();
        return withSigner(
                authority.issue(subject, now.minus(1, ChronoUnit.HOURS), now.plus(1, ChronoUnit.HOURS), USUAL_KEY));
    }

    /** The key is shorter than 2048 bits. */
    public WebhookScenario withShortKey() {
        Instant now = Instant.now();
        return withSigner(authority.issue(
                TestAuthority.LEAF_SUBJECT, now.minus(1, ChronoUnit.HOURS), now.plus(1, ChronoUnit.HOURS), SHORT_KEY));
    }

    /** Signed with another key than the certificate's. */
    public WebhookScenario withOtherKey() {
        return new WebhookScenario(authority, publish, parts.withSigner(authority.issueDispatcher()));
    }

    /** The certificate is on another host: the same machine by a name that no allow-list has, so that a fetch would be seen. */
    public WebhookScenario withForeignHost() {
        return withCertificateUrl(certificateUrl().replace("//127.0.0.1", "//localhost"));
    }

    /** The certificate is said to be at this address. */
    public WebhookScenario withCertificateUrl(String url) {
        return withHeader(CERTIFICATE_URL, url);
    }

    /** There is nothing at the certificate's address. */
    public WebhookScenario withUnreachableCertificate() {
        return withCertificateUrl(certificateUrl().replaceAll("[^/]+$", "nothing-here.cer"));
    }

    /** No certificate address. */
    public WebhookScenario withMissingCertificateUrl() {
        return withoutHeader(CERTIFICATE_URL);
    }

    /** No algorithm. */
    public WebhookScenario withMissingAlgorithm() {
        return withoutHeader(ALGORITHM);
    }

    /**
     * Names another algorithm, such as {@code rsa-sha1} or {@code hmac-sha256}, and signs with it where that can be done: only the
     * algorithm is wrong then.
     */
    public WebhookScenario withWrongAlgorithm(String header) {
        WebhookScenario named = withHeader(ALGORITHM, header);
        return switch (header) {
            case "rsa-sha1" -> named.signedBy("SHA1withRSA");
            case "rsa-md5" -> named.signedBy("MD5withRSA");
            default -> named;
        };
    }

    /** No signature at all. */
    public WebhookScenario withoutSignature() {
        return new WebhookScenario(authority, publish, parts.withSignatureHeader(""));
    }

    /** A signature that is no Base64. */
    public WebhookScenario withGarbageSignature() {
        return new WebhookScenario(authority, publish, parts.withSignature(signature -> "Signature *not base64*"));
    }

    /** A signature with one bit turned. */
    public WebhookScenario withTurnedBit() {
        return new WebhookScenario(authority, publish, parts.withSignature(header -> {
            byte[] signature = Base64.getDecoder().decode(header.substring("Signature ".length()));
            signature[signature.length - 1] ^= 1;
            return "Signature " + Base64.getEncoder().encodeToString(signature);
        }));
    }

    /** The signature under another scheme. */
    public WebhookScenario withBearerScheme() {
        return new WebhookScenario(
                authority, publish, parts.withSignature(header -> header.replace("Signature ", "Bearer ")));
    }

    /** Signed bytes that are no JSON. */
    public WebhookScenario withGarbageBody() {
        return withBody("\u0000<not>{json".getBytes(StandardCharsets.UTF_8));
    }

    /** Signed JSON that is no event. */
    public WebhookScenario withOtherJson() {
        return withBody("[1,2,3]".getBytes(StandardCharsets.UTF_8));
    }

    /** Signed bytes of any kind. */
    public WebhookScenario withBody(byte[] body) {
        byte[] kept = body.clone();
        return new WebhookScenario(authority, publish, parts.withSigned(event -> kept.clone()));
    }

    /** A signed, valid event in a body of one mebibyte. */
    public WebhookScenario withHugeBody() {
        return new WebhookScenario(
                authority,
                publish,
                parts.withSigned(event -> join(event, " ".repeat(HUGE).getBytes(StandardCharsets.UTF_8))));
    }

    /** Another content type. */
    public WebhookScenario withWrongContentType() {
        return withHeader(CONTENT_TYPE, "text/plain");
    }

    /** No event name. */
    public WebhookScenario withoutEventName() {
        return withDocument(JsonTree.without(parts.document(), "EventName"));
    }

    /** No resource. */
    public WebhookScenario withoutResource() {
        return withDocument(JsonTree.without(parts.document(), "ResourceUri"));
    }

    /** The resource is said to be at this address. */
    public WebhookScenario withResource(String uri) {
        return withMember("ResourceUri", Json.createValue(uri));
    }

    /** A header with this value. */
    public WebhookScenario withHeader(String name, String value) {
        return new WebhookScenario(authority, publish, parts.withHeader(name, value));
    }

    /** Without a header. */
    public WebhookScenario withoutHeader(String name) {
        return new WebhookScenario(authority, publish, parts.withoutHeader(name));
    }

    /** Signed with this key, whose certificate is published. */
    public WebhookScenario withSigner(TestAuthority.Signer signer) {
        return new WebhookScenario(authority, publish, parts.withSigner(signer))
                .withCertificateUrl(publish.apply(signer.certificate()).toString());
    }

    // What comes of it.

    /** The headers it is sent with. */
    public Map<String, String> headers() {
        Map<String, String> headers = new LinkedHashMap<>(parts.headers());
        if (!parts.signatureHeader().isEmpty()) {
            headers.put(
                    parts.signatureHeader(),
                    parts.signature()
                            .apply("Signature " + parts.signer().sign(signedBytes(), parts.signatureAlgorithm())));
        }
        return headers;
    }

    /** The bytes it is sent with. */
    public byte[] body() {
        return parts.sent().apply(signedBytes());
    }

    /** Sends it and answers what came back. */
    public Answer send(URI receiver) {
        return send(receiver, HttpRequest.BodyPublishers.ofByteArray(body()));
    }

    /** Sends it one byte at a time with this pause between, and answers what came back. */
    public Answer sendSlowly(URI receiver, Duration pause) {
        byte[] body = body();
        return send(receiver, HttpRequest.BodyPublishers.ofInputStream(() -> new Trickle(body, pause)));
    }

    private Answer send(URI receiver, HttpRequest.BodyPublisher body) {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(receiver).timeout(LONGEST).POST(body);
        headers().forEach(request::header);
        try {
            HttpResponse<String> response = HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
            return new Answer(response.statusCode(), response.body());
        } catch (IOException refused) {
            return new Answer(0, String.valueOf(refused.getMessage()));
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(stopped);
        }
    }

    private byte[] signedBytes() {
        return parts.signed().apply(parts.document().toString().getBytes(StandardCharsets.UTF_8));
    }

    private String certificateUrl() {
        return parts.headers().getOrDefault(CERTIFICATE_URL, "");
    }

    private WebhookScenario withMember(String name, @Nullable JsonValue value) {
        return withDocument(JsonTree.with(parts.document(), "/" + name, value == null ? JsonValue.NULL : value));
    }

    private WebhookScenario withDocument(JsonObject document) {
        return new WebhookScenario(authority, publish, parts.withDocument(document));
    }

    private WebhookScenario signedBy(String algorithm) {
        return new WebhookScenario(authority, publish, parts.withSignatureAlgorithm(algorithm));
    }

    private static byte[] join(byte[] first, byte[] second) {
        byte[] both = new byte[first.length + second.length];
        System.arraycopy(first, 0, both, 0, first.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }

    /**
     * What a receiver answered.
     *
     * @param status the HTTP status, 0 when the connection was cut
     * @param body the body, or why there was none
     */
    public record Answer(int status, String body) {}

    /**
     * @param document the event
     * @param signed makes the signed bytes of the event's bytes
     * @param sent makes the sent bytes of the signed bytes
     * @param signer who signs
     * @param signatureAlgorithm how, for the JDK
     * @param signature makes the header's value of the right one
     * @param signatureHeader where the signature goes, empty for nowhere
     * @param headers all other headers
     */
    private record Parts(
            JsonObject document,
            UnaryOperator<byte[]> signed,
            UnaryOperator<byte[]> sent,
            TestAuthority.Signer signer,
            String signatureAlgorithm,
            UnaryOperator<String> signature,
            String signatureHeader,
            Map<String, String> headers) {
        Parts withDocument(JsonObject other) {
            return new Parts(other, signed, sent, signer, signatureAlgorithm, signature, signatureHeader, headers);
        }

        Parts withSigned(UnaryOperator<byte[]> other) {
            return new Parts(document, other, sent, signer, signatureAlgorithm, signature, signatureHeader, headers);
        }

        Parts withSent(UnaryOperator<byte[]> other) {
            return new Parts(document, signed, other, signer, signatureAlgorithm, signature, signatureHeader, headers);
        }

        Parts withSigner(TestAuthority.Signer other) {
            return new Parts(document, signed, sent, other, signatureAlgorithm, signature, signatureHeader, headers);
        }

        Parts withSignatureAlgorithm(String other) {
            return new Parts(document, signed, sent, signer, other, signature, signatureHeader, headers);
        }

        Parts withSignature(UnaryOperator<String> other) {
            return new Parts(document, signed, sent, signer, signatureAlgorithm, other, signatureHeader, headers);
        }

        Parts withSignatureHeader(String other) {
            return new Parts(document, signed, sent, signer, signatureAlgorithm, signature, other, headers);
        }

        Parts withHeader(String name, String value) {
            Map<String, String> more = new LinkedHashMap<>(headers);
            more.put(name, value);
            return new Parts(document, signed, sent, signer, signatureAlgorithm, signature, signatureHeader, more);
        }

        Parts withoutHeader(String name) {
            Map<String, String> fewer = new LinkedHashMap<>(headers);
            fewer.remove(name);
            return new Parts(document, signed, sent, signer, signatureAlgorithm, signature, signatureHeader, fewer);
        }
    }

    /** Gives one byte at a time and takes its time. */
    private static final class Trickle extends InputStream {
        private final byte[] bytes;
        private final Duration pause;
        private int next;

        Trickle(byte[] bytes, Duration pause) {
            this.bytes = bytes;
            this.pause = pause;
        }

        @Override
        public int read() throws IOException {
            if (next == bytes.length) {
                return -1;
            }
            try {
                Thread.sleep(pause.toMillis());
            } catch (InterruptedException stopped) {
                Thread.currentThread().interrupt();
                throw new IOException(stopped);
            }
            return bytes[next++] & 0xFF;
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            int one = read();
            if (one < 0) {
                return -1;
            }
            into[offset] = (byte) one;
            return 1;
        }
    }
}
