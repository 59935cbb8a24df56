package org.cosellbridge.webhook;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.net.URI;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAPublicKey;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.naming.InvalidNameException;
import javax.naming.NamingEnumeration;
import javax.naming.NamingException;
import javax.naming.directory.Attribute;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;
import javax.security.auth.x500.X500Principal;

/**
 * Verifies that Partner Center signed a request: the cheap checks first, then what needs the network, then the rest. The signature is
 * verified over the raw bytes, before anybody parses them. Thread-safe.
 */
@Singleton
class SignatureVerifier {
    /** The organisation that must have issued a sender's certificate. */
    static final String ISSUER = "Microsoft Corporation";

    private static final int LEAST_KEY_BITS = 2_048;

    private final WebhookSettings settings;
    private final CertificatePaths paths;
    private final CertificateCache certificates;
    private final Clock clock;

    @Inject
    SignatureVerifier(WebhookSettings settings, CertificatePaths paths, CertificateFetcher fetcher, Clock clock) {
        this.settings = settings;
        this.paths = paths;
        this.certificates = new CertificateCache(fetcher, clock);
        this.clock = clock;
    }

    /** What can be said of a body that came with these headers. */
    WebhookVerdict verify(SignatureHeaders headers, byte[] body) {
        try {
            SignatureAlgorithm algorithm = SignatureAlgorithm.parse(headers.algorithm())
                    .orElseThrow(() -> new RefusedException(Refusal.ALGORITHM_NOT_ALLOWED));
            URI url = settings.certificateHosts()
                    .find(headers.certificateUrl())
                    .orElseThrow(() -> new RefusedException(Refusal.CERTIFICATE_HOST_NOT_ALLOWED));
            CertificateChain chain = chain(url, algorithm, headers.signature(), body);
            certificates.prove(url);
            return new WebhookVerdict.Genuine(algorithm, chain);
        } catch (RefusedException refused) {
            return new WebhookVerdict.Refused(refused.refusal());
        }
    }

    /** This URL led to the certificate of a delivery that was verified before: its fetch does not compete with strangers. */
    void prove(String certificateUrl) {
        settings.certificateHosts().find(certificateUrl).ifPresent(certificates::prove);
    }

    /**
     * Verifies again what was stored.
     *
     * @param at when it was received: the certificates must have been valid then
     */
    Verification verifyAgain(
            SignatureAlgorithm algorithm,
            CertificateChain chain,
            Map<String, String> headers,
            byte[] body,
            Instant at) {
        boolean signed;
        boolean vouched;
        try {
            signed = algorithm.verifies(chain.leaf().getPublicKey(), body, SignatureHeaders.storedSignature(headers));
        } catch (RefusedException malformed) {
            signed = false;
        }
        try {
            requireSender(chain.leaf(), at);
            vouched = CertificatePaths.wasValid(chain, at);
        } catch (RefusedException anotherSender) {
            vouched = false;
        }
        return new Verification(signed, vouched, paths.isTrusted(chain.anchor()));
    }

    private CertificateChain chain(URI url, SignatureAlgorithm algorithm, byte[] signature, byte[] body)
            throws RefusedException {
        CertificateCache.Lookup lookup = certificates.find(url);
        if (lookup instanceof CertificateCache.Lookup.Missing missing) {
            throw new RefusedException(missing.refusal());
        }
        CertificateCache.Lookup.Found found = (CertificateCache.Lookup.Found) lookup;
        try {
            return chain(found.certificates(), algorithm, signature, body);
        } catch (RefusedException refused) {
            // the sender may have renewed its certificate in place
            Optional<CertificateCache.Lookup.Found> newer = certificates.findNewer(url, found);
            if (newer.isEmpty() || newer.get().certificates().equals(found.certificates())) {
                throw refused;
            }
            return chain(newer.get().certificates(), algorithm, signature, body);
        }
    }

    private CertificateChain chain(
            List<X509Certificate> sent, SignatureAlgorithm algorithm, byte[] signature, byte[] body)
            throws RefusedException {
        X509Certificate leaf = sent.get(0);
        Instant now = clock.instant();
        requireSender(leaf, now);
        Optional<CertificateChain> atHand = paths.find(sent, now);
        if (!algorithm.verifies(leaf.getPublicKey(), body, signature)) {
            // a stranger learns the same either way; the trail should name the graver fault
            throw new RefusedException(
                    atHand.isEmpty() && !settings.trustBundle().fetchesIssuers()
                            ? Refusal.CHAIN_NOT_TRUSTED
                            : Refusal.SIGNATURE_WRONG);
        }
        return atHand.or(() -> paths.findThroughIssuers(sent, now))
                .orElseThrow(() -> new RefusedException(Refusal.CHAIN_NOT_TRUSTED));
    }

    /** What the certificate itself must say, whoever vouches for it. */
    private void requireSender(X509Certificate leaf, Instant at) throws RefusedException {
        if (!hasOnly(leaf.getIssuerX500Principal(), "O", ISSUER)) {
            throw new RefusedException(Refusal.ISSUER_NOT_ALLOWED);
        }
        Optional<String> subject = settings.findCertificateSubject();
        if (subject.isPresent() && !hasOnly(leaf.getSubjectX500Principal(), "CN", subject.get())) {
            throw new RefusedException(Refusal.SUBJECT_NOT_ALLOWED);
        }
        try {
            leaf.checkValidity(Date.from(at));
        } catch (CertificateException outside) {
            throw new RefusedException(Refusal.CERTIFICATE_NOT_VALID);
        }
        if (!(leaf.getPublicKey() instanceof RSAPublicKey key)
                || key.getModulus().bitLength() < LEAST_KEY_BITS) {
            throw new RefusedException(Refusal.KEY_TOO_WEAK);
        }
    }

    /** Whether the name has this attribute exactly once, in whichever of its parts, with exactly this value. */
    static boolean hasOnly(X500Principal name, String attribute, String value) {
        List<Object> values = new ArrayList<>();
        try {
            for (Rdn part : new LdapName(name.getName(X500Principal.RFC2253)).getRdns()) {
                Attribute found = part.toAttributes().get(attribute);
                if (found != null) {
                    NamingEnumeration<?> all = found.getAll();
                    while (all.hasMore()) {
                        values.add(all.next());
                    }
                }
            }
        } catch (InvalidNameException unreadable) {
            return false;
        } catch (NamingException impossible) {
            throw new IllegalStateException("The parts of a name cannot be listed.", impossible);
        }
        return values.equals(List.of(value));
    }
}
