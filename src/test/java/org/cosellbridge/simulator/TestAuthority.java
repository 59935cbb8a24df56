package org.cosellbridge.simulator;

import java.io.IOException;
import java.io.StringWriter;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** A certificate authority of our own whose organisation reads like Microsoft's; for tests and the sandbox only. */
public final class TestAuthority {
    /** The subject a real delivery certificate carries. */
    public static final String LEAF_SUBJECT = "CN=pcnotifications-dispatch.microsoft.com,O=Microsoft Corporation,C=US";

    private final X500Name name;
    private final KeyPair keys;
    private final X509Certificate root;

    /** An authority whose issuer name has this organisation, such as {@code Microsoft Corporation}. */
    public TestAuthority(String organization) {
        this.name = new X500Name("CN=Test Root,O=" + organization + ",C=US");
        this.keys = newKeys(2048);
        this.root = certificate(
                name,
                keys,
                name,
                keys.getPrivate(),
                Instant.now().minusSeconds(86_400),
                Instant.now().plusSeconds(864_000),
                true);
    }

    /** The root certificate, for a trust bundle. */
    public X509Certificate root() {
        return root;
    }

    /** A signer with a certificate of this subject, valid between the two instants. */
    public Signer issue(String subject, Instant from, Instant until, int keyBits) {
        KeyPair leafKeys = newKeys(keyBits);
        return new Signer(
                certificate(new X500Name(subject), leafKeys, name, keys.getPrivate(), from, until, false),
                leafKeys.getPrivate());
    }

    /** A signer as a real delivery has it. */
    public Signer issueDispatcher() {
        return issue(
                LEAF_SUBJECT, Instant.now().minusSeconds(3_600), Instant.now().plusSeconds(86_400), 2048);
    }

    /** A certificate as PEM text. */
    public static String pem(Object certificateOrKey) {
        StringWriter text = new StringWriter();
        try (JcaPEMWriter pem = new JcaPEMWriter(text)) {
            pem.writeObject(certificateOrKey);
        } catch (IOException impossible) {
            throw new IllegalStateException(impossible);
        }
        return text.toString();
    }

    private static KeyPair newKeys(int bits) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
            generator.initialize(bits);
            return generator.generateKeyPair();
        } catch (GeneralSecurityException missing) {
            throw new IllegalStateException(missing);
        }
    }

    private static X509Certificate certificate(
            X500Name subject,
            KeyPair subjectKeys,
            X500Name issuer,
            PrivateKey issuerKey,
            Instant from,
            Instant until,
            boolean authority) {
        try {
            JcaX509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
                    issuer,
                    new BigInteger(120, new SecureRandom()).add(BigInteger.ONE),
                    Date.from(from),
                    Date.from(until),
                    subject,
                    subjectKeys.getPublic());
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(authority));
            builder.addExtension(
                    Extension.keyUsage,
                    true,
                    new KeyUsage(authority ? KeyUsage.keyCertSign | KeyUsage.cRLSign : KeyUsage.digitalSignature));
            return new JcaX509CertificateConverter()
                    .getCertificate(builder.build(new JcaContentSignerBuilder("SHA256withRSA").build(issuerKey)));
        } catch (GeneralSecurityException | OperatorCreationException | IOException failed) {
            throw new IllegalStateException(failed);
        }
    }

    /**
     * A certificate with its private key.
     *
     * @param certificate the certificate
     * @param key its private key
     */
    public record Signer(X509Certificate certificate, PrivateKey key) {
        /** The Base64 of the signature over the bytes, with a JCA algorithm such as {@code SHA256withRSA}. */
        public String sign(byte[] bytes, String algorithm) {
            try {
                Signature signature = Signature.getInstance(algorithm);
                signature.initSign(key);
                signature.update(bytes);
                return Base64.getEncoder().encodeToString(signature.sign());
            } catch (GeneralSecurityException failed) {
                throw new IllegalStateException(failed);
            }
        }
    }
}
