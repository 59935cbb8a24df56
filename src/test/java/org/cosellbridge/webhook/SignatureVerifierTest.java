package org.cosellbridge.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.security.auth.x500.X500Principal;
import org.cosellbridge.audit.MovingClock;
import org.cosellbridge.platform.Configuration;
import org.cosellbridge.simulator.TestAuthority;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SignatureVerifierTest {
    private static final byte[] BODY = "{\"EventName\":\"test-created\"}".getBytes(StandardCharsets.UTF_8);
    private static final TestAuthority MICROSOFT = new TestAuthority("Microsoft Corporation");
    private static final TestAuthority.Signer DISPATCHER = MICROSOFT.issueDispatcher();

    private final MovingClock clock = MovingClock.startingNow();
    private final CertificateHost host = new CertificateHost();

    @AfterEach
    void closeHost() {
        host.close();
    }

    private SignatureVerifier verifier(X509Certificate... trusted) {
        return verifier(Map.of("cosell.webhook.trust-bundle", bundle(trusted)));
    }

    private SignatureVerifier verifier(Map<String, String> keys) {
        Map<String, String> all = new HashMap<>(keys);
        all.putIfAbsent("cosell.webhook.certificate-hosts", host.place());
        Configuration configuration = Configuration.of(all);
        WebhookSettings settings = new WebhookSettings(configuration, clock);
        assertThat(configuration.faults()).isEmpty();
        CertificateFetcher fetcher = new CertificateFetcher(Duration.ofSeconds(2));
        return new SignatureVerifier(settings, new CertificatePaths(settings, fetcher, clock), fetcher, clock);
    }

    private static String bundle(X509Certificate... certificates) {
        StringBuilder pem = new StringBuilder();
        for (X509Certificate certificate : certificates) {
            pem.append(TestAuthority.pem(certificate));
        }
        return pem.toString();
    }

    private static SignatureHeaders headers(String url, String algorithm, String signature) {
        Map<String, List<String>> headers = new HashMap<>();
        headers.put("X-MS-Certificate-Url", List.of(url));
        headers.put("X-MS-Signature-Algorithm", List.of(algorithm));
        headers.put("Authorization", List.of("Signature " + signature));
        try {
            return SignatureHeaders.parse(
                    new WebhookRequest("192.0.2.1", headers, new java.io.ByteArrayInputStream(BODY)));
        } catch (RefusedException refused) {
            throw new AssertionError(refused);
        }
    }

    private WebhookVerdict verify(SignatureVerifier verifier, TestAuthority.Signer signer) {
        String url = host.holdDer("/cert.cer", signer.certificate());
        return verifier.verify(headers(url, "rsa-sha256", signer.sign(BODY, "SHA256withRSA")), BODY);
    }

    private static void assertRefused(WebhookVerdict verdict, Refusal refusal) {
        assertThat(verdict).isEqualTo(new WebhookVerdict.Refused(refusal));
    }

    @Test
    void believesDispatcher() {
        WebhookVerdict verdict = verify(verifier(MICROSOFT.root()), DISPATCHER);
        assertThat(verdict).isInstanceOfSatisfying(WebhookVerdict.Genuine.class, genuine -> {
            assertThat(genuine.chain().certificates()).containsExactly(DISPATCHER.certificate(), MICROSOFT.root());
            assertThat(genuine.sentence()).contains("rsa-sha256", "CN=pcnotifications-dispatch.microsoft.com");
        });
    }

    @ParameterizedTest
    @CsvSource({"rsa-sha256,SHA256withRSA", "RSA-SHA384,SHA384withRSA", "Rsa-Sha512,SHA512withRSA"})
    void believesAllowedAlgorithms(String header, String jcaName) {
        String url = host.holdDer("/cert.cer", DISPATCHER.certificate());
        assertThat(verifier(MICROSOFT.root()).verify(headers(url, header, DISPATCHER.sign(BODY, jcaName)), BODY))
                .isInstanceOf(WebhookVerdict.Genuine.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"rsa-sha1", "rsa-md5", "rsa", "sha256", "rsa-sha256-x", "ecdsa-sha256", "none", "rsa_sha256"})
    void refusesOtherAlgorithmsWithoutFetching(String header) {
        String url = host.holdDer("/cert.cer", DISPATCHER.certificate());
        assertRefused(
                verifier(MICROSOFT.root()).verify(headers(url, header, DISPATCHER.sign(BODY, "SHA1withRSA")), BODY),
                Refusal.ALGORITHM_NOT_ALLOWED);
        assertThat(host.calls()).isZero();
    }

    @Test
    void refusesSignatureMadeWithAnotherHash() {
        String url = host.holdDer("/cert.cer", DISPATCHER.certificate());
        assertRefused(
                verifier(MICROSOFT.root())
                        .verify(headers(url, "rsa-sha512", DISPATCHER.sign(BODY, "SHA256withRSA")), BODY),
                Refusal.SIGNATURE_WRONG);
    }

    @Test
    void refusesForeignHostWithoutFetching() {
        host.holdDer("/cert.cer", DISPATCHER.certificate());
        String url = "http://localhost:" + host.place().split(":", 2)[1] + "/cert.cer";
        assertRefused(
                verifier(MICROSOFT.root())
                        .verify(headers(url, "rsa-sha256", DISPATCHER.sign(BODY, "SHA256withRSA")), BODY),
                Refusal.CERTIFICATE_HOST_NOT_ALLOWED);
        assertThat(host.calls()).isZero();
    }

    @Test
    void refusesAlteredBody() {
        String url = host.holdDer("/cert.cer", DISPATCHER.certificate());
        byte[] altered = BODY.clone();
        altered[3] ^= 1;
        assertRefused(
                verifier(MICROSOFT.root())
                        .verify(headers(url, "rsa-sha256", DISPATCHER.sign(BODY, "SHA256withRSA")), altered),
                Refusal.SIGNATURE_WRONG);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 255, 257, 5_000})
    void refusesSignatureOfAnotherLength(int length) {
        String url = host.holdDer("/cert.cer", DISPATCHER.certificate());
        String signature = Base64.getEncoder().encodeToString(new byte[length]);
        if (length > 0) {
            assertRefused(
                    verifier(MICROSOFT.root()).verify(headers(url, "rsa-sha256", signature), BODY),
                    Refusal.SIGNATURE_WRONG);
        }
    }

    @Test
    void believesBodyWithByteOrderMarkSignedWithOrWithoutIt() {
        String url = host.holdDer("/cert.cer", DISPATCHER.certificate());
        byte[] marked = ("\uFEFF" + new String(BODY, StandardCharsets.UTF_8)).getBytes(StandardCharsets.UTF_8);
        SignatureVerifier verifier = verifier(MICROSOFT.root());
        assertThat(verifier.verify(headers(url, "rsa-sha256", DISPATCHER.sign(BODY, "SHA256withRSA")), marked))
                .isInstanceOf(WebhookVerdict.Genuine.class);
        assertThat(verifier.verify(headers(url, "rsa-sha256", DISPATCHER.sign(marked, "SHA256withRSA")), marked))
                .isInstanceOf(WebhookVerdict.Genuine.class);
        assertRefused(
                verifier.verify(headers(url, "rsa-sha256", DISPATCHER.sign(marked, "SHA256withRSA")), BODY),
                Refusal.SIGNATURE_WRONG);
    }

    @Test
    void readsCertificateAsPemAndAsBareBase64() throws Exception {
        SignatureVerifier verifier = verifier(MICROSOFT.root());
        String signature = DISPATCHER.sign(BODY, "SHA256withRSA");
        String pem = host.holdPem("/cert.pem", DISPATCHER.certificate());
        String bare = host.hold(
                "/cert.txt",
                Base64.getMimeEncoder().encode(DISPATCHER.certificate().getEncoded()));
        assertThat(verifier.verify(headers(pem, "rsa-sha256", signature), BODY))
                .isInstanceOf(WebhookVerdict.Genuine.class);
        assertThat(verifier.verify(headers(bare, "rsa-sha256", signature), BODY))
                .isInstanceOf(WebhookVerdict.Genuine.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Not Microsoft Corporation",
                "Microsoft Corporation Ltd",
                "microsoft corporation",
                "Evil,CN=O\\=Microsoft Corporation",
                "Evil\\, O\\=Microsoft Corporation",
                "Evil,OU=Microsoft Corporation",
                "Evil+CN=Microsoft Corporation",
                "Evil,O=Microsoft Corporation",
                "Microsoft Corporation,O=Evil"
            })
    void refusesIssuerOfAnotherOrganisationHoweverItIsDressed(String organization) {
        TestAuthority other = new TestAuthority(organization);
        assertRefused(verify(verifier(other.root()), other.issueDispatcher()), Refusal.ISSUER_NOT_ALLOWED);
    }

    @Test
    void readsOrganisationInNamePartWithSeveralValues() {
        TestAuthority authority = new TestAuthority("Microsoft Corporation+OU=Azure");
        assertThat(verify(verifier(authority.root()), authority.issueDispatcher()))
                .isInstanceOf(WebhookVerdict.Genuine.class);
    }

    @Test
    void namesWithoutTheAttributeDoNotMatch() {
        assertThat(SignatureVerifier.hasOnly(new X500Principal("C=US"), "O", "Microsoft Corporation"))
                .isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "CN=evil.example,O=Microsoft Corporation",
                "CN=x.pcnotifications-dispatch.microsoft.com",
                "OU=pcnotifications-dispatch.microsoft.com",
                "CN=pcnotifications-dispatch.microsoft.com,CN=evil.example",
                "CN=CN\\=pcnotifications-dispatch.microsoft.com"
            })
    void refusesOtherSubjects(String subject) {
        TestAuthority.Signer other = MICROSOFT.issue(subject, clock.instant().minusSeconds(60), tomorrow(), 2048);
        assertRefused(verify(verifier(MICROSOFT.root()), other), Refusal.SUBJECT_NOT_ALLOWED);
    }

    @Test
    void believesAnySubjectWhenNoneIsPinned() {
        TestAuthority.Signer other =
                MICROSOFT.issue("CN=another.example", clock.instant().minusSeconds(60), tomorrow(), 2048);
        SignatureVerifier verifier = verifier(Map.of(
                "cosell.webhook.trust-bundle", bundle(MICROSOFT.root()), "cosell.webhook.certificate-subject", "*"));
        assertThat(verify(verifier, other)).isInstanceOf(WebhookVerdict.Genuine.class);
    }

    @Test
    void refusesCertificateOutsideItsTime() {
        TestAuthority.Signer expired = MICROSOFT.issue(
                TestAuthority.LEAF_SUBJECT,
                clock.instant().minusSeconds(7_200),
                clock.instant().minusSeconds(60),
                2048);
        TestAuthority.Signer early =
                MICROSOFT.issue(TestAuthority.LEAF_SUBJECT, clock.instant().plusSeconds(60), tomorrow(), 2048);
        assertRefused(verify(verifier(MICROSOFT.root()), expired), Refusal.CERTIFICATE_NOT_VALID);
        assertRefused(verify(verifier(MICROSOFT.root()), early), Refusal.CERTIFICATE_NOT_VALID);
    }

    @Test
    void refusesShortKey() {
        TestAuthority.Signer weak =
                MICROSOFT.issue(TestAuthority.LEAF_SUBJECT, clock.instant().minusSeconds(60), tomorrow(), 1024);
        assertRefused(verify(verifier(MICROSOFT.root()), weak), Refusal.KEY_TOO_WEAK);
    }

    @Test
    void refusesChainOfAnAuthorityThatOnlyReadsLikeTheTrustedOne() {
        TestAuthority twin = new TestAuthority("Microsoft Corporation");
        assertRefused(verify(verifier(MICROSOFT.root()), twin.issueDispatcher()), Refusal.CHAIN_NOT_TRUSTED);
    }

    @Test
    void refusesTrustedRootItselfAsSigner() {
        assertRefused(
                verify(verifier(MICROSOFT.root()), new TestAuthority.Signer(MICROSOFT.root(), DISPATCHER.key())),
                Refusal.SUBJECT_NOT_ALLOWED);
    }

    @Test
    void refusesChainWhoseRootHasEnded() {
        SignatureVerifier verifier = verifier(MICROSOFT.root());
        TestAuthority.Signer longLived = MICROSOFT.issue(
                TestAuthority.LEAF_SUBJECT,
                clock.instant().minusSeconds(60),
                clock.instant().plus(Duration.ofDays(100)),
                2048);
        assertThat(verify(verifier, longLived)).isInstanceOf(WebhookVerdict.Genuine.class);
        clock.move(Duration.ofDays(11));
        assertRefused(verify(verifier, longLived), Refusal.CHAIN_NOT_TRUSTED);
    }

    @Test
    void findsPathThroughIntermediateInTheBundle() {
        Hierarchy hierarchy = new Hierarchy();
        assertThat(verify(verifier(hierarchy.root(), hierarchy.middle()), hierarchy.signer("")))
                .isInstanceOfSatisfying(
                        WebhookVerdict.Genuine.class,
                        genuine -> assertThat(genuine.chain().certificates())
                                .hasSize(3)
                                .endsWith(hierarchy.middle(), hierarchy.root()));
    }

    @Test
    void bundleNeverFetchesMissingIntermediate() {
        Hierarchy hierarchy = new Hierarchy();
        String url = host.holdDer("/middle.crt", hierarchy.middle());
        SignatureVerifier verifier = verifier(Map.of(
                "cosell.webhook.trust-bundle", bundle(hierarchy.root()), "cosell.webhook.aia-hosts", host.place()));
        assertRefused(verify(verifier, hierarchy.signer(url)), Refusal.CHAIN_NOT_TRUSTED);
        assertThat(host.calls()).isEqualTo(1);
    }

    @Test
    void fetchesMissingIntermediateOnceWhereTheCertificateNamesIt() {
        Hierarchy hierarchy = new Hierarchy();
        String url = host.holdDer("/middle.crt", hierarchy.middle());
        SignatureVerifier verifier = fetchingVerifier(hierarchy.root(), host.place());
        TestAuthority.Signer signer = hierarchy.signer(url);
        for (int i = 0; i < 3; i++) {
            assertThat(verify(verifier, signer)).isInstanceOf(WebhookVerdict.Genuine.class);
        }
        assertThat(host.calls()).isEqualTo(2);
    }

    @Test
    void fetchesNoIssuerFromHostThatIsNotListed() {
        Hierarchy hierarchy = new Hierarchy();
        String url = host.holdDer("/middle.crt", hierarchy.middle());
        SignatureVerifier verifier = fetchingVerifier(hierarchy.root(), "www.microsoft.com");
        assertRefused(verify(verifier, hierarchy.signer(url)), Refusal.CHAIN_NOT_TRUSTED);
        assertThat(host.calls()).isEqualTo(1);
    }

    @Test
    void fetchesNoIssuerForWrongSignature() {
        Hierarchy hierarchy = new Hierarchy();
        TestAuthority.Signer signer = hierarchy.signer(host.holdDer("/middle.crt", hierarchy.middle()));
        String url = host.holdDer("/cert.cer", signer.certificate());
        SignatureVerifier verifier = fetchingVerifier(hierarchy.root(), host.place());
        assertRefused(
                verifier.verify(headers(url, "rsa-sha256", DISPATCHER.sign(BODY, "SHA256withRSA")), BODY),
                Refusal.SIGNATURE_WRONG);
        assertThat(host.calls()).isEqualTo(1);
    }

    /** A verifier as without a bundle, with this root in place of those of the Java runtime. */
    private SignatureVerifier fetchingVerifier(X509Certificate root, String issuerHosts) {
        Configuration configuration = Configuration.of(
                Map.of("cosell.webhook.certificate-hosts", host.place(), "cosell.webhook.aia-hosts", issuerHosts));
        WebhookSettings settings =
                new WebhookSettings(configuration, clock, new TrustBundle(List.of(root), List.of(), true));
        CertificateFetcher fetcher = new CertificateFetcher(Duration.ofSeconds(2));
        return new SignatureVerifier(settings, new CertificatePaths(settings, fetcher, clock), fetcher, clock);
    }

    @Test
    void trustsTheJavaRuntimesRootsByDefault() {
        WebhookSettings settings = new WebhookSettings(Configuration.of(Map.of()), clock);
        assertThat(settings.trustBundle().roots()).isNotEmpty();
        assertThat(settings.trustBundle().fetchesIssuers()).isTrue();
        assertRefused(verify(verifier(Map.of()), DISPATCHER), Refusal.CHAIN_NOT_TRUSTED);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/missing.cer", "/redirect", "/huge.cer", "/garbage.cer", "/empty.cer", "/never"})
    void refusesWhenTheCertificateCannotBeFetchedAndDoesNotTryAgainForAMinute(String path) {
        host.holdDer("/cert.cer", DISPATCHER.certificate());
        host.hold("/huge.cer", new byte[65_537]);
        host.hold("/garbage.cer", "<html>not here</html>".getBytes(StandardCharsets.UTF_8));
        host.hold("/empty.cer", new byte[0]);
        SignatureVerifier verifier = verifier(MICROSOFT.root());
        SignatureHeaders headers = headers(host.url(path), "rsa-sha256", DISPATCHER.sign(BODY, "SHA256withRSA"));
        for (int i = 0; i < 5; i++) {
            assertRefused(verifier.verify(headers, BODY), Refusal.CERTIFICATE_NOT_FETCHED);
        }
        assertThat(host.calls()).isEqualTo(1);
    }

    @Test
    void triesAgainAfterAMinute() {
        SignatureVerifier verifier = verifier(MICROSOFT.root());
        SignatureHeaders headers = headers(host.url("/cert.cer"), "rsa-sha256", DISPATCHER.sign(BODY, "SHA256withRSA"));
        assertRefused(verifier.verify(headers, BODY), Refusal.CERTIFICATE_NOT_FETCHED);
        host.holdDer("/cert.cer", DISPATCHER.certificate());
        assertRefused(verifier.verify(headers, BODY), Refusal.CERTIFICATE_NOT_FETCHED);
        clock.move(Duration.ofSeconds(61));
        assertThat(verifier.verify(headers, BODY)).isInstanceOf(WebhookVerdict.Genuine.class);
    }

    @Test
    void floodOfDistinctUrlsSpendsOnlyTheBudgetAndNeverStopsTheKnownOne() {
        SignatureVerifier verifier = verifier(MICROSOFT.root());
        assertThat(verify(verifier, DISPATCHER)).isInstanceOf(WebhookVerdict.Genuine.class);
        clock.move(Duration.ofMinutes(1));
        int before = host.calls();
        String signature = DISPATCHER.sign(BODY, "SHA256withRSA");
        List<WebhookVerdict> verdicts = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            verdicts.add(verifier.verify(headers(host.url("/flood-" + i), "rsa-sha256", signature), BODY));
        }
        assertThat(host.calls() - before).isEqualTo(CertificateCache.FETCHES_PER_MINUTE);
        assertThat(verdicts)
                .filteredOn(new WebhookVerdict.Refused(Refusal.FETCH_BUDGET_SPENT)::equals)
                .hasSize(500 - CertificateCache.FETCHES_PER_MINUTE);
        clock.move(Duration.ofHours(23).plusMinutes(59));
        for (int i = 0; i < 100; i++) {
            verifier.verify(headers(host.url("/flood-again-" + i), "rsa-sha256", signature), BODY);
        }
        TestAuthority.Signer renewed = MICROSOFT.issue(
                TestAuthority.LEAF_SUBJECT,
                clock.instant().minusSeconds(60),
                clock.instant().plusSeconds(86_400),
                2048);
        assertThat(verify(verifier, renewed)).isInstanceOf(WebhookVerdict.Genuine.class);
    }

    @Test
    void floodOfUrlsThatLeadToCertificatesNeverStopsTheProvenOne() {
        SignatureVerifier verifier = verifier(MICROSOFT.root());
        assertThat(verify(verifier, DISPATCHER)).isInstanceOf(WebhookVerdict.Genuine.class);
        String forged = new TestAuthority("x").issueDispatcher().sign(BODY, "SHA256withRSA");
        for (int minute = 1; minute <= 4; minute++) {
            clock.move(Duration.ofMinutes(1));
            for (int i = 0; i < 40; i++) {
                // a host that ignores queries answers the certificate itself at every one of these
                String url = host.url("/cert.cer?flood=" + minute + "-" + i);
                assertThat(verifier.verify(headers(url, "rsa-sha256", forged), BODY))
                        .isInstanceOf(WebhookVerdict.Refused.class);
            }
        }
        int before = host.calls();
        assertThat(verify(verifier, DISPATCHER)).isInstanceOf(WebhookVerdict.Genuine.class);
        assertThat(host.calls()).isEqualTo(before);
    }

    @Test
    void strangersUrlsThatWorkedOnceStillSpendTheBudget() {
        SignatureVerifier verifier = verifier(MICROSOFT.root());
        host.holdDer("/cert.cer", DISPATCHER.certificate());
        String forged = new TestAuthority("x").issueDispatcher().sign(BODY, "SHA256withRSA");
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < 20; i++) {
                verifier.verify(headers(host.url("/cert.cer?flood=" + i), "rsa-sha256", forged), BODY);
                verifier.verify(headers(host.url("/nothing-" + round + "-" + i), "rsa-sha256", forged), BODY);
            }
            int before = host.calls();
            clock.move(Duration.ofMinutes(6));
            for (int i = 0; i < 20; i++) {
                verifier.verify(headers(host.url("/other-" + round + "-" + i), "rsa-sha256", forged), BODY);
            }
            for (int i = 0; i < 20; i++) {
                verifier.verify(headers(host.url("/cert.cer?flood=" + i), "rsa-sha256", forged), BODY);
            }
            assertThat(host.calls() - before).isLessThanOrEqualTo(CertificateCache.FETCHES_PER_MINUTE);
            clock.move(Duration.ofMinutes(6));
        }
    }

    @Test
    void fetchesTheCertificateOnceADay() {
        SignatureVerifier verifier = verifier(MICROSOFT.root());
        TestAuthority.Signer longLived = MICROSOFT.issue(
                TestAuthority.LEAF_SUBJECT,
                clock.instant().minusSeconds(60),
                clock.instant().plus(Duration.ofDays(5)),
                2048);
        for (int i = 0; i < 10; i++) {
            assertThat(verify(verifier, longLived)).isInstanceOf(WebhookVerdict.Genuine.class);
        }
        assertThat(host.calls()).isEqualTo(1);
        clock.move(Duration.ofHours(25));
        assertThat(verify(verifier, longLived)).isInstanceOf(WebhookVerdict.Genuine.class);
        assertThat(host.calls()).isEqualTo(2);
    }

    @Test
    void findsCertificateThatWasRenewedInPlace() {
        SignatureVerifier verifier = verifier(MICROSOFT.root());
        assertThat(verify(verifier, DISPATCHER)).isInstanceOf(WebhookVerdict.Genuine.class);
        TestAuthority.Signer renewed = MICROSOFT.issueDispatcher();
        assertRefused(verify(verifier, renewed), Refusal.SIGNATURE_WRONG);
        clock.move(Duration.ofMinutes(6));
        assertThat(verify(verifier, renewed)).isInstanceOf(WebhookVerdict.Genuine.class);
        assertThat(host.calls()).isEqualTo(2);
    }

    @Test
    void recoversWhenTheHostHadTheWrongCertificateForAWhile() {
        SignatureVerifier verifier = verifier(MICROSOFT.root());
        TestAuthority other = new TestAuthority("Somebody Else");
        assertRefused(verify(verifier, other.issueDispatcher()), Refusal.ISSUER_NOT_ALLOWED);
        clock.move(Duration.ofMinutes(6));
        assertThat(verify(verifier, DISPATCHER)).isInstanceOf(WebhookVerdict.Genuine.class);
    }

    @Test
    void floodOfWrongSignaturesFetchesOnceInFiveMinutes() {
        SignatureVerifier verifier = verifier(MICROSOFT.root());
        String url = host.holdDer("/cert.cer", DISPATCHER.certificate());
        TestAuthority.Signer stranger = new TestAuthority("x").issueDispatcher();
        String signature = stranger.sign(BODY, "SHA256withRSA");
        for (int minute = 0; minute < 10; minute++) {
            for (int i = 0; i < 20; i++) {
                assertRefused(verifier.verify(headers(url, "rsa-sha256", signature), BODY), Refusal.SIGNATURE_WRONG);
            }
            clock.move(Duration.ofMinutes(1));
        }
        assertThat(host.calls()).isEqualTo(2);
    }

    @Test
    void manyThreadsShareOneFetch() throws Exception {
        SignatureVerifier verifier = verifier(MICROSOFT.root());
        String url = host.holdDer("/cert.cer", DISPATCHER.certificate());
        SignatureHeaders headers = headers(url, "rsa-sha256", DISPATCHER.sign(BODY, "SHA256withRSA"));
        ExecutorService threads = Executors.newFixedThreadPool(16);
        try {
            List<Future<WebhookVerdict>> verdicts = new ArrayList<>();
            for (int i = 0; i < 64; i++) {
                verdicts.add(threads.submit(() -> verifier.verify(headers, BODY)));
            }
            for (Future<WebhookVerdict> verdict : verdicts) {
                assertThat(verdict.get()).isInstanceOf(WebhookVerdict.Genuine.class);
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(host.calls()).isEqualTo(1);
    }

    private Instant tomorrow() {
        return clock.instant().plusSeconds(86_400);
    }
}
