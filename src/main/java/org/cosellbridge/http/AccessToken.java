package org.cosellbridge.http;

import java.time.Instant;

/**
 * What an authority gave for credentials.
 *
 * @param text the token
 * @param until when a new one is fetched
 * @param instanceUrl Salesforce: the base of the org's addresses, as the authority wrote it; else empty
 * @param userId Salesforce: the id of the user the token is for; empty when the authority did not say
 */
public record AccessToken(String text, Instant until, String instanceUrl, String userId) {
    @Override
    public String toString() {
        return "access token until " + until;
    }
}
