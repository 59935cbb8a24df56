package org.cosellbridge.simulator;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/**
 * What Partner Center says happened.
 *
 * @param name such as {@code referral-updated}
 * @param resourceName such as {@code referral}
 * @param resourceUri where the resource is said to be; only its last segment means anything
 * @param changed when it happened
 */
public record WebhookEvent(String name, String resourceName, String resourceUri, Instant changed) {
    private static final String REFERRALS = "https://api.partnercenter.microsoft.com/engagements/v1/referrals/";
    private static final DateTimeFormatter OFFSET_FORM =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSSSxxx", Locale.ROOT);

    /** An event of this name about a referral, now. */
    public static WebhookEvent of(String name, String referralId) {
        return of(name, referralId, Instant.now());
    }

    /** An event of this name about a referral. */
    public static WebhookEvent of(String name, String referralId, Instant changed) {
        return new WebhookEvent(name, "referral", REFERRALS + referralId, changed);
    }

    /** A test event, whose resource is of no use. */
    public static WebhookEvent test(String correlationId) {
        return new WebhookEvent(
                "test-created",
                "test",
                "http://localhost:16722/webhooks/v1/registration/test/" + correlationId,
                Instant.now());
    }

    /** The last segment of the resource's address: for a referral its id. */
    public String resourceId() {
        return resourceUri.substring(resourceUri.lastIndexOf('/') + 1);
    }

    /** The event as it travels. */
    public JsonObject json() {
        return Json.createObjectBuilder()
                .add("EventName", name)
                .add("ResourceUri", resourceUri)
                .add("ResourceName", resourceName)
                .addNull("AuditUri")
                .add("ResourceChangeUtcDate", OFFSET_FORM.format(changed.atOffset(ZoneOffset.UTC)))
                .build();
    }

    /** The bytes that travel and are signed. */
    public byte[] body() {
        return json().toString().getBytes(StandardCharsets.UTF_8);
    }
}
