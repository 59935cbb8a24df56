package org.cosellbridge.simulator;

import static org.cosellbridge.simulator.JsonTree.JSON;

import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.Map;
import org.cosellbridge.simulator.SalesforceStore.Author;

/** A person converts a lead. Nothing else does: neither a status nor a REST call. */
final class SalesforceConversion {
    private static final Map<String, String> TO_ACCOUNT = Map.of(
            "Company", "Name",
            "Street", "BillingStreet",
            "City", "BillingCity",
            "State", "BillingState",
            "PostalCode", "BillingPostalCode",
            "Country", "BillingCountry");
    private static final Map<String, String> TO_CONTACT = Map.of(
            "FirstName", "FirstName",
            "LastName", "LastName",
            "Email", "Email",
            "Phone", "Phone",
            "Title", "Title");
    private static final int DAYS_TO_CLOSE = 90;

    private SalesforceConversion() {}

    /** The id of the opportunity, empty when none was wanted. */
    static String convert(SalesforceStore store, SalesforceRecord lead, boolean createOpportunity, Author author) {
        store.rules().checkConverted(lead, author);
        String account = store.create(
                        store.schema().entity("Account"),
                        mapped(lead, TO_ACCOUNT).build(),
                        author)
                .id();
        String contact = store.create(
                        store.schema().entity("Contact"),
                        mapped(lead, TO_CONTACT).add("AccountId", account).build(),
                        author)
                .id();
        LocalDate today = LocalDate.ofInstant(store.now(), ZoneOffset.UTC);
        Map<String, JsonValue> end = new HashMap<>();
        String opportunity = "";
        if (createOpportunity) {
            opportunity = store.create(
                            store.schema().entity("Opportunity"),
                            JSON.createObjectBuilder()
                                    .add("Name", lead.text("Company").orElse("") + "-")
                                    .add("StageName", "Prospecting")
                                    .add(
                                            "CloseDate",
                                            today.plusDays(DAYS_TO_CLOSE).toString())
                                    .add("AccountId", account)
                                    .add("ContactId", contact)
                                    .build(),
                            author)
                    .id();
            end.put("ConvertedOpportunityId", JSON.createValue(opportunity));
        }
        end.put("IsConverted", JsonValue.TRUE);
        end.put("Status", JSON.createValue("Closed - Converted"));
        end.put("ConvertedDate", JSON.createValue(today.toString()));
        end.put("ConvertedAccountId", JSON.createValue(account));
        end.put("ConvertedContactId", JSON.createValue(contact));
        store.set(lead, end, author);
        return opportunity;
    }

    private static JsonObjectBuilder mapped(SalesforceRecord lead, Map<String, String> fields) {
        JsonObjectBuilder mapped = JSON.createObjectBuilder();
        fields.forEach((from, to) -> {
            if (lead.value(from) instanceof JsonString text) {
                mapped.add(to, text);
            }
        });
        return mapped;
    }
}
