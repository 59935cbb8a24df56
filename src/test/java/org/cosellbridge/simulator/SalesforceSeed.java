package org.cosellbridge.simulator;

import static org.cosellbridge.simulator.JsonTree.JSON;

import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonValue;
import java.math.BigDecimal;
import java.util.Optional;

/** What an organization has from the beginning: itself, its people, stages, statuses and currencies. */
final class SalesforceSeed {
    private SalesforceSeed() {}

    static SalesforceRecord organization(SalesforceStore store) {
        return store.seed(
                "Organization",
                JSON.createObjectBuilder()
                        .add("Name", "Contoso")
                        .add("OrganizationType", "Enterprise Edition")
                        .add("IsSandbox", false)
                        .add("InstanceName", "EU42")
                        .build());
    }

    static Optional<SalesforceRecord> user(SalesforceStore store, String username) {
        synchronized (store) {
            return store.live("User")
                    .filter(user -> user.text("Username")
                            .filter(username::equalsIgnoreCase)
                            .isPresent())
                    .findFirst();
        }
    }

    static SalesforceRecord person(
            SalesforceStore store, String username, String firstName, String lastName, String phone) {
        JsonObjectBuilder fields = JSON.createObjectBuilder()
                .add("Username", username)
                .add("FirstName", firstName)
                .add("LastName", lastName)
                .add("Name", firstName + " " + lastName)
                .add("Email", username)
                .add("IsActive", true);
        if (!phone.isEmpty()) {
            fields.add("Phone", phone);
        }
        return store.seed("User", fields.build());
    }

    static void catalogues(SalesforceStore store) {
        open(store, "Prospecting", 10, "Pipeline");
        open(store, "Qualification", 10, "Pipeline");
        open(store, "Needs Analysis", 20, "Pipeline");
        open(store, "Value Proposition", 50, "Pipeline");
        open(store, "Id. Decision Makers", 60, "Pipeline");
        open(store, "Perception Analysis", 70, "Pipeline");
        open(store, "Proposal/Price Quote", 75, "Best Case");
        open(store, "Negotiation/Review", 90, "Commit");
        stage(store, "Closed Won", "Closed Won", true, true, true, 100);
        stage(store, "Closed Lost", "Closed Lost", true, true, false, 0);
        status(store, "Open - Not Contacted", true, false, 1);
        status(store, "Working - Contacted", false, false, 2);
        status(store, "Closed - Converted", false, true, 3);
        status(store, "Closed - Not Converted", false, false, 4);
    }

    private static void open(SalesforceStore store, String name, int probability, String forecast) {
        stage(store, name, name, true, false, false, probability);
        store.stage(name).orElseThrow().set("ForecastCategoryName", JSON.createValue(forecast));
    }

    static void stage(
            SalesforceStore store,
            String apiName,
            String label,
            boolean active,
            boolean closed,
            boolean won,
            int probability) {
        SalesforceRecord stage = store.stage(apiName).orElseGet(() -> {
            long known = store.live("OpportunityStage").count();
            return store.seed(
                    "OpportunityStage",
                    JSON.createObjectBuilder()
                            .add("ApiName", apiName)
                            .add("SortOrder", known + 1)
                            .build());
        });
        stage.set("MasterLabel", JSON.createValue(label));
        stage.set("IsActive", flag(active));
        stage.set("IsClosed", flag(closed));
        stage.set("IsWon", flag(won));
        stage.set("DefaultProbability", SalesforceValues.number(BigDecimal.valueOf(probability)));
        stage.set("ForecastCategoryName", JSON.createValue(won ? "Closed" : closed ? "Omitted" : "Pipeline"));
    }

    private static void status(SalesforceStore store, String name, boolean byDefault, boolean converted, int order) {
        store.seed(
                "LeadStatus",
                JSON.createObjectBuilder()
                        .add("ApiName", name)
                        .add("MasterLabel", name)
                        .add("IsDefault", byDefault)
                        .add("IsConverted", converted)
                        .add("SortOrder", order)
                        .build());
    }

    /** With several currencies every record has one; those that had none get the corporate one. */
    static void currencies(SalesforceStore store, boolean on) {
        if (store.live("CurrencyType").findAny().isEmpty()) {
            currency(store, "USD", true, "1");
            currency(store, "EUR", false, "0.92");
            currency(store, "GBP", false, "0.79");
        }
        for (String entity : new String[] {"Opportunity", "Lead", "Account", "Contact"}) {
            store.all(store.schema().entity(entity))
                    .filter(record -> on && record.text("CurrencyIsoCode").isEmpty())
                    .forEach(record -> record.set("CurrencyIsoCode", JSON.createValue("USD")));
        }
    }

    private static void currency(SalesforceStore store, String isoCode, boolean corporate, String rate) {
        store.seed(
                "CurrencyType",
                JSON.createObjectBuilder()
                        .add("IsoCode", isoCode)
                        .add("IsCorporate", corporate)
                        .add("ConversionRate", new BigDecimal(rate))
                        .add("DecimalPlaces", 2)
                        .add("IsActive", true)
                        .build());
    }

    static void currency(SalesforceStore store, String isoCode, boolean active) {
        store.live("CurrencyType")
                .filter(currency ->
                        currency.text("IsoCode").filter(isoCode::equals).isPresent())
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no currency " + isoCode))
                .set("IsActive", flag(active));
    }

    private static JsonValue flag(boolean on) {
        return on ? JsonValue.TRUE : JsonValue.FALSE;
    }
}
