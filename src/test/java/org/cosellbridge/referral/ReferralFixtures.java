package org.cosellbridge.referral;

import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import jakarta.json.spi.JsonProvider;
import java.io.StringReader;

/** Referral documents for tests; each test changes only what it is about. */
public final class ReferralFixtures {
    /** The id of {@link #coSell()}. */
    public static final String ID = "0d1b5a6e-3f57-4f0b-9b53-0f6b6a4f1c11";

    // finding the provider anew for every value costs a service look-up each time
    private static final JsonProvider JSON = JsonProvider.provider();

    private static final String CO_SELL = """
            {
              "id": "0d1b5a6e-3f57-4f0b-9b53-0f6b6a4f1c11",
              "engagementId": "5e9b3bd1-83c7-4f5f-9d5d-3f1c4c0f7a10",
              "name": "Northwind Traders @ Our App",
              "organizationId": "7c7e1f0a-3b7d-4a39-8a4b-1e5f0c8d2b33",
              "organizationName": "Our Co",
              "createdDateTime": "2026-11-01T08:00:00.1234567Z",
              "updatedDateTime": "2026-11-02T09:30:00.7654321Z",
              "expirationDateTime": null,
              "acceptedDateTime": "2026-11-01T08:00:00Z",
              "status": "Active",
              "substatus": "Accepted",
              "qualification": "SalesQualified",
              "type": "Shared",
              "direction": "Incoming",
              "eTag": "\\"2500ec5a-0000-0000-0000-5bf4967d0000\\"",
              "referralProgram": "Co-sell",
              "customerProfile": {
                "name": "Northwind Traders",
                "address": {"addressLine1": "1 Main St", "addressLine2": "", "city": "Seattle", "state": null,
                  "region": "WA", "postalCode": "98101", "country": "us"},
                "size": "51to250employees",
                "team": [{"firstName": "Ana", "lastName": "Diaz", "phoneNumber": "2065550100",
                  "email": "Ana@northwind.example", "title": "CIO"}],
                "ids": []
              },
              "consent": {"consentToToShareInfoWithOthers": true, "consentToContact": true,
                "consentToShareReferralWithMicrosoftSellers": false},
              "details": {
                "notes": "Customer evaluates our app.\\r\\nR&amp;D pays.",
                "dealValue": 50000,
                "currency": "USD",
                "closingDateTime": "2026-12-31T00:00:00Z",
                "requirements": {
                  "solutions": [{"type": "Name", "id": "SOL-11111-AAA", "name": "Our App"},
                    {"type": "Name", "id": "SOL-22222-BBB", "name": "Our Other App"}],
                  "additionalRequirements": {"iot": {}, "attributes": [
                    {"type": "CustomerMarketplaceIntent", "id": "HaveNotDecided"}]}
                }
              },
              "team": [{"firstName": "Sam", "lastName": "Seller", "email": "sam@ourco.example"}],
              "target": [],
              "inviteContext": {"assistanceRequestCode": "ProofOfConceptOrDemo",
                "invitedBy": {"organizationId": "7c7e1f0a-3b7d-4a39-8a4b-1e5f0c8d2b33"}},
              "trackingInfo": {"microsoftMsxId": "7-ABCDEFGH"}
            }
            """;

    private ReferralFixtures() {}

    /** An accepted co-sell opportunity with every part filled. */
    public static JsonObject coSell() {
        return object(CO_SELL);
    }

    /** An unaccepted marketplace lead with the same contents. */
    public static JsonObject lead() {
        JsonObject lead = with(with(coSell(), "/status", text("New")), "/substatus", text("Pending"));
        lead = with(with(lead, "/type", text("Independent")), "/qualification", text("Direct"));
        return with(
                with(lead, "/acceptedDateTime", JsonValue.NULL),
                "/inviteContext/invitedBy/organizationId",
                text("msft"));
    }

    /** The document with this value at this JSON pointer. */
    public static JsonObject with(JsonObject document, String pointer, JsonValue value) {
        return JSON.createPointer(pointer).add(document, value);
    }

    /** A JSON text. */
    public static JsonValue text(String value) {
        return JSON.createValue(value);
    }

    /** The JSON object in this text. */
    public static JsonObject object(String json) {
        return JSON.createReader(new StringReader(json)).readObject();
    }
}
