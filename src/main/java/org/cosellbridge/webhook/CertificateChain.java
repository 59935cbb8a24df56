package org.cosellbridge.webhook;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The certificates from the signer's to the trusted root.
 *
 * @param certificates the signer's first, the root last; at least two
 */
record CertificateChain(List<X509Certificate> certificates) {
    private static final Pattern PEM = Pattern.compile(
            "-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----([A-Za-z0-9+/=\\s]+)-----END (?:X509 |TRUSTED )?CERTIFICATE-----");

    CertificateChain {
        certificates = List.copyOf(certificates);
        if (certificates.size() < 2) {
            throw new IllegalArgumentException("A chain leads from a signer to a root.");
        }
    }

    X509Certificate leaf() {
        return certificates.get(0);
    }

    X509Certificate anchor() {
        return certificates.get(certificates.size() - 1);
    }

    /** The SHA-256 of the certificate's DER form in lower-case hexadecimal. */
    static String fingerprint(X509Certificate certificate) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded()));
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException("This Java runtime has no SHA-256.", impossible);
        }
    }

    /**
     * Reads certificates in any form they are published in: DER, PEM, Base64 without armour, PKCS #7.
     *
     * @throws CertificateException when there is none, or something else
     */
    static List<X509Certificate> parse(byte[] bytes) throws CertificateException {
        if (bytes.length > 0 && bytes[0] == 0x30) {
            return parseDer(bytes);
        }
        String text = new String(bytes, StandardCharsets.US_ASCII);
        List<X509Certificate> found = new ArrayList<>();
        try {
            if (!text.contains("-----BEGIN")) {
                return parseDer(Base64.getMimeDecoder().decode(text.trim()));
            }
            Matcher armoured = PEM.matcher(text);
            while (armoured.find()) {
                found.addAll(parseDer(Base64.getMimeDecoder().decode(armoured.group(1))));
            }
        } catch (IllegalArgumentException notBase64) {
            throw new CertificateException(
                    "There is text that is not Base64 where a certificate should be.", notBase64);
        }
        if (found.isEmpty()) {
            throw new CertificateException("There is no certificate.");
        }
        return found;
    }

    private static List<X509Certificate> parseDer(byte[] der) throws CertificateException {
        List<X509Certificate> found = new ArrayList<>();
        for (var certificate :
                CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(der))) {
            if (certificate instanceof X509Certificate x509) {
                found.add(x509);
            }
        }
        if (found.isEmpty()) {
            throw new CertificateException("There is no certificate.");
        }
        return found;
    }
}
