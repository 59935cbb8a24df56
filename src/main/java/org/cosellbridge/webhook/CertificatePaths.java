package org.cosellbridge.webhook;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.net.URI;
import java.security.GeneralSecurityException;
import java.security.InvalidAlgorithmParameterException;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertPathBuilder;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertStore;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.PKIXCertPathBuilderResult;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Finds the path from a signer's certificate to a trusted root (PKIX). A path that was found is remembered while all of it is valid.
 * Revocation is not asked for: the sender's certificate comes from a listed host within the last day, which a revoked one would leave,
 * and a revocation list that cannot be reached must not stop every delivery. Thread-safe.
 */
@Singleton
class CertificatePaths {
    private static final int MAX_REMEMBERED = 64;
    private static final int MAX_STEPS = 4;
    private static final int MAX_URLS_PER_STEP = 2;

    private final TrustBundle trusted;
    private final AllowedHosts issuerHosts;
    private final CertificateCache issuers;
    private final Map<X509Certificate, CertificateChain> remembered = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<X509Certificate, CertificateChain> eldest) {
            return size() > MAX_REMEMBERED;
        }
    };

    @Inject
    CertificatePaths(WebhookSettings settings, CertificateFetcher fetcher, Clock clock) {
        this.trusted = settings.trustBundle();
        this.issuerHosts = settings.issuerHosts();
        this.issuers = new CertificateCache(fetcher, clock);
    }

    /** The path with what is at hand; asks nobody. The signer's certificate is the first, others may have come with it. */
    Optional<CertificateChain> find(List<X509Certificate> sent, Instant at) {
        X509Certificate leaf = sent.get(0);
        synchronized (remembered) {
            CertificateChain known = remembered.get(leaf);
            if (known != null && isValid(known, at)) {
                return Optional.of(known);
            }
        }
        return build(sent, at);
    }

    /** The path with the issuers' certificates that the certificates name, where the bundle allows to fetch them. */
    Optional<CertificateChain> findThroughIssuers(List<X509Certificate> sent, Instant at) {
        if (!trusted.fetchesIssuers()) {
            return Optional.empty();
        }
        List<X509Certificate> candidates = new ArrayList<>(sent);
        X509Certificate current = sent.get(0);
        for (int step = 0; step < MAX_STEPS; step++) {
            Optional<X509Certificate> issuer = findIssuer(current);
            if (issuer.isEmpty()) {
                return Optional.empty();
            }
            current = issuer.get();
            candidates.add(current);
            Optional<CertificateChain> chain = build(candidates, at);
            if (chain.isPresent()) {
                return chain;
            }
        }
        return Optional.empty();
    }

    /** Whether the chain was a valid path at this time, whoever is trusted today. */
    static boolean wasValid(CertificateChain chain, Instant at) {
        try {
            int end = chain.certificates().size() - 1;
            var path = CertificateFactory.getInstance("X.509")
                    .generateCertPath(chain.certificates().subList(0, end));
            PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(chain.anchor(), null)));
            parameters.setRevocationEnabled(false);
            parameters.setDate(Date.from(at));
            CertPathValidator.getInstance("PKIX").validate(path, parameters);
            chain.anchor().checkValidity(Date.from(at)); // PKIX itself leaves the root's time to the caller
            return true;
        } catch (CertificateException | CertPathValidatorException invalid) {
            return false;
        } catch (GeneralSecurityException missing) {
            throw new IllegalStateException("This Java runtime has no PKIX.", missing);
        }
    }

    /** Whether this root is one of those trusted today. */
    boolean isTrusted(X509Certificate root) {
        return trusted.roots().contains(root);
    }

    private Optional<X509Certificate> findIssuer(X509Certificate certificate) {
        List<URI> urls = IssuerUrls.of(certificate).stream()
                .map(issuerHosts::find)
                .flatMap(Optional::stream)
                .limit(MAX_URLS_PER_STEP)
                .toList();
        for (URI url : urls) {
            if (issuers.find(url) instanceof CertificateCache.Lookup.Found found) {
                Optional<X509Certificate> issuer = found.certificates().stream()
                        .filter(candidate -> isIssuer(candidate, certificate))
                        .findFirst();
                if (issuer.isPresent()) {
                    return issuer;
                }
            }
        }
        return Optional.empty();
    }

    private static boolean isIssuer(X509Certificate candidate, X509Certificate certificate) {
        if (candidate.getBasicConstraints() < 0
                || candidate.equals(certificate)
                || !candidate.getSubjectX500Principal().equals(certificate.getIssuerX500Principal())) {
            return false;
        }
        try {
            certificate.verify(candidate.getPublicKey());
            return true;
        } catch (GeneralSecurityException signedByAnother) {
            return false;
        }
    }

    private Optional<CertificateChain> build(List<X509Certificate> sent, Instant at) {
        Set<TrustAnchor> anchors = trusted.rootsAt(at).stream()
                .map(root -> new TrustAnchor(root, null))
                .collect(Collectors.toSet());
        if (anchors.isEmpty()) {
            return Optional.empty();
        }
        try {
            X509CertSelector leaf = new X509CertSelector();
            leaf.setCertificate(sent.get(0));
            Set<X509Certificate> atHand = new HashSet<>(sent);
            atHand.addAll(trusted.intermediates());
            PKIXBuilderParameters parameters = new PKIXBuilderParameters(anchors, leaf);
            parameters.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(atHand)));
            parameters.setRevocationEnabled(false);
            parameters.setDate(Date.from(at));
            PKIXCertPathBuilderResult result = (PKIXCertPathBuilderResult)
                    CertPathBuilder.getInstance("PKIX").build(parameters);
            List<X509Certificate> certificates = new ArrayList<>();
            result.getCertPath().getCertificates().forEach(part -> certificates.add((X509Certificate) part));
            if (certificates.isEmpty()) {
                return Optional.empty(); // the signer is itself a root: nobody vouches for it
            }
            certificates.add(result.getTrustAnchor().getTrustedCert());
            CertificateChain chain = new CertificateChain(certificates);
            synchronized (remembered) {
                remembered.put(chain.leaf(), chain);
            }
            return Optional.of(chain);
        } catch (CertPathBuilderException noPath) {
            return Optional.empty();
        } catch (NoSuchAlgorithmException | InvalidAlgorithmParameterException missing) {
            throw new IllegalStateException("This Java runtime has no PKIX.", missing);
        }
    }

    private static boolean isValid(CertificateChain chain, Instant at) {
        try {
            for (X509Certificate certificate : chain.certificates()) {
                certificate.checkValidity(Date.from(at));
            }
            return true;
        } catch (CertificateException outside) {
            return false;
        }
    }
}
