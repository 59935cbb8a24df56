package org.cosellbridge.simulator;

import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAPublicKey;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CopyOnWriteArraySet;

/** A connected app of the {@link SalesforceSimulator}. Thread-safe; it may change while the simulator answers. */
public final class SalesforceApp {
    private final String clientId;
    private final Set<String> secrets = new CopyOnWriteArraySet<>();
    private final List<RSAPublicKey> keys = new CopyOnWriteArrayList<>();
    private final Set<String> approved = new CopyOnWriteArraySet<>();
    private volatile String runAs = "";

    SalesforceApp(String clientId) {
        this.clientId = clientId;
    }

    /** The consumer key. */
    public String clientId() {
        return clientId;
    }

    /** Adds a consumer secret. */
    public SalesforceApp secret(String secret) {
        secrets.add(secret);
        return this;
    }

    /** No secret fits any more. */
    public SalesforceApp withoutSecrets() {
        secrets.clear();
        return this;
    }

    /** Adds a certificate whose key may sign assertions. */
    public SalesforceApp certificate(X509Certificate certificate) {
        return publicKey(certificate.getPublicKey());
    }

    /** Adds an RSA key that may sign assertions. */
    public SalesforceApp publicKey(PublicKey key) {
        if (!(key instanceof RSAPublicKey rsa)) {
            throw new IllegalArgumentException("Salesforce takes RSA keys only.");
        }
        keys.add(rsa);
        return this;
    }

    /** Lets this user sign in by an assertion without having approved the app. */
    public SalesforceApp preAuthorize(String username) {
        approved.add(username);
        return this;
    }

    /** Takes the pre-authorization of a user away. */
    public SalesforceApp withdraw(String username) {
        approved.remove(username);
        return this;
    }

    /** Switches the client credentials flow on: its calls run as this user. */
    public SalesforceApp runAs(String username) {
        runAs = username;
        return this;
    }

    boolean hasSecret(String secret) {
        return secrets.contains(secret);
    }

    List<RSAPublicKey> keys() {
        return keys;
    }

    boolean isPreAuthorized(String username) {
        return approved.contains(username);
    }

    Optional<String> runAs() {
        return runAs.isEmpty() ? Optional.empty() : Optional.of(runAs);
    }
}
