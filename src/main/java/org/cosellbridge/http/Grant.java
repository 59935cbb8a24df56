package org.cosellbridge.http;

import java.net.URI;

/**
 * Credentials at an Entra authority for one audience. {@code toString} shows no secret.
 */
public sealed interface Grant {
    /** The authority, such as {@code https://login.microsoftonline.com}. */
    URI authority();

    /** The tenant. */
    String tenantId();

    /** The application. */
    String clientId();

    /** The v2 scope, such as {@code https://contoso.crm4.dynamics.com/.default}. */
    String scope();

    /** Client credentials with a secret. */
    record ClientSecret(URI authority, String tenantId, String clientId, String secret, String scope) implements Grant {
        @Override
        public String toString() {
            return "client secret of " + clientId + " for " + scope;
        }
    }

    /** Client credentials with a certificate: a signed assertion (PS256, {@code x5t#S256}). */
    record ClientCertificate(
            URI authority, String tenantId, String clientId, String privateKeyPem, String certificatePem, String scope)
            implements Grant {
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
            implements Grant {
        @Override
        public String toString() {
            return "refresh token of " + clientId + " for " + scope;
        }
    }
}
