package org.cosellbridge.connector.dynamics;

import jakarta.json.Json;
import jakarta.json.JsonValue;
import java.math.BigDecimal;
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
import org.cosellbridge.simulator.DataverseSimulator;
import org.cosellbridge.simulator.EntraSimulator;
import org.jspecify.annotations.Nullable;

/** Shapes and settings as a mapping document and a configuration would give them. */
final class DynamicsFixtures {
    static final String CLIENT = "11111111-2222-3333-4444-555555555555";
    static final String SECRET = "s3cr3t";
    static final RemoteTable ACCOUNTS = new RemoteTable("account", "accounts", "accountid");
    static final RemoteTable CURRENCIES =
            new RemoteTable("transactioncurrency", "transactioncurrencies", "transactioncurrencyid");

    private DynamicsFixtures() {}

    static RecordShape opportunity() {
        return new RecordShape(
                "opportunity",
                new RemoteTable("opportunity", "opportunities", "opportunityid"),
                "cosell_referralidentifier",
                List.of(
                        RemoteField.of("name", RemoteField.Type.TEXT),
                        RemoteField.of("description", RemoteField.Type.TEXT),
                        RemoteField.of("cosell_referralidentifier", RemoteField.Type.TEXT),
                        RemoteField.of("estimatedvalue", RemoteField.Type.MONEY),
                        RemoteField.of("closeprobability", RemoteField.Type.NUMBER),
                        RemoteField.of("estimatedclosedate", RemoteField.Type.DATE),
                        RemoteField.of("cosell_howcanmicrosofthelp", RemoteField.Type.CHOICE),
                        RemoteField.of("cosell_syncwithpartnercenter", RemoteField.Type.BOOLEAN),
                        reference("parentaccountid", null),
                        reference("customerid", "customerid_account"),
                        new RemoteField(
                                "transactioncurrencyid",
                                RemoteField.Type.LOOKUP,
                                null,
                                CURRENCIES,
                                "isocurrencycode",
                                Map.of()),
                        state(Map.of(
                                "1", new StateStep(Step.SET, Map.of("statecode", 0, "statuscode", 1)),
                                "2", new StateStep(Step.SET, Map.of("statecode", 0, "statuscode", 2)),
                                "3",
                                        new StateStep(
                                                Step.WIN,
                                                Map.of("statecode", 1, "statuscode", 3),
                                                Map.of("actualrevenue", "estimatedvalue")),
                                "4", new StateStep(Step.LOSE, Map.of("statecode", 2, "statuscode", 4)),
                                "5", new StateStep(Step.LOSE, Map.of("statecode", 2, "statuscode", 5))))));
    }

    static RecordShape lead() {
        return new RecordShape(
                "lead",
                new RemoteTable("lead", "leads", "leadid"),
                "cosell_referralidentifier",
                List.of(
                        RemoteField.of("subject", RemoteField.Type.TEXT),
                        RemoteField.of("lastname", RemoteField.Type.TEXT),
                        state(Map.of(
                                "1", new StateStep(Step.SET, Map.of("statecode", 0, "statuscode", 1)),
                                "7", new StateStep(Step.SET, Map.of("statecode", 2, "statuscode", 7))))));
    }

    static RecordShape account() {
        return new RecordShape(
                "account",
                ACCOUNTS,
                null,
                List.of(
                        RemoteField.of("name", RemoteField.Type.TEXT),
                        RemoteField.of("address1_postalcode", RemoteField.Type.TEXT),
                        RemoteField.of("address1_country", RemoteField.Type.TEXT)));
    }

    static RemoteField reference(String name, @Nullable String navigation) {
        return new RemoteField(name, RemoteField.Type.REFERENCE, navigation, ACCOUNTS, null, Map.of());
    }

    static RemoteField state(Map<String, StateStep> states) {
        return new RemoteField("statuscode", RemoteField.Type.STATE, null, null, null, states);
    }

    static RecordShape with(RecordShape shape, RemoteField more) {
        return new RecordShape(
                shape.kind(),
                shape.table(),
                shape.referralKey(),
                Stream.concat(shape.fields().stream(), Stream.of(more)).toList());
    }

    static ConnectionSettings settings(DataverseSimulator dataverse, EntraSimulator entra, String secret) {
        return ConnectionSettings.read(
                Configuration.of(Map.of(
                        "cosell.crm.crm.url", dataverse.url().toString(),
                        "cosell.crm.crm.authority", entra.url().toString(),
                        "cosell.crm.crm.tenant-id", entra.tenant(),
                        "cosell.crm.crm.client-id", CLIENT,
                        "cosell.crm.crm.client-secret", secret)),
                new ConnectionName("crm"));
    }

    static JsonValue text(String text) {
        return Json.createValue(text);
    }

    static JsonValue number(String number) {
        return Json.createValue(new BigDecimal(number));
    }
}
