package org.cosellbridge.webhook;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
import java.util.stream.Stream;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.cosellbridge.platform.Configuration;
import org.jspecify.annotations.Nullable;

/**
 * Whom the receiver trusts to have issued a sender's certificate.
 *
 * @param roots self-signed certificates: where a path may end
 * @param intermediates certificates a path may lead through
 * @param fetchesIssuers whether missing intermediates are fetched from where a certificate says its issuer is (AIA)
 */
record TrustBundle(List<X509Certificate> roots, List<X509Certificate> intermediates, boolean fetchesIssuers) {
    TrustBundle {
        roots = List.copyOf(roots);
        intermediates = List.copyOf(intermediates);
    }

    /** The bundle in this file (or this PEM text), or the roots of the Java runtime when none is configured. */
    static TrustBundle read(Configuration configuration, String key, Instant now) {
        return configuration
                .findText(key)
                .map(value -> readPem(configuration, key, value, now))
                .orElseGet(TrustBundle::ofJavaRuntime);
    }

    private static TrustBundle readPem(Configuration configuration, String key, String value, Instant now) {
        List<X509Certificate> roots = new ArrayList<>();
        List<X509Certificate> intermediates = new ArrayList<>();
        try {
            byte[] bytes = value.startsWith("-----BEGIN")
                    ? value.getBytes(StandardCharsets.US_ASCII)
                    : Files.readAllBytes(Path.of(value));
            for (X509Certificate certificate : CertificateChain.parse(bytes)) {
                (isSelfSigned(certificate) ? roots : intermediates).add(certificate);
            }
            if (roots.isEmpty()) {
                configuration.fault(key, "holds no root: no certificate in it is self-signed.");
            } else if (roots.stream().noneMatch(root -> isValid(root, now))) {
                configuration.fault(key, "holds no root that is valid today.");
            }
            Stream.concat(roots.stream(), intermediates.stream())
                    .filter(certificate -> certificate.getBasicConstraints() < 0)
                    .forEach(certificate -> configuration.fault(
                            key,
                            "holds a certificate that is no authority: "
                                    + certificate.getSubjectX500Principal().getName() + "."));
        } catch (IOException | InvalidPathException unreadable) {
            configuration.fault(key, "names a file that cannot be read: " + value + ".");
        } catch (CertificateException none) {
            configuration.fault(key, "holds no certificates in PEM form.");
        }
        return new TrustBundle(roots, intermediates, false);
    }

    private static TrustBundle ofJavaRuntime() {
        try {
            TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            @Nullable KeyStore theRuntimes = null;
            factory.init(theRuntimes);
            List<X509Certificate> roots = Arrays.stream(factory.getTrustManagers())
                    .filter(X509TrustManager.class::isInstance)
                    .flatMap(manager -> Arrays.stream(((X509TrustManager) manager).getAcceptedIssuers()))
                    .toList();
            return new TrustBundle(roots, List.of(), true);
        } catch (GeneralSecurityException broken) {
            throw new IllegalStateException("The Java runtime's trusted roots cannot be read.", broken);
        }
    }

    /** The roots that are valid at this time. */
    List<X509Certificate> rootsAt(Instant time) {
        return roots.stream().filter(root -> isValid(root, time)).toList();
    }

    /** The certificates whose time is over or has not come; a person should replace them. */
    List<X509Certificate> notValidAt(Instant time) {
        return Stream.concat(roots.stream(), intermediates.stream())
                .filter(certificate -> !isValid(certificate, time))
                .toList();
    }

    private static boolean isValid(X509Certificate certificate, Instant time) {
        try {
            certificate.checkValidity(Date.from(time));
            return true;
        } catch (CertificateException outside) {
            return false;
        }
    }

    private static boolean isSelfSigned(X509Certificate certificate) {
        if (!certificate.getSubjectX500Principal().equals(certificate.getIssuerX500Principal())) {
            return false;
        }
        try {
            certificate.verify(certificate.getPublicKey());
            return true;
        } catch (GeneralSecurityException signedByAnother) {
            return false;
        }
    }
}
