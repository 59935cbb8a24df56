package org.cosellbridge.http;

import java.net.URI;

/** Credentials at an authority. {@code toString} shows no secret. */
public sealed interface Grant {
    /** The authority, such as {@code https://login.microsoftonline.com}. */
    URI authority();

    /** The application. */
    String clientId();

    /** Credentials at an Entra authority for one audience. */
    sealed interface Entra extends Grant {
        /** The tenant. */
        String tenantId();

        /** The v2 scope, such as {@code https://contoso.crm4.dynamics.com/.default}. */
        String scope();
    }

    /** Credentials at a login host of Salesforce. */
    sealed interface Salesforce extends Grant {}

    /** Client credentials with a secret. */
    record ClientSecret(URI authority, String tenantId, String clientId, String secret, String scope) implements Entra {
        @Override
        public String toString() {
            return "client secret of " + clientId + " for " + scope;
        }
    }

    /** Client credentials with a certificate: a signed assertion (PS256, {@code x5t#S256}). */
    record ClientCertificate(
            URI authority, String tenantId, String clientId, String privateKeyPem, String certificatePem, String scope)
            implements Entra {
        @Override
        public String toString() {
            return "client certificate of " + clientId + " for " + scope;
        }
    }

    /**
     * A refresh token (App+User). The configured token is only the first one: every rotated token is stored encrypted and used from
     * then on, by every node, until the configured one changes.
     */
    record RefreshToken(
            URI authority, String tenantId, String clientId, String secret, String firstRefreshToken, String scope)
            implements Entra {
        @Override
        public String toString() {
            return "refresh token of " + clientId + " for " + scope;
        }
    }

    /** Client credentials of an app that runs as one user; the authority is the My Domain host. */
    record SalesforceSecret(URI authority, String clientId, String secret) implements Salesforce {
        @Override
        public String toString() {
            return "client secret of " + clientId;
        }
    }

    /**
     * JWT bearer: an assertion (RS256) for a user who is approved for the app beforehand.
     *
     * @param audience what the assertion is for: the login host of production or of sandboxes, also when the authority is a My Domain
     * @param username the integration user
     */
    record SalesforceKey(URI authority, URI audience, String clientId, String username, String privateKeyPem)
            implements Salesforce {
        @Override
        public String toString() {
            return "private key of " + clientId;
        }
    }
}
