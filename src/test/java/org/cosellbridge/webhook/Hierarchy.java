package org.cosellbridge.webhook;

import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Date;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.AccessDescription;
import org.bouncycastle.asn1.x509.AuthorityInformationAccess;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.cosellbridge.simulator.TestAuthority;

/** A root, an authority below it, and a signer below that whose certificate may say where the authority's is. */
final class Hierarchy {
    private static final String ROOT = "CN=Far Root,O=Somebody Else,C=US";
    private static final String MIDDLE = "CN=Test Issuing CA,O=Microsoft Corporation,C=US";
    private final KeyPair rootKeys = newKeys();
    private final KeyPair middleKeys = newKeys();
    private final X509Certificate root = certificate(ROOT, rootKeys, ROOT, rootKeys, true, "");
    private final X509Certificate middle = certificate(MIDDLE, middleKeys, ROOT, rootKeys, true, "");

    X509Certificate root() {
        return root;
    }

    X509Certificate middle() {
        return middle;
    }

    /** A signer below the authority; its certificate names this URL as the place of the authority's, unless it is empty. */
    TestAuthority.Signer signer(String issuerUrl) {
        KeyPair keys = newKeys();
        return new TestAuthority.Signer(
                certificate(TestAuthority.LEAF_SUBJECT, keys, MIDDLE, middleKeys, false, issuerUrl), keys.getPrivate());
    }

    private static KeyPair newKeys() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
            generator.initialize(2048);
            return generator.generateKeyPair();
        } catch (GeneralSecurityException missing) {
            throw new IllegalStateException(missing);
        }
    }

    private static X509Certificate certificate(
            String subject,
            KeyPair subjectKeys,
            String issuer,
            KeyPair issuerKeys,
            boolean authority,
            String issuerUrl) {
        try {
            JcaX509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
                    new X500Name(issuer),
                    new BigInteger(120, new SecureRandom()).add(BigInteger.ONE),
                    Date.from(Instant.now().minusSeconds(3_600)),
                    Date.from(Instant.now().plusSeconds(864_000)),
                    new X500Name(subject),
                    subjectKeys.getPublic());
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(authority));
            builder.addExtension(
                    Extension.keyUsage,
                    true,
                    new KeyUsage(authority ? KeyUsage.keyCertSign : KeyUsage.digitalSignature));
            if (!issuerUrl.isEmpty()) {
                builder.addExtension(
                        Extension.authorityInfoAccess, false, new AuthorityInformationAccess(new AccessDescription[] {
                            new AccessDescription(
                                    AccessDescription.id_ad_ocsp,
                                    new GeneralName(GeneralName.uniformResourceIdentifier, "http://ocsp.invalid")),
                            new AccessDescription(
                                    AccessDescription.id_ad_caIssuers,
                                    new GeneralName(GeneralName.uniformResourceIdentifier, issuerUrl))
                        }));
            }
            return new JcaX509CertificateConverter()
                    .getCertificate(
                            builder.build(new JcaContentSignerBuilder("SHA256withRSA").build(issuerKeys.getPrivate())));
        } catch (GeneralSecurityException | OperatorCreationException | IOException failed) {
            throw new IllegalStateException(failed);
        }
    }
}
