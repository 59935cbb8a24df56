package org.cosellbridge.connector.salesforce;

import jakarta.json.Json;
import jakarta.json.JsonValue;
import java.math.BigDecimal;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.cosellbridge.connector.ConnectionName;
import org.cosellbridge.connector.ConnectionSettings;
import org.cosellbridge.connector.RecordShape;
import org.cosellbridge.connector.RemoteField;
import org.cosellbridge.connector.RemoteField.StateStep;
import org.cosellbridge.connector.RemoteField.Step;
import org.cosellbridge.connector.RemoteTable;
import org.cosellbridge.platform.Configuration;
import org.cosellbridge.simulator.SalesforceSimulator;
import org.jspecify.annotations.Nullable;

/** Shapes and settings as a mapping document and a configuration would give them. */
final class SalesforceFixtures {
    static final String CLIENT = "3MVG9.consumer.key";
    static final String SECRET = "s3cr3t";
    static final String USER = "integration@contoso.example";
    static final RemoteTable OPPORTUNITIES = table("Opportunity");
    static final RemoteTable LEADS = table("Lead");
    static final RemoteTable ACCOUNTS = table("Account");
    static final RemoteTable CONTACTS = table("Contact");

    private SalesforceFixtures() {}

    private static RemoteTable table(String name) {
        return new RemoteTable(name, name, "Id");
    }

    static RecordShape opportunity() {
        return new RecordShape(
                "opportunity",
                OPPORTUNITIES,
                "Referral_Identifier__c",
                List.of(
                        RemoteField.of("Name", RemoteField.Type.TEXT),
                        RemoteField.of("Description", RemoteField.Type.TEXT),
                        RemoteField.of("NextStep", RemoteField.Type.TEXT),
                        RemoteField.of("Referral_Identifier__c", RemoteField.Type.TEXT),
                        RemoteField.of("Amount", RemoteField.Type.MONEY),
                        RemoteField.of("HasOpportunityLineItem", RemoteField.Type.BOOLEAN),
                        RemoteField.of("Probability", RemoteField.Type.NUMBER),
                        RemoteField.of("CloseDate", RemoteField.Type.DATE),
                        RemoteField.of("How_can_Microsoft_help__c", RemoteField.Type.CHOICE),
                        RemoteField.of("Sync_With_Partner_Center__c", RemoteField.Type.BOOLEAN),
                        RemoteField.of("CurrencyIsoCode", RemoteField.Type.CHOICE),
                        reference("AccountId", null, ACCOUNTS),
                        reference("ContactId", "OpportunityContactRoles", CONTACTS),
                        reference("ConvertedOpportunityId", "Lead", LEADS),
                        new RemoteField("OwnerId", RemoteField.Type.LOOKUP, null, table("User"), "Username", Map.of()),
                        stage()));
    }

    static RecordShape lead() {
        return new RecordShape(
                "lead",
                LEADS,
                "Referral_Identifier__c",
                List.of(
                        RemoteField.of("Company", RemoteField.Type.TEXT),
                        RemoteField.of("LastName", RemoteField.Type.TEXT),
                        RemoteField.of("Referral_Identifier__c", RemoteField.Type.TEXT),
                        new RemoteField(
                                "Status",
                                RemoteField.Type.STATE,
                                null,
                                null,
                                null,
                                Map.of(
                                        "open", new StateStep(Step.SET, Map.of()),
                                        "Closed - Not Converted", new StateStep(Step.LOSE, Map.of()),
                                        "converted", new StateStep(Step.WIN, Map.of())))));
    }

    static RecordShape account() {
        return new RecordShape(
                "account",
                ACCOUNTS,
                null,
                List.of(
                        RemoteField.of("Name", RemoteField.Type.TEXT),
                        RemoteField.of("BillingPostalCode", RemoteField.Type.TEXT),
                        RemoteField.of("BillingCountry", RemoteField.Type.TEXT)));
    }

    static RemoteField stage() {
        return new RemoteField(
                "StageName",
                RemoteField.Type.STATE,
                null,
                null,
                null,
                Map.of(
                        "open", new StateStep(Step.SET, Map.of()),
                        "won", new StateStep(Step.WIN, Map.of()),
                        "lost", new StateStep(Step.LOSE, Map.of())));
    }

    private static RemoteField reference(String name, @Nullable String reference, RemoteTable target) {
        return new RemoteField(name, RemoteField.Type.REFERENCE, reference, target, null, Map.of());
    }

    static RecordShape with(RecordShape shape, RemoteField more) {
        return new RecordShape(
                shape.kind(),
                shape.table(),
                shape.referralKey(),
                Stream.concat(shape.fields().stream(), Stream.of(more)).toList());
    }

    /** Settings for this org, signed in by the secret unless {@code more} says otherwise. */
    static ConnectionSettings settings(SalesforceSimulator salesforce, Map<String, String> more) {
        Map<String, String> keys = new HashMap<>(Map.of(
                "cosell.crm.crm.type",
                "salesforce",
                "cosell.crm.crm.url",
                salesforce.url().toString(),
                "cosell.crm.crm.client-id",
                CLIENT));
        if (more.isEmpty()) {
            keys.put("cosell.crm.crm.client-secret", SECRET);
        }
        keys.putAll(more);
        Configuration configuration = Configuration.of(keys);
        ConnectionSettings settings = ConnectionSettings.read(configuration, new ConnectionName("crm"));
        if (!configuration.faults().isEmpty()) {
            throw new IllegalArgumentException(String.valueOf(configuration.faults()));
        }
        return settings;
    }

    static JsonValue text(String text) {
        return Json.createValue(text);
    }

    static JsonValue number(String number) {
        return Json.createValue(new BigDecimal(number));
    }
}
