package org.cosellbridge.http;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.util.Base64URL;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.net.URI;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.UUID;

/** What an application shows at an authority in place of a secret: a short-lived statement signed with its certificate's key. */
final class ClientAssertion {
    private static final Duration LIFE = Duration.ofMinutes(8);
    // An authority whose clock is a little behind would refuse a statement that begins in its future.
    private static final Duration CLOCK_SKEW = Duration.ofMinutes(1);

    private ClientAssertion() {}

    /** The signed statement (PS256, {@code x5t#S256}) of this application for this token endpoint. */
    static String sign(Grant.ClientCertificate grant, URI endpoint, Instant now) {
        try {
            PrivateKey key = Pem.privateKey(grant.privateKeyPem());
            X509Certificate certificate = Pem.certificate(grant.certificatePem());
            JWSHeader header = new JWSHeader.Builder(JWSAlgorithm.PS256)
                    .type(JOSEObjectType.JWT)
                    .x509CertSHA256Thumbprint(Base64URL.encode(
                            MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded())))
                    .build();
            JWTClaimsSet claims = new JWTClaimsSet.Builder()
                    .audience(endpoint.toString())
                    .issuer(grant.clientId())
                    .subject(grant.clientId())
                    .jwtID(UUID.randomUUID().toString())
                    .notBeforeTime(Date.from(now.minus(CLOCK_SKEW)))
                    .issueTime(Date.from(now))
                    .expirationTime(Date.from(now.plus(LIFE)))
                    .build();
            SignedJWT statement = new SignedJWT(header, claims);
            statement.sign(new RSASSASigner(key));
            return statement.serialize();
        } catch (IllegalArgumentException unreadable) {
            throw new OutboundException.SignInFailed("The private key or certificate of " + grant.clientId()
                    + " cannot be used. " + unreadable.getMessage());
        } catch (JOSEException | GeneralSecurityException unusable) {
            throw new OutboundException.SignInFailed("The private key of " + grant.clientId()
                    + " cannot sign a PS256 statement; it must be an RSA key of 2048 bits or more.");
        }
    }
}
