package org.cosellbridge.simulator;

import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CopyOnWriteArraySet;

/** An application registered at the {@link EntraSimulator}. Thread-safe; it may change while the simulator answers. */
public final class EntraApp {
    private final EntraSimulator entra;
    private final String clientId;
    private final Set<String> secrets = new CopyOnWriteArraySet<>();
    private final Set<String> expiredSecrets = new CopyOnWriteArraySet<>();
    private final List<X509Certificate> certificates = new CopyOnWriteArrayList<>();
    private final Set<String> audiences = new CopyOnWriteArraySet<>();

    EntraApp(EntraSimulator entra, String clientId) {
        this.entra = entra;
        this.clientId = clientId;
    }

    /** The application's id. */
    public String clientId() {
        return clientId;
    }

    /** Adds a secret it may sign in with. */
    public EntraApp secret(String secret) {
        expiredSecrets.remove(secret);
        secrets.add(secret);
        return this;
    }

    /** From now on this secret is an expired one. */
    public EntraApp expireSecret(String secret) {
        secrets.remove(secret);
        expiredSecrets.add(secret);
        return this;
    }

    /** Adds a certificate whose key may sign its assertions. */
    public EntraApp certificate(X509Certificate certificate) {
        certificates.add(certificate);
        return this;
    }

    /** Allows it tokens for this audience, such as {@code https://api.partner.microsoft.com}, without {@code /.default}. */
    public EntraApp audience(String audience) {
        audiences.add(audience);
        return this;
    }

    /** Gives it a first refresh token, as if this user had signed in and consented. */
    public EntraApp refreshToken(String refreshToken, String user) {
        entra.addRefreshToken(refreshToken, clientId, user);
        return this;
    }

    boolean hasSecret(String secret) {
        return secrets.contains(secret);
    }

    boolean hasExpiredSecret(String secret) {
        return expiredSecrets.contains(secret);
    }

    List<X509Certificate> certificates() {
        return certificates;
    }

    boolean hasAudience(String audience) {
        return audiences.contains(audience);
    }

    Set<String> audiences() {
        return Set.copyOf(audiences);
    }
}
